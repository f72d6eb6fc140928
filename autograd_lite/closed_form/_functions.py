"""What the papers share: activations, losses that stay finite for logits of any size, checks.

A loss takes the pre-activations `z` of the output layer and the targets `y`, and returns its sum
over all samples with the output of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Function: TypeAlias = Callable[[Array], Array]
Activations: TypeAlias = dict[str, tuple[Function, Function]]
"""By name: an activation and its derivative, both of the pre-activation."""
Loss: TypeAlias = Callable[[Array, Array], tuple[Any, Array]]
T = TypeVar("T")


def relu(z: Array) -> Array:
    """Rectify: the larger of z and 0."""
    positive: Array = np.maximum(z, 0)
    return positive


def sigmoid(z: Array) -> Array:
    """Logistic function; the exponential is only taken of negative numbers."""
    e = np.exp(-np.abs(z))
    s: Array = np.where(z >= 0, 1, e) / (1 + e)
    return s


def d_sigmoid(z: Array) -> Array:
    """Derivative of the logistic function at z."""
    s = sigmoid(z)
    slope: Array = s * (1 - s)
    return slope


def squared_error(z: Array, y: Array) -> tuple[Any, Array]:
    """Sum of ``(z - y)**2``, for an output layer without an activation."""
    return np.sum((z - y) ** 2), z


def binary_cross_entropy(z: Array, y: Array) -> tuple[Any, Array]:
    """Sum of ``-y log(p) - (1 - y) log(1 - p)`` with p the sigmoid of z."""
    return np.sum(y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)), sigmoid(z)


def categorical_cross_entropy(z: Array, y: Array, axis: int) -> tuple[Any, Array]:
    """Sum of ``-y log(p)`` with p the softmax of z along `axis`."""
    z = z - np.max(z, axis=axis, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
    return -np.sum(y * log_p), np.exp(log_p)


def choose(kind: str, name: str, table: Mapping[str, T]) -> T:
    """Look up what a paper covers, or raise a ValueError that lists it."""
    if name not in table:
        raise ValueError(f"{kind}={name!r}: this paper covers {', '.join(map(repr, table))}")
    return table[name]


def targets(y: npt.ArrayLike, z: Array) -> Array:
    """Return `y` in the dtype of the output `z`, or raise a ValueError for another shape."""
    if np.shape(y) != z.shape:
        raise ValueError(
            f"targets of shape {np.shape(y)} do not fit the network's output of shape {z.shape}"
        )
    return np.asarray(y, z.dtype)
