"""Which part each record of a loss plays: layer, activation, penalty; and how long the axes are."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .replay import Record, Tape

__all__ = ["Network", "births"]

_STRAIGHT = {"add", "subtract", "negative", "positive", "multiply", "divide", "where", "copy"}
_STRAIGHT |= {"power", "square", "log"}  # of a loss: half of its slope is better called a factor


def births(record: Record) -> list[Any]:
    """The births of the inputs; None for constants."""
    return [getattr(x, "birth", None) for x in record.inputs]


class Network:
    """What the slips need to know of a tape: which part each record plays.

    Attributes
    ----------
    pure : set of int
        Births of what is made from parameters and numbers alone.
    samples, classes : int
        The size of the batch, and of an output.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.path = [r for b, r in tape.records.items() if b in tape.wanted and r.op]
        self.pure = set(tape.leaves)
        for r in self.path:
            if all(self._is_pure(x, v) for x, v in zip(r.inputs, r.values, strict=True)):
                self.pure.add(r.birth)
        self.products = [r for r in self.path if r.op.name in ("matmul", "linear")]
        self.samples, self.classes = self._lengths()

    def _is_pure(self, x: Any, value: Any) -> bool:
        birth = getattr(x, "birth", None)
        return birth in self.pure or (birth not in self.tape.wanted and np.size(value) == 1)

    def _lengths(self) -> tuple[int, int]:
        for r in reversed(self.path):
            if r.op.name in ("log_softmax", "softmax") and np.ndim(r.data):
                classes = np.shape(r.data)[r.params.get("axis", -1)]
                return r.data.size // classes, classes
        for r in self.products:
            pure = [getattr(x, "birth", None) in self.pure for x in r.inputs[:2]]
            if pure == [False, True]:
                samples = int(np.prod(np.shape(r.values[0])[:-1]))
            elif pure == [True, False]:
                samples = int(np.prod(np.shape(r.values[1])[1:]))
            else:
                continue
            last = self.products[-1].data
            return max(samples, 1), max(last.size // max(samples, 1), 1)
        counts = [
            r.values[0].size // max(np.size(r.data), 1)
            for r in self.path
            if r.op.name in ("mean", "sum") and r.birth not in self.pure
        ]
        return max(counts, default=1), 1

    @cached_property
    def logits(self) -> Record | None:
        """The youngest value that a layer made before its activation."""
        if not self.products:
            return None
        last = self.products[-1]
        for r in self.path:
            biased = r.op.name == "add" and last.birth in births(r)
            if biased and np.shape(r.data) == np.shape(last.data):
                return r
        return last

    @cached_property
    def activations(self) -> dict[int, Record]:
        """Elementwise and curved functions of one value."""
        return {
            r.birth: r
            for r in self.path
            if r.op.broadcasts
            and r.birth not in self.pure
            and len(flowing := self.tape.flowing(r)) == 1
            and np.shape(r.values[flowing[0]]) == np.shape(r.data)
            and r.op.name not in _STRAIGHT
        }

    @cached_property
    def penalties(self) -> list[Record]:
        """Terms of the loss that are made from parameters alone."""
        read_on = {b for r in self.path if r.birth in self.pure for b in births(r)}
        return [
            r
            for r in self.path
            if r.birth in self.pure
            and not np.shape(r.data)
            and r.birth not in read_on
            and r.birth != self.tape.root
        ]

    def neighbors(self, record: Record) -> list[Record]:
        """The values before and after this one that play its part in another layer."""
        same = [
            r
            for birth, r in self.tape.records.items()
            if birth in self.tape.wanted
            and getattr(r.op, "name", "") == getattr(record.op, "name", "")
            and np.shape(r.data) == np.shape(record.data)
        ]
        k = [r.birth for r in same].index(record.birth)
        return same[max(k - 1, 0) : k] + same[k + 1 : k + 2]

    def where(self, record: Record) -> str:
        """Name a record by its function, its number among those, and the user's line."""
        name: str = record.op.name
        same = [r.birth for r in self.path if r.op.name == name and r.birth not in self.pure]
        text = name
        if record.birth in same and len(same) > 1:
            text += f" {same.index(record.birth) + 1} of {len(same)}"
        if record.line and not record.line.startswith("<"):
            text += f" ({Path(record.line).name})"
        return text

    @cached_property
    def factors(self) -> dict[str, float]:
        """The factors that have a name."""
        n, k = self.samples, self.classes
        named = {
            "factor 2": 2.0,
            "factor 1/2": 1 / 2,
            "missing 1/N": n,
            "1/N twice": 1 / n,
            "missing 1/(N*K)": n * k,
            "1/(N*K) twice": 1 / (n * k),
            "missing 1/K": k,
            "1/K too many": 1 / k,
            "1/K for 1/N": n / k,
            "1/N for 1/K": k / n,
            "1/(N-1) for 1/N": n / max(n - 1, 1),
        }
        return {name: value for name, value in named.items() if value != 1}
