"""Convolutions, differences and sums along a line."""

import numpy as np

from ..declare import composed, function
from ..tensor import as_array


def _convolve(g, a, v, mode="full"):
    """The cotangent of `a`: that of the full convolution, slid along the reversed `v`."""
    shape, v = np.shape(a), np.reshape(v, -1)[::-1]
    short = min(np.size(a), v.size)
    if mode in ("valid", 0):
        return np.convolve(g, v, "full" if v.size == short else "valid").reshape(shape)
    if mode in ("same", 1):
        start = (short - 1) // 2
        g = np.concatenate([_zeros(g, start), g, _zeros(g, short - 1 - start)])
    return np.convolve(g, v, "valid").reshape(shape)


def _zeros(g, length, axis=0):
    """Zeros like `g`, of another length along one axis."""
    shape = list(g.shape)
    shape[axis] = length
    return np.zeros(shape, g.dtype)


function(
    np.convolve,
    lambda g, y, a, v, mode="full": _convolve(g, a, v, mode),
    lambda g, y, a, v, mode="full": _convolve(g, v, a, mode),
)


def _correlate(a, v, mode="valid"):
    a, v = as_array(a), as_array(v)
    reverse = (np.conj(v) if v.dtype.kind == "c" else v)[::-1]
    if mode in ("same", 1) and len(a) < len(v):
        # NumPy swaps the two and reverses the result, whose middle is then another one.
        start = len(a) // 2
        return np.convolve(a, reverse)[start : start + len(v)]
    return np.convolve(a, reverse, mode)


composed(np.correlate, _correlate)


def _bind_diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    a = as_array(a)
    ends = [_end(part, a, axis) for part in (prepend, append)] if n else [[], []]
    if any(ends):
        a = np.concatenate([*ends[0], a, *ends[1]], axis)
    return (a,), {"n": n, "axis": axis}


def _end(part, a, axis):
    """What `np.diff` puts before or after `a`: a list of one array, or of none."""
    if part is np._NoValue:
        return []
    part = as_array(part)
    return [part if part.ndim else np.broadcast_to(part, _zeros(a, 1, axis).shape)]


def _spread_out(g, axis):
    """The transpose of one difference: each goes to the element after it, minus it before."""
    out = np.empty(_zeros(g, g.shape[axis] + 1, axis).shape, g.dtype)
    g, x = np.moveaxis(g, axis, 0), np.moveaxis(out, axis, 0)
    x[:1], x[1:] = 0, g
    x[:-1] -= g
    return out


spread_out = function(_spread_out, lambda h, y, g, axis: np.diff(h, axis=axis))


def _diff(g, y, x, n, axis):
    if y.shape[axis] == 0:
        return np.zeros(x.shape, x.dtype)
    for _ in range(n):
        g = spread_out(g, axis=axis)
    return g


function(np.diff, _diff, bind=_bind_diff)


def _gradient(f, *varargs, axis=None, edge_order=1):
    f = as_array(f)
    f = f.astype(float) if f.dtype.kind in "iu" else f
    axes = np.lib.array_utils.normalize_axis_tuple(range(f.ndim) if axis is None else axis, f.ndim)
    steps = [as_array(step) for step in varargs or (1.0,)]
    if len(steps) == 1 and not steps[0].ndim:
        steps *= len(axes)
    if len(steps) != len(axes):
        raise TypeError(f"gradient: {len(steps)} spacings for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, not {edge_order}")
    slopes = tuple(_slope(f, h, i, edge_order) for h, i in zip(steps, axes, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


def _slope(f, h, axis, edge_order):
    """Slopes of parabolas through three neighbours, from the differences `d` on both sides."""
    if f.shape[axis] <= edge_order:
        raise ValueError(
            f"gradient: shape {f.shape} is too small along axis {axis}: "
            f"edge_order={edge_order} needs {edge_order + 1} elements"
        )
    if h.ndim > 1 or (h.ndim and len(h) != f.shape[axis]):
        raise ValueError(
            f"gradient: a spacing of shape {h.shape} for axis {axis} of shape {f.shape}; "
            "give one number, or a coordinate for each element"
        )

    def part(x, *bounds):
        return x[(slice(None),) * axis + (slice(*bounds),)] if x.ndim else x

    share = np.array(0.5)  # of the step before in the two steps around an element
    if h.ndim:
        h = np.diff(h.astype(float) if h.dtype.kind in "iu" else h)
        h = h.reshape((-1,) + (1,) * (f.ndim - axis - 1))
        h = h.reshape((1,) * axis + h.shape)
        before = part(h, None, -1)
        share = before / (before + part(h, 1, None))
    d = np.diff(f, axis=axis) / h
    bend = np.diff(d, axis=axis)
    first, last = part(d, None, 1), part(d, -1, None)
    if edge_order == 2:
        first = first - part(share, None, 1) * part(bend, None, 1)
        last = last + (1 - part(share, -1, None)) * part(bend, -1, None)
    slopes = np.concatenate([first, part(d, None, -1) + share * bend, last], axis)
    return slopes if slopes.dtype == f.dtype else slopes.astype(f.dtype)


composed(np.gradient, _gradient)


def _trapezoid(y, x=None, dx=1.0, axis=-1):
    y = as_array(y)
    n = y.shape[axis]
    if x is None:
        weights = np.ones(n, np.result_type(y.dtype, np.float16))
        weights[:1] /= 2
        weights[-1:] -= 0.5
        weights = dx * weights
    else:
        x = as_array(x)
        along = axis if x.ndim > 1 else 0
        half = np.diff(x, axis=along) / 2
        zero = _zeros(half, 1, along)
        weights = np.concatenate([half, zero], along) + np.concatenate([zero, half], along)
    if weights.ndim == 1:
        weights = weights.reshape((n,) + (1,) * (y.ndim - 1 - axis % y.ndim))
    return (y * weights).sum(axis=axis)


composed(np.trapezoid, _trapezoid)


def _ediff1d(ary, to_end=None, to_begin=None):
    ary = as_array(ary)
    ary = ary if ary.ndim == 1 else ary.reshape(-1)
    if to_begin is None and to_end is None:
        return np.diff(ary)
    parts = []
    for part in (to_begin, np.diff(ary), to_end):
        if part is not None:
            part = as_array(part)
            if not np.can_cast(part.dtype, ary.dtype, "same_kind"):
                raise TypeError(f"ediff1d: {part.dtype} does not fit an array of {ary.dtype}")
            parts.append(part.reshape(-1).astype(ary.dtype))
    return np.concatenate(parts)


composed(np.ediff1d, _ediff1d)

# The multiples of the period that are added are constant wherever there is a derivative.
function(
    np.unwrap,
    lambda g, y, p, discont=None, axis=-1, period=2 * np.pi: g,
)
