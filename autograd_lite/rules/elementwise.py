"""Smooth elementwise functions: ``vjp(g, y, *inputs)`` with `g` the cotangent of the value `y`.

Each rule gives a cotangent of the shape of `y`; the sweep undoes the broadcasting. Of a complex
value the cotangent has dL = real(sum(g * dy)), so that a holomorphic f has g * f'(x).
"""

import math
from typing import Any

import numpy as np

from ..declare import function, ufunc
from .piecewise import masked

_LN2, _LN10 = math.log(2), math.log(10)
_DEGREE = math.pi / 180


def or_inf(y):
    """Put inf for 0: a quotient by it is 0 there, and so is every derivative of the quotient."""
    return np.where(y == 0, np.inf, y)


ufunc(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
ufunc(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
ufunc(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
ufunc(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
ufunc(np.negative, lambda g, y, x: -g)
ufunc(np.positive, lambda g, y, x: g)
ufunc(np.reciprocal, lambda g, y, x: -g * y * y)
ufunc(np.square, lambda g, y, x: g * (2 * x))
ufunc(np.sqrt, lambda g, y, x: g / (2 * y))  # at 0 infinite, as the function's slope is
ufunc(np.cbrt, lambda g, y, x: g / (3 * y * y))  # at 0 infinite

ufunc(np.exp, lambda g, y, x: g * y)
ufunc(np.exp2, lambda g, y, x: g * (y * _LN2))
ufunc(np.expm1, lambda g, y, x: g * np.exp(x))
ufunc(np.log, lambda g, y, x: g / x)
ufunc(np.log2, lambda g, y, x: g / (x * _LN2))
ufunc(np.log10, lambda g, y, x: g / (x * _LN10))
ufunc(np.log1p, lambda g, y, x: g / (1 + x))

ufunc(np.sin, lambda g, y, x: g * np.cos(x))
ufunc(np.cos, lambda g, y, x: -g * np.sin(x))
ufunc(np.tan, lambda g, y, x: g * (1 + y * y))
ufunc(np.arcsin, lambda g, y, x: g / np.sqrt((1 - x) * (1 + x)))
ufunc(np.arccos, lambda g, y, x: g / -np.sqrt((1 - x) * (1 + x)))
ufunc(np.arctan, lambda g, y, x: g / (1 + x * x))
ufunc(np.sinh, lambda g, y, x: g * np.cosh(x))
ufunc(np.cosh, lambda g, y, x: g * np.sinh(x))
ufunc(np.tanh, lambda g, y, x: g * (1 - y * y))
ufunc(np.arcsinh, lambda g, y, x: g / np.sqrt(1 + x * x))
ufunc(np.arccosh, lambda g, y, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
ufunc(np.arctanh, lambda g, y, x: g / ((1 - x) * (1 + x)))
for _radians, _degrees in (np.deg2rad, np.rad2deg), (np.radians, np.degrees):
    ufunc(_radians, lambda g, y, x: g * _DEGREE)
    ufunc(_degrees, lambda g, y, x: g / _DEGREE)

# At the origin, where neither has a derivative, it is taken as 0.
ufunc(np.hypot, lambda g, y, a, b: g * (a / or_inf(y)), lambda g, y, a, b: g * (b / or_inf(y)))


def _arctan2_first(g, y, a, b):
    r = or_inf(np.abs(a + 1j * b))  # much faster than hypot, and without overflow too
    return g * (b / r / r)


def _arctan2_second(g, y, a, b):
    r = or_inf(np.abs(a + 1j * b))
    return g * (a / r / -r)


ufunc(np.arctan2, _arctan2_first, _arctan2_second)


def _excess(b, a):
    """How much `b` exceeds `a`: of two equal infinities 0, so that they share equally."""
    return np.nan_to_num(b) - np.nan_to_num(a)


ufunc(
    np.logaddexp,
    lambda g, y, a, b: g * np.exp(-np.logaddexp(0, _excess(b, a))),
    lambda g, y, a, b: g * np.exp(-np.logaddexp(0, _excess(a, b))),
)
ufunc(
    np.logaddexp2,
    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, _excess(b, a))),
    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, _excess(a, b))),
)


def _abs(g, y, x):
    # At 0 the derivative is taken as 0.
    if x.dtype.kind == "c":
        return g / or_inf(y) * np.conj(x)
    return g * np.sign(x)


ufunc(np.abs, _abs)
ufunc(np.fabs, _abs)


def _power_base(g, y, a, b):
    if getattr(b, "dtype", np.dtype(float)).kind in "iub":
        b = b * 1.0  # b - 1 of unsigned integers would wrap
    if isinstance(b, (int, float)) and b:
        return g * (b * (a if b == 2 else a ** (b - 1)))
    # At a = b = 0 the slope b * a**(b - 1) reads 0 * inf; it is 0, for x**0 is constant.
    return g * (b * np.where((a == 0) & (b == 0), 1, a) ** (b - 1))


def _power_exponent(g, y, a, b):
    # At a = 0 the slope y * log(a) reads 0 * -inf; it is 0, for 0**b is constant where b > 0.
    base = np.where(a == 0, 1, a)
    return g * y * np.log(base + 0j if y.dtype.kind == "c" else base)


ufunc(np.power, _power_base, _power_exponent)
ufunc(np.float_power, _power_base, _power_exponent)


# Complex numbers: real(z), imag(z) = real(-1j * z), angle(z) = imag(log(z)).
function(np.real, lambda g, y, x: g)
function(np.imag, lambda g, y, x: g * -1j)
ufunc(np.conj, lambda g, y, x: np.conj(g))


def _angle(g, y, z, deg=False):
    # At 0 the derivative is taken as 0.
    r = or_inf(np.abs(z))
    return ((g / _DEGREE if deg else g) / r / r) * (-1j * np.conj(z))


function(np.angle, _angle)


def _sinc_derivative(x, order):
    """Differentiate ``sin(u) / u``, the integral of cos(u * t) over t in (0, 1), `order` times.

    The n-th derivative by ``u = pi * x`` is the integral of t**n * cos(u * t + n * pi / 2):
    near 0 by its series, else by parts, f[n] = (sin(u + n * pi / 2) - n * f[n - 1]) / u.
    """
    u = math.pi * x
    near = abs(u) < 1.5
    far = np.logical_not(near)
    v = masked(near, u)
    square = v * v
    odd = order % 2
    series = 0 * v
    for k in range(22 + odd, -1, -2):
        sign = 1 - (order + k) % 4
        series = series * square + sign / (math.factorial(k) * (order + k + 1))
    u = masked(far, u) + near  # 1 where the quotients are not used
    sine, cosine = np.sin(u), np.cos(u)
    f = sine / u
    for n in range(1, order + 1):
        f = ((sine, cosine, -sine, -cosine)[n % 4] - n * f) / u
    return math.pi**order * (masked(near, v * series if odd else series) + masked(far, f))


sinc_derivative: Any = function(
    _sinc_derivative, lambda g, y, x, order: g * sinc_derivative(x, order=order + 1)
)
function(np.sinc, lambda g, y, x: g * sinc_derivative(x, order=1))
