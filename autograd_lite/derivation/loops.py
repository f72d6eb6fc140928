"""Loop nests: parts of a program over the same axes share loops, and pass values on inside them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .program import Node

__all__ = ["Fold", "Index", "Nests", "Part", "Read"]

Index = tuple[str, ...]
"""A text for each axis of an array, in which ``{0}`` is the place along axis 0 of the reader."""


@dataclass(frozen=True)
class Read:
    """An element of an array, or of what another part computes."""

    of: Node
    at: Index


@dataclass(frozen=True)
class Fold:
    """How a reduction comes by its value.

    Attributes
    ----------
    axes : frozenset of int
        The axes of the space that have to be gone through before there is a value.
    start : str or Read
        What it begins with; of an array, the element at the same place.
    text : str
        How ``{0}``, what there is, takes in ``{1}``, an element.
    """

    axes: frozenset[int]
    start: str | Read
    text: str


@dataclass(eq=False)
class Part:
    """A line, and the lines written into it, over a space of loops; or a call on whole arrays.

    Attributes
    ----------
    line : Node
    space : tuple of int
    result : Index
        Where in the value an element of the space goes.
    fold : Fold or None
        For a reduction.
    steps : list of (name, text, operands)
        What is computed for an element, in order; ``{0}`` in a text is the first operand.
    value : str or Read
        The element.
    call : list of str
        In place of all this, statements.
    called_on : tuple of Node
        What they read.
    """

    line: Node
    space: tuple[int, ...] = ()
    result: Index = ()
    fold: Fold | None = None
    steps: list[tuple[str, str, list[str | Read]]] = field(default_factory=list)
    value: str | Read = ""
    call: list[str] = field(default_factory=list)
    called_on: tuple[Node, ...] = ()
    path: list[_Loop] = field(default_factory=list)
    position: int = 0

    @functools.cached_property
    def axes(self) -> list[int]:
        """The axes that have loops."""
        return [a for a, n in enumerate(self.space) if n != 1]

    @functools.cached_property
    def depth(self) -> int:
        """The number of loops within which there is a value."""
        reduced = self.fold.axes if self.fold else ()
        return next((d for d, a in enumerate(self.axes) if a in reduced), len(self.axes))

    @functools.cached_property
    def reads(self) -> list[Read]:
        """All that it reads, the values of other parts and elements of arrays."""
        operands = [self.value, *(x for _, _, given in self.steps for x in given)]
        return [x for x in operands if isinstance(x, Read)] + [Read(x, ()) for x in self.called_on]

    def at(self, index: Index) -> Index:
        """An index in the names of the loops."""
        names = dict(zip(self.axes, self.path, strict=True))
        places = [names[a].name if a in names else "0" for a in range(len(self.space))]
        return tuple(text.format(*places) for text in index)


@dataclass(eq=False)
class _Loop:
    size: int
    name: str = ""
    body: list[_Loop | Part] = field(default_factory=list)
    starting: list[Part] = field(default_factory=list)
    position: int = 0


class Nests:
    """Parts in loops, in an order that gives each what it reads.

    Parameters
    ----------
    arrays : dict of int to str
        The names of arguments, constants and values that must be whole arrays, by birth.
    made : dict of int to str
        Of these, what makes the ones that are not there beforehand.
    """

    def __init__(self, arrays: Mapping[int, str], made: Mapping[int, str]) -> None:
        self._arrays = arrays
        self._made = made
        self._parts: dict[int, Part] = {}
        self._readers: dict[int, list[Part]] = {}
        self._top = _Loop(1)
        self._count = 0
        self._kept_axes: dict[int, list[int]] = {}

    def add(self, part: Part) -> None:
        """Put a part into the first loops that have its axes, once there is what it reads."""
        sources = [(self._parts[x.of.birth], x) for x in part.reads if x.of.birth in self._parts]
        self._parts[part.line.birth] = part
        for source, _ in sources:
            self._readers.setdefault(source.line.birth, []).append(part)
        here = self._top
        for d, axis in enumerate(part.axes):
            inside = [(p, x) for p, x in sources if p.path[:d] == part.path]
            first = max([_item(p, d).position for p, _ in inside], default=0)
            for item in here.body[first:]:
                if isinstance(item, _Loop) and item.size == part.space[axis]:
                    within = [(p, x) for p, x in inside if _item(p, d) is item]
                    if all(_passes(p, x, d, axis) for p, x in within):
                        here = item
                        break
            else:
                here = self._appended(here, _Loop(part.space[axis], f"i{self._count}"))
                self._count += 1
            part.path.append(here)
            if part.fold and d == part.depth:
                here.starting.append(part)
        here.body.append(part)
        part.position = len(here.body) - 1

    def _appended(self, here: _Loop, loop: _Loop) -> _Loop:
        loop.position = len(here.body)
        here.body.append(loop)
        return loop

    def reads(self) -> set[int]:
        """The nodes that are read, by birth."""
        return {x.of.birth for part in self._parts.values() for x in part.reads}

    def text(self) -> list[str]:
        """Write the statements."""
        lines: list[str] = []
        for item in self._top.body:
            for part in _parts(item):
                name = part.line.birth
                if name in self._made:
                    lines.append(self._made[name])
                elif name not in self._arrays and (kept := self._kept(part)):
                    shape = tuple(part.line.shape[j] for j in kept)
                    lines.append(f"v{name} = empty({shape!r}, {part.line.dtype.name})")
            lines += self._item(item)
        return lines

    def _kept(self, part: Part) -> list[int]:
        """The axes of a value that a number is not enough for, where it is read."""
        found = self._kept_axes.get(part.line.birth)
        if found is None:
            found = self._kept_axes[part.line.birth] = self._not_shared(part)
        return found

    def _not_shared(self, part: Part) -> list[int]:
        shared = part.depth
        for reader in self._readers.get(part.line.birth, ()):
            while part.path[:shared] != reader.path[:shared]:
                shared -= 1
        names = [f"{{{a}}}" for a in part.axes[shared:]]
        return [j for j, text in enumerate(part.result) if text in names]

    def _name(self, x: Node) -> str:
        return self._arrays.get(x.birth, f"v{x.birth}")

    def _element(self, x: Node, at: Index) -> str:
        """The text of an element, by an index in the names of the loops."""
        part = self._parts.get(x.birth)
        if part is None or x.birth in self._arrays:
            return f"{self._name(x)}[{', '.join(at) or '()'}]"
        kept = ", ".join(at[j] for j in self._kept(part))
        return f"{self._name(x)}[{kept}]" if kept else self._name(x)

    def _item(self, item: _Loop | Part) -> Iterator[str]:
        if isinstance(item, Part):
            here = [item] if item.fold and item.depth == len(item.axes) else []
        else:
            here = item.starting
        for part in here:
            yield from self._begun(part)
        if isinstance(item, Part):
            yield from item.call or self._computed(item)
        else:
            yield f"for {item.name} in range({item.size}):"
            for inner in item.body:
                yield from ("    " + line for line in self._item(inner))
        for part in here:
            if _in_a_number(part):
                target = self._element(part.line, part.at(part.result))
                yield f"{target} = {part.line.dtype.name}(s{part.line.birth})"

    def _begun(self, part: Part) -> Iterator[str]:
        """Set a reduction to what it begins with."""
        assert part.fold is not None
        if _in_a_number(part):
            yield f"s{part.line.birth} = {part.fold.start}"
            return
        outer = [f"{{{a}}}" for a in part.axes[: part.depth]]
        at = list(part.at(part.result))
        indent = ""
        for j, n in enumerate(part.line.shape):
            if n != 1 and part.result[j] not in outer:
                at[j] = f"j{j}"
                yield f"{indent}for j{j} in range({n}):"
                indent += "    "
        start = part.fold.start
        if isinstance(start, Read):
            start = self._element(start.of, tuple(at))
        yield f"{indent}{self._element(part.line, tuple(at))} = {start}"

    def _computed(self, part: Part) -> Iterator[str]:
        def written(x: str | Read) -> str:
            return x if isinstance(x, str) else self._element(x.of, part.at(x.at))

        for name, text, operands in part.steps:
            yield f"{name} = {text.format(*map(written, operands))}"
        value = written(part.value)
        target = self._element(part.line, part.at(part.result))
        if part.fold:
            target = f"s{part.line.birth}" if _in_a_number(part) else target
            value = part.fold.text.format(target, value)
        yield f"{target} = {value}"


def _in_a_number(part: Part) -> bool:
    """Whether a reduction adds up in a number: one element of the value, while its loops run."""
    outer = [f"{{{a}}}" for a in part.axes[: part.depth]]
    return all(n == 1 or x in outer for n, x in zip(part.line.shape, part.result, strict=True))


def _item(part: Part, depth: int) -> _Loop | Part:
    """What a part stands in, that many loops down."""
    return part.path[depth] if depth < len(part.path) else part


def _parts(item: _Loop | Part) -> Iterator[Part]:
    if isinstance(item, Part):
        yield item
    else:
        for inner in item.body:
            yield from _parts(inner)


def _passes(source: Part, read: Read, depth: int, axis: int) -> bool:
    """Whether a reader may share a loop: it reads just what this round of the loop computed."""
    if depth >= source.depth or not read.at:
        return False
    own = f"{{{source.axes[depth]}}}"
    places = [at for text, at in zip(source.result, read.at, strict=True) if text == own]
    return places == [f"{{{axis}}}"]
