"""Passes from program to program: each keeps the results, but for rounding.

A line that nothing needs is gone as soon as nothing reads it, since a program is what its outputs
need.
"""

from __future__ import annotations

import bisect
import copy
import operator
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from .algebra import simplify
from .keys import Known, frozen, identity
from .matching import is_number, make
from .program import Node, Program, constant, made_by, rewritten
from .trace import trace

__all__ = ["PASSES", "by_liveness", "expand", "fold", "reuse", "share"]


def fold(program: Program) -> Program:
    """Compute what depends on constants alone."""

    def folded(line: Node) -> Node | None:
        if all(x.is_constant for x in line.inputs):
            return constant(line.value, line.place)
        return None

    return rewritten(program, folded)


def share(program: Program) -> Program:
    """Compute the same op on the same inputs once."""
    seen: dict[Hashable, Node] = {}

    def first(line: Node) -> Node | None:
        key = (line.op, tuple(map(identity, line.inputs)), frozen(line.params))
        return seen.setdefault(key, line)

    return rewritten(program, first)


def expand(
    program: Program,
    limit: int,
    instead: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
) -> Program:
    """Put the NumPy calls that a function consists of in the place of its line.

    Parameters
    ----------
    program : Program
    limit : int
        A function of more calls stays as it is; so does one that does more than call NumPy.
    instead : dict
        Other functions with the same results, to expand in place of some, of any length.
    """
    instead = instead or {}

    def expanded(line: Node) -> Node | None:
        op = line.op
        assert op is not None
        if op.is_numpy and op.fn not in instead:
            return None
        body = instead.get(op.fn, op.forward)
        try:
            with np.errstate(all="ignore"):
                inside = trace(  # on several data: a body that draws at random stays one line
                    lambda tensors: [body(*tensors, **line.params)],
                    [np.asarray(x.value) for x in line.inputs],
                    [""] * len(line.inputs),
                )
        except Exception:  # it branches on its data, or writes into arrays: it stays one line
            return None
        if len(inside.lines) > limit and op.fn not in instead:
            return None
        return _grafted(inside, line)

    return rewritten(program, expanded)


def by_liveness(program: Program) -> Program:
    """Move lines up that let go of more memory than they take; else keep the order."""
    lines = program.lines
    waits = {line.birth: {x.birth for x in line.inputs if x.op is not None} for line in lines}
    reads = program.readers()
    followers: dict[int, list[Node]] = {}
    for line in lines:
        for birth in waits[line.birth]:
            followers.setdefault(birth, []).append(line)
    ready = [line for line in lines if not waits[line.birth]]
    put: dict[int, Node] = {}
    for place in range(1, len(lines) + 1):
        line = min(ready[:_AHEAD], key=lambda x: (_growth(x, reads), x.place, x.birth))
        ready.remove(line)
        put[line.birth] = moved = copy.copy(line)
        moved.inputs = tuple(put.get(x.birth, x) for x in line.inputs)
        moved.place = place
        for x in line.inputs:
            reads[x.birth] -= 1
        for follower in followers.get(line.birth, ()):
            waits[follower.birth].discard(line.birth)
            if not waits[follower.birth]:
                bisect.insort(ready, follower, key=lambda x: (x.place, x.birth))
    return program.with_outputs(put.get(x.birth, x) for x in program.outputs)


_AHEAD = 16
"""So many of the lines that could come next are compared."""


def _growth(line: Node, reads: Mapping[int, int]) -> int:
    """How many bytes more are held after a line than before it."""
    freed = {x.birth: x for x in line.inputs if x.op is not None and reads[x.birth] == 1}
    return _bytes(line) - sum(map(_bytes, freed.values()))


def _bytes(x: Node) -> int:
    return int(np.prod(x.shape)) * x.dtype.itemsize


def _grafted(inside: Program, line: Node) -> Node:
    """The result of a program run on the inputs of a line, as nodes in its place."""
    put = {x.birth: y for x, y in zip(inside.arguments, line.inputs, strict=True)}
    for x in inside.nodes():
        if x.birth not in put:
            put[x.birth] = copy.copy(x)
            put[x.birth].inputs = tuple(put[y.birth] for y in x.inputs)
            put[x.birth].place = line.place
            put[x.birth].name = ""
    return put[inside.outputs[0].birth]


def reuse(program: Program) -> Program:
    """Use what there is already, where that is faster or lets go of memory.

    With ``e = exp(x)`` and a sum ``s`` of it, ``exp(x - log(s))`` is ``e / s``; with
    ``a = maximum(x, 0)``, ``x > 0`` is ``a > 0``.
    """
    known = Known()

    def rule(line: Node) -> Node | None:
        known.add(line)
        (x, *others) = line.inputs
        if made_by(line, np.exp) and made_by(x, np.subtract) and made_by(x.inputs[1], np.log):
            e, s = known.find(np.exp, x.inputs[0]), x.inputs[1].inputs[0]
            return make(line, np.divide, e, s) if e and _summed(s) is e else None
        if made_by(line, np.greater) and is_number(others[0], 0):
            a = known.find(np.maximum, x, others[0])
            return a and make(line, np.greater, a, others[0])
        return None

    return rewritten(program, rule)


def _summed(x: Node) -> Node | None:
    """What a sum is of, whatever shape it was given."""
    while made_by(x, np.reshape, np.expand_dims, operator.getitem):
        x = x.inputs[0]
    return x.inputs[0] if made_by(x, np.sum) else None


PASSES: dict[str, Callable[[Program], Program]] = {
    "fold": fold,
    "share": share,
    "simplify": simplify,
    "fold again": fold,
    "share again": share,
}
"""By name, in the order in which they run."""
