"""How nodes are written as NumPy expressions: the operators, methods and names a person uses."""

from __future__ import annotations

import ast
import keyword
import operator
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import unwrap
from typing import Any

import numpy as np

from ..op import Op
from ..rules.assignment import last
from ..rules.indexing import HOLE, scatter
from .literals import literal, parsed
from .program import Node, Program, filled_with, made_by
from .samples import Sizes, is_range

__all__ = ["Spelling", "identifier"]

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
_MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
_SCIPY = ("scipy.special", "scipy.linalg", "scipy.stats")
_RESERVED = ("np", "scipy", "step", "constants", "len", "slice", "float", "complex")
_LINE = 72
"""An expression that is read once stands inside of another one up to so many characters."""


def identifier(text: str) -> str:
    """Make a name that Python takes of any text; nothing but letters, digits and _ remains."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text)).strip("_") or "v"
    if not name.isidentifier() or keyword.iskeyword(name) or name in _RESERVED:
        name = f"v_{name}"
    return name if name.isidentifier() else "v"


class Spelling:
    """How the nodes of one program are written.

    Parameters
    ----------
    program : Program
    quotients : bool
        Whether a product with ``1 / n`` is written as a quotient by n.

    Attributes
    ----------
    names : dict of int to str
        Of each node that has a line of its own, by birth.
    sizes : Sizes
        Names for whole numbers that results are divided by: the number of samples.
    """

    def __init__(self, program: Program, quotients: bool = True) -> None:
        self.program = program
        self.quotients = quotients
        self.sizes = Sizes()
        self.names: dict[int, str] = {}
        self.arrays: list[tuple[str, Any]] = []
        self.helpers: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        self.imports: set[str] = set()
        self.unnamed = 0
        self.sizes_used: set[str] = set()
        self._taken = {"N", *_RESERVED, *(identifier(x.op.name) for x in program.lines if x.op)}
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
            return self._of_numpy(value)
        if isinstance(value, (np.integer, np.bool_)):
            value = value.item()
        written = literal(value)
        if written is not None:
            return written
        if isinstance(value, np.ndarray) and filled_with(value) is not None:
            return self._filled(value)
        if is_range(value):
            n = self.size(value.size, self.sizes.of_range(value))
            return self.call("np.arange", [n], _dtype(value, np.int64))
        for taken, known in self.arrays:
            if known is value:
                return ast.Name(taken)
        taken = self.free(identifier(name) if name else f"c{len(self.arrays) + 1}")
        self.arrays.append((taken, value))
        return ast.Name(taken)

    def _of_numpy(self, number: Any) -> ast.expr:
        """Write a number with its dtype."""
        return self.call(f"np.{number.dtype.name}", [self.param(_shortest(number))], {})

    def _filled(self, value: Any) -> ast.expr:
        """Write an array that consists of one number."""
        number = value.flat[0].item()
        fn = {"0": "np.zeros", "1": "np.ones"}.get(str(number).removesuffix(".0"), "np.full")
        args = [self.param(value.shape), *([self.param(number)] if fn == "np.full" else [])]
        return self.call(fn, args, _dtype(value, np.float64))

    def expression(self, line: Node) -> ast.expr:
        """Write what computes a line."""
        op = line.op
        assert op is not None
        if self.quotients and op.fn is np.multiply and (quotient := self._divided(line)):
            return quotient
        args = [self._number(x, line) for x in line.inputs]
        if op.fn in _FORMS and (written := _FORMS[op.fn](self, line, args)):
            return written
        function = self._public(op.fn) if op.forward is op.fn else None
        return self.call(function or self._helper(op), args, line.params)

    def _divided(self, line: Node) -> ast.expr | None:
        """Write ``x * (k / n)`` as ``k * x / n``, with a name for n if it has one."""
        x, c = line.inputs
        found = self.sizes.share(c, line.dtype)
        if found is None or self._plain(c, line) is None:
            return None
        k, n, name = found
        is_mask = x.dtype.kind == "b"
        if not is_mask and (x.dtype.kind not in "fc" or x.dtype != line.dtype):
            return None  # integers wrap around
        if abs(k) > 1 and x.dtype.itemsize < 4:
            return None
        numerator, divisor = self.operand(x), self.size(n, name)
        if k == -1 and is_mask:  # which has no minus
            divisor = ast.UnaryOp(ast.USub(), divisor)
        elif k == -1:
            numerator = ast.UnaryOp(ast.USub(), numerator)
        elif k != 1:
            numerator = ast.BinOp(ast.Constant(k), ast.Mult(), numerator)
        return ast.BinOp(numerator, ast.Div(), divisor)

    def size(self, n: int, name: str | None) -> ast.expr:
        """Write a whole number that something is divided by, by its name if it has one."""
        if name is None:
            return ast.Constant(n)
        self.sizes_used.add(name.rpartition(" * ")[2])
        return parsed(name)

    def _plain(self, c: Node, line: Node) -> Any:
        """A constant number as one of Python's; None where the dtype is another with such."""
        if not c.is_constant or c.shape or all(x.is_constant and not x.shape for x in line.inputs):
            return None
        if not hasattr(c.value, "item"):
            return c.value
        dtype = np.result_type(*[x.value for x in line.inputs])
        if dtype != np.result_type(*map(_of_python, line.inputs)):
            return None
        return _shortest(c.value) if dtype == c.dtype else c.value.item()

    def _number(self, x: Node, line: Node) -> ast.expr:
        plain = self._plain(x, line)
        if plain is not None:
            name = self.sizes.name(x, plain)
            beside = (y.dtype.kind for y in line.inputs if y is not x)
            if name and (isinstance(plain, int) or all(kind in "fc" for kind in beside)):
                return self.size(plain, name)
            return self.constant(plain)
        if x.is_constant and isinstance(x.value, np.integer):
            return self._of_numpy(x.value)
        return self.operand(x)

    def call(
        self, function: ast.expr | str, args: Sequence[ast.expr], params: Mapping[str, Any]
    ) -> ast.expr:
        """Write a call."""
        called = parsed(function) if isinstance(function, str) else function
        keywords = [ast.keyword(name, self.param(value)) for name, value in params.items()]
        return ast.Call(called, list(args), keywords)

    def param(self, value: Any) -> ast.expr:
        """Write a keyword's value."""
        written = literal(value)
        if written is not None:
            return written
        if isinstance(value, (tuple, list)):
            kind = ast.Tuple if isinstance(value, tuple) else ast.List
            return kind([self.param(part) for part in value], ast.Load())
        return self.constant(value)

    def index(self, index: Any, holes: Sequence[ast.expr], subscript: bool) -> ast.expr:
        """Write an index, with what stands in its holes: as a subscript, or as a value."""
        fillers = iter(holes)
        parts = index if isinstance(index, tuple) else (index,)
        written = [self._index_part(part, fillers, subscript) for part in parts]
        return ast.Tuple(written, ast.Load()) if isinstance(index, tuple) else written[0]

    def _index_part(self, part: Any, fillers: Iterator[ast.expr], subscript: bool) -> ast.expr:
        if isinstance(part, slice) and subscript:
            bounds = (part.start, part.stop, part.step)
            return ast.Slice(*(None if b is None else self.param(b) for b in bounds))
        if isinstance(part, type(HOLE)):
            return next(fillers)
        return self.param(part.item() if isinstance(part, np.generic) else part)

    def _public(self, fn: Callable[..., Any]) -> ast.expr | None:
        """The name of a function of NumPy or SciPy."""
        name = getattr(fn, "__name__", "")
        for prefix, module in _MODULES.items():
            if getattr(module, name, None) is fn:
                return parsed(f"{prefix}.{name}")
        for prefix in _SCIPY:
            if getattr(sys.modules.get(prefix), name, None) is fn:
                self.imports.add(prefix)
                return parsed(f"{prefix}.{name}")
        return None

    def _helper(self, op: Op) -> ast.expr:
        for name, (fn, _) in self.helpers.items():
            if fn is op.fn:
                return ast.Name(name)
        name = identifier(op.name)
        if name in self.helpers:
            name = self.free(name)
        self.helpers[name] = (op.fn, op.forward)
        return ast.Name(name)

    def name(self, x: Node, wish: str) -> str:
        """Give a node a name like the one wished for, and return it."""
        self.names[x.birth] = name = self.free(identifier(wish))
        return name

    def free(self, name: str) -> str:
        """Take a name, with a number if it is taken already."""
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


