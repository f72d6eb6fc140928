"""A straight-line program: nodes in place of records, without a Tensor or a tape."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..op import NOTHING, OPS, Op

__all__ = [
    "Node",
    "Program",
    "constant",
    "forget_example",
    "made_by",
    "node",
    "rewritten",
    "run",
    "stand_in",
]

_births = itertools.count()


class Node:
    """A value of a program: an argument, a constant, or what an op makes of other nodes.

    Attributes
    ----------
    op : Op or None
        None for arguments and constants.
    inputs : tuple of Node
    params : dict
        The keywords of the op.
    value : array or number
        What it is for the example; shape and dtype are read off it.
    is_argument : bool
    name : str
        What the user calls it, or "".
    place : int
        Where it stands among the lines; no input stands later.
    readers, pinned
        How many read it, and whether it must stay, as far as a pass has noted.
    """

    __slots__ = (
        "birth", "inputs", "is_argument", "name", "op", "params", "pinned", "place", "readers",
        "value",
    )  # fmt: skip

    def __init__(
        self,
        op: Op | None,
        inputs: tuple[Node, ...] = (),
        params: Mapping[str, Any] = NOTHING,
        *,
        value: Any,
        name: str = "",
        place: int = 0,
        is_argument: bool = False,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.params = params
        self.value = value
        self.name = name
        self.place = place
        self.is_argument = is_argument
        self.readers = 1
        self.pinned = False
        self.birth = next(_births)

    @property
    def is_constant(self) -> bool:
        """Whether it has the same value in every run."""
        return self.op is None and not self.is_argument

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        """The number of axes of the value."""
        return np.ndim(self.value)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value; of a Python number, the one NumPy would give it alone."""
        return np.result_type(self.value)

    def __repr__(self) -> str:
        if self.op is None:
            kind = "argument" if self.is_argument else "constant"
            return f"<{kind} {self.name} {self.shape}>"
        return f"<{self.op.name} {self.name} {self.shape}>"


def filled_with(value: np.ndarray) -> Any:
    """The number that an array consists of, or None; 0.0 and -0.0 are two."""
    first = value.flat[0] if value.size else None
    if first is None or not np.all(value == first):
        return None
    mixed = value.dtype.kind == "f" and first == 0 and np.ptp(np.signbit(value).view(np.int8))
    return None if mixed else first


def ratio(x: Node, dtype: Any) -> tuple[int, int] | None:
    """The whole numbers k and n where a node is the constant k / n, but for a dtype's rounding.

    Above 1, k is for numbers that are longer as decimals: 2 / 7, but 0.4.
    """
    if not x.is_constant or x.shape or np.iscomplexobj(x.value) or not x.value:
        return None
    c = float(x.value)
    rounding = 4 * float(np.finfo(dtype).eps) if np.issubdtype(dtype, np.inexact) else 0.0
    for k in (1, 2, 3, 4) if len(str(x.value)) > 8 else (1,):
        n = k / abs(c)
        if 1.5 < n < 1e9 and abs(n - round(n)) <= rounding * n < 0.2:
            return (k if c > 0 else -k), round(n)
    return None


def constant(value: Any, place: int = 0) -> Node:
    """Make a node that is the same in every run."""
    return Node(None, value=value, place=place)


def node(
    fn: Callable[..., Any] | Op,
    *inputs: Any,
    place: int = 0,
    name: str = "",
    **params: Any,
) -> Node:
    """Make a node of an op; inputs that are not nodes become constants.

    Parameters
    ----------
    fn : callable or Op
        The op, or the function that `OPS` knows it by.
    *inputs : Node, array or number
    place, name
        As in `Node`.
    **params
        The keywords of the op.
    """
    op = fn if isinstance(fn, Op) else OPS[fn]
    nodes = tuple(x if isinstance(x, Node) else constant(x) for x in inputs)
    place = max([place, *(x.place for x in nodes)])
    with np.errstate(all="ignore"):
        value = op.forward(*(x.value for x in nodes), **params)
    return Node(op, nodes, params, value=value, place=place, name=name)


