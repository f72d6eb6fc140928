"""Constants as Python writes them; arrays and unknown objects are none."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import numpy as np

__all__ = ["literal", "parsed"]


def literal(value: Any) -> ast.expr | None:
    """Write a number, text, None, slice, dtype or a tuple of those; None for anything else."""
    if value is None or isinstance(value, (bool, int, str)) or value is Ellipsis:
        return ast.Constant(value)
    if isinstance(value, (float, complex)):
        number = value.item() if isinstance(value, np.generic) else value
        text = repr(number)
        if "inf" in text or "nan" in text:
            return parsed(f"{type(number).__name__}({text!r})")
        return parsed(text)
    if isinstance(value, (tuple, list)):
        parts = [part for part in map(literal, value) if part is not None]
        kind = ast.Tuple if isinstance(value, tuple) else ast.List
        return kind(parts, ast.Load()) if len(parts) == len(value) else None
    if isinstance(value, slice):
        bounds = literal((value.start, value.stop, value.step))
        return (
            ast.Call(ast.Name("slice"), bounds.elts, []) if isinstance(bounds, ast.Tuple) else None
        )
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return parsed(f"np.{value.name if isinstance(value, np.dtype) else value.__name__}")
    name = getattr(value, "__name__", "")
    if isinstance(value, type) and getattr(builtins, name, None) is value:
        return ast.Name(name)
    if isinstance(value, dict):
        keys, values = literal(list(value)), literal(list(value.values()))
        if isinstance(keys, ast.List) and isinstance(values, ast.List):
            return ast.Dict(list(keys.elts), values.elts)
    return None


def parsed(text: str) -> ast.expr:
    """Read an expression that this package itself has written."""
    return ast.parse(text, mode="eval").body
