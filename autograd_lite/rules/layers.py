"""Layers as functions of their inputs and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import function
from ..errors import ShapeError
from ..mode import refuse_while_tracing
from ..sums import sum_of_rows
from ..tensor import Tensor, as_array, plain
from .linalg import matmul_right, product, transposed

__all__ = [
    "augment",
    "batch_norm",
    "dropout",
    "embedding",
    "layer_norm",
    "linear",
]


def linear(x: Any, W: Any, b: Any = None) -> Any:
    """Affine map of rows, ``x @ W + b``.

    Parameters
    ----------
    x : array_like, shape (..., D)
    W : array_like, shape (D, K)
    b : array_like, shape (K,), optional

    Returns
    -------
    array or Tensor, shape (..., K)

    Raises
    ------
    ShapeError
        For shapes that do not fit.

    Notes
    -----
    A sample is a row, so that `W` is the transpose of PyTorch's weight.
    """
    if b is None:
        x, W = as_array(x), as_array(W)
        _check_linear(x, W)
        return x @ W
    return _recorded_linear(x, W, b)


def _check_linear(x: Any, W: Any) -> None:
    if np.ndim(W) != 2 or not np.ndim(x) or x.shape[-1] != W.shape[0]:
        raise ShapeError(
            f"linear: W of shape {np.shape(W)} does not fit rows of shape {np.shape(x)}"
        )


def _linear(x: Any, W: Any, b: Any) -> Any:
    try:
        y = product(x, W)
    except ValueError:
        _check_linear(x, W)
        raise
    if W.ndim != 2 or getattr(b, "shape", ()) != y.shape[-1:]:
        _check_linear(x, W)
        raise ShapeError(f"linear: b of shape {np.shape(b)} does not fit W of shape {W.shape}")
    if type(y) is np.ndarray and y.dtype is b.dtype:
        y += b  # the product is nobody else's: large layers need no second array
        return y
    return y + b


_recorded_linear = function(
    _linear,
    lambda g, y, x, W, b: product(g, transposed(W)),
    lambda g, y, x, W, b: matmul_right(g, y, x, W),
    lambda g, y, x, W, b: sum_of_rows(g) if g.ndim == 2 else g,
    broadcasts=True,
)


def augment(x: Any) -> Any:
    """Append a 1 to each row, so that the last row of a weight matrix is the bias.

    Parameters
    ----------
    x : array_like, shape (..., D)

    Returns
    -------
    array or Tensor, shape (..., D + 1)

    Notes
    -----
    ``augment(x) @ np.vstack([W, b])`` is ``x @ W + b``. Every layer needs it: a 1 appended to the
    input of the network alone gives a bias to the first layer only.

    References
    ----------
    Rao, Recursive formulation of the gradient, section 2, which leaves out the bias this way.
    """
    x = as_array(x)
    if not x.ndim:
        raise ShapeError("augment: a single number is no row; give it a shape (..., D)")
    return np.concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], axis=-1)


def dropout(
    x: Any, rate: float, *, rng: np.random.Generator | None = None, mask: Any = None
) -> Any:
    """Set elements to 0 at random and scale the others by ``1 / (1 - rate)``.

    Parameters
    ----------
    x : array_like
    rate : float
        The probability that an element is dropped, from 0 to below 1.
    rng : numpy.random.Generator
        Draws the mask. The mask is a constant on the tape: a replay drops the same elements.
    mask : array_like of bool, shape of `x`
        The elements to keep, in place of `rng`.

    Returns
    -------
    array or Tensor, shape of `x`

    Raises
    ------
    TypeError
        Unless exactly one of `rng` and `mask` is given.
    ValueError
        For a rate outside of 0 ... 1.
    ShapeError
        For a mask of another shape.

    References
    ----------
    Srivastava et al. (2014), Dropout, section 10: scaled in training, so that a prediction needs
    no change.
    """
    x = as_array(x)
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: the rate is a probability from 0 to below 1, not {rate}")
    if (rng is None) == (mask is None):
        raise TypeError(
            "dropout: give rng=np.random.default_rng(seed) to draw a mask, or mask=, not both"
        )
    if rng is not None:
        refuse_while_tracing(
            "a random mask (ag.dropout(x, rate, mask=mask) takes one, model.eval() needs none)"
        )
    mask = as_array(mask if rng is None else rng.random(x.shape) >= rate, "the mask of dropout")
    fitting("dropout", "mask", mask, x.shape)
    return x * (mask.astype(bool).astype(x.dtype) / (1 - rate))


def layer_norm(
    x: Any, weight: Any = None, bias: Any = None, *, axis: Any = -1, eps: float = 1e-5
) -> Any:
    """Shift and scale to mean 0 and variance 1 along the axes of a sample.

    Parameters
    ----------
    x : array_like
    weight, bias : array_like, broadcast to `x`, optional
        Multiplies and is added to the result.
    axis : int or tuple of int
    eps : float
        Is added to the variance (with divisor n).

    Returns
    -------
    array or Tensor, shape of `x`

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer normalization, eq. (3).
    """
    y = _normalized(as_array(x), axis=axis, eps=eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def batch_norm(
    x: Any, weight: Any = None, bias: Any = None, *, channel_axis: int = 1, eps: float = 1e-5
) -> Any:
    """Shift and scale each channel to mean 0 and variance 1 over the batch.

    This is the form for training: the statistics are those of `x` itself. For a prediction with
    stored ones write ``(x - mean) / np.sqrt(var + eps) * weight + bias``.

    Parameters
    ----------
    x : array_like, shape (N, C, ...)
    weight, bias : array_like, shape (C,), optional
        Multiplies and is added to the result, channel by channel.
    channel_axis : int
    eps : float
        Is added to the variance (with divisor n).

    Returns
    -------
    array or Tensor, shape of `x`

    Raises
    ------
    ShapeError
        For a `weight` or `bias` of another shape.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization, algorithm 1.
    """
    x = as_array(x)
    channel = range(x.ndim)[channel_axis]
    shape = tuple(n if i == channel else 1 for i, n in enumerate(x.shape))
    y = _normalized(x, axis=tuple(i for i in range(x.ndim) if i != channel), eps=eps)
    if weight is not None:
        y = y * fitting("batch_norm", "weight", weight, x.shape[channel : channel + 1], shape)
    if bias is not None:
        y = y + fitting("batch_norm", "bias", bias, x.shape[channel : channel + 1], shape)
    return y


def _normalize(x: Any, axis: Any, eps: float) -> Any:
    return _parts(x, axis, eps)[0]


def _parts(x: Any, axis: Any, eps: float) -> Any:
    """The normalized `x`, and the reciprocal of what it was divided by."""
    centered = x - x.mean(axis=axis, keepdims=True)
    inverse = 1 / np.sqrt((centered * centered).mean(axis=axis, keepdims=True) + eps)
    return centered * inverse, inverse


def _normalize_rule(g: Any, y: Any, x: Any, axis: Any, eps: float) -> Any:
    y, inverse = _parts(x, axis, eps)
    along = (g * y).mean(axis=axis, keepdims=True)
    return inverse * (g - g.mean(axis=axis, keepdims=True) - y * along)


_normalized = function(_normalize, _normalize_rule)


def embedding(table: Any, ids: Any) -> Any:
    """Look up rows of a table; the derivatives of a row that is used twice add up.

    Parameters
    ----------
    table : array_like, shape (V, ...)
    ids : array_like of int, shape (...)
        From 0 to V - 1.

    Returns
    -------
    array or Tensor, shape of `ids` followed by that of a row

    Raises
    ------
    TypeError
        For ids that are not integers.
    ValueError
        For ids outside of the table.
    """
    table, ids = as_array(table), as_array(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"embedding: ids are integers, not {ids.dtype}; write ids.astype(int)")
    values = plain(ids)
    if values.size and (values.min() < 0 or values.max() >= len(table)):
        raise ValueError(
            f"embedding: ids from {values.min()} to {values.max()} for a table of {len(table)} rows"
        )
    if isinstance(ids, Tensor) and not isinstance(table, Tensor):
        table = Tensor(table)
    return table[ids]


def fitting(name: str, role: str, value: Any, shape: Any, reshaped: Any = None) -> Any:
    """Refuse an array that has not the wanted shape; give it another one where that is asked."""
    value = as_array(value)
    if value.shape != shape:
        raise ShapeError(f"{name}: {role} has shape {value.shape}, and {shape} is wanted")
    return value.reshape(reshaped) if reshaped else value
