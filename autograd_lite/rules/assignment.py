"""Assignment: ``x[i] = v`` and its kin, as functions from the value before to the value after."""

import operator

import numpy as np

from ..declare import composed, function
from ..op import Each
from ..tensor import plain
from .indexing import _bind_index, _filled, _integers, getitem


def _bind(x, index, value):
    (_, *holes), params = _bind_index(x, index)
    return (x, value, *holes), params


def _set(x, value, *holes, index):
    out = x.copy()
    out[_filled(index, holes)] = value
    return out


def last_named(shape, index):
    """Which entries that an index names are the last ones named, so that they stay."""
    order = np.zeros(shape, int)
    places = np.arange(order[index].size).reshape(order[index].shape)
    order[index] = places
    return order[index] == places


def _last(*holes, shape, index):
    return last_named(shape, _filled(index, holes))


last = function(_last, bind=lambda *holes, shape, index: (holes, {"shape": shape, "index": index}))


def _set_rule(i):
    """Nothing reaches the entries that were replaced; what replaced them gets their cotangent."""

    def before(g, y, x, value, *holes, index):
        return setitem(g, _filled(index, holes), 0)

    def assigned(g, y, x, value, *holes, index):
        places = _filled(index, [plain(hole) for hole in holes])
        reached = getitem(g, _filled(index, holes))
        if _integers(places):
            reached = reached * last(*holes, shape=x.shape, index=index)
        extra = getattr(value, "ndim", 0) - reached.ndim  # axes of length 1, which NumPy drops
        return reached.reshape((1,) * extra + reached.shape) if extra > 0 else reached

    return {0: before, 1: assigned}.get(i)


setitem = function(
    operator.setitem, rules=Each(_set_rule), forward=_set, bind=_bind, broadcasts=True
)


def _add_at(x, value, *holes, index):
    out = x.copy()
    np.add.at(out, _filled(index, holes), value)
    return out


function(
    np.add.at,
    rules=Each(
        {
            0: lambda g, y, x, value, *holes, index: g,
            1: lambda g, y, x, value, *holes, index: getitem(g, _filled(index, holes)),
        }.get
    ),
    forward=_add_at,
    bind=_bind,
    broadcasts=True,
)


def _put_along_axis(arr, indices, values, axis):
    if axis is None:
        arr[np.unravel_index(indices, arr.shape)] = values
        return
    index = list(np.ogrid[tuple(map(slice, arr.shape))])
    index[axis] = indices
    arr[tuple(index)] = values


composed(np.put_along_axis, _put_along_axis)
