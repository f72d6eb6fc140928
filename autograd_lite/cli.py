"""The command line: ``autograd-lite``, also ``python -m autograd_lite``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

__all__ = ["main"]


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999999")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-lite", description="Reverse-mode automatic differentiation for NumPy."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('autograd_lite')}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="train on real digits and compare the tape with five published derivations",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.add_argument(
        "--out", type=Path, default=Path("demo-out"), metavar="DIR", help="folder for the files"
    )
    demo.add_argument("--hidden", type=_positive, default=32, metavar="N", help="hidden units")
    demo.add_argument("--epochs", type=_positive, default=30, metavar="N", help="training epochs")
    demo.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the random numbers")
    check = commands.add_parser(
        "selfcheck", help="try every derivative rule against NumPy and differences"
    )
    check.add_argument(
        "--markdown", action="store_true", help="print the table of COVERAGE.md (needs dask)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        The exit code: 0 if all held, 1 if a comparison failed, 2 for bad arguments or files.
    """
    arguments = _parser().parse_args(argv)
    if arguments.command == "selfcheck":
        return 0 if _selfcheck(arguments.markdown) else 1
    from .demo import demo

    try:
        held = demo(arguments.out, arguments.hidden, arguments.epochs, arguments.seed)
    except BrokenPipeError:  # whoever read the output has closed it
        sys.stderr.close()
        return 2
    except OSError as error:
        print(f"autograd-lite: cannot write to {arguments.out}: {error}", file=sys.stderr)
        return 2
    return 0 if held else 1


def _selfcheck(as_markdown: bool) -> bool:
    from .selfcheck import CASES
    from .selfcheck.coverage import conventions, markdown, rows, survey

    found = survey(CASES)
    if as_markdown:
        print(f"{markdown(rows(found.tried, with_dask=True))}\n\n{conventions()}")
        return not (found.broken or found.missing)
    print(f"{'function':<32} {'keywords honoured':<40} {'tried':>5}  order")
    for row in rows(found.tried):
        honoured = ", ".join(row.honoured)
        print(f"{row.name:<32} {honoured:<40} {row.expressions:>5}  {row.order}")
    print(f"\n{conventions()}\n")
    for line in [*found.broken, *found.missing]:
        print(f"BROKEN  {line}")
    print(
        f"{len(CASES)} expressions tried at first and second order, in float64 and float32: "
        f"{len(found.broken)} laws broken, {len(found.missing)} gaps"
    )
    return not (found.broken or found.missing)
