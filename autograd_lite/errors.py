"""What can go wrong, by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    *("DataDependentError", "DetachedError", "GraphFreedError", "NoRuleError", "ShapeError"),
    "is_of_scipy",
    "no_rule",
]


class DataDependentError(RuntimeError):
    """A program was to be derived from a function whose course depends on its data."""


class NoRuleError(NotImplementedError):
    """An operation, or a keyword of one, has no derivative rule here."""


class DetachedError(RuntimeError):
    """A Tensor was about to leave the tape without a word."""


class ShapeError(ValueError):
    """Shapes that do not fit the operation they were given to."""


class GraphFreedError(RuntimeError):
    """The records were released by an earlier ``backward()``."""


def is_of_scipy(fn: Callable[..., Any]) -> bool:
    """Whether a function is one of `scipy.special`, if that is imported."""
    return getattr(sys.modules.get("scipy.special"), fn.__name__, None) is fn


def no_rule(fn: Callable[..., Any], method: str = "") -> str:
    """What to say of a function that has no rule."""
    module = (getattr(fn, "__module__", None) or "numpy").replace("numpy", "np", 1)
    if isinstance(fn, np.ufunc) and is_of_scipy(fn):
        module = "scipy.special"
    name = f"{module}.{fn.__name__}"
    if method:
        return (
            f"{name}.{method} of a Tensor has no derivative rule; write np.sum, np.prod, np.max or "
            "np.cumsum for what the method does"
        )
    declare = "ufunc" if isinstance(fn, np.ufunc) else "function"
    return (
        f"{name} has no derivative rule; give it the plain array with .data if no derivative is "
        f"wanted, or declare a rule for each array argument: ag.{declare}({name}, "
        "lambda g, out, x: ...)"
    )
