"""The laws, tried on one expression after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_lite as ag

from ..gradcheck import gradcheck
from ..op import OPS, Each, Op
from ..tensor import Tensor, tape
from ..tree import flatten
from .cases import INPUTS

__all__ = ["BrokenLaw", "Case", "check", "uncovered"]


class BrokenLaw(AssertionError):  # noqa: N818
    """A rule that breaks a law, and how."""


@dataclass(frozen=True)
class Case:
    """An expression in NumPy over the names of `INPUTS`.

    Parameters
    ----------
    text : str
        The expression, such as ``"np.sum(x, axis=1)"``.
    """

    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs it uses."""
        return tuple(
            name for name in compile(self.text, self.text, "eval").co_names if name in INPUTS
        )

    @property
    def function(self) -> Callable[..., Any]:
        """The expression as a function of its inputs."""
        code = f"lambda {', '.join(self.names)}: {self.text}"
        f: Callable[..., Any] = eval(code, {"np": np, "ag": ag})
        return f

    def inputs(self, dtype: Any = np.float64) -> list[np.ndarray]:
        """Fresh copies of its inputs."""
        return [INPUTS[name].astype(dtype) for name in self.names]


def check(text: str, order: int = 2) -> set[tuple[Op, int]]:
    """Try every law on one expression.

    Parameters
    ----------
    text : str
    order : int
        The highest order of derivative to check against differences.

    Returns
    -------
    set of (Op, int)
        The ops on its tape, each with the arguments whose rules were tried (-1 for a flat op).

    Raises
    ------
    BrokenLaw
        Naming the expression and the law.
    """
    case = Case(text)
    try:
        covered = _values(case)
        _dtypes(case)
        _strides(case)
        gradcheck(case.function, *case.inputs(), order=order)
    except BrokenLaw:
        raise
    except Exception as error:
        raise BrokenLaw(f"{text}: {type(error).__name__}: {error}") from error
    return covered


def _values(case: Case) -> set[tuple[Op, int]]:
    """Recording changes no number, and neither it nor the sweep writes into an input."""
    arrays = case.inputs()
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    recorded = case.function(*leaves)
    plain = case.function(*case.inputs())
    outputs = flatten(recorded)
    for got, expected in zip(outputs, flatten(plain), strict=True):
        if not np.array_equal(got.data, expected) or got.dtype != np.asarray(expected).dtype:
            raise BrokenLaw(f"{case.text}: recorded it gives {got.data}, plain {expected}")
    for output in outputs:
        if output.requires_grad:
            output.backward(np.ones(output.shape, output.dtype), retain_graph=True)
    for name, array in zip(case.names, arrays, strict=True):
        if not np.array_equal(array, INPUTS[name]):
            raise BrokenLaw(f"{case.text}: {name} was written into")
    return {
        (record.op, i)
        for record in tape(*outputs)
        if record.op
        for i in ([-1] if record.op.flat else _live(record))
    }


def _live(record: Any) -> Iterable[int]:
    return (i for i, x in enumerate(record.inputs) if getattr(x, "requires_grad", False))


def _dtypes(case: Case) -> None:
    """In float32 the value has NumPy's dtype, and gradients are float32 and about as large."""
    leaves = [Tensor(a, requires_grad=True) for a in case.inputs(np.float32)]
    exact = [Tensor(a, requires_grad=True) for a in case.inputs()]
    plain = flatten(case.function(*case.inputs(np.float32)))
    for got, expected, precise in zip(
        flatten(case.function(*leaves)), plain, flatten(case.function(*exact)), strict=True
    ):
        if got.dtype != np.asarray(expected).dtype:
            raise BrokenLaw(f"{case.text}: float32 became {got.dtype}, in NumPy {expected.dtype}")
        if got.requires_grad:
            got.backward(np.ones(got.shape, got.dtype))
            precise.backward(np.ones(precise.shape))
    for single, double in zip(leaves, exact, strict=True):
        if (single.grad is None) != (double.grad is None):
            raise BrokenLaw(f"{case.text}: a gradient in one precision only")
        if single.grad is None:
            continue
        if single.grad.dtype != np.float32 or single.grad.shape != single.shape:
            raise BrokenLaw(f"{case.text}: a gradient of {single.grad.dtype}{single.grad.shape}")
        scale = np.max(np.abs(double.grad), initial=1.0)
        if not np.all(np.abs(single.grad - double.grad) <= 1e-3 * scale):
            raise BrokenLaw(f"{case.text}: the float32 gradient is off")


def _strides(case: Case) -> None:
    """How an array lies in memory changes no gradient."""
    gradients = []
    for arrange in (np.ascontiguousarray, _reversed_twice):
        leaves = [Tensor(arrange(a), requires_grad=True) for a in case.inputs()]
        for output in flatten(case.function(*leaves)):
            if output.requires_grad:
                output.backward(np.ones(output.shape, output.dtype))
        gradients.append([leaf.grad for leaf in leaves])
    for a, b in zip(*gradients, strict=True):
        if a is not None and not np.allclose(a, b, rtol=1e-12, atol=1e-12):
            raise BrokenLaw(f"{case.text}: a strided input has another gradient")


def _reversed_twice(a: np.ndarray) -> np.ndarray:
    """The same array with negative strides in Fortran order."""
    everywhere = (slice(None, None, -1),) * a.ndim
    return np.asfortranarray(a[everywhere])[everywhere] if a.ndim else a


def uncovered(covered: set[tuple[Op, int]], ops: Iterable[Op] | None = None) -> list[str]:
    """List the rules (of all registered ops by default) that no expression has tried."""
    missing = []
    for op in OPS.values() if ops is None else ops:
        tried = {i for tried_op, i in covered if tried_op is op}
        wanted = {-1} if op.flat else {0} if isinstance(op.vjps, Each) else _with_rule(op)
        missing += [f"{op.name}, argument {i}" for i in sorted(wanted - tried)]
    return missing


def _with_rule(op: Op) -> set[int]:
    return {i for i, rule in enumerate(op.vjps) if rule is not None}
