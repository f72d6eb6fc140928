"""What is said of each record and of each backward step, wherever it is then written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..derive.program import Node, Program, constant
from ..derive.rule import rule_text
from ..derive.source import readable
from ..derive.spelling import Spelling
from ..tensor import Tensor
from .backward import Backward, Contribution

__all__ = ["Script", "figures", "printable", "shown"]

SMALL = 12  # entries; more are summed up


class Script:
    """The words for a tape and a sweep over it.

    Parameters
    ----------
    swept : Backward

    Attributes
    ----------
    numbers : dict of int to int
        The place of each record on the tape, by birth.
    constants : dict of int to str
        The names of constant arrays, by id: c0, c1, ... in the order of their first use.
    scalar : bool
        Whether there are only single numbers, which can be put into the rules.
    """

    def __init__(self, swept: Backward) -> None:
        self.swept = swept
        self.records = swept.records
        self.output = swept.records[-1]
        self.numbers = {record.birth: i for i, record in enumerate(self.records)}
        self.constants: dict[int, str] = {}
        self.scalar = True
        for record in self.records:
            self.scalar = self.scalar and not record.ndim
            for x in record.inputs:
                if not isinstance(x, Tensor) and np.ndim(x):
                    self.scalar = False
                    self.constants.setdefault(id(x), f"c{len(self.constants)}")

    def sums(self) -> Iterator[tuple[Contribution, Any]]:
        """Go through the steps, each with the gradient of its receiver as far as it has come."""
        sums: dict[int, Any] = {}
        for step in self.swept.steps:
            before = sums.get(step.to.birth)
            sums[step.to.birth] = total = step.value if before is None else before + step.value
            yield step, total

    def name(self, x: Any) -> str:
        """What an input or a record is called."""
        if isinstance(x, Tensor):
            return printable(x.name) if x.name else f"v{self.numbers[x.birth]}"
        return self.constants[id(x)] if np.ndim(x) else shown(x)

    def role(self, record: Tensor) -> str:
        """The op of a record, or what a leaf is."""
        if record.op is not None:
            return printable(record.op.name)
        return "parameter" if record.requires_grad else "input"

    def made(self, record: Tensor, numbers: bool = False) -> str:
        """Write how a record was computed; with `numbers`, those of a graph of single numbers."""
        if record.op is None:
            return ""
        inputs: list[Node] = []
        for x, value in zip(record.inputs, record.values, strict=True):
            is_named = isinstance(x, Tensor) or np.ndim(value)
            inputs.append(
                Node(None, value=value, is_argument=True) if is_named else constant(value)
            )
        arguments = tuple(x for x in inputs if x.is_argument)
        line = Node(record.op, tuple(inputs), record.params, value=record.data)
        program = Program(arguments, (line,))
        text = ""
        for program in (readable(program), program):
            spelling = Spelling(program, {})
            spelling.names = {x.birth: _ARGUMENT.format(i) for i, x in enumerate(inputs)}
            text = spelling.text()
            if not spelling.arrays:  # an array that the reader has not seen says nothing to him
                break
        return self._filled(text, record, None, numbers)

    def rule(self, step: Contribution, numbers: bool = False) -> str:
        """Write what a step computes; with `numbers`, those of a graph of single numbers."""
        names = [_ARGUMENT.format(i) for i in range(len(step.made.inputs))]
        text, _ = rule_text(step.made, step.position, names, _OUTPUT)
        return self._filled(text, step.made, self.swept.gradients[step.made.birth], numbers)

    def _filled(self, text: str, made: Tensor, g: Any, numbers: bool) -> str:
        """Put names, or numbers, in the places that were kept for them."""

        def put(match: re.Match[str]) -> str:
            word = match[0]
            if word == "g":
                return _in_rule(g) if numbers else "g"
            x = made if word == _OUTPUT else made.inputs[int(match[1])]
            return _in_rule(getattr(x, "data", x)) if numbers else self.name(x)

        return _PLACES.sub(put, text)

_ARGUMENT, _OUTPUT = "place{}_", "place_"
_PLACES = re.compile(r"\bplace(\d*)_\b|\bg\b")


def printable(text: object, longest: int = 40) -> str:
    """Spell text on one line; what does not print, or commands a terminal, as Python does."""
    spelled = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in str(text)[: longest + 1]
    )
    return spelled if len(spelled) <= longest else spelled[: longest - 3] + "..."


def shown(x: Any) -> str:
    """Write a small array with its entries, another as what is known of it."""
    x = np.asarray(x)
    if not x.size:
        return "empty"
    if x.size <= SMALL:
        return _nested(figures(x), x.shape)
    if x.dtype.kind not in "biufc":
        return f"{x.size:,} entries"
    if x.dtype.kind == "c":
        x = np.abs(x)
    finite = x[np.isfinite(x)]
    lost = f", {x.size - finite.size:,} not finite" if finite.size < x.size else ""
    if not finite.size:
        return f"{x.size:,} numbers, none finite"
    low, mean, high = figures(np.array([finite.min(), finite.mean(), finite.max()], float))
    if finite.min() == finite.max():
        return f"{x.size:,} times {low}{lost}"
    return f"{x.size:,} numbers, {low} to {high}, mean {mean}{lost}"


def figures(x: Any) -> list[str]:
    """Write the entries of an array with three digits of the largest, in one format."""
    x = np.asarray(x)
    flat = np.ravel(x)
    if x.dtype.kind in "biu":
        return [str(value) for value in flat.tolist()]
    if x.dtype.kind == "c":
        parts = figures(np.concatenate([flat.real, flat.imag]))
        pairs = zip(parts[: flat.size], parts[flat.size :], strict=True)
        return [f"{a}{b if b.startswith('-') else f'+{b}'}j" for a, b in pairs]
    finite = np.abs(flat[np.isfinite(flat)]).astype(float)
    largest = float(finite.max(initial=0))
    if largest and not 1e-3 <= largest < 1e5:
        return [_unsigned(f"{value:.2e}") for value in flat.tolist()]
    digits = max(0, 2 - int(np.floor(np.log10(largest)))) if largest else 0
    return [_unsigned(f"{value:.{digits}f}") for value in flat.tolist()]


def _unsigned(text: str) -> str:
    """Write no minus before nothing."""
    return text[1:] if text.startswith("-") and not text.strip("-0.e+") else text


def _nested(entries: Sequence[str], shape: tuple[int, ...]) -> str:
    """Put brackets around the rows, and the rows of rows."""
    parts = list(entries)
    for n in reversed(shape):
        parts = [f"[{' '.join(parts[i : i + n])}]" for i in range(0, len(parts), n)]
    return parts[0]


def _in_rule(x: Any) -> str:
    """Write a number where it is an operand."""
    text = shown(x)
    return f"({text})" if text.startswith("-") or "j" in text else text
