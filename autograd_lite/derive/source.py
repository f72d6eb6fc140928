"""A program as NumPy source that a person would have written, and that runs alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..rules.neural import _cross_entropy
from ..rules.piecewise import masked, won
from ..tree import flatten
from .definitions import definitions
from .names import Attribute, leaf_paths
from .passes import expand
from .program import Program
from .spelling import Spelling, identifier

__all__ = ["Written", "readable", "write"]

_SHORT = 3
"""A function of so many NumPy calls is written out; a longer one is defined above the program."""
_READ_AS: dict[Callable[..., Any], Callable[..., Any]] = {
    masked.__wrapped__: lambda mask, g: np.where(mask, g, 0),
    _cross_entropy: lambda z, labels, log_p: (
        -(labels * log_p).sum() / (labels.size // labels.shape[-1])
        if labels.ndim == z.ndim
        else -log_p[(*np.indices(labels.shape, sparse=True), labels)].mean()
    ),
    won.__wrapped__: lambda over, tie, g: np.where(over, g, np.where(tie, g * 0.5, 0)),
}
"""What a fast implementation stands for."""


def readable(program: Program) -> Program:
    """Write short functions out in NumPy calls, and fast ones as what they stand for."""
    return expand(program, _SHORT, _READ_AS)


@dataclass(frozen=True)
class Written:
    """The source of a program, and the arrays it takes from elsewhere by name."""

    source: str
    arrays: tuple[tuple[str, Any], ...]


def write(
    program: Program,
    names: Sequence[str],
    args: Sequence[Any],
    result: Any,
    differentiated: Container[int],
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
        What the function returned for the example, whose arrays are the program's outputs.
    differentiated : set of int
        The births of the arguments that derivatives are taken by: the others are data.

    Returns
    -------
    Written
    """
    program = readable(program)
    spelling = Spelling(program, {})
    parameters = [spelling.free(identifier(name)) for name in names]
    unpacked = []
    nodes = iter(program.arguments)
    for parameter, arg in zip(parameters, args, strict=True):
        for path, leaf in zip(leaf_paths(arg), flatten(arg), strict=True):
            if not isinstance(leaf, np.ndarray):
                continue
            x = next(nodes)
            if path:
                unpacked.append(f"{spelling.name(x, x.name)} = {parameter}{_access(path)}")
            else:
                spelling.names[x.birth] = parameter
    samples = [x for x in program.arguments if x.birth not in differentiated and x.ndim]
    if samples:
        first, last = spelling.names[samples[0].birth], spelling.names[samples[-1].birth]
        spelling.sizes = {np.size(samples[-1].value): f"{last}.size", len(samples[0].value): "N"}
    lines = spelling.lines()
    outputs = iter([ast.unparse(spelling.operand(x)) for x in program.outputs])
    returned = _display(result, outputs)
    if isinstance(result, tuple) and len(result) > 1:
        returned = returned[1:-1]
    head = []
    if spelling.arrays:
        taken = ", ".join(name for name, _ in spelling.arrays)
        head.append(f"{taken}{',' if len(spelling.arrays) == 1 else ''} = constants")
        parameters.append("constants")
    if samples and len(samples[0].value) in spelling.sizes_used:
        head.append(f"N = len({first})")
    body = "\n    ".join([*unpacked, *head, *lines, f"return {returned}"])
    step = f"def step({', '.join(parameters)}):\n    {body}"
    imports, texts = definitions(spelling.helpers)
    modules = sorted((imports | spelling.imports) - {"numpy"})
    imported = "\n".join(["import numpy as np", *(f"import {module}" for module in modules)])
    return Written("\n\n\n".join([imported, *texts, step]), tuple(spelling.arrays))


def _access(path: Sequence[Any]) -> str:
    return "".join(f".{key}" if isinstance(key, Attribute) else f"[{key!r}]" for key in path)


def _display(tree: Any, leaves: Any) -> str:
    """Write a structure with the given expressions as its leaves."""
    if isinstance(tree, dict):
        items = [f"{key!r}: {_display(value, leaves)}" for key, value in tree.items()]
        return "{" + ", ".join(items) + "}"
    if isinstance(tree, (list, tuple)):
        parts = ", ".join(_display(value, leaves) for value in tree)
        return f"[{parts}]" if isinstance(tree, list) else f"({parts}{',' * (len(tree) == 1)})"
    return "None" if tree is None else next(leaves)
