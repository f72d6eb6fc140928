"""A. Rao, "Recursive formulation of the gradient in a dense feed-forward deep neural network".

A data point is a row. The paper has no biases; here the input of every layer ends with a 1.
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

_HIDDEN: Activations = {
    "relu": (relu, lambda S: S > 0),
    "sigmoid": (sigmoid, d_sigmoid),
    "tanh": (np.tanh, lambda S: 1 - np.tanh(S) ** 2),
    "identity": (np.positive, np.ones_like),
}
# The loss, and the factor of P (x) I in its gradient.
_HEADS: dict[str, tuple[Loss, int]] = {
    "identity": (squared_error, 2),  # appendix A
    "softmax": (partial(categorical_cross_entropy, axis=1), 1),  # appendix B
    "sigmoid": (binary_cross_entropy, 1),  # appendix C, Bernoulli: 1 / d(tau) is 1
}
HIDDEN = tuple(_HIDDEN)
HEADS = tuple(_HEADS)


def _augmented(O_l: Array) -> Array:
    return np.concatenate([O_l, np.ones((len(O_l), 1), O_l.dtype)], axis=1)


def gradients(
    W: Sequence[Array],
    X: Array,
    Y: Array,
    hidden: str = "relu",
    head: str = "softmax",
    l1: float | Sequence[float] = 0.0,
    l2: float | Sequence[float] = 0.0,
) -> tuple[Any, list[Array]]:
    """Loss summed over the data points and its gradient, by the proxy errors P of section 3.

    Parameters
    ----------
    W : sequence of L + 1 arrays, shape (size of O_l, size of I_l)
        The input I_l is the output of the layer below followed by a 1, so that the last column
        of W_l is the bias.
    X : array, shape (points, features)
        A data point in each row, without the 1.
    Y : array, shape (points, outputs)
        Targets; with softmax, one-hot rows or probabilities that sum to one.
    hidden : {"relu", "sigmoid", "tanh", "identity"}
        Activation of the hidden layers, which the paper leaves open; the derivative of relu at 0
        is taken to be 0.
    head : {"identity", "softmax", "sigmoid"}
        Activation of the output layer: regression with the squared error (appendix A),
        classification with the categorical cross-entropy (B), or the generalized linear model
        of appendix C for Bernoulli variables, with their negative log-likelihood.
    l1, l2 : float or sequence of L + 1 floats
        Coefficients of sum|W_l| and sum W_l**2, added once and not for each point. Biases are
        entries of W_l and are penalised with it.

    Returns
    -------
    loss : float
        Summed over the data points.
    dW : list of L + 1 arrays, shape (size of O_l, size of I_l)

    Raises
    ------
    ValueError
        For an unknown `hidden` or `head`, where `Y` has not the shape of the output, or where
        there are not as many coefficients as layers.

    Notes
    -----
    Printed otherwise: section 3 takes the derivative A'_l at the output O_l, but its argument is
    the pre-activation (which makes no difference to identity, relu and leaky relu); its factor 2
    belongs to the squared error only (for the likelihood of appendix C it is 1 / d(tau)); a 1
    appended to X alone gives a bias to layer 0 only; appendix A counts mn + m parameters where
    there are mn + n, and sums over the index j it differentiates by; the loss of appendix B has
    terms (1 - Y_k) log(1 - R_k) that the categorical cross-entropy has not, and its chain rule
    leaves out how S_k moves the other R_i; R_k - Y_k is the gradient of the cross-entropy
    nevertheless, and half of the printed loss's for K = 2; appendix C calls a link what is the
    inverse of one, and has it yield Y where it yields the mean of Y. ``autograd-lite audit --paper
    rao`` checks every statement.
    """
    A, dA = choose("hidden", hidden, _HIDDEN)
    loss, factor = choose("head", head, _HEADS)
    Is = [_augmented(X)]
    S = [Is[0] @ W[0].T]
    for W_l in W[1:]:
        Is.append(_augmented(A(S[-1])))
        S.append(Is[-1] @ W_l.T)
    Y = targets(Y, S[-1])
    total, O_L = loss(S[-1], Y)
    P = O_L - Y  # E
    dW = []
    for i in reversed(range(len(W))):
        dW.append(factor * P.T @ Is[i])
        if i:
            P = (P @ W[i][:, :-1]) * dA(S[i - 1])  # no error goes into the appended 1
    dW.reverse()
    # As Python's floats the coefficients leave float32 as it is.
    coefficients = (np.broadcast_to(c, len(W)).tolist() for c in (l1, l2))
    for i, (W_l, c1, c2) in enumerate(zip(W, *coefficients, strict=True)):
        total = total + c1 * np.sum(np.abs(W_l)) + c2 * np.sum(W_l**2)
        dW[i] += c1 * np.sign(W_l) + 2 * c2 * W_l
    return total, dW
