"""The algebra of programs: rules that make a line simpler and keep its value, but for rounding.

Each rule is given a line made by one of its functions; what it returns is taken only if that has
the shape and dtype of the line.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from inspect import unwrap
from typing import Any

import numpy as np

from ..rules.neural import sigmoid, softmax
from ..rules.piecewise import masked
from .keys import Known, frozen
from .matching import alike, is_number, like, loose, make, number_for, number_in, scaled
from .program import Node, Program, constant, made_by, rewritten

__all__ = ["simplify"]

Rule = Callable[[Node], Node | None]


def simplify(program: Program) -> Program:
    """Apply the rules of algebra below until none applies."""
    for _ in range(20):
        _mark(program)
        simpler = partial(_simpler, forward=program.forward)
        now = _with_known_quotients(rewritten(program, simpler))
        if now.outputs == program.outputs:
            break
        program = now
    return program


def _mark(program: Program) -> None:
    """Note how many read each node, and whether it must stay; the name of a cotangent may go."""
    readers, forward = program.readers(), program.forward
    for x in program.nodes():
        x.readers = readers[x.birth]
        x.pinned = bool(x.name) and not (x.place > forward and x.name.startswith("d"))


def _with_known_quotients(program: Program) -> Program:
    """Use a quotient that there is: with ``q = e / s``, ``(x / s) * e`` is ``x * q``."""
    known = Known()

    def rule(line: Node) -> Node | None:
        known.add(line)
        if made_by(line, np.multiply):
            for x, e in (line.inputs, line.inputs[::-1]):
                if made_by(x, np.divide) and (q := known.find(np.divide, e, x.inputs[1])):
                    found = make(line, np.multiply, x.inputs[0], q)
                    return found if alike(found, line) else None
        return None

    return rewritten(program, rule)


def _simpler(line: Node, forward: int) -> Node | None:
    for _ in range(20):
        for rule in _RULES.get(line.op.fn, ()) if line.op else ():
            if rule in _MOVES_NUMBERS and (line.place <= forward or line.dtype.itemsize < 4):
                continue  # in another order what was finite might not be
            newest = constant(None).birth
            try:
                found = rule(line)
            except TypeError:  # NumPy has no such op for masks
                continue
            if found is not None and alike(found, line) and _in_one_dtype(found, newest):
                if found.op is not None and (found.place > forward) == (line.place > forward):
                    found.name = found.name or line.name
                    found.readers = max(found.readers, line.readers)
                    found.pinned = found.pinned or line.pinned
                line = found
                break
        else:
            break
    return line


def _in_one_dtype(x: Node, since: int) -> bool:
    """Whether what a rule made is all of one dtype: sums of masks, or of bytes, are others."""
    return x.birth < since or all(
        y.birth < since or y.is_constant or (y.dtype == x.dtype and _in_one_dtype(y, since))
        for y in x.inputs
    )


_RULES: dict[Callable[..., Any], list[Rule]] = {}


def _of(*fns: Callable[..., Any]) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        for fn in fns:
            _RULES.setdefault(fn, []).append(rule)
        return rule

    return enter


_MOVES_NUMBERS: set[Rule] = set()
"""Rules that change the order in which numbers are multiplied: cotangents only, see `_simpler`."""


def _moves_numbers(rule: Rule) -> Rule:
    _MOVES_NUMBERS.add(rule)
    return rule


_MASKED: Callable[..., Any] = unwrap(masked)  # where(c, x, 0)
_ELEMENTWISE = (
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.power, np.square, np.exp, np.log,
    np.tanh, np.sin, np.cos, np.sqrt, np.maximum, np.minimum, np.greater, np.less, np.where,
    _MASKED,
)  # fmt: skip


@_of(*_ELEMENTWISE)
def _let_numpy_broadcast(line: Node) -> Node | None:
    """Leave out what NumPy does by itself: stretching, axes of length one, arrays of one number."""
    inputs = list(map(_unstretched, line.inputs))
    if all(a is b for a, b in zip(inputs, line.inputs, strict=True)):
        return None
    return like(line, *inputs)


def _unstretched(x: Node) -> Node:
    if made_by(x, np.broadcast_to):
        return _unstretched(x.inputs[0])
    if made_by(x, np.reshape) and np.size(x.value) == 1:
        return _unstretched(x.inputs[0])
    number = number_in(x)
    return constant(number, x.place) if x.shape and number is not None else x


@_of(np.multiply, np.divide)
def _times_one(line: Node) -> Node | None:
    a, b = line.inputs
    if is_number(b, 1):
        return a
    return b if is_number(a, 1) and made_by(line, np.multiply) else None


@_of(np.add, np.subtract)
@_moves_numbers
def _plus_zero(line: Node) -> Node | None:
    a, b = line.inputs
    if is_number(b, 0):
        return a
    return b if is_number(a, 0) and made_by(line, np.add) else None


@_of(np.power)
def _small_powers(line: Node) -> Node | None:
    a, b = line.inputs
    if is_number(b, 1):
        return a
    return make(line, np.square, a) if is_number(b, 2) else None


@_of(np.multiply)
@_moves_numbers
def _constant_last(line: Node) -> Node | None:
    """Put a number after what it scales, and two numbers together."""
    a, b = line.inputs
    if number_in(a) is not None and number_in(b) is None:
        return make(line, np.multiply, b, a)
    if number_in(b) is None or not scaled(a):
        return None
    x, c = a.inputs
    product = number_for(line, b) * number_for(line, c)
    return make(line, np.multiply, x, product) if np.isfinite(product) and product else None


def _is_positive(x: Node) -> bool:
    """Whether the values are surely above 0: exponentials, their sums and quotients."""
    if made_by(x, np.sum, np.reshape):
        return _is_positive(x.inputs[0])
    if made_by(x, np.divide, np.add):
        return all(map(_is_positive, x.inputs))
    if x.op is None:
        number = number_in(x)
        return number is not None and np.isrealobj(number) and bool(number > 0)
    return made_by(x, np.exp, unwrap(softmax), unwrap(sigmoid))


@_of(np.multiply)
@_moves_numbers
def _numbers_out_of_products(line: Node) -> Node | None:
    """Scale the product, not a factor: ``(x * c) * y`` is ``(x * y) * c``."""
    a, b = line.inputs
    for x, y in ((a, b), (b, a)):
        if scaled(x) and x.shape == line.shape and number_in(y) is None:
            return make(line, np.multiply, make(line, np.multiply, x.inputs[0], y), x.inputs[1])
    return None


@_of(np.divide)
def _divided_by_a_number(line: Node) -> Node | None:
    """Multiply by ``1 / n``, which other numbers join; it is written as a division again."""
    x, n = line.inputs[0], number_for(line, line.inputs[1])
    if n is None or line.inputs[1].shape or not np.isrealobj(n) or not n or not np.isfinite(1 / n):
        return None
    return make(line, np.multiply, x, 1 / n)


@_of(np.divide)
@_moves_numbers
def _numbers_out_of_quotients(line: Node) -> Node | None:
    a, b = line.inputs
    if scaled(a) and a.shape == line.shape and number_in(b) is None:
        return make(line, np.multiply, make(line, np.divide, a.inputs[0], b), a.inputs[1])
    return None


@_of(np.add, np.subtract)
@_moves_numbers
def _common_number(line: Node) -> Node | None:
    """Add first, then scale: ``x * c - y * c`` is ``(x - y) * c``; c leads with its sign."""
    first, second = (_term(line, x) for x in line.inputs)
    if first is None or second is None:
        return None
    (x, c), (y, d) = first, second
    if abs(c) != abs(d):
        return None
    opposite = (c != d) != made_by(line, np.subtract)
    if not opposite:
        return make(line, np.multiply, make(line, np.add, x, y), c)
    x, y, c = (x, y, c) if c > 0 else (y, x, -c)
    return make(line, np.multiply, make(line, np.subtract, x, y), c)


def _term(line: Node, x: Node) -> tuple[Node, Any] | None:
    """Split a term that may go into what is scaled and a real number."""
    if scaled(x) and np.isrealobj(x.inputs[1].value):
        return x.inputs[0], number_for(line, x.inputs[1])
    if not loose(x, np.multiply):
        return None
    for a, b in (x.inputs, x.inputs[::-1]):
        if scaled(a) and np.isrealobj(a.inputs[1].value):
            return make(line, np.multiply, b, a.inputs[0]), number_for(line, a.inputs[1])
    return None


@_of(np.negative)
def _sign_of(line: Node) -> Node | None:
    (x,) = line.inputs
    if made_by(x, np.negative):
        return x.inputs[0]
    if loose(x, np.subtract):
        return make(line, np.subtract, x.inputs[1], x.inputs[0])
    if scaled(x):
        return make(line, np.multiply, x.inputs[0], -number_for(line, x.inputs[1]))
    return None


@_of(np.multiply)
def _minus_one(line: Node) -> Node | None:
    a, b = line.inputs
    return make(line, np.negative, a) if is_number(b, -1) else None


@_of(np.multiply, np.divide)
def _signs_outwards(line: Node) -> Node | None:
    a, b = line.inputs
    if loose(a, np.negative):
        return make(line, np.negative, like(line, a.inputs[0], b))
    if loose(b, np.negative):
        return make(line, np.negative, like(line, a, b.inputs[0]))
    return None


@_of(np.add)
def _plus_minus(line: Node) -> Node | None:
    a, b = line.inputs
    for x, y in ((a, b), (b, a)):
        if (opposite := _opposite(line, y)) is not None:
            return make(line, np.subtract, x, opposite)
    return None


@_of(np.subtract)
def _minus_minus(line: Node) -> Node | None:
    a, b = line.inputs
    opposite = _opposite(line, b)
    return None if opposite is None else make(line, np.add, a, opposite)


def _opposite(line: Node, x: Node) -> Node | None:
    """What a term that may go, with a minus or scaled by a negative number, is the minus of."""
    if loose(x, np.negative):
        return x.inputs[0]
    if scaled(x) and np.isrealobj(x.inputs[1].value) and number_in(x.inputs[1]) < 0:
        return make(line, np.multiply, x.inputs[0], -number_for(line, x.inputs[1]))
    return None


@_of(np.logical_and)
def _and_true(line: Node) -> Node | None:
    a, b = line.inputs
    return a if is_number(b, 1) else None


@_of(np.add)
def _both_cases(line: Node) -> Node | None:
    """``where(c, x, 0) + where(not c, y, 0)`` is ``where(c, x, y)``."""
    cases = [_case(line, x) for x in line.inputs]
    for one, other in (cases, cases[::-1]):
        if one and other and made_by(other[0], np.logical_not) and other[0].inputs[0] is one[0]:
            return make(line, np.where, one[0], one[1], other[1])
    return None


def _case(line: Node, x: Node) -> tuple[Node, Node] | None:
    """Split a term that may go into a condition, and what it is there; elsewhere it is 0."""
    if scaled(x):
        inner = _case(line, x.inputs[0])
        return inner and (inner[0], make(line, np.multiply, inner[1], x.inputs[1]))
    return (x.inputs[0], x.inputs[1]) if loose(x, _MASKED) else None


@_of(_MASKED)
def _case_of_a_case(line: Node) -> Node | None:
    """``where(c, where(c, x, 0) * y, 0)`` is ``where(c, x * y, 0)``."""
    c, product = line.inputs
    if not loose(product, np.multiply):
        return None
    for x, y in (product.inputs, product.inputs[::-1]):
        if loose(x, _MASKED) and x.inputs[0] is c:
            return like(line, c, make(line, np.multiply, x.inputs[1], y))
    return None


@_of(np.matrix_transpose)
def _twice_transposed(line: Node) -> Node | None:
    (x,) = line.inputs
    return x.inputs[0] if made_by(x, np.matrix_transpose) else None


@_of(np.reshape)
def _reshaped(line: Node) -> Node | None:
    (x,) = line.inputs
    if x.shape == line.shape:
        return x
    if made_by(x, np.reshape) and line.params.keys() == x.params.keys() == {"shape"}:
        return make(line, np.reshape, x.inputs[0], **line.params)
    if loose(x, np.sum) and set(x.params) <= {"axis", "dtype"}:
        kept = make(line, np.sum, x.inputs[0], **x.params, keepdims=True)
        return kept if kept.shape == line.shape else None
    return None


@_of(np.broadcast_to)
def _not_stretched(line: Node) -> Node | None:
    (x,) = line.inputs
    return x if x.shape == line.shape else None


@_of(np.sum, np.mean)
@_moves_numbers
def _of_scaled(line: Node) -> Node | None:
    """Reduce first, then scale: ``sum(-x)`` is ``-sum(x)``."""
    (x,) = line.inputs
    if line.params.keys() - {"axis", "keepdims"}:
        return None
    if loose(x, np.negative):
        return make(line, np.negative, like(line, x.inputs[0]))
    if scaled(x) and x.inputs[0].shape == x.shape:
        return make(line, np.multiply, like(line, x.inputs[0]), x.inputs[1])
    return None


@_of(np.multiply)
def _quotient_times_divisor(line: Node) -> Node | None:
    a, b = line.inputs
    for x, y in ((a, b), (b, a)):
        if made_by(x, np.divide) and x.inputs[1] is y and _is_positive(y):
            return x.inputs[0]
    return None


@_of(np.multiply)
def _quotient_in_a_difference(line: Node) -> Node | None:
    """``x * (a - b / x)`` is ``x * a - b``, and so with a plus."""
    for x, inner in (line.inputs, line.inputs[::-1]):
        if loose(inner, np.add, np.subtract):
            assert inner.op is not None
            a, q = inner.inputs
            if loose(q, np.divide) and q.inputs[1] is x and _is_positive(x):
                return make(line, inner.op.fn, make(line, np.multiply, x, a), q.inputs[0])
    return None


@_of(np.divide)
def _quotient_of_quotient(line: Node) -> Node | None:
    """``(a / (e / s)) / s`` is ``a / e``."""
    a, s = line.inputs
    inner = a.inputs[1] if made_by(a, np.divide) else None
    if inner and made_by(inner, np.divide) and inner.inputs[1] is s and _is_positive(s):
        return make(line, np.divide, a.inputs[0], inner.inputs[0])
    return None


@_of(np.sum)
def _sum_of_quotient(line: Node) -> Node | None:
    """Take a divisor that is the same all along the axes out of the sum."""
    (x,) = line.inputs
    axis = line.params.get("axis")
    if not loose(x, np.divide) or axis is None or line.params.keys() - {"axis", "keepdims"}:
        return None
    a, s = x.inputs
    axes = axis if isinstance(axis, tuple) else (axis,)
    kept = line.params.get("keepdims", False)
    if not x.ndim or a.shape != x.shape or s.ndim != x.ndim or any(s.shape[i] != 1 for i in axes):
        return None
    if not kept and np.size(s.value) != np.size(line.value):
        return None
    divisor = s if kept else make(line, np.reshape, s, shape=line.shape)
    return make(line, np.divide, like(line, a), divisor)


@_of(np.reshape)
def _reshaped_quotient(line: Node) -> Node | None:
    """``reshape(a / reshape(s))`` is ``reshape(a) / s``, and a sign or number stays outside."""
    (x,) = line.inputs
    if loose(x, np.negative) or (scaled(x) and x.inputs[0].shape == x.shape):
        inner = like(line, x.inputs[0])
        return make(line, x.op.fn, inner, *x.inputs[1:])  # type: ignore[union-attr]
    if loose(x, np.divide) and made_by(x.inputs[1], np.reshape):
        a, s = x.inputs
        if s.inputs[0].shape == line.shape and a.shape == x.shape:
            return make(line, np.divide, like(line, a), s.inputs[0])
    return None


@_of(operator.getitem)
def _matrix_times_vector(line: Node) -> Node | None:
    """``(A @ v[..., None])[..., 0]`` is ``A @ v``."""
    (product, *_) = line.inputs
    if frozen(line.params["index"]) != frozen((..., 0)) or not loose(product, np.matmul):
        return None
    matrix, column = product.inputs
    if made_by(column, operator.getitem) and column.inputs[0].ndim == 1:
        return make(line, np.matmul, matrix, column.inputs[0])
    return None
