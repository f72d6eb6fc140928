"""Models as files of plain arrays, ``.npz`` or ``.safetensors``; nothing in them is run."""

from __future__ import annotations

import importlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..files import replace_file
from .module import Module, mismatch

__all__ = ["load", "read_metadata", "save"]

File = str | os.PathLike[str]
Opened = tuple[dict[str, tuple[int, ...]], Callable[[str], Any]]
"""The shapes of the arrays in a file, and what reads one of them."""

_METADATA = "_metadata.json"


def save(model: Module, path: File, metadata: Mapping[str, str] | None = None) -> None:
    """Write the `state_dict` of a model to a file; if that fails, the old file stays.

    Parameters
    ----------
    model : Module
    path : str or path
        Ends in ``.npz``, which `np.load` reads too, or in ``.safetensors``, which needs
        ``pip install safetensors``.
    metadata : dict of str to str, optional
        What else shall be kept, for `read_metadata`.

    Raises
    ------
    ValueError
        For another suffix.
    ImportError
        Where safetensors is not installed.
    """
    state = model.state_dict()
    if metadata:
        state[_METADATA] = np.frombuffer(json.dumps(dict(metadata)).encode(), np.uint8)
    if safetensors := _safetensors(path):
        replace_file(path, safetensors.save(state))
        return
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, x in state.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, x, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    replace_file(path, file.getvalue())


def load(path: File, into: Module) -> None:
    """Set the state of a model to that in a file; all of it or nothing.

    Parameters
    ----------
    path : str or path
        Of a file by `save`, or of any ``.npz`` or ``.safetensors`` with the names and shapes of
        `into`; an array of an ``.npz`` that does not fit is not read.
    into : Module
        A model built like the one that was saved.

    Raises
    ------
    ValueError
        For a file that is damaged, or of another kind.
    KeyError, ShapeError
        For the file of another model.
    """
    own = dict(into._state())
    with _opened(path) as (shapes, read):
        shapes.pop(_METADATA, None)
        wrong = mismatch(f"load {os.fspath(path)}", own, shapes)
        state = {} if wrong else {name: read(name) for name in own}
    if wrong:
        raise wrong
    into.load_state_dict(state)


def read_metadata(path: File) -> dict[str, str]:
    """Read what was given to `save` beside the model.

    Raises
    ------
    ValueError
        For a file that is damaged, or of another kind.
    """
    with _opened(path) as (shapes, read):
        return dict(json.loads(bytes(read(_METADATA)))) if _METADATA in shapes else {}


@contextmanager
def _opened(path: File) -> Iterator[Opened]:
    """Open a file for its arrays; whatever its bytes do to a decoder is one error."""
    safetensors = _safetensors(path)
    with open(path, "rb") as file:
        try:
            yield _read_safetensors(safetensors, file) if safetensors else _read_npz(file)
        except Exception as error:
            raise ValueError(
                f"{os.fspath(path)} is damaged, or no file of arrays of numbers: "
                f"{error or type(error).__name__}"
            ) from error


def _read_safetensors(safetensors: Any, file: IO[bytes]) -> Opened:
    state = safetensors.load(file.read())
    return {name: x.shape for name, x in state.items()}, state.__getitem__


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


def _safetensors(path: File) -> Any:
    """The library for a file's suffix, or None for ``.npz``."""
    suffix = Path(path).suffix
    if suffix == ".npz":
        return None
    if suffix != ".safetensors":
        raise ValueError(f"{os.fspath(path)!r}: a model's file ends in .npz or .safetensors")
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError as error:
        raise ImportError(
            f"{os.fspath(path)} needs safetensors: pip install safetensors, or end it in .npz"
        ) from error
