"""Reductions over axes.

`where` is a constant mask: what it leaves out gets no cotangent.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..declare import composed, flat, function
from ..tensor import plain
from .piecewise import masked

__all__ = ["from_rows", "kept", "rows", "spread"]


def _axes(ndim, axis):
    """Axes as numbers from 0 on; all of them for None."""
    if axis is None or ndim == 0:
        return tuple(range(ndim))
    return normalize_axis_tuple(tuple(axis) if isinstance(axis, list) else axis, ndim)


def kept(shape, axis):
    """The shape a reduction over `axis` would leave with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    reduced = _axes(len(shape), axis)
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def spread(g, x, axis):
    """Give every element that was reduced into one the cotangent of that one."""
    return np.broadcast_to(g.reshape(kept(x.shape, axis)), x.shape)


def _order(ndim, axis):
    reduced = _axes(ndim, axis)
    return [i for i in range(ndim) if i not in reduced] + sorted(reduced)


def rows(x, axis):
    """Put what a reduction over `axis` runs over along one last axis."""
    lead = tuple(n for i, n in enumerate(x.shape) if i not in _axes(x.ndim, axis))
    length = math.prod(x.shape[i] for i in _axes(x.ndim, axis))
    return x.transpose(_order(x.ndim, axis)).reshape((*lead, length))


def from_rows(r, shape, axis):
    """Undo `rows` of an array of `shape`."""
    order = _order(len(shape), axis)
    return r.reshape(tuple(shape[i] for i in order)).transpose(np.argsort(order).tolist())


def _sum(g, y, x, axis=None, dtype=None, keepdims=False, initial=0, where=True):
    g = spread(g, x, axis)
    return g if where is True else masked(where, g)


function(np.sum, _sum)


def _count(x, axis, where=True):
    """How many elements went into one: an int, or an array of the precision of `x`."""
    if where is True:
        return math.prod(x.shape[i] for i in _axes(x.ndim, axis))
    dtype = np.finfo(x.dtype).dtype
    return np.broadcast_to(where, x.shape).sum(axis=axis, keepdims=True, dtype=dtype)


def _mean(g, y, x, axis=None, dtype=None, keepdims=False, where=True):
    if where is True:
        return spread(g * (1 / max(_count(x, axis), 1)), x, axis)
    g = g.reshape(kept(x.shape, axis)) / _count(x, axis, where)
    return masked(where, np.broadcast_to(g, x.shape))


function(np.mean, _mean)


def _extremum(g, y, x, axis=None, keepdims=False, initial=None, where=True):
    # Elements that tie for the extremum share its cotangent equally, `initial` among them.
    y = y.reshape(kept(x.shape, axis))
    chosen = x == y if where is True else (x == y) & where
    if axis is None:
        ties = np.count_nonzero(chosen)
    else:
        ties = chosen.sum(axis=axis, keepdims=True, dtype=np.int32)  # the fastest to count in
        ties = ties.astype(np.finfo(x.dtype).dtype)
    if initial is not None:
        ties = ties + (y == initial)
    return masked(chosen, g.reshape(y.shape) / np.where(ties == 0, 1, ties))


for _fn in np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin:
    function(_fn, _extremum)
composed(
    np.ptp,
    lambda a, axis=None, *, keepdims=False: (
        a.max(axis=axis, keepdims=keepdims) - a.min(axis=axis, keepdims=keepdims)
    ),
)


def _interleave(even, odd):
    """Merge the elements at even and at odd places of the last axis."""
    out = np.empty_like(odd, shape=(*odd.shape[:-1], even.shape[-1] + odd.shape[-1]))
    out[..., ::2] = even
    out[..., 1::2] = odd
    return out


interleave = function(
    _interleave,
    lambda g, y, even, odd: g[..., ::2],
    lambda g, y, even, odd: g[..., 1::2],
)


