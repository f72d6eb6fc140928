"""Made-up data for teaching: classes in the plane, and curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["circles", "curve", "moons", "spirals"]

Rng = np.random.Generator | int | None
Data = tuple[np.ndarray, np.ndarray]


def moons(n: int = 200, *, noise: float = 0.1, rng: Rng = None) -> Data:
    """Draw points of two half circles that reach into each other.

    Parameters
    ----------
    n : int
        Points; the classes differ by one point at most, and come in random order.
    noise : float
        Standard deviation of what is added to both coordinates.
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
    y : ndarray of int64, shape (n,)
        0 for the upper moon, 1 for the lower.
    """
    y, rng = _labels(n, 2, rng)
    t = rng.uniform(0, np.pi, n)
    upper = _polar(1.0, t)
    return _noisy(np.where(y[:, None], [1, 0.5] - upper, upper), noise, rng), y


def circles(n: int = 200, *, factor: float = 0.5, noise: float = 0.05, rng: Rng = None) -> Data:
    """Draw points of the unit circle, class 0, and of one of radius `factor` in it, class 1.

    The rest is as in `moons`.
    """
    y, rng = _labels(n, 2, rng)
    X = _polar(np.where(y, factor, 1.0), rng.uniform(0, 2 * np.pi, n))
    return _noisy(X, noise, rng), y


def spirals(
    n: int = 300, *, classes: int = 3, turns: float = 0.75, noise: float = 0.02, rng: Rng = None
) -> Data:
    """Draw points of arms that wind around the origin so many times, a class each.

    The rest is as in `moons`.
    """
    y, rng = _labels(n, classes, rng)
    r = rng.uniform(0.1, 1, n)
    return _noisy(_polar(r, 2 * np.pi * (y / classes + turns * r)), noise, rng), y


def curve(
    n: int = 100,
    f: Callable[[Any], Any] = np.sin,
    *,
    low: float = -3.0,
    high: float = 3.0,
    noise: float = 0.1,
    rng: Rng = None,
) -> Data:
    """Draw points of a curve ``y = f(x)``, for regression.

    Parameters
    ----------
    n : int
    f : callable
        Of an array, element by element: ``np.sin``, ``np.abs``, ``lambda x: x**3``, ...
    low, high : float
        Where x is uniform.
    noise : float
        Standard deviation of what is added to y alone.
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    X : ndarray of float64, shape (n, 1)
    y : ndarray of float64, shape (n, 1)
        A column, as a model returns it: of shape (n,) it would be broadcast into a matrix.
    """
    rng = np.random.default_rng(rng)
    X = rng.uniform(low, high, (n, 1))
    return X, _noisy(np.asarray(f(X), float), noise, rng)


def _labels(n: int, classes: int, rng: Rng) -> tuple[np.ndarray, np.random.Generator]:
    """Labels of classes of one size in random order, and what goes on drawing."""
    rng = np.random.default_rng(rng)
    return rng.permutation(np.arange(n) % classes), rng


def _polar(r: Any, t: np.ndarray) -> np.ndarray:
    return np.stack([r * np.cos(t), r * np.sin(t)], axis=1)


def _noisy(x: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return x + noise * rng.standard_normal(x.shape)
