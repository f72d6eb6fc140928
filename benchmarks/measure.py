"""What one measurement is: functions timed in turn after they were seen to agree, and memory."""

from __future__ import annotations

import contextlib
import gc
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.tree import flatten

from .peers import Peer

Run = Callable[[], Any]
Ways = dict[str, Run]

clock = time.process_time if hasattr(os, "sched_setaffinity") else time.perf_counter
"""The CPU time of all threads where they share one core, so that other programs do not count."""


@dataclass(frozen=True)
class Figure:
    """One cell of a table: how a case went in one of its ways.

    Attributes
    ----------
    case, way : str
    value : float or None
        A ratio to the first way of the case, or a quantity in `unit`; lower is better. None where
        there is nothing to divide by, or nothing but the `note`.
    low, high : float or None
        Quartiles, where it was measured more than once.
    seconds : float or None
        What was timed, in seconds.
    aim : float or None
        What `value` should be at most.
    """

    case: str
    way: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    seconds: float | None = None
    unit: str = ""
    aim: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the value is what it should be."""
        return self.value is not None and self.aim is not None and self.value <= self.aim


@dataclass(frozen=True)
class Setting:
    """How thoroughly to measure, and whom."""

    peers: Sequence[Peer] = ()
    missing: Sequence[str] = ()
    quick: bool = False  # whether suites leave out what is large
    slice: float = 0.01  # seconds of one measurement; short calls are repeated
    rounds: int = 25  # measurements of each way
    budget: float = 20.0  # seconds after which 3 rounds have to do


QUICK: dict[str, Any] = {"quick": True, "slice": 0.001, "rounds": 3}


def contest(
    case: str,
    ways: Ways,
    setting: Setting,
    *,
    peers: Callable[[Peer], Ways] | None = None,
    per: int = 1,
    aims: Callable[[dict[str, float]], Mapping[str, float]] = lambda _: {},
    rtol: float = 1e-10,
) -> Iterator[Figure]:
    """See that all ways agree, then time them in turn.

    Parameters
    ----------
    case : str
    ways : dict of callable
        By name; the first is what the others are divided by.
    setting : Setting
    peers : callable, optional
        What of a peer takes part, or raises NotImplementedError with the reason.
    per : int
        How many operations a call consists of; the seconds are of one.
    aims : callable
        From the ratios that were measured to what they should be at most.
    rtol : float
        By how much the results may differ from those of the first way.

    Raises
    ------
    AssertionError
        Where a way computes something else, which is not worth timing.
    """
    ways, notes = dict(ways), {}
    if peers:
        for peer in setting.peers:
            try:
                ways |= peers(peer)
            except NotImplementedError as reason:
                notes[peer.name] = str(reason)
    expected = None
    for name, run in list(ways.items()):
        try:
            found = [np.asarray(leaf) for leaf in flatten(run())]
        except NotImplementedError as reason:
            notes[name] = str(reason)
        except RecursionError:
            notes[name] = "recurses deeper than Python lets it"
        if name in notes:
            del ways[name]
            continue
        expected = expected or found
        for a, b in zip(found, expected, strict=True):
            scale = np.abs(b).max(initial=0)
            np.testing.assert_allclose(a, b, rtol=0, atol=rtol * scale, err_msg=f"{case}: {name}")
    measured = race(ways, setting)
    aimed = aims({name: spread.value for name, spread in measured.items()})
    for name, spread in measured.items():
        yield spread.figure(case, name, per=per, aim=aimed.get(name))
    for name, note in notes.items():
        yield Figure(case, name, note=note)
    if peers and setting.missing:
        yield Figure(case, "not installed", note=", ".join(setting.missing))


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of a ratio, and the median time behind it."""

    value: float
    low: float
    high: float
    seconds: float

    def figure(self, case: str, way: str, *, per: int = 1, aim: float | None = None) -> Figure:
        """Say what was measured."""
        return Figure(case, way, self.value, self.low, self.high, self.seconds / per, aim=aim)


def race(ways: Ways, setting: Setting, per: Mapping[str, int] | None = None) -> dict[str, Spread]:
    """Time functions in turn, so that a change in the machine's speed meets all of them.

    Parameters
    ----------
    ways : dict of callable
        Each has run once already, so that nothing is compiled any more.
    setting : Setting
    per : dict of int, optional
        How many operations one call of each consists of; times are of one operation then.

    Returns
    -------
    dict of Spread
        Of the ratios to the first way, round by round.
    """
    # What is alive now is none of the garbage that the functions make.
    gc.collect()
    gc.freeze()
    repeats = {
        name: max(1, round(setting.slice / max(_time(run, 1), 1e-9))) for name, run in ways.items()
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    end = time.perf_counter() + setting.budget
    while len(times[next(iter(ways))]) < (3 if time.perf_counter() > end else setting.rounds):
        for name, run in ways.items():
            times[name].append(_time(run, repeats[name]) / (per or {}).get(name, 1))
    gc.unfreeze()
    return spreads(times)


def spreads(times: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Divide the times of each by those of the first, round by round."""
    first = np.array(next(iter(times.values())))
    found = {}
    for name, taken in times.items():
        low, median, high = np.quantile(np.array(taken) / first, (0.25, 0.5, 0.75)).tolist()
        found[name] = Spread(median, low, high, float(np.median(taken)))
    return found


def _time(run: Run, repeats: int) -> float:
    start = clock()
    for _ in range(repeats):
        run()
    return (clock() - start) / repeats


def peak_bytes(make: Callable[[], Run]) -> int:
    """Measure how much is allocated at the worst moment of the first run of what is made.

    The first, for a later one may free or use again what an earlier one left.
    """
    make()()  # but what is imported or compiled then is no part of it
    run = make()
    gc.collect()
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Switch Python's cycle collector off."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def objects_left(run: Run) -> int:
    """Count the objects that a run leaves to the garbage collector."""
    run()
    with without_collector():
        run()  # for the collector leaves empty dicts out until they are filled again
        before = len(gc.get_objects())
        run()
        return len(gc.get_objects()) - before


def bytes_kept(make: Callable[[], object]) -> int:
    """Measure what the object that is made keeps allocated."""
    make()
    gc.collect()
    tracemalloc.start()
    made = make()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del made
    return kept
