"""What is said of each record and of each backward step, wherever it is then written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ..tensor import Tensor
from .backward import Backward, Contribution
from .figures import alarms, format_of, matrix, summary
from .names import free, names_of, printable
from .spell import Code, made_code, rule_code

__all__ = ["Script", "grid", "one_line"]

_WHOLE = 12  # entries on one line; of more, a summary is written
_GRID, _WIDEST = 64, 8  # entries and columns of an array that is written on several lines
_DOUBLE = re.compile(r"(?<=\w)\(\((-[^()]*)\)\)")


class Script:
    """The words for a tape and for a sweep over it.

    Parameters
    ----------
    swept : Backward
    names : mapping of int to str, optional
        Names of records that have none of their own, by birth.
    constants : mapping of int to str, optional
        The names of constant arrays, by id; the others are called c0, c1, ... in the order of
        their first use.

    Attributes
    ----------
    numbers : dict of int to int
        The place of each record on the tape, by birth.
    scalar : bool
        Whether there are only single numbers, which can be put into the rules.
    """

    def __init__(
        self,
        swept: Backward,
        names: Mapping[int, str] = MappingProxyType({}),
        constants: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.swept, self.records = swept, swept.records
        self.names, self.constants = names_of(swept.records, names), dict(constants)
        self._taken = set(self.names.values())
        self.output = swept.records[-1]
        self.numbers = {record.birth: i for i, record in enumerate(self.records)}
        self.scalar = not any(record.ndim for record in self.records)
        for record in self.records:
            for x in record.inputs:
                if not isinstance(x, Tensor) and np.ndim(x):
                    self.scalar = False
                    self.constants.setdefault(id(x), f"c{len(self.constants)}")

    def name(self, x: Any) -> str:
        """What an input or a record is called."""
        if isinstance(x, Tensor):
            return printable(self.names[x.birth])
        return free(self.constants[id(x)], self._taken) if np.ndim(x) else one_line(x)

    def role(self, record: Tensor) -> str:
        """The op of a record, or what a leaf is."""
        if record.op is not None:
            return printable(record.op.name)
        return "parameter" if record.requires_grad else "input"

    def made(self, record: Tensor, numbers: bool = False) -> str:
        """Write how a record was computed; with `numbers`, those of a graph of single numbers."""
        if record.op is None:
            return ""
        called = [self._operand(x) if numbers else self.name(x) for x in record.inputs]
        try:
            return _tidy(made_code(record), called)
        except ValueError:  # an op of the user's own may do what cannot be written
            return f"{printable(record.op.name)}({', '.join(called)})"

    def _operand(self, x: Any) -> str:
        return _operand(self.swept.value(x) if isinstance(x, Tensor) else x)

    def rule(self, step: Contribution, numbers: bool = False) -> str:
        """Write what a step computes; with `numbers`, those of a graph of single numbers."""
        made = step.made
        called = [self._operand(x) if numbers else self.name(x) for x in (made, *made.inputs)]
        g = _operand(self.swept.gradients[made.birth]) if numbers else "g"
        try:
            return _tidy(rule_code(made, step.position), [g, *called])
        except ValueError:
            return f"the rule of {self.role(made)} for {self.name(step.to)}"

    def gradient(self, record: Tensor) -> tuple[str, str]:
        """Write the gradient of a record, and what is wrong with it."""
        if not record.requires_grad:
            return "none: constant", ""
        if record.birth not in self.swept.gradients:
            return "none arrives", ""
        g = self.swept.gradients[record.birth]
        return one_line(g), ", ".join(alarms(g))

    def sums(self) -> Iterator[tuple[Contribution, Any]]:
        """Go through the steps, each with the gradient of its receiver as far as it has come."""
        sums: dict[int, Any] = {}
        for step in self.swept.steps:
            before = sums.get(step.to.birth)
            sums[step.to.birth] = total = step.value if before is None else before + step.value
            yield step, total


def one_line(x: Any) -> str:
    """Write a small array with its entries, another as what is known of it."""
    x = np.asarray(x)
    if not x.size:
        return "empty"
    if x.size > _WHOLE:
        known = [f"{word} {figure}" for word, figure in summary(x)] or ["none finite"]
        lost = x.size - np.count_nonzero(np.isfinite(x))
        return ", ".join([f"{x.size:,} entries", *known, *[f"{lost:,} not finite"] * bool(lost)])
    parts = [format_of(x)(entry) for entry in x.ravel()]
    for n in reversed(x.shape):
        parts = [f"[{' '.join(parts[i : i + n])}]" for i in range(0, len(parts), n)]
    return parts[0]


def grid(x: Any) -> str:
    """Write the rows of an array one below the other; of a large one, what is known of it."""
    x = np.asarray(x)
    if not 1 < x.size <= _GRID or x.shape[-1] > _WIDEST:
        return one_line(x)
    write = format_of(x)
    cells = [[write(entry) for entry in row] for row in matrix(x)]
    width = max(len(cell) for row in cells for cell in row)
    return "\n".join("  ".join(cell.rjust(width) for cell in row) for row in cells)


def _operand(x: Any) -> str:
    """Write a number where something is done to it."""
    text = one_line(x)
    return f"({text})" if text.startswith("-") or "j" in text else text


def _tidy(code: Code, called: Sequence[str]) -> str:
    """Write code, without the second brackets around a negative argument."""
    return _DOUBLE.sub(r"(\1)", code.text(called))
