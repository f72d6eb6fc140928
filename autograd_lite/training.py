"""Training by mini-batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .derive import derive
from .errors import DataDependentError, ShapeError
from .mode import no_grad
from .nn import Module, functional_call
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
    derived : bool
        Whether a derived program was run.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    derived: bool = False


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
    derived: bool | None = None,
) -> History:
    """Train a model by mini-batches in random order.

    Progress is shown while it runs where standard error is a terminal. The loss and its gradient
    are computed by a program derived from the model, where its course does not depend on data.

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
    derived : bool, optional
        Whether to run a derived program: True insists on it, False records each batch anew; by
        default it is used where it can be.

    Returns
    -------
    History

    Raises
    ------
    DataDependentError
        With ``derived=True``, for a model whose course depends on its data.
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
    step = _Eager(model, loss)
    if derived is not False:
        try:
            step = _Derived(model, loss, X[:batch_size], y[:batch_size])
        except DataDependentError:
            if derived:
                raise
    history = History(derived=isinstance(step, _Derived))
    for epoch in _progress(epochs):
        order = rng.permutation(len(X))
        losses = []
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            optimizer.zero_grad()
            value = float(step(X[batch], y[batch]))
            if not np.isfinite(value):
                raise FloatingPointError(
                    f"the loss became {value} in epoch {epoch + 1}; try a smaller learning rate"
                )
            losses.append(value)
            optimizer.step()
        history.loss.append(float(np.mean(losses)))
        if valid is not None:
            history.accuracy.append(accuracy(model, *valid))
    return history


class _Eager:
    """The loss of a batch on the tape, and its gradient in the parameters."""

    def __init__(self, model: Module, loss: Callable[[Any, Any], Any]) -> None:
        self._model, self._loss = model, loss

    def __call__(self, X: np.ndarray, y: np.ndarray) -> Any:
        value = self._loss(self._model(X), y)
        value.backward()
        return value.data


class _Derived(_Eager):
    """The same by a program."""

    def __init__(
        self, model: Module, loss: Callable[[Any, Any], Any], X: np.ndarray, y: np.ndarray
    ) -> None:
        self._parameters = dict(model.named_parameters())

        def of(parameters: Any, X: Any, y: Any) -> Any:
            return loss(functional_call(model, parameters, X), y)

        self._step = derive(of, self._parameters, X, y)

    def __call__(self, X: np.ndarray, y: np.ndarray) -> Any:
        values = {name: p.data for name, p in self._parameters.items()}
        value, gradients = self._step(values, X, y)
        for name, p in self._parameters.items():
            p.grad = gradients[name]
        return value


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
