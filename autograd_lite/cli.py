"""The command line: ``autograd-lite``, also ``python -m autograd_lite``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import commands
from .commands import OPTIMIZERS
from .nn import ACTIVATIONS

__all__ = ["main"]


_PAPERS = ("rao", "park", "matrix_form", "whitehill", "menon")
_VERDICTS = ("holds", "holds if", "wrong", "misprint")


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999999")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _widths(text: str) -> list[int]:
    return [_positive(width) for width in text.split(",")]


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows defaults, where there are any, and examples as they are laid out."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


def _verdict(text: str) -> str:
    return text.replace("-", " ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-lite", description="Reverse-mode automatic differentiation for NumPy."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('autograd_lite')}"
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = subparsers.add_parser(
        "demo",
        help="train on real digits and compare the tape with five published derivations",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.set_defaults(run=_demo)
    demo.add_argument(
        "--out", type=Path, default=Path("demo-out"), metavar="DIR", help="folder for the files"
    )
    demo.add_argument("--hidden", type=_positive, default=32, metavar="N", help="hidden units")
    demo.add_argument("--epochs", type=_positive, default=30, metavar="N", help="training epochs")
    demo.add_argument("--seed", type=_seed, default=0, metavar="N", help="of the random numbers")
    check = subparsers.add_parser(
        "selfcheck", help="try every derivative rule against NumPy and differences"
    )
    check.set_defaults(run=_selfcheck)
    check.add_argument(
        "--markdown", action="store_true", help="print the table of COVERAGE.md (needs dask)"
    )
    audit = subparsers.add_parser(
        "audit",
        help="check every equation of five published derivations against the tape",
        description="Check every equation of five published derivations of backpropagation "
        "against the tape. The exit code is 0 when each verdict is the one on record.",
    )
    audit.set_defaults(run=_audit)
    audit.add_argument(
        "--paper", choices=_PAPERS, metavar="NAME", help=f"one paper: {', '.join(_PAPERS)}"
    )
    audit.add_argument(
        "--only",
        type=_verdict,
        choices=_VERDICTS,
        metavar="VERDICT",
        help=f"one of {', '.join(_VERDICTS)}; holds-if will do",
    )
    audit.add_argument(
        "--id",
        default="",
        metavar="PREFIX",
        help="the rows whose id begins like this: rao/sec3-gradient",
    )
    audit.add_argument(
        "--format",
        choices=("table", "markdown", "json", "html"),
        default="table",
        help="html is one page that needs no network: autograd-lite audit --format html > a.html",
    )
    _add_training(subparsers)
    return parser


def _add_training(subparsers: Any) -> None:
    train = subparsers.add_parser(
        "train",
        help="train a network on images or rows, save it and plot how it went",
        formatter_class=_Help,
        epilog="""examples:
  autograd-lite train --data digits
  autograd-lite train --data mnist.npz --hidden 128 --save model.npz --plot history.svg
  autograd-lite train --data mnist/ --epochs 10 --batch-size 64
  autograd-lite train --hidden 30 --optimizer sgd --lr 0.1

The learning rate goes down to 0 by a cosine. Ctrl-C ends the training with the last finished epoch.
exit codes: 0 trained, 1 the loss became infinite or NaN, or no epoch was finished, 2 bad arguments
or files; nothing is written with 1 and 2""",
    )
    train.set_defaults(run=commands.train)
    add = train.add_argument
    add(
        "--data",
        default="digits",
        help="digits, which come with the package; an .npz file with x_train, y_train, x_test and "
        "y_test; or a folder with the four IDX files of MNIST",
    )
    add("--hidden", type=_widths, default="256,128", metavar="N,N", help="hidden units by layer")
    add("--activation", choices=sorted(ACTIVATIONS), default="relu", help="of hidden layers")
    add("--optimizer", choices=OPTIMIZERS, default="adamw", help="what moves weights")
    rates = ", ".join(f"{lr:g} for {name}" for name, (_, lr) in OPTIMIZERS.items())
    add("--lr", type=float, metavar="X", help=f"learning rate; by default {rates}")
    add("--epochs", type=_positive, default=30, metavar="N", help="times through the samples")
    add("--batch-size", type=_positive, default=32, metavar="N", help="samples of a step")
    add("--seed", type=_seed, default=0, metavar="N", help="of the random numbers")
    add("--save", type=Path, metavar="FILE", help="the model, an .npz file for predict")
    add("--plot", type=Path, metavar="FILE", help="loss and accuracy, as .svg, .png or .pdf")
    predict = subparsers.add_parser(
        "predict",
        help="print the class of each sample of a file",
        formatter_class=_Help,
        epilog="""examples:
  autograd-lite predict model.npz digits
  autograd-lite predict model.npz mnist.npz > classes.txt
  autograd-lite predict model.npz rows.npy

Classes go to standard output, a line each; where the file has labels, the accuracy goes to
standard error. exit codes: 0 predicted, 2 bad arguments or files""",
    )
    predict.set_defaults(run=commands.predict)
    predict.add_argument("model", type=Path, help="what train --save wrote")
    predict.add_argument(
        "file",
        help="what train --data takes, of which the test set is used; or an .npy file of samples",
    )


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
    arguments = vars(_parser().parse_args(argv))
    del arguments["command"]
    run = arguments.pop("run")
    try:
        return 0 if run(**arguments) else 1
    except BrokenPipeError:  # whoever read the output has closed it
        sys.stderr.close()
    except (EOFError, ImportError, OSError, ValueError) as error:
        print(f"autograd-lite: {error}", file=sys.stderr)
    return 2


def _demo(**options: Any) -> bool:
    from .demo import demo

    return demo(**options)


def _audit(paper: str | None, only: str | None, id: str, format: str) -> bool:  # noqa: A002
    from .audit import PAPERS, audit, tables
    from .audit.page import as_html

    write = {
        "table": tables.as_table,
        "markdown": tables.as_markdown,
        "json": tables.as_json,
        "html": as_html,
    }[format]
    found = audit([p for p in PAPERS if paper in (None, p.name)], only, id)
    print(write(found))
    findings = [f for _, findings in found for f in findings]
    for f in findings:
        if not f.expected:
            said = f"on record '{f.claim.verdict}', found '{f.verdict}'"
            print(f"{f.claim.id}: {said}", file=sys.stderr)
    if not findings:
        print("autograd-lite: no claim is like this", file=sys.stderr)
    return bool(findings) and all(f.expected for f in findings)


def _selfcheck(markdown: bool) -> bool:
    from .selfcheck import CASES, coverage

    found = coverage.survey(CASES)
    if markdown:
        print(coverage.markdown(coverage.rows(found.tried, with_dask=True)))
        print(f"\n{coverage.conventions()}")
        return not (found.broken or found.missing)
    print(f"{'function':<32} {'keywords honoured':<40} {'tried':>5}  order")
    for row in coverage.rows(found.tried):
        honoured = ", ".join(row.honoured)
        print(f"{row.name:<32} {honoured:<40} {row.expressions:>5}  {row.order}")
    print(f"\n{coverage.conventions()}\n")
    for line in [*found.broken, *found.missing]:
        print(f"BROKEN  {line}")
    print(
        f"{len(CASES)} expressions tried at first and second order, in float64 and float32: "
        f"{len(found.broken)} laws broken, {len(found.missing)} gaps"
    )
    return not (found.broken or found.missing)
