"""Initial weights: functions of a shape, or yours, as ``init(shape, rng=rng, dtype=dtype)``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Init = Callable[..., Any]
Rng = np.random.Generator | int | None


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Count the inputs of an output, and the outputs of an input.

    The shape is (D, K) of a matrix that rows are multiplied with, or (K, C, R, S) of kernels.
    """
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"init: weights are (D, K) or (K, C, R, S), all positive, not {shape}")
    if len(shape) == 2:
        return shape
    return math.prod(shape[1:]), shape[0] * math.prod(shape[2:])


def scaled(
    shape: tuple[int, ...],
    *,
    fan: str = "in",
    gain: float = 1.0,
    uniform: bool = False,
    rng: Rng = None,
    dtype: Any = np.float64,
) -> np.ndarray:
    """Draw weights of mean 0 and variance ``gain**2 / fan``.

    Parameters
    ----------
    shape : tuple of int
    fan : {"in", "out", "average"}
        "in" keeps the variance of the values, "out" that of the gradients.
    gain : float
    uniform : bool
        Between plus and minus ``gain * sqrt(3 / fan)``; normal by default.
    rng : numpy.random.Generator or int, optional
    dtype : floating-point dtype
    """
    fan_in, fan_out = fans(shape)
    n = {"in": fan_in, "out": fan_out, "average": (fan_in + fan_out) / 2}[fan]
    rng = np.random.default_rng(rng)
    unit = rng.uniform(-1, 1, shape) * np.sqrt(3) if uniform else rng.standard_normal(shape)
    return np.asarray(unit * (gain / np.sqrt(n)), dtype)


# Glorot and Bengio (2010), eq. (16) and (12); He et al. (2015), eq. (10); LeCun et al. (1998),
# Efficient BackProp, section 4.6.
xavier_uniform = partial(scaled, fan="average", uniform=True)
xavier_normal = partial(scaled, fan="average")
kaiming_uniform = partial(scaled, gain=math.sqrt(2), uniform=True)
kaiming_normal = partial(scaled, gain=math.sqrt(2))
lecun_uniform = partial(scaled, uniform=True)
lecun_normal = partial(scaled)


def orthogonal(
    shape: tuple[int, ...], *, gain: float = 1.0, rng: Rng = None, dtype: Any = np.float64
) -> np.ndarray:
    """Draw a matrix with orthonormal rows or columns, times `gain`; kernels count as rows.

    References
    ----------
    Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks. The signs make the distribution uniform: Mezzadri (2007), How to
    generate random matrices from the classical compact groups, section 5.
    """
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    tall = np.random.default_rng(rng).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0, -gain, gain)
    return np.asarray((q if rows >= columns else q.T).reshape(shape), dtype)


def zeros(shape: tuple[int, ...], *, rng: Any = None, dtype: Any = np.float64) -> np.ndarray:  # noqa: ARG001
    """Make weights of 0, from which only a last layer can learn."""
    return np.zeros(shape, dtype)
