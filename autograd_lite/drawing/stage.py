"""The sweeps as moments, and one rendered picture whose parts appear at theirs.

Nothing is laid out again: every frame is the same SVG, in which what has not been reached yet is
faded or hidden, and a gradient that is still being summed shows what has arrived so far.
"""

from __future__ import annotations

import copy
import linecache
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor
from .backward import Contribution
from .figures import format_of
from .names import printable
from .script import Script, grid, one_line

if TYPE_CHECKING:
    from .drawing import Drawing

__all__ = ["Moment", "Part", "Stage", "ends", "recorded"]

_SHAPES = {"polygon", "path", "ellipse"}
_NONE = (None, "none", "transparent")
_SAID = [
    (r"\bnp\.", ""),
    (r" ?\*\* ?", " to the power "),
    (r" @ ", " matrix times "),
    (r" \* ", " times "),
    (r" / ", " divided by "),
    (r" - ", " minus "),
    (r" \+ ", " plus "),
    (r"\.T\b", " transposed"),
    (r"(?<![\w)\]])-(?=[\w(])", "minus "),
]
_NOT_YET, _HEADING = "not yet", 39.4  # points: the width of "gradient" in bold Arial of 10
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Moment:
    """What happens between one frame and the next.

    Attributes
    ----------
    phase : {"start", "forward", "backward"}
    title : str
        Where in the sweep it is.
    caption : str
        One line for a picture, title included.
    rows : list of (str, str, str)
        What there is to say: a term, the words, and what they are about.
    said : str
        The same as a sentence to be read aloud.
    """

    phase: str
    title: str
    caption: str
    rows: list[Row]
    said: str


@dataclass
class Part:
    """An element of the picture that is not there from the beginning, or is lit at some time.

    Attributes
    ----------
    element : Element
    start, end : int
        The moments it appears at and, if it does, goes again.
    before : {"ahead", "hidden"}
        Whether it is faded until then, or not there at all.
    lit : list of int
        The moments that are about it.
    """

    element: ET.Element
    start: int
    end: int | None = None
    before: str = "hidden"
    lit: list[int] = field(default_factory=list)

    def is_there(self, moment: int) -> bool:
        """Whether it has appeared, and not gone."""
        return self.start <= moment and (self.end is None or moment < self.end)


