"""What a model says of samples, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..mode import no_grad
from ..nn import Module
from ..tensor import plain
from ..tree import flatten, map_leaves, replaced

__all__ = ["accuracy", "hits", "predict"]


def predict(model: Callable[[Any], Any], X: np.ndarray, batch_size: int = 1024) -> Any:
    """Compute the outputs of a model, in the mode of `eval` and without recording.

    Parameters
    ----------
    model : callable
    X : ndarray, shape (N, ...)
    batch_size : int
        Samples that are computed together; it bounds the memory that is needed.

    Returns
    -------
    ndarray, shape (N, ...)
        Or a structure of them, where the model returns one.
    """
    with no_grad(), _evaluating(model):
        starts = range(0, max(len(X), 1), batch_size)
        parts = [map_leaves(plain, model(X[i : i + batch_size])) for i in starts]
    if len(parts) == 1:
        return parts[0]
    return replaced(parts[0], map(np.concatenate, zip(*map(flatten, parts), strict=True)))


def accuracy(model: Callable[[Any], Any], X: np.ndarray, y: np.ndarray) -> float:
    """Share of the samples whose largest output is at their class.

    Parameters
    ----------
    model : callable
        Is put into the mode of `eval` meanwhile.
    X : ndarray, shape (N, ...)
    y : ndarray of int, shape (N,)

    Raises
    ------
    ShapeError
        For classes of another shape than that of the samples.
    """
    outputs = predict(model, X)
    if np.shape(y) != outputs.shape[:-1]:
        raise ShapeError(f"accuracy: classes of shape {np.shape(y)} for {outputs.shape[:-1]}")
    return hits(outputs, y)


def hits(outputs: np.ndarray, y: np.ndarray) -> float:
    """Share of the rows whose largest element is at their class."""
    return float(np.mean(np.argmax(outputs, axis=-1) == y))


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Put a model into the mode of `eval`, and each module back into its own."""
    modules = [m for _, m in model.named_modules()] if isinstance(model, Module) else []
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        yield
    finally:
        for module, training in zip(modules, modes, strict=True):
            module.training = training
