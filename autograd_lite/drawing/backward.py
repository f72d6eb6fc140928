"""What a backward sweep does, step by step: each contribution to each gradient, with its rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..sweep import ANYONE, ancestors, sweep
from ..tensor import Tensor

__all__ = ["Backward", "Contribution", "backward"]


@dataclass(frozen=True)
class Contribution:
    """One step: what an op sends to one of its inputs.

    Attributes
    ----------
    step : int
        Counted from 1, in the order of the sweep.
    made, to : Tensor
        The value of the op, whose cotangent arrives, and the input that gets the contribution.
    position : int
        Which argument of the op `to` is here.
    value : array
        Of the shape of `to`.
    nth, of : int
        Which of the contributions to `to` this is, counted from 1, and how many there are.
    """

    step: int
    made: Tensor
    to: Tensor
    position: int
    value: Any
    nth: int
    of: int


@dataclass(frozen=True)
class Backward:
    """A sweep over a tape.

    Attributes
    ----------
    records : list of Tensor
        The tape, oldest first.
    gradients : dict of int to array
        The cotangent of each record that one reaches, by birth; of the output the seed, 1.
    steps : list of Contribution
    read : dict of int to array
        The values of the leaves as their first reader took them, by birth.
    """

    records: list[Tensor]
    gradients: dict[int, Any] = field(default_factory=dict)
    steps: list[Contribution] = field(default_factory=list)
    read: dict[int, Any] = field(default_factory=dict)

    def value(self, x: Tensor) -> Any:
        """The value of a record; of a leaf that was changed since, the one that was read."""
        return self.read.get(x.birth, x.data)


def backward(output: Tensor) -> Backward:
    """Sweep back from a tensor without touching any `grad`, and remember each step.

    Parameters
    ----------
    output : Tensor
        One of several numbers is swept from ones.

    Returns
    -------
    Backward
        Without steps where nothing requires a gradient.

    Raises
    ------
    GraphFreedError
        Where ``backward()`` has released the records.
    """
    records = list(ancestors((output,)).values())
    found = Backward(records)
    for record in records:
        for x, value in zip(record.inputs, record.values, strict=True):
            if isinstance(x, Tensor) and x.op is None and value is not None:
                found.read.setdefault(x.birth, value)
    if not output.requires_grad:
        return found
    found.gradients[output.birth] = np.ones(output.shape, output.dtype)
    parts: list[tuple[Tensor, Tensor, int, Any]] = []
    for record in reversed(records):
        if record.op is None or record.birth not in found.gradients:
            continue
        for position, (x, value) in enumerate(_sent(record, found.gradients[record.birth])):
            if value is None:
                continue
            before = found.gradients.get(x.birth)
            found.gradients[x.birth] = value if before is None else before + value
            parts.append((record, x, position, value))
    total: dict[int, int] = {}
    for _, x, _, _ in parts:
        total[x.birth] = total.get(x.birth, 0) + 1
    seen: dict[int, int] = {}
    for step, (record, x, position, value) in enumerate(parts, 1):
        seen[x.birth] = seen.get(x.birth, 0) + 1
        found.steps.append(
            Contribution(step, record, x, position, value, seen[x.birth], total[x.birth])
        )
    return found


def _sent(record: Tensor, g: Any) -> Sequence[tuple[Any, Any]]:
    """What a record sends to each of its inputs; None to one that gets nothing."""
    sent = []
    for position, x in enumerate(record.inputs):
        if not getattr(x, "requires_grad", False):
            sent.append((x, None))
            continue
        alone = _Alone(record, position)
        found = sweep([(alone, g)])
        sent.append((x, found[_MARKED.birth][1] if found else None))
    return sent


class _Alone:
    """A record with one of its inputs only, so that a sweep over it gives that contribution."""

    def __init__(self, record: Tensor, position: int) -> None:
        self.op, self.data, self.params = record.op, record.data, record.params
        self.values, self.birth, self.line = record.values, record.birth, record.line
        self.name, self.shape = record.name, record.shape
        self.inputs = tuple(_MARKED if i == position else None for i in range(len(record.inputs)))


class _Marked:
    """Stands for the input whose contribution is wanted."""

    birth = 0
    wanted_by = ANYONE
    op = None


_MARKED = _Marked()
