"""What `draw` is given: a Tensor, or what computes one from an example."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..derivation import Step
from ..derivation.names import leaf_names
from ..derivation.trace import naming_locals
from ..mode import debug
from ..op import NOTHING, Each, Op
from ..tensor import Tensor, apply, plain
from ..tree import flatten, map_leaves

__all__ = ["subject"]


def subject(
    x: Any, args: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Tensor, Mapping[int, str]]:
    """Find the tensor to draw, and names for records that have none.

    Parameters
    ----------
    x : Tensor, Module, function or Step
    args : sequence
        What to call a module or function with; for a program, the data that it shall show.
    named : dict of str to any
        What else to call it with; for a Tensor, what its picture shall call other Tensors.

    Returns
    -------
    output : Tensor
    names : dict of int to str
        By birth.

    Raises
    ------
    TypeError
        For what is no Tensor and does not compute one.
    """
    if isinstance(x, Step):
        return _program(x, args), {}
    if isinstance(x, Tensor) and not args:
        for name, value in named.items():
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"draw: {name}= is none of its options, nor a Tensor to call {name} in the "
                    "picture"
                )
        return x, {value.birth: name for name, value in named.items()}
    if isinstance(x, Tensor) or not callable(x) or not (args or named):
        called = getattr(x, "__name__", "f")
        raise TypeError(
            f"draw takes the Tensor a computation ended in, not a {type(x).__name__}; write "
            f"draw(loss), or draw({called}, *args) to call a function or module with an example"
        )
    parameters = getattr(x, "named_parameters", None)
    names = {p.birth: p.name or name for name, p in parameters()} if parameters else {}
    given = {name: _leaves(value, parameters is None) for name, value in named.items()}
    leaves = [_leaves(arg, parameters is None) for arg in args]
    by_position = zip(_arguments(x, len(args)), leaves, strict=True)
    for name, arg in (*by_position, *given.items()):
        for leaf, word in zip(flatten(arg), leaf_names(name, arg), strict=False):
            if isinstance(leaf, Tensor):
                names.setdefault(leaf.birth, leaf.name or word)
    since = Tensor(0.0).birth  # after the arguments, whose names are better than a loop's
    with debug(), naming_locals(since):
        output = x(*leaves, **given)
    if not isinstance(output, Tensor):
        raise TypeError(
            f"draw: the function returned a {type(output).__name__}, not a Tensor; let it return "
            "the one value to draw, computed from its arguments"
        )
    return output, names


def _returned(*results: Any) -> Any:
    """What a program hands out, as one node of its picture, with the first result as its value."""
    return np.asarray(results[0])


_RETURN = Op(_returned, Each(lambda _: None))


def _program(step: Step, args: Sequence[Any]) -> Tensor:
    """Run a derived program on Tensors: its backward lines are lines like the others."""
    spelling = step.latest.written.spelling
    program = spelling.program
    given = [np.asarray(plain(x)) for arg in args for x in flatten(arg)]
    values: dict[int, Any] = {}
    for i, x in enumerate(program.arguments):
        values[x.birth] = Tensor(given[i] if given else x.value)
    for x in program.nodes():
        if x.op is not None:
            inputs = tuple(values[y.birth] for y in x.inputs)
            values[x.birth] = apply(x.op, inputs, dict(x.params))
        elif not x.is_argument:
            values[x.birth] = x.value
        if isinstance(values[x.birth], Tensor):
            values[x.birth].name = spelling.names.get(x.birth)
    results = [values[x.birth] for x in program.outputs]
    made = [x if isinstance(x, Tensor) else Tensor(x) for x in results]
    returned: Tensor = apply(_RETURN, tuple(made), NOTHING)
    returned.name = "results"
    return returned


def _leaves(arg: Any, differentiated: bool) -> Any:
    """Make Tensors of arrays; those of floating-point numbers require a gradient if wanted."""

    def leaf(x: Any) -> Any:
        if isinstance(x, Tensor) or not isinstance(x, (np.ndarray, float, np.floating, complex)):
            return x
        array = np.asarray(x)
        return Tensor(array, requires_grad=differentiated and array.dtype.kind in "fc")

    return map_leaves(leaf, arg)


def _arguments(x: Any, n: int) -> list[str]:
    """The names of the first n arguments of a function, or of a module's forward."""
    try:
        parameters = list(inspect.signature(getattr(x, "forward", x)).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*names, *(f"x{i}" for i in range(len(names), n))][:n]
