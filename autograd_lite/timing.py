"""Fair timing of two functions against each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["paired_ratio"]


def paired_ratio(
    f: Callable[[], Any], baseline: Callable[[], Any], pairs: int = 30, seconds: float = 0.01
) -> tuple[float, float, float]:
    """Time two functions in turn, so that a change in the machine's speed meets both.

    Parameters
    ----------
    f, baseline : callable
        Without arguments.
    pairs : int
        How many times each is measured.
    seconds : float
        About how long one measurement takes; short functions are repeated to fill it.

    Returns
    -------
    ratio : float
        Median over the pairs of the time of `f` divided by that of `baseline`.
    f_seconds, baseline_seconds : float
        Median time of one call.
    """
    repeats = [max(1, round(seconds / max(_time(g, 3), 1e-9))) for g in (f, baseline)]
    times = np.array(
        [[_time(g, n) for g, n in zip((f, baseline), repeats, strict=True)] for _ in range(pairs)]
    )
    f_seconds, baseline_seconds = np.median(times, axis=0)
    return float(np.median(times[:, 0] / times[:, 1])), float(f_seconds), float(baseline_seconds)


def _time(f: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        f()
    return (time.perf_counter() - start) / repeats
