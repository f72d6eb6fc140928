"""What the laws are tried on: plain expressions over the names of `INPUTS`, a file a family."""

from . import elementwise, indexing, linalg, neural, reductions, shaping

__all__ = ["CASES"]

CASES = tuple(
    case
    for family in (elementwise, reductions, shaping, indexing, linalg, neural)
    for case in family.CASES
)
