"""Functions a model reads better with, stable for logits of any size.

Each is declared like a NumPy function: what computes it, then its rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import function, ufunc
from ..errors import NoRuleError, ShapeError
from ..sums import row_sums, surely_ones
from ..tensor import Tensor
from .reductions import kept

__all__ = [
    "check_labels",
    "cross_entropy",
    "log_softmax",
    "logsumexp",
    "must_be_real",
    "relu",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "stop_gradient",
]


_REAL = np.dtype(float)


def must_be_real(name: str, x: Any) -> None:
    """Refuse complex numbers, for which the function would mean something else."""
    if getattr(x, "dtype", _REAL).kind == "c":
        raise NoRuleError(f"{name} is defined for real numbers, and was given complex ones")


_ZEROS = {np.dtype(kind): np.zeros((), kind) for kind in "fd"}


def _zero(x: Any) -> Any:
    """0 to compare an array with: NumPy would make an array of a number, and cast it, each time."""
    return _ZEROS.get(x.dtype, 0) if type(x) is np.ndarray else 0


def _relu(x: Any, at_zero: int = 0) -> Any:
    """Rectify: ``max(x, 0)``.

    Parameters
    ----------
    x : array_like
    at_zero : {0, 1}
        The derivative at 0, where there is none: papers take either.

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Park (2022), eq. (1), takes 1; Whitehill (2020), section 3, and Menon (2021), section 3.1, 0.
    """
    if at_zero not in (0, 1):
        raise ValueError(f"relu: at_zero is the derivative at 0, 0 or 1, not {at_zero!r}")
    must_be_real("relu", x)
    return np.maximum(x, _zero(x))


relu = ufunc(_relu, lambda g, y, x, at_zero=0: g * (x >= _zero(x) if at_zero else x > _zero(x)))


def _sigmoid(x: Any) -> Any:
    """Logistic function ``1 / (1 + exp(-x))``, without overflow.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Park (2022), eq. (2), for its derivative ``y * (1 - y)``.
    """
    must_be_real("sigmoid", x)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


sigmoid = ufunc(_sigmoid, lambda g, y, x: g * (y * (1 - y)))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Logarithm of the sum of exponentials, ``log(sum(exp(x)))``.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        All axes by default.
    keepdims : bool

    Returns
    -------
    array or Tensor
    """
    must_be_real("logsumexp", x)
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    y = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis=axis)


def _logsumexp_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    shape = kept(x.shape, axis)
    return g.reshape(shape) * np.exp(x - y.reshape(shape))


logsumexp = function(_logsumexp, _logsumexp_rule)


def _softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that sum to one along an axis.

    Parameters
    ----------
    x : array_like
    axis : int

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Park (2022), eq. (39), for its Jacobian.
    """
    must_be_real("softmax", x)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


softmax = function(
    _softmax, lambda g, y, x, axis=-1: y * (g - (g * y).sum(axis=axis, keepdims=True))
)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of `softmax`, finite where that underflows.

    Parameters
    ----------
    x : array_like
    axis : int

    Returns
    -------
    array or Tensor, shape of `x`
    """
    must_be_real("log_softmax", x)
    z = x - x.max(axis=axis, keepdims=True)
    e = np.exp(z)
    return z - np.log(row_sums(e)[..., None] if axis == -1 else e.sum(axis=axis, keepdims=True))


log_softmax = function(
    _log_softmax, lambda g, y, x, axis=-1: g - np.exp(y) * g.sum(axis=axis, keepdims=True)
)