Form = Callable[[Spelling, Node, list[ast.expr]], ast.expr | None]


def _of_python(x: Node) -> Any:
    """The value of a node; of a constant number the number of Python's."""
    is_number = x.is_constant and not x.shape and hasattr(x.value, "item")
    return x.value.item() if is_number else x.value


def _shortest(value: Any) -> Any:
    """A number of NumPy's as the Python number of the fewest digits that becomes it again."""
    return float(str(value)) if isinstance(value, np.floating) else value.item()


def _dtype(value: Any, default: Any) -> dict[str, Any]:
    return {} if value.dtype == default else {"dtype": value.dtype}


def _operator(kind: type[ast.operator]) -> Form:
    return lambda _, __, args: ast.BinOp(args[0], kind(), args[1])


def _comparison(kind: type[ast.cmpop]) -> Form:
    return lambda _, __, args: ast.Compare(args[0], [kind()], [args[1]])


def _method(spelling: Spelling, line: Node, args: list[ast.expr]) -> ast.expr | None:
    """``x.sum(axis=0)``, with an axis in place of a tuple of one axis."""
    assert line.op is not None
    params = dict(line.params)
    if not params.keys() <= {"axis", "keepdims", "dtype"}:
        return None
    if isinstance(params.get("axis"), tuple) and len(params["axis"]) == 1:
        params["axis"] = params["axis"][0]
    return spelling.call(ast.Attribute(args[0], line.op.fn.__name__), [], params)


