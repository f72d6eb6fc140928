"""What an operation is: a forward, its vector-Jacobian products, and how a call is read.

`OPS` maps the NumPy callable itself to its `Op`, so there is no second list of names.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import NoRuleError

__all__ = ["COMPOSED", "OPS", "Each", "Op", "covered", "signature"]

Rule = Callable[..., Any]
Bind = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]


class Each:
    """The rules of an op of any number of arrays: ``rule_of(i)`` is that of argument `i`."""

    def __init__(self, rule_of: Callable[[int], Rule | None]) -> None:
        self.rule_of = rule_of

    def __iter__(self) -> Iterator[Rule | None]:
        return map(self.rule_of, itertools.count())


class Op:
    """One operation: its forward on arrays and one vector-Jacobian product per array argument.

    Parameters
    ----------
    fn : callable
        What the user calls; the key in `OPS`.
    vjps : sequence of callable or None, or Each
        ``vjp(g, out, *inputs, **keywords)`` for each array argument, where `g` is the cotangent
        of `out`. Its own signature says which keywords it covers; any other one is refused.
        None stands for an argument no derivative flows to. Empty for a function that is flat
        (piecewise constant): it is recorded, and needs no gradient.
    broadcasts : bool
        The arguments are broadcast against each other, which the sweep undoes.
    forward : callable, optional
        What computes the value from arrays, where that is not `fn` itself.
    bind : callable, optional
        Turns the call's arguments into ``(inputs, params)`` where the arrays are not simply
        the first arguments; its signature says which keywords are covered.
    arity : int, optional
        The number of array arguments of a flat op.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        vjps: Sequence[Rule | None] | Each,
        *,
        broadcasts: bool = False,
        forward: Callable[..., Any] | None = None,
        bind: Bind | None = None,
        arity: int | None = None,
    ) -> None:
        self.fn = fn
        self.name: str = fn.__name__.strip("_")
        self.is_numpy = (getattr(fn, "__module__", None) or "numpy").startswith("numpy")
        self.vjps = vjps
        self.flat = vjps == ()
        self.broadcasts = broadcasts
        self.forward = forward or fn
        self.arity: int = len(vjps) if arity is None and not isinstance(vjps, Each) else arity or 0
        self._arrange = bind or self._first_arguments

    @functools.cached_property
    def keywords(self) -> frozenset[str]:
        """The keywords that every rule covers; of a flat op, all but `out`."""
        if self._arrange != self._first_arguments:
            return frozenset(inspect.signature(self._arrange).parameters)
        if self.flat:
            return frozenset(self._signature) - {"out"}
        rules = [inspect.signature(rule).parameters for rule in self.vjps if rule is not None]
        return frozenset.intersection(*(frozenset(list(r)[2 + self.arity :]) for r in rules))

    @functools.cached_property
    def _signature(self) -> Mapping[str, inspect.Parameter]:
        return signature(self.fn)

    def bind(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a call's arguments into array inputs and keywords, refusing what no rule covers."""
        if kwargs and not self.keywords.issuperset(kwargs):
            kwargs = covered(self.fn, kwargs, self.keywords)
        return self._arrange(*args, **kwargs)

    def _first_arguments(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        n = self.arity
        if len(args) == n:
            return args, kwargs
        if len(args) < n:
            raise TypeError(f"{self.name} takes {n} arrays as its first arguments, got {len(args)}")
        names = list(self._signature)[n:]
        if len(args) - n > len(names):
            raise TypeError(f"{self.name} was given {len(args)} arguments")
        return self.bind(*args[:n], **dict(zip(names, args[n:], strict=False)), **kwargs)

    def __repr__(self) -> str:
        return f"Op({self.name})"


OPS: dict[Callable[..., Any], Op] = {}
"""Every op, by the callable its users call."""

COMPOSED: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Functions written out in others that have rules, by the NumPy function they stand for."""


def signature(fn: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by name; none for a ufunc, whose keywords have no rules."""
    return {} if isinstance(fn, np.ufunc) else inspect.signature(fn).parameters


def covered(
    fn: Callable[..., Any], kwargs: Mapping[str, Any], keywords: frozenset[str]
) -> dict[str, Any]:
    """Keep the keywords that a rule covers; refuse any other one that is not at its default."""
    for name, value in kwargs.items():
        default = signature(fn).get(name)
        if name not in keywords and (default is None or value is not default.default):
            shape = getattr(value, "shape", ())
            shown = f"<array of shape {shape}>" if shape else repr(value)
            names = ", ".join(sorted(keywords)) or "none"
            raise NoRuleError(
                f"{fn.__name__.strip('_')}: the keyword {name}={shown} has no derivative rule here "
                f"(covered: {names}); compute that part apart, "
                "or give the plain array with .data if no derivative is wanted"
            )
    return {name: value for name, value in kwargs.items() if name in keywords}
