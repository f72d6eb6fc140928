"""Files that are written whole or not at all, and arrays in files, of which nothing is run."""

from __future__ import annotations

import importlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import numpy as np

__all__ = ["check_writable", "opened", "replace_file", "write_arrays"]

File = str | os.PathLike[str]
Opened = tuple[dict[str, tuple[int, ...]], Callable[[str], Any]]
"""The shapes of the arrays in a file, and what reads one of them."""


def replace_file(path: File, content: bytes) -> None:
    """Write a file as a whole or not at all, even if the machine stops."""
    path = Path(path)
    unfinished = path.with_name(f".{uuid4().hex}.tmp")
    try:
        unfinished.write_bytes(content)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def check_writable(path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a file that could not be written, or ends in no suffix of these."""
    if suffixes and path.suffix not in suffixes:
        raise ValueError(f"cannot write to {path}: it must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write to {path}: it is a folder")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {path}: {error}") from error


def write_arrays(path: File, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays of numbers to a file ``.npz`` or ``.safetensors``, whole or not at all.

    Raises
    ------
    ValueError
        For another suffix.
    ImportError
        For ``.safetensors`` where that is not installed.
    """
    if library := _safetensors(path):
        replace_file(path, library.save(dict(arrays)))
        return
    if Path(path).suffix != ".npz":
        raise ValueError(f"{os.fspath(path)!r}: a file of arrays ends in .npz or .safetensors")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, x in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, x, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    replace_file(path, file.getvalue())


@contextmanager
def opened(path: File) -> Iterator[Opened]:
    """Open a file for its arrays of numbers: their shapes first, then one by one.

    Raises
    ------
    ValueError
        For all that its bytes do to what decodes them, also in the body of the ``with``.
    """
    library = _safetensors(path)
    with open(path, "rb") as file:
        try:
            yield _read_safetensors(library, file) if library else _read_npz(file)
        except Exception as error:
            raise ValueError(
                f"{os.fspath(path)} is damaged, or no file of arrays of numbers: "
                f"{error or type(error).__name__}"
            ) from error


def _read_npz(file: IO[bytes]) -> Opened:
    archive = zipfile.ZipFile(file)
    entries = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

    def header(name: str) -> tuple[int, ...]:
        with archive.open(entries[name]) as entry:
            if np.lib.format.read_magic(entry) != (1, 0):  # later ones have headers of any length
                raise ValueError(f"{name} is not an array of numbers")
            shape, _, dtype = np.lib.format.read_array_header_1_0(entry)
            if dtype.kind not in "biufc":
                raise ValueError(f"{name} is of {dtype}, not of numbers")
            return shape

    def read(name: str) -> Any:
        with archive.open(entries[name]) as entry:
            x = np.lib.format.read_array(entry, allow_pickle=False)
            if entry.read(1):  # only at its end is the checksum compared
                raise ValueError(f"{name} is longer than its header says")
            return x

    return {name: header(name) for name in entries}, read


def _read_safetensors(library: Any, file: IO[bytes]) -> Opened:
    arrays = library.load(file.read())
    return {name: x.shape for name, x in arrays.items()}, arrays.__getitem__


def _safetensors(path: File) -> Any:
    """The library for a file of that suffix, else None."""
    if Path(path).suffix != ".safetensors":
        return None
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError as error:
        raise ImportError(
            f"{os.fspath(path)} needs safetensors: pip install safetensors, or end it in .npz"
        ) from error
