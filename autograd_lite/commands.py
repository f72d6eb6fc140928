"""The commands that train a network on a file, and ask it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from . import nn, optim
from .data import digits, load_mnist
from .data.images import rows
from .files import check_writable
from .training import accuracy, fit

__all__ = ["OPTIMIZERS", "predict", "train"]

OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float]] = {
    "adamw": (partial(optim.AdamW, weight_decay=0.1), 5e-3),
    "adam": (optim.Adam, 5e-3),
    "rmsprop": (optim.RMSprop, 3e-3),
    "momentum": (partial(optim.SGD, momentum=0.9, nesterov=True), 0.03),
    "sgd": (optim.SGD, 0.3),
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
        False if the loss became infinite or NaN, or no epoch was finished; nothing is written then.

    Raises
    ------
    OSError, ValueError
        For data that cannot be read, settings that make no sense, or files that could not be
        written: before any training.
    ImportError
        For a plot without matplotlib, also before.
    """
    for path, suffixes in ((save, (".npz",)), (plot, (".svg", ".png", ".pdf"))):
        if path is not None:
            check_writable(path, suffixes)
    if plot is not None and find_spec("matplotlib") is None:
        raise ImportError("--plot needs matplotlib: pip install 'autograd-lite[plot]'")
    X, y, X_test, y_test = _sets(data)
    widths = [X.shape[1], *hidden, int(max(y.max(), y_test.max())) + 1]
    rng = np.random.default_rng(seed)
    model = nn.MLP(widths, activation, rng=rng)
    make, usual = OPTIMIZERS[optimizer]
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
            callbacks=[optim.CosineAnnealingLR(moves, epochs)],
        )
    except FloatingPointError as error:
        print(f"autograd-lite train: {error}", file=sys.stderr)
        return False
    if not history.epochs:  # Ctrl-C came in the first
        print(f"autograd-lite train: {history.stopped}", file=sys.stderr)
        return False
    why = f"; {history.stopped}" if history.stopped else ""
    print(f"loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}, {history.epochs} epochs{why}")
    print(f"test accuracy {accuracy(model, X_test, y_test):.2%} of {len(X_test):,} samples")
    if save is not None:
        nn.save(model, save, {"widths": json.dumps(widths), "activation": activation})
        print(f"wrote {save}")
    if plot is not None:
        history.plot(plot)
        print(f"wrote {plot}")
    return True


def predict(model: Path, file: str) -> bool:
    """Print the class of each sample of a file, a line each; the accuracy where it has labels.

    Raises
    ------
    EOFError, OSError, ValueError
        For files that cannot be read, or that do not fit together.
    """
    X, y = _samples(file)
    classes = np.argmax(nn.predict(_load(model), X), axis=1)
    print("\n".join(map(str, classes.tolist())))
    if y is not None:
        print(f"accuracy {np.mean(classes == y):.2%} of {len(y):,} samples", file=sys.stderr)
    return True


def _sets(data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return digits() if data == "digits" else load_mnist(data)


def _samples(file: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The test set of whatever can be trained on; or the samples of an array."""
    if not file.endswith(".npy"):
        return _sets(file)[2:]
    return rows(file, np.load(file, allow_pickle=False)), None


def _load(path: Path) -> nn.MLP:
    """Build the model that a file describes."""
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
    return model
