"""Models as files of plain arrays, ``.npz`` or ``.safetensors``; nothing in them is run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import numpy as np

from ..files import File, opened, write_arrays
from .module import Module, check_fit

__all__ = ["load", "read_metadata", "save"]

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
    _check(model, "save(model, path)")
    state = model.state_dict()
    if metadata:
        state[_METADATA] = np.frombuffer(json.dumps(dict(metadata)).encode(), np.uint8)
    write_arrays(path, state)


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
    _check(into, "load(path, into=model)")
    own = dict(into.named_tensors())
    with opened(path) as (shapes, _):
        shapes.pop(_METADATA, None)
    check_fit(f"load {os.fspath(path)}", own, shapes)
    with opened(path) as (_, read):
        state = {name: read(name) for name in own}
    into.load_state_dict(state)


def _check(model: object, form: str) -> None:
    if not isinstance(model, Module):
        raise TypeError(f"{model!r} is no model; write {form}")


def read_metadata(path: File) -> dict[str, str]:
    """Read what was given to `save` beside the model.

    Raises
    ------
    ValueError
        For a file that is damaged, or of another kind.
    """
    with opened(path) as (shapes, read):
        return dict(json.loads(bytes(read(_METADATA)))) if _METADATA in shapes else {}
