"""The functions of the papers, as one writes them by hand; they take Tensors as well as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["d_relu", "d_sigmoid", "d_tanh", "one_hot", "relu", "sigmoid", "softmax"]


def sigmoid(z: Any) -> Any:
    """Logistic function."""
    return 1 / (1 + np.exp(-z))


def d_sigmoid(z: Any) -> Any:
    """Derivative of the logistic function at z."""
    return sigmoid(z) * (1 - sigmoid(z))


def d_tanh(z: Any) -> Any:
    """Derivative of the hyperbolic tangent at z."""
    return 1 - np.tanh(z) ** 2


def relu(z: Any) -> Any:
    """The larger of z and 0."""
    return np.where(z > 0, z, 0 * z)


def d_relu(z: Any, at_zero: float = 0.0) -> Any:
    """The step: 0 below, 1 above, `at_zero` at 0."""
    return np.heaviside(z, at_zero)


def softmax(z: Any, axis: int) -> Any:
    """Exponentials divided by their sum along `axis`."""
    e = np.exp(z)
    return e / np.sum(e, axis=axis, keepdims=True)


def one_hot(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    """Draw n rows of targets, each with a 1 for its class."""
    rows: np.ndarray = np.eye(classes)[rng.integers(classes, size=n)]
    return rows