def _reshaped(spelling: Spelling, line: Node, args: list[ast.expr]) -> ast.expr | None:
    shape, *others = line.params.values()
    if others:
        return spelling.call("np.reshape", args, line.params)
    return spelling.call(ast.Attribute(args[0], "reshape"), [spelling.param(shape)], {})


def _astype(spelling: Spelling, line: Node, args: list[ast.expr]) -> ast.expr | None:
    dtype = spelling.param(line.params["dtype"])
    return spelling.call(ast.Attribute(args[0], "astype"), [dtype], {})


def _getitem(spelling: Spelling, line: Node, args: list[ast.expr]) -> ast.expr | None:
    return ast.Subscript(args[0], spelling.index(line.params["index"], args[1:], True))


def _writing(arrays: int) -> Form:
    """A function that writes at an index, which stands last among the keywords."""

    def form(spelling: Spelling, line: Node, args: list[ast.expr]) -> ast.expr | None:
        assert line.op is not None
        params = {name: value for name, value in line.params.items() if name != "index"}
        call = spelling.call(spelling._helper(line.op), args[:arrays], params)
        index = spelling.index(line.params["index"], args[arrays:], False)
        assert isinstance(call, ast.Call)
        call.keywords.append(ast.keyword("index", index))
        return call

    return form


def _listed(name: str) -> Form:
    return lambda spelling, line, args: spelling.call(name, [ast.List(args)], line.params)


_FORMS: dict[Callable[..., Any], Form] = {
    **{fn: _operator(kind) for fn, kind in _OPERATORS.items()},
    **{fn: _comparison(kind) for fn, kind in _COMPARISONS.items()},
    **dict.fromkeys((np.sum, np.mean, np.max, np.min, np.prod), _method),
    np.negative: lambda _, __, args: ast.UnaryOp(ast.USub(), args[0]),
    np.square: lambda _, __, args: ast.BinOp(args[0], ast.Pow(), ast.Constant(2)),
    np.matrix_transpose: lambda _, line, args: ast.Attribute(
        args[0], "T" if line.ndim == 2 else "mT"
    ),
    np.transpose: lambda _, line, args: (
        None if line.params or line.ndim != 2 else ast.Attribute(args[0], "T")
    ),
    np.reshape: _reshaped,
    np.ndarray.astype: _astype,
    operator.getitem: _getitem,
    unwrap(last): _writing(0),
    unwrap(scatter): _writing(1),
    operator.setitem: _writing(2),
    np.add.at: _writing(2),
    np.concatenate: _listed("np.concatenate"),
    np.stack: _listed("np.stack"),
    np.einsum: lambda spelling, line, args: spelling.call(
        "np.einsum", [spelling.param(line.params["subscripts"]), *args], {}
    ),
    np.choose: lambda spelling, line, args: spelling.call(
        "np.choose", [args[-1], ast.List(args[:-1])], line.params
    ),
}
