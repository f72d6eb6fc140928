"""Elementwise functions: ``vjp(g, y, *inputs)`` with `g` the cotangent of the value `y`.

Each rule gives a cotangent of the shape of `y`; the sweep undoes the broadcasting.
"""

import numpy as np

from ..declare import flat, function, ufunc

ufunc(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
ufunc(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
ufunc(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
ufunc(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
ufunc(np.negative, lambda g, y, x: -g)
ufunc(np.positive, lambda g, y, x: g)

ufunc(np.exp, lambda g, y, x: g * y)
ufunc(np.log, lambda g, y, x: g / x)
ufunc(np.sin, lambda g, y, x: g * np.cos(x))
ufunc(np.cos, lambda g, y, x: -g * np.sin(x))
ufunc(np.tanh, lambda g, y, x: g * (1 - y * y))
ufunc(np.sqrt, lambda g, y, x: g / (2 * y))  # at 0 infinite, as the function's slope is
ufunc(np.square, lambda g, y, x: g * (2 * x))


def _abs(g, y, x):
    # At 0 the derivative is taken as 0.
    if x.dtype.kind == "c":
        return g * np.conj(x) / np.where(y == 0, 1, y)
    return g * np.sign(x)


ufunc(np.abs, _abs)

# Complex numbers: the cotangent g of a value y has dL = real(g * dy).
function(np.real, lambda g, y, x: g)
function(np.imag, lambda g, y, x: g * -1j)
ufunc(np.conj, lambda g, y, x: np.conj(g))


def _power_base(g, y, a, b):
    # At a = b = 0 the slope b * a**(b - 1) reads 0 * inf; it is 0, for x**0 is constant.
    base = a if isinstance(b, (int, float)) and b else np.where((a == 0) & (b == 0), 1, a)
    return g * (b * base ** (b - 1))


def _power_exponent(g, y, a, b):
    # At a = 0 the slope y * log(a) reads 0 * -inf; it is 0, for 0**b is constant where b > 0.
    return g * y * np.log(np.where(a == 0, 1, a))


ufunc(np.power, _power_base, _power_exponent)

# Where both are equal each gets half of the cotangent.
ufunc(
    np.maximum,
    lambda g, y, a, b: np.where(a > b, g, np.where(a == b, g / 2, 0)),
    lambda g, y, a, b: np.where(b > a, g, np.where(a == b, g / 2, 0)),
)
ufunc(
    np.minimum,
    lambda g, y, a, b: np.where(a < b, g, np.where(a == b, g / 2, 0)),
    lambda g, y, a, b: np.where(b < a, g, np.where(a == b, g / 2, 0)),
)

function(
    np.where,
    None,
    lambda g, y, c, a, b: np.where(c, g, 0),
    lambda g, y, c, a, b: np.where(c, 0, g),
    broadcasts=True,
)

flat(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
flat(np.logical_and, np.logical_or, np.logical_not, np.bitwise_and, np.bitwise_or, np.invert)
flat(np.sign, np.isnan, np.isinf, np.isfinite)
