"""Which arguments of a function a transform differentiates by."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["positions", "split"]


def _is_one(argnums: Any) -> bool:
    return isinstance(argnums, int) or np.ndim(argnums) == 0


def positions(argnums: int | Sequence[int], args: Sequence[Any]) -> tuple[int, ...]:
    """Check which positional arguments to differentiate by, and count them from 0.

    Raises
    ------
    TypeError
        For a position that there is not, or one that is named twice.
    """
    n = len(args)
    if type(argnums) is int and 0 <= argnums < n:
        return (argnums,)
    named: Any = [argnums] if _is_one(argnums) else argnums
    chosen = tuple([i % n if -n <= i < n else -1 for i in map(operator.index, named)])
    if -1 in chosen:
        raise TypeError(f"argnums={argnums}, but there are {n} positional arguments")
    if len(set(chosen)) < len(chosen):
        raise TypeError(f"argnums={argnums} names an argument twice")
    return chosen


def split(
    f: Callable[..., Any], argnums: int | Sequence[int], args: Sequence[Any], kwargs: Any
) -> tuple[Callable[[Any], Any], Any]:
    """The function of the chosen arguments alone, and those: one, or a tuple of several."""
    if type(argnums) is int and argnums == 0 and len(args) == 1 and not kwargs:
        return f, args[0]
    at = positions(argnums, args)
    if _is_one(argnums):
        (i,) = at
        return lambda x: f(*args[:i], x, *args[i + 1 :], **kwargs), args[i]

    def of_chosen(chosen: Any) -> Any:
        given = list(args)
        for i, x in zip(at, chosen, strict=True):
            given[i] = x
        return f(*given, **kwargs)

    return of_chosen, tuple([args[i] for i in at])
