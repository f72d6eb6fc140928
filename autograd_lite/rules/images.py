"""Convolution and pooling of images (N, C, H, W).

Two ops have rules, each the other's: the windows of an image, and the sum of windows into one.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..declare import function
from ..errors import ShapeError
from ..tensor import as_array
from .layers import fitting

__all__ = ["avg_pool2d", "conv2d", "max_pool2d"]


def conv2d(x: Any, w: Any, b: Any = None, *, stride: Any = 1, padding: Any = 0) -> Any:
    """Slide kernels over images: at each place the sum of the products (cross-correlation).

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (K, C, R, S)
    b : array_like, shape (K,), optional
    stride : int or pair of int
        How far the kernel moves down and to the right.
    padding : int or pair of int
        Rows and columns of zeros around the images.

    Returns
    -------
    array or Tensor, shape (N, K, (H + 2 * padding - R) // stride + 1, ...)

    Raises
    ------
    ShapeError
        For shapes that do not fit, or a kernel that is larger than the padded image.
    ValueError
        For a stride below 1 or a negative padding.

    References
    ----------
    Dumoulin and Visin (2016), A guide to convolution arithmetic, relationship 6, for the shape.
    Chellapilla, Puri and Simard (2006), High performance convolutional neural networks for
    document processing, for convolution as a matrix product.
    """
    x, w = as_array(x), as_array(w)
    if w.ndim != 4 or x.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ShapeError(
            f"conv2d: kernels of shape {w.shape} do not fit images of shape {x.shape}; "
            "they are (K, C, R, S) and (N, C, H, W)"
        )
    windows = _cut("conv2d", x, w.shape[2:], stride, _pair("padding", padding, 0))
    k, (n, c, r, s, rows, columns) = w.shape[0], windows.shape
    y = w.reshape(k, c * r * s) @ windows.reshape(n, c * r * s, rows * columns)
    y = y.reshape(n, k, rows, columns)
    return y if b is None else y + fitting("conv2d", "b", b, (k,), (k, 1, 1))


def max_pool2d(x: Any, size: Any, stride: Any = None) -> Any:
    """Take the largest element of each window; those that tie share its derivative.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    size : int or pair of int
        Height and width of a window.
    stride : int or pair of int, optional
        How far the window moves; by its size by default. What is left over at the lower and
        right border is ignored.

    Returns
    -------
    array or Tensor, shape (N, C, (H - size) // stride + 1, ...)

    Raises
    ------
    ShapeError
        For an `x` with other than four axes, or a window that is larger than the image.
    ValueError
        For a size or stride below 1.
    """
    return _pooled("max_pool2d", x, size, stride).max(axis=2)


def avg_pool2d(x: Any, size: Any, stride: Any = None) -> Any:
    """Take the mean of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    size, stride : int or pair of int
        As in `max_pool2d`.

    Returns
    -------
    array or Tensor, shape (N, C, (H - size) // stride + 1, ...)

    Raises
    ------
    ShapeError, ValueError
        As in `max_pool2d`.
    """
    return _pooled("avg_pool2d", x, size, stride).mean(axis=2)


def _pooled(name: str, x: Any, size: Any, stride: Any) -> Any:
    """The elements of each window side by side, (N, C, R * S, rows, columns)."""
    x = as_array(x)
    if x.ndim != 4:
        raise ShapeError(f"{name}: images of shape (N, C, H, W) are wanted, not {x.shape}")
    size = _pair("size", size, 1)
    windows = _cut(name, x, size, size if stride is None else stride, (0, 0))
    n, c, r, s, rows, columns = windows.shape
    # A copy: NumPy reduces it twenty times faster than the view.
    return windows.reshape(n, c, r * s, rows, columns)


def _cut(name: str, x: Any, size: Any, stride: Any, padding: Any) -> Any:
    if any(n + 2 * p < s for n, p, s in zip(x.shape[2:], padding, size, strict=True)):
        raise ShapeError(f"{name}: a window of {size} is larger than images of shape {x.shape}")
    return _windows(x, size=tuple(size), stride=_pair("stride", stride, 1), padding=padding)


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or any(int(n) != n or n < least for n in pair):
        raise ValueError(f"{name} is an integer from {least} up, or two of them, not {value!r}")
    return int(pair[0]), int(pair[1])


def _cut_windows(x: Any, size: Any, stride: Any, padding: Any) -> Any:
    """All windows of images (N, C, H, W), as (N, C, R, S, rows, columns): a view."""
    (up, left), (down, right) = padding, stride
    if up or left:
        x = np.pad(x, ((0, 0), (0, 0), (up, up), (left, left)))
    views = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    return views[:, :, ::down, ::right].transpose(0, 1, 4, 5, 2, 3)


def _add_windows(g: Any, shape: Any, size: Any, stride: Any, padding: Any) -> Any:
    """Images of `shape`, with each window added in its place; one pass for each of its elements."""
    (up, left), (down, right) = padding, stride
    n, c, height, width = shape
    images = np.zeros((n, c, height + 2 * up, width + 2 * left), g.dtype)
    rows, columns = g.shape[-2:]
    for i, j in itertools.product(range(size[0]), range(size[1])):
        part = images[:, :, i : i + down * rows : down, j : j + right * columns : right]
        part += g[:, :, i, j]
    return images[:, :, up : up + height, left : left + width]


_windows: Any = function(
    _cut_windows,
    lambda g, y, x, size, stride, padding: _summed(
        g, shape=x.shape, size=size, stride=stride, padding=padding
    ),
)
_summed: Any = function(
    _add_windows,
    lambda g, y, x, shape, size, stride, padding: _windows(
        g, size=size, stride=stride, padding=padding
    ),
)
