"""Arguments and results as nested tuples, lists, dicts, named tuples and dataclasses of arrays."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["flatten", "flatten_like", "map_leaves", "paired", "replaced"]


def flatten(tree: Any) -> list[Any]:
    """List the leaves of a nested structure, in order."""
    if _mapped(tree.__class__) is None:
        return [tree]
    leaves = []

    def keep(leaf: Any) -> Any:
        leaves.append(leaf)
        return leaf

    map_leaves(keep, tree)
    return leaves


def flatten_like(structure: Any, tree: Any, what: str) -> list[Any]:
    """List the leaves of `tree` in the order of `structure`, which it must share.

    Raises
    ------
    TypeError
        Saying what has which structure in place of which.
    """
    if isinstance(structure, dict):
        if not isinstance(tree, dict) or tree.keys() != structure.keys():
            raise TypeError(f"{what} must be a dict with the keys {list(structure)}")
        pairs = [(structure[key], tree[key]) for key in structure]
    elif isinstance(structure, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(structure):
            raise TypeError(f"{what} must be a {type(structure).__name__} of {len(structure)}")
        pairs = list(zip(structure, tree, strict=True))
    elif dataclasses.is_dataclass(structure):
        if type(tree) is not type(structure):
            raise TypeError(f"{what} must be a {type(structure).__name__}")
        pairs = list(zip(flatten(structure), flatten(tree), strict=True))
    else:
        return [] if structure is None else [tree]
    return [leaf for part, other in pairs for leaf in flatten_like(part, other, what)]


def paired(a: Any, b: Any) -> list[tuple[Any, Any]]:
    """Pair the leaves of two structures in order."""
    return list(zip(flatten(a), flatten(b), strict=True))


def replaced(tree: Any, leaves: Iterable[Any]) -> Any:
    """Put other leaves, in order, into the same structure."""
    following = iter(leaves)
    return map_leaves(lambda _: next(following), tree)


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply `f` to each leaf in order and return the same structure of the results."""
    return _parts(f, [tree])[0]


_Mapped = Callable[[Callable[[Any], Any], Any], Any]


@functools.lru_cache(maxsize=256)
def _mapped(cls: type) -> _Mapped | None:
    """How to map a structure of this class, None for a leaf; it is asked of every leaf."""
    if issubclass(cls, dict):
        return _mapped_dict
    if issubclass(cls, (list, tuple)):
        return _mapped_named_tuple if hasattr(cls, "_fields") else _mapped_sequence
    if dataclasses.is_dataclass(cls):
        return _mapped_dataclass
    return _mapped_none if cls is type(None) else None


def _parts(f: Callable[[Any], Any], parts: Iterable[object]) -> list[Any]:
    results = []
    for x in parts:
        mapped = _mapped(type(x))  # type: ignore[arg-type]  # a class is hashable
        results.append(f(x) if mapped is None else mapped(f, x))
    return results


def _mapped_sequence(f: Callable[[Any], Any], tree: Any) -> Any:
    parts = _parts(f, tree)
    return parts if type(tree) is list else type(tree)(parts)


def _mapped_named_tuple(f: Callable[[Any], Any], tree: Any) -> Any:
    return type(tree)(*_parts(f, tree))


def _mapped_dict(f: Callable[[Any], Any], tree: Any) -> Any:
    mapped = copy.copy(tree)  # a subclass may not be made from items alone
    mapped.update((key, map_leaves(f, value)) for key, value in tree.items())
    return mapped


def _mapped_dataclass(f: Callable[[Any], Any], tree: Any) -> Any:
    names = [field.name for field in dataclasses.fields(tree) if field.init]
    parts = _parts(f, [getattr(tree, name) for name in names])
    return dataclasses.replace(tree, **dict(zip(names, parts, strict=True)))


def _mapped_none(f: Callable[[Any], Any], tree: None) -> None:  # noqa: ARG001
    return None
