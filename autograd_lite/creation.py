"""Tensors to fill, and Tensors of nested lists that hold Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .tensor import Tensor

__all__ = ["array", "named", "zeros"]


def zeros(shape: int | tuple[int, ...], dtype: Any = float) -> Tensor:
    """Make a constant Tensor of zeros, to be filled by assignment.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True)
    >>> y = zeros(3)
    >>> y[0] = x
    >>> for i in (1, 2):
    ...     y[i] = y[i - 1] * x
    >>> y[2].backward()
    >>> x.grad
    array(27.)
    """
    return Tensor(np.zeros(shape, dtype))


def array(data: Any) -> Any:
    """Make a Tensor of nested lists and tuples, in which Tensors may stand.

    Parameters
    ----------
    data : array_like
        ``np.array`` itself would cut the Tensors off the tape, and refuses.

    Returns
    -------
    Tensor
    """
    if isinstance(data, (list, tuple)):
        return np.stack([array(item) for item in data]) if len(data) else Tensor(np.array(data))
    return data if isinstance(data, Tensor) else Tensor(data)


def named(x: Any, name: str) -> Any:
    """Give a Tensor a name, for pictures and derived programs, and return it.

    Parameters
    ----------
    x : Tensor or array
        An array has no place for a name, and is returned as it is.
    name : str
    """
    if isinstance(x, Tensor):
        x.name = name
    return x
