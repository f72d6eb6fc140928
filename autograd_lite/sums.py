"""Sums of the rows or columns of a matrix, as products with ones.

Up to some length BLAS multiplies in a third of the time that `sum` takes to start.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["sum_of_rows", "sums_along_rows"]

_LONG = 2048


@functools.lru_cache(maxsize=32)
def _ones(n: int, kind: str) -> Any:
    return np.ones(n, kind)


def _ones_for(x: Any, axis: int) -> Any:
    """The ones to multiply a matrix by along an axis; None where `sum` shall do it."""
    if x.__class__ is np.ndarray and x.ndim == 2 and (n := x.shape[axis]) <= _LONG:
        kind = x.dtype.char
        return _ones(n, kind) if kind in "fd" else None
    return None


def sum_of_rows(x: Any) -> Any:
    """Sum over the first axis."""
    ones = _ones_for(x, 0)
    return x.sum(axis=0) if ones is None else ones.dot(x)


def sums_along_rows(x: Any) -> Any:
    """Sum over the last axis, which is kept with length 1."""
    ones = _ones_for(x, 1)
    return x.sum(axis=-1, keepdims=True) if ones is None else x.dot(ones)[:, None]
