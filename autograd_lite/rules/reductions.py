"""Reductions over axes."""

import numpy as np

from ..declare import flat, function


def kept(shape, axis):
    """The shape a reduction over `axis` would leave with ``keepdims=True``."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    reduced = {a % len(shape) for a in axes}
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def spread(g, x, axis):
    """Give every element that was reduced into one the cotangent of that one."""
    return np.broadcast_to(g.reshape(kept(x.shape, axis)), x.shape)


def _extremum(g, y, x, axis=None, keepdims=False):
    # Elements that tie for the extremum share its cotangent equally.
    chosen = x == y.reshape(kept(x.shape, axis))
    return spread(g, x, axis) * (chosen / chosen.sum(axis=axis, keepdims=True))


function(np.sum, lambda g, y, x, axis=None, keepdims=False: spread(g, x, axis))
function(
    np.mean,
    lambda g, y, x, axis=None, keepdims=False: spread(g / (x.size // max(y.size, 1)), x, axis),
)
function(np.max, _extremum)
function(np.min, _extremum)

flat(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)
