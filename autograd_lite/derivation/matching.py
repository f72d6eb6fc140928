"""What the rules of algebra look for in a line, and make in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .program import Node, filled_with, made_by, node

__all__ = ["alike", "is_number", "like", "loose", "make", "number_for", "number_in", "scaled"]


def alike(a: Node, b: Node) -> bool:
    """Whether two nodes have the same shape and dtype."""
    return (a.shape, a.dtype) == (b.shape, b.dtype)


def number_in(x: Node) -> Any:
    """The number a constant consists of, or None."""
    if not x.is_constant:
        return None
    return filled_with(x.value) if x.shape else x.value


def number_for(line: Node, x: Node) -> Any:
    """The number a constant consists of, to compute with: small integers would wrap around."""
    number = number_in(x)
    exact = number is None or getattr(number, "dtype", line.dtype) == line.dtype
    return number if exact else line.dtype.type(number)


def is_number(x: Node, number: float) -> bool:
    """Whether a node is a constant that consists of this number."""
    found = number_in(x)
    return found is not None and bool(found == number)


def loose(x: Node, *fns: Callable[..., Any]) -> bool:
    """Whether a node of such a kind may go: it has no name, or a cotangent's and one reader.

    Masks and whole numbers stay, which have an arithmetic of their own.
    """
    anonymous = not x.pinned and (not x.name or x.readers <= 1)
    return anonymous and made_by(x, *fns) and x.dtype.kind in "fc"


def scaled(x: Node) -> bool:
    """Whether a node that may go is a number times another node, and not out of all proportion.

    Numbers of any size, in another order, may overflow.
    """
    if not loose(x, np.multiply):
        return False
    number = number_in(x.inputs[1])
    return number is not None and (number == 0 or bool(1e-9 < abs(number) < 1e9))


def like(line: Node, *inputs: Any) -> Node:
    """The op of a line on other inputs."""
    assert line.op is not None
    return node(line.op, *inputs, place=line.place, **line.params)


def make(line: Node, fn: Callable[..., Any], *inputs: Any, **params: Any) -> Node:
    """Another op, in the place of a line."""
    return node(fn, *inputs, place=line.place, **params)
