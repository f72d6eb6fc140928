"""How numbers are shown: three significant digits, one format for an array, and what to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["alarms", "format_of", "is_small", "matrix", "number", "summary", "thumbnail"]

_DIGITS = 3
_SMALL, _SIDE, _ROW, _THUMBNAIL = 12, 4, 6, 8


def number(x: Any) -> str:
    """Write a constant: a short one as it is, another with three digits."""
    exact = str(x)
    if len(exact) <= 8 or isinstance(x, (int, np.integer)):
        return exact
    return format_of(np.asarray(x))(x)


def format_of(array: Any) -> Callable[[Any], str]:
    """Make one format for the entries of an array, by the largest one."""
    array = np.asarray(array)
    if array.dtype.kind in "biu":
        return lambda x: "01"[int(x)] if array.dtype.kind == "b" else _integer(int(x))
    parts = np.abs([array.real, array.imag] if array.dtype.kind == "c" else array)
    largest = np.max(parts, where=np.isfinite(parts), initial=0.0).item()
    exponent = int(f"{largest:.{_DIGITS - 1}e}".partition("e")[2])  # after rounding
    places = f"{_DIGITS - 1}e" if not -4 <= exponent <= 5 else f"{max(0, 2 - exponent)}f"

    def real(x: Any, sign: str = "") -> str:
        shown = f"{float(x):{sign}.{places}}"
        is_zero = not shown.strip("+-0.e")  # never -0.00
        return shown.replace("-", "+" if sign else "") if is_zero else shown

    if array.dtype.kind == "c":
        return lambda z: f"{real(z.real)}{real(z.imag, '+')}j"
    return real


def _integer(x: int) -> str:
    return str(x) if abs(x) < 10**7 else f"{x:.2e}"


def is_small(array: Any) -> bool:
    """Whether every entry is shown."""
    most = _SMALL // 2 if array.dtype.kind == "c" else _SMALL
    side = _SIDE if array.ndim > 1 else _ROW
    return array.ndim <= 2 and 0 < array.size <= most and max(array.shape, default=0) <= side


def matrix(array: Any) -> np.ndarray:
    """See an array of any number of axes as rows: those before the last one after the other."""
    array = np.asarray(array)
    return np.reshape(array, (-1, array.shape[-1] if array.ndim > 1 else array.size))


def thumbnail(array: Any) -> np.ndarray:
    """The means of at most 8 x 8 parts of an array, as shares of the largest entry."""
    rows = matrix(array)
    rows = rows.real if rows.dtype.kind == "c" else rows.astype(float)
    for axis in (0, 1):
        n = rows.shape[axis]
        edges = np.arange(min(n, _THUMBNAIL)) * n // min(n, _THUMBNAIL)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(rows, edges, axis=axis)
        counts = np.diff(edges, append=n)
        rows = sums / (counts if axis else counts[:, None])
    largest = np.max(np.abs(rows), where=np.isfinite(rows), initial=0.0) or 1.0
    return np.asarray(rows / largest)


def summary(array: Any) -> list[tuple[str, str]]:
    """The largest entry, the mean and the smallest entry, of those that are finite."""
    array = np.asarray(array)
    if not array.size:
        return []
    if array.dtype.kind == "c":
        array = np.abs(array)
    finite = array[np.isfinite(array)]
    if not finite.size:
        return []
    if array.dtype.kind == "b":
        return [("true", str(np.count_nonzero(array))), ("of", str(array.size))]
    wide = finite.astype(float)
    scale = np.max(np.abs(wide)) or 1.0  # so that the sum is finite too
    mean = float(np.mean(wide / scale) * scale)
    found = {"max": wide.max(), "mean": mean, "min": wide.min()}
    write = format_of([*found.values()])
    return [(word, write(x)) for word, x in found.items()]


def alarms(gradient: Any) -> list[str]:
    """What is wrong with a gradient, if anything."""
    gradient = np.asarray(gradient)
    if not gradient.size:
        return []
    found = []
    for words, wrong in (("NaN", np.isnan(gradient)), ("infinite", np.isinf(gradient))):
        n = np.count_nonzero(wrong)
        if n:
            found.append(words if gradient.size == 1 else f"{n} of {gradient.size} {words}")
    if not found and not np.any(gradient):
        found.append("zero" if gradient.size == 1 else "zero everywhere")
    return found
