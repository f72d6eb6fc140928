"""Data in portions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["batches"]


def batches(
    X: np.ndarray, y: np.ndarray, size: int = 32, rng: np.random.Generator | int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Go once through samples and labels in random order; the last batch may be smaller.

    Parameters
    ----------
    X : ndarray, shape (N, ...)
    y : ndarray, shape (N, ...)
    size : int
        Samples in a batch.
    rng : numpy.random.Generator or int, optional
        Draws the order. Pass one Generator for all epochs: a seed gives each the same order.

    Yields
    ------
    X_batch : ndarray, shape (size, ...)
    y_batch : ndarray, shape (size, ...)

    Raises
    ------
    ValueError
        For samples and labels that differ in number, or a size that is not positive; at the call,
        before the first batch.

    Examples
    --------
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [len(labels) for _, labels in batches(X, y, size=2, rng=0)]
    [2, 2, 1]
    """
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y) or len(X) == 0:
        raise ValueError(f"batches: {len(X)} samples, but {len(y)} labels; there is one of each")
    if size < 1:
        raise ValueError(f"batches: size={size} must be positive")
    order = np.random.default_rng(rng).permutation(len(X))
    parts = (order[start : start + size] for start in range(0, len(X), size))
    return ((X[part], y[part]) for part in parts)
