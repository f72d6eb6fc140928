"""The main job: train on real digits, referee five derivations, draw the graph, name the price."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from . import nn, optim
from .audit import Comparison, compare_all
from .closed_form import matrix_form
from .data import digits
from .draw import RendererNotFound, draw
from .tensor import Tensor
from .timing import paired_ratio
from .training import accuracy, fit

__all__ = ["demo"]

_TOLERANCE = 1e-12


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
    _check_writable(out)
    X, y, X_test, y_test = digits()
    rng = np.random.default_rng(seed)
    model = nn.MLP([64, hidden, 10], rng=rng)
    print(f"1  Train 64-{hidden}-10 on {len(X):,} digits, {epochs} epochs")
    optimizer = optim.SGD(model.parameters(), lr=0.3)
    history = fit(model, nn.cross_entropy, (X, y), optimizer=optimizer, epochs=epochs, rng=rng)
    test_accuracy = accuracy(model, X_test, y_test)
    print(f"   loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}")
    print(f"   test accuracy {test_accuracy:.1%} of {len(X_test)} digits\n")

    weights = [layer.W.data for layer in model.layers]
    biases = [layer.b.data for layer in model.layers]
    one_hot = np.eye(10)[y]
    print("2  The tape's gradients against five published derivations, on these weights and digits")
    comparisons = list(compare_all(weights, biases, X, one_hot))
    held = _print_comparisons(comparisons)

    loss = _named_loss(model, X[:32], y[:32])
    print("3  The computation graph of one loss")
    picture = _draw(loss, out)

    print("4  The price of the tape: value and all gradients of a batch of 32")
    ratio, tape_time, formula_time = _price(
        model, optimizer, (weights, biases), X[:32], one_hot[:32]
    )
    print(f"   tape {tape_time * 1e6:.0f} us, closed form {formula_time * 1e6:.0f} us")
    print(f"   ratio {ratio:.2f} (median of interleaved pairs)\n")

    report = out / "report.json"
    report.write_text(
        json.dumps(
            {
                "test_accuracy": test_accuracy,
                "loss": history.loss,
                "comparisons": [vars(comparison) for comparison in comparisons],
                "tape_over_closed_form": ratio,
            },
            indent=1,
        )
    )
    verdict = "every comparison held" if held else "SOME COMPARISONS FAILED"
    print(f"5  Done: {verdict}. Files: {picture}, {report}")
    return held


def _check_writable(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file, not a folder")
    out.mkdir(parents=True, exist_ok=True)
    for name in ("graph.svg", "graph.dot", "report.json"):
        if (out / name).is_dir():
            raise IsADirectoryError(f"{out / name} is a folder in the place of a file")
    with tempfile.TemporaryFile(dir=out):
        pass


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


def _price(
    model: nn.MLP, optimizer: optim.Optimizer, arrays: Any, X: np.ndarray, Y: np.ndarray
) -> tuple[float, float, float]:
    def tape() -> None:
        optimizer.zero_grad()
        nn.cross_entropy(model(X), Y).backward()

    weights, biases = arrays

    def formula() -> Any:
        return matrix_form.gradients(weights, biases, X, Y)

    return paired_ratio(tape, formula)
