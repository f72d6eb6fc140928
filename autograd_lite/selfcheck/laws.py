"""The laws, tried on one expression after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..derivatives import vjp
from ..differences import gradcheck, normal_like
from ..op import COMPOSED, OPS, Each, Joint, Op
from ..operators import jvp
from ..tensor import Tensor, tape
from ..tree import flatten, map_leaves, paired
from .case import Case
from .inputs import INPUTS

__all__ = ["BrokenLaw", "check", "uncovered"]


class BrokenLaw(AssertionError):  # noqa: N818
    """A rule that breaks a law, and how."""


def check(case: Case | str, order: int = 2) -> set[tuple[Any, int]]:
    """Try every law on one expression.

    Parameters
    ----------
    case : Case or str
    order : int
        The highest order of derivative to check against differences.

    Returns
    -------
    set of (Op or callable, int)
        The ops on its tape, each with the arguments whose rules were tried (-1 for a flat op),
        and the composed functions it calls.

    Raises
    ------
    BrokenLaw
        Naming the expression and the law.
    """
    case = Case(case) if isinstance(case, str) else case
    try:
        covered = _values(case)
        _dtypes(case)
        _strides(case)
        _adjoint(case)
        gradcheck(case.function, *case.inputs(), order=min(order, case.order))
    except BrokenLaw:
        raise
    except Exception as error:
        raise BrokenLaw(f"{case.text}: {type(error).__name__}: {error}") from error
    return covered


def _values(case: Case) -> set[tuple[Any, int]]:
    """Recording changes no number, and neither it nor the sweep writes into an input."""
    arrays = case.inputs()
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    recorded = case.function(*leaves)
    plain = case.function(*case.inputs())
    outputs = flatten(recorded)
    written_out = case.calls & COMPOSED.keys()  # in another order of operations than NumPy's
    for got, expected in zip(outputs, flatten(plain), strict=True):
        close = np.allclose(got.data, expected, 1e-13, 1e-13) if written_out else False
        if not (close or np.array_equal(got.data, expected)):
            raise BrokenLaw(f"{case.text}: recorded it gives {got.data}, plain {expected}")
        if got.dtype != np.asarray(expected).dtype:
            raise BrokenLaw(f"{case.text}: recorded it is {got.dtype}, plain {expected.dtype}")
    for output in outputs:
        if output.requires_grad:
            output.backward(np.ones(output.shape, output.dtype), retain_graph=True)
    for name, array in zip(case.names, arrays, strict=True):
        if not np.array_equal(array, INPUTS[name]):
            raise BrokenLaw(f"{case.text}: {name} was written into")
    tried = {
        (record.op, i)
        for record in tape(*outputs)
        if record.op
        for i in ([-1] if record.op.flat else _live(record))
    }
    return tried | {(fn, 0) for fn in written_out}


def _live(record: Any) -> Iterable[int]:
    return (i for i, x in enumerate(record.inputs) if getattr(x, "requires_grad", False))


def _dtypes(case: Case) -> None:
    """In float32 the value has NumPy's dtype, and gradients are float32 and about as large."""
    leaves = [Tensor(a, requires_grad=True) for a in case.inputs(single=True)]
    exact = [Tensor(a, requires_grad=True) for a in case.inputs()]
    plain = flatten(case.function(*case.inputs(single=True)))
    for got, expected, precise in zip(
        flatten(case.function(*leaves)), plain, flatten(case.function(*exact)), strict=True
    ):
        if got.dtype != np.asarray(expected).dtype:
            raise BrokenLaw(f"{case.text}: float32 became {got.dtype}, in NumPy {expected.dtype}")
        if got.requires_grad:
            got.backward(np.ones(got.shape, got.dtype), retain_graph=True)
            precise.backward(np.ones(precise.shape), retain_graph=True)
    for single, double in zip(leaves, exact, strict=True):
        if (single.grad is None) != (double.grad is None):
            raise BrokenLaw(f"{case.text}: a gradient in one precision only")
        if single.grad is None:
            continue
        if single.grad.dtype != single.dtype or single.grad.shape != single.shape:
            raise BrokenLaw(f"{case.text}: a gradient of {single.grad.dtype}{single.grad.shape}")
        scale = np.max(np.abs(double.grad), initial=1.0)
        if not np.all(np.abs(single.grad - double.grad) <= 1e-3 * scale):
            raise BrokenLaw(f"{case.text}: the float32 gradient is off")


def _strides(case: Case) -> None:
    """How an array lies in memory changes no gradient."""
    gradients = []
    for arrange in (np.copy, _reversed_twice):
        leaves = [Tensor(arrange(a), requires_grad=True) for a in case.inputs()]
        for output in flatten(case.function(*leaves)):
            if output.requires_grad:
                output.backward(np.ones(output.shape, output.dtype), retain_graph=True)
        gradients.append([leaf.grad for leaf in leaves])
    for a, b in zip(*gradients, strict=True):
        if a is not None and not np.allclose(a, b, rtol=1e-12, atol=1e-12):
            raise BrokenLaw(f"{case.text}: a strided input has another gradient")


def _adjoint(case: Case) -> None:
    """Forward and reverse mode are transposes of each other: <g, J v> = <J' g, v>."""
    rng = np.random.default_rng(1)
    inputs = tuple(case.inputs())
    tangents = tuple(normal_like(x, rng) for x in inputs)
    value, pushed = jvp(case.function, inputs, tangents)
    seeds = map_leaves(lambda y: normal_like(y, rng), value)
    _, pullback = vjp(case.function, *inputs)
    pulled = flatten(pullback(seeds))
    forward = sum(np.sum(g * t).real for g, t in paired(seeds, pushed))
    reverse = sum(np.sum(c * v).real for c, v in zip(pulled, tangents, strict=True))
    scale = sum(np.sum(np.abs(g * t)) for g, t in paired(seeds, pushed))
    if not abs(forward - reverse) <= 1e-9 * max(scale, 1.0):
        raise BrokenLaw(f"{case.text}: forward mode gives {forward}, reverse mode {reverse}")


def _reversed_twice(a: np.ndarray) -> np.ndarray:
    """The same array with negative strides in Fortran order."""
    everywhere = (slice(None, None, -1),) * a.ndim
    return np.asfortranarray(a[everywhere])[everywhere] if a.ndim else a


def uncovered(covered: set[tuple[Any, int]], ops: Iterable[Op] | None = None) -> list[str]:
    """List the rules (of all registered ops by default) that no expression has tried."""
    missing = [fn.__name__ for fn in COMPOSED if (fn, 0) not in covered]
    for op in OPS.values() if ops is None else ops:
        tried = {i for tried_op, i in covered if tried_op is op}
        missing += [f"{op.name}, argument {i}" for i in sorted(_to_try(op) - tried)]
    return missing


def _to_try(op: Op) -> set[int]:
    """The arguments whose rules must be tried: the first of any number of arrays."""
    if isinstance(op.vjps, (Each, Joint)):
        return {0}
    return {-1} if op.flat else {i for i, rule in enumerate(op.vjps) if rule is not None}
