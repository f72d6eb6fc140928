"""R. Menon, "Deriving backpropagation" (2021).

A sample is a column; phi stands for the gradient of the loss with respect to z.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._functions import (
    Activations,
    Array,
    Loss,
    binary_cross_entropy,
    categorical_cross_entropy,
    choose,
    d_sigmoid,
    relu,
    sigmoid,
    squared_error,
    targets,
)

__all__ = ["HEADS", "HIDDEN", "gradients"]

_HIDDEN: Activations = {
    "relu": (relu, lambda z: z > 0),  # 0 at 0, section 3.1
    "sigmoid": (sigmoid, d_sigmoid),
}


def _relu(z: Array, y: Array) -> tuple[Any, Array]:
    n = len(z)
    total, a = squared_error(relu(z), y)
    return total / n, -2 / n * (y - a) * (z > 0)  # 3.1.1


def _sigmoid(z: Array, y: Array) -> tuple[Any, Array]:
    total, a = binary_cross_entropy(z, y)
    return total, a - y  # 3.2.1, with the sign put right and a (1 - a) cancelled


def _softmax(z: Array, y: Array) -> tuple[Any, Array]:
    total, a = categorical_cross_entropy(z, y, axis=0)
    return total, a - y  # 3.3.1


# Of z and y: the loss, and phi of the last layer.
_HEADS: dict[str, Loss] = {"relu": _relu, "sigmoid": _sigmoid, "softmax": _softmax}
HIDDEN = tuple(_HIDDEN)
HEADS = tuple(_HEADS)


def gradients(
    w: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    hidden: str = "relu",
    head: str = "softmax",
) -> tuple[Any, list[Array], list[Array]]:
    """Loss summed over the samples and its gradient, by eq. (1) to (4).

    Parameters
    ----------
    w : sequence of J arrays, shape (units, units below)
    b : sequence of J arrays, shape (units, 1)
    x : array, shape (features, samples)
        A sample in each column; the paper has one.
    y : array, shape (n, samples)
        Targets; with softmax, one-hot columns or probabilities that sum to one.
    hidden : {"relu", "sigmoid"}
        Activation of the hidden layers; the derivative of relu at 0 is 0.
    head : {"relu", "sigmoid", "softmax"}
        Activation of the output layer, with the squared error averaged over the n outputs, the
        binary cross-entropy summed over them, or the categorical cross-entropy.

    Returns
    -------
    L : float
        The loss summed over the samples.
    dw : list of J arrays, shape (units, units below)
    db : list of J arrays, shape (units, 1)

    Raises
    ------
    ValueError
        For an unknown `hidden` or `head`, or where `y` has not the shape of the output.

    Notes
    -----
    Printed otherwise: the derivation of eq. (2) ends with sigma(z) where eq. (2) itself has
    sigma'(z), and writes i for the summed index k in dL/dz and phi, and for the free index of b;
    2.4 feeds layer j its own activations a^j in place of a^(j-1), and takes the derivative of z by
    b, the identity, for a matrix of ones; 3.2.1 has -(1 - y) / (1 - yhat) where the sign is plus;
    3.2 evaluates sigma' at x for z; eq. (1) is derived as if every activation were elementwise, so
    softmax needs the direct derivation of 3.3.1; softmax is called a density, and the one-hot
    vector a matrix. ``autograd-lite audit --paper menon`` checks every statement.
    """
    sigma, d_sigma = choose("hidden", hidden, _HIDDEN)
    loss = choose("head", head, _HEADS)
    a, z = [x], [w[0] @ x + b[0]]
    for w_j, b_j in zip(w[1:], b[1:], strict=True):
        a.append(sigma(z[-1]))
        z.append(w_j @ a[-1] + b_j)
    L, phi = loss(z[-1], targets(y, z[-1]))  # (1)
    dw, db = [], []
    for j in reversed(range(len(w))):
        dw.append(phi @ a[j].T)  # (3): a[j] is the input of the layer that has z[j]
        db.append(np.sum(phi, axis=1, keepdims=True))  # (4), over the samples
        if j:
            phi = (w[j].T @ phi) * d_sigma(z[j - 1])  # (2)
    return L, dw[::-1], db[::-1]
