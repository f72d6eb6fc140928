"""All that a training changes, in memory and as a file to go on from."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from ..files import opened, replace_file
from ..nn import Module
from ..optim import Optimizer
from .history import History

__all__ = ["State", "read", "write"]

_ARRAY = "<array>"
"""The key that stands for an array in the text of a file; no attribute has such a name."""


class State:
    """What goes on changing: model, optimizer, generators, callbacks with a state, and history."""

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        rng: np.random.Generator,
        callbacks: Sequence[Any],
        history: History,
    ) -> None:
        self.model, self.optimizer, self.history = model, optimizer, history
        self.stateful: list[Any] = [
            model,
            optimizer,
            *(c for c in callbacks if hasattr(c, "state_dict")),
        ]
        self.generators = [rng, *(g for g in model.generators() if g is not rng)]
        self.best: dict[str, Any] | None = None

    def copy(self) -> dict[str, Any]:
        """Copy all of it."""
        return {
            "parts": [part.state_dict() for part in self.stateful],
            "generators": self.draws(),
            "history": deepcopy(vars(self.history)),
            "best": self.best,  # never written into
        }

    def restore(self, copy: dict[str, Any]) -> None:
        """Make all of it what it was; or nothing, for the copy of something else."""
        before = self.copy()
        try:
            self._restore(copy)
        except Exception:
            self._restore(before)
            raise

    def _restore(self, copy: dict[str, Any]) -> None:
        for part, state in zip(self.stateful, copy["parts"], strict=True):
            part.load_state_dict(state)
        self.redraw(copy["generators"])
        vars(self.history).update(vars(History(**deepcopy(copy["history"]))))
        self.best = copy["best"]

    def draws(self) -> list[Any]:
        """Where the generators are."""
        return [g.bit_generator.state for g in self.generators]

    def redraw(self, states: list[Any]) -> None:
        """Let the generators draw again what they drew from there."""
        for generator, state in zip(self.generators, states, strict=True):
            generator.bit_generator.state = state


def write(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write nested dicts and lists of arrays, numbers and texts to an ``.npz`` file, atomically."""
    arrays: dict[str, Any] = {}

    def beside(x: Any) -> dict[str, str]:
        if np.asarray(x).dtype.kind not in "biufc":
            raise TypeError(
                f"checkpoint: a state holds a {type(x).__name__}; arrays, numbers, texts, lists "
                "and dicts can be kept"
            )
        arrays[key := f"a{len(arrays)}"] = x
        return {_ARRAY: key}

    text = json.dumps(state, default=beside)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, text=np.frombuffer(text.encode(), np.uint8), **arrays)
    replace_file(path, file.getvalue())


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file of `write`; nothing in it is run.

    Raises
    ------
    ValueError
        For a file that is damaged, or of another kind.
    """
    with opened(path) as (_, array):

        def put_back(x: dict[str, Any]) -> Any:
            return array(x[_ARRAY]) if x.keys() == {_ARRAY} else x

        state = json.loads(bytes(array("text")), object_hook=put_back)
        return dict(state)
