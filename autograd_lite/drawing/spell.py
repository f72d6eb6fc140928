"""Values and rules as the NumPy code a student would type, by running the op on named symbols."""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from ..derivation.passes import PASSES
from ..derivation.program import Program
from ..derivation.source import readable
from ..derivation.spelling import Spelling
from ..derivation.trace import record
from ..sums import unbroadcast
from ..tensor import Tensor, apply

__all__ = ["Code", "made_code", "rule_code"]

_LONGEST = 60
"""An expression may consist of so many calls."""
_NEGATIVE = re.compile(r"-[\d.in]")
_WHOLE = 8
"""Constant arrays of so many entries are written out."""


@dataclass(frozen=True)
class Code:
    """A NumPy expression with places for names, which `text` fills.

    Attributes
    ----------
    code : str
    places : tuple of str
        For a rule, of its cotangent g and of the value of the op; then of the inputs.
    helpers : dict of str to any
        What else it names: functions that are not NumPy's, and constant arrays.
    """

    code: str
    places: tuple[str, ...]
    helpers: Mapping[str, Any] = field(default_factory=dict)

    def text(self, called: Sequence[str]) -> str:
        """Write it with names, or with numbers; a negative one gets parentheses."""
        names = dict(zip(self.places, called, strict=True))

        def put(match: re.Match[str]) -> str:
            word = names[match[0]]
            around = self.code[max(0, match.start() - 1) : match.end() + 1]
            is_operand = around != match[0] and not (around[0] == "(" and around[-1] == ")")
            return f"({word})" if _NEGATIVE.match(word) and is_operand else word

        return re.sub(rf"\b({'|'.join(self.places)})\b", put, self.code)

    def uses(self, place: int) -> bool:
        """Whether something stands in it."""
        return re.search(rf"\b{self.places[place]}\b", self.code) is not None

    def __call__(self, *values: Any) -> Any:
        """Compute it."""
        known = {"np": np, **self.helpers, **dict(zip(self.places, values, strict=True))}
        if "scipy." in self.code:
            known["scipy"] = importlib.import_module("scipy")
            importlib.import_module("scipy.linalg")
            importlib.import_module("scipy.special")
        return eval(self.code, known)


def rule_code(made: Tensor, position: int) -> Code:
    """Write what the backward sweep computes for one input of a record.

    Parameters
    ----------
    made : Tensor
        The value of an op.
    position : int
        Of the input.

    Returns
    -------
    Code
        Of the cotangent, the value of the op, and its inputs, in this order.

    Raises
    ------
    ValueError
        Where the op has no rule for this input, or one that is too long for one expression or
        does not compute on what it is given.
    """
    assert made.op is not None
    rule = next(islice(made.op.vjps, position, None), None)
    if rule is None:
        raise ValueError(f"{made.op.name} has no derivative by its argument {position}")
    target = made.values[position]
    moving = _moving(made, position)

    def contribution(tensors: Sequence[Tensor]) -> list[Any]:
        g, y, *given = tensors
        c = rule(g, y, *_filled(made, moving, given), **made.params)
        c = c if c.shape == np.shape(target) else unbroadcast(c, np.shape(target))
        return [c.real if c.dtype.kind == "c" and target.dtype.kind != "c" else c]

    example = [np.ones_like(made.data), made.data, *(made.values[i] for i in moving)]
    code = _written(contribution, example, ("g", "y_", *_names(made)), ("g", "y_"), moving)
    if not code.uses(0) and np.any(code(*example[:2], *made.values)):
        raise ValueError(f"the rule of {made.op.name} computes on arrays that are not on its tape")
    return code


def made_code(made: Tensor) -> Code:
    """Write how a record was made.

    Returns
    -------
    Code
        Of the inputs.

    Raises
    ------
    ValueError
        Where it is too long for one expression, or does not compute on what it is given.
    """
    assert made.op is not None
    moving = _moving(made)

    def value(tensors: Sequence[Tensor]) -> list[Any]:
        assert made.op is not None
        return [apply(made.op, tuple(_filled(made, moving, tensors)), dict(made.params))]

    return _written(value, [made.values[i] for i in moving], _names(made), (), moving)


def _names(made: Tensor) -> tuple[str, ...]:
    return tuple(f"x{i}_" for i in range(len(made.values)))


def _moving(made: Tensor, *positions: int) -> list[int]:
    """The inputs that are symbols: all but the numbers that are not Tensors."""
    return [
        i
        for i, (x, value) in enumerate(zip(made.inputs, made.values, strict=True))
        if isinstance(x, Tensor) or np.ndim(value) or i in positions
    ]


def _filled(made: Tensor, moving: Sequence[int], given: Sequence[Any]) -> list[Any]:
    xs = list(made.values)
    for i, x in zip(moving, given, strict=True):
        xs[i] = x
    return xs


