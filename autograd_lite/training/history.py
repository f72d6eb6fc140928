"""What a training measured, epoch by epoch."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..files import replace_file

__all__ = ["History"]


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
        The epoch, from 0, whose weights the model has, where `fit` was to keep the best.
    stopped : str
        Why there are fewer epochs than asked for; empty if there are not.
    """

    loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    derived: bool = False
    best: int | None = None
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.loss)

    def add(self, row: dict[str, float]) -> None:
        """Append what an epoch measured."""
        for name, value in row.items():
            own = name in self.__dataclass_fields__
            column = getattr(self, name) if own else self.metrics.setdefault(name, [])
            column.append(value)

    def waited(self, monitor: str) -> int:
        """How many epochs ago the best one was: of least loss or largest accuracy, the first."""
        values = [-x if monitor == "accuracy" else x for x in self.columns()[monitor]]
        best = min(range(len(values)), key=lambda i: (np.isnan(values[i]), values[i]))
        return len(values) - 1 - best

    def columns(self) -> dict[str, list[float]]:
        """What was measured, by name; nothing that was not."""
        own = {name: getattr(self, name) for name in ("loss", "valid_loss", "accuracy", "lr")}
        return {name: values for name, values in {**own, **self.metrics}.items() if values}

    def last(self) -> str:
        """Say in a line what the last epoch measured."""
        told = {name: values[-1] for name, values in self.columns().items() if name != "lr"}
        return ", ".join(f"{name} {value:.4g}" for name, value in told.items())

    def __repr__(self) -> str:
        way = "by a derived program" if self.derived else "on the tape"
        told = [self.last(), *[f"stopped: {self.stopped}"] * bool(self.stopped)]
        return "; ".join([f"<History of {self.epochs} epochs {way}", *filter(None, told)]) + ">"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a row for each epoch, counted from 1; the numbers are exact.

        Parameters
        ----------
        path : str or path
            Is written as a whole or not at all.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        columns = self.columns()
        rows.writerow(["epoch", *columns])
        rows.writerows(zip(range(1, self.epochs + 1), *columns.values(), strict=True))
        replace_file(path, text.getvalue().encode())

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the losses and, beside them, accuracy and other metrics, against the epochs.

        Parameters
        ----------
        path : str or path, optional
            Where to save the figure, ``.svg``, ``.png`` or ``.pdf``, as a whole or not at all;
            by default it is made for `matplotlib.pyplot.show` and for notebooks.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without matplotlib.
        ValueError
            For another suffix, or a history without epochs.
        """
        if not self.epochs:
            raise ValueError("plot: this history has no epochs")
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError as error:
            raise ImportError("plot needs matplotlib: pip install 'autograd-lite[plot]'") from error
        columns = self.columns()
        panels = [{"training": columns.pop("loss"), "validation": columns.pop("valid_loss", [])}]
        del columns["lr"]
        panels += [columns] * bool(columns)
        size = 4.2 * len(panels), 3.2
        if path is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=size, layout="constrained")
        else:
            figure = Figure(figsize=size, layout="constrained")
            suffix = Path(path).suffix[1:]
            if suffix not in (known := sorted(figure.canvas.get_supported_filetypes())):
                raise ValueError(f"{os.fspath(path)}: a plot ends in one of {', '.join(known)}")
        epochs = range(1, self.epochs + 1)
        for i, curves in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), i + 1)
            for name, values in curves.items():
                if values:
                    axes.plot(epochs, values, "." if self.epochs == 1 else "-", label=name)
            if self.best is not None:
                axes.axvline(self.best + 1, color="0.6", linestyle=":", label="best epoch")
            axes.set(
                xlabel="epoch", title="accuracy" if list(curves) == ["accuracy"] else "metrics"
            )
            axes.set_title("loss") if i == 0 else None
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False)
        if path is not None:
            file = io.BytesIO()
            figure.savefig(file, format=suffix, dpi=150)
            replace_file(path, file.getvalue())
        return figure
