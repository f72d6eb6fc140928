"""A recorded loss, whose backward pass can be run again with other rules or other values."""

# ruff: noqa: ARG001, ARG005  # a rule takes what the sweep gives it

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..mode import debug, recording
from ..op import OPS, Each, Op
from ..rules.neural import log_softmax, relu, sigmoid, softmax
from ..sweep import ANYONE, ancestors, sweep
from ..tensor import Tensor, plain
from ..tree import map_leaves

__all__ = [
    "RELU",
    "Array",
    "Record",
    "Rule",
    "Tape",
    "op_of",
    "rule_of",
    "widened",
    "with_rules",
]

Array: TypeAlias = npt.NDArray[Any]
Rule: TypeAlias = Callable[..., Any]

_LONGEST = 12  # records that a function written out in others may take
_RECTIFIERS = ("relu", "maximum", "fmax", "where", "clip")


@dataclass(frozen=True, eq=False)
class Record:
    """What `sweep` reads of a Tensor, and what may be put in its place."""

    op: Any
    inputs: tuple[Any, ...]
    values: Sequence[Any]
    params: Mapping[str, Any]
    data: Any
    birth: int
    line: str | None = None
    wanted_by: int = ANYONE


def op_of(fn: Any) -> Op:
    """The op of a function of NumPy or of this package."""
    return OPS[getattr(fn, "__wrapped__", fn)]


def rule_of(record: Record, i: int) -> Rule | None:
    """The rule for the cotangent of input `i`."""
    return next(itertools.islice(iter(record.op.vjps), i, None), None)


def with_rules(record: Record, rules: Mapping[int, Rule | None]) -> Record:
    """Give some inputs of a record other rules."""
    op = record.op
    each = Each(lambda i: rules[i] if i in rules else rule_of(record, i))
    return replace(record, op=Op(op.fn, each, broadcasts=op.broadcasts, forward=op.forward))


class Tape:
    """The records of one call of a loss, in double precision.

    Parameters
    ----------
    loss : callable
        Returns one number.
    args : sequence
        Arrays or nested structures of arrays.
    chosen : sequence of int
        The positions to differentiate by.

    Attributes
    ----------
    records : dict of int to Record
        By birth, oldest first. A sigmoid, relu, softmax or its logarithm that was written out in
        other functions is one record.
    wanted : set of int
        The births of those that a derivative flows through.
    leaves : list of int
        The births of what is differentiated by, in the order of `chosen`.
    root : int
    value : float

    Raises
    ------
    TypeError
        Where the loss is no number made from the arguments.
    """

    def __init__(self, loss: Callable[..., Any], args: Sequence[Any], chosen: Sequence[int]):
        leaves: list[Tensor] = []

        def leaf(x: Any) -> Tensor:
            leaves.append(Tensor(np.array(plain(x), np.float64), requires_grad=True))
            return leaves[-1]

        given = [map_leaves(widened, arg) for arg in args]
        for i in chosen:
            given[i] = map_leaves(leaf, args[i])
        with recording(True), debug():
            out = loss(*given)
        if not isinstance(out, Tensor) or not out.requires_grad:
            raise TypeError(
                "check_backprop: the loss must be one number, made of the arguments by NumPy's "
                f"functions, and returned a {type(out).__name__} that is not (float() and .item() "
                "lose the way it was made)"
            )
        if out.shape:
            raise TypeError(
                f"check_backprop: the loss must be one number, not an array of shape {out.shape}; "
                "sum it or take its mean"
            )
        self.root = out.birth
        self.value = float(out.data)
        self.leaves = [x.birth for x in leaves]
        tensors = {**{x.birth: x for x in leaves}, **ancestors([out])}
        self.wanted = {birth for birth, t in tensors.items() if t.requires_grad}
        self.records = {
            birth: Record(t.op, t.inputs, t.values, t.params, t.data, birth, t.line)
            for birth, t in tensors.items()
        }
        self._recognize()

    def flowing(self, record: Record) -> list[int]:
        """The inputs, by number, that a derivative flows to."""
        births = (getattr(x, "birth", None) for x in record.inputs)
        return [i for i, birth in enumerate(births) if birth in self.wanted]

    def gradients(self, altered: Mapping[int, Record] | None = None) -> list[Array]:
        """Sweep back with some records replaced; return the cotangents of the leaves."""
        altered = altered or {}
        linked: dict[int | None, Record] = {}
        for birth in sorted(self.wanted):
            record = altered.get(birth, self.records[birth])
            inputs = tuple(linked.get(getattr(x, "birth", None), x) for x in record.inputs)
            linked[birth] = replace(record, inputs=inputs)
        with recording(False), np.errstate(all="ignore"):
            found = sweep([(linked[self.root], np.float64(1))])
        data = [self.records[birth].data for birth in self.leaves]
        return [
            np.asarray(found[birth][1] if birth in found else np.zeros(np.shape(x)))
            for birth, x in zip(self.leaves, data, strict=True)
        ]

    def replayed(
        self, altered: Mapping[int, Record], *, zeros_stay: bool = False
    ) -> dict[int, Record]:
        """Compute anew what was made from the altered records.

        With `zeros_stay` a value that was 0 is 0 again, so that no unit changes sides at a kink.
        """
        new = dict(altered)
        with recording(False), np.errstate(all="ignore"):
            for birth, old in self.records.items():
                record = new.get(birth, old)
                births = [getattr(x, "birth", None) for x in record.inputs]
                if record.op is None or not (birth in altered or any(b in new for b in births)):
                    continue
                values = [
                    new[b].data if b in new else v
                    for b, v in zip(births, record.values, strict=True)
                ]
                data = record.op.forward(*values, **record.params)
                if zeros_stay and old.data.dtype.kind == "f":
                    data = np.where(old.data == 0, 0, data)
                new[birth] = replace(record, values=values, data=data)
        return new

    def with_records(self, altered: Mapping[int, Record]) -> Tape:
        """The same tape with some records replaced."""
        tape = copy.copy(self)
        tape.records = {**self.records, **altered}
        return tape

    def noise(self, eps: float) -> list[float]:
        """How far the gradients move where the arguments are rounded to a precision of `eps`."""
        rng = np.random.default_rng(0)
        exact = self.gradients()
        moved = [0.0 for _ in exact]
        for _ in range(2):
            rounded = {}
            for birth in self.leaves:
                x = self.records[birth].data
                signs = rng.choice([-eps, eps], x.shape)
                rounded[birth] = replace(self.records[birth], data=x * (1 + signs))
            found = self.gradients(self.replayed(rounded, zeros_stay=True))
            for i, (f, e) in enumerate(zip(found, exact, strict=True)):
                moved[i] = max(moved[i], float(np.abs(f - e).max(initial=0)))
        return moved

    def _recognize(self) -> None:
        """Put one record for what several compute, wherever that changes no gradient."""
        exact = self.gradients()
        for birth in sorted(self.wanted):
            record = self.records[birth]
            readings = [_without_fusion(record)] if record.inputs else []
            readings += [r for z in self._sources(record) for r in _readings(record, z)]
            for reading in reversed(readings):
                if reading is None:
                    continue
                found = self.gradients({birth: reading})
                if all(np.allclose(f, e, 1e-9, 1e-12) for f, e in zip(found, exact, strict=True)):
                    self.records[birth] = reading
                    break

    def _sources(self, record: Record) -> Iterator[Record]:
        """The earlier values of the same shape that this one is a function of, nearest first."""
        frontier = {record.birth}
        for _ in range(_LONGEST):
            youngest = self.records[max(frontier)]
            frontier.remove(youngest.birth)
            frontier.update(youngest.inputs[i].birth for i in self.flowing(youngest))
            if not frontier:
                return
            source = self.records[min(frontier)]
            if len(frontier) == 1 and np.shape(source.data) == np.shape(record.data):
                yield source


