"""What the laws are tried on: plain expressions over the names of `INPUTS`, a file a family."""

from . import (
    assignment,
    elementwise,
    fft,
    indexing,
    linalg,
    neural,
    reductions,
    scipy,
    shaping,
    signal,
)

__all__ = ["CASES"]

_FAMILIES = (
    elementwise,
    reductions,
    shaping,
    indexing,
    assignment,
    linalg,
    fft,
    neural,
    signal,
    scipy,
)

CASES = tuple(case for family in _FAMILIES for case in family.CASES)
