"""How nodes are written as NumPy expressions: the operators, methods and names a person uses."""

from __future__ import annotations

import ast
import keyword
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .program import Node, Program, made_by

__all__ = ["Spelling", "identifier", "literal"]

_OPERATORS: dict[Callable[..., Any], type[ast.operator]] = {
    np.add: ast.Add,
    np.subtract: ast.Sub,
    np.multiply: ast.Mult,
    np.divide: ast.Div,
    np.floor_divide: ast.FloorDiv,
    np.remainder: ast.Mod,
    np.power: ast.Pow,
    np.matmul: ast.MatMult,
    np.bitwise_and: ast.BitAnd,
    np.bitwise_or: ast.BitOr,
}
_COMPARISONS: dict[Callable[..., Any], type[ast.cmpop]] = {
    np.greater: ast.Gt,
    np.greater_equal: ast.GtE,
    np.less: ast.Lt,
    np.less_equal: ast.LtE,
    np.equal: ast.Eq,
    np.not_equal: ast.NotEq,
}
_METHODS = {np.sum, np.mean, np.max, np.min, np.prod, np.reshape, np.ndarray.astype}
_MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
_LINE = 72
"""An expression that is read once stands inside of another one up to so many characters."""


def identifier(text: str) -> str:
    """Make a name that Python takes of any text; nothing but letters, digits and _ remains."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "v"
    if name[0].isdigit() or keyword.iskeyword(name) or name in ("np", "step", "constants"):
        name = f"v_{name}"
    return name


def literal(value: Any) -> ast.expr | None:
    """Write a number, text, None, slice, dtype or a tuple of those; None for anything else."""
    if value is None or isinstance(value, (bool, int, str)) or value is Ellipsis:
        return ast.Constant(value)
    if isinstance(value, (float, complex)):
        text = repr(value)
        if "inf" in text or "nan" in text:
            return _parsed(f"{type(value).__name__}({text!r})")
        return _parsed(text)
    if isinstance(value, (tuple, list)):
        parts = [literal(part) for part in value]
        if any(part is None for part in parts):
            return None
        kind = ast.Tuple if isinstance(value, tuple) else ast.List
        return kind([part for part in parts if part is not None], ast.Load())
    if isinstance(value, slice):
        lower, upper, step = (literal(part) for part in (value.start, value.stop, value.step))
        return ast.Call(_parsed("slice"), [x for x in (lower, upper, step) if x], [])
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return _parsed(f"np.{np.dtype(value).name}")
    return None


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class Spelling:
    """How the nodes of one program are written.

    Parameters
    ----------
    program : Program
    sizes : mapping of int to str
        Names for whole numbers that results are divided by: the number of samples.
    """

    def __init__(self, program: Program, sizes: Mapping[int, str]) -> None:
        self.program = program
        self.sizes = sizes
        self.names: dict[int, str] = {}
        self.arrays: list[Any] = []
        self.helpers: dict[str, Callable[..., Any]] = {}
        self.unnamed = 0
        self.sizes_used: set[int] = set()
        self._taken = {"N", "constants"}
        self._inline: dict[int, ast.expr] = {}

    def lines(self) -> list[str]:
        """Write the assignments in order; expressions that are read once may stand in others."""
        readers = self.program.readers()
        kept = {x.birth for x in self.program.outputs}
        written = []
        for line in self.program.lines:
            expression = self.expression(line)
            text = ast.unparse(expression)
            once = readers[line.birth] == 1 and line.birth not in kept
            wish = line.name or self._usual_name(line)
            if made_by(line, *_VIEWS) or (once and not wish and len(text) <= _LINE):
                self._inline[line.birth] = expression
                continue
            written.append(f"{self.name(line, wish or self._any_name())} = {text}")
        return written

    def text(self) -> str:
        """Write the first output as one expression of the arguments."""
        for line in self.program.lines:
            self._inline[line.birth] = self.expression(line)
        return ast.unparse(self.operand(self.program.outputs[0]))

    def operand(self, x: Node) -> ast.expr:
        """Write a node where it is read."""
        if x.birth in self._inline:
            return self._inline[x.birth]
        if x.birth in self.names:
            return ast.Name(self.names[x.birth])
        return self.constant(x.value, x.name)

    def constant(self, value: Any, name: str = "") -> ast.expr:
        """Write a constant; an array gets a name."""
        if isinstance(value, (np.floating, np.complexfloating)):
            return _parsed(f"np.{value.dtype.name}({value.item()!r})")
        if isinstance(value, (np.integer, np.bool_)):
            value = value.item()
        written = literal(value)
        if written is not None:
            return written
        for i, known in enumerate(self.arrays):
            if known[1] is value:
                return ast.Name(known[0])
        taken = self.free(identifier(name) if name else f"c{len(self.arrays) + 1}")
        self.arrays.append((taken, value))
        return ast.Name(taken)

    def expression(self, line: Node) -> ast.expr:
        """Write what computes a line."""
        fn, inputs, params = line.op.fn, line.inputs, line.params  # type: ignore[union-attr]
        if fn is np.multiply and (quotient := self._divided(line)):
            return quotient
        args = [self._number(x, line) for x in inputs]
        if fn in _OPERATORS:
            return ast.BinOp(args[0], _OPERATORS[fn](), args[1])
        if fn in _COMPARISONS:
            return ast.Compare(args[0], [_COMPARISONS[fn]()], [args[1]])
        if fn is np.negative:
            return ast.UnaryOp(ast.USub(), args[0])
        if fn is np.square:
            return ast.BinOp(args[0], ast.Pow(), ast.Constant(2))
        if fn is np.matrix_transpose:
            return ast.Attribute(args[0], "T" if line.ndim == 2 else "mT")
        if fn is operator.getitem:
            return ast.Subscript(args[0], self._index(params["index"], args[1:]))
        if fn in (np.concatenate, np.stack):
            return self._call(_dotted(fn), [ast.List(args)], params)
        if fn is np.einsum:
            return self._call(_dotted(fn), [ast.Constant(params["subscripts"]), *args], {})
        if fn is np.reshape and params.keys() == {"shape"}:
            return self._call(ast.Attribute(args[0], "reshape"), [self._param(params["shape"])], {})
        if fn in _METHODS and params.keys() <= {"axis", "keepdims", "dtype"}:
            return self._call(ast.Attribute(args[0], fn.__name__), args[1:], _plainer(params))
        if (name := _dotted(fn)) is not None and line.op.forward is fn:  # type: ignore[union-attr]
            return self._call(name, args, params)
        helper = self._helper(line)
        return self._call(helper, args, params)

    def _divided(self, line: Node) -> ast.expr | None:
        """Write ``x * (1 / n)`` as ``x / n``, with a name for n if it has one."""
        x, c = line.inputs
        if not c.is_constant or c.shape or np.iscomplexobj(c.value) or not c.value:
            return None
        n = 1 / float(c.value)
        if not 1.5 < abs(n) < 1e9 or abs(n - round(n)) > 1e-9 * abs(n) or not self._weak(c, line):
            return None
        n = round(n)
        divisor: ast.expr = ast.Constant(abs(n))
        if abs(n) in self.sizes:
            divisor = _parsed(self.sizes[abs(n)])
            self.sizes_used.add(abs(n))
        numerator = self.operand(x)
        if n < 0:
            numerator = ast.UnaryOp(ast.USub(), numerator)
        return ast.BinOp(numerator, ast.Div(), divisor)

    def _weak(self, c: Node, line: Node) -> bool:
        """Whether a number of NumPy's may be written as one of Python's: the dtype is the same."""
        others = [
            x.value for x in line.inputs if x is not c and not isinstance(x.value, (int, float))
        ]
        if not others or c.shape:
            return False
        weak = np.result_type(*others, c.value.item() if hasattr(c.value, "item") else c.value)
        return weak == np.result_type(*others, c.value)

    def _number(self, x: Node, line: Node) -> ast.expr:
        if x.is_constant and not x.shape and hasattr(x.value, "item") and self._weak(x, line):
            return self.constant(x.value.item())
        return self.operand(x)

    def _call(
        self, function: ast.expr | None, args: Sequence[ast.expr], params: Mapping[str, Any]
    ) -> ast.expr:
        assert function is not None
        keywords = [ast.keyword(name, self._param(value)) for name, value in params.items()]
        return ast.Call(function, list(args), keywords)

    def _param(self, value: Any) -> ast.expr:
        written = literal(value)
        if written is not None:
            return written
        if isinstance(value, (tuple, list)):
            kind = ast.Tuple if isinstance(value, tuple) else ast.List
            return kind([self._param(part) for part in value], ast.Load())
        return self.constant(value)

    def _index(self, index: Any, holes: Sequence[ast.expr]) -> ast.expr:
        fillers = iter(holes)
        parts = index if isinstance(index, tuple) else (index,)
        written = [self._index_part(part, fillers) for part in parts]
        return ast.Tuple(written, ast.Load()) if isinstance(index, tuple) else written[0]

    def _index_part(self, part: Any, fillers: Any) -> ast.expr:
        if isinstance(part, slice):
            bounds = [
                None if b is None else self._param(b) for b in (part.start, part.stop, part.step)
            ]
            return ast.Slice(*bounds)
        if type(part).__name__ == "_Hole":
            return next(fillers)  # type: ignore[no-any-return]
        return self._param(part.item() if isinstance(part, np.generic) else part)

    def _helper(self, line: Node) -> ast.expr:
        op = line.op
        assert op is not None
        name = identifier(op.name)
        self.helpers[name] = op.forward
        self._taken.add(name)
        return ast.Name(name)

    def name(self, x: Node, wish: str) -> str:
        self.names[x.birth] = name = self.free(identifier(wish))
        return name

    def free(self, name: str) -> str:
        taken, i = name, 2
        while taken in self._taken:
            taken, i = f"{name}_{i}", i + 1
        self._taken.add(taken)
        return taken

    def _usual_name(self, line: Node) -> str:
        """What a value is mostly called: the probabilities P, their logarithms log_P, or ""."""
        assert line.op is not None
        name = line.op.name
        if name == "exp" and line.inputs[0].op and line.inputs[0].op.name == "log_softmax":
            name = "softmax"
        if line.birth == self.program.outputs[0].birth and not line.shape:
            return "loss"
        return _USUAL.get(name, "")

    def _any_name(self) -> str:
        self.unnamed += 1
        return f"v{self.unnamed}"


_USUAL = {"softmax": "P", "log_softmax": "log_P"}
_VIEWS = (np.matrix_transpose,)


def _plainer(params: Mapping[str, Any]) -> dict[str, Any]:
    """An axis in place of a tuple of one axis."""
    axis = params.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        return {**params, "axis": axis[0]}
    return dict(params)


def _dotted(fn: Any) -> ast.expr | None:
    """The name of a NumPy function."""
    for prefix, module in _MODULES.items():
        if getattr(module, getattr(fn, "__name__", ""), None) is fn:
            return _parsed(f"{prefix}.{fn.__name__}")
    return None
