"""Y. H. Park, "Gradients in a deep neural network and their Python implementations" (2022).

A sample is a column; ``dT`` stands for the gradient of the mean cost J with respect to T.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
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


def _half_squared_error(Z: Array, Y: Array) -> tuple[Any, Array]:
    total, A = squared_error(Z, Y)
    return total / 2, A


_HIDDEN: Activations = {
    "relu": (relu, lambda Z: Z >= 0),  # 1 at 0, eq. (1)
    "sigmoid": (sigmoid, d_sigmoid),  # eq. (2)
}
_HEADS: dict[str, Loss] = {
    "identity": _half_squared_error,
    "sigmoid": binary_cross_entropy,
    "softmax": partial(categorical_cross_entropy, axis=0),
}
HIDDEN = tuple(_HIDDEN)
HEADS = tuple(_HEADS)


def gradients(
    W: Sequence[Array],
    b: Sequence[Array],
    X: Array,
    Y: Array,
    hidden: str = "relu",
    head: str = "softmax",
) -> tuple[Any, list[Array], list[Array]]:
    """Cost of a batch and its gradient, by Theorem 5.4 and Theorem 6.1.

    Parameters
    ----------
    W : sequence of L arrays, shape (n[l], n[l-1])
    b : sequence of L arrays, shape (n[l], 1)
    X : array, shape (n[0], N)
        A sample in each column.
    Y : array, shape (n[L], N)
        Targets; with softmax, one-hot columns or probabilities that sum to one.
    hidden : {"relu", "sigmoid"}
        Activation of the hidden layers; the derivative of relu at 0 is 1.
    head : {"identity", "sigmoid", "softmax"}
        Activation of the output layer, with half the squared error, the binary cross-entropy
        summed over the outputs, or the categorical cross-entropy.

    Returns
    -------
    J : float
        The loss averaged over the N samples.
    dW : list of L arrays, shape (n[l], n[l-1])
    db : list of L arrays, shape (n[l], 1)

    Raises
    ------
    ValueError
        For an unknown `hidden` or `head`, or where `Y` has not the shape of the output.

    Notes
    -----
    The output layer gives ``dZ[L] = (A[L] - Y) / N`` for each head, eq. (30), (36) and section
    6.3; from there eq. (22) to (25) go down the layers.

    Printed otherwise: the softmax of code 1 normalises along axis 1, across samples, where the
    classes lie along axis 0; section 6.3 weighs the logarithms' derivatives by o_i for a while
    where y_i is meant, and sums the softmax to n where there are m classes; eq. (5) is said to
    spell out eq. (1) in place of (3); the first entry of the matrix before Theorem 4.1 has z_i for
    z_1; section 5.2 gives Delta n rows where Z has m, and the introduction lets an activation
    start from the width of the layer before; eq. (35) leaves out the sum over samples; code 4 has
    another name for the weights in one line, code 3 calls a function by another name than it was
    given, and two ``def`` lines lack a colon. ``relu_eps`` is relu to a computer only where
    differences below eps are counted as none; Theorem 5.1 needs a loss that depends on the layer
    through z alone. ``autograd-lite audit --paper park`` checks every statement.
    """
    g, dg = choose("hidden", hidden, _HIDDEN)
    loss = choose("head", head, _HEADS)
    A, Z = [X], [W[0] @ X + b[0]]
    for W_l, b_l in zip(W[1:], b[1:], strict=True):
        A.append(g(Z[-1]))
        Z.append(W_l @ A[-1] + b_l)
    N = X.shape[1]
    Y = targets(Y, Z[-1])
    total, A_L = loss(Z[-1], Y)
    dZ = (A_L - Y) / N
    dW, db = [], []
    for i in reversed(range(len(W))):
        dW.append(dZ @ A[i].T)  # (24): A[i] is the input of the layer that has Z[i]
        db.append(np.sum(dZ, axis=1, keepdims=True))  # (25)
        if i:
            dA = W[i].T @ dZ  # (22)
            dZ = dg(Z[i - 1]) * dA  # (23)
    return total / N, dW[::-1], db[::-1]
