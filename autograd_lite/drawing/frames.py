"""Frames for slides: the forward and the backward sweep, step by step, in one layout."""

from __future__ import annotations

import math
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from .stage import Moment, Stage

if TYPE_CHECKING:
    from .drawing import Drawing

__all__ = ["Frame", "Frames", "frames"]

_FAINT = {"ahead": "0.12", "hidden": "0"}
_BAND = 34.0  # points under the picture, for the words
_GAP = 16.0
_SLIDE = 16 / 9


def frames(drawing: Drawing) -> Frames:
    """Make a picture of each moment of the forward and of the backward sweep.

    Parameters
    ----------
    drawing : Drawing

    Returns
    -------
    Frames
        A sequence; the layout is the same in all of them.

    Raises
    ------
    RendererNotFound
        If there is no Graphviz.
    """
    return Frames(Stage(drawing))


class Frame:
    """One moment of a sweep, as a picture.

    Attributes
    ----------
    number : int
        Counted from 0.
    moment : Moment
        What happens: its `caption` is written under the picture.
    """

    def __init__(self, stage: Stage, number: int) -> None:
        self._stage = stage
        self.number = number
        self.moment: Moment = stage.moments[number]

    def svg(self) -> str:
        """Write it as SVG, without styles that programs for slides might not know."""
        return _document(self.element())

    def png(self, dpi: float = 144) -> bytes:
        """Paint it as PNG, at `dpi` dots per inch."""
        return painted(self.svg(), dpi)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file that ends in .svg or .png."""
        path = Path(path)
        makers = {".svg": lambda: self.svg().encode(), ".png": self.png}
        if path.suffix.lower() not in makers:
            raise ValueError(f"{path.name!r} must end in one of {', '.join(makers)}")
        path.write_bytes(makers[path.suffix.lower()]())

    def element(self) -> ET.Element:
        """Make the SVG element."""
        root, twin = self._stage.twin()
        for part in self._stage.parts:
            if not part.is_there(self.number):
                twin[part.element].set("opacity", _FAINT[part.before])
        for part, x, lit in self._stage.shapes():
            if self.number in part.lit:
                twin[x].attrib.update(lit)
        _band(root, self._stage, [self.moment.caption])
        return root

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"Frame({self.number}, {self.moment.caption})"


class Frames(Sequence[Frame]):
    """The frames of a drawing, in order."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __len__(self) -> int:
        return len(self._stage.moments)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        if isinstance(index, slice):
            return [Frame(self._stage, i) for i in range(len(self))[index]]
        return Frame(self._stage, range(len(self))[index])

    def save(self, folder: str | os.PathLike[str], suffix: str = ".svg") -> list[Path]:
        """Write each frame to a file of its own: ``frame-00.svg``, ``frame-01.svg``, ...

        Parameters
        ----------
        folder : str or path
            Made where it does not exist.
        suffix : {".svg", ".png"}

        Returns
        -------
        list of Path
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        digits = max(2, len(str(len(self) - 1)))
        paths = [folder / f"frame-{frame.number:0{digits}}{suffix}" for frame in self]
        for frame, path in zip(self, paths, strict=True):
            frame.save(path)
        return paths

    def animated(self, seconds: float = 1.5) -> str:
        """Write one SVG that plays, over and over.

        It moves in a page and as an image of one, without a script. Where it cannot move, and for
        a reader who asked for less motion, it is the last frame.

        Parameters
        ----------
        seconds : float
            How long each frame is shown.

        Returns
        -------
        str
        """
        stage, moments = self._stage, range(len(self))
        root, twin = stage.twin()
        rules = _Keyframes(len(self), seconds)
        for part in stage.parts:
            x, faint = twin[part.element], _FAINT[part.before]
            rules.animate(x, "opacity", ["1" if part.is_there(k) else faint for k in moments])
            if part.end is not None:
                x.set("opacity", "0")
        for part, x, lit in stage.shapes():
            for name, value in lit.items():
                now = x.get(name, "1")
                rules.animate(twin[x], name, [value if k in part.lit else now for k in moments])
        for k, words in enumerate(_band(root, stage, [m.caption for m in stage.moments])):
            rules.animate(words, "opacity", ["1" if k == i else "0" for i in moments])
            words.set("opacity", "0" if k < len(self) - 1 else "1")
        style = ET.Element("style")
        style.text = rules.text()
        root.insert(0, style)
        return _document(root)

    def strip(self, numbers: Iterable[int] | None = None, columns: int | None = None) -> str:
        """Write some of the frames into one SVG, side by side.

        Parameters
        ----------
        numbers : iterable of int, optional
            Which frames; six, evenly spread over the sweeps, by default.
        columns : int, optional
            By default as many as bring it nearest to the shape of a slide.

        Returns
        -------
        str
        """
        last = len(self) - 1
        if numbers is None:
            numbers = sorted({round(i * last / 5) for i in range(6)})
        chosen = [self[i].element() for i in numbers]
        _, _, width, height = _box(chosen[0])
        if columns is None:
            columns = _columns(len(chosen), (width + _GAP) / (height + _GAP))
        rows = -(-len(chosen) // columns)
        total = columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP
        root = ET.Element("svg", _size(0, 0, *total))
        ground = {"x": "0", "y": "0", "width": f"{total[0]:g}", "height": f"{total[1]:g}"}
        ET.SubElement(root, "rect", ground | {"fill": "#CBD3DC"})
        for i, frame in enumerate(chosen):
            row, column = divmod(i, columns)
            frame.attrib.pop("style", None)
            frame.set("x", f"{_GAP + column * (width + _GAP):g}")
            frame.set("y", f"{_GAP + row * (height + _GAP):g}")
            frame.set("width", f"{width:g}")
            frame.set("height", f"{height:g}")
            for x in frame.iter():
                if x.get("id"):
                    x.set("id", f"f{i}-{x.get('id')}")
            root.append(frame)
        return _document(root)

    def __repr__(self) -> str:
        return f"Frames({len(self)})"


def _columns(count: int, aspect: float) -> int:
    """How many columns, of those that fill their rows best, make a strip most like a slide."""
    filled = {-(-count // rows): rows for rows in range(count, 0, -1)}
    return min(
        filled, key=lambda columns: abs(math.log(columns / filled[columns] * aspect / _SLIDE))
    )


class _Keyframes:
    """The style of an animated picture: one rule for all parts that change alike."""

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.seconds = count, seconds
        self.names: dict[tuple[str, ...], str] = {}
        self.of: dict[ET.Element, list[str]] = {}

    def animate(self, x: ET.Element, attribute: str, values: Sequence[str]) -> None:
        """Let an attribute have another value in some frames."""
        if len(set(values)) == 1:
            return
        name = self.names.setdefault((attribute, *values), f"k{len(self.names)}")
        self.of.setdefault(x, []).append(name)

    def text(self) -> str:
        """Write the rules, and give each element the class that names its own."""
        lines = []
        for (attribute, *values), name in self.names.items():
            stops = [
                f"{100 * k / self.count:.3f}%{{{attribute}:{value}}}"
                for k, value in enumerate(values)
                if k == 0 or value != values[k - 1]
            ]
            lines.append(f"@keyframes {name}{{{''.join(stops)}}}")
        groups: dict[tuple[str, ...], str] = {}
        for x, names in self.of.items():
            group = groups.setdefault(tuple(names), f"m{len(groups)}")
            x.set("class", f"{x.get('class', '')} {group}".strip())
        total = f"{self.count * self.seconds:g}s step-end infinite"
        moves = [
            f".{group}{{animation:{','.join(f'{name} {total}' for name in names)}}}"
            for names, group in groups.items()
        ]
        return "\n".join([*lines, "@media (prefers-reduced-motion:no-preference){", *moves, "}"])


def _band(root: ET.Element, stage: Stage, titles: Sequence[str]) -> list[ET.Element]:
    """Put words under the picture, one line for each frame that is in it; return the lines."""
    x, y, width, height = _box(root)
    root.attrib.update(_size(x, y, width, height + _BAND))
    # One point higher than needed, or a seam would be seen.
    ground = {"x": f"{x:g}", "y": f"{y + height - 1:g}", "fill": stage.paper}
    ET.SubElement(root, "rect", ground | {"width": f"{width:g}", "height": f"{_BAND + 1:g}"})
    lines = []
    for title in titles:
        # A long line is made smaller: what a slide says is never cut.
        size = min(15.0, 15.0 * (width - 24) / (8.2 * len(title)))
        at = {"x": f"{x + 12:g}", "y": f"{y + height + 22:g}", "font-size": f"{size:.2f}"}
        ink = {"fill": "#F3F5F8" if stage.is_dark else "#1A1A1A"}
        font = {"font-family": "Arial, Helvetica, sans-serif"}
        lines.append(ET.SubElement(root, "text", at | font | ink))
        lines[-1].text = title
    return lines


def _box(root: ET.Element) -> tuple[float, float, float, float]:
    x, y, width, height = map(float, root.get("viewBox", "").split())
    return x, y, width, height


def _size(x: float, y: float, width: float, height: float) -> dict[str, str]:
    return {
        "width": f"{width:g}pt",
        "height": f"{height:g}pt",
        "viewBox": f"{x:g} {y:g} {width:g} {height:g}",
        "style": "max-width:100%;height:auto",
    }


def _document(root: ET.Element) -> str:
    root.set("xmlns", "http://www.w3.org/2000/svg")
    return ET.tostring(root, encoding="unicode") + "\n"


def painted(svg: str, dpi: float) -> bytes:
    """Paint SVG as PNG; Graphviz itself only paints what it has laid out."""
    try:
        import resvg_py
    except ImportError:
        raise ModuleNotFoundError(
            "frames as PNG need a painter of SVG: run  pip install resvg-py  (.svg files need none)"
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, dpi=round(dpi)))
