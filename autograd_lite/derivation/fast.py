"""A program as a Python function that writes into buffers it keeps, and reuses what is free.

The function is compiled from text in which everything is numbered: constants, keywords and keys
are passed to it by such names, so that nothing of what a user wrote is executed as code.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tree import flatten, replaced
from .keys import INEXACT
from .names import Attribute, parts_of
from .passes import PASSES, by_liveness, expand, reuse, share
from .program import Node, Program, made_by

__all__ = ["MISS", "Compiler", "compiled", "lowered"]

_ANY_LENGTH = 1000
_REDUCTIONS: dict[Callable[..., Any], np.ufunc] = {
    np.sum: np.add,
    np.max: np.maximum,
    np.min: np.minimum,
    np.prod: np.multiply,
    np.mean: np.add,
}
_VIEWS = (
    np.matrix_transpose,
    np.transpose,
    np.swapaxes,
    np.moveaxis,
    np.reshape,
    np.expand_dims,
    np.squeeze,
    np.broadcast_to,
    operator.getitem,
)
_NUMBERS_CONVERTED = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.greater,
    np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
)  # fmt: skip
"""Functions that bring both arguments to one dtype; a number is brought there beforehand."""
MISS = object()
"""What a compiled function returns for arguments of another kind than it was made for."""


def lowered(program: Program) -> Program:
    """Write out every function in NumPy calls, as far as it consists of them."""
    program = expand(program, _ANY_LENGTH)
    for simplified in PASSES.values():
        program = simplified(program)
    return by_liveness(share(reuse(program)))


class Compiler:
    """The text of a function, piece by piece, and the names it uses."""

    def __init__(self, program: Program, reuse_outputs: bool) -> None:
        self.program = program
        self.reuse_outputs = reuse_outputs
        self.namespace: dict[str, Any] = {"empty": np.empty, "ndarray": np.ndarray, "MISS": MISS}
        self.body: list[str] = []
        self.made: list[str] = []  # statements that make a workspace
        self.slots: list[str] = []  # what a workspace consists of, by name
        self.names: dict[int, str] = {}
        self.slot_of: dict[int, str] = {}
        self.roots: dict[int, Node] = {}
        self.free: dict[tuple[Any, ...], list[str]] = {}
        self.last_use = self._liveness()
        self.kept = {self._root(x).birth for x in program.outputs}

    def given(self, value: Any) -> str:
        """Pass an object to the function, and return its name there."""
        name = f"k{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def _root(self, x: Node) -> Node:
        """The node whose memory a node looks at."""
        if x.op is None:
            return x
        if x.birth not in self.roots:
            y = _looked_at(x)
            self.roots[x.birth] = x if y is None else self._root(y)
        return self.roots[x.birth]

    def _liveness(self) -> dict[int, int]:
        last = {}
        for i, line in enumerate(self.program.lines):
            for x in line.inputs:
                last[self._root(x).birth] = i
        return last

    def lines(self) -> None:
        """Write a statement for each line."""
        for i, line in enumerate(self.program.lines):
            self._line(line, i)
            for x in {y.birth: y for y in map(self._root, line.inputs)}.values():
                slot = self.slot_of.get(x.birth)
                if slot and self.last_use[x.birth] == i and x.birth not in self.kept:
                    del self.slot_of[x.birth]
                    self.free.setdefault((x.shape, x.dtype), []).append(slot)

    def _line(self, line: Node, i: int) -> None:
        op = line.op
        assert op is not None
        args = [self._operand(x, line) for x in line.inputs]
        if made_by(line, np.matrix_transpose):
            self._transposed(line, args[0])
        elif made_by(line, np.matmul) and not line.params:
            self._product(line, i, args)
        elif isinstance(op.fn, np.ufunc) and op.fn.nout == 1 and not line.params:
            out = self._slot(line, i, line.inputs)
            # By position is faster, but deprecated for these two.
            given = f"out={out}" if out and op.fn in (np.maximum, np.minimum) else out
            self._bind(line, f"{self._fn(op.fn)}({_listed(*args, given)})", out)
        elif op.fn in _REDUCTIONS and line.params.keys() <= {"axis", "keepdims"}:
            self._reduction(line, i, args[0])
        else:
            forward = functools.partial(op.forward, **line.params) if line.params else op.forward
            self._bind(line, f"{self._fn(forward)}({_listed(*args)})", "")

    def _product(self, line: Node, i: int, args: Sequence[str]) -> None:
        """Of two matrices by `dot`, which has half of the overhead."""
        out = self._slot(line, i, ())
        if all(x.ndim <= 2 and x.dtype == line.dtype for x in line.inputs):
            call = f"{args[0]}.dot({_listed(args[1], out)})"
        else:
            call = f"{self._fn(np.matmul)}({_listed(*args, out)})"
        self._bind(line, call, out)

    def _reduction(self, line: Node, i: int, arg: str) -> None:
        assert line.op is not None
        fn, axis = line.op.fn, line.params.get("axis")
        if isinstance(axis, tuple) and len(axis) == 1:
            (axis,) = axis  # faster to read
        if fn is np.mean and line.dtype.itemsize < 4:  # NumPy adds up half precision in single
            self._bind(line, f"{self._fn(functools.partial(np.mean, **line.params))}({arg})", "")
            return
        out = self._slot(line, i, ())
        kept = bool(line.params.get("keepdims", False))
        if isinstance(axis, int) and _is_sum_of_matrix(line, axis) and (out or not kept):
            self._bind(line, self._sum_by_product(line, arg, axis, out), out)
        else:
            reduce = self._fn(_REDUCTIONS[fn].reduce)
            self._bind(line, f"{reduce}({arg}, {axis!r}, None, {out or None}, {kept})", out)
        if fn is np.mean:
            n = np.size(line.inputs[0].value) // max(np.size(line.value), 1)
            number = self.given(np.array(n, line.dtype))
            divided = f"{self._fn(np.divide)}({_listed(self.names[line.birth], number, out)})"
            self._bind(line, divided, out)

    def _sum_by_product(self, line: Node, arg: str, axis: int, out: str) -> str:
        """Add up the rows or columns of a matrix by a product with ones: a third of the time."""
        ones = self.given(np.ones(line.inputs[0].shape[axis], line.dtype))
        if out and line.ndim == 2:
            name = f"{out}f"
            if name not in self.slots:
                self.slots.append(name)
                self.made.append(f"{name} = {out}.reshape(-1)")
            out = name
        left, right = (ones, arg) if axis in (0, -2) else (arg, ones)
        return f"{left}.dot({_listed(right, out)})"

    def _bind(self, line: Node, call: str, out: str) -> None:
        if out:
            self.names[line.birth] = out
            self.body.append(call)
        else:
            self.names[line.birth] = name = f"v{line.birth}"
            self.body.append(f"{name} = {call}")

    def _fn(self, fn: Any) -> str:
        for name, known in self.namespace.items():
            if known is fn:
                return name
        return self.given(fn)

    def _slot(self, line: Node, i: int, overwritable: Sequence[Node]) -> str:
        """The buffer to write a line into; "" for a number, and for a result that is handed out."""
        if not line.shape or (line.birth in self.kept and not self.reuse_outputs):
            return ""
        key = (line.shape, line.dtype)
        for x in overwritable:
            dies = self.last_use.get(x.birth) == i and x.birth not in self.kept
            if dies and x.birth in self.slot_of and (x.shape, x.dtype) == key:
                self.slot_of[line.birth] = slot = self.slot_of.pop(x.birth)
                return slot
        if self.free.get(key) and line.birth not in self.kept:
            slot = self.free[key].pop()
        else:
            slot = f"b{len(self.slots)}"
            self.slots.append(slot)
            self.made.append(f"{slot} = empty({line.shape!r}, {self.given(line.dtype)})")
        self.slot_of[line.birth] = slot
        return slot

    def _transposed(self, line: Node, x: str) -> None:
        """Look at a buffer the other way round once and for all; at an argument in each call."""
        attribute = f"{x}.{'T' if line.ndim == 2 else 'mT'}"
        if line.inputs[0].birth not in self.slot_of:
            self._bind(line, attribute, "")
            return
        self.names[line.birth] = name = f"{x}t"
        if name not in self.slots:
            self.slots.append(name)
            self.made.append(f"{name} = {attribute}")

    def _operand(self, x: Node, line: Node) -> str:
        if x.birth in self.names:
            return self.names[x.birth]
        value = x.value
        if made_by(line, *_NUMBERS_CONVERTED) and not x.shape:
            with contextlib.suppress(OverflowError):  # a byte may be compared with 300
                value = np.asarray(value, np.result_type(*(y.value for y in line.inputs)))
        name = self.given(value)
        if x.shape:
            self.names[x.birth] = name
        return name

    def result(self, structure: Any) -> str:
        """Write what the function returns: the structure, with arrays that nobody else holds."""
        seen: set[str] = set()
        leaves = []
        for x in self.program.outputs:
            name = self.names.get(x.birth) or self.given(x.value)
            own = x.op is not None and self._root(x) is x and name not in seen
            seen.add(name)
            leaves.append(name if own or not hasattr(x.value, "copy") else f"{name}.copy()")
        return self._display(structure, iter(leaves))

    def _display(self, tree: Any, leaves: Any) -> str:
        if type(tree) is dict:
            items = [
                f"{self.given(key)}: {self._display(value, leaves)}" for key, value in tree.items()
            ]
            return "{" + ", ".join(items) + "}"
        if type(tree) in (list, tuple):
            parts = ", ".join(self._display(value, leaves) for value in tree)
            return f"[{parts}]" if isinstance(tree, list) else f"({parts}{',' * (len(tree) == 1)})"
        if isinstance(tree, (dict, list, tuple)) or dataclasses.is_dataclass(tree):
            count = len(flatten(tree))
            parts = ", ".join(next(leaves) for _ in range(count))
            return f"{self._fn(functools.partial(replaced, tree))}([{parts}])"
        return "None" if tree is None else str(next(leaves))

    def arguments(self, args: Sequence[Any]) -> list[str]:
        """Write what takes the arguments apart, and turns away those of another kind."""
        nodes = iter(self.program.arguments)
        count = itertools.count(len(args))
        text: list[str] = []

        def walk(name: str, tree: Any) -> None:
            parts = parts_of(tree)
            if parts is None:
                text.append(f"if {leaf(name, tree)}: return MISS")
                return
            text.append(f"if {name}.__class__ is not {self._fn(type(tree))}: return MISS")
            if isinstance(tree, (dict, list, tuple)):
                text.append(f"if len({name}) != {len(tree)}: return MISS")
            for path, part in parts:
                inner = f"a{next(count)}"
                if isinstance(path, Attribute):
                    text.append(f"{inner} = getattr({name}, {self.given(str(path))})")
                elif isinstance(path, int):
                    text.append(f"{inner} = {name}[{path}]")
                else:
                    text.append(f"{inner} = {name}.get({self.given(path)}, MISS)")
                walk(inner, part)

        def leaf(name: str, value: Any) -> str:
            """What is true of another kind of leaf."""
            if value is None:
                return f"{name} is not None"
            if not isinstance(value, np.ndarray):
                kind, static = self._fn(type(value)), self.given(value)
                other = f"{name} != {static}"
                if isinstance(value, INEXACT) and (value == 0 or value != value):
                    other = f"repr({name}) != {self.given(repr(value))}"
                return f"{name} is not {static} and ({name}.__class__ is not {kind} or {other})"
            x = next(nodes)
            self.names[x.birth] = name
            return (
                f"{name}.__class__ is not ndarray or {name}.shape != {x.shape!r} "
                f"or {name}.dtype is not {self._fn(x.dtype)}"
            )

        for i, tree in enumerate(args):
            walk(f"a{i}", tree)
        return [f"{''.join(f'a{i}, ' for i in range(len(args)))} = args", *text] if args else []

    def function(self, accepted: Sequence[str], returned: str) -> Callable[[Sequence[Any]], Any]:
        """Put the text together and compile it."""
        slots = "".join(f"{slot}, " for slot in self.slots)
        take = ["try: w = pop()", "except IndexError: w = make()", f"({slots}) = w"]
        statements = [*accepted, *(take if slots else []), *self.body, f"result = {returned}"]
        if slots:
            statements.append("give_back(w)")
        text = "\n".join(
            [
                "def make():",
                *(f"    {line}" for line in self.made),
                f"    return ({slots})",
                "def run(args):",
                *(f"    {line}" for line in statements),
                "    return result",
            ]
        )
        pool: list[Any] = []
        scope = {**self.namespace, "pop": pool.pop, "give_back": pool.append}
        exec(compile(text, "<derived>", "exec"), scope)
        run: Callable[[Sequence[Any]], Any] = scope["run"]
        return run


def _is_sum_of_matrix(line: Node, axis: int) -> bool:
    """Whether a line sums a matrix along one axis that is short enough for it to be as exact."""
    x = line.inputs[0]
    return (
        made_by(line, np.sum, np.mean)
        and x.ndim == 2
        and 0 < x.shape[axis] <= _SHORT_SUM
        and x.dtype == line.dtype
        and line.dtype in (np.float32, np.float64)
    )


_SHORT_SUM = 1024


def _listed(*args: str) -> str:
    """Arguments of a call; an empty one is none."""
    return ", ".join(filter(None, args))


def _looked_at(x: Node) -> Node | None:
    """The input whose memory a node looks at, or None for one that has its own."""
    assert x.op is not None
    if made_by(x, *_VIEWS):
        return x.inputs[0]
    if isinstance(x.op.fn, np.ufunc) or x.op.fn in _REDUCTIONS or not x.shape:
        return None
    values = [y.value for y in x.inputs]  # of a rewritten node the value may be another array
    found = x.op.forward(*values, **x.params)
    for y in x.inputs:
        if y.shape and np.may_share_memory(found, y.value):
            return y
    return None


def compiled(
    program: Program, args: Sequence[Any], structure: Any, reuse_outputs: bool
) -> Callable[[Sequence[Any]], Any]:
    """Compile a program.

    Parameters
    ----------
    program : Program
    args : sequence
        The example that was recorded: its structures and static arguments are what is accepted.
    structure : any
        What to return, with anything in the place of arrays.
    reuse_outputs : bool
        Hand out the same arrays in each call.

    Returns
    -------
    callable
        Takes the list of arguments; returns the results, or `MISS`. Several threads may call it
        at once: each takes a workspace of its own.
    """
    writer = Compiler(lowered(program), reuse_outputs)
    accepted = writer.arguments(args)
    writer.lines()
    returned = writer.result(structure)
    return writer.function(accepted, returned)
