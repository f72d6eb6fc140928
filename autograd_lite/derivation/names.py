"""What the arrays in a function's arguments are called."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["Attribute", "leaf_names", "leaf_paths", "parts_of"]


class Attribute(str):
    """The name of an attribute, where a path may also have keys and positions."""

    __slots__ = ()


def parts_of(tree: Any) -> list[tuple[Any, Any]] | None:
    """The parts of a container with their keys, positions or attributes; None for a leaf."""
    if isinstance(tree, dict):
        return list(tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(Attribute(key), getattr(tree, key)) for key in tree._fields]
    if isinstance(tree, (list, tuple)):
        return list(enumerate(tree))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in dataclasses.fields(tree) if field.init]
        return [(Attribute(key), getattr(tree, key)) for key in names]
    return None


def leaf_paths(tree: Any) -> list[tuple[Any, ...]]:
    """Where each leaf of a nested structure is, in order."""
    parts = parts_of(tree)
    if parts is None:
        return [] if tree is None else [()]
    return [(key, *path) for key, value in parts for path in leaf_paths(value)]


def leaf_names(argument: str, tree: Any) -> list[str]:
    """Name the leaves of an argument: ``params["hidden"].W`` is hidden_W, ``W[0]`` is W0."""
    names = []
    for path in leaf_paths(tree):
        name = ""
        for key in path:
            if isinstance(key, str):
                name = f"{name}_{key}" if name else key
            else:
                name = f"{name or argument}{key}"
        names.append(name or argument)
    return names
