"""Recording a function on an example, as a program for all data of the same kind."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import unwrap
from types import FrameType
from typing import Any

import numpy as np

from ..errors import DataDependentError
from ..mode import debug, is_own, tracing
from ..op import leaf
from ..rules.neural import stop_gradient
from ..sweep import ancestors
from ..tensor import Tensor, plain
from .program import Node, Program, constant

__all__ = ["naming_locals", "record", "trace"]


def trace(
    function: Callable[[Sequence[Tensor]], Sequence[Any]],
    example: Sequence[Any],
    names: Sequence[str],
) -> Program:
    """Record a function on the example and on other data, and compare.

    Parameters
    ----------
    function : callable
        Takes a Tensor for each array of the example; returns Tensors and constants.
    example : sequence of array
    names : sequence of str
        What to call each argument.

    Returns
    -------
    Program
        Its constants are the arrays that were the same each time.

    Raises
    ------
    DataDependentError
        Where the function used a value in a way that a program cannot repeat.
    """
    program, lines = record(function, example, names)
    compared = False
    for elsewhere in (_reversed, _nearby, _opposite):
        try:
            with np.errstate(all="ignore"):
                other, _ = record(function, [elsewhere(x) for x in example], names)
        except DataDependentError:
            raise
        except Exception:  # these other data need not be in the function's domain
            continue
        _compare(program, other, lines)
        compared = True
    if not compared:
        _compare(program, record(function, [x.copy() for x in example], names)[0], lines)
    return program


def _reversed(x: np.ndarray) -> np.ndarray:
    """The same numbers in reverse along every axis: other data, in the same domain.

    Rows that sum to one still do, positive definite matrices stay so, classes stay in range.
    """
    return np.flip(x).copy()


def _nearby(x: np.ndarray) -> np.ndarray:
    """Numbers with other sums and extremes; labels, of whole numbers or of 0 and 1, in reverse."""
    if x.dtype.kind not in "fc" or _is_labels(x):
        return _reversed(x)
    noise = np.random.default_rng(0).uniform(0.5, 1, x.shape)
    return np.asarray(x * (1 + 0.01 * noise) + 1e-3 * noise * (x == 0), x.dtype)


def _opposite(x: np.ndarray) -> np.ndarray:
    """Numbers of the other sign, the least of which is the largest; labels in reverse."""
    return -x if x.dtype.kind in "fc" and not _is_labels(x) else _reversed(x)


def _is_labels(x: np.ndarray) -> bool:
    return bool(x.any() and x.ndim and np.isin(x, (0, 1)).all())


def record(
    function: Callable[[Sequence[Tensor]], Sequence[Any]],
    example: Sequence[Any],
    names: Sequence[str],
) -> tuple[Program, dict[int, str | None]]:
    """Record a function on arrays, as a program; with the user's line of each node by birth."""
    leaves = [Tensor(x, name=name) for x, name in zip(example, names, strict=True)]
    since = leaves[0].birth if leaves else 0
    with debug(), tracing(), naming_locals(since):
        outputs = list(function(leaves))
    made = {x.birth: Node(None, value=x.data, is_argument=True, name=x.name or "") for x in leaves}
    arguments = tuple(made.values())
    captured: dict[int, Node] = {}
    lines: dict[int, str | None] = {}
    records = ancestors([y for y in outputs if isinstance(y, Tensor)])
    for place, record in enumerate(records.values(), 1):
        if record.birth in made:
            continue
        x = _node(record, made, captured, place)
        made[record.birth] = x
        lines[x.birth] = record.line
    wanted = (made[y.birth] if isinstance(y, Tensor) else constant(plain(y)) for y in outputs)
    return Program(arguments, tuple(wanted)), lines


def _node(record: Any, made: Mapping[int, Node], captured: dict[int, Node], place: int) -> Node:
    if record.op is None:
        if record.requires_grad:
            raise DataDependentError(
                f"derive: the function takes the parameter {record.name or ''} of shape "
                f"{record.shape} from elsewhere, and a program would keep the value it has now; "
                "pass it as an argument (of a model: ag.nn.functional_call(model, params, x))"
            )
        x = _captured(record.data, captured)
    else:
        inputs = tuple(
            made[x.birth] if isinstance(x, Tensor) else _captured(v, captured)
            for x, v in zip(record.inputs, record.values, strict=True)
        )
        if record.op.fn in _SAME:
            x = inputs[0]
            if x.op is None:
                return x
        else:
            x = Node(
                record.op,
                inputs,
                _kept(record.params, captured),
                value=record.data,
                place=place,
            )
    x.name = x.name or record.name or ""
    return x


