"""Functions that move or repeat elements without changing them."""

import operator

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..declare import composed, flat, function
from ..errors import NoRuleError
from ..mode import refuse_while_tracing
from ..tensor import plain
from .indexing import at, scatter


def _bind_reshape(a, shape, order="C", copy=None):
    if order not in ("C", "F"):
        order = _order_in_memory(a, order)
    given = {} if order == "C" else {"order": order}
    return (a,), {"shape": shape, **given, **({} if copy is None else {"copy": copy})}


def _order_in_memory(a, order):
    """What the order "A" means for an array."""
    if order != "A":
        raise NoRuleError(
            f"reshape, ravel: order={order!r} has no derivative rule; write 'C', 'F' or 'A'"
        )
    refuse_while_tracing('the order of an array in memory (order="A")')
    flags = getattr(plain(a), "flags", None)
    return "F" if flags is not None and flags.fnc else "C"


def _inverse(axes):
    n = len(axes)
    return tuple(sorted(range(n), key=[a % n for a in axes].__getitem__))


def _rollaxis(g, y, x, axis, start=0):
    axis, start = axis % x.ndim, start + x.ndim * (start < 0)
    return np.moveaxis(g, start - (axis < start), axis)


function(
    np.reshape,
    lambda g, y, x, shape, order="C", copy=None: (
        g.reshape(x.shape) if order == "C" else np.reshape(g, x.shape, order=order)
    ),
    forward=lambda x, shape, **given: x.reshape(shape, **given),
    bind=_bind_reshape,
)
composed(np.ravel, lambda a, order="C": np.reshape(a, -1, order=order))
function(
    np.transpose,
    lambda g, y, x, axes=None: g.transpose() if axes is None else g.transpose(_inverse(axes)),
)
function(np.matrix_transpose, lambda g, y, x: g.mT)
function(np.swapaxes, lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
function(np.moveaxis, lambda g, y, x, source, destination: np.moveaxis(g, destination, source))
function(np.rollaxis, _rollaxis)
function(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
function(np.squeeze, lambda g, y, x, axis=None: g.reshape(x.shape))
function(np.broadcast_to, lambda g, y, x, shape: g, broadcasts=True)
function(np.copy, lambda g, y, x, order="K": g)
function(np.ndarray.astype, lambda g, y, x, dtype: g, forward=lambda x, dtype: x.astype(dtype))
if hasattr(np, "astype"):  # from NumPy 2.1
    composed(np.astype, lambda x, dtype, copy=True: x.astype(dtype))

flat(np.zeros_like, np.ones_like, np.empty_like)


def _bind_full_like(a, fill_value, dtype=None, order="K", shape=None):
    return (np.zeros_like(a), fill_value), {"dtype": dtype, "order": order, "shape": shape}


function(
    np.full_like,
    None,
    lambda g, y, a, fill_value, dtype, order, shape: g,
    bind=_bind_full_like,
    broadcasts=True,
)

function(np.flip, lambda g, y, x, axis=None: np.flip(g, axis))
function(np.fliplr, lambda g, y, x: np.fliplr(g))
function(np.flipud, lambda g, y, x: np.flipud(g))
function(np.rot90, lambda g, y, x, k=1, axes=(0, 1): np.rot90(g, -k, axes))
function(np.roll, lambda g, y, x, shift, axis=None: np.roll(g, np.negative(shift), axis))


def _bind_tile(A, reps):
    return (A,), {"reps": tuple(map(operator.index, reps)) if np.ndim(reps) else reps}


def _tile(g, y, x, reps):
    reps = reps if isinstance(reps, tuple) else (reps,)
    n = max(len(reps), x.ndim)
    reps, lengths = (1,) * (n - len(reps)) + reps, (1,) * (n - x.ndim) + x.shape
    blocks = tuple(k for pair in zip(reps, lengths, strict=True) for k in pair)
    return g.reshape(blocks).sum(axis=tuple(range(0, 2 * n, 2))).reshape(x.shape)


def _repeat(g, y, x, repeats, axis=None):
    shape, axis = ((x.size,), 0) if axis is None or not x.ndim else (x.shape, axis % x.ndim)
    n = shape[axis]
    if np.size(repeats) == 1:
        r = int(np.ravel(repeats)[0])
        if x.size == n or axis == x.ndim - 1:  # a product sums short rows faster
            return (g.reshape((x.size, r)) @ np.ones(r, g.dtype)).reshape(x.shape)
        blocks = (*shape[: axis + 1], r, *shape[axis + 1 :])
        return g.reshape(blocks).sum(axis=axis + 1).reshape(x.shape)
    index = at(axis, np.repeat(np.arange(n), repeats))
    return scatter(g, shape=shape, index=index).reshape(x.shape)


function(np.tile, _tile, bind=_bind_tile)
function(np.repeat, _repeat)


def _bind_pad(array, pad_width, mode="constant", constant_values=None, reflect_type=None):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise NoRuleError(
            f"pad: mode={mode!r} has no derivative rule here "
            "(covered: constant, edge, reflect, symmetric, wrap); join the parts with "
            "np.concatenate, or give the plain array with .data if no derivative is wanted"
        )
    if reflect_type not in (None, "even"):
        raise NoRuleError(
            f"pad: the keyword reflect_type={reflect_type!r} has no derivative rule here "
            "(covered: even); the odd reflection is 2 * edge - np.pad(...)"
        )
    given = {} if constant_values is None else {"constant_values": constant_values}
    if isinstance(pad_width, dict):
        axes = normalize_axis_tuple(tuple(pad_width), array.ndim)
        widths = dict(zip(axes, pad_width.values(), strict=True))
        pad_width = [
            tuple(np.broadcast_to(widths.get(axis, 0), 2).tolist()) for axis in range(array.ndim)
        ]
    return (array,), {"pad_width": pad_width, "mode": mode, **given}


def _pad(g, y, x, pad_width, mode, constant_values=None):
    if mode != "constant":
        return unpad(g, pad_width=pad_width, mode=mode, shape=x.shape)
    spans = zip(np.broadcast_to(pad_width, (x.ndim, 2)).tolist(), x.shape, strict=True)
    return g[tuple(slice(before, before + n) for (before, _), n in spans)]


def _unpad(g, pad_width, mode, shape):
    """Add the margins to where `pad` copied them from."""
    g = g.copy()
    widths = np.broadcast_to(pad_width, (len(shape), 2)).tolist()
    for axis, ((before, after), n) in enumerate(zip(widths, shape, strict=True)):
        if before or after:
            source = np.delete(
                np.pad(np.arange(n), (before, after), mode), slice(before, before + n)
            )
            places, index = np.unique(source, return_inverse=True)
            margins = np.delete(g, slice(before, before + n), axis)
            g = g[at(axis, slice(before, before + n))]
            sums = (*g.shape[:axis], places.size, *g.shape[axis + 1 :])
            g[at(axis, places)] += scatter(margins, shape=sums, index=at(axis, index))
    return g


unpad = function(_unpad, lambda h, y, g, pad_width, mode, shape: np.pad(h, pad_width, mode))
function(np.pad, _pad, bind=_bind_pad)


def _broadcast_arrays(*args):
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(x, shape) for x in args)


def _meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', not {indexing!r}")
    n = len(xi)
    axes = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    grids = [
        np.reshape(x, tuple(-1 if i == axis else 1 for i in range(n)))
        for x, axis in zip(xi, axes, strict=True)
    ]
    return tuple(grids) if sparse else np.broadcast_arrays(*grids)


composed(np.broadcast_arrays, _broadcast_arrays)
composed(np.meshgrid, _meshgrid)
