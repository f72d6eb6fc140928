"""Activations, and the loss of a logistic model; finite for inputs of any size.

A function is written in others that have rules; one has a rule of its own where those would be
wrong at a point or lose digits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..declare import function, ufunc
from ..errors import ShapeError
from ..tensor import as_array
from .neural import must_be_real, sigmoid

__all__ = [
    "check_targets",
    "elu",
    "gelu",
    "leaky_relu",
    "relu_eps",
    "selu",
    "sigmoid_cross_entropy",
    "silu",
    "softplus",
    "with_targets",
]


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """Rectify, with a small slope below 0 (and at 0).

    Parameters
    ----------
    x : array_like
    negative_slope : float

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models.
    """
    must_be_real("leaky_relu", x)
    x = as_array(x)
    return np.where(x > 0, x, negative_slope * x)


def relu_eps(x: Any, eps: float) -> Any:
    """Rectify, with a smooth bend between ``-eps`` and 0.

    Parameters
    ----------
    x : array_like
    eps : float
        Width of the bend; positive.

    Returns
    -------
    array or Tensor, shape of `x`
        Its derivative is continuous: 0 up to ``-eps``, 1 from 0.

    Raises
    ------
    ValueError
        For an `eps` that is not positive.

    References
    ----------
    Park (2022), section 3, before Lemma 3.1.
    """
    must_be_real("relu_eps", x)
    if not eps > 0:
        raise ValueError(f"relu_eps: eps is the width of the bend, positive, not {eps}")
    x = as_array(x)
    bends = (-eps < x) & (x < 0)
    t = np.where(bends, x, 0) / eps
    return np.where(bends, eps * (t - 3 * t**3 - 2 * t**4), np.where(x < 0, 0, x))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: `x` above 0, ``alpha * (exp(x) - 1)`` below.

    Parameters
    ----------
    x : array_like
    alpha : float
        Minus the limit at minus infinity, and the derivative at 0.

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by
    exponential linear units, section 3.
    """
    must_be_real("elu", x)
    x = as_array(x)
    above = x > 0
    return np.where(above, x, alpha * np.expm1(np.where(above, 0, x)))


_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


def selu(x: Any) -> Any:
    """Scaled `elu` that keeps mean 0 and variance 1 from layer to layer.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array or Tensor, shape of `x`
        At 0 the derivative is the one from below, 1.758.

    References
    ----------
    Klambauer et al. (2017), Self-normalizing neural networks, eq. (2).
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def _softplus(x: Any) -> Any:
    """Smooth rectifier ``log(1 + exp(x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Dugas et al. (2001), Incorporating second-order functional knowledge for better option
    pricing; its derivative is `sigmoid`.
    """
    must_be_real("softplus", x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


softplus = ufunc(_softplus, lambda g, y, x: g * sigmoid(x))


def silu(x: Any) -> Any:
    """Sigmoid-weighted unit ``x * sigmoid(x)``, also called swish.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning.
    """
    x = as_array(x)
    return x * sigmoid(x)


def gelu(x: Any, approximate: str = "tanh") -> Any:
    """Gaussian error linear unit: `x` times the probability that a normal number is below `x`.

    Parameters
    ----------
    x : array_like
    approximate : {"tanh", "none"}
        ``"tanh"`` (the default here and in JAX; PyTorch's is ``"none"``) is within 5e-4 of the
        exact form, ``"none"``, which needs SciPy: ``pip install 'autograd-lite[scipy]'``.

    Returns
    -------
    array or Tensor, shape of `x`

    Raises
    ------
    ImportError
        For the exact form where SciPy is not installed.
    ValueError
        For another `approximate`.

    References
    ----------
    Hendrycks and Gimpel (2016), Gaussian error linear units, section 2. The tanh is written as
    ``(1 + tanh(z)) / 2 = sigmoid(2 * z)``, which keeps its digits for negative `x`.
    """
    x = as_array(x)
    if approximate == "tanh":
        return x * sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * (x * x * x)))
    if approximate != "none":
        raise ValueError(f"gelu: approximate is 'tanh' or 'none', not {approximate!r}")
    try:
        from scipy.special import ndtr
    except ImportError as error:
        raise ImportError(
            "gelu: the exact form needs SciPy: pip install 'autograd-lite[scipy]', "
            "or write approximate='tanh'"
        ) from error
    return x * ndtr(x)


def logistic_loss(logits: Any, targets: Any) -> Any:
    """Compute the mean loss of logits of yes or no."""
    check_targets(targets)
    above = np.maximum(logits, 0) - logits * targets
    return (above + np.log1p(np.exp(-np.abs(logits)))).mean()


def check_targets(targets: Any) -> None:
    """Check the values, which may be other ones each time that a program runs."""
    if targets.size and not (targets.min() >= 0 and targets.max() <= 1):
        raise ValueError(
            f"sigmoid_cross_entropy: targets are from 0 to 1, and these reach from "
            f"{targets.min()} to {targets.max()}; for classes -1 and 1 write (targets + 1) / 2"
        )


_record_logistic_loss = function(
    logistic_loss,
    lambda g, y, logits, targets: (sigmoid(logits) - targets) * (g / logits.size),
    lambda g, y, logits, targets: -logits * (g / logits.size),
)


def sigmoid_cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean cross-entropy between targets and the sigmoid of logits.

    Parameters
    ----------
    logits : array_like, shape (...)
    targets : array_like, shape (...)
        Classes 0 and 1, or probabilities.

    Returns
    -------
    array or Tensor, shape ()

    Raises
    ------
    ShapeError
        For targets of another shape, which would be broadcast into a matrix of losses.
    ValueError
        For targets outside of 0 ... 1.

    References
    ----------
    The derivative by the logits is ``(sigmoid - target) / size``: Bishop (2006), Pattern
    recognition and machine learning, eq. (4.91).
    """
    return _record_logistic_loss(*with_targets("sigmoid_cross_entropy", logits, targets))


def with_targets(name: str, predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Predictions, and targets of the same shape and precision.

    Raises
    ------
    ShapeError
        For targets of another shape, which would be broadcast into a matrix of losses.
    """
    predictions, targets = as_array(predictions), as_array(targets)
    if predictions.shape != targets.shape:
        raise ShapeError(
            f"{name}: targets of shape {targets.shape} for predictions of shape "
            f"{predictions.shape}; give both one shape, as with predictions.reshape(targets.shape)"
        )
    dtype = predictions.dtype if predictions.dtype.kind == "f" else np.dtype(float)
    if targets.dtype != dtype and targets.dtype.kind in "biuf":
        targets = targets.astype(dtype)  # or a loss of float32 predictions would be float64
    return predictions, targets
