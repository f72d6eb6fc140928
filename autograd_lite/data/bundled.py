"""The data set that comes with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

__all__ = ["digits"]


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load the handwritten digits that come with the package.

    1,797 images of 8 x 8 pixels, with about 180 of each digit. Every fifth image of each digit
    is in the test set, so that both sets have the same share of every digit.

    Returns
    -------
    X_train : ndarray of float64, shape (1442, 64)
        Ink of each pixel, from 0 to 1.
    y_train : ndarray of int64, shape (1442,)
    X_test : ndarray of float64, shape (355, 64)
    y_test : ndarray of int64, shape (355,)

    References
    ----------
    E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, doi:10.24432/C50P49, its test set. Licence: CC BY 4.0.
    """
    with (resources.files(__package__) / "digits.npz").open("rb") as file, np.load(file) as stored:
        X = stored["images"].reshape(-1, 64) / 16.0
        y = stored["labels"].astype(np.int64)
    held_out = np.zeros(len(y), bool)
    for digit in range(10):
        held_out[np.flatnonzero(y == digit)[4::5]] = True
    return X[~held_out], y[~held_out], X[held_out], y[held_out]