def stand_in(value: Any) -> Any:
    """An array of ones of the same shape and dtype that takes no memory."""
    return np.broadcast_to(np.ones((), np.result_type(value)), np.shape(value))


def forget_example(program: Program) -> None:
    """Let go of the example's values, once nothing but their shapes and dtypes is needed."""
    for x in program.nodes():
        if not x.is_constant:
            x.value = stand_in(x.value)


def made_by(x: Node, *fns: Callable[..., Any]) -> bool:
    """Whether a node was made by one of these functions."""
    return x.op is not None and x.op.fn in fns


@dataclass(frozen=True)
class Program:
    """What to compute: arguments, and the nodes that are wanted.

    Attributes
    ----------
    arguments : tuple of Node
    outputs : tuple of Node
    values : int
        How many of the outputs, the first ones, are values of the function; the others are
        gradients.
    """

    arguments: tuple[Node, ...]
    outputs: tuple[Node, ...]
    values: int = 1

    @property
    def forward(self) -> int:
        """The place of the last value: what is computed after it are cotangents."""
        return max(x.place for x in self.outputs[: self.values])

    @property
    def lines(self) -> list[Node]:
        """The nodes made by ops that the outputs need, each after its inputs."""
        return [x for x in self.nodes() if x.op is not None]

    @property
    def constants(self) -> list[Node]:
        """The constants that are read."""
        return [x for x in self.nodes() if x.is_constant]

    def nodes(self) -> list[Node]:
        """All nodes that the outputs need, in the order of the lines."""
        found = {x.birth: x for x in self.outputs}
        pending = list(found.values())
        for x in pending:
            for y in x.inputs:
                if y.birth not in found:
                    found[y.birth] = y
                    pending.append(y)
        return sorted(found.values(), key=lambda x: (x.place, x.birth))

    def readers(self) -> dict[int, int]:
        """How often each node is read, outputs included, by birth."""
        count: dict[int, int] = {}
        for x in itertools.chain(self.outputs, *(line.inputs for line in self.lines)):
            count[x.birth] = count.get(x.birth, 0) + 1
        return count

    def with_outputs(self, outputs: Iterable[Node]) -> Program:
        """The same arguments, and other nodes that are wanted."""
        return replace(self, outputs=tuple(outputs))


def rewritten(program: Program, rule: Callable[[Node], Node | None]) -> Program:
    """Put other nodes in the place of nodes.

    Parameters
    ----------
    program : Program
    rule : callable
        Is given each line with its inputs rewritten, in order; returns the node to put in its
        place, or None to leave it.
    """
    put: dict[int, Node] = {}
    for line in program.lines:
        inputs = tuple(put.get(x.birth, x) for x in line.inputs)
        changed = any(a is not b for a, b in zip(inputs, line.inputs, strict=True))
        now = _on(line, inputs) if changed else line
        put[line.birth] = _named_alike(rule(now) or now, line)
    return program.with_outputs(put.get(x.birth, x) for x in program.outputs)


def _on(line: Node, inputs: tuple[Node, ...]) -> Node:
    x = copy.copy(line)
    x.inputs = inputs
    x.birth = next(_births)
    return x


def _named_alike(x: Node, before: Node) -> Node:
    """Hand the name of a line on to what stands in its place, if that has none."""
    if before.name and not x.name and x.op is not None and x.place == before.place:
        x.name = before.name
    return x


def run(program: Program, arguments: Sequence[Any]) -> list[Any]:
    """Compute the outputs, op by op: slow, and what the emitters are held against."""
    values = {x.birth: v for x, v in zip(program.arguments, arguments, strict=True)}
    values |= {x.birth: x.value for x in program.constants}
    for line in program.lines:
        assert line.op is not None
        inputs = (values[x.birth] for x in line.inputs)
        values[line.birth] = line.op.forward(*inputs, **line.params)
    return [values[x.birth] for x in program.outputs]
