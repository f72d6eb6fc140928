"""J. Whitehill, "Feed-forward neural networks", lecture notes (2020): relu under a softmax.

A sample is a column. The notes write g as a row for one sample; here, as a column for each.
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
    categorical_cross_entropy,
    choose,
    relu,
    targets,
)

__all__ = ["HEADS", "HIDDEN", "gradients"]

_HIDDEN: Activations = {"relu": (relu, lambda z: z > 0)}  # 0 at 0, section 3
_HEADS: dict[str, Loss] = {"softmax": partial(categorical_cross_entropy, axis=0)}
HIDDEN = tuple(_HIDDEN)
HEADS = tuple(_HEADS)


def gradients(
    W: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    hidden: str = "relu",
    head: str = "softmax",
) -> tuple[Any, list[Array], list[Array]]:
    """Mean cross-entropy of a batch and its gradient, by the two passes of section 7.

    Parameters
    ----------
    W : sequence of l - 1 arrays, shape (units, units below)
        The number of layers, l, counts the input and the output.
    b : sequence of l - 1 arrays, shape (units, 1)
    x : array, shape (features, n)
        An example in each column.
    y : array, shape (classes, n)
        One-hot columns, or probabilities that sum to one.
    hidden : {"relu"}
        Activation of the hidden layers; its derivative at 0 is 0.
    head : {"softmax"}
        Activation of the output layer, with the categorical cross-entropy.

    Returns
    -------
    J : float
        The loss averaged over the n examples.
    dW : list of l - 1 arrays, shape (units, units below)
    db : list of l - 1 arrays, shape (units, 1)

    Raises
    ------
    ValueError
        For an unknown `hidden` or `head`, or where `y` has not the shape of the output.

    Notes
    -----
    Section 7.1 is the first loop, section 7.2 the second, which starts as 7.2.1 allows.

    Printed otherwise: n is the length of a vector in section 2 and the number of examples
    elsewhere; the blocks of section 3 need vec to go by rows, where section 2 leaves the choice;
    7.2.1 sets the row g^T to a column; g is a row in the chain rule and a column in the gradients
    of sections 5 and 7; J is a mean over n examples where the gradients are those of one; section
    8 finds no gradient at all where every parameter is 0, but that of the output bias is ``yhat -
    y``. ``autograd-lite audit --paper whitehill`` checks every statement.
    """
    a, da = choose("hidden", hidden, _HIDDEN)
    cost = choose("head", head, _HEADS)
    h, z = [x], [W[0] @ x + b[0]]
    for W_i, b_i in zip(W[1:], b[1:], strict=True):
        h.append(a(z[-1]))
        z.append(W_i @ h[-1] + b_i)
    n = x.shape[1]
    y = targets(y, z[-1])
    total, yhat = cost(z[-1], y)
    g = (yhat - y) / n
    dW, db = [], []
    for i in reversed(range(len(W))):
        db.append(np.sum(g, axis=1, keepdims=True))  # step (b)
        dW.append(g @ h[i].T)  # step (c)
        if i:
            g = W[i].T @ g  # step (d)
            g = g * da(z[i - 1])  # step (a) of the layer below
    return total / n, dW[::-1], db[::-1]
