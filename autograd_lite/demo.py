"""The main job: train on real digits, referee five derivations, draw the graph, name the price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from . import nn, optim
from .audit import Comparison, compare_all
from .closed_form import matrix_form
from .data import digits
from .derivation import Step, derive
from .drawing import RendererNotFound, draw
from .files import check_writable
from .tensor import Tensor
from .timing import paired_ratio
from .training import accuracy, fit

__all__ = ["demo"]

_TOLERANCE = 1e-12
_BATCH = 50


def demo(out: Path, hidden: int = 32, epochs: int = 30, seed: int = 0) -> bool:
    """Run the main job, print what it finds and write its files.

    Parameters
    ----------
    out : Path
        The folder for the files; made if it is missing.
    hidden : int
        Units in the hidden layer.
    epochs : int
    seed : int
        Of the weights and of the order of the samples.

    Returns
    -------
    bool
        Whether every comparison with a closed form held.

    Raises
    ------
    OSError
        If `out` cannot be written; nothing has been computed by then.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"cannot write to {out}: it is a file, not a folder")
    out.mkdir(parents=True, exist_ok=True)
    for name in ("graph.svg", "graph.dot", "step.py", "report.json"):
        check_writable(out / name)
    X, y, X_test, y_test = digits()
    rng = np.random.default_rng(seed)
    model = nn.MLP([64, hidden, 10], rng=rng)
    print(f"1  Train 64-{hidden}-10 on {len(X):,} digits, {epochs} epochs, by its derived program")
    optimizer = optim.SGD(model.parameters(), lr=0.3)
    history = fit(model, nn.cross_entropy, (X, y), optimizer=optimizer, epochs=epochs, rng=rng)
    test_accuracy = accuracy(model, X_test, y_test)
    print(f"   loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}")
    print(f"   test accuracy {test_accuracy:.1%} of {len(X_test)} digits\n")

    values = [p.data for p in model.parameters()]
    weights, biases = values[::2], values[1::2]
    one_hot = np.eye(10)[y]
    step = _derived(model, X[:_BATCH], one_hot[:_BATCH])
    print("2  That program, beside the equations of the matrix-form note (its Delta is not / N)")
    _print_program(step)
    step.save(out / "step.py")
    print(f"   {out / 'step.py'}\n")

    print("3  The tape's gradients against five published derivations, on these weights and digits")
    comparisons = list(compare_all(weights, biases, X, one_hot))
    held = _print_comparisons(comparisons)

    loss = _named_loss(model, X[:32], y[:32])
    print("4  The computation graph of one loss")
    picture = _draw(loss, out)

    print(f"5  The price of automation: value and all gradients of {_BATCH} digits")
    ratios = _prices(model, optimizer, step, (weights, biases), X[:_BATCH], one_hot[:_BATCH])

    report = out / "report.json"
    report.write_text(
        json.dumps(
            {
                "test_accuracy": test_accuracy,
                "loss": history.loss,
                "comparisons": [vars(comparison) for comparison in comparisons],
                **{f"{way}_over_closed_form": ratio for way, ratio in ratios.items()},
            },
            indent=1,
        )
    )
    verdict = "every comparison held" if held else "SOME COMPARISONS FAILED"
    print(f"6  Done: {verdict}. Files: {picture}, {out / 'step.py'}, {report}")
    return held


_EQUATIONS = {
    "Z1": "(20)", "Z2": "(20)", "loss": "(3)", "dZ2": "(10)", "dW2": "(9)", "db2": "(17)",
    "dA1": "(24)", "dZ1": "(42)", "dW1": "(33)", "db1": "(41)",
}  # fmt: skip
"""Of the matrix-form note, for the lines of a network with one hidden layer."""


def _derived(model: nn.MLP, X: np.ndarray, Y: np.ndarray) -> Step:
    def loss(parameters: Any, X: Any, Y: Any) -> Any:
        return nn.cross_entropy(nn.functional_call(model, parameters, X), Y)

    return derive(loss, dict(model.named_parameters()), X, Y)


def _print_program(step: Step) -> None:
    for line in step.latest.written.lines:
        name, equals, _ = line.partition(" = ")
        if equals and "[" not in line:
            print(f"   {line:<46} {_EQUATIONS.get(name, '')}".rstrip())


def _print_comparisons(comparisons: list[Comparison]) -> bool:
    print(f"   {'paper':<12} {'head':<15} {'largest difference':>18}   of")
    held = True
    for c in comparisons:
        ok = max(c.error, c.loss_difference) <= _TOLERANCE
        held = held and ok
        print(f"   {c.paper:<12} {c.head:<15} {c.error:>18.1e}   {c.worst}" + " FAILED" * (not ok))
    print(f"   relative to the largest gradient; {_TOLERANCE:.0e} is allowed\n")
    return held


def _named_loss(model: nn.MLP, X: np.ndarray, y: np.ndarray) -> Tensor:
    loss: Tensor = nn.cross_entropy(model(Tensor(X, name="X")), Tensor(y, name="labels"))
    loss.name = "loss"
    return loss


def _draw(loss: Tensor, out: Path) -> Path:
    drawing = draw(loss, title="One loss of the digits model")
    path = out / "graph.svg"
    try:
        drawing.save(path)
    except RendererNotFound as missing:
        path = out / "graph.dot"
        drawing.save(path)
        print(f"   {missing}")
    print(f"   {path}\n")
    return path


def _prices(
    model: nn.MLP,
    optimizer: optim.Optimizer,
    step: Step,
    arrays: Any,
    X: np.ndarray,
    Y: np.ndarray,
) -> dict[str, float]:
    """Time the tape and the program against the closed form; print and return the ratios."""
    weights, biases = arrays
    parameters = model.state_dict()

    def tape() -> None:
        optimizer.zero_grad()
        nn.cross_entropy(model(X), Y).backward()

    def formula() -> Any:
        return matrix_form.gradients(weights, biases, X, Y)

    ratios = {}
    for name, way in (("tape", tape), ("derived", lambda: step(parameters, X, Y))):
        ratios[name], seconds, by_hand = paired_ratio(way, formula)
        print(
            f"   {name:<8} {seconds * 1e6:>4.0f} us, closed form {by_hand * 1e6:>4.0f} us, ", end=""
        )
        print(f"ratio {ratios[name]:.2f}")
    print("   medians of interleaved pairs\n")
    return ratios
