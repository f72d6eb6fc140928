"""A program as one function compiled by Numba: the lines fused into few loops.

A line that works element by element is written where its only reader stands; lines over the same
axes share loops, and what is read in the loop that made it is a local number or row. So a layer's
bias, activation and mask, and a softmax with its loss and derivative, pass over memory once.

As in `fast`, the text consists of numbers alone: constants are passed by name.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from ..rules import activations, neural
from .elements import (
    ASSIGNED,
    DTYPES,
    ELEMENTWISE,
    FOLDS,
    INSTEAD,
    REARRANGED,
    Place,
    block,
    formula,
    loop_dtypes,
    no_form,
    places,
    stretched,
)
from .fast import Compiler, lowered
from .loops import Fold, Index, Nests, Part, Read
from .passes import expand
from .program import Node, Program, made_by

__all__ = ["compiled"]

_SMALL = 1000
"""Matrix products of fewer multiplications than this are loops: to call BLAS takes longer."""
_DEEP = 20
"""Lines written into one another, at most."""
_AS_COMPILED: tuple[Literal["C", "A", "W"], ...] = ("C", "A", "W")
"""What an array must be for the loops: contiguous, aligned and writeable."""


_CHECKS: dict[Callable[..., Any], Callable[[tuple[int, ...]], Callable[[Any], None]]] = {
    neural.cross_entropy: lambda shape: partial(neural.check_labels, shape=shape),
    activations.logistic_loss: lambda _: activations.check_targets,
}
"""By what computes a loss: what checks its labels, for logits of a shape."""


class _Fused(Compiler):
    """The text of a function of loops, and of the one that calls it."""

    def __init__(self, program: Program, reuse_outputs: bool) -> None:
        super().__init__(program, reuse_outputs)
        self.inside: dict[str, Any] = {"np": np, "empty": np.empty}
        self.inside |= {dtype.name: dtype.type for dtype in DTYPES}
        self.arrays: dict[int, str] = {}
        self.buffers: dict[int, str] = {}
        self.constants: dict[str, Any] = {}
        self.nested: dict[int, int] = {}  # how deep, of lines written into their reader
        self.places: dict[int, list[str | Place] | None] = {}
        self.whole: set[int] = {x.birth for x in program.outputs if x.shape}

    # What kind of line it is.

    def _classify(self) -> None:
        """Find which lines must be arrays, and which are written into their readers."""
        readers: dict[int, list[Node]] = {}
        for line in self.program.lines:
            self._checked(line)
            if self._is_blas(line):
                self.whole |= {line.birth, *(_untransposed(x).birth for x in line.inputs)}
            elif self._is_reshape(line) or made_by(line, np.concatenate):
                self.whole |= {line.birth, *(x.birth for x in line.inputs)}
            elif made_by(line, *ASSIGNED):
                self.whole |= {line.birth, *(x.birth for x in line.inputs[: _first(line)])}
        for line in reversed(self.program.lines):
            for x in line.inputs:
                found = readers.get(line.birth, []) if self._is_view(line) else [line]
                readers.setdefault(x.birth, []).extend(found)
        wanted = {x.birth for x in self.program.outputs}
        for line in self.program.lines:
            if self._is_view(line) and line.birth not in wanted:
                self.nested[line.birth] = 0
            elif made_by(line, *ELEMENTWISE) and line.birth not in wanted | self.whole:
                births = {x.birth for x in readers[line.birth]}
                depth = 1 + max([self.nested.get(x.birth, 0) for x in line.inputs], default=0)
                reader = readers[line.birth][0]
                once = math.prod(self._space(reader)) <= max(np.size(line.value), 1)
                if len(births) == 1 and once and depth < _DEEP:
                    self.nested[line.birth] = depth

    def _checked(self, line: Node) -> None:
        """Refuse what is not covered, and find where elements come from."""
        assert line.op is not None
        fn, keywords = line.op.fn, line.params.keys()
        if line.dtype not in DTYPES or any(x.dtype not in DTYPES for x in line.inputs):
            no_form(line, f" of {line.dtype}")
        if made_by(line, *REARRANGED, *ASSIGNED):
            self.places[line.birth] = places(line)
        elif made_by(line, *FOLDS):
            if keywords - {"axis", "keepdims", "dtype"}:
                no_form(line, f" with {', '.join(keywords)}")
        elif not made_by(line, *ELEMENTWISE, np.matmul, np.concatenate):
            no_form(line)
        elif keywords - {"dtype" if fn is np.ndarray.astype else "", "axis"}:
            no_form(line, f" with {', '.join(keywords)}")

    def _is_view(self, x: Node) -> bool:
        return made_by(x, *REARRANGED) and not self._is_reshape(x) and x.birth not in self.whole

    def _is_reshape(self, x: Node) -> bool:
        """Whether it is a reshape that brings axes together or takes one apart."""
        return made_by(x, np.reshape) and self.places[x.birth] is None

    def _is_blas(self, x: Node) -> bool:
        if not made_by(x, np.matmul) or not x.shape or any(y.ndim > 2 for y in x.inputs):
            return False
        same = all(y.dtype == x.dtype for y in x.inputs) and x.dtype.kind == "f"
        return same and np.size(x.value) * x.inputs[0].shape[-1] >= _SMALL

    def _space(self, line: Node) -> tuple[int, ...]:
        """The axes that a line goes over."""
        if self._is_blas(line) or made_by(line, np.concatenate):
            return (0,)
        if made_by(line, np.matmul):
            a, b = line.inputs
            rows, columns = a.shape[-2:-1], b.shape[-1:] if b.ndim > 1 else ()
            batch = line.shape[: line.ndim - len(rows) - len(columns)]
            return (*batch, *rows, a.shape[-1], *columns)
        if made_by(line, *ASSIGNED):
            return block(line)
        return line.inputs[0].shape if made_by(line, *FOLDS) else line.shape

    # Where an element comes from.

    def _constant(self, value: Any) -> str:
        """Pass an array to the loops."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.require(value, None, _AS_COMPILED)
        return name

    def _array(self, x: Node) -> str:
        """The name of an array that is there, or made whole."""
        if x.birth not in self.arrays:
            self.arrays[x.birth] = self._constant(x.value)
        return self.arrays[x.birth]

    def _inner(self, value: Any) -> str:
        """Make an object known to the loops."""
        name = f"g{len(self.inside)}"
        self.inside[name] = value
        return name

    def _read(self, x: Node, at: Index, part: Part, known: dict[Any, str]) -> str | Read:
        """An element, after the steps that it takes."""
        if x.is_constant and not x.shape:
            return self._number(x.value, x.dtype)
        if x.birth not in self.nested:
            if x.op is None:
                self._array(x)
            return Read(x, at)
        if not self._is_view(x):
            return self._computed(x, at, part, known)
        found = self.places[x.birth] or []
        moved = tuple(self._place(place, at, part, known) for place in found)
        return self._read(x.inputs[0], moved, part, known)

    def _place(self, place: str | Place, at: Index, part: Part, known: dict[Any, str]) -> str:
        """Where along an axis: said by a text, or by an array of integers."""
        if isinstance(place, str):
            return place.format(*at)
        inner = tuple(text.format(*at) for text in place.at)
        where = self._read(place.of, inner, part, known)
        text = f"place({{0}}, {place.below})" if place.below else "{0}"
        return _step(part, text, [where])

    def _computed(self, x: Node, at: Index, part: Part, known: dict[Any, str]) -> str:
        """Compute an element of a line that works element by element."""
        if (x.birth, at) in known:
            return known[x.birth, at]
        dtypes = loop_dtypes(x)
        operands: list[str | Read] = []
        for y, dtype in zip(x.inputs, dtypes, strict=False):
            where = tuple(text.format(*at) for text in stretched(y.shape, x.shape))
            operands.append(self._as(y, dtype, where, part, known))
        if made_by(x, np.where):  # to be read beforehand, not in a branch
            operands = [y if isinstance(y, str) else _step(part, "{0}", [y]) for y in operands]
        text = formula(x, dtypes, self._inner)
        known[x.birth, at] = name = _step(part, text, operands)
        return name

    def _as(
        self, x: Node, dtype: np.dtype[Any], at: Index, part: Part, known: dict[Any, str]
    ) -> str | Read:
        """An element, as a number of a dtype."""
        if x.is_constant and not x.shape:
            return self._number(x.value, dtype)
        found = self._read(x, at, part, known)
        return found if x.dtype == dtype else _step(part, f"{dtype.name}({{0}})", [found])

    def _number(self, value: Any, dtype: Any) -> str:
        return self._inner(np.asarray(value).astype(dtype)[()])

    # The parts.

    def _part(self, line: Node) -> Part:
        """What computes a line."""
        if self._is_blas(line) or self._is_reshape(line) or made_by(line, np.concatenate):
            return self._call(line)
        part = Part(line, self._space(line))
        axes = tuple(f"{{{a}}}" for a in range(len(part.space)))
        known: dict[Any, str] = {}
        if made_by(line, *ASSIGNED):
            self._assign(part, axes, known)
        elif made_by(line, np.matmul):
            self._multiply(part, axes, known)
        elif made_by(line, *FOLDS):
            self._reduce(part, axes, known)
        elif made_by(line, *REARRANGED):
            part.result = axes
            found = self.places[line.birth] or []
            at = tuple(self._place(place, axes, part, known) for place in found)
            part.value = self._read(line.inputs[0], at, part, known)
        else:
            part.result = axes
            part.value = self._computed(line, axes, part, known)
        return part

    def _assign(self, part: Part, axes: Index, known: dict[Any, str]) -> None:
        """Elements put into a copy of an array, or into zeros, in the order of the index."""
        line, first = part.line, _first(part.line)
        found = self.places[line.birth] or []
        part.result = tuple(self._place(place, axes, part, known) for place in found)
        start: str | Read = "0"
        if first:
            self._array(line.inputs[0])
            start = Read(line.inputs[0], ())
            part.called_on = line.inputs[:1]
        x = line.inputs[first]
        at = stretched(x.shape[max(x.ndim - len(axes), 0) :], part.space)
        at = ("0",) * (x.ndim - len(at)) + at
        text = "{1}" if made_by(line, operator.setitem) else "{0} + {1}"
        part.fold = Fold(frozenset(range(len(axes))), start, text)
        part.value = self._as(x, line.dtype, at, part, known)

    def _reduce(self, part: Part, axes: Index, known: dict[Any, str]) -> None:
        line, (x,) = part.line, part.line.inputs
        assert line.op is not None
        axis = line.params.get("axis")
        chosen = frozenset(range(x.ndim))
        if axis is not None and x.ndim:
            chosen = frozenset(a % x.ndim for a in np.atleast_1d(axis).tolist())
        there = ["0" if a in chosen else text for a, text in enumerate(axes)]
        if not line.params.get("keepdims", False):
            there = [text for a, text in enumerate(there) if a not in chosen]
        start, text = FOLDS[line.op.fn]
        if math.isinf(start) and line.dtype.kind in "iu":
            limits = np.iinfo(line.dtype)
            start = limits.min if start < 0 else limits.max
        part.result = tuple(there)
        part.fold = Fold(chosen, self._number(start, _wide(line)), text)
        dtype = x.dtype if line.dtype.kind == "b" else line.dtype
        part.value = self._as(x, dtype, axes, part, known)

    def _multiply(self, part: Part, axes: Index, known: dict[Any, str]) -> None:
        """A matrix product as a sum; along the last axis runs the innermost loop."""
        line, (a, b) = part.line, part.line.inputs
        last = axes[len(axes) - (b.ndim > 1) :]
        along = axes[len(axes) - len(last) - 1]
        rows = axes[len(axes) - len(last) - 1 - (a.ndim > 1) : axes.index(along)]
        batch = axes[: len(axes) - len(last) - 1 - len(rows)]
        part.result = (*batch, *rows, *last)
        part.fold = Fold(frozenset([axes.index(along)]), self._number(0, _wide(line)), "{0} + {1}")
        operands = []
        for x, inner in ((a, (*rows, along)), (b, (along, *last))):
            outer = stretched(x.shape[: x.ndim - len(inner)], line.shape[: len(batch)])
            operands.append(self._as(x, line.dtype, (*outer, *inner), part, known))
        part.value = _step(part, "{0} * {1}", operands)

    def _call(self, line: Node) -> Part:
        """A statement on whole arrays."""
        name = self.arrays[line.birth]
        read = line.inputs
        if self._is_blas(line):
            read = tuple(map(_untransposed, line.inputs))
            names = [
                self._array(x) + ".T" * (x is not y) for x, y in zip(read, line.inputs, strict=True)
            ]
            call = [f"np.dot({', '.join(names)}, {name})"]
        elif self._is_reshape(line):
            call = [f"{name}[...] = {self._array(read[0])}.reshape({line.shape!r})"]
        else:
            axis = line.params.get("axis", 0) % line.ndim
            ends = itertools.accumulate((x.shape[axis] for x in read), initial=0)
            call = [
                f"{name}[{':, ' * axis}{start}:{end}] = {self._array(x)}"
                for x, (start, end) in zip(read, itertools.pairwise(ends), strict=True)
            ]
        return Part(line, call=call, called_on=read)

    # The functions.

    def checks(self, program: Program) -> None:
        """Check labels before the loops run, as the functions do that the loops stand for."""
        for line in program.lines:
            assert line.op is not None
            if line.op.fn in _CHECKS and line.inputs[1].is_argument:
                check = self.given(_CHECKS[line.op.fn](line.inputs[0].shape))
                self.body.append(f"{check}({self.names[line.inputs[1].birth]})")

    def loops(self) -> None:
        """Write the function of the loops, and the call of it."""
        self._classify()
        outputs = list({x.birth: x for x in self.program.outputs if x.op is not None}.values())
        for x in (*self.program.arguments, *outputs):
            if x in outputs:
                self.names[x.birth] = f"o{x.birth}"
            self.arrays[x.birth] = self.names[x.birth]
        whole = [x for x in outputs if x.shape]
        numbers = [x for x in outputs if not x.shape]
        for x in numbers:
            del self.arrays[x.birth]
        made = [f"o{x.birth} = empty({x.shape!r}, {self.given(x.dtype)})" for x in whole]
        if self.reuse_outputs:
            self.made += made
            self.slots += [self.names[x.birth] for x in whole]
        else:
            self.body += made
        for x in self.program.lines:
            if x.birth in self.whole and x.birth not in self.arrays:
                self.arrays[x.birth] = f"b{x.birth}"
                self.buffers[x.birth] = f"b{x.birth} = empty({x.shape!r}, {x.dtype.name})"
        nests = Nests(self.arrays, self.buffers)
        for line in self.program.lines:
            if line.birth not in self.nested:
                nests.add(self._part(line))
        read = nests.reads()
        passed = [x for x in self.program.arguments if x.birth in read] + whole
        text = [
            f"def loops({', '.join((*(self.arrays[x.birth] for x in passed), *self.constants))}):",
            *(f"    {statement}" for statement in nests.text()),
            f"    return {', '.join(f'v{x.birth}' for x in numbers)}",
        ]
        self.namespace |= self.constants
        arrays = [x.value for x in passed] + list(self.constants.values())
        self.namespace["loops"] = loops = _jitted("\n".join(text), self.inside, arrays)
        self.namespace["settled"] = lambda *given: loops(
            *(np.require(x, None, _AS_COMPILED) for x in given)
        )
        call = f"({', '.join((*(self.names[x.birth] for x in passed), *self.constants))})"
        target = "".join(f"o{x.birth}, " for x in numbers)
        target = target[:-2] if len(numbers) == 1 else target or "nothing"
        self.body += [f"try: {target} = loops{call}", f"except TypeError: {target} = settled{call}"]
        for x in numbers:
            self.body.append(f"o{x.birth} = {self.given(x.dtype.type)}(o{x.birth})")