class Stage:
    """A picture of a tape with the moments of its sweeps.

    Parameters
    ----------
    drawing : Drawing
        Its SVG is taken apart by the ids and classes that its module documents.
    other : str
        The same picture in the other theme, if wanted.

    Attributes
    ----------
    root : Element
        The picture, complete.
    colours : dict of (str, str) to str
        The attributes and colours that shapes have in the other theme, with the class of these.
    moments : list of Moment
    parts : list of Part
    script : Script
    is_dark : bool
    """

    def __init__(self, drawing: Drawing, other: str = "") -> None:
        picture = drawing.picture
        self.node, self.said, self._theme = picture.node, picture.said, picture.theme
        self.paper = picture.theme.paper
        self.is_dark = picture.look.theme == "dark"
        self.script = Script(drawing.swept, picture.names, picture.constants)
        self.root = _parsed(drawing.svg())
        self.colours = _recoloured(self.root, _parsed(other)) if other else {}
        self.by_id = {x.get("id", ""): x for x in self.root.iter("g")}
        self.moments: list[Moment] = []
        self._named: dict[str, Part] = {}
        self._sums: list[Part] = []
        self._forward()
        if picture.look.gradients and self.script.swept.gradients:
            self._backward()

    @property
    def parts(self) -> list[Part]:
        """The parts that change."""
        return [*self._named.values(), *self._sums]

    def _show(self, name: str, at: int, before: str, lit: bool = True) -> None:
        """Let a part appear now, if it has not yet, and be lit."""
        if name in self.by_id:
            new = Part(self.by_id[name], at, None, before)
            self._named.setdefault(name, new).lit += [at] * lit

    # The forward sweep.

    def _forward(self) -> None:
        """Let each value appear with what leads to it, and a fold at its first record."""
        records, script = self.script.records, self.script
        made = {self.node(x): x for x in records if x.op is not None}  # a fold, at its first op
        leaves = {self.node(x): x for x in records if self.node(x) not in made}
        given = ", ".join(script.name(leaves[name]) for name in [*leaves][:20])
        rows = [("inputs and parameters", given, "code")]
        self._moment("start", "What is given", given, rows, f"Given are {given}.")
        for name in leaves:
            self._show(name, 0, "ahead", lit=False)
        arrows: dict[str, list[str]] = {}
        for name, x in self.by_id.items():
            if "forward" in _classes(x):
                arrows.setdefault(ends(name)[1], []).append(name)
        for k, name in enumerate(made, 1):
            for part in (name, f"o{name[1:]}", *arrows.get(name, [])):
                self._show(part, k, "ahead")
            self._made(f"Forward {k} of {len(made)}", name, made[name])

    def _made(self, title: str, name: str, x: Tensor) -> None:
        if name[0] == "f":
            words = self.said[name]
            self._moment("forward", title, words, [("folded", words, "code")], words)
            return
        script = self.script
        called, code = script.name(x), script.made(x)
        rows, caption = [(f"{called} =", code, "rule")], f"{called} = {code}"
        if script.scalar:
            numbers = f"= {script.made(x, numbers=True)} = {one_line(x.data)}"
            rows.append(("with numbers", numbers, "code"))
            caption += f" {numbers}"
        rows += [("value", grid(x.data), "value"), ("recorded at", recorded(x), "code")]
        said = f"{called} is {_aloud(code)}, {_heard(x.data)}."
        self._moment("forward", title, caption, rows, said)

    def _moment(self, phase: str, title: str, words: str, rows: list[Row], said: str) -> None:
        rows = [row for row in rows if row[1]]
        self.moments.append(Moment(phase, title, f"{title}: {words}", rows, f"{title}: {said}"))

    # The backward sweep.

    def _backward(self) -> None:
        """Let each arrow appear in its turn, and each gradient grow with what arrives."""
        script, output = self.script, self.script.output
        seed = script.swept.gradients[output.birth]
        arrived: dict[int, list[tuple[int, Any]]] = {output.birth: [(len(self.moments), seed)]}
        self._show(self.node(output), len(self.moments), "ahead")
        words = f"the gradient of {script.name(output)} by itself is 1"
        rows = [("g", grid(seed), "gradient")]
        self._moment("backward", "Backward starts", words, rows, f"{words}.")
        for name, steps in self._arrows():
            k, to, made = len(self.moments), steps[0].to, steps[0].made
            for part, before in ((name, "hidden"), (f"g{self.node(made)[1:]}", "hidden")):
                self._show(part, k, before)
            self._show(self.node(to), k, "ahead")
            for step in steps:
                sums = arrived.setdefault(step.to.birth, [])
                total = sums[-1][1] + step.value if sums else step.value
                if sums and sums[-1][0] == k:
                    sums.pop()
                sums.append((k, total))
            self._sent(steps, arrived[to.birth][-1][1])
        for record in script.records:
            if record.birth in arrived and self.node(record)[0] == "n":
                self._gradient(record, arrived[record.birth])

    def _arrows(self) -> list[tuple[str, list[Contribution]]]:
        """The arrows with their steps, in the order of the last: one may stand for many."""
        by_class = {f"step-{step.step}": step for step in self.script.swept.steps}
        found = []
        for name, x in self.by_id.items():
            if name[:1] == "b" and "backward" in _classes(x):
                found.append((name, [by_class[c] for c in _classes(x) if c in by_class]))
        return sorted(found, key=lambda arrow: arrow[1][-1].step)

    def _sent(self, steps: Sequence[Contribution], so_far: Any) -> None:
        script, step, count = self.script, steps[0], len(self.script.swept.steps)
        title = f"Backward {step.step} of {count}"
        if len(steps) > 1:
            title = f"Backward {step.step} to {steps[-1].step} of {count}"
            words = f"{len(steps)} steps, folded"
            self._moment("backward", title, words, [("sent", words, "code")], f"{words}.")
            return
        source, target, code = script.name(step.made), script.name(step.to), script.rule(step)
        rows, caption = [(f"{source} sends to {target}", code, "rule")], f"{source} sends {code}"
        if script.scalar:
            numbers = script.rule(step, numbers=True)
            numbers = f"= {numbers} = {one_line(step.value)}" if code != "g" else f"= {numbers}"
            rows.append(("with numbers", numbers, "code"))
            caption += f" {numbers}"
        g = script.swept.gradients[step.made.birth]
        rows.append((f"g, the gradient of {source}", grid(g), "gradient"))
        rows.append(("contribution", grid(step.value), "gradient"))
        said = f"{source} sends {_aloud(code)} to {target}, {_heard(step.value)}"
        if step.of > 1:
            nth = f"{step.nth} of {step.of}"
            rows.append((f"sum so far, {nth}", grid(so_far), "gradient"))
            said += f", contribution {nth}, sum so far {_heard(so_far)}"
        rows.append(("recorded at", recorded(step.made), "code"))
        self._moment("backward", title, f"{caption} to {target}", rows, f"{said}.")

    def _gradient(self, record: Tensor, arrived: Sequence[tuple[int, Any]]) -> None:
        """Take the gradient off a card, and let it appear as it is summed."""
        node = self.by_id[self.node(record)]
        head = [i for i, x in enumerate(node) if x.tag == "text" and x.text == "gradient"]
        if not head:
            return
        heading = node[head[-1]]
        left, line = (float(heading.get(key, "0")) for key in "xy")
        whole = ET.Element("g", {"id": f"{node.get('id')}-sum"})
        whole.extend(node[head[-1] + 1 :])
        del node[head[-1] + 1 :]
        texts = list(whole.iter("text"))
        shown = [(0, [_NOT_YET])]
        for i, (k, so_far) in enumerate(arrived[:-1], 1):
            entries = map(format_of(so_far), np.ravel(so_far))
            shown.append((k, [f"{i} of {len(arrived)}", *entries]))
        for (start, words), (end, _) in pairwise([*shown, (arrived[-1][0], [])]):
            partial = ET.SubElement(node, "g", {"id": f"{whole.get('id')}-{start}"})
            if len(words) > len(texts):  # a thumbnail
                words = words[:1]
            for old, new in zip(texts, words, strict=False):
                partial.append(copy.deepcopy(old))
                partial[-1].text = new
                if new == _NOT_YET:
                    quiet = {"font-family": "Arial, Helvetica, sans-serif", "font-size": "10.00"}
                    if float(old.get("y", "0")) > line + 5:  # below the heading, not beside it
                        quiet |= {"text-anchor": "middle", "x": f"{left + _HEADING / 2:g}"}
                    partial[-1].attrib.update(quiet, fill=self._theme.quiet)
            self._sums.append(Part(partial, start, end))
        node.append(whole)
        self._sums.append(Part(whole, arrived[-1][0]))

    # The look.

    def shapes(self) -> Iterator[tuple[Part, ET.Element, dict[str, str]]]:
        """Go through the shapes that change while their part is lit, with what they become."""
        theme = self._theme
        outline = {"stroke": theme.backward, "stroke-width": "4"}
        label = {"fill": "#5A4B00" if self.is_dark else "#F0E442"}
        for part in self._named.values():
            is_edge = "edge" in _classes(part.element)
            for x in part.element:
                drawn = x.get("stroke") not in _NONE
                if x.tag == "text" and not is_edge:
                    break
                if is_edge and x.tag == "path":
                    yield part, x, {"stroke-width": "3.5"}
                elif is_edge and not drawn and x.get("fill") == theme.paper.lower():
                    yield part, x, label
                elif not is_edge and drawn and x.tag in _SHAPES:
                    yield part, x, outline

    def twin(self) -> tuple[ET.Element, dict[ET.Element, ET.Element]]:
        """Copy the picture, with which element became which."""
        root = copy.deepcopy(self.root)
        return root, dict(zip(self.root.iter(), root.iter(), strict=True))