def widened(x: Any) -> Any:
    """Copy an array, to double precision; leave anything else alone."""
    x = plain(x)
    if isinstance(x, np.ndarray):
        return np.array(x, np.float64) if x.dtype.kind == "f" else x.copy()
    return x


RELU = Op(
    op_of(relu).fn,
    (lambda g, y, x, at_zero: g * np.heaviside(x, at_zero),),
    broadcasts=True,
    forward=lambda x, at_zero: np.maximum(x, 0),
)


def _readings(record: Record, z: Record) -> Iterator[Record]:
    """Go through the functions that may have made this record's value of that of `z`."""
    shape = np.shape(z.data)
    known: list[tuple[Op, dict[str, Any]]] = [(op_of(sigmoid), {})]
    rectified = np.any(z.data > 0) or record.op.name in _RECTIFIERS  # else 0 says nothing
    if rectified and np.any(z.data <= 0):
        known += [(RELU, {"at_zero": slope}) for slope in (0, 1, 0.5)]
    for fn in softmax, log_softmax:
        known += [(op_of(fn), {"axis": axis}) for axis, n in enumerate(shape) if n > 1]
    for op, params in known:
        with np.errstate(all="ignore"):
            value = op.forward(z.data, **params)
        if np.allclose(value, record.data, 1e-11, 1e-13):
            yield replace(record, op=op, inputs=(z,), values=(z.data,), params=params)


def _without_fusion(record: Record) -> Record | None:
    """Let the cotangent of a fused cross-entropy flow through its log-probabilities."""
    if record.op.name != "cross_entropy" or len(record.inputs) != 3:
        return None

    def to_log_p(g: Any, y: Any, logits: Any, labels: Any, log_p: Any) -> Any:
        k = logits.shape[-1]
        if labels.ndim < logits.ndim:
            labels = (labels[..., None] == np.arange(k)).astype(logits.dtype)
        return -labels * (g * (1 / max(logits.size // k, 1)))

    return with_rules(record, {0: None, 1: None, 2: to_log_p})
