"""What each line of a program computes, writes and costs."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .passes import expand
from .program import Node, Program, made_by
from .source import READ_AS

__all__ = ["Row", "Table", "table"]

_REDUCTIONS = (
    np.sum, np.mean, np.prod, np.max, np.min, np.nanmax, np.nanmin, np.any, np.all, np.argmax,
    np.argmin, np.nanargmax, np.nanargmin, np.count_nonzero, np.cumsum, np.cumprod,
)  # fmt: skip
_VIEWS = (
    np.matrix_transpose, np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims,
    np.squeeze, np.broadcast_to, np.flip, np.fliplr, np.flipud, np.rot90,
)  # fmt: skip
_PERHAPS_VIEWS = (np.reshape, operator.getitem, np.real, np.imag)
_MOVING = (
    *_VIEWS, *_PERHAPS_VIEWS, np.copy, np.ndarray.astype, np.concatenate, np.stack, np.roll,
    np.tile, np.repeat, np.pad, np.take, np.tril, np.triu, np.where, np.choose, np.select,
    np.zeros_like, np.ones_like, np.empty_like, np.full_like,
)  # fmt: skip
_LARGE = 10**6


class Row(NamedTuple):
    """A line of a program.

    Attributes
    ----------
    name : str
        What the source calls it, or "".
    op : str
    shape : tuple of int
    dtype : dtype
    bytes : int
        What it writes; 0 for a view of what there is.
    flops : int or None
        2 m n k for a product of matrices; one for each entry that any other function reads in a
        reduction or writes otherwise, be it a sum or an exponential; none for moving numbers.
        None where the function is not counted, such as a decomposition.
    live : int
        The bytes of all that the program has made and needs while the line runs, its own included.
    """

    name: str
    op: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    bytes: int
    flops: int | None
    live: int


@dataclass(frozen=True)
class Table:
    """The lines of a program, and what they come to.

    Attributes
    ----------
    rows : tuple of Row
    given : int
        The bytes of arguments and captured arrays, which no row counts.
    """

    rows: tuple[Row, ...]
    given: int

    @property
    def bytes(self) -> int:
        """What is written altogether."""
        return sum(row.bytes for row in self.rows)

    @property
    def flops(self) -> int:
        """The operations that are counted."""
        return sum(row.flops or 0 for row in self.rows)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """The functions whose operations are not counted."""
        return tuple(sorted({row.op for row in self.rows if row.flops is None}))

    @property
    def peak(self) -> int:
        """The most bytes alive at once, if no line writes over what it reads."""
        return max((row.live for row in self.rows), default=0)

    def __str__(self) -> str:
        head = ("", "op", "shape", "dtype", "bytes", "flops", "live")
        body = [
            (row.name, row.op, _by(row.shape), str(row.dtype), *map(_n, row[4:]))
            for row in self.rows
        ]
        total = ("total", "", "", "", _n(self.bytes), _n(self.flops), _n(self.peak))
        widths = [max(map(len, column)) for column in zip(head, *body, total, strict=True)]
        lines = [
            "  ".join(
                text.ljust(width) if i < 4 else text.rjust(width)
                for i, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (head, *body, total)
        ]
        rule = "-" * max(map(len, lines))
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        lines += ["", f"live: the most is {_n(self.peak)} bytes, beside {_n(self.given)} given."]
        lines += ["flops: 2mnk for a product of matrices, else one an entry, also for exp and log;"]
        lines += [f"not counted (?): {', '.join(self.uncounted) or 'nothing'}."]
        return "\n".join(lines)


def table(program: Program, names: Mapping[int, str] | None = None) -> Table:
    """List the lines of a program with what they cost.

    Parameters
    ----------
    program : Program
        As it is read or, after `lowered`, as it runs.
    names : mapping of int to str, optional
        What the lines are called in the source, by birth; their own names otherwise.

    Returns
    -------
    Table
    """
    nodes = program.nodes()
    given = sum(_nbytes(x) for x in nodes if x.op is None)
    made = (
        Row(
            (names or {}).get(line.birth, line.name),
            line.op.name if line.op else "",
            line.shape,
            line.dtype,
            0 if _looked_at(line) else _nbytes(line),
            _flops(line),
            live,
        )
        for line, live in _alive(program)
    )
    return Table(tuple(made), given)


def _alive(program: Program) -> Iterator[tuple[Node, int]]:
    """Go through the lines with the bytes that are alive while each runs."""
    lines = program.lines
    last = {_root(x).birth: i for i, line in enumerate(lines) for x in line.inputs}
    last |= {_root(x).birth: len(lines) for x in program.outputs}
    alive: dict[int, int] = {}
    for i, line in enumerate(lines):
        if _looked_at(line) is None:
            alive[line.birth] = _nbytes(line)
        yield line, sum(alive.values())
        for birth in [birth for birth in alive if last.get(birth, i) <= i]:
            del alive[birth]


def _root(x: Node) -> Node:
    """The node whose memory a node looks at."""
    while (y := _looked_at(x)) is not None:
        x = y
    return x


def _looked_at(x: Node) -> Node | None:
    """The input whose memory a node looks at, or None."""
    if made_by(x, *_VIEWS):
        return x.inputs[0]
    if made_by(x, *_PERHAPS_VIEWS) and len(x.inputs) == 1:
        y = _in_memory(x.inputs[0])
        return x.inputs[0] if np.may_share_memory(y, _again(x, y)) else None
    return None


def _in_memory(x: Node) -> np.ndarray:
    """An array laid out as the value of a node is, if arguments are in C order."""
    if len(x.inputs) == 1 and made_by(x, *_VIEWS, *_PERHAPS_VIEWS):
        return np.asarray(_again(x, _in_memory(x.inputs[0])))
    return np.empty(x.shape, x.dtype)


def _again(x: Node, *values: Any) -> Any:
    assert x.op is not None
    return x.op.forward(*values, **x.params)


def _nbytes(x: Node) -> int:
    return int(np.size(x.value)) * x.dtype.itemsize


def _flops(line: Node) -> int | None:
    assert line.op is not None
    fn, inputs = line.op.fn, line.inputs
    written = int(np.size(line.value))
    if fn in _MOVING:
        return 0
    if made_by(line, np.matmul):
        return 2 * written * inputs[0].shape[-1]
    if fn is np.einsum:
        return _einsum_flops(line)
    if fn in _REDUCTIONS:
        return int(np.size(inputs[0].value))
    if isinstance(fn, np.ufunc) and fn.signature is None:
        return written
    return None if line.op.is_numpy else _flops_inside(line)


def _einsum_flops(line: Node) -> int | None:
    """A multiplication for each factor after the first and an addition, for each set of indices."""
    subscripts = line.params.get("subscripts", "").replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for letters, x in zip(subscripts, line.inputs, strict=False):
        if len(letters) != x.ndim or not letters.isalpha():
            return None
        sizes |= zip(letters, x.shape, strict=True)
    return len(line.inputs) * math.prod(sizes.values())


def _flops_inside(line: Node) -> int | None:
    """Count a function that is not NumPy's by the calls it consists of, if that is all it does."""
    ones = (np.ones(x.shape, x.dtype) if x.shape else x.value for x in line.inputs)
    arguments = tuple(Node(None, value=value, is_argument=True) for value in ones)
    alone = Node(line.op, arguments, line.params, value=line.value)
    inside = expand(Program(arguments, (alone,)), _LARGE, READ_AS)
    total = 0
    for x in inside.lines:
        count = None if x.op is line.op else _flops(x)
        if count is None:
            return None
        total += count
    return total


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "-"


def _n(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
