"""Derivatives of `scipy.special`; what has none here is SciPy's own function.

Equation numbers are those of the NIST Digital Library of Mathematical Functions, dlmf.nist.gov.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special as sc

from ..declare import function, ufunc
from ..errors import NoRuleError
from ..op import Each
from ..rules.reductions import kept

__all__ = ["log_softmax", "logsumexp", "polygamma", "softmax"]


def __getattr__(name: str) -> Any:
    return getattr(sc, name)


def _refused(fn, role):
    """The rule of an argument by which nothing here differentiates; None would mean it is 0."""

    def rule(g, y, *inputs):
        raise NoRuleError(
            f"scipy.special.{fn.__name__} has no derivative rule for its {role}; give a plain "
            f"number, or ag.stop_gradient({role}) for a constant"
        )

    return rule


# The logistic function and its inverse.
ufunc(sc.expit, lambda g, y, x: g * (y * (1 - y)))
ufunc(sc.log_expit, lambda g, y, x: g * sc.expit(-x))
ufunc(sc.logit, lambda g, y, x: g / (x * (1 - x)))

# The error function and the normal distribution: 7.2.1, 7.2.2.
_ROOT_PI = math.sqrt(math.pi)
_ROOT_2PI = math.sqrt(2 * math.pi)
ufunc(sc.erf, lambda g, y, x: g * (2 / _ROOT_PI * np.exp(-x * x)))
ufunc(sc.erfc, lambda g, y, x: g * (-2 / _ROOT_PI * np.exp(-x * x)))
ufunc(sc.erfcx, lambda g, y, x: g * (2 * x * y - 2 / _ROOT_PI))
ufunc(sc.erfinv, lambda g, y, x: g * (_ROOT_PI / 2 * np.exp(y * y)))
ufunc(sc.erfcinv, lambda g, y, x: g * (-_ROOT_PI / 2 * np.exp(y * y)))
ufunc(sc.ndtr, lambda g, y, x: g * (np.exp(x * x / -2) / _ROOT_2PI))
ufunc(sc.ndtri, lambda g, y, x: g * (_ROOT_2PI * np.exp(y * y / 2)))


def _inverse_mills(x):
    """The normal density over the normal distribution function, exact where both underflow."""
    return math.sqrt(2 / math.pi) / sc.erfcx(x / -math.sqrt(2))


inverse_mills = ufunc(_inverse_mills, lambda g, y, x: -g * (y * (x + y)))
ufunc(sc.log_ndtr, lambda g, y, x: g * inverse_mills(x))

# The gamma function: 5.2.2, 5.12.1, 5.15.
ufunc(sc.gammaln, lambda g, y, x: g * sc.psi(x))
ufunc(sc.loggamma, lambda g, y, x: g * sc.psi(x))
ufunc(sc.gamma, lambda g, y, x: g * (y * sc.psi(x)))
ufunc(sc.psi, lambda g, y, x: g * polygamma(1, x))
ufunc(
    sc.beta,
    lambda g, y, a, b: g * (y * (sc.psi(a) - sc.psi(a + b))),
    lambda g, y, a, b: g * (y * (sc.psi(b) - sc.psi(a + b))),
)
ufunc(
    sc.betaln,
    lambda g, y, a, b: g * (sc.psi(a) - sc.psi(a + b)),
    lambda g, y, a, b: g * (sc.psi(b) - sc.psi(a + b)),
)

polygamma: Any = ufunc(
    sc.polygamma,
    _refused(sc.polygamma, "n"),
    lambda g, y, n, x: g * polygamma(n + 1, x),
    forward=lambda n, x: sc.polygamma(n, x).astype(np.result_type(x, np.float16), copy=False),
)


# Entropies. Where x = y = 0 the functions are 0, and so are their derivatives here.
def _over(x, y):
    return x / np.where((x == 0) & (y == 0), 1, y)


def _log(x, y):
    return np.log(np.where((x == 0) & (y == 0), 1, y))


ufunc(sc.xlogy, lambda g, y, a, b: g * _log(a, b), lambda g, y, a, b: g * _over(a, b))
ufunc(
    sc.xlog1py,
    lambda g, y, a, b: g * np.log1p(np.where((a == 0) & (b == -1), 0, b)),
    lambda g, y, a, b: g * _over(a, 1 + b),
)
ufunc(sc.entr, lambda g, y, x: g * (-1 - np.log(x)))
ufunc(
    sc.rel_entr,
    lambda g, y, a, b: g * (1 + _log(b, a) - _log(a, b)),
    lambda g, y, a, b: -g * _over(a, b),
)
ufunc(
    sc.kl_div,
    lambda g, y, a, b: g * (_log(b, a) - _log(a, b)),
    lambda g, y, a, b: g * (1 - _over(a, b)),
)


def _order_two(fn, zero, one, sign, decay):
    """J2 or I2 from orders 0 and 1, which near 0 loses its digits: there by the series."""

    def forward(x):
        q = np.minimum(x * x, 1) / 4
        series = 0.0
        for k in range(8, -1, -1):
            series = 1 / (math.factorial(k) * math.factorial(k + 2)) + sign * q * series
        if decay:
            series = series * np.exp(-np.abs(x))
        small = np.abs(x) < 1
        return np.where(small, q * series, sign * (zero(x) - 2 * one(x) / np.where(small, 1, x)))

    def rule(g, y, x):
        slope = (one(x) + sign * fn(3, x)) / 2
        return g * (slope - np.sign(x) * y if decay else slope)

    forward.__name__ = f"{fn.__name__}_2"
    return ufunc(forward, rule)


_j2 = _order_two(sc.jv, sc.j0, sc.j1, -1, False)
_i2 = _order_two(sc.iv, sc.i0, sc.i1, 1, False)
_i2e = _order_two(sc.ive, sc.i0e, sc.i1e, 1, True)

# Bessel functions: 10.2.2, 10.6.1 and 10.6.3, modified 10.25.2, 10.29.1 and 10.29.3.
ufunc(sc.j0, lambda g, y, x: -g * sc.j1(x))
ufunc(sc.j1, lambda g, y, x: g * ((sc.j0(x) - _j2(x)) / 2))
ufunc(sc.y0, lambda g, y, x: -g * sc.y1(x))
ufunc(sc.y1, lambda g, y, x: g * (sc.y0(x) - y / x))
ufunc(sc.i0, lambda g, y, x: g * sc.i1(x))
ufunc(sc.i1, lambda g, y, x: g * ((sc.i0(x) + _i2(x)) / 2))
ufunc(sc.k0, lambda g, y, x: -g * sc.k1(x))
ufunc(sc.k1, lambda g, y, x: -g * (sc.k0(x) + y / x))
ufunc(sc.i0e, lambda g, y, x: g * (sc.i1e(x) - np.sign(x) * y))  # at 0 as abs, whose slope is 0
ufunc(sc.i1e, lambda g, y, x: g * ((sc.i0e(x) + _i2e(x)) / 2 - np.sign(x) * y))


def _by_orders(fn, of_lower, of_upper):
    return lambda g, y, v, x: g * (of_lower * fn(v - 1, x) + of_upper * fn(v + 1, x))


ufunc(sc.jv, _refused(sc.jv, "order"), _by_orders(sc.jv, 0.5, -0.5))
ufunc(sc.yv, _refused(sc.yv, "order"), _by_orders(sc.yv, 0.5, -0.5))
ufunc(sc.iv, _refused(sc.iv, "order"), _by_orders(sc.iv, 0.5, 0.5))
ufunc(sc.kv, _refused(sc.kv, "order"), _by_orders(sc.kv, -0.5, -0.5))
ufunc(
    sc.ive,
    _refused(sc.ive, "order"),
    lambda g, y, v, x: (
        g * ((sc.ive(v - 1, x) + sc.ive(v + 1, x)) / 2) - np.sign(x.real) * (g * y).real
    ),
)


def _logsumexp(i):
    def rule(g, y, a, b=1.0, *, axis, keepdims):
        shape = kept(a.shape, axis)
        likely = g.reshape(shape) * np.exp(a - y.reshape(shape))
        return likely if i else likely * b

    return rule


def _bind_logsumexp(a, axis=None, b=None, keepdims=False):
    if b is None:
        return (a,), {"axis": axis, "keepdims": keepdims}
    a, b = np.broadcast_arrays(a, b)
    return (a, b), {"axis": axis, "keepdims": keepdims}


logsumexp = function(
    sc.logsumexp,
    rules=Each(_logsumexp),
    forward=lambda a, b=None, *, axis, keepdims: sc.logsumexp(a, axis, b, keepdims),
    bind=_bind_logsumexp,
)
softmax = function(
    sc.softmax,
    lambda g, y, x, axis=None: y * (g - (g * y).sum(axis=axis, keepdims=True)),
)
log_softmax = function(
    sc.log_softmax,
    lambda g, y, x, axis=None: g - np.exp(y) * g.sum(axis=axis, keepdims=True),
)
