"""The player: one page that steps through both sweeps, without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor
from .backward import Contribution
from .names import printable
from .picture import Picture
from .script import Script, grid
from .stage import Stage, ends, recorded

if TYPE_CHECKING:
    from .drawing import Drawing

__all__ = ["Player", "page"]

_MOST = 8  # contributions to one gradient
_HERE = Path(__file__)


def page(drawing: Drawing) -> str:
    """Write the page: picture, text and script in one, that asks for nothing from elsewhere.

    Parameters
    ----------
    drawing : Drawing

    Returns
    -------
    str
        HTML, in which what the user called things is text only.

    Raises
    ------
    RendererNotFound
        If there is no Graphviz.
    """
    stage = Stage(drawing, _other_theme(drawing))
    cards = _cards(stage, drawing)
    moments = [
        {"phase": m.phase, "title": m.title, "rows": m.rows, "said": m.said} for m in stage.moments
    ]
    script = _HERE.with_name("player.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "title": html.escape(
            printable(drawing.picture.look.title or "Backpropagation, step by step", 200)
        ),
        "hash": f"sha256-{digest}",
        "style": _colours(stage),
        "svg": _svg(stage, cards),
        "data": _inert({"moments": moments, "cards": cards}),
        "script": script,
    }
    template = _HERE.with_name("player.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


class Player:
    """The player in a notebook: shut into a frame of its own.

    Attributes
    ----------
    page : str
        The whole page.
    """

    def __init__(self, page: str, height: int = 640) -> None:
        self.page = page
        self.height = height

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts" '
            f'title="Backpropagation, step by step" width="100%" height="{self.height}" '
            'style="border:1px solid #AEB7C2"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Player({len(self.page):,} characters; shown in a notebook)"


def _cards(stage: Stage, drawing: Drawing) -> dict[str, dict[str, Any]]:
    """What there is to say of each node, by id."""
    script, cards = stage.script, {}
    for record in script.records:
        name = stage.node(record)
        if name in cards or name not in stage.by_id:
            continue
        if name[0] == "f":
            words, *held = drawing.said[name].split("; ")
            folded = [("folded", "\n".join(held), "code")]
            cards[name] = {"name": words, "role": "folded", "rows": folded}
            continue
        role = "parameter" if script.role(record) == "parameter" else "value"
        rows = _about(script, record, drawing.picture.steps_to.get(record.birth, []))
        cards[name] = {"name": script.name(record), "role": role, "rows": rows}
    for birth, name in script.constants.items():
        if name in stage.by_id:
            x = next(y for r in script.records for y in r.inputs if id(y) == birth)
            rows = [("constant", f"{x.shape} {x.dtype}", "plain"), ("value", grid(x), "value")]
            cards[name] = {"name": name, "role": "constant", "rows": rows}
    return cards


def _about(
    script: Script, record: Tensor, sent: Sequence[Contribution]
) -> list[tuple[str, str, str]]:
    kind = script.role(record) if record.op is None else "computed by " + script.role(record)
    gradient = script.swept.gradients.get(record.birth)
    words, wrong = script.gradient(record)
    rows = [
        ("what", f"{kind}, shape {record.shape}, {record.dtype}", "plain"),
        ("part of", printable(record.scope, 200), "plain"),
        ("formula", script.made(record), "code"),
        ("value", grid(record.data), "value"),
        ("gradient", words if gradient is None else grid(gradient), "gradient"),
        ("note", wrong, "plain"),
    ]
    for step in sent[:_MOST]:
        nth = f" {step.nth} of {step.of}" if step.of > 1 else ""
        words = f"contribution{nth}, step {step.step}: {script.rule(step)}"
        rows.append((words, grid(step.value) if nth else "= the gradient", "gradient"))
    rows.append(("recorded at", recorded(record), "code"))
    return [row for row in rows if row[1]]


def _svg(stage: Stage, cards: dict[str, dict[str, Any]]) -> str:
    """The picture, with the moments of its parts, and cards that can be reached with a key."""
    root, twin = stage.twin()
    for part in stage.parts:
        x = twin[part.element]
        x.set("data-from", str(part.start))
        x.set("data-before", part.before)
        if part.end is not None:
            x.set("data-until", str(part.end))
        if part.lit:
            x.set("data-lit", " ".join(map(str, part.lit)))
    for _part, x, lit in stage.shapes():
        kind = "label" if "fill" in lit else "outline"
        twin[x].set("class", f"{x.get('class', '')} {kind}".strip())
    joins = _joins(stage)
    for x in root.iter("g"):
        for child in x.findall("title"):
            x.remove(child)  # a tip that would lie over the picture; the card has a label
        name = x.get("id", "")
        if name in cards:
            kind = "button" if cards[name]["role"] == "parameter" else "img"
            label = printable(f"{cards[name]['name']}: {stage.said.get(name, '')}", 300)
            x.attrib.update({"tabindex": "0", "role": kind, "aria-label": label})
        if name in joins:
            x.set("data-ends", " ".join(joins[name]))
    root.attrib.pop("style", None)
    root.set("role", "group")
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)


def _joins(stage: Stage) -> dict[str, tuple[str, str]]:
    """The nodes that each arrow joins, the one that values come from first."""
    joins = {}
    steps = {f"b{step.step}": step for step in stage.script.swept.steps}
    for name, x in stage.by_id.items():
        classes = x.get("class", "").split()
        if "forward" in classes:
            joins[name] = ends(name)
        elif name in steps:
            joins[name] = stage.node(steps[name].to), stage.node(steps[name].made)
        elif "backward" in classes:
            joins[name] = f"n{name[1:]}", f"n{name[1:]}"
    return joins


def _other_theme(drawing: Drawing) -> str:
    """The same picture for light rooms, or for dark ones: the layout does not depend on it."""
    picture = drawing.picture
    look = replace(picture.look, theme="light" if picture.look.theme == "dark" else "dark")
    folds = list({id(fold): fold for fold in picture.folds.values()}.values())
    return type(drawing)(Picture(drawing.swept, folds, look, picture.names)).svg()


def _colours(stage: Stage) -> str:
    """The colours of the picture where the page has the other theme."""
    theme = "light" if stage.is_dark else "dark"
    return "\n".join(
        f':root[data-theme="{theme}"] .{key} {{ {name}: {colour} }}'
        for (name, colour), key in stage.colours.items()
    )


def _inert(data: Any) -> str:
    """Write JSON that ends no element and starts none."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
