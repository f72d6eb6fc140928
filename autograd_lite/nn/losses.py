"""Losses, each a mean over all entries unless told otherwise, and penalties."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.activations import sigmoid_cross_entropy, softplus, with_targets
from ..rules.neural import softmax_cross_entropy, stop_gradient
from ..tensor import plain
from ..tree import flatten

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy"]
__all__ += ["huber", "l1_penalty", "l2_penalty", "mse", "squared_error"]

cross_entropy = softmax_cross_entropy


def squared_error(
    prediction: Any, target: Any, *, half: bool = False, reduction: str = "mean"
) -> Any:
    """Square the differences.

    Parameters
    ----------
    prediction, target : array_like, shape (...)
    half : bool
        Whether to halve it, so that its derivative is the error itself.
    reduction : {"mean", "sum", "none"}
        Over all entries: for rows of K outputs, "mean" divides by N * K. A paper's ``1/(2N)``
        times the sum of squares is ``half=True, reduction="sum"``, divided by N.

    Returns
    -------
    array or Tensor, shape (), or (...) with ``reduction="none"``

    Raises
    ------
    ShapeError
        For shapes that differ, which would be broadcast into a matrix of losses.
    ValueError
        For another `reduction`.
    """
    prediction, target = with_targets("squared_error", prediction, target)
    each = (prediction - target) ** 2
    return _reduced(each / 2 if half else each, reduction)


mse = squared_error


def huber(prediction: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of differences up to `delta`, and linear beyond.

    Parameters
    ----------
    prediction, target, reduction
        As of `squared_error`.
    delta : float
        Positive; the largest derivative.

    References
    ----------
    Huber (1964), Robust estimation of a location parameter, section 3, example (iii).
    """
    if not delta > 0:
        raise ValueError(f"huber: delta must be positive, not {delta}")
    prediction, target = with_targets("huber", prediction, target)
    error = prediction - target
    inner = np.clip(error, -delta, delta)
    return _reduced(inner * (error - inner / 2), reduction)


def binary_cross_entropy(probability: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy between targets and probabilities.

    Parameters
    ----------
    probability, target : array_like, shape (...)
        From 0 to 1, else a ValueError is raised.
    reduction : {"mean", "sum", "none"}

    Notes
    -----
    As in PyTorch, no logarithm is below -100, and no derivative of one above 1e12: a certain
    mistake costs 100. A certain truth has the derivative -1 or 1, where PyTorch has 0.
    """
    p, y = with_targets("binary_cross_entropy", probability, target)
    for what, values in (("probabilities", plain(p)), ("targets", plain(y))):
        if np.size(values) and not (np.min(values) >= 0 and np.max(values) <= 1):
            raise ValueError(
                f"binary_cross_entropy: {what} are from 0 to 1, and these reach from "
                f"{np.min(values)} to {np.max(values)}; for logits, "
                "write binary_cross_entropy_with_logits"
            )
    return _reduced(-(y * _log(p) + (1 - y) * _log(1 - p)), reduction)


def _log(p: Any) -> Any:
    inside = p > 1e-12
    fixed = stop_gradient(p)
    below = np.maximum(np.log(np.maximum(fixed, 1e-44)), -100) + (p - fixed) * 1e12
    return np.where(inside, np.log(np.where(inside, p, 1)), below)


def binary_cross_entropy_with_logits(logits: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy between targets and the sigmoid of logits: `ag.sigmoid_cross_entropy`.

    Parameters
    ----------
    logits, target : array_like, shape (...)
        Targets are from 0 to 1, logits of any size.
    reduction : {"mean", "sum", "none"}
    """
    x, y = with_targets("binary_cross_entropy_with_logits", logits, target)
    if reduction == "mean":
        return sigmoid_cross_entropy(x, y)
    # Both terms are positive: where one is small nothing cancels.
    return _reduced(y * softplus(-x) + (1 - y) * softplus(x), reduction)


def l1_penalty(parameters: Any, coefficient: float) -> Any:
    """Sum the magnitudes of all entries, times a coefficient.

    Parameters
    ----------
    parameters : array, Tensor, or nested structure of them
    coefficient : float

    Returns
    -------
    array or Tensor, shape ()
        Its derivative is ``coefficient * sign(W)``.

    References
    ----------
    Rao, Recursive formulation of the gradient, section 3.
    """
    return coefficient * sum(np.sum(np.abs(W)) for W in flatten(parameters))


def l2_penalty(parameters: Any, coefficient: float) -> Any:
    """Sum the squares of all entries, times a coefficient.

    Parameters
    ----------
    parameters : array, Tensor, or nested structure of them
    coefficient : float

    Returns
    -------
    array or Tensor, shape ()
        Its derivative is ``2 * coefficient * W``: there is no half, unlike in an optimizer's
        weight decay.

    References
    ----------
    Rao, Recursive formulation of the gradient, section 3.
    """
    return coefficient * sum(np.sum(np.square(W)) for W in flatten(parameters))


def _reduced(each: Any, reduction: str) -> Any:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"a loss's reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    return each if reduction == "none" else getattr(each, reduction)()
