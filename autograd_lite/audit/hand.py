"""The functions of the papers, as one writes them by hand; they take Tensors as well as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules import neural

__all__ = [
    "ACTIVATIONS",
    "binary_cross_entropy",
    "cross_entropy",
    "d_relu",
    "d_sigmoid",
    "d_tanh",
    "normal",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "squared_error",
]


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


ACTIVATIONS = {
    "relu": (relu, d_relu, neural.relu),
    "sigmoid": (sigmoid, d_sigmoid, neural.sigmoid),
    "tanh": (np.tanh, d_tanh, np.tanh),
}
"""Of each unit by itself: the function by hand, its derivative by hand, and what the tape has."""


def squared_error(p: Any, y: Any) -> Any:
    """Squares of the differences, summed."""
    return np.sum((p - y) ** 2)


def cross_entropy(p: Any, y: Any) -> Any:
    """Cross-entropy of probabilities p, summed."""
    return -np.sum(y * np.log(p))


def binary_cross_entropy(p: Any, y: Any) -> Any:
    """Cross-entropy of probabilities p, each of a yes or no, summed."""
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


def normal(rng: np.random.Generator, *shapes: Any) -> list[np.ndarray]:
    """Draw standard normal numbers, an array for each shape."""
    return [rng.standard_normal(shape) for shape in shapes]


def one_hot(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    """Draw n rows of targets, each with a 1 for its class."""
    rows: np.ndarray = np.eye(classes)[rng.integers(classes, size=n)]
    return rows
