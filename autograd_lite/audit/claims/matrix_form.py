"""The note "Back-propagation derivation" in matrix form, eq. (1) to (42)."""

from __future__ import annotations

from types import SimpleNamespace as Draw

import numpy as np

from ...operators import grad, jacobian
from ..claim import Paper
from ..hand import d_relu, one_hot, relu, softmax

__all__ = ["PAPER"]

PAPER = Paper(
    "matrix_form",
    "Back-propagation derivation (course notes, no author or year)",
    "A sample is a row, w[i, j] leads from unit i to unit j; E is the mean over N samples; the "
    "derivative of relu at 0 is 0.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint


def sample(rng):
    """The output layer for one sample: x below, s its pre-activations, y one-hot."""
    x, W, b = rng.standard_normal(4), rng.standard_normal((4, 3)), rng.standard_normal(3)
    y = one_hot(rng, 1, 3)[0]
    return Draw(x=x, W=W, b=b, s=x @ W + b, y=y, softmax=lambda s: softmax(s, axis=-1))


def loss(c, s):
    """The cross-entropy of one sample, or summed over the rows of s."""
    return -np.sum(c.y * np.log(softmax(s, axis=-1)))


holds(
    "eq2",
    "eq. (2)",
    r"\frac{\partial s_j^{(L)}}{\partial w_{i,j}^{(L)}} = x_i^{(L-1)}",
    sample,
    printed=lambda c: np.einsum("i,jk->jik", c.x, np.eye(3)),
    engine=lambda c: jacobian(lambda W: c.x @ W + c.b)(c.W),
)
