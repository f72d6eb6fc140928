"""What a training measured, epoch by epoch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..files import replace_file
from ..nn import Module
from ..plots import draw_training

__all__ = ["History"]

_COLUMNS = ("loss", "valid_loss", "accuracy", "lr")


@dataclass(repr=False)
class History:
    """What each epoch of `fit` measured.

    Attributes
    ----------
    loss : list of float
        Mean loss over the epoch's samples, each before the step of its batch.
    valid_loss : list of float
        Loss of the validation data after the epoch; empty without them.
    accuracy : list of float
        Share of the validation samples classified right; empty where their labels are no classes.
    lr : list of float
        The learning rate.
    metrics : dict of str to list of float
        What else was asked for.
    derived : bool
        Whether a derived program was run.
    best : int or None
        The epoch, from 0, of least loss of the validation data, where there is a `patience`.
    best_weights : dict of str to ndarray or None
        What the model was after it.
    stopped : str
        Why no further epoch was run; empty if there was no reason but `epochs`.
    """

    loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    derived: bool = False
    best: int | None = None
    best_weights: dict[str, np.ndarray] | None = field(default=None, compare=False)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.loss)

    def add(self, row: Mapping[str, float]) -> None:
        """Append what an epoch measured."""
        for name, value in row.items():
            own = name in _COLUMNS
            (getattr(self, name) if own else self.metrics.setdefault(name, [])).append(value)

    def keep_best(self, model: Module, patience: int) -> None:
        """Keep the weights of the best epoch; stop after so many that were no better."""
        self.best = int(np.argmin(np.nan_to_num(self.valid_loss, nan=np.inf, posinf=np.inf)))
        waited = self.epochs - 1 - self.best
        if waited == 0:
            self.best_weights = model.state_dict()
        elif waited >= patience:
            self.stopped = f"no better valid_loss in {patience} epochs"

    def columns(self) -> dict[str, list[float]]:
        """What was measured, by name; nothing that was not."""
        own = {name: getattr(self, name) for name in _COLUMNS}
        return {name: values for name, values in {**own, **self.metrics}.items() if values}

    def state_dict(self) -> dict[str, Any]:
        """Copy all of it, as a part of a checkpoint."""
        return deepcopy(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`."""
        vars(self).update(vars(History(**deepcopy(dict(state)))))

    def last(self) -> str:
        """Say in a line what the last epoch measured."""
        told = {name: values[-1] for name, values in self.columns().items() if name != "lr"}
        return ", ".join(f"{name} {value:.4g}" for name, value in told.items())

    def __repr__(self) -> str:
        way = "by a derived program" if self.derived else "on the tape"
        stopped = f"stopped: {self.stopped}" if self.stopped else ""
        told = [f"<History of {self.epochs} epochs {way}", self.last(), stopped]
        return "; ".join(filter(None, told)) + ">"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a row of exact numbers for each epoch, counted from 1; whole or not at all."""
        text, columns = io.StringIO(), self.columns()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["epoch", *columns])
        rows.writerows(zip(range(1, self.epochs + 1), *columns.values(), strict=True))
        replace_file(path, text.getvalue().encode())

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw it, as `draw_training` does; a notebook shows the figure."""
        return draw_training(self, path=path)
