"""Gradients that are a multiple of the right ones, and where the factor may come from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from .case import Case, Slip
from .replay import Array

__all__ = ["factor_slips", "fit", "readings", "times"]


def fit(given: Sequence[Array], expected: Sequence[Array]) -> float | None:
    """The factor between the two, each gradient counted alike; None where all expected are 0."""
    above = below = 0.0
    for g, e in zip(given, expected, strict=True):
        scale = np.abs(e).max(initial=0)
        if scale:
            above += float(np.sum(g / scale * (e / scale)))
            below += float(np.sum((e / scale) ** 2))
    return above / below if below else None


def times(c: float) -> str:
    """Write a factor out with as many digits as tell it from 1."""
    digits = 2 - math.floor(math.log10(abs(c - 1))) if c != 1 else 0
    return f"{c:.{max(digits, 6)}g} times what it should be"


def readings(case: Case, c: float) -> list[tuple[str, ...]]:
    """Name the slips that a factor may come from, the likeliest first; none for any other one."""
    named = case.network.factors
    sign = ("sign",) if c < 0 else ()

    def is_c(value: float) -> bool:
        return bool(abs(abs(c) - value) <= case.rtol * value)

    found: list[tuple[str, ...]] = [sign] if sign and is_c(1) else []
    found += [(*sign, name) for name, value in named.items() if is_c(value)]
    if not found:
        lengths = [x for x in ("missing 1/N", "1/N twice", "missing 1/(N*K)") if x in named]
        for half, name in itertools.product(("factor 2", "factor 1/2"), lengths):
            if is_c(named[half] * named[name]):
                found.append((*sign, half, name))
    return found


def factor_slips(
    case: Case, c: float, gradients: tuple[str, ...], *, biases: bool = False
) -> list[Slip]:
    """What to say of gradients that are `c` times the right ones; `biases` where all are that."""
    first, *others = readings(case, c) or [()]
    also = tuple(" and ".join(reading) for reading in others)
    if not first:
        return [Slip("constant factor", gradients, f"every entry is {times(c)}")]
    if biases and "1/N twice" in (*first, *also):
        text = "the mean over the batch stands where the sum belongs (or 1/N was applied twice)"
        return [Slip("not summed over the batch", gradients, text, (*first, *also))]
    return [Slip(name, gradients, _advice(case, name), also) for name in first]


def _advice(case: Case, name: str) -> str:
    n, k = case.network.samples or 1, case.network.classes
    return {
        "sign": "the sign is turned round (P - Y, not Y - P)",
        "factor 2": "twice the gradient: leave out a factor 2, which only a square brings",
        "factor 1/2": "half the gradient: a factor 2 is missing; the derivative of z**2 is 2 * z",
        "missing 1/N": f"{n} times the gradient: divide by the batch size N = {n}, once",
        "1/N twice": f"1/{n} of the gradient: divide by the batch size N = {n} only once",
        "missing 1/(N*K)": f"the mean is over all N * K = {n * k} entries: divide by that, once",
        "1/(N*K) twice": f"divide by the number of entries N * K = {n * k} only once",
        "missing 1/K": f"{k} times the gradient: divide by the number of outputs K = {k} too",
        "1/K too many": f"1/{k} of the gradient: do not divide by the number of outputs K = {k}",
        "1/K for 1/N": f"divided by the number of outputs K = {k}, not by the batch size N = {n}",
        "1/(N-1) for 1/N": f"divided by N - 1 = {n - 1}, not by the batch size N = {n}",
        "1/N for 1/K": f"divided by the batch size N = {n}, not by the number of outputs K = {k}",
    }[name]
