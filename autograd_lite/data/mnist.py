"""MNIST and its relatives, read from files."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["load_mnist"]

_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
"""By Keras's name of an array: the name of its file."""

_LARGEST = 2**31
"""Bytes; a header that promises more is taken for a broken one."""

_DAMAGED = (
    *(EOFError, KeyError, MemoryError, NotImplementedError, OSError, SyntaxError, TypeError),
    *(UnicodeError, ValueError, zipfile.BadZipFile, zlib.error),
)
"""What NumPy and zipfile raise for files that are not what they seem; TypeError for a lone array,
which cannot be opened by ``with``."""


def load_mnist(
    path: str | os.PathLike[str], dtype: Any = np.float64
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
    stored = _folder(path) if path.is_dir() else read_npz(path, _NAMES)
    X_train, y_train = _checked(path, "train", stored, dtype)
    X_test, y_test = _checked(path, "test", stored, dtype)
    if X_train.shape[1] != X_test.shape[1]:
        raise ValueError(
            f"{path}: training samples have {X_train.shape[1]} values, but those of the test have "
            f"{X_test.shape[1]}"
        )
    return X_train, y_train, X_test, y_test


def read_idx(path: str | os.PathLike[str], ndim: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes in so many dimensions, compressed by gzip or not."""
    with open(path, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if zipped else open(path, "rb") as file:
            header = file.read(4 + 4 * ndim)
            if header[:4] != bytes([0, 0, 8, ndim]):
                raise ValueError(
                    f"{path}: the magic number is 0x{header[:4].hex()}, and 0x{0x800 + ndim:08x} "
                    f"is that of an IDX file of bytes in {ndim} dimensions"
                )
            if len(header) < 4 + 4 * ndim:
                raise ValueError(f"{path}: cut off in the header, after {len(header)} bytes")
            shape = tuple(np.frombuffer(header, ">u4", offset=4).tolist())
            size = math.prod(shape)
            if size > _LARGEST:
                raise ValueError(f"{path}: the header promises {size:,} bytes, shape {shape}")
            data = file.read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: cut off or damaged: {error}") from error
    if len(data) != size:
        what = f"cut off after {len(data):,} of" if len(data) < size else "longer than"
        raise ValueError(f"{path}: {what} the {size:,} bytes, shape {shape}, of its header")
    return np.frombuffer(data, np.uint8).reshape(shape)


def read_npz(path: str | os.PathLike[str], names: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """Read these arrays of an ``.npz`` file, or all without names; no pickled objects."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            missing = [name for name in names if name not in stored.files]
            if not missing:
                return {name: stored[name] for name in names or stored.files}
            found = ", ".join(stored.files)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except _DAMAGED as error:
        raise ValueError(f"{path}: no .npz file of plain arrays, or damaged: {error}") from error
    raise ValueError(f"{path}: holds no {', '.join(missing)}, only {found}")


def _folder(path: Path) -> dict[str, np.ndarray]:
    files = {}
    for key, name in _NAMES.items():
        there = [f for f in (path / name, path / f"{name}.gz") if f.is_file()]
        if not there:
            raise FileNotFoundError(f"{path}: holds neither {name} nor {name}.gz")
        files[key] = there[0]
    return {key: read_idx(file, 3 if key[0] == "x" else 1) for key, file in files.items()}


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


def rows(path: str | os.PathLike[str], X: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
    """Bring samples to rows of floating-point numbers, bytes to 0 ... 1."""
    if X.dtype != np.uint8 and X.dtype.kind != "f":
        raise ValueError(f"{path}: samples are bytes or floating-point numbers, not {X.dtype}")
    flat = X.reshape(len(X), math.prod(X.shape[1:])).astype(dtype)
    return flat / np.asarray(255, dtype) if X.dtype == np.uint8 else flat
