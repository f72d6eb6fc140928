"""A program as NumPy source that a person would have written, and that runs alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import unwrap
from typing import Any

import numpy as np

from ..rules.neural import cross_entropy
from ..rules.piecewise import masked, won
from ..tree import flatten
from .definitions import definitions
from .literals import literal
from .names import Attribute, leaf_paths, parts_of
from .passes import expand
from .program import Program
from .samples import Resized, following
from .spelling import Spelling, identifier

__all__ = ["READ_AS", "Written", "readable", "write"]


def _cross_entropy(logits: Any, labels: Any, log_p: Any) -> Any:
    if labels.ndim < logits.ndim:
        return -log_p[(*np.indices(labels.shape, sparse=True), labels)].mean()
    n = labels.size // labels.shape[-1]
    total = -(labels * log_p).sum()
    return total if n == 1 else total / n


_SHORT = 3
"""A function of so many NumPy calls is written out; a longer one is defined above the program."""
READ_AS: dict[Callable[..., Any], Callable[..., Any]] = {
    unwrap(masked): lambda mask, g: np.where(mask, g, 0),
    cross_entropy: _cross_entropy,
    unwrap(won): lambda over, tie, g: np.where(over, g, np.where(tie, g * 0.5, 0)),
}
"""What a fast implementation stands for."""


def readable(program: Program) -> Program:
    """Write short functions out in NumPy calls, and fast ones as what they stand for."""
    return expand(program, _SHORT, READ_AS)


@dataclass(frozen=True)
class Written:
    """A program in words: the lines, and how the nodes are spelled.

    Attributes
    ----------
    spelling : Spelling
        Of the program that is written, with the names of its lines.
    parameters : list of str
        Of the function.
    lines : list of str
        Its body.
    """

    spelling: Spelling
    parameters: list[str]
    lines: list[str]

    @property
    def arrays(self) -> dict[str, Any]:
        """The arrays that the program takes from elsewhere."""
        return dict(self.spelling.arrays)

    @cached_property
    def source(self) -> str:
        """A module that runs alone.

        Raises
        ------
        NotImplementedError
            For a function in it that cannot be written alone.
        """
        imports, texts = definitions(self.spelling.helpers)
        modules = sorted((imports | self.spelling.imports) - {"numpy"})
        head = "\n".join(["import numpy as np", *(f"import {module}" for module in modules)])
        parameters = [*self.parameters, *(["constants"] if self.arrays else [])]
        body = "\n    ".join(self.lines)
        return "\n\n\n".join([head, *texts, f"def step({', '.join(parameters)}):\n    {body}"])


def write(
    program: Program,
    names: Sequence[str],
    args: Sequence[Any],
    result: Any,
    differentiated: Container[int],
    resized: Resized | None = None,
) -> Written:
    """Write a program as a function of NumPy.

    Parameters
    ----------
    program : Program
    names : sequence of str
        Of the function's arguments.
    args : sequence
        The example: arrays, nested structures of arrays, and static arguments.
    result : any
        What the function returned for the example, whose arrays are the program's outputs. A
        dataclass is returned as the dict of its fields.
    differentiated : set of int
        The births of the arguments that derivatives are taken by: the others are data.
    resized : Resized, optional
        The same for another number of samples.

    Returns
    -------
    Written
    """
    program = readable(program)
    spelling = Spelling(program)
    parameters = [spelling.free(identifier(name)) for name in names]
    taken_apart = _arguments(spelling, parameters, args)
    data = [x for x in program.arguments if x.birth not in differentiated and x.ndim]
    if resized:
        samples = [x for x in data if len(x.value) == resized.n]
        first, last = spelling.names[samples[0].birth], spelling.names[samples[-1].birth]
        sizes = {samples[-1].value.size: f"{last}.size", resized.n: "N"}
        other = resized._replace(program=readable(resized.program))
        spelling.sizes = following(program, other, sizes)
    lines = spelling.lines()
    returned = _display(result, iter(_outputs(spelling)))
    if isinstance(result, tuple) and len(result) > 1:
        returned = returned[1:-1]
    head = []
    if spelling.arrays:
        head.append(f"{', '.join(name for name, _ in spelling.arrays)}, = constants")
    if "N" in spelling.sizes_used:
        head.append(f"N = len({first})")
    shapes = ", ".join(f"{spelling.names[x.birth]} {x.shape}" for x in data)
    head += [f"# right for the shapes it was derived for: {shapes}"] * bool(data)
    return Written(spelling, parameters, [*taken_apart, *head, *lines, f"return {returned}"])


def _arguments(spelling: Spelling, parameters: Sequence[str], args: Sequence[Any]) -> list[str]:
    """Take the arguments apart, and turn away static ones of another value."""
    lines = []
    nodes = iter(spelling.program.arguments)
    for parameter, arg in zip(parameters, args, strict=True):
        for path, leaf in zip(leaf_paths(arg), flatten(arg), strict=True):
            place = parameter + "".join(
                f".{key}" if isinstance(key, Attribute) else f"[{key!r}]" for key in path
            )
            if not isinstance(leaf, np.ndarray):
                if (static := literal(leaf)) is not None:
                    value = ast.unparse(static)
                    message = f"derived for {place} = {value}"
                    other = f"{place} != {value}"
                    if isinstance(leaf, (int, float, complex)):  # 2 is not 2.0, nor -0.0 0.0
                        other = f"repr({place}) != {repr(leaf)!r}"
                    lines.append(f"if {other}:\n        raise ValueError({message!r})")
            elif path:
                x = next(nodes)
                lines.append(f"{spelling.name(x, x.name)} = {place}")
            else:
                spelling.names[next(nodes).birth] = parameter
    return lines


def _outputs(spelling: Spelling) -> list[str]:
    """Write what is returned: arrays that nobody else holds."""
    written: list[str] = []
    for x in spelling.program.outputs:
        text = ast.unparse(spelling.operand(x))
        alone = x.op is not None and text not in written and text.isidentifier()
        written.append(text if alone or not x.shape else f"{text}.copy()")
    return written


def _display(tree: Any, leaves: Iterator[str]) -> str:
    """Write a structure with the given expressions as its leaves."""
    parts = parts_of(tree)
    if parts is None:
        return "None" if tree is None else next(leaves)
    written = [(key, _display(value, leaves)) for key, value in parts]
    if isinstance(tree, (list, tuple)):
        inside = ", ".join(text for _, text in written)
        return f"[{inside}]" if isinstance(tree, list) else f"({inside}{',' * (len(tree) == 1)})"
    return "{" + ", ".join(f"{_key(key)}: {text}" for key, text in written) + "}"


def _key(key: Any) -> str:
    return repr(str(key) if isinstance(key, Attribute) else key)
