"""Norms of vectors and matrices.

At 0 their derivative is taken as 0; entries that tie for the largest share it equally.
"""

import numpy as np

from ..declare import composed, function
from .decompositions import svdvals
from .products import conj
from .reductions import kept


def _rule(g, y, x, axis=None, keepdims=False, ord=2):  # noqa: A002
    shape = kept(x.shape, axis)
    g, y = g.reshape(shape), y.reshape(shape)
    if ord == 2:
        return np.where(y == 0, 0, g / np.where(y == 0, 1, y)) * conj(x)
    unit = conj(x) / np.where(x == 0, 1, np.abs(x)) if x.dtype.kind == "c" else np.sign(x)
    if ord == 0:
        return 0 * unit * g
    if ord == 1:
        return g * unit
    size = np.abs(x)
    if abs(ord) == np.inf:
        chosen = size == y
        return np.where(chosen, g / chosen.sum(axis=axis, keepdims=True), 0) * unit
    if ord < 2:  # no power of 0 below: its sign is 0 already
        size = np.where(size == 0, 1, size)
    scale = np.where(y == 0, 0, g * np.where(y == 0, 1, y) ** (1 - ord))
    return scale * size ** (ord - 1) * unit


def _vector_norm(x, axis=None, keepdims=False, ord=2):  # noqa: A002
    if ord == 2 and (axis is None or axis == tuple(range(x.ndim))):
        return np.linalg.norm(x, keepdims=keepdims)  # by far faster than over named axes
    norm = np.linalg.norm if isinstance(axis, int) else np.linalg.vector_norm
    return norm(x, axis=axis, keepdims=keepdims, ord=ord)


vector_norm = function(_vector_norm, _rule)


composed(
    np.linalg.vector_norm,
    lambda x, axis=None, keepdims=False, ord=2: vector_norm(  # noqa: A006
        x, axis=axis, keepdims=keepdims, ord=ord
    ),
)

_MATRIX_NORMS = {
    "nuc": lambda x: svdvals(x).sum(axis=-1),
    2: lambda x: svdvals(x).max(axis=-1),
    -2: lambda x: svdvals(x).min(axis=-1),
    1: lambda x: np.abs(x).sum(axis=-2).max(axis=-1),
    -1: lambda x: np.abs(x).sum(axis=-2).min(axis=-1),
    np.inf: lambda x: np.abs(x).sum(axis=-1).max(axis=-1),
    -np.inf: lambda x: np.abs(x).sum(axis=-1).min(axis=-1),
}


def _norm(x, ord=None, axis=None, keepdims=False):  # noqa: A002
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    if axis is None and ord is not None and x.ndim not in (1, 2):
        raise ValueError(f"norm: ord={ord!r} of {x.ndim} axes needs axis=")
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if ord is None or (ord in ("fro", "f") and len(axes) == 2):
        return vector_norm(x, axis=axes[0] if len(axes) == 1 else axes, keepdims=keepdims)
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=ord)
    if len(axes) != 2 or ord not in _MATRIX_NORMS:
        raise ValueError(f"norm: there is no norm of order {ord!r} over {len(axes)} axes")
    y = _MATRIX_NORMS[ord](np.moveaxis(x, axes, (-2, -1)))
    return np.expand_dims(y, tuple(a % x.ndim for a in axes)) if keepdims else y


composed(np.linalg.norm, _norm)
composed(
    np.linalg.matrix_norm,
    lambda x, keepdims=False, ord="fro": _norm(x, ord, (-2, -1), keepdims),  # noqa: A006
)
