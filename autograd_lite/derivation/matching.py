"""What the rules of algebra look for in a line, and make in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .program import Node, made_by, node

__all__ = ["is_number", "like", "loose", "make", "number_in", "scaled"]


def number_in(x: Node) -> Any:
    """The number a constant consists of, or None."""
    if not x.is_constant or not np.size(x.value):
        return None
    first = np.ravel(x.value)[0]
    if not x.shape:
        return x.value
    return first if np.all(np.equal(x.value, first)) else None


def is_number(x: Node, number: float) -> bool:
    """Whether a node is a constant that consists of this number."""
    found = number_in(x)
    return found is not None and bool(found == number)


def loose(x: Node, *fns: Callable[..., Any]) -> bool:
    """Whether a node of such a kind may go: it has no name, or a cotangent's and one reader."""
    return made_by(x, *fns) and not x.pinned and (not x.name or x.readers <= 1)


def scaled(x: Node) -> bool:
    """Whether a node that may go is a number times another node."""
    return loose(x, np.multiply) and number_in(x.inputs[1]) is not None


def like(line: Node, *inputs: Any) -> Node:
    """The op of a line on other inputs."""
    assert line.op is not None
    return node(line.op, *inputs, place=line.place, **line.params)


def make(line: Node, fn: Callable[..., Any], *inputs: Any, **params: Any) -> Node:
    """Another op, in the place of a line."""
    return node(fn, *inputs, place=line.place, **params)
