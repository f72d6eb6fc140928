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

__all__ = [
    "COMPOSED", "NOTHING", "OPS", "Composed", "Each", "Joint", "Op", "covered", "leaf", "signature",
]  # fmt: skip

NOTHING: dict[str, Any] = {}
"""The keywords of a call without any."""

Rule = Callable[..., Any]
Bind = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]


class Each:
    """The rules of an op of any number of arrays: ``rule_of(i)`` is that of argument `i`."""

    def __init__(self, rule_of: Callable[[int], Rule | None]) -> None:
        self.rule_of = rule_of

    def __iter__(self) -> Iterator[Rule | None]:
        return map(self.rule_of, itertools.count())


class Joint:
    """One rule that returns the cotangents of all arguments together."""

    def __init__(self, rule: Callable[..., Sequence[Any]]) -> None:
        self.rule = rule

    def __iter__(self) -> Iterator[Rule]:
        """Go through the rules of one sweep over one record: the first that is asked computes."""
        found: list[Any] = []

        def rule_of(i: int) -> Rule:
            def rule(*args: Any, **params: Any) -> Any:
                if not found:
                    found.extend(self.rule(*args, **params))
                return found[i]

            return rule

        return map(rule_of, itertools.count())


class Op:
    """One operation: its forward on arrays and one vector-Jacobian product per array argument.

    Parameters
    ----------
    fn : callable
        What the user calls; the key in `OPS`.
    vjps : sequence of callable or None, or Each or Joint
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
        vjps: Sequence[Rule | None] | Each | Joint,
        *,
        broadcasts: bool = False,
        forward: Callable[..., Any] | None = None,
        bind: Bind | None = None,
        arity: int | None = None,
    ) -> None:
        self.fn = fn
        self.name: str = getattr(fn, "__name__", type(fn).__name__).strip("_")
        self.is_numpy = (getattr(fn, "__module__", None) or "numpy").startswith("numpy")
        self.vjps = vjps
        self.flat = isinstance(vjps, tuple) and not vjps
        self.broadcasts = broadcasts
        self.forward = forward or fn
        self._own_bind = bind
        if arity is not None:
            self.arity = arity
        elif isinstance(vjps, tuple):
            self.arity = len(vjps) or getattr(fn, "nin", 1)
        else:
            self.arity = 0
        # Of a call with so many arguments and no keywords, the arguments are the inputs.
        self.simple_arity = -1 if bind else self.arity

    @functools.cached_property
    def keywords(self) -> frozenset[str]:
        """The keywords that every rule covers; of a flat op, all but `out`."""
        if self._own_bind:
            return frozenset(inspect.signature(self._own_bind).parameters)
        if not isinstance(self.vjps, tuple) or self.flat:
            return frozenset(list(signature(self.fn))[self.arity :]) - {"out"}
        rules = [_keywords_of(rule, self.arity) for rule in self.vjps if rule is not None]
        return frozenset.intersection(*rules)

    def bind(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a call's arguments into array inputs and keywords, refusing what no rule covers."""
        if self._own_bind:
            return self._own_bind(*args, **covered(self.fn, kwargs, self.keywords))
        if len(args) == self.arity and (not kwargs or self.keywords.issuperset(kwargs)):
            return args, kwargs
        names = list(signature(self.fn))
        if len(args) > max(len(names), self.arity):
            raise TypeError(f"{self.name} takes {max(len(names), self.arity)} arguments at most")
        by_name = {**dict(zip(names[self.arity :], args[self.arity :], strict=False)), **kwargs}
        arrays = args[: self.arity]
        for name in names[len(arrays) : self.arity]:
            if name in by_name:
                arrays += (by_name.pop(name),)
        if len(arrays) < self.arity:
            raise TypeError(f"{self.name} takes {self.arity} arrays, but was given {len(arrays)}")
        return arrays, covered(self.fn, by_name, self.keywords)

    def __repr__(self) -> str:
        return f"Op({self.name})"


class Composed:
    """A NumPy function that on Tensors is computed by others, which have rules."""

    def __init__(self, fn: Callable[..., Any], implementation: Callable[..., Any]) -> None:
        self.fn = fn
        self.implementation = implementation
        self.keywords = frozenset(inspect.signature(implementation).parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute it, refusing keywords that the implementation does not cover."""
        return self.implementation(*args, **covered(self.fn, kwargs, self.keywords))


OPS: dict[Callable[..., Any], Op] = {}
"""Every op, by the callable its users call."""

COMPOSED: dict[Callable[..., Any], Composed] = {}
"""Functions written out in others that have rules, by the NumPy function they stand for."""


def leaf(x: Any) -> Any:
    """An array or Tensor as the value of a leaf of its own, which a transform makes."""
    return x


@functools.cache
def signature(fn: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by name; none for a ufunc, whose keywords have no rules."""
    if isinstance(fn, np.ufunc):
        return {}
    try:
        return inspect.signature(fn).parameters
    except ValueError:  # some of NumPy's compiled functions do not say, in its older versions
        return {}


def _keywords_of(rule: Rule, arity: int) -> frozenset[str]:
    """The parameters of a rule after ``g, out`` and the arrays."""
    parameters = inspect.signature(rule).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    keyword = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    return frozenset(positional[2 + arity :] + keyword)


def covered(
    fn: Callable[..., Any], kwargs: Mapping[str, Any], keywords: frozenset[str]
) -> dict[str, Any]:
    """Keep the keywords that a rule covers; refuse any other one that is not at its default."""
    for name, value in kwargs.items():
        default = signature(fn).get(name)
        if name not in keywords and (default is None or value is not default.default):
            array = isinstance(value, np.ndarray) and value.ndim
            shown = f"<array of shape {value.shape}>" if array else repr(value)
            names = ", ".join(sorted(keywords)) or "none"
            raise NoRuleError(
                f"{fn.__name__.strip('_')}: the keyword {name}={shown} has no derivative rule here "
                f"(covered: {names}); compute that part apart, "
                "or give the plain array with .data if no derivative is wanted"
            )
    return {name: value for name, value in kwargs.items() if name in keywords}