def _others(x):
    """Multiply all elements of a row but one, for each: pairs first, then pairs of pairs.

    A polynomial, without a division: so it and its derivatives are right with zeros.
    """
    n = x.shape[-1]
    if n < 2:
        return np.ones(x.shape, x.dtype)
    even, odd = x[..., ::2], x[..., 1::2]
    last = even[..., n // 2 :]
    even = even[..., : n // 2]
    pairs = even * odd
    if n == 2:
        return interleave(odd, even)
    others = _others(np.concatenate([pairs, last], axis=-1) if n % 2 else pairs)
    left = others[..., : n // 2] * odd
    right = others[..., : n // 2] * even
    return interleave(np.concatenate([left, others[..., n // 2 :]], axis=-1), right)


def _prod(g, y, x, axis=None, dtype=None, keepdims=False, initial=1, where=True):
    factors = x if where is True else np.where(where, x, 1)
    others = from_rows(_others(rows(factors, axis)), x.shape, axis)
    g = g.reshape(kept(x.shape, axis)) * (others if initial is None else others * initial)
    return g if where is True else masked(where, g)


function(np.prod, _prod)


def _centred(x, axis, where):
    """What is left of the elements without their mean."""
    if where is True:
        return x - x.mean(axis=axis, keepdims=True)
    return masked(where, x - x.mean(axis=axis, keepdims=True, where=where))


def _are_equal(x, axis, where):
    if where is True:
        return x.max(axis=axis, keepdims=True) == x.min(axis=axis, keepdims=True)
    low = np.min(x, axis=axis, keepdims=True, where=where, initial=np.inf)
    return np.max(x, axis=axis, keepdims=True, where=where, initial=-np.inf) == low


def _freedom(x, axis, where, ddof, correction):
    """How many degrees of freedom a variance has; NaN for none, as for NumPy's value then."""
    free = _count(x, axis, where) - (ddof if correction is None else correction)
    return free if np.ndim(free) or free else math.nan


def _var(g, y, x, axis=None, dtype=None, ddof=0, keepdims=False, where=True, correction=None):
    rest = _centred(x, axis, where)
    scale = 2 / _freedom(x, axis, where, ddof, correction)
    rest = np.conj(rest) if x.dtype.kind == "c" else rest
    return (g.reshape(kept(x.shape, axis)) * scale) * rest


def _std(g, y, x, axis=None, dtype=None, ddof=0, keepdims=False, where=True, correction=None):
    # At zero spread, which rounding of the mean may hide, the derivative is 0.
    rest = _centred(x, axis, where)
    y = y.reshape(kept(x.shape, axis))
    if x.size:
        y = np.where(_are_equal(x, axis, where), np.inf, y)
    rest = np.conj(rest) if x.dtype.kind == "c" else rest
    return g.reshape(y.shape) / (y * _freedom(x, axis, where, ddof, correction)) * rest


function(np.var, _var)
function(np.std, _std)


def _average(a, axis=None, weights=None, *, keepdims=False):
    if weights is None:
        return a.mean(axis=axis, keepdims=keepdims)
    a, w = (x if hasattr(x, "shape") else np.asarray(x) for x in (a, weights))
    if w.shape != a.shape:
        if axis is None:
            raise TypeError("average: axis must be given where weights and values differ in shape")
        axes = _axes(a.ndim, axis)
        if w.shape != tuple(a.shape[i] for i in axes):
            raise ValueError(
                f"average: weights of shape {w.shape} do not fit axis {axis} of shape {a.shape}"
            )
        shape = tuple(n if i in axes else 1 for i, n in enumerate(a.shape))
        w = w.transpose(np.argsort(axes).tolist()).reshape(shape)
    total = w.sum(axis=axis, keepdims=keepdims)
    if np.any(plain(total) == 0):
        raise ZeroDivisionError("average: the weights sum to zero and cannot be normalized")
    return (a * w).sum(axis=axis, keepdims=keepdims) / total


composed(np.average, _average)

flat(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.any, np.all, np.count_nonzero)
