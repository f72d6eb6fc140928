"""Arguments and results as nested tuples, lists, dicts, named tuples and dataclasses of arrays."""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["flatten", "flatten_like", "map_leaves", "paired", "parted", "replaced"]

Build = Callable[[Iterator[Any]], Any]


def parted(tree: Any) -> tuple[list[Any], Build]:
    """List the leaves of a nested structure, in order, with what builds the same of others.

    What builds takes all of the iterator it is given, and does not change when `tree` does.
    """
    apart = _apart(tree.__class__)
    if apart is None:
        return [tree], next
    parts, make = apart(tree)
    for part in parts:
        if type(part) is not np.ndarray and _apart(part.__class__):
            break
    else:
        return list(parts), make
    inside = [parted(part) for part in parts]

    def build(new: Iterator[Any]) -> Any:
        return make([of_part(itertools.islice(new, len(leaves))) for leaves, of_part in inside])

    return [leaf for leaves, _ in inside for leaf in leaves], build


def flatten(tree: Any) -> list[Any]:
    """List the leaves of a nested structure, in order."""
    return parted(tree)[0]


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply `f` to each leaf in order and return the same structure of the results."""
    leaves, build = parted(tree)
    return build(iter([f(leaf) for leaf in leaves]))


def replaced(tree: Any, leaves: Iterable[Any]) -> Any:
    """Put other leaves, in order, into the same structure."""
    return parted(tree)[1](iter(leaves))


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


@functools.lru_cache(maxsize=256)
def _apart(cls: type) -> Callable[[Any], tuple[Any, Callable[[Any], Any]]] | None:
    """What gives the parts of a structure of this class and makes one of others; None of a leaf."""
    if issubclass(cls, dict):
        return _of_dict
    if issubclass(cls, (list, tuple)):
        make = getattr(cls, "_make", cls)  # that of a named tuple
        return lambda tree: (tree, make)
    if dataclasses.is_dataclass(cls):
        return _of_dataclass
    return (lambda tree: ((), lambda parts: None)) if cls is type(None) else None  # noqa: ARG005


def _of_dict(tree: Any) -> Any:
    like = copy.copy(tree)  # a subclass may not be made from items alone
    items = list(tree.items())

    def make(values: Any) -> Any:
        made = copy.copy(like)
        made.update(zip([key for key, _ in items], values, strict=True))
        return made

    return [value for _, value in items], make


def _of_dataclass(tree: Any) -> Any:
    names = [field.name for field in dataclasses.fields(tree) if field.init]
    return [getattr(tree, name) for name in names], lambda parts: dataclasses.replace(
        tree, **dict(zip(names, parts, strict=True))
    )
