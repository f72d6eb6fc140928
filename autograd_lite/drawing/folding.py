"""Folding a long tape: repeats to "98 more", whole modules to a box, the middle of what is left.

A fold is an interval of the ops in the order of the tape, so that no path leaves it and comes
back: what is drawn of a graph without cycles has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..tensor import Tensor

__all__ = ["Fold", "fold"]

_LONGEST_PERIOD = 24
_REPEATS = 4  # times that something is there before it is folded
_STRETCHES = 16  # of repeats in one module
_MOST_LEAVES = 12


@dataclass
class Fold:
    """What is drawn as one box.

    Attributes
    ----------
    name : str
    kind : str
        What it is, in other words; may be empty.
    scope : str
        The part of a model that it is in.
    members : list of Tensor
        The records, oldest first, with the leaves that nothing else reads.
    """

    name: str
    kind: str
    scope: str
    members: list[Tensor] = field(default_factory=list)


@dataclass
class _Span:
    """A run of ops of one scope: consecutive items, each an op or a span inside."""

    scope: str
    start: int
    stop: int = 0
    items: list[_Item] = field(default_factory=list)
    kind: int = 0


@dataclass
class _Item:
    """One op, a span, or a fold of the ops from `start` to `stop`."""

    start: int
    stop: int
    kind: int
    span: _Span | None = None
    label: tuple[str, str] | None = None


def fold(
    records: Sequence[Tensor],
    max_nodes: int | None,
    depth: int | None,
    expand: Iterable[str],
) -> list[Fold]:
    """Choose what to draw as one box.

    Parameters
    ----------
    records : sequence of Tensor
        The tape, oldest first; the last one is always drawn.
    max_nodes : int or None
        Fold until there are so few nodes.
    depth : int or None
        Fold the modules that are deeper than so many levels.
    expand : iterable of str
        Modules that are never folded, by their path or the last part of it.

    Returns
    -------
    list of Fold
        None where all fits.
    """
    ops = [record for record in records if record.op is not None]
    limit = len(records) if max_nodes is None else max(max_nodes, 8)
    if (len(records) <= limit and depth is None) or len(ops) < 2:
        return []
    scopes = [record.scope for record in ops]
    spans = _spans(ops, scopes)
    kept = _pinned(scopes, expand)
    kept[-1] = True
    if depth is not None:
        for span in spans[1:]:
            if span.scope.count(".") + 1 > depth:
                _close(span)
    if len(records) > limit:
        for span in spans:
            _fold_repeats(span)
    items = _visible(spans[0])
    for level in sorted({span.scope.count(".") for span in spans[1:]}, reverse=True):
        if _count(items, ops, kept) <= limit:
            break
        for span in spans[1:]:
            if span.scope.count(".") == level:
                _close(span)
        items = _visible(spans[0])
    items = _unpinned(items, kept)
    folds, leaves = _as_folds(items, ops, limit, kept)
    return [*folds, *leaves]


def _spans(ops: Sequence[Tensor], scopes: Sequence[str]) -> list[_Span]:
    """Sort the ops into runs of one scope, each after the one it is in; the first holds all."""
    kinds: dict[Any, int] = {}
    root = _Span("", 0, len(ops))
    found, stack = [root], [root]
    for i, (record, scope) in enumerate(zip(ops, scopes, strict=True)):
        while stack[-1].scope and scope != stack[-1].scope:
            if scope.startswith(f"{stack[-1].scope}."):
                break
            stack.pop().stop = i
        if scope != stack[-1].scope:
            for inner in _parts(scope, stack[-1].scope):
                span = _Span(inner, i)
                stack[-1].items.append(_Item(i, i, 0, span))
                stack.append(span)
                found.append(span)
        kind = kinds.setdefault((record.op, record.shape), len(kinds) + 1)
        stack[-1].items.append(_Item(i, i + 1, kind))
    for span in stack:
        span.stop = len(ops)
    for span in reversed(found):
        for item in span.items:
            if item.span is not None:
                item.stop, item.kind = item.span.stop, item.span.kind
        span.kind = kinds.setdefault(tuple(item.kind for item in span.items), len(kinds) + 1)
    return found


def _parts(scope: str, outer: str) -> list[str]:
    """The scopes around and including one that are inside of another, outermost first."""
    found = []
    while scope != outer:
        found.append(scope)
        scope = getattr(scope, "outer", scope.rpartition(".")[0])
    return found[::-1]


def _fold_repeats(span: _Span) -> None:
    """Fold items that repeat: modules after the first one, and the middle of a loop."""
    for _ in range(_STRETCHES):
        start, stop, period = _repeat(np.array([item.kind for item in span.items]))
        if not period:
            return
        modules = [item.span for item in span.items[start : start + period] if item.span]
        last = stop if modules else stop - period
        middle = span.items[start + period : last]
        n = len(middle) // period
        name, kind = f"{n:,} more rounds", ""
        if len(modules) == 1:
            inner = [item.span.scope for item in middle if item.span]
            names = dict.fromkeys(scope.rpartition(".")[2] for scope in (inner[0], inner[-1]))
            name, kind = f"{n:,} more", " ... ".join(names)
            if sort := getattr(inner[0], "kind", ""):
                name += f" x {sort}"
        folded = _Item(middle[0].start, middle[-1].stop, -len(span.items), None, (name, kind))
        span.items[start + period : last] = [folded]


def _repeat(kinds: np.ndarray) -> tuple[int, int, int]:
    """Find the longest stretch that repeats: where it starts and stops, and its period."""
    best = (0, 0, 0)
    for period in range(1, min(_LONGEST_PERIOD, len(kinds) // _REPEATS) + 1):
        same = np.concatenate([[False], kinds[period:] == kinds[:-period], [False]])
        edges = np.flatnonzero(np.diff(same.astype(np.int8)))
        if not edges.size:
            continue
        lengths = edges[1::2] - edges[::2]
        longest = int(np.argmax(lengths))
        start, length = int(edges[2 * longest]), int(lengths[longest]) + period
        # A longer period must cover much more: n times a period is one too.
        if length // period >= _REPEATS and length > 1.2 * (best[1] - best[0]):
            best = (start, start + length // period * period, period)
    return best


def _close(span: _Span) -> None:
    if span.stop - span.start > 1:
        name = span.scope.rpartition(".")[2]
        span.items = [_Item(span.start, span.stop, span.kind, None, (name, "module"))]


def _visible(root: _Span) -> list[_Item]:
    """List ops and folds in order, with those inside of spans."""
    found: list[_Item] = []
    pending = list(reversed(root.items))
    while pending:
        item = pending.pop()
        if item.span is not None:
            pending.extend(reversed(item.span.items))
        else:
            found.append(item)
    return found


def _pinned(scopes: Sequence[str], expand: Iterable[str]) -> list[bool]:
    wanted = {expand} if isinstance(expand, str) else set(expand)
    known: dict[str, bool] = {}
    for scope in scopes:
        if scope not in known:
            parts = scope.split(".")
            known[scope] = any(
                name == ".".join(parts[: i + 1]) or name == part
                for name in wanted
                for i, part in enumerate(parts)
            )
    return [known[scope] for scope in scopes]


def _unpinned(items: Sequence[_Item], kept: Sequence[bool]) -> list[_Item]:
    """Take what shall be seen out of the folds."""
    found = []
    for item in items:
        if not item.label or not any(kept[item.start : item.stop]):
            found.append(item)
            continue
        start = item.start
        for i in range(item.start, item.stop + 1):
            if i == item.stop or kept[i]:
                if start < i:
                    found.append(_Item(start, i, 0, None, ("...", "")))
                found += [_Item(i, i + 1, 0)] * (i < item.stop)
                start = i + 1
    return found


def _count(items: Sequence[_Item], ops: Sequence[Tensor], kept: Sequence[bool]) -> int:
    """How many nodes these are, with the leaves that single ops read."""
    leaves = set()
    n = 0
    for item in _unpinned(items, kept):
        n += 1
        if item.stop - item.start == 1:
            inputs = ops[item.start].inputs
            leaves |= {x.birth if isinstance(x, Tensor) else id(x) for x in inputs if _is_leaf(x)}
    return n + len(leaves)


def _is_leaf(x: Any) -> bool:
    return x.op is None if isinstance(x, Tensor) else np.ndim(x) > 0


def _as_folds(
    items: list[_Item], ops: Sequence[Tensor], limit: int, kept: Sequence[bool]
) -> tuple[list[Fold], list[Fold]]:
    if _count(items, ops, kept) > limit:
        items = _without_middle(items, ops, limit, kept)
    folds = []
    where: dict[int, Fold | None] = {}
    for item in items:
        made = None
        if item.stop - item.start > 1:
            name, kind = item.label or ("", "")
            members = list(ops[item.start : item.stop])
            scope = _common([members[0].scope, members[-1].scope])
            if kind == "module":
                scope = scope.rpartition(".")[0]
            made = Fold(name, kind, scope, members)
            folds.append(made)
        for i in range(item.start, item.stop):
            where[ops[i].birth] = made
    return folds, _fold_leaves(ops, where)


def _without_middle(
    items: list[_Item], ops: Sequence[Tensor], limit: int, kept: Sequence[bool]
) -> list[_Item]:
    """Fold the middle, as much of it as is too many."""
    low, high = 1, len(items) // 2
    while low < high:  # how many to keep at each end
        n = (low + high + 1) // 2
        trial = [*items[:n], _Item(items[n].start, items[-n].start, 0, None, ("", ""))]
        low, high = (n, high) if _count([*trial, *items[-n:]], ops, kept) <= limit else (low, n - 1)
    middle = items[low : len(items) - low]
    folded = [_Item(middle[0].start, middle[-1].stop, 0, None, ("...", ""))] if middle else []
    return _unpinned([*items[:low], *folded, *items[len(items) - low :]], kept)


def _fold_leaves(ops: Sequence[Tensor], where: dict[int, Fold | None]) -> list[Fold]:
    """Put leaves that one fold reads into it, and the many that one op reads into a fold."""
    readers: dict[int, tuple[Tensor, set[int]]] = {}
    folds: dict[int, Fold] = {}
    for record in ops:
        place = where[record.birth]
        if place is not None:
            folds[id(place)] = place
        for x in record.inputs:
            if isinstance(x, Tensor) and x.op is None:
                seen = readers.setdefault(x.birth, (x, set()))[1]
                seen.add(id(place) if place else -record.birth)
    by_reader: dict[int, list[Tensor]] = {}
    for leaf, reading in readers.values():
        if len(reading) == 1:
            by_reader.setdefault(next(iter(reading)), []).append(leaf)
    found = []
    for reader, leaves in by_reader.items():
        leaves.sort(key=lambda leaf: leaf.birth)
        if reader in folds:
            members = folds[reader].members
            members[:] = sorted([*leaves, *members], key=lambda x: x.birth)
        elif len(leaves) > _MOST_LEAVES:
            middle = leaves[2:-1]
            found.append(Fold(f"{len(middle):,} more", "", middle[0].scope, middle))
    return found


def _common(scopes: Sequence[str]) -> str:
    parts = [scope.split(".") for scope in scopes]
    same = []
    for pair in zip(*parts, strict=False):
        if len(set(pair)) > 1:
            break
        same.append(pair[0])
    return ".".join(same)
