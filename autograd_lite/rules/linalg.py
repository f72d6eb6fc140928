"""Linear algebra."""

import numpy as np

from ..declare import function


def _matmul_left(g, y, a, b):
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ b.mT


def _matmul_right(g, y, a, b):
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (a.mT @ g[..., None])[..., 0]
    return a.mT @ g


# The axes before the last two are stacks of matrices, and those broadcast.
function(np.matmul, _matmul_left, _matmul_right, broadcasts=True)
