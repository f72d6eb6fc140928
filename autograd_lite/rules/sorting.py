"""Sorting, searching, and interpolation between sorted points."""

import numpy as np

from ..declare import composed, flat, function
from .indexing import getitem

flat(np.argsort, np.argpartition, np.argwhere, np.flatnonzero)
function(np.searchsorted, arity=2)
function(np.digitize, arity=2)
composed(np.nonzero, lambda a: tuple(np.argwhere(np.atleast_1d(a)).T))


def _unsort(g, order, axis):
    """Put along `axis` each element where `order` says it came from."""
    g, order = np.moveaxis(g, axis, -1), np.moveaxis(order, axis, -1)
    out = np.empty(g.shape, g.dtype)
    rows = np.arange(int(np.prod(g.shape[:-1]))).reshape(*g.shape[:-1], 1)
    out.reshape(-1)[order + g.shape[-1] * rows] = g
    return np.moveaxis(out, -1, axis)


unsort = function(
    _unsort, lambda h, y, g, order, axis: np.take_along_axis(h, order, axis=axis), None
)


def _even(g, y, axis):
    """Give each run of equal elements of the sorted `y` the mean of its cotangents."""
    ends = np.moveaxis(y, axis, -1)
    first = np.ones(ends.shape, bool)
    first[..., 1:] = ends[..., 1:] != ends[..., :-1]
    if first.all():
        return g
    g = np.moveaxis(g, axis, -1)
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=g.size)
    means = np.add.reduceat(g.reshape(-1), starts) / lengths
    means = np.repeat(means.astype(g.dtype, copy=False), lengths)
    return np.moveaxis(means.reshape(g.shape), -1, axis)


def _even_rule(h, out, g, y, axis):
    return even(h, y, axis=axis)


even = function(_even, _even_rule, None)


# Elements that tie share the cotangents of the places they were sorted to equally.
def _sort(g, y, x, axis=-1, kind=None, stable=None):
    if axis is None:
        return _sort(g, y, np.reshape(x, -1), 0).reshape(x.shape)
    return unsort(even(g, y, axis=axis), np.argsort(x, axis), axis=axis)


# The order inside a partition is NumPy's own business, so both sides are sorted to match them.
def _partition(g, y, x, kth, axis=-1, kind="introselect"):
    if axis is None:
        return _partition(g, y, np.reshape(x, -1), kth, 0).reshape(x.shape)
    order = np.argsort(y, axis)
    along = np.take_along_axis
    return _sort(along(g, order, axis=axis), along(y, order, axis=axis), x, axis)


function(np.sort, _sort)
function(np.partition, _partition)


def _interp(x, xp, fp, left=None, right=None, period=None):
    x, xp = _double(x), _double(xp)
    fp = _double(fp)
    if xp.ndim != 1 or fp.shape != xp.shape or not xp.size:
        raise ValueError(
            f"interp: xp and fp must have one axis of the same length, not {xp.shape}, {fp.shape}"
        )
    if period is not None:
        x, xp = np.remainder(x, abs(period)), np.remainder(xp, abs(period))
        order = np.argsort(xp)
        xp, fp = getitem(xp, order), getitem(fp, order)
        xp = np.concatenate([xp[-1:] - abs(period), xp, xp[:1] + abs(period)])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    n = xp.shape[0]
    # At a node the slope is that of the segment on its right; at the last node, on its left.
    i = np.searchsorted(xp[1 : n - 1], x, side="right")
    j = np.minimum(i + 1, n - 1)
    x0, y0 = getitem(xp, i), getitem(fp, i)
    below, above = x < xp[0], x > xp[-1]
    run = getitem(xp, j) - x0 if n > 1 else 1.0
    y = y0 + np.where(below | above, 0, x - x0) * ((getitem(fp, j) - y0) / run)
    y = np.where(below, fp[0] if left is None else left, y)
    return np.where(above, fp[-1] if right is None else right, y)


def _double(x):
    """`interp` computes in double precision whatever it is given."""
    x = np.asarray(x) if isinstance(x, (list, tuple, int, float, np.generic)) else x
    dtype = complex if x.dtype.kind == "c" else float
    return x if x.dtype == dtype else x.astype(dtype)


composed(np.interp, _interp)
