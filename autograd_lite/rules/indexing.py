"""Indexing: ``x[...]``, its transpose, and the functions that pick elements."""

import operator

import numpy as np

from ..declare import composed, function
from ..op import Each
from ..tensor import Tensor


class _Hole:
    """Where a Tensor (a mask, an argmax) stands in an index: it is an input of the op."""

    def __repr__(self):
        return "_"


HOLE = _Hole()
_BASIC = (int, np.integer, np.bool_, slice, type(None), type(Ellipsis))


def _bind_index(x, index):
    parts = index if isinstance(index, tuple) else (index,)
    holes = tuple(part for part in parts if isinstance(part, Tensor))
    if holes:
        index = tuple(HOLE if isinstance(part, Tensor) else part for part in parts)
    return (x, *holes), {"index": index}


def _filled(index, holes):
    fillers = iter(holes)
    return tuple(next(fillers) if part is HOLE else part for part in index) if holes else index


def _integers(index):
    """The parts of an index that may name an element twice: neither basic ones nor masks."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [np.asarray(part) for part in parts if not isinstance(part, _BASIC)]
    return [array for array in arrays if array.dtype != bool]


def _distinct(integers):
    """Whether integers surely name different places; -1 and n - 1 could be the same."""
    if not integers.size:
        return True
    low, high = int(integers.min()), int(integers.max())
    if low < 0 <= high:
        return False
    return bool((np.bincount((integers.astype(np.int64) - low).reshape(-1)) <= 1).all())


def _scatter(g, *holes, shape, index):
    """Zeros of `shape` with `g` added at `index`; what indexing is the transpose of."""
    index = _filled(index, holes)
    out = np.zeros(shape, g.dtype)
    arrays = _integers(index)
    # To write whole blocks is fast; to add them NumPy is slow, but to add single numbers is not.
    if not arrays or (len(arrays) == 1 and g.size > arrays[0].size and _distinct(arrays[0])):
        out[index] = g
    elif len(shape) == 1 and g.size == arrays[0].size:
        np.add.at(out, arrays[0].reshape(-1).astype(int, copy=False), g.reshape(-1))
    else:
        places = np.arange(out.size).reshape(shape)[index]
        np.add.at(out.reshape(-1), places.reshape(-1), g.reshape(-1))
    return out


def _gather(h, y, g, *holes, shape, index):
    return getitem(h, _filled(index, holes))


scatter = function(
    _scatter,
    rules=Each(lambda i: None if i else _gather),
    bind=lambda g, *holes, shape, index: ((g, *holes), {"shape": shape, "index": index}),
)

getitem = function(
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


def at(axis, part):
    """The index that takes `part` along `axis`, which is not negative, and all else."""
    return (*(slice(None),) * axis, part)


def _untake(g, indices, shape, axis=None, mode="raise"):
    n = int(np.prod(shape)) if axis is None else (shape or (1,))[axis]
    if mode != "raise" and not (indices.min(initial=0) >= 0 and indices.max(initial=0) < n):
        indices = indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)
    if axis is None or not shape:
        return _scatter(g, shape=(n,), index=indices).reshape(shape)
    return _scatter(g, shape=shape, index=at(axis % len(shape), indices))


untake = function(
    _untake,
    lambda h, y, g, indices, shape, axis=None, mode="raise": np.take(h, indices, axis, mode=mode),
    None,
)

function(
    np.take,
    lambda g, y, x, indices, axis=None, mode="raise": untake(
        g, indices, shape=x.shape, axis=axis, mode=mode
    ),
    None,
)


def _take_along_axis(arr, indices, axis=-1):
    if not isinstance(indices, Tensor):
        indices = np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise IndexError(f"take_along_axis: the indices must be integers, not {indices.dtype}")
    if indices.ndim != (1 if axis is None else arr.ndim):
        raise ValueError(
            f"take_along_axis: indices of shape {indices.shape} for an array of shape {arr.shape} "
            f"and axis={axis}: they must have as many axes"
        )
    if axis is None:
        return getitem(np.reshape(arr, -1), indices)
    index = list(np.ogrid[tuple(map(slice, arr.shape))])
    index[axis] = indices
    return getitem(arr, tuple(index))


def _compress(condition, a, axis=None):
    if np.ndim(condition) != 1:
        raise ValueError(f"compress: a condition has one axis, not shape {np.shape(condition)}")
    return np.take(a, np.flatnonzero(condition), axis=axis)


composed(np.take_along_axis, _take_along_axis)
composed(np.compress, _compress)
composed(
    np.extract, lambda condition, arr: np.compress(np.reshape(condition, -1), np.reshape(arr, -1))
)


# What is chosen from comes first on the record, then what chooses.
def _chosen(i):
    def rule(g, y, *arguments, mode):
        *choices, a = arguments
        if mode != "raise":
            a = np.choose(a, range(len(choices)), mode=mode)
        return np.where(a == i, g, 0)

    return rule


function(
    np.choose,
    rules=Each(_chosen),
    forward=lambda *arguments, mode: np.choose(arguments[-1], arguments[:-1], mode=mode),
    bind=lambda a, choices, mode="raise": ((*choices, a), {"mode": mode}),
    broadcasts=True,
)


def _selected(i):
    def rule(g, y, *arguments):
        conditions = arguments[len(arguments) // 2 + 1 :]
        here = conditions[i] if i < len(conditions) else True
        for earlier in conditions[:i]:
            here = np.logical_and(here, np.logical_not(earlier))
        return np.where(here, g, 0)

    return rule


def _select(*arguments):
    n = len(arguments) // 2
    return np.select(list(arguments[n + 1 :]), list(arguments[:n]), arguments[n])


def _bind_select(condlist, choicelist, default=0):
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"select: {len(condlist)} conditions for {len(choicelist)} choices; give one for each"
        )
    return (*choicelist, default, *condlist), {}


function(np.select, rules=Each(_selected), forward=_select, bind=_bind_select, broadcasts=True)


def _diagonal(a, offset=0, axis1=0, axis2=1):
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    return a[(..., *_on_diagonal(*a.shape[-2:], offset))]


def _on_diagonal(m, n, k):
    """Where the k-th diagonal of an m by n matrix is."""
    i = np.arange(max(0, min(m + min(k, 0), n - max(k, 0))))
    return i - min(k, 0), i + max(k, 0)


def _diag(v, k=0):
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag: the input must have one axis or two, not shape {v.shape}")
    n = v.shape[0] + abs(k)
    return scatter(v, shape=(n, n), index=_on_diagonal(n, n, k))


composed(np.diagonal, _diagonal)
composed(np.diag, _diag)
composed(np.diagflat, lambda v, k=0: _diag(np.reshape(v, -1), k))
composed(
    np.trace,
    lambda a, offset=0, axis1=0, axis2=1, dtype=None: np.sum(
        np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype
    ),
)

# An array of one axis is broadcast to a square.
function(np.tril, lambda g, y, m, k=0: np.tril(g, k), broadcasts=True)
function(np.triu, lambda g, y, m, k=0: np.triu(g, k), broadcasts=True)
composed(np.tril_indices_from, lambda arr, k=0: np.tril_indices(arr.shape[-2], k, arr.shape[-1]))
composed(np.triu_indices_from, lambda arr, k=0: np.triu_indices(arr.shape[-2], k, arr.shape[-1]))
composed(np.diag_indices_from, lambda arr: np.diag_indices_from(np.empty(arr.shape)))
