"""Training by mini-batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import ShapeError
from .mode import no_grad
from .nn import Module
from .optim import Optimizer
from .tensor import plain

__all__ = ["History", "accuracy", "fit"]

Data = tuple[np.ndarray, np.ndarray]


@dataclass
class History:
    """What each epoch of `fit` measured.

    Attributes
    ----------
    loss : list of float
        Mean loss over the epoch's batches.
    accuracy : list of float
        Share of the validation samples classified right; empty without validation data.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


def accuracy(model: Callable[[Any], Any], X: np.ndarray, y: np.ndarray) -> float:
    """Share of the samples whose largest output is at their class."""
    with no_grad():
        outputs = model(X)
    predicted = np.argmax(plain(outputs), axis=-1)
    if np.shape(y) != predicted.shape:
        raise ShapeError(f"accuracy: classes of shape {np.shape(y)} for {predicted.shape}")
    return float(np.mean(predicted == y))


def fit(
    model: Module,
    loss: Callable[[Any, Any], Any],
    train: Data,
    *,
    optimizer: Optimizer,
    valid: Data | None = None,
    epochs: int = 20,
    batch_size: int = 32,
    rng: np.random.Generator | int | None = None,
) -> History:
    """Train a model by mini-batches in random order.

    Progress is shown while it runs where standard error is a terminal.

    Parameters
    ----------
    model : Module
    loss : callable
        Takes the outputs for a batch and its labels, returns a Tensor of one number.
    train : tuple of ndarray
        Samples, shape (N, ...), and labels, shape (N, ...).
    optimizer : Optimizer
    valid : tuple of ndarray, optional
        Samples and classes to measure the accuracy on after each epoch.
    epochs, batch_size : int
    rng : numpy.random.Generator or int, optional
        Draws the order of the samples.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        For samples and labels that differ in number, or that hold NaN or infinity, or for
        `epochs` or `batch_size` that are not positive.
    FloatingPointError
        If the loss becomes NaN or infinite.
    """
    X, y = _checked("train", train)
    if valid is not None:
        valid = _checked("valid", valid)
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"fit: epochs={epochs} and batch_size={batch_size} must be positive")
    rng = np.random.default_rng(rng)
    history = History()
    for epoch in _progress(epochs):
        order = rng.permutation(len(X))
        losses = []
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            value = loss(model(X[batch]), y[batch])
            if not np.isfinite(value.data):
                raise FloatingPointError(
                    f"the loss became {value.item()} in epoch {epoch + 1}; "
                    "try a smaller learning rate"
                )
            losses.append(value.item())
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        history.loss.append(float(np.mean(losses)))
        if valid is not None:
            history.accuracy.append(accuracy(model, *valid))
    return history


def _checked(what: str, data: Data) -> Data:
    X, y = (np.asarray(part) for part in data)
    if len(X) != len(y):
        raise ValueError(f"fit, {what}: {len(X)} samples, but {len(y)} labels")
    if len(X) == 0:
        raise ValueError(f"fit, {what}: there are no samples")
    for name, a in (("samples", X), ("labels", y)):
        wrong = np.argwhere(~np.isfinite(a))
        if len(wrong):
            at = tuple(int(i) for i in wrong[0])
            raise ValueError(
                f"fit, {what}: the {name} hold {len(wrong)} values that are NaN or infinite, the "
                f"first "
                f"at {at}; leave those rows out, or fill them with np.nan_to_num"
            )
    return X, y


def _progress(epochs: int) -> Iterator[int]:
    """Count the epochs, with a bar where somebody can see it."""
    if not sys.stderr.isatty():
        return iter(range(epochs))
    try:
        from tqdm import trange
    except ImportError:
        print(
            f"training for {epochs} epochs; for a bar: pip install 'autograd-lite[progress]'",
            file=sys.stderr,
        )
        return iter(range(epochs))
    return iter(trange(epochs, desc="training", unit="epoch"))
