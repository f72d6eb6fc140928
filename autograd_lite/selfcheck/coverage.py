"""What is covered: the table of functions, their keywords, and how each was checked."""

from __future__ import annotations

import operator
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

import autograd_lite

from ..errors import NoRuleError
from ..op import COMPOSED, OPS, covered, signature
from ..tensor import Tensor
from ..tree import flatten
from .case import Case
from .laws import BrokenLaw, check, uncovered

__all__ = [
    "CONVENTIONS",
    "Row",
    "Survey",
    "conventions",
    "markdown",
    "on_dask",
    "rows",
    "survey",
    "unrefused",
]

CONVENTIONS = (
    ("equal arguments of `maximum`, `minimum`; ties of `max`, `min`, `sort`", "shared equally"),
    ("`relu` at 0", "0, or 1 with `relu(x, at_zero=1)`"),
    ("`abs`, `hypot`, `std` and the `norm` of vectors at 0", "0"),
    ("`sqrt` at 0, `log` at 0", "infinite"),
    ("`x**0` at 0, `0**y`", "0"),
    (
        "`np.where`",
        "0 for the branch not taken; guard a singular one inside: "
        "`np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0)`",
    ),
    ("comparisons, `sign`, `argmax`, `astype(int)`", "flat: recorded, no gradient"),
    (
        "complex numbers",
        "the gradient g of a real loss L has dL = real(sum(g * dz)); "
        "`holomorphic=True` gives f'(z)",
    ),
)
"""Where a derivative does not exist or could be taken otherwise, and what it is here."""


@dataclass(frozen=True)
class Row:
    """A function and how far it is covered."""

    name: str
    honoured: tuple[str, ...]
    refused: tuple[str, ...]
    expressions: int
    order: str
    dask: str


@dataclass
class Survey:
    """What came of trying every law on every expression.

    Attributes
    ----------
    tried : dict
        For each function, the cases that tried it.
    broken : list of str
        The laws that were broken.
    missing : list of str
        The rules that no case tried, and the keywords neither honoured nor refused.
    """

    tried: dict[Callable[..., Any], list[Case]]
    broken: list[str]
    missing: list[str]


def survey(cases: Iterable[Case]) -> Survey:
    """Try every law on every expression."""
    found: set[tuple[Any, int]] = set()
    tried: dict[Callable[..., Any], list[Case]] = {}
    broken = []
    for case in cases:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                covered_here = check(case)
        except BrokenLaw as law:
            broken.append(str(law))
            continue
        found |= covered_here
        for fn in {getattr(op, "fn", op) for op, _ in covered_here}:
            tried.setdefault(fn, []).append(case)
    missing = [f"{name} is tried by no expression" for name in uncovered(found)]
    for fn in [*OPS, *COMPOSED]:
        missing += [f"{_spelled(fn)}: {name} is ignored" for name in unrefused(fn)]
    return Survey(tried, broken, missing)


def rows(tried: dict[Callable[..., Any], list[Case]], with_dask: bool = False) -> list[Row]:
    """Make the table: every function with a rule, its keywords, and how it was tried.

    Parameters
    ----------
    tried : dict
        From `survey`.
    with_dask : bool
        Whether to try every expression on Dask arrays too.
    """
    lazy = (
        {case: on_dask(case) for case in {c for cases in tried.values() for c in cases}}
        if with_dask
        else {}
    )
    table = []
    for fn in [*OPS, *COMPOSED]:
        cases = tried.get(fn, [])
        honoured = _honoured(fn)
        on_lazy = {lazy[case] for case in cases} if with_dask else set()
        flat = fn in OPS and OPS[fn].flat
        table.append(
            Row(
                name=_spelled(fn),
                honoured=tuple(sorted(honoured)),
                refused=_refused(fn),
                expressions=len(cases),
                order="flat" if flat else str(max((case.order for case in cases), default="-")),
                dask=_IN_WORDS[frozenset(on_lazy)],
            )
        )
    return sorted(table, key=lambda row: row.name.lower())


