"""Order statistics, and statistics that leave out NaN: written in functions that have rules."""

import numpy as np

from ..declare import composed
from ..errors import NoRuleError
from ..tensor import Tensor
from .reductions import kept, rows


def _or_nan(y, s):
    """The value `y`, or NaN where the sorted rows `s` end with one, as in NumPy."""
    return np.where(np.isnan(s[..., -1]), s[..., -1], y)


def _median(a, axis=None, *, keepdims=False):
    s = np.sort(rows(a, axis), axis=-1)
    n = s.shape[-1]
    y = _or_nan(s[..., (n - 1) // 2 : n // 2 + 1].mean(axis=-1), s)
    return y.reshape(kept(a.shape, axis)) if keepdims else y


def _quantile_of(name, scale):
    def implementation(a, q, axis=None, *, keepdims=False):
        if isinstance(q, Tensor):
            raise NoRuleError(f"{name}: no derivative flows to q; write q.data if none is wanted")
        weak = type(q) in (int, float)  # a number leaves the precision of `a` as it is
        q = np.asarray(q) / scale if scale != 1 else np.asarray(q)
        if np.any((q < 0) | (q > 1)):
            raise ValueError(f"{name}: q must be in the range [0, {scale}]")
        s = np.sort(rows(a, axis), axis=-1)
        n = s.shape[-1]
        place = q * (n - 1)
        below = np.floor(place)
        low = below.astype(int)
        y = s[..., low.reshape(-1)]
        if place.dtype.kind == "f":
            t = float(place - below) if weak else (place - below).reshape(-1)
            y = y + (s[..., np.minimum(low + 1, n - 1).reshape(-1)] - y) * t
        y = _or_nan(y, s[..., None, :])
        shape = kept(a.shape, axis) if keepdims else y.shape[:-1]
        return y.transpose(y.ndim - 1, *range(y.ndim - 1)).reshape(q.shape + shape)

    return implementation


composed(np.median, _median)
composed(np.quantile, _quantile_of("quantile", 1))
composed(np.percentile, _quantile_of("percentile", 100))


def _nansum(a, axis=None, dtype=None, *, keepdims=False, initial=0, where=True):
    a = np.where(np.isnan(a), 0, a)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


def _nanprod(a, axis=None, dtype=None, *, keepdims=False, initial=1, where=True):
    a = np.where(np.isnan(a), 1, a)
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


def _numbers(a, axis, where):
    """Put 0 for what is left out; also which elements are not, and how many of them there are."""
    there = np.logical_and(np.logical_not(np.isnan(a)), where)
    n = np.sum(there, axis=axis, keepdims=True, dtype=np.finfo(a.dtype).dtype)
    return np.where(there, a, 0), there, n


def _nanmean(a, axis=None, dtype=None, *, keepdims=False, where=True):
    a = a if dtype is None else a.astype(dtype)
    numbers, _, n = _numbers(a, axis, where)
    y = numbers.sum(axis=axis, keepdims=True) / n
    return y if keepdims else np.squeeze(y, axis=axis)


def _completed(a, axis, dtype, where):
    """Put the mean for what is left out; and the part of the elements that is not."""
    a = a if dtype is None else a.astype(dtype)
    numbers, there, n = _numbers(a, axis, where)
    return np.where(there, a, numbers.sum(axis=axis, keepdims=True) / n), n


def _nan_spread(fn, power):
    def implementation(
        a, axis=None, dtype=None, *, ddof=0, keepdims=False, where=True, correction=None
    ):
        a, n = _completed(a, axis, dtype, where)
        size = a.size // max(n.size, 1)
        freedom = n - (ddof if correction is None else correction)
        scale = (size / np.where(freedom > 0, freedom, np.nan)) ** power
        y = fn(a, axis=axis, keepdims=True) * scale
        return y if keepdims else np.squeeze(y, axis=axis)

    return implementation


composed(np.nansum, _nansum)
composed(np.nanprod, _nanprod)
composed(np.nanmean, _nanmean)
composed(np.nanvar, _nan_spread(np.var, 1))
composed(np.nanstd, _nan_spread(np.std, 0.5))
