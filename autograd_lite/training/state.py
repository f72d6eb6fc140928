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

from ..files import opened, write_arrays

__all__ = ["Generators", "copied", "put_back", "read", "write"]

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
    """Make all parts what they were; or none, for states of something else."""
    before = copied(parts)
    try:
        for part, state in zip(parts, states, strict=True):
            part.load_state_dict(state)
    except Exception:
        for part, state in zip(parts, before, strict=True):
            part.load_state_dict(state)
        raise


def write(path: str | os.PathLike[str], state: Any) -> None:
    """Write nested dicts and lists of arrays, numbers and texts to an ``.npz`` file, atomically."""
    arrays: dict[str, Any] = {}

    def beside(x: Any) -> dict[str, str]:
        if np.asarray(x).dtype.kind not in "biufc":
            raise TypeError(
                f"checkpoint: a state holds a {type(x).__name__}; arrays, numbers, texts, lists "
                "and dicts can be kept"
            )
        arrays[key := f"a{len(arrays)}"] = np.asarray(x)
        return {_ARRAY: key}

    text = json.dumps(state, default=beside)
    write_arrays(path, {"text": np.frombuffer(text.encode(), np.uint8), **arrays})


def read(path: str | os.PathLike[str]) -> Any:
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