def _written(
    function: Callable[[Sequence[Tensor]], Sequence[Any]],
    example: Sequence[Any],
    places: tuple[str, ...],
    first: Sequence[str],
    moving: Sequence[int],
) -> Code:
    called = [*first, *(places[len(first) + i] for i in moving)]
    try:
        program, _ = record(function, [np.asarray(x) for x in example], called)
    except Exception as error:  # of a user's own op
        raise ValueError(f"cannot be run on symbols: {error}") from error
    is_rule = bool(first)  # what the user wrote stays as it is
    for simplified in PASSES.values() if is_rule else ():
        program = simplified(program)
    program = readable(program)
    spelling = Spelling(program, quotients=is_rule)
    for x, name in zip(program.arguments, called, strict=True):
        spelling.names[x.birth] = name
    _check_length(program)
    tree = ast.parse(spelling.text(), mode="eval").body
    arrays = dict(spelling.arrays)
    written_out = {name: _whole(x) for name, x in arrays.items()}
    helpers = {name: forward for name, (_, forward) in spelling.helpers.items()}
    plainer = _Plainer({name: x for name, x in written_out.items() if x}, products=is_rule)
    tree = plainer.visit(tree)
    written = Code(_unparsed(tree), places, {**helpers, **arrays})
    bare = replace(written, code=_unparsed(_Bare().visit(tree)))
    if bare.code == written.code:
        return written
    given: dict[str, Any] = dict.fromkeys(places) | dict(zip(called, example, strict=True))
    return bare if _shape(bare, given.values()) == _shape(written, given.values()) else written


def _shape(code: Code, given: Iterable[Any]) -> tuple[int, ...] | None:
    """The shape of what it computes, if it does."""
    with np.errstate(all="ignore"), contextlib.suppress(ValueError):
        shape: tuple[int, ...] = np.shape(code(*given))
        return shape
    return None


def _unparsed(tree: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)).replace(" ** ", "**")


def _check_length(program: Program) -> None:
    """Refuse what would be many pages as one expression, in which nothing has a name."""
    calls: dict[int, int] = {}
    for line in program.lines:
        calls[line.birth] = 1 + sum(calls.get(x.birth, 0) for x in line.inputs)
    n = max(calls.values(), default=0)
    if n > _LONGEST:
        raise ValueError(f"too long for one expression: {n:,} calls")


def _whole(array: Any) -> ast.expr | None:
    """Write a short constant array out; a count as a count."""
    array = np.asarray(array)
    counted = np.arange(array.size)
    if array.size > 1 and array.dtype == counted.dtype and np.array_equal(array, counted):
        return ast.parse(f"np.arange({array.size})", mode="eval").body
    if not 0 < array.size <= _WHOLE or array.dtype.kind == "c" or not np.all(np.isfinite(array)):
        return None
    kept = "" if array.dtype.kind in "bi" or array.dtype == float else f", np.{array.dtype.name}"
    return ast.parse(f"np.array({array.tolist()!r}{kept})", mode="eval").body


class _Plainer(ast.NodeTransformer):
    """Write what means the same as people do: ``g.sum(0)``, ``y**2``, the cotangent first."""

    def __init__(self, whole: Mapping[str, ast.expr], products: bool) -> None:
        self.whole = whole
        self.products = products

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.whole.get(node.id, node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 1:
            node.slice = node.slice.elts[0]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "absolute":
                node.func.attr = "abs"
            if node.func.attr == "broadcast_to" and len(node.args) == 1:
                return _broadcast(node)
            if node.func.attr in _BY_AXIS and not node.args[1:]:
                at = [k for k in node.keywords if k.arg == "axis"]
                own = not (isinstance(node.func.value, ast.Name) and node.func.value.id == "np")
                if at and own and not node.args:
                    node.args.append(at[0].value)
                    node.keywords.remove(at[0])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not self.products or not isinstance(node.op, ast.Mult):
            return node
        factors = _factors(node)
        factors.sort(key=_rank)
        product: ast.expr | None = None
        i = 0
        while i < len(factors):
            factor = factors[i]
            same = isinstance(factor, ast.Name) and ast.dump(factor) == ast.dump(
                factors[min(i + 1, len(factors) - 1)]
            )
            if same and i + 1 < len(factors):
                factor = ast.BinOp(factor, ast.Pow(), ast.Constant(2))
                i += 1
            product = factor if product is None else ast.BinOp(product, ast.Mult(), factor)
            i += 1
        assert product is not None
        return product


class _Bare(ast.NodeTransformer):
    """Leave out ``.reshape((1, 1))``: a single number needs none beside an array."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "reshape":
            return node.func.value if _is_ones(node.args[0]) else node
        return node


_BY_AXIS = {"sum", "mean", "max", "min", "prod"}


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _rank(factor: ast.expr) -> int:
    """The cotangent first, then numbers, then what is left in its order."""
    if any(isinstance(x, ast.Name) and x.id == "g" for x in ast.walk(factor)):
        return 0
    return 1 if isinstance(factor, ast.Constant) else 2


def _is_ones(shape: ast.expr) -> bool:
    return set(ast.unparse(shape)) <= set("(1, )")


def _broadcast(node: ast.Call) -> ast.expr:
    """Write ``np.broadcast_to(g.reshape((1, 1)) / 3, shape)`` as ``np.full(shape, g / 3)``."""
    shape = next((k.value for k in node.keywords if k.arg == "shape"), None)
    if shape is None:
        return node
    inner = node.args[0]
    holder: ast.expr = inner
    parent: Any = node
    while isinstance(holder, ast.BinOp):
        parent, holder = holder, holder.left
    if (
        isinstance(holder, ast.Call)
        and isinstance(holder.func, ast.Attribute)
        and holder.func.attr == "reshape"
        and isinstance(holder.func.value, ast.Name)
        and _is_ones(holder.args[0])
        and (parent is node or isinstance(parent.right, ast.Constant))
    ):
        if parent is node:
            inner = holder.func.value
        else:
            parent.left = holder.func.value
        function = ast.Attribute(ast.Name("np"), "full")
        return ast.Call(function, [shape, inner], [])
    node.args, node.keywords = [inner, shape], []
    return node
