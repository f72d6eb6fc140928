"""Declaring an op: one call with its forward and one rule for each array argument."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .op import COMPOSED, NOTHING, OPS, Composed, Each, Joint, Op
from .tensor import apply

__all__ = ["composed", "flat", "function", "ufunc"]

Rule = Callable[..., Any]


def function(
    fn: Callable[..., Any], *vjps: Rule | None, rules: Each | Joint | None = None, **options: Any
) -> Callable[..., Any]:
    """Declare an op: what computes it, then one rule for each array argument.

    Parameters
    ----------
    fn : callable
        Works on arrays: a NumPy function, or one of your own whose first ``len(vjps)``
        arguments are arrays and whose other arguments are keywords.
    *vjps : callable or None
        ``vjp(g, out, *inputs, **keywords)`` returns the cotangent of one argument, from the
        cotangent `g` of the value `out`. Written in NumPy calls that have rules themselves, it
        can be differentiated again.
    rules : Each or Joint, optional
        In place of `vjps`, for an op of any number of arrays.
    **options
        `broadcasts`, `forward`, `bind`, `arity` as in `Op`.

    Returns
    -------
    callable
        `fn` for Tensors and arrays; a NumPy function is also known by its own name.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> softsign = function(lambda x: x / (1 + abs(x)), lambda g, y, x: g / (1 + abs(x)) ** 2)
    >>> x = Tensor([1.0, -3.0], requires_grad=True)
    >>> softsign(x).sum().backward()
    >>> x.grad
    array([0.25  , 0.0625])
    """
    op = OPS[fn] = Op(fn, rules or vjps, **options)
    arity = op.simple_arity

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != arity:
            return apply(op, *op.bind(*args, **kwargs))
        return apply(op, args, NOTHING)

    return functools.update_wrapper(call, fn)


def ufunc(fn: Callable[..., Any], *vjps: Rule | None, **options: Any) -> Callable[..., Any]:
    """Declare an elementwise op, whose arguments broadcast; otherwise as `function`."""
    return function(fn, *vjps, broadcasts=True, **options)


def flat(*fns: Callable[..., Any]) -> None:
    """Declare NumPy functions that are piecewise constant.

    They are recorded without a rule, so that a replay on other data computes them anew.
    """
    for fn in fns:
        function(fn)


def composed(fn: Callable[..., Any], implementation: Callable[..., Any]) -> None:
    """Declare that on Tensors a NumPy function is computed by other functions that have rules.

    Parameters
    ----------
    fn : callable
    implementation : callable
        Written in functions that have rules; its own signature says which keywords it covers.
    """
    COMPOSED[fn] = Composed(fn, implementation)