def _captured(value: Any, captured: dict[int, Node]) -> Node:
    """A constant: a copy of an array, which its owner may change later; one for each array."""
    if not np.ndim(value):
        return constant(copy.copy(value))
    if id(value) not in captured:
        captured[id(value)] = constant(value.copy())
    return captured[id(value)]


def _kept(value: Any, captured: dict[int, Node]) -> Any:
    """Keywords, with copies of the arrays and lists in them, which their owner may change later."""
    if isinstance(value, np.ndarray):
        return _captured(value, captured).value
    if isinstance(value, dict):
        return {key: _kept(part, captured) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_kept(part, captured) for part in value)
    return value


_SAME = (leaf, unwrap(stop_gradient))
"""Functions that hand on what they are given."""


def _compare(program: Program, other: Program, lines: Mapping[int, str | None]) -> None:
    """Refuse two recordings that differ in more than the data: something was baked in."""
    mine, theirs = program.nodes(), other.nodes()
    if len(mine) != len(theirs):
        mine, theirs = program.lines, other.lines
    for a, b in zip(mine, theirs, strict=False):
        if a.op is not b.op or not _same(a.params, b.params) or a.shape != b.shape:
            raise DataDependentError(
                f"derive: what is recorded depends on the data: {a.op and a.op.name}"
                f"{_at(a, lines)} for the example, {b.op and b.op.name} for other data. A program "
                "has one course for all data: write np.where(condition, a, b) in place of a branch "
                "or an index that was read off an array"
            )
        for x, y in zip(a.inputs, b.inputs, strict=False):
            if x.is_constant and y.is_constant and not _same(x.value, y.value):
                raise DataDependentError(
                    f"derive: an argument of {a.op and a.op.name}{_at(a, lines)}, of shape "
                    f"{x.shape}, was computed from the example's data or drawn at random outside "
                    "of the tape, and would stay the same in every run; pass it as an argument "
                    "(a dropout mask: ag.dropout(x, rate, mask=mask))"
                )
    for a, b in zip(program.outputs, other.outputs, strict=False):
        if a.is_constant and b.is_constant and not _same(a.value, b.value):
            raise DataDependentError(
                f"derive: a result of shape {a.shape} does not depend on the arguments by what is "
                "recorded, but it changes with them; compute it from Tensors, without .data"
            )
    if len(program.nodes()) != len(other.nodes()):
        raise DataDependentError(
            f"derive: {len(program.lines)} ops are recorded for the example, {len(other.lines)} "
            "for other data: a branch or a loop depends on the data; write np.where(condition, a, "
            "b), a loop of fixed length, or pass the value in as a Python number"
        )


def _at(x: Node, lines: Mapping[int, str | None]) -> str:
    line = lines.get(x.birth)
    return f" at {line}" if line else ""


def _same(a: Any, b: Any) -> bool:
    """Whether two constants, or keywords, are the same."""
    if a is b:
        return True
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, slice):
        return isinstance(b, slice) and _same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, (np.ndarray, np.generic, float, complex)):
        return np.shape(a) == np.shape(b) and np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


@contextmanager
def naming_locals(since: int) -> Iterator[None]:
    """Name Tensors as the user's functions do: by their local names at each function's return.

    A caller's name for a value counts more than the one of a function it has called, and a name
    given by `named` or by a model counts most. While a profiler runs, no names are looked up.
    """
    if sys.getprofile() is not None:
        yield
        return
    ours: set[int] = set()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "return" or is_own(frame) or _is_of_python(frame):
            return
        for name, value in frame.f_locals.items():
            if not isinstance(value, Tensor) or value.birth < since:
                continue
            if value.name is None or value.birth in ours:
                value.name = name
                ours.add(value.birth)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


def _is_of_python(frame: FrameType) -> bool:
    """Whether a frame runs code of Python's standard library."""
    module = frame.f_globals.get("__name__", "").partition(".")[0]
    return module in sys.stdlib_module_names and module != "__main__"
