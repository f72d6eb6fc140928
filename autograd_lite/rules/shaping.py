"""Functions that move, repeat or join elements without changing them."""

import itertools

import numpy as np

from ..declare import function
from ..op import Each
from ..sweep import unbroadcast


def _inverse(axes):
    return None if axes is None else tuple(np.argsort(np.mod(axes, len(axes))))


function(
    np.reshape,
    lambda g, y, x, shape: g.reshape(x.shape),
    forward=lambda x, shape: x.reshape(shape),
    bind=lambda x, shape: ((x,), {"shape": shape}),
)
function(np.transpose, lambda g, y, x, axes=None: g.transpose(_inverse(axes)))
function(np.matrix_transpose, lambda g, y, x: g.mT)
function(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
function(np.squeeze, lambda g, y, x, axis=None: g.reshape(x.shape))
function(np.broadcast_to, lambda g, y, x, shape: unbroadcast(g, x.shape))
function(np.ndarray.astype, lambda g, y, x, dtype: g)


def _bind_join(arrays, axis=0):
    if axis is None:
        return tuple(np.reshape(x, -1) for x in arrays), {"axis": 0}
    return tuple(arrays), {"axis": axis}


def _piece(i):
    """The rule of argument `i` of a join: the part of the cotangent that came from it."""

    def rule(g, y, *xs, axis):
        ends = list(itertools.accumulate(x.shape[axis] for x in xs))
        part = slice(ends[i] - xs[i].shape[axis], ends[i])
        return g[(slice(None),) * (axis % y.ndim) + (part,)]

    return rule


function(
    np.concatenate,
    rules=Each(_piece),
    forward=lambda *xs, axis: np.concatenate(xs, axis),
    bind=_bind_join,
)
