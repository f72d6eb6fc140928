"""Check derivatives against central differences, at first and higher order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .derivatives import vjp
from .tensor import plain
from .tree import flatten, map_leaves, paired

__all__ = ["differences", "gradcheck", "normal_like"]

_STEP = 1e-3


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-6,
    rng: np.random.Generator | None = None,
) -> bool:
    """Compare the derivatives of `f` with central differences of fourth order.

    The derivative is checked along one random direction of the values, for each entry of each
    argument; then the function that computes it is checked in the same way.

    Parameters
    ----------
    f : callable
        Smooth around the arguments; returns an array or a nested structure of arrays.
    *args : float64 or complex128 array, or nested structure of such arrays
    order : int
        The highest order of derivative to check.
    rtol : float
        Largest difference allowed, relative to the largest derivative of the argument (or to
        0.01, if that is larger).
    rng : numpy.random.Generator, optional
        Draws the directions; seeded with 0 by default.

    Returns
    -------
    True

    Raises
    ------
    AssertionError
        Where a derivative is wrong; the text names the worst entry with both numbers.
    TypeError
        For arguments that are not float64, in which differences are too coarse.

    References
    ----------
    Differences of fourth order: Fornberg (1988), table 1.

    Examples
    --------
    >>> gradcheck(np.tanh, np.array([0.5, -2.0]))
    True
    """
    args = tuple(map_leaves(lambda x: np.array(x), arg) for arg in args)
    for x in flatten(args):
        if x.dtype not in (np.float64, np.complex128):
            raise TypeError(f"gradcheck compares float64 derivatives, and got {x.dtype} data")
    rng = rng or np.random.default_rng(0)
    _check(f, args, 1, order, rtol, rng)
    return True


def _check(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    level: int,
    order: int,
    rtol: float,
    rng: np.random.Generator,
) -> None:
    value, pullback = vjp(f, *args)
    direction = map_leaves(lambda y: normal_like(y, rng), value)
    weights = flatten(direction)

    def values() -> list[Any]:
        return [plain(y) for y in flatten(f(*args))]

    def along_direction() -> float:
        return sum(float(np.sum(w * y).real) for w, y in zip(weights, values(), strict=True))

    if not all(np.allclose(a, b, 1e-10, 1e-12, equal_nan=True) for a, b in paired(value, values())):
        raise AssertionError("gradcheck: the recorded function gives another value than the plain")
    cotangents = pullback(direction)
    for i, (x, given) in enumerate(paired(args, cotangents)):
        expected = differences(along_direction, x)
        error = np.abs(given - expected)
        allowed = rtol * float(np.abs(expected).max(initial=1e-2))
        if not np.all(error <= allowed):
            worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), x.shape)
            entry = tuple(int(k) for k in worst)
            raise AssertionError(
                f"gradcheck, order {level}: argument {i}, entry {entry}: the rules give "
                f"{given[worst]:.10g}, central differences {expected[worst]:.10g} "
                f"(difference {error[worst]:.2g}, allowed {allowed:.2g})"
            )
    if level < order:
        _check(lambda *xs: vjp(f, *xs)[1](direction), args, level + 1, order, rtol, rng)


def normal_like(y: Any, rng: np.random.Generator) -> Any:
    """Random numbers like `y`; of a value that no derivative flows to, zeros."""
    y = np.asarray(y)
    if y.dtype.kind not in "fc":
        return np.zeros(y.shape)
    w = rng.standard_normal(y.shape)
    return w + 1j * rng.standard_normal(y.shape) if y.dtype.kind == "c" else w


def differences(f: Callable[[], float], x: np.ndarray, step: float = _STEP) -> np.ndarray:
    """Differentiate `f` by each entry of `x`, which it reads and which is put back.

    By a complex entry: along the real axis, minus i times along the imaginary one.
    """
    result = np.zeros_like(x)
    directions = (1, -1j) if x.dtype.kind == "c" else (1,)
    for entry in np.ndindex(x.shape):
        here = x[entry].copy()
        h = step * max(1.0, float(abs(here)))
        for unit in directions:
            values = []
            for k in (-2, -1, 1, 2):
                x[entry] = here + k * h * np.conj(unit)
                values.append(f())
            slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
            result[entry] += unit * slope
        x[entry] = here
    return result