def _untransposed(x: Node) -> Node:
    return x.inputs[0] if made_by(x, np.matrix_transpose) and x.ndim == 2 else x


def _step(part: Part, text: str, operands: list[str | Read]) -> str:
    name = f"t{part.line.birth}_{len(part.steps)}"
    part.steps.append((name, text, operands))
    return name


def _wide(line: Node) -> np.dtype[Any]:
    """The dtype in which a number is added up; an array holds what has been rounded to its own."""
    return np.dtype(float) if line.dtype.kind == "f" else line.dtype


def _first(line: Node) -> int:
    """Which input of an assignment is what is assigned: the first, or the one after the array."""
    return 1 if made_by(line, operator.setitem, np.add.at) else 0


def _place(i: int, n: int) -> int:
    """Turn an index that may count from the end into one that does not."""
    place = i + n if i < 0 else i
    if place < 0 or place >= n:
        raise IndexError("derive: an index is out of bounds")
    return place


def _jitted(text: str, names: dict[str, Any], arrays: Sequence[np.ndarray]) -> Any:
    """Compile the function of the loops for C-contiguous arrays of these kinds."""
    try:
        import numba
        import scipy.linalg.cython_blas  # noqa: F401  what np.dot calls
    except ImportError as error:
        raise ImportError(
            "derive: backend=\"numba\" needs Numba and SciPy: pip install 'autograd-lite[fast]'"
        ) from error
    scope = {**names, "place": numba.njit(_place)}
    exec(compile(text, "<derived>", "exec"), scope)
    kinds = tuple(
        numba.types.Array(numba.from_dtype(np.asarray(x).dtype), np.ndim(x), "C") for x in arrays
    )
    return numba.njit(kinds, error_model="numpy", nogil=True)(scope["loops"])


def compiled(
    program: Program, args: Sequence[Any], structure: Any, reuse_outputs: bool
) -> Callable[[Sequence[Any]], Any]:
    """Compile a program by Numba, at once.

    Takes and returns what `fast.compiled` does. The function that is made may also run in several
    threads at once; it copies arrays that are not C-contiguous, or read-only.

    Raises
    ------
    NotImplementedError
        For a line that has no form here.
    ImportError
        Where Numba or SciPy is missing.
    """
    writer = _Fused(lowered(expand(program, 0, INSTEAD)), reuse_outputs)
    accepted = writer.arguments(args)
    writer.checks(program)
    writer.loops()
    return writer.function(accepted, writer.result(structure))
