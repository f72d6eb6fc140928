"""The tape in order, and the one loop that carries cotangents along it.

A record is anything with ``op, inputs, values, params, data, birth, wanted_by`` and, where it was
assigned to, ``before``, what it was; a leaf has no op.
Nothing here knows the class of a Tensor, so the loop runs the same rules on arrays (fast) and on
records (derivatives of any order).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from .errors import GraphFreedError, ShapeError
from .sums import unbroadcast

__all__ = [
    "ANYONE", "BACKWARD", "ancestors", "as_read", "name_cotangent", "released", "sweep",
]  # fmt: skip


BACKWARD = 1
"""The bit of `wanted_by` of what `Tensor.backward` wants the cotangent of."""

ANYONE = -1
"""All bits of `wanted_by`."""


class _Released:
    """Stands in for the op of a record whose inputs `backward` has let go."""

    name = "released"
    fn = None


released: Any = _Released()


def ancestors(
    outputs: Iterable[Any], since: int = 0, differentiable: bool = False
) -> dict[int, Any]:
    """Map births to records, oldest first: the outputs and all that they were made from.

    Records born before `since` are left out, and with `differentiable` those that require no
    gradient. Raises GraphFreedError for a record that `Tensor.backward` has released.
    """
    found = {output.birth: output for output in outputs}
    pending = list(found.values())
    for record in pending:
        if record.op is released:
            raise GraphFreedError(_freed(record))
        for x in record.inputs:
            birth = getattr(x, "birth", -1)
            if birth > record.birth:  # assigned to since this record read it: look again
                record.inputs = tuple(as_read(x, record.birth) for x in record.inputs)
                pending.append(record)
                break
            if birth < since or birth in found or (differentiable and not x.wanted_by):
                continue
            found[birth] = x
            pending.append(x)
    return {birth: found[birth] for birth in sorted(found)}


def sweep(
    seeds: Iterable[tuple[Any, Any]],
    by: int = ANYONE,
    since: int = 0,
    ends: Container[int] = (),
    *,
    on_records: bool = False,
    release: bool = False,
) -> dict[int, list[Any]]:
    """Carry cotangents from the youngest record to the oldest.

    The births are an order of computation: when the youngest record that was reached is taken,
    all that was made from it has been before.

    Parameters
    ----------
    seeds : iterable of (Tensor, array)
        The outputs, each once, with the cotangents to start from.
    by : int
        The bits of whom the cotangents are for: what has none of them in `wanted_by`, and is no
        end, gets none.
    since : int
        The birth of the oldest record or leaf to go to.
    ends : set or dict of int
        Births of what to stop at, beside the leaves.
    on_records : bool
        Run the rules on the records themselves, so that the sweep is recorded and can be
        differentiated again.
    release : bool
        Let go of each record's inputs once its rules have run.

    Returns
    -------
    dict of int to [Tensor, array]
        By birth, the leaves and ends that were reached, each with its cotangent: of a sweep on
        records a Tensor, else an array that neither the caller nor another leaf holds.

    Raises
    ------
    GraphFreedError
        For a record that `Tensor.backward` has released.
    """
    reached = {}
    births: list[int] = []
    held = set()
    for record, g in seeds:
        reached[record.birth] = [record, g]
        held.add(id(g))
        if record.op is not None and record.birth not in ends:
            births.append(-record.birth)
    heapify(births)
    assigned = []  # who read one before it was assigned to finds what it was by it
    while births:
        birth = -heappop(births)
        record, g = reached.pop(birth)
        op, params = record.op, record.params
        if op is released:
            raise GraphFreedError(_freed(record))
        if on_records:
            _check_unchanged(record)
            name_cotangent(g, record)
            args = (g, record, *record.inputs)
        else:
            args = (g, record.data, *record.values)
        for x, value, vjp in zip(record.inputs, record.values, op.vjps):  # noqa: B905
            if vjp is None:
                continue
            born = getattr(x, "birth", -1)
            if born > birth:  # assigned to since: hold what was read, or the two hold each other
                read = as_read(x, birth)
                record.inputs = tuple(read if i is x else i for i in record.inputs)
                x, born = read, read.birth
            if born < since or not (x.wanted_by & by or born in ends):
                continue
            try:
                c = vjp(*args, **params) if params else vjp(*args)
                if c.dtype is not value.dtype or c.shape != value.shape:
                    c = _fit(c, value, op)
            except Exception as error:
                error.add_note(
                    f"while computing a cotangent of shape {value.shape} for an argument of "
                    f"{op.name} of shapes {_shapes(record.values)}, recorded "
                    + (f"at {record.line}" if record.line else "without autograd_lite.debug()")
                )
                raise
            if born in reached:
                reached[born][1] = reached[born][1] + c
                continue
            reached[born] = [x, c]
            if x.op is not None and born not in ends:
                heappush(births, -born)
        if release:
            record._release()
            if record.before is not None:
                assigned.append(record)
    for record in assigned:
        record.before = None
    # Rules may hand on their cotangent (`add`) or a view of it, so that two leaves would share one
    # array, and an optimizer that scales one gradient in place would scale the other.
    for reaching in reached.values():
        g = reaching[1]
        if isinstance(g, np.ndarray):
            key = id(g)
            if g.base is not None or key in held:
                reaching[1] = g.copy()
            held.add(key)
        elif isinstance(g, np.generic):
            reaching[1] = np.asarray(g)
    return reached


def name_cotangent(g: Any, record: Any) -> None:
    """Call the recorded cotangent of ``Z`` ``dZ``, for readers of its own tape."""
    if record.name and getattr(g, "op", None) and not g.name:
        g.name = f"d{record.name}"


def _fit(c: Any, value: Any, op: Any) -> Any:
    """Give a contribution the shape and dtype of the value it belongs to."""
    if c.shape != value.shape:
        if not op.broadcasts:
            raise ShapeError(
                f"the rule of {op.name} returned a cotangent of shape {c.shape} "
                f"for an argument of shape {value.shape}"
            )
        c = unbroadcast(c, value.shape)
    if c.dtype.kind == "c" and value.dtype.kind != "c":
        c = c.real  # a real argument only moves along the real axis
    return c if c.dtype == value.dtype else c.astype(value.dtype)


def as_read(x: Any, birth: int) -> Any:
    """The version of an input that a record of this birth read: its last one born before."""
    while getattr(x, "birth", -1) > birth:
        if x.before is None:
            raise GraphFreedError(
                f"{_describe(x)} was assigned to after it was read, and its earlier value has been "
                "released; assign to a copy, or call backward(retain_graph=True)"
            )
        x = x.before
    return x


def _check_unchanged(record: Any) -> None:
    """A sweep on records reads the data its inputs have now: they must be what the op read."""
    record.inputs = tuple(as_read(x, record.birth) for x in record.inputs)
    for x, value in zip(record.inputs, record.values, strict=True):
        if getattr(x, "data", value) is not value and hasattr(x, "birth"):
            raise RuntimeError(
                f"{_describe(x)} was given new data after {record.op.name} used it; "
                "compute the value again"
            )


def _freed(record: Any) -> str:
    return (
        f"the graph behind {_describe(record)} was released by an earlier backward(), or by one "
        "that failed; call backward(retain_graph=True) the first time, or compute the value again"
    )


def _describe(record: Any) -> str:
    made = "" if record.op in (None, released) else f" made by {record.op.name}"
    named = f" {record.name!r}" if record.name else ""
    return f"the tensor{named} of shape {record.shape}{made}"


def _shapes(values: Iterable[Any]) -> str:
    return ", ".join(str(getattr(value, "shape", ())) for value in values)
