"""Densities of `scipy.stats` and their logarithms, differentiable by value and parameters.

Outside of a distribution's support the density is 0 and its logarithm minus infinity, and the
derivatives are 0. Nothing here checks the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sc

from ..errors import NoRuleError, ShapeError
from ..tensor import Tensor, as_array
from .linalg import solve_triangular

__all__ = ["beta", "gamma", "multivariate_normal", "norm", "poisson", "t"]

_LOG_2PI = math.log(2 * math.pi)


class _Distribution:
    """A family whose densities have derivatives, called as SciPy's are."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        raise NoRuleError(
            f"scipy.stats.{self._name}.{method} has no derivative rule; give plain arrays to "
            "SciPy's own, or write it in functions of scipy.special (ndtr for norm.cdf)"
        )

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise NoRuleError(
            f"scipy.stats.{self._name}(...) with fixed parameters is not differentiated here; "
            "give the parameters to its density, as in norm.logpdf(x, loc, scale)"
        )


class _Continuous(_Distribution):
    """A family of a location and a scale, by the logarithm of its standard density."""

    def __init__(self, name: str, standard: Callable[..., Any], *shapes: str) -> None:
        super().__init__(name)
        self._standard = standard
        self._shapes = shapes

    def logpdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of the density, with SciPy's arguments: shapes, then loc=0 and scale=1."""
        names = (*self._shapes, "loc", "scale")
        given = dict(zip(names, args, strict=False))
        values = {"loc": 0, "scale": 1, **given, **kwargs}
        if len(args) > len(names) or given.keys() & kwargs.keys() or {*values} != {*names}:
            raise TypeError(f"{self._name}.logpdf takes x, {', '.join(names)}")
        shapes = [as_array(values[name]) for name in self._shapes]
        scale = values["scale"]
        log_scale = np.log(scale)
        if isinstance(scale, (int, float)):  # which leaves float32 as it is
            log_scale = float(log_scale)
        return self._standard((as_array(x) - values["loc"]) / scale, *shapes) - log_scale

    def pdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Density, with SciPy's arguments: shapes, then loc=0 and scale=1."""
        return np.exp(self.logpdf(x, *args, **kwargs))


def _norm(z: Any) -> Any:
    return z * z / -2 - _LOG_2PI / 2


def _t(z: Any, df: Any) -> Any:
    height = -sc.betaln(df / 2, 0.5) - np.log(df) / 2
    return height - (df + 1) / 2 * np.log1p(z * z / df)


def _gamma(z: Any, a: Any) -> Any:
    inside = z >= 0
    z = np.where(inside, z, 1)
    return np.where(inside, sc.xlogy(a - 1, z) - z - sc.gammaln(a), -np.inf)


def _beta(z: Any, a: Any, b: Any) -> Any:
    inside = (z >= 0) & (z <= 1)
    z = np.where(inside, z, 0.5)
    logs = sc.xlogy(a - 1, z) + sc.xlog1py(b - 1, -z)
    return np.where(inside, logs - sc.betaln(a, b), -np.inf)


norm = _Continuous("norm", _norm)
t = _Continuous("t", _t, "df")
gamma = _Continuous("gamma", _gamma, "a")
beta = _Continuous("beta", _beta, "a", "b")


class _Poisson(_Distribution):
    """Counts of mean `mu`."""

    def logpmf(self, k: Any, mu: Any, loc: Any = 0) -> Any:
        """Logarithm of the probability of the count `k`, which is a constant."""
        if any(isinstance(n, Tensor) and n.requires_grad for n in (k, loc)):
            raise NoRuleError(
                "scipy.stats.poisson.logpmf: no derivative flows to counts; give k.data"
            )
        k, mu = as_array(k) - as_array(loc), as_array(mu)
        inside = (k >= 0) & (k == np.floor(k))
        k = np.where(inside, k, 0)
        return np.where(inside, sc.xlogy(k, mu) - sc.gammaln(k + 1) - mu, -np.inf)

    def pmf(self, k: Any, mu: Any, loc: Any = 0) -> Any:
        """Probability of the count `k`, which is a constant."""
        return np.exp(self.logpmf(k, mu, loc))


poisson = _Poisson("poisson")


class _MultivariateNormal(_Distribution):
    """Vectors of d normal numbers; as in SciPy d is 1 unless `mean` or a matrix `cov` says it."""

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        """Logarithm of the density of the rows of `x`; `cov` must have full rank."""
        x, mean, cov = as_array(x), as_array(0 if mean is None else mean), as_array(cov)
        d = mean.size if mean.ndim else cov.shape[0] if cov.ndim == 2 else 1
        if x.ndim < 2:
            x = x.reshape(-1, d if x.ndim else 1)
        if x.shape[-1] != d or mean.ndim > 1 or cov.shape not in ((), (d,), (d, d)):
            raise ShapeError(
                f"multivariate_normal: x of shape {x.shape}, mean {mean.shape} and cov "
                f"{cov.shape} do not fit; they are (..., d), (d,) and (d, d), (d,) or ()"
            )
        x = x - mean
        if cov.ndim < 2:
            z = x / np.sqrt(cov)
            log_det = np.log(np.broadcast_to(cov, (d,))).sum() / 2
        else:
            root = np.linalg.cholesky(cov)
            z = solve_triangular(root, x.reshape(-1, d).T, lower=True).T.reshape(x.shape)
            log_det = np.log(root[np.arange(d), np.arange(d)]).sum()
        return ((z * z).sum(axis=-1) / -2 - (d * _LOG_2PI / 2 + log_det)).squeeze()

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        """Density of the rows of `x`; `cov` must have full rank."""
        return np.exp(self.logpdf(x, mean, cov))


multivariate_normal = _MultivariateNormal("multivariate_normal")
