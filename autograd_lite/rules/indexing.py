"""Indexing: ``x[...]`` with slices, integers, masks and arrays of integers."""

import operator

import numpy as np

from ..declare import function
from ..op import Each
from ..tensor import Tensor


class _Hole:
    """Where a Tensor (a mask, an argmax) stands in an index: it is an input of the op."""

    def __repr__(self):
        return "_"


_HOLE = _Hole()


def _bind_index(x, index):
    parts = index if isinstance(index, tuple) else (index,)
    holes = tuple(part for part in parts if isinstance(part, Tensor))
    if holes:
        index = tuple(_HOLE if isinstance(part, Tensor) else part for part in parts)
    return (x, *holes), {"index": index}


def _filled(index, holes):
    fillers = iter(holes)
    return tuple(next(fillers) if part is _HOLE else part for part in index) if holes else index


def _repeats(index):
    """Whether an index may name an element twice, as arrays of integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype != bool for part in parts
    )


def _scatter(g, *holes, shape, index):
    """Zeros of `shape` with `g` added at `index`; what indexing is the transpose of."""
    out = np.zeros(shape, g.dtype)
    index = _filled(index, holes)
    if _repeats(index):
        np.add.at(out, index, g)
    else:
        out[index] = g
    return out


scatter = function(
    _scatter,
    rules=Each(
        lambda i: None if i else lambda h, y, g, *holes, shape, index: h[_filled(index, holes)]
    ),
    bind=lambda g, *holes, shape, index: ((g, *holes), {"shape": shape, "index": index}),
)

function(
    operator.getitem,
    rules=Each(
        lambda i: (
            None
            if i
            else lambda g, y, x, *holes, index: scatter(g, *holes, shape=x.shape, index=index)
        )
    ),
    forward=lambda x, *holes, index: x[_filled(index, holes)],
    bind=_bind_index,
)
