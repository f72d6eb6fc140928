"""All that a training changes, in memory and as a file to go on from.

A part is what has `state_dict` and `load_state_dict`: the model, the optimizer, the history, the
random generators, and schedules.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..files import File, opened, write_arrays

__all__ = ["Generators", "copied", "go_on_from", "put_back", "read", "write"]

_ARRAY = "<array>"
"""The key that stands for an array in the text of a file; no attribute has such a name."""


class Generators:
    """Random generators as a part of a training: their state is where they are."""

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._bits = [generator.bit_generator for generator in generators]

    def state_dict(self) -> dict[str, Any]:
        """Tell where they are."""
        return {"states": [bits.state for bits in self._bits]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let them draw again what they drew from there."""
        for bits, before in zip(self._bits, state["states"], strict=True):
            bits.state = before


def copied(parts: Sequence[Any]) -> list[Any]:
    """Copy the state of all parts."""
    return [part.state_dict() for part in parts]


def put_back(parts: Sequence[Any], states: Sequence[Any]) -> None:
    """Make all parts what they were."""
    for part, state in zip(parts, states, strict=True):
        part.load_state_dict(state)


def go_on_from(path: File, parts: Sequence[Any]) -> None:
    """Make all parts what they were when a file was written; or none, if they are not its own."""
    before = copied(parts)
    try:
        put_back(parts, read(path))
    except Exception as error:
        put_back(parts, before)
        raise ValueError(
            f"fit: {os.fspath(path)} is no checkpoint of this training: {error}"
        ) from error


def write(path: File, state: Any) -> None:
    """Write nested dicts and lists of arrays, numbers and texts to an ``.npz`` file, atomically."""
    arrays: dict[str, Any] = {}

    def beside(x: Any) -> dict[str, str]:
        arrays[key := f"a{len(arrays)}"] = np.asarray(x)
        return {_ARRAY: key}

    text = json.dumps(state, default=beside)
    write_arrays(path, {"text": np.frombuffer(text.encode(), np.uint8), **arrays})


def read(path: File) -> Any:
    """Read a file of `write`; nothing in it is run.

    Raises
    ------
    ValueError
        For a file that is damaged, or of another kind.
    """
    with opened(path) as (_, array):

        def put_back(x: dict[str, Any]) -> Any:
            return array(x[_ARRAY]) if x.keys() == {_ARRAY} else x

        return json.loads(bytes(array("text")), object_hook=put_back)
