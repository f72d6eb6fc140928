"""Functions that join arrays, and cut them."""

import itertools
import operator

import numpy as np

from ..declare import composed, function
from ..op import Each, Joint
from .indexing import at


def _given(dtype, casting):
    """The keywords of a join that are not at their defaults."""
    given = {} if dtype is None else {"dtype": dtype}
    return given if casting == "same_kind" else {**given, "casting": casting}


def _bind_concatenate(arrays, axis=0, dtype=None, casting="same_kind"):
    if axis is None:
        arrays, axis = [np.reshape(x, -1) for x in arrays], 0
    return tuple(arrays), {"axis": axis, **_given(dtype, casting)}


def _bind_stack(arrays, axis=0, dtype=None, casting="same_kind"):
    return tuple(arrays), {"axis": axis, **_given(dtype, casting)}


def _pieces(g, y, *xs, axis, dtype=None, casting=None):
    """For each argument, the part of the cotangent that came from it."""
    bounds = list(itertools.accumulate((x.shape[axis] for x in xs), initial=0))
    return _cut(g, bounds, axis % y.ndim)


def _layer(i):
    return lambda g, y, *xs, axis, dtype=None, casting=None: g[at(axis % y.ndim, i)]


function(
    np.concatenate,
    rules=Joint(_pieces),
    forward=lambda *xs, axis, **given: np.concatenate(xs, axis, **given),
    bind=_bind_concatenate,
)
function(
    np.stack,
    rules=Each(_layer),
    forward=lambda *xs, axis, **given: np.stack(xs, axis, **given),
    bind=_bind_stack,
)


def _on_each(reshape):
    """Apply to one array, or to several, which gives a tuple."""

    def on_each(*arys):
        return reshape(arys[0]) if len(arys) == 1 else tuple(map(reshape, arys))

    return on_each


def _with_axes(ndim):
    """Add axes in front."""
    return lambda x: np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))


def _at_least_3(x):
    shape = {0: (1, 1, 1), 1: (1, *np.shape(x), 1), 2: (*np.shape(x), 1)}
    return np.reshape(x, shape.get(np.ndim(x), np.shape(x)))


composed(np.atleast_1d, _on_each(_with_axes(1)))
composed(np.atleast_2d, _on_each(_with_axes(2)))
composed(np.atleast_3d, _on_each(_at_least_3))


def _hstack(tup, dtype=None, casting="same_kind"):
    arrays = [np.atleast_1d(x) for x in tup]
    axis = 0 if arrays and arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


composed(np.hstack, _hstack)
composed(
    np.vstack,
    lambda tup, dtype=None, casting="same_kind": np.concatenate(
        [np.atleast_2d(x) for x in tup], dtype=dtype, casting=casting
    ),
)
composed(np.dstack, lambda tup: np.concatenate([np.atleast_3d(x) for x in tup], 2))
composed(
    np.column_stack,
    lambda tup: np.concatenate(
        [np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in tup], axis=1
    ),
)
composed(np.append, lambda arr, values, axis=None: np.concatenate([arr, values], axis))


def _block(arrays):
    depth, first = 0, arrays
    while isinstance(first, list) and first:
        depth, first = depth + 1, first[0]
    ndim = max(depth, *map(np.ndim, _leaves(arrays, depth)), 0)

    def join(item, level):
        if level == depth:
            return _with_axes(ndim)(item)
        return np.concatenate([join(part, level + 1) for part in item], level - depth)

    return join(arrays, 0)


def _leaves(item, depth):
    """The arrays of lists nested `depth` deep everywhere."""
    if depth and isinstance(item, list) and item:
        return [leaf for part in item for leaf in _leaves(part, depth - 1)]
    if depth or isinstance(item, (list, tuple)):
        raise ValueError("block: the lists must all be nested equally deep, and not be empty")
    return [item]


composed(np.block, _block)


def _cut(x, bounds, axis):
    """The parts of `x` between successive bounds.

    Many are cut from halves, and those from halves, as each cut costs the backward sweep an array
    of the length of what was cut.
    """
    if len(bounds) < 9 or sorted(bounds) != bounds or bounds[0] < 0:
        return [x[at(axis, slice(*ends))] for ends in itertools.pairwise(bounds)]
    half = len(bounds) // 2
    middle = bounds[half]
    lower = _cut(x[at(axis, slice(middle))], bounds[: half + 1], axis)
    upper = x[at(axis, slice(middle, None))]
    return lower + _cut(upper, [bound - middle for bound in bounds[half:]], axis)


def _array_split(ary, indices_or_sections, axis=0):
    n = ary.shape[axis]
    if hasattr(indices_or_sections, "__len__") and np.ndim(indices_or_sections):
        bounds = [0, *map(operator.index, indices_or_sections), n]
    else:
        parts = operator.index(indices_or_sections)
        if parts <= 0:
            raise ValueError(f"array_split: the number of sections must be positive, not {parts}")
        size, longer = divmod(n, parts)
        bounds = [i * size + min(i, longer) for i in range(parts + 1)]
    return _cut(ary, bounds, axis % ary.ndim)


def _split(ary, indices_or_sections, axis=0):
    if np.ndim(indices_or_sections) == 0 and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"split: an axis of length {ary.shape[axis]} does not divide equally "
            f"into {indices_or_sections}; write np.array_split"
        )
    return _array_split(ary, indices_or_sections, axis)


def _split_along(name, axis, least):
    """The split along `axis`, or along the only one where arrays of one axis are allowed."""

    def split(ary, indices_or_sections):
        if ary.ndim < least:
            raise ValueError(f"{name} needs {least} axes or more, not shape {ary.shape}")
        return _split(ary, indices_or_sections, min(axis, ary.ndim - 1))

    return split


composed(np.array_split, _array_split)
composed(np.split, _split)
composed(np.vsplit, _split_along("vsplit", 0, 2))
composed(np.hsplit, _split_along("hsplit", 1, 1))
composed(np.dsplit, _split_along("dsplit", 2, 3))
if hasattr(np, "unstack"):  # from NumPy 2.1
    composed(
        np.unstack,
        lambda x, axis=0: tuple(x[at(axis % x.ndim, i)] for i in range(x.shape[axis])),
    )
