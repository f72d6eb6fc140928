"""The note "Back-propagation derivation" in matrix form: relu layers under a softmax.

A sample is a row. Written to be fast as well: activations overwrite pre-activations, and 1/N is
multiplied in once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._functions import Array, Function, choose, targets

__all__ = ["HEADS", "HIDDEN", "gradients"]

# theta' is read off X = theta(S), which is positive exactly where S is: 0 at 0, eq. (23).
_THETA: dict[str, Function] = {"relu": lambda X: X > 0}
HIDDEN = tuple(_THETA)
HEADS = ("softmax",)


def gradients(
    W: Sequence[Array],
    b: Sequence[Array],
    X: Array,
    Y: Array,
    hidden: str = "relu",
    head: str = "softmax",
) -> tuple[Any, list[Array], list[Array]]:
    """Mean cross-entropy of a batch and its gradient, eq. (9), (10), (17), (33), (41), (42).

    Parameters
    ----------
    W : sequence of L arrays, shape (d[l-1], d[l])
    b : sequence of L arrays, shape (1, d[l]) or (d[l],)
    X : array, shape (N, d[0])
        A sample in each row.
    Y : array, shape (N, d[L])
        One-hot rows, or probabilities that sum to one.
    hidden : {"relu"}
        Activation of the hidden layers; its derivative at 0 is 0.
    head : {"softmax"}
        Activation of the output layer, with the categorical cross-entropy.

    Returns
    -------
    E : float
        The loss averaged over the N samples.
    dW : list of L arrays, shape (d[l-1], d[l])
    db : list of L arrays, of the shapes of `b`

    Raises
    ------
    ValueError
        For an unknown `hidden` or `head`, or where `Y` has not the shape of the output.

    Notes
    -----
    Eq. (42) without its transposes is ``Delta[l] = theta'(S[l]) * (Delta[l+1] @ W[l+1].T)``.

    Printed otherwise: the bias gradient of a batch is called a sum of eq. (12), which is the
    constant 1, where (13) is meant; its shape [1 x d] is called a column; eq. (15) and (39) give
    it as a column for one sample and (17) and (41) as a row for many; a sum over the inputs of
    layer L runs to d^(l-1) for d^(L-1); table 1 gives y the size of any layer where it has that of
    the last, K; eq. (3) uses k for the sum inside the sum over k; (13) and (37) have i on one side
    and j on the other, as have (23) and (4) where it is quoted again; of the two tables announced
    there is one. ``autograd-lite audit --paper matrix_form`` checks every statement.
    """
    d_theta = choose("hidden", hidden, _THETA)
    choose("head", head, dict.fromkeys(HEADS))
    Xs = [X]
    for W_l, b_l in zip(W, b, strict=True):
        S = Xs[-1] @ W_l
        S += b_l
        Xs.append(np.maximum(S, 0, out=S) if len(Xs) < len(W) else S)
    S = Xs.pop()
    N = len(X)
    Y = targets(Y, S)
    S -= S.max(axis=1, keepdims=True)
    P = np.exp(S)
    total = P.sum(axis=1, keepdims=True)
    E = (np.log(total).sum() - np.vdot(Y, S)) / N  # (3)
    P /= total
    Delta = np.subtract(P, Y, out=P)  # (10)
    Delta /= N
    ones = np.ones((1, N), Delta.dtype)
    dW, db = [], []
    for i in reversed(range(len(W))):
        dW.append(Xs[i].T @ Delta)  # (9), (33)
        db.append((ones @ Delta).reshape(b[i].shape))  # (17), (41)
        if i:
            Delta = Delta @ W[i].T
            Delta *= d_theta(Xs[i])  # (34), (42)
    return E, dW[::-1], db[::-1]