def cross_entropy(logits: Any, labels: Any, log_p: Any) -> Any:
    """Compute the loss from the log-probabilities, which were computed from the logits."""
    check_labels(labels, logits.shape)
    if labels.ndim == logits.ndim:
        total = np.vdot(labels, log_p)
        if total != total:  # NaN: where a probability is 0, its logarithm counts if its label does
            total = np.vdot(labels, np.where(labels == 0, 0, log_p))
        return -total / max(labels.size // labels.shape[-1], 1)
    rows = log_p.reshape(-1, log_p.shape[-1])
    return -rows[np.arange(labels.size), labels.reshape(-1)].mean()


def _cross_entropy_rule(g: Any, y: Any, logits: Any, labels: Any, log_p: Any) -> Any:
    k = logits.shape[-1]
    if labels.ndim < logits.ndim:
        labels = labels[..., None] == np.arange(k)
    return (np.exp(log_p) - labels) * (g * (1 / max(logits.size // k, 1)))


# The log-probabilities are computed from the logits, and the rule of the logits is their whole
# derivative; it reads `P - Y` off the tape and differentiates again through them.
_record_cross_entropy = function(cross_entropy, _cross_entropy_rule, None, None)


def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean over the samples of the cross-entropy between labels and the softmax of logits.

    Parameters
    ----------
    logits : array_like, shape (..., K)
    labels : array_like of int, shape (...), or of numbers, shape (..., K)
        Classes from 0 to K - 1, or one-hot rows or probabilities that sum to one. Constants: no
        derivative flows to them.

    Returns
    -------
    array or Tensor, shape ()

    Raises
    ------
    TypeError
        For classes that are not integers, or labels that are complex or require a gradient.
    ValueError
        For classes outside 0 ... K - 1, or rows that do not sum to one.
    ShapeError
        For labels of another shape.

    References
    ----------
    Matrix-form note, eq. (3) to (6); Park (2022), section 6.3: the derivative is ``P - Y``.
    """
    if not isinstance(logits, Tensor):
        logits = np.asarray(logits)
    labels = _labels(labels, logits.shape, logits.dtype)
    return _record_cross_entropy(logits, labels, log_softmax(logits))


def _labels(labels: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Check labels; give rows of them the dtype of floating-point logits."""
    name = "softmax_cross_entropy"
    if not isinstance(labels, Tensor):
        labels = np.asarray(labels)
    elif labels.requires_grad:
        raise TypeError(
            f"{name}: no derivative flows to the labels; for one write "
            "-np.sum(labels * ag.log_softmax(logits), axis=-1).mean()"
        )
    kind = labels.dtype.kind
    if kind == "c":
        raise TypeError(f"{name}: labels cannot be complex")
    if shape and labels.shape == shape:
        if labels.dtype == dtype or dtype.kind != "f":
            return labels
        return labels.astype(dtype)  # or a loss of float32 logits would be float64
    if not shape or labels.shape != shape[:-1]:
        raise ShapeError(
            f"{name}: labels of shape {labels.shape} do not fit logits of shape {shape}; "
            f"give classes of shape {shape[:-1]} or one-hot rows of shape {shape}"
        )
    if kind not in "iu":
        raise TypeError(
            f"{name}: classes must be integers, not {labels.dtype}; write labels.astype(int), "
            f"or give one-hot rows of shape {shape}"
        )
    return labels


def _most_off(dtype: Any) -> float:
    """How far from one the sum of a row of probabilities may be, which are rounded."""
    return 1e-2 if dtype == np.float16 else 1e-3


def check_labels(labels: Any, shape: tuple[int, ...]) -> None:
    """Check the values, which may be other ones each time that a program runs."""
    name = "softmax_cross_entropy"
    if labels.shape == shape:
        sums = row_sums(labels)
        if not (surely_ones(sums) or np.abs(sums - 1.0).max(initial=0.0) < _most_off(labels.dtype)):
            raise ValueError(f"{name}: each row of labels must sum to one, as probabilities do")
    elif labels.size and (labels.min() < 0 or labels.max() >= shape[-1]):
        wrong = labels[(labels < 0) | (labels >= shape[-1])].flat[0]
        raise ValueError(
            f"{name}: class {wrong} is outside 0 ... {shape[-1] - 1}, for logits of shape {shape}"
        )


def _stop_gradient(x: Any) -> Any:
    """Return `x` as a constant: nothing flows back through it.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    array or Tensor, shape of `x`
    """
    return x


stop_gradient = function(_stop_gradient, arity=1)
