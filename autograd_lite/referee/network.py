"""Which part each record of a loss plays: layer, activation, penalty; and how long the axes are."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..sweep import ancestors
from .replay import Record, Tape

__all__ = ["Network", "births"]

_STRAIGHT = {"add", "subtract", "negative", "positive", "multiply", "divide", "where", "copy"}
# Of a loss or a norm: half of its slope is better called a factor.
_STRAIGHT |= {"power", "float_power", "square", "log", "sqrt", "reciprocal", "absolute", "fabs"}


def births(record: Record) -> list[Any]:
    """The births of the inputs; None for constants."""
    return [getattr(x, "birth", None) for x in record.inputs]


def _is_product(record: Record) -> bool:
    return record.op.name in ("matmul", "linear") or (
        record.op.name == "einsum" and len(record.inputs) == 2
    )


class Network:
    """What the slips need to know of a tape: which part each record plays.

    Attributes
    ----------
    pure : dict of int to set of int
        Births of what is made from parameters and numbers alone, with those of the parameters.
    products, layers : list of Record
        The matrix products; those of parameters with something else.
    samples : int or None
        The size of the batch, where that can be told.
    classes : int
        The size of an output.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.path = [r for b, r in tape.records.items() if b in tape.wanted and r.op]
        self.pure = {birth: {birth} for birth in tape.leaves}
        for r in self.path:
            if all(self._is_pure(x, v) for x, v in zip(r.inputs, r.values, strict=True)):
                self.pure[r.birth] = {leaf for b in births(r) for leaf in self.pure.get(b, ())}
        self.products = [r for r in self.path if _is_product(r)]
        self.layers = [r for r in self.products if len(set(self._sides(r))) == 2]
        self.samples, self.classes = self._lengths()

    def _is_pure(self, x: Any, value: Any) -> bool:
        birth = getattr(x, "birth", None)
        return birth in self.pure or (birth not in self.tape.wanted and np.size(value) == 1)

    def _sides(self, product: Record) -> list[bool]:
        """Which of two operands is made from parameters alone."""
        return [birth in self.pure for birth in births(product)[:2]]

    def _lengths(self) -> tuple[int | None, int]:
        for r in reversed(self.path):
            if r.op.name in ("log_softmax", "softmax") and np.ndim(r.data):
                classes = np.shape(r.data)[r.params.get("axis", -1)]
                rows: int | None = r.data.size // max(classes, 1)
            elif r in self.layers:
                rows = self._rows(r)
                classes = r.data.size // (rows or 1)
            else:
                continue
            passes = self._passes()
            return (passes if passes > 1 and rows in (None, 1) else rows), max(classes, 1)
        counts = [
            r.values[0].size
            for r in self.path
            if r.op.name in ("mean", "sum")
            and np.ndim(r.values[0]) == 1
            and r.birth not in self.pure
        ]
        return max(counts, default=None), 1

    def _rows(self, layer: Record) -> int | None:
        """How many samples a layer takes at once; None where it has no axis for them."""
        side = self._sides(layer).index(False)
        data = layer.values[side]
        if layer.op.name == "einsum":
            terms = layer.params["subscripts"].partition("->")[0].split(",")
            free = [
                n for n, c in zip(data.shape, terms[side], strict=True) if c not in terms[1 - side]
            ]
        else:
            summed = -1 if side == 0 or data.ndim == 1 else -2
            free = [n for i, n in enumerate(data.shape) if i != data.ndim + summed]
        return int(np.prod(free)) or 1 if free else None

    def _passes(self) -> int:
        """How often the last layer is gone through side by side: a loop over the samples."""
        if not self.layers:
            return 1
        last = self.layers[-1]
        leaves, weights = self._weights(last)
        same = [
            r
            for r in self.layers
            if self._weights(r)[0] == leaves and np.array_equal(self._weights(r)[1], weights)
        ]
        before = ancestors([x for x in last.inputs if hasattr(x, "birth")], same[0].birth)
        return 1 if same[0].birth in before else len(same)

    def _weights(self, layer: Record) -> tuple[set[int], Any]:
        side = self._sides(layer).index(True)
        return self.pure[births(layer)[side]], layer.values[side]

    @cached_property
    def logits(self) -> Record | None:
        """The youngest value that a layer made before its activation."""
        last = next((r for r in reversed(self.products) if r.birth not in self.pure), None)
        if last is None:
            return None
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
        n, k = self.samples or 1, self.classes
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
        return {
            name: value
            for name, value in named.items()
            if value != 1 and (self.samples or "N" not in name) and (k > 1 or "K" not in name)
        }
