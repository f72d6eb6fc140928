r"""A program as equations, forward and backward, as papers have them.

What is not said is what papers do not say either: that a sum without an index goes over all
entries, that rows, columns and numbers stretch to the shape of the matrix beside them, and that
functions of arrays go entry by entry. A product entry by entry is :math:`\odot`, a quotient
:math:`\oslash`, a power :math:`x^{\odot p}`; :math:`[Z > 0]` is 1 where it holds and 0 elsewhere.
Indices count from 0 and leave out the end, as in Python.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from .program import Node, Program, filled_with
from .samples import Sizes, averaged, is_range
from .symbols import escaped, is_letter, symbol, word
from .terms import (
    Binds,
    Term,
    called,
    complex_number,
    named,
    negated,
    number,
    power,
    quotient,
    raised,
    times,
    within,
)

__all__ = ["latex"]

_FUNCTIONS: dict[Callable[..., Any], str] = {
    fn: rf"\{fn.__name__}"
    for fn in (
        np.exp, np.log, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arcsin, np.arccos,
        np.arctan,
    )
} | {
    np.maximum: r"\max",
    np.minimum: r"\min",
    np.log2: r"\log_2",
    np.log10: r"\log_{10}",
    np.linalg.det: r"\det",
}  # fmt: skip
_OWN_FUNCTIONS = {"sigmoid": r"\sigma", "log_softmax": r"\log \operatorname{softmax}"}
_RELATIONS: dict[Callable[..., Any], str] = {
    np.greater: ">",
    np.less: "<",
    np.greater_equal: r"\geq",
    np.less_equal: r"\leq",
    np.equal: "=",
    np.not_equal: r"\neq",
    np.logical_and: r"\land",
    np.logical_or: r"\lor",
}
_BITWISE: dict[Callable[..., Any], str] = {np.bitwise_and: r"\land", np.bitwise_or: r"\lor"}
_AROUND: dict[Callable[..., Any], tuple[str, str]] = {
    np.absolute: (r"\left|", r"\right|"),
    np.floor: (r"\lfloor ", r" \rfloor"),
    np.ceil: (r"\lceil ", r" \rceil"),
    np.sqrt: (r"\sqrt{", "}"),
    np.cbrt: (r"\sqrt[3]{", "}"),
    np.conjugate: (r"\overline{", "}"),
    np.real: (r"\operatorname{Re}(", ")"),
    np.imag: (r"\operatorname{Im}(", ")"),
    np.logical_not: (r"[\lnot ", "]"),
}
_REDUCTIONS: dict[Callable[..., Any], str] = {
    np.sum: r"\sum",
    np.prod: r"\prod",
    np.max: r"\max",
    np.min: r"\min",
    np.mean: r"\sum",
}
_INDICES = "ijklmnopqrst"


def latex(
    program: Program,
    names: Mapping[int, str],
    *,
    by: Sequence[Node] = (),
    arrays: Sequence[tuple[str, Any]] = (),
    sizes: Sizes | None = None,
    style: Literal["papers", "short"] = "papers",
    environment: str = "aligned",
) -> str:
    r"""Typeset a program.

    Parameters
    ----------
    program : Program
    names : mapping of int to str
        The names of the arguments, and of the lines that get an equation, by birth; other lines
        are written inside of those that read them.
    by : sequence of Node
        What the outputs after the first one are the derivatives of the first one by; none for a
        program that is no gradient.
    arrays : sequence of (str, array)
        What constants are called.
    sizes : Sizes
        What whole numbers are called that results are divided by: the number of samples.
    style : {"papers", "short"}
        The derivative by Z1 as \frac{\partial L}{\partial Z_1}, or as \mathrm{d}Z_1.
    environment : str
        ``aligned`` goes into an equation, ``align*`` stands by itself; a converter that does not
        know the first one may know ``split``.

    Returns
    -------
    str
        The equations forward; after an empty line those backward, if there are.
    """
    writer = _Writer(program, names, by, arrays, sizes or Sizes(), style)
    blocks = [
        rf"\begin{{{environment}}}"
        + "\n"
        + " \\\\\n".join(block)
        + "\n"
        + rf"\end{{{environment}}}"
        for block in writer.blocks()
        if block
    ]
    return "\n\n".join(blocks)


class _Writer:
    def __init__(
        self,
        program: Program,
        names: Mapping[int, str],
        by: Sequence[Node],
        arrays: Sequence[tuple[str, Any]],
        sizes: Sizes,
        style: str,
    ) -> None:
        self.program = program
        self.names = names
        self.by = by
        self.arrays = arrays
        self.sizes = sizes
        self.style = style
        self.terms: dict[int, Term] = {}
        self.taken: set[str] = {"N"} & set(sizes.names.values())
        self.forward = self._forward()
        self._choose()

    def _forward(self) -> set[int]:
        """The births of what comes before the derivatives: all that the first output needs."""
        wanted = self.program.outputs[:1] if self.by else self.program.outputs
        return {x.birth for x in self.program.with_outputs(wanted).nodes()}

    # Symbols

    def _choose(self) -> None:
        """Choose a symbol for everything that has a name, each another one."""
        for x in self.program.arguments:
            self._enter(x, named(self.names.get(x.birth) or x.name or "x"))
        first = self.program.outputs[0]
        if first.birth in self.names and first.op is not None:
            name = self.names[first.birth]
            self._enter(first, named("L" if name == "loss" else name))
        for x, y in zip(self.by, self.program.outputs[1:], strict=True):
            if y.birth in self.names and y.birth not in self.forward:
                self._enter(y, self._derivative(self.terms[x.birth].text))
        known = set(self.names.values())
        for x in self.program.lines:
            if x.birth in self.names:
                self._enter(x, self._symbol(x, self.names[x.birth], known))

    def _symbol(self, x: Node, name: str, known: set[str]) -> Term:
        """Tell a derivative ``dZ1`` from a variable whose name begins with a d."""
        if name.startswith("d") and name not in ("d", "delta"):
            bases = (name[1:], name[1:].rpartition("_")[0])
            base = next((base for base in bases if base in known), None)
            if base is None and x.birth not in self.forward and is_letter(name[1:]):
                base = name[1:]
            if base is not None:
                below = next(
                    (t.text for b, t in self.terms.items() if self.names.get(b) == base), None
                )
                return self._derivative(below or symbol(base))
        return named(name)

    def _derivative(self, below: str) -> Term:
        if self.style == "short" or not self.by:
            return Term(rf"\mathrm{{d}}{below}", Binds.SUBSCRIPT)
        above = self.terms.get(self.program.outputs[0].birth, Term("L")).text
        return Term(rf"\frac{{\partial {above}}}{{\partial {below}}}", Binds.CLOSED)

    def _enter(self, x: Node, term: Term) -> None:
        if x.birth in self.terms:
            return
        primes = 0
        while (text := term.text + "'" * primes) in self.taken:
            primes += 1
        self.taken.add(text)
        self.terms[x.birth] = Term(f"{{{text}}}", term.binds) if primes else term

    # Equations

    def blocks(self) -> tuple[list[str], list[str]]:
        """Write the equations that lead to the first output, and the others."""
        forward: list[str] = []
        backward: list[str] = []
        for line in self.program.lines:
            term = self.expression(line)
            if line.birth in self.names:
                block = forward if line.birth in self.forward else backward
                block.append(f"{self.terms[line.birth].text} &= {term.text}")
            else:
                self.terms[line.birth] = term
        first, *others = self.program.outputs
        if not self._has_equation(first):
            forward.append(f"L &= {self.operand(first).text}" if self.by else self._alone(first))
        for i, y in enumerate(others):
            if self.by:
                target = self._derivative(self.terms[self.by[i].birth].text).text
                if self.operand(y).text != target:
                    backward.append(f"{target} &= {self.operand(y).text}")
            elif not self._has_equation(y):
                forward.append(self._alone(y))
        return forward, backward

    def _has_equation(self, x: Node) -> bool:
        return x.op is not None and x.birth in self.names

    def _alone(self, x: Node) -> str:
        return f"& {self.operand(x).text}"

    def operand(self, x: Node) -> Term:
        """Write a node where it is read."""
        if x.birth in self.terms:
            return self.terms[x.birth]
        name = self.sizes.name(x, x.value)
        return Term(self.size(x.value, name)) if name else self.constant(x.value)

    def constant(self, value: Any) -> Term:
        """Write a constant, or the value of a keyword."""
        for name, known in self.arrays:
            if known is value:
                return named(name)
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, (bool, np.bool_, type(None), str)):
            return Term(word(str(value)))
        if isinstance(value, (int, np.integer, float, np.floating)):
            return number(value)
        if isinstance(value, (complex, np.complexfloating)):
            return complex_number(value)
        if isinstance(value, np.dtype) or (
            isinstance(value, type) and issubclass(value, np.generic)
        ):
            return Term(word(np.dtype(value).name))
        if isinstance(value, (tuple, list)):
            inside = ", ".join(self.constant(part).text for part in value)
            inside += "," * (isinstance(value, tuple) and len(value) == 1)
            return Term(f"({inside})" if isinstance(value, tuple) else f"[{inside}]", Binds.CLOSED)
        if value is Ellipsis or type(value).__name__ == "_Hole":
            return Term(r"\ldots" if value is Ellipsis else r"\cdot")
        if isinstance(value, slice):
            return Term(self._slice(value))
        if isinstance(value, np.ndarray) and filled_with(value) is not None:
            return _filled(self.constant(value.flat[0]), value.shape)
        if is_range(value):
            length = self.sizes.of_range(value)
            last = f"{length} - 1" if length else str(len(value) - 1)
            return Term(rf"(0, \ldots, {last})", Binds.CLOSED)
        return Term(word(getattr(value, "__name__", type(value).__name__)))

    def size(self, n: int, name: str | None) -> str:
        """Write a whole number by its name, if it has one."""
        if name is None:
            return str(n)
        times, _, name = name.rpartition(" * ")
        if name.endswith(".size"):
            name = rf"\operatorname{{size}}({symbol(name.removesuffix('.size'))})"
        return f"{times} {name}".lstrip()

    # Expressions

    def expression(self, line: Node) -> Term:
        """Write what computes a line."""
        assert line.op is not None
        fn, args = line.op.fn, [self.operand(x) for x in line.inputs]
        for way in (self._arithmetic, self._of_matrices, self._reduction, self._choice, self._own):
            if (term := way(line, fn, args)) is not None:
                return term
        if not line.params:
            if fn in _FUNCTIONS:
                return called(_FUNCTIONS[fn], args)
            if (sign := _RELATIONS.get(fn) or _BITWISE.get(fn, "")) and line.dtype == bool:
                said = Term(f" {sign} ".join(x.text for x in args), Binds.CASES)
                return Term(f"[{said.text}]", Binds.CLOSED, "[", said)
            if fn in _AROUND:
                return Term(args[0].text.join(_AROUND[fn]), Binds.CLOSED)
        return self._in_general(line, line.op.name, args)

    def _arithmetic(self, line: Node, fn: Any, args: Sequence[Term]) -> Term | None:
        if line.params:
            return None
        if fn is np.add or fn is np.subtract:
            left, right = within(args[0], Binds.SUM), within(args[1], Binds.BIG)
            return Term(f"{left} {'+' if fn is np.add else '-'} {right}", Binds.SUM)
        if fn is np.negative:
            return negated(args[0])
        if fn is np.multiply:
            return self._product(line.inputs, args)
        if fn is np.divide or fn is np.reciprocal:
            a, b = args if fn is np.divide else (Term("1"), args[0])
            n = line.inputs[-1]
            return times(a, b, r"\oslash", False) if n.ndim else quotient(a, b)
        if fn is np.square or fn is np.power:
            return power(args[0], "2" if fn is np.square else args[1].text, line.ndim)
        if fn is np.log1p:
            return called(r"\log", [Term(f"1 + {within(args[0], Binds.BIG)}", Binds.SUM)])
        if fn is np.expm1:
            return Term(called(r"\exp", args).text + " - 1", Binds.SUM)
        return None

    def _product(self, inputs: Sequence[Node], args: Sequence[Term]) -> Term:
        (x, c), (written, factor) = inputs, args
        if (found := self.sizes.share(c, x.dtype)) is not None:
            k, n, name = found
            above = written if abs(k) == 1 else times(number(abs(k)), written)
            term = quotient(above, Term(self.size(n, name)))
            return negated(term) if k < 0 else term
        if x.ndim and c.ndim:
            return times(written, factor, r"\odot")
        if x.ndim or (c.is_constant and not x.is_constant):
            written, factor = factor, written
        return times(written, factor, written.sign if written.sign == r"\cdot" else "")

    def _of_matrices(self, line: Node, fn: Any, args: Sequence[Term]) -> Term | None:
        params = {key: value for key, value in line.params.items() if value is not None}
        if fn is operator.getitem:
            return self._subscripted(args[0], self._index(line.params["index"], args[1:]))
        if fn is np.einsum and params.keys() <= {"subscripts", "optimize"}:
            how = escaped(str(params["subscripts"])).replace("->", r" \to ")
            return called(rf"\operatorname{{einsum}}_{{\mathrm{{{how}}}}}", args, plain=False)
        if fn is np.transpose and params.get("axes") == (1, 0):
            return raised(args[0], r"\top")
        if params:
            return None
        if fn is np.matmul:
            return times(args[0] if line.inputs[0].ndim > 1 else raised(args[0], r"\top"), args[1])
        if fn is np.matrix_transpose or (fn is np.transpose and line.ndim == 2):
            return raised(args[0], r"\top")
        return raised(args[0], "-1") if fn is np.linalg.inv else None

    def _reduction(self, line: Node, fn: Any, args: Sequence[Term]) -> Term | None:
        given = {key for key, value in line.params.items() if value is not None}
        ndim, axis = line.inputs[0].ndim, line.params.get("axis")
        if fn not in _REDUCTIONS or given - {"axis", "keepdims"} or ndim > len(_INDICES):
            return None
        x, sign = args[0], _REDUCTIONS[fn]
        axes = sorted(i % ndim for i in _axes(axis, ndim))
        if len(axes) < ndim:
            letters = [_INDICES[i] if i in axes else ":" for i in range(ndim)]
            sign += f"_{{{','.join(_INDICES[i] for i in axes)}}}"
            x = self._subscripted(x, ",".join(letters))
        term = Term(f"{sign} {within(x, Binds.BIG)}", Binds.BIG)
        if fn is np.mean:
            return quotient(term, self._averaged(line))
        return term

    def _averaged(self, line: Node) -> Term:
        n = averaged(line)
        return Term(self.size(n, self.sizes.name(line, n)))

    def _subscripted(self, x: Term, below: str) -> Term:
        return Term(f"{within(x, Binds.SYMBOL)}_{{{below}}}", Binds.SUBSCRIPT)

    def _choice(self, line: Node, fn: Any, args: Sequence[Term]) -> Term | None:
        if fn is not np.where or len(args) != 3 or line.params:
            return None
        condition, then, otherwise = args
        where = (condition.inside or condition) if condition.sign == "[" else condition
        return Term(
            rf"\begin{{cases}} {then.text} & \text{{where }} {where.text} \\ "
            rf"{otherwise.text} & \text{{elsewhere}} \end{{cases}}",
            Binds.CASES,
        )

    def _own(self, line: Node, fn: Any, args: Sequence[Term]) -> Term | None:
        """Write functions of this package by the symbols they have in papers."""
        if not (getattr(fn, "__module__", None) or "").startswith("autograd_lite"):
            return None
        assert line.op is not None
        name = line.op.name
        if name in _OWN_FUNCTIONS and line.params.get("axis", -1) == -1 and len(args) == 1:
            return called(_OWN_FUNCTIONS[name], args, plain=False)
        if name == "cross_entropy" and line.inputs[0].ndim == 2 and not line.params:
            _, labels, log_p = args
            if line.inputs[1].ndim == 2:
                total = r"\sum " + times(labels, log_p, r"\odot").text
            else:
                label = self._subscripted(labels, "i").text
                total = rf"\sum_{{i}} {self._subscripted(log_p, f'i,{label}').text}"
            return negated(quotient(Term(total, Binds.BIG), self._averaged(line)))
        return None

    def _in_general(self, line: Node, name: str, args: Sequence[Term]) -> Term:
        """Write any other function, with its keywords after a semicolon."""
        known = name.isalpha() and name.isascii()
        given = ", ".join(x.text for x in args)
        keywords = ", ".join(
            f"{word(key)} = {self.constant(value).text}"
            for key, value in line.params.items()
            if value is not None
        )
        inside = [Term(rf"{given};\ {keywords}" if keywords else given)]
        return called(rf"\operatorname{{{name}}}" if known else word(name), inside, plain=False)

    # Indices

    def _index(self, index: Any, holes: Sequence[Term]) -> str:
        fillers = iter(holes)
        parts = index if isinstance(index, tuple) else (index,)
        return ",".join(self._index_part(part, fillers) for part in parts)

    def _index_part(self, part: Any, fillers: Iterator[Term]) -> str:
        if type(part).__name__ == "_Hole":
            return str(next(fillers).text)
        return self._slice(part) if isinstance(part, slice) else self.constant(part).text

    def _slice(self, index: slice) -> str:
        ends = ["" if end is None else self.constant(end).text for end in (index.start, index.stop)]
        step = "" if index.step is None else f":{self.constant(index.step).text}"
        return f"{ends[0]}:{ends[1]}{step}"


def _filled(x: Term, shape: tuple[int, ...]) -> Term:
    """Write an array of equal numbers."""
    if x.text in ("0", "1"):
        by = r" \times ".join(map(str, shape))
        return Term(rf"\mathbf{{{x.text}}}_{{{by}}}", Binds.SUBSCRIPT)
    return times(x, _filled(Term("1"), shape))


def _axes(axis: Any, ndim: int) -> Iterable[int]:
    if axis is None or not ndim:
        return range(ndim)
    return axis if isinstance(axis, tuple) else (axis,)
