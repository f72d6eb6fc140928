"""The command: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import inspect
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import benchmarks

from . import report
from .measure import QUICK, Figure, Setting
from .memory import memory
from .peers import installed
from .rules import rules
from .speed import deep, derivatives, derive, imports, minimize, mlp, ops, protocol, wide

SUITES: dict[str, Callable[[Setting], Iterator[Figure]]] = {
    suite.__name__: suite
    for suite in (
        mlp, ops, deep, wide, protocol, memory, imports, derive, derivatives, minimize, rules
    )
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what was asked for, and print it while it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="all of them, by default")
    parser.add_argument("--list", action="store_true", help="say what each suite measures")
    parser.add_argument("--quick", action="store_true", help="few and small: only to see it run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="draw each suite as an SVG there")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="say what got slower")
    arguments = parser.parse_args(argv)
    if arguments.list:
        for name, suite in SUITES.items():
            print(f"{name:<12} {_title(suite)}")
        return
    if unknown := set(arguments.suites) - set(SUITES):
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    old = report.from_json(json.loads(arguments.compare.read_text())) if arguments.compare else None

    _stay_on_one_core()
    peers, missing = installed()
    setting = Setting(peers, missing, **(QUICK if arguments.quick else {}))
    about = report.machine(peers)
    print("\n".join(f"{key:<14} {value}" for key, value in about.items()))
    print("\n".join(f"{name:<14} not installed" for name in missing))
    results: report.Results = {}
    for name in arguments.suites or SUITES:
        print(f"\n{name}: {_title(SUITES[name])}")
        print(f"{'':<77} {'median':>10} {'quartiles':>15} {'time':>10}")
        case = ""
        results[name] = []
        for figure in SUITES[name](setting):
            print(report.line(figure, case), flush=True)
            case = figure.case
            results[name].append(figure)
        if table := report.markdown(results[name]):
            print(f"\n{table}")
    print(f"\n{report.summary(results)}")

    if arguments.json:
        arguments.json.write_text(json.dumps(report.to_json(about, results), indent=1))
    if arguments.plot:
        for path in report.plot(results, arguments.plot):
            print(f"wrote {path}")
    if old is not None:
        lines = report.slower(old, results)
        print("\n".join([f"{len(lines)} figures are worse than in {arguments.compare}", *lines]))


def _title(suite: Callable[..., object]) -> str:
    return (inspect.getdoc(suite) or "").splitlines()[0]


def _stay_on_one_core() -> None:
    """Pin this process and what it starts: XLA has threads of its own, whatever BLAS is told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
