"""The text of a backward step: an op's rule, run on named symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..sweep import unbroadcast
from ..tensor import Tensor
from .passes import PASSES
from .source import readable
from .spelling import Spelling
from .trace import record

__all__ = ["rule_text"]


def rule_text(
    made: Tensor, position: int, names: Sequence[str], out: str = "y"
) -> tuple[str, dict[str, Callable[..., Any]]]:
    """Write what the backward sweep computes for one input of a record.

    Parameters
    ----------
    made : Tensor
        A record: the value of an op.
    position : int
        Of the input.
    names : sequence of str
        What to call each input; numbers are written as they are.
    out : str
        What to call the value of the op. Its cotangent is called g.

    Returns
    -------
    text : str
        A NumPy expression of g, the names, and `out`.
    helpers : dict of str to callable
        Functions in it that are not NumPy's.

    Raises
    ------
    ValueError
        Where the op has no rule for this input.
    """
    assert made.op is not None
    rule = next(islice(made.op.vjps, position, None), None)
    if rule is None:
        raise ValueError(f"{made.op.name} has no derivative by its argument {position}")
    moving = [i for i, value in enumerate(made.values) if np.ndim(value)] or [position]
    moving += [position] * (position not in moving)
    shape = np.shape(made.values[position])

    def contribution(tensors: Sequence[Tensor]) -> list[Any]:
        g, y, *given = tensors
        xs = list(made.values)
        for i, x in zip(moving, given, strict=True):
            xs[i] = x
        c = rule(g, y, *xs, **made.params)
        return [c if c.shape == shape else unbroadcast(c, shape)]

    example = [np.ones_like(made.data), made.data, *(made.values[i] for i in moving)]
    called = ["g", out, *(names[i] for i in moving)]
    program, _ = record(contribution, [np.asarray(x) for x in example], called)
    for simplified in PASSES.values():
        program = simplified(program)
    program = readable(program)
    spelling = Spelling(program)
    for x, name in zip(program.arguments, called, strict=True):
        spelling.names[x.birth] = name
    text = spelling.text()
    return text, {name: forward for name, (_, forward) in spelling.helpers.items()}