def on_dask(case: Case) -> bool:
    """Whether an expression gives the same lazy gradients of Dask arrays, never computing one."""
    import dask.array

    def gradients(make: Callable[[np.ndarray], Any]) -> list[Any]:
        leaves = [Tensor(make(a), requires_grad=True) for a in case.inputs()]
        for y in flatten(case.function(*leaves)):
            if y.requires_grad:
                y.backward(make(np.ones(y.shape, y.dtype)))
        return [leaf.grad for leaf in leaves]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = gradients(lambda a: a)
        try:
            return all(
                a is None or (isinstance(b, dask.array.Array) and np.allclose(a, _computed(b)))
                for a, b in zip(expected, gradients(dask.array.from_array), strict=True)
            )
        except Exception:
            return False


def _computed(lazy: Any) -> Any:
    return lazy.compute()


def unrefused(fn: Callable[..., Any]) -> list[str]:
    """List the keywords of a function that are neither honoured nor refused by name."""
    if fn in _SPELLINGS:
        return []
    missed = []
    for name in _keywords(fn):
        if name not in _honoured(fn):
            try:
                covered(fn, {name: object()}, frozenset(_honoured(fn)))
                missed.append(name)
            except NoRuleError:
                pass
    return missed


def _honoured(fn: Callable[..., Any]) -> set[str]:
    return set((OPS.get(fn) or COMPOSED[fn]).keywords) & set(_keywords(fn))


def _refused(fn: Callable[..., Any]) -> tuple[str, ...]:
    if isinstance(fn, np.ufunc):
        return ("all of a ufunc's",)
    honoured = _honoured(fn)
    return tuple(name for name in _keywords(fn) if name not in honoured)


def _keywords(fn: Callable[..., Any]) -> list[str]:
    """The parameters of a function that are not its arrays."""
    if fn in _SPELLINGS:
        return []
    if isinstance(fn, np.ufunc):
        return list(_OF_UFUNCS)
    arity = max(OPS[fn].arity, 1) if fn in OPS else 1
    after = list(signature(fn).values())[arity:]
    return [p.name for p in after if p.kind is not p.VAR_KEYWORD]


def _spelled(fn: Callable[..., Any]) -> str:
    if fn in _SPELLINGS:
        return _SPELLINGS[fn]
    special = sys.modules.get("scipy.special")
    if isinstance(fn, np.ufunc) and getattr(special, fn.__name__, None) is fn:
        return f"scipy.special.{fn.__name__}"
    module = getattr(fn, "__module__", None) or "numpy"
    name = getattr(fn, "__name__", str(fn)).strip("_")
    if module.startswith("numpy"):
        return f"{module.replace('numpy', 'np', 1).replace('._core', '')}.{name}"
    if module.startswith("autograd_lite.scipy"):
        return f"{module.replace('autograd_lite', 'ag')}.{name}"
    return f"ag.{name}" if getattr(autograd_lite, name, None) else f"{_INTERNAL}{name}"


_IN_WORDS = {
    frozenset({True}): "yes",
    frozenset({True, False}): "partly",
    frozenset({False}): "no",
    frozenset[bool](): "-",
}
_OF_UFUNCS = ("out", "where", "casting", "order", "dtype", "subok", "signature")
_INTERNAL = "internal: "

_SPELLINGS = {
    operator.getitem: "x[index]",
    operator.setitem: "x[index] = v",
    np.add.at: "np.add.at",
    np.ndarray.astype: "x.astype",
}


def conventions() -> str:
    """Write the conventions as a Markdown table."""
    lines = [f"| {where} | {what} |" for where, what in CONVENTIONS]
    return "\n".join(["| where | derivative |", "|---|---|", *lines])


def versions() -> str:
    """Name the versions that the table depends on."""
    names = ("numpy", "scipy", "dask")
    return "Made with " + ", ".join(f"{name} {version(name)}" for name in names) + "."


def markdown(table: list[Row]) -> str:
    """Write the table as Markdown."""
    lines = [
        versions(),
        "",
        "| function | keywords honoured | keywords refused | expressions | order | Dask |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.name}` | {', '.join(row.honoured)} | {', '.join(row.refused)} "
        f"| {row.expressions} | {row.order} | {row.dask} |"
        for row in table
        if not row.name.startswith(_INTERNAL)
    ]
    return "\n".join(lines)
