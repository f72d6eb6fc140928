"""What makes two lines the same: their function, inputs and keywords."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .program import Node

__all__ = ["INEXACT", "Known", "frozen", "identity"]

INEXACT = (float, complex, np.inexact)
"""Numbers that are told apart by how they are written: -0.0 is not 0.0, and NaN is NaN."""


class Known:
    """The lines so far, by function and inputs."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, Node] = {}

    def add(self, line: Node) -> None:
        """Remember a line, unless there is one like it."""
        assert line.op is not None
        self._lines.setdefault((line.op.fn, *map(identity, line.inputs)), line)

    def find(self, fn: Callable[..., Any], *inputs: Node) -> Node | None:
        """The line of a function of these inputs, without keywords."""
        found = self._lines.get((fn, *map(identity, inputs)))
        return found if found is not None and not found.params else None


def identity(x: Node) -> Hashable:
    """What tells a node from others: of a constant its type and value, else the node itself."""
    if x.is_constant:
        return (type(x.value), x.dtype.str, x.shape, np.asarray(x.value).tobytes())
    return x.birth


def frozen(value: Any) -> Hashable:
    """Keywords as something that can be looked up; an array is itself alone."""
    if isinstance(value, dict):
        return tuple((key, frozen(v)) for key, v in value.items())
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *map(frozen, value))
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if isinstance(value, INEXACT):
        return (type(value).__name__, repr(value))
    if isinstance(value, (bool, int, str)):
        return (type(value).__name__, value)
    return id(value)
