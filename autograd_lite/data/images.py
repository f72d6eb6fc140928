"""Images in rows: the digits that come with the package, and MNIST and its relatives in files."""

from __future__ import annotations

import gzip
import math
import zlib
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..files import File, opened

__all__ = ["digits", "load_mnist"]

_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
"""By Keras's name of an array: the name of its file."""


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


def load_mnist(
    path: File, dtype: Any = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load MNIST, or another set in one of its formats.

    Parameters
    ----------
    path : path
        A folder with the four IDX files under their standard names, with ``.gz`` or without, or
        the ``.npz`` of Keras with `x_train`, `y_train`, `x_test` and `y_test`.
    dtype : floating-point dtype
        Of the pixels; the 60,000 images of MNIST take 376 MB in float64, half in float32.

    Returns
    -------
    X_train : ndarray, shape (N, D)
        An image in each row: bytes are divided by 255, floating-point numbers kept. For images
        again, write ``X.reshape(-1, 28, 28)``.
    y_train : ndarray of int64, shape (N,)
    X_test : ndarray, shape (M, D)
    y_test : ndarray of int64, shape (M,)

    Raises
    ------
    FileNotFoundError
        For a path that does not exist, or a folder without one of the files.
    ValueError
        For files of another format, cut off or too long, with pickled objects, or with images and
        labels that do not fit together; the text names the file.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, "File formats".
    """
    path = Path(path)
    if path.is_dir():
        files = {key: path / name for key, name in _NAMES.items()}
        files = {key: f if f.exists() else f.with_name(f"{f.name}.gz") for key, f in files.items()}
        stored = {key: _read_idx(f, 3 if key[0] == "x" else 1) for key, f in files.items()}
    else:
        with opened(path) as (shapes, read):
            stored = {name: read(name) for name in _NAMES if name in shapes}
        if missing := _NAMES.keys() - stored.keys():
            raise ValueError(f"{path}: no {', '.join(sorted(missing))}, only {', '.join(shapes)}")
    return *_checked(path, "train", stored, dtype), *_checked(path, "test", stored, dtype)


def _read_idx(path: File, ndim: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes in so many dimensions, compressed by gzip or not."""
    content = Path(path).read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: cut off or damaged: {error}") from error
    start = 4 + 4 * ndim
    if content[:4] != bytes([0, 0, 8, ndim]):
        raise ValueError(
            f"{path}: the magic number is 0x{content[:4].hex()}, and 0x{0x800 + ndim:08x} is that "
            f"of an IDX file of bytes in {ndim} dimensions"
        )
    if len(content) < start:
        raise ValueError(f"{path}: cut off in the header, after {len(content)} bytes")
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    found, promised = len(content) - start, math.prod(shape)
    if found != promised:
        what = "cut off after" if found < promised else "longer than its header says:"
        raise ValueError(f"{path}: {what} {found:,} of {promised:,} bytes, shape {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _checked(
    path: Path, part: str, stored: dict[str, np.ndarray], dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    X, y = stored[f"x_{part}"], stored[f"y_{part}"]
    if X.ndim < 2 or y.ndim != 1 or X.size == 0 or len(X) != len(y):
        raise ValueError(
            f"{path}: x_{part} of shape {X.shape} and y_{part} of shape {y.shape}; a sample and a "
            "label for each are wanted, (N, ...) and (N,)"
        )
    if y.dtype.kind not in "iu" or y.min() < 0:
        raise ValueError(f"{path}: y_{part}: classes are whole numbers from 0, in integers")
    return rows(path, X, dtype), y.astype(np.int64)


def rows(path: File, X: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
    """Bring samples to rows of floating-point numbers, bytes to 0 ... 1."""
    if X.dtype != np.uint8 and X.dtype.kind != "f":
        raise ValueError(f"{path}: samples are bytes or floating-point numbers, not {X.dtype}")
    flat = X.reshape(len(X), math.prod(X.shape[1:])).astype(dtype)
    return flat / np.asarray(255, dtype) if X.dtype == np.uint8 else flat
