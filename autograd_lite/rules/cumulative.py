"""Sums and products that run along an axis."""

import numpy as np

from ..declare import composed, function
from .reductions import from_rows, interleave, rows


def _backwards(x):
    return x[..., ::-1]


def _cumsum(g, y, x, axis=None, dtype=None):
    g = rows(g.reshape(x.shape), axis)
    return from_rows(_backwards(np.cumsum(_backwards(g), axis=-1)), x.shape, axis)


def recurrence(a, b):
    """Solve ``s[0] = b[0], s[k] = a[k - 1] * s[k - 1] + b[k]`` along the last axis.

    By halves: the elements at odd places obey such a recurrence among themselves.
    """
    if b.shape[-1] < 2:
        return b
    even, odd = a[..., ::2], a[..., 1::2]
    m, k = even.shape[-1], odd.shape[-1]
    s_odd = recurrence(
        even[..., 1:] * odd[..., : m - 1], even * b[..., ::2][..., :m] + b[..., 1::2]
    )
    s_even = np.concatenate([b[..., :1], odd * s_odd[..., :k] + b[..., 2::2]], axis=-1)
    return interleave(s_even, s_odd)


def _cumprod(g, y, x, axis=None, dtype=None):
    # Element k is in every product from k on: y[k - 1] * (g[k] + x[k + 1] * (g[k + 1] + ...)),
    # without a division, so right with zeros.
    g, y, r = (rows(v.reshape(x.shape), axis) for v in (g, y, x))
    s = _backwards(recurrence(_backwards(r[..., 1:]), _backwards(g)))
    return from_rows(np.concatenate([s[..., :1], y[..., :-1] * s[..., 1:]], axis=-1), x.shape, axis)


function(np.cumsum, _cumsum)
function(np.cumprod, _cumprod)


def _cumulative(fn, first):
    def implementation(x, /, *, axis=None, dtype=None, include_initial=False):
        if axis is None:
            if x.ndim > 1:
                raise ValueError(f"{fn.__name__}: axis must be given for more than one dimension")
            axis = 0
        y = fn(x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        shape = list(y.shape)
        shape[axis] = 1
        return np.concatenate([np.full(shape, first, y.dtype), y], axis=axis)

    return implementation


if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    composed(np.cumulative_sum, _cumulative(np.cumsum, 0))
    composed(np.cumulative_prod, _cumulative(np.cumprod, 1))


def _nancumsum(a, axis=None, dtype=None):
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


def _nancumprod(a, axis=None, dtype=None):
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


composed(np.nancumsum, _nancumsum)
composed(np.nancumprod, _nancumprod)
