"""The commands that train a network on a file, and ask it."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from . import nn, optim
from .data import digits, load_mnist
from .data.mnist import read_idx, read_npz, rows
from .files import replace_file
from .mode import no_grad
from .tensor import plain
from .training import History, accuracy, fit

__all__ = ["OPTIMIZERS", "predict", "train"]

OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float]] = {
    "adam": (optim.Adam, 1e-3),
    "sgd": (optim.SGD, 0.1),
}
"""By name: an optimizer and the learning rate it has by default here."""


def train(
    data: str,
    hidden: list[int],
    activation: str,
    optimizer: str,
    lr: float | None,
    epochs: int,
    batch_size: int,
    seed: int,
    save: Path | None,
    plot: Path | None,
) -> bool:
    """Train a multilayer perceptron, print its test accuracy, save and plot it.

    Returns
    -------
    bool
        False if the loss became infinite or NaN; nothing is written then.

    Raises
    ------
    OSError, ValueError
        For data that cannot be read, or files that could not be written: before any training.
    ImportError
        For a plot without matplotlib, also before.
    """
    X, y, X_test, y_test = digits() if data == "digits" else load_mnist(data)
    if save is not None and save.suffix != ".npz":
        raise ValueError(f"{save}: the file of a model ends in .npz")
    for path in (save, plot):
        if path is not None:
            _check_writable(path)
    figure = None if plot is None else _figure(plot)
    make, usual = OPTIMIZERS[optimizer]
    widths = [X.shape[1], *hidden, int(max(y.max(), y_test.max())) + 1]
    rng = np.random.default_rng(seed)
    model = nn.MLP(widths, activation, rng=rng)
    moves = make(model.parameters(), lr=usual if lr is None else lr)
    print(f"training {'-'.join(map(str, widths))}, {activation}, on {len(X):,} samples")
    try:
        history = fit(
            model,
            nn.cross_entropy,
            (X, y),
            optimizer=moves,
            valid=(X_test, y_test),
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
        )
    except FloatingPointError as error:
        print(f"autograd-lite train: {error}", file=sys.stderr)
        return False
    print(f"loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}")
    print(f"test accuracy {accuracy(model, X_test, y_test):.2%} of {len(X_test):,} samples")
    if save is not None:
        about = {"widths": json.dumps(widths), "activation": activation}
        nn.save(model, save, metadata=about)
        print(f"wrote {save}")
    if plot is not None:
        _plot(figure, history, plot)
        print(f"wrote {plot}")
    return True


def predict(model: Path, file: str) -> bool:
    """Print the class of each sample of a file, a line each; the accuracy where it has labels.

    Raises
    ------
    OSError, ValueError
        For files that cannot be read, or that do not fit together.
    """
    network, width = _load(model)
    X, y = _samples(file)
    if X.shape[1] != width:
        raise ValueError(f"{file}: samples of {X.shape[1]} values; {model} takes {width}")
    with no_grad():
        classes = np.argmax(plain(network(X)), axis=1)
    print("\n".join(map(str, classes.tolist())))
    if y is not None:
        share = np.mean(classes == y)
        print(f"accuracy {share:.2%} of {len(y):,} samples", file=sys.stderr)
    return True


def _samples(file: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The test set of whatever can be trained on; or the samples of one file."""
    if file == "digits" or Path(file).is_dir():
        return (digits() if file == "digits" else load_mnist(file))[2:]
    with open(file, "rb") as opened:
        start = opened.read(6)
    if start == b"\x93NUMPY":
        X = np.load(file, allow_pickle=False)
    elif start[:2] != b"PK":
        X = read_idx(file, 3)
    elif "x_test" in (stored := read_npz(file)) and "y_test" in stored:
        return load_mnist(file)[2:]
    elif len(stored) == 1:
        (X,) = stored.values()
    else:
        raise ValueError(f"{file}: holds {', '.join(stored)}; x_test and y_test or one are wanted")
    if X.ndim < 2:
        raise ValueError(f"{file}: samples of shape (N, ...) are wanted, not {X.shape}")
    return rows(file, X), None


def _load(path: Path) -> tuple[nn.MLP, int]:
    """Build the model that a file describes; and the width of its input."""
    about = nn.read_metadata(path)
    try:
        widths, activation = json.loads(about["widths"]), about["activation"]
        # A hostile file could ask for any memory; its arrays are stored as they are.
        if 4 * sum(a * b for a, b in pairwise(widths)) > path.stat().st_size:
            raise ValueError(f"it is too small for widths {widths}")
        model = nn.MLP(widths, activation, rng=0)
        nn.load(path, into=model)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: no model of autograd-lite train: {error}") from error
    return model, widths[0]


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"cannot write to {path}: it is a folder")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {path}: {error}") from error


def _figure(path: Path) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'autograd-lite[plot]'") from error
    figure = Figure(figsize=(7, 3), layout="constrained")
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix[1:] not in kinds:
        raise ValueError(f"{path}: a plot ends in one of {', '.join(sorted(kinds))}")
    return figure


def _plot(figure: Any, history: History, path: Path) -> None:
    measured = {"training loss": history.loss, "test accuracy": history.accuracy}
    for axes, (name, values) in zip(figure.subplots(1, 2), measured.items(), strict=True):
        axes.plot(range(1, len(values) + 1), values)
        axes.set(xlabel="epoch", title=name)
    file = io.BytesIO()
    figure.savefig(file, format=path.suffix[1:])
    replace_file(path, file.getvalue())
