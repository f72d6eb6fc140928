"""Arguments and results as nested tuples, lists, dicts, named tuples and dataclasses of arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

__all__ = ["flatten", "map_leaves"]


def flatten(tree: Any) -> list[Any]:
    """List the leaves of a nested structure, in order."""
    leaves: list[Any] = []
    map_leaves(leaves.append, tree)
    return leaves


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply `f` to each leaf in order and return the same structure of the results."""
    if isinstance(tree, dict):
        return type(tree)((key, map_leaves(f, value)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_leaves(f, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_leaves(f, value) for value in tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [field.name for field in dataclasses.fields(tree) if field.init]
        values = {name: map_leaves(f, getattr(tree, name)) for name in fields}
        return dataclasses.replace(tree, **values)
    return tree if tree is None else f(tree)