def ends(name: str) -> tuple[str, str]:
    """The nodes that a forward arrow joins, by its id; an op's circle counts as its value."""
    tail, *rest = name[1:].split("-")
    tail, head = (x if x[0] in "cf" else f"n{x}" for x in (tail, rest[0] if rest else tail))
    return tail, head


def recorded(x: Tensor) -> str:
    """Write the line that recorded a value, where `debug` was on: its file, number and text."""
    if not x.line:
        return ""
    file, _, number = x.line.rpartition(":")
    code = linecache.getline(file, int(number)).strip()
    return printable(f"{Path(file).name}:{number}  {code}".strip(), 120)


def _classes(x: ET.Element) -> list[str]:
    return x.get("class", "").split()


def _aloud(code: str) -> str:
    """Write code as it is read aloud."""
    for sign, words in _SAID:
        code = re.sub(sign, words, code)
    return code


def _heard(x: Any) -> str:
    """Say a number, or of an array its shape."""
    return one_line(x) if np.size(x) == 1 else f"of shape {' by '.join(map(str, np.shape(x)))}"


def _recoloured(root: ET.Element, other: ET.Element) -> dict[tuple[str, str], str]:
    """Mark each shape with classes for the colours it has in another picture of the same layout."""
    classes: dict[tuple[str, str], str] = {}
    pairs = list(zip(root.iter(), other.iter(), strict=False))
    if any(a.tag != b.tag for a, b in pairs) or len(list(root.iter())) != len(list(other.iter())):
        return {}  # the user has changed the graph
    for a, b in pairs:
        for name in ("fill", "stroke"):
            colour = b.get(name)
            if colour and colour != a.get(name):
                key = classes.setdefault((name, colour), f"t{len(classes)}")
                a.set("class", " ".join([*_classes(a), key]))
    return classes


def _parsed(svg: str) -> ET.Element:
    """Read a picture, without namespaces: as it stands in a page."""
    root = ET.fromstring(svg)
    for x in root.iter():
        x.tag = x.tag.rpartition("}")[2]
        for name in [name for name in x.attrib if "}" in name]:
            value = x.attrib.pop(name)
            if name.endswith("}space"):
                x.set("xml:space", value)
    return root
