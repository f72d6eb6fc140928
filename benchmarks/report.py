"""Figures as text, as JSON, as pictures, and against those of another day."""

from __future__ import annotations

import datetime as dt
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .measure import Figure, clock
from .peers import Peer

Results = dict[str, list[Figure]]
BLUE, ORANGE = "#0072B2", "#D55E00"


def machine(peers: Iterable[Peer]) -> dict[str, str]:
    """What was measured, where and when."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "date": dt.date.today().isoformat(),
        "autograd_lite": version("autograd-lite"),
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "BLAS": f"{blas['name']} {blas['version']}, one thread",
        "clock": "CPU time on one core" if clock is time.process_time else "time",
        **{peer.name: peer.version for peer in peers},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def line(figure: Figure, case: str) -> str:
    """Write a figure as a line of a table, with its case where that is not the one before."""
    label = f"{figure.case if figure.case != case else '':<48} {figure.way:<28}"
    if figure.note:
        return f"{label} {figure.note}"
    value = f"{_number(figure.value)} {figure.unit}".strip()
    spread = f"{_number(figure.low)} - {_number(figure.high)}" if figure.low is not None else ""
    seconds = _time(figure.seconds) if figure.seconds else ""
    return f"{label} {value:>10} {spread:>15} {seconds:>10}  {verdict(figure)}".rstrip()


def verdict(figure: Figure) -> str:
    """Say whether a figure is what it should be."""
    if figure.aim is None:
        return ""
    return f"aim {_number(figure.aim)}: {'reached' if figure.reached else 'not reached'}"


def _number(value: float | None) -> str:
    """Write a count, which is no ratio, without decimals."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or isinstance(value, int) else f"{value:.2f}"


def _time(seconds: float) -> str:
    unit, factor = next(
        (u, f) for u, f in (("us", 1e6), ("ms", 1e3), ("s", 1)) if seconds * f < 1e3
    )
    return f"{seconds * factor:.3g} {unit}"


def markdown(figures: Sequence[Figure]) -> str:
    """Write the ratios of several cases in several ways as a table, a row for each case."""
    values = {(f.case, f.way): f for f in figures if f.value is not None and not f.unit}
    cases, ways = (list(dict.fromkeys(key[i] for key in values)) for i in (0, 1))
    if len(cases) < 2 or len(ways) < 2 or len(values) < len(cases) * len(ways) / 2:
        return ""
    rows = [["", *ways], ["---"] * (1 + len(ways))]
    for case in cases:
        found = [values.get((case, way)) for way in ways]
        rows.append([case, *(_number(f.value) if f else "" for f in found)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def summary(results: Results) -> str:
    """Say which aims were reached, and list those that were not."""
    aimed = [(suite, f) for suite, fs in results.items() for f in fs if f.aim is not None]
    missed = [(suite, f) for suite, f in aimed if not f.reached]
    return "\n".join(
        [f"{len(aimed) - len(missed)} of {len(aimed)} aims reached"]
        + [
            f"  {suite}, {f.case}, {f.way}: aim {_number(f.aim)}, "
            f"measured {_number(f.value)}: not reached"
            for suite, f in missed
        ]
    )


def to_json(about: Mapping[str, str], results: Results) -> dict[str, Any]:
    """Put everything that was measured into numbers and strings."""
    return {
        "machine": dict(about),
        "suites": {suite: [asdict(f) for f in figures] for suite, figures in results.items()},
    }


def from_json(saved: Mapping[str, Any]) -> Results:
    """Read what `to_json` wrote."""
    return {
        suite: [Figure(**figure) for figure in figures]
        for suite, figures in saved["suites"].items()
    }


def slower(old: Results, new: Results, margin: float = 1.05) -> list[str]:
    """Name what got slower, or larger, by more than its spread.

    A count that grew at all; else what is more than `margin` times the old one, where their middle
    halves do not meet.
    """
    lines = []
    before = {(suite, f.case, f.way): f for suite, fs in old.items() for f in fs}
    for suite, figures in new.items():
        for f in figures:
            was = before.get((suite, f.case, f.way))
            if was is None or was.value is None or f.value is None:
                continue
            apart = f.low is None or was.high is None or f.low > was.high
            if f.value > was.value * (1 if isinstance(f.value, int) else margin) and apart:
                change = f"{_number(was.value)} -> {_number(f.value)} {f.unit}".rstrip()
                lines.append(f"{suite}, {f.case}, {f.way}: {change}")
    return lines


def plot(results: Results, folder: Path) -> list[Path]:
    """Draw the ratios of each suite as an SVG: a panel for each case, a mark for each way."""
    try:
        from matplotlib.figure import Figure as Canvas
        from matplotlib.ticker import LogLocator, NullFormatter
    except ImportError as error:
        raise ImportError(
            "--plot draws with Matplotlib: pip install 'autograd-lite[plot]'"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suite, figures in results.items():
        ratios = [f for f in figures if f.value and not f.unit]
        if not ratios:
            continue
        alone = len({f.way for f in ratios}) == 1  # then the cases are the rows of one panel
        panels: dict[str, list[Figure]] = {}
        for f in ratios:
            panels.setdefault(suite if alone else f.case, []).append(f)
        heights = [len(panel) + 1 for panel in panels.values()]
        canvas = Canvas((8, 0.22 * sum(heights) + 0.35 * len(panels) + 1), layout="constrained")
        grid = canvas.subplots(len(panels), squeeze=False, sharex=True, height_ratios=heights)
        for ax, (case, panel) in zip(grid[:, 0], panels.items(), strict=True):
            for y, f in enumerate(panel):
                value = f.value or 0.0
                ax.plot([f.low or value, f.high or value], [y, y], "-", color=BLUE, lw=2)
                ax.plot([value], [y], "o", color=BLUE, ms=4)
                where = {"xytext": (6, 3), "textcoords": "offset points", "size": 7}
                ax.annotate(_number(value), (value, y), **where)
                if f.aim:
                    ax.plot([f.aim], [y], "|", color=ORANGE, ms=11, mew=2)
            ax.set_yticks(range(len(panel)), [f.case if alone else f.way for f in panel], size=8)
            ax.set_ylim(len(panel) - 0.4, -0.8)
            ax.set_xscale("log")
            ax.set_title(case, size=9, loc="left")
            ax.grid(axis="x", alpha=0.3)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        canvas.suptitle(f"{suite}: less is better; lines are quartiles, aims orange", size=10)
        written.append(folder / f"{suite}.svg")
        canvas.savefig(written[-1])
    return written
