"""Elementwise functions made of pieces: choices, steps, remainders.

At a kink, where two pieces meet, the derivative is half of each; of ``abs`` that is 0.
"""

from typing import Any

import numpy as np

from ..declare import composed, flat, function, ufunc
from ..errors import NoRuleError

_BITS = {np.dtype(np.float64): np.int64, np.dtype(np.float32): np.int32}


def _masked(mask, g):
    # Bits times 0 or 1: six times faster than np.where, whose branch a processor mispredicts,
    # and 0 where an infinite or NaN cotangent times 0 is not.
    if isinstance(g, np.ndarray) and g.dtype in _BITS:
        return (g.view(_BITS[g.dtype]) * mask).view(g.dtype)
    return np.where(mask, g, 0)


masked: Any = ufunc(_masked, None, lambda h, y, mask, g: masked(mask, h))
"""``np.where(mask, g, 0)`` for a boolean mask."""


def _won(over, tie, g):
    won = _masked(over, g)
    if isinstance(tie, np.ndarray) and not tie.any():
        return won
    return won + _masked(tie, g * 0.5)


won: Any = ufunc(_won, None, None, lambda h, y, over, tie, g: won(over, tie, h))
"""The cotangent where ``over``, half of it where there is a tie."""

# Where both are equal each gets half of the cotangent.
ufunc(
    np.maximum,
    lambda g, y, a, b: won(a > b, a == b, g),
    lambda g, y, a, b: won(b > a, a == b, g),
)
ufunc(
    np.minimum,
    lambda g, y, a, b: won(a < b, a == b, g),
    lambda g, y, a, b: won(b < a, a == b, g),
)
# These two take the other argument where one is NaN.
ufunc(
    np.fmax,
    lambda g, y, a, b: won((a > b) | np.isnan(b), a == b, g),
    lambda g, y, a, b: won((b > a) | np.isnan(a), a == b, g),
)
ufunc(
    np.fmin,
    lambda g, y, a, b: won((a < b) | np.isnan(b), a == b, g),
    lambda g, y, a, b: won((b < a) | np.isnan(a), a == b, g),
)


def _clip(a, a_min=None, a_max=None, *, min=None, max=None):  # noqa: A002
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    if (min is not None and a_min is not None) or (max is not None and a_max is not None):
        raise ValueError("clip: give a_min and a_max, or min and max, not both")
    a = a if low is None else np.maximum(a, low)
    return +a if high is None else np.minimum(a, high)


composed(np.clip, _clip)


def _bind_where(condition, *branches):
    if len(branches) != 2:
        raise NoRuleError("np.where(c) of a Tensor has no derivative rule; write np.nonzero(c)")
    return (condition, *branches), {}


function(
    np.where,
    None,
    lambda g, y, c, a, b: masked(np.logical_and(c, True), g),
    lambda g, y, c, a, b: masked(np.logical_not(c), g),
    broadcasts=True,
    bind=_bind_where,
)

ufunc(np.copysign, lambda g, y, a, b: g * (np.sign(a) * np.copysign(1.0, b)), None)
ufunc(np.heaviside, None, lambda g, y, x, at_zero: masked(x == 0, g))

# y = a - b * k with a whole number k, which is constant.
ufunc(np.fmod, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.rint((a - y) / b))
ufunc(np.remainder, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.rint((a - y) / b))
ufunc(np.ldexp, lambda g, y, x, i: np.ldexp(g, i), None)


def _nan_to_num(g, y, x, nan=0.0, posinf=None, neginf=None):
    if x.dtype.kind == "c":
        return masked(np.isfinite(x.real), g.real) + 1j * masked(np.isfinite(x.imag), g.imag)
    return masked(np.isfinite(x), g)


function(np.nan_to_num, _nan_to_num)


def _sign(x):
    if x.dtype.kind == "c":
        raise NoRuleError("sign of a complex Tensor has no derivative rule; write z / np.abs(z)")
    return np.sign(x)


function(np.sign, forward=_sign, arity=1)
flat(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
flat(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
flat(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert)
flat(np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf, np.signbit)
flat(np.isreal, np.iscomplex, np.floor_divide)
flat(np.floor, np.ceil, np.trunc, np.fix, np.rint, np.round, np.around)
for _comparison in np.isclose, np.allclose, np.array_equal:
    function(_comparison, arity=2)
