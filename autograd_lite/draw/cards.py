"""What the picture says: text made safe for Graphviz, and the card of each node."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["FRAMES", "INK", "card", "expression", "is_number", "legend", "number", "text", "title"]

INK, QUIET = "#1A1A1A", "#4B5563"
_FILLS = {
    "input": "#56B4E9",
    "parameter": "#E69F00",
    "computed": "#DDE1E6",
    "constant": "#F1F3F5",
    "loss": "#CC79A7",
}
FRAMES = {
    "input": {"shape": "note"},
    "parameter": {"peripheries": "2"},
    "computed": {"style": "rounded,filled"},
    "constant": {"style": "dashed,filled"},
    "loss": {"penwidth": "4", "color": "#CC79A7"},
}


def text(value: object, longest: int = 24) -> str:
    r"""Spell any text for an HTML-like label, so that it is shown as it is.

    Graphviz expands ``\N`` and its like in these labels too, hence the doubled backslash.
    Characters that do not print, which XML may not even hold, are spelled as Python does, and
    a ``]`` as an entity, for Graphviz takes one alone for a syntax error.
    """
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in str(value)[: longest + 1]
    )
    if len(shown) > longest:
        shown = shown[: longest - 3] + "..."
    return html.escape(shown.replace("\\", "\\\\"), quote=False).replace("]", "&#93;")


def title(words: str) -> str:
    """Make the label of a box."""
    return f"<<B>{text(words, 80) or ' '}</B>>"


def is_number(x: Any) -> bool:
    """Whether an input is written into the expression instead of drawn."""
    return isinstance(x, (int, float, complex, np.generic)) or (
        isinstance(x, np.ndarray) and x.ndim == 0
    )


def expression(op: str, arguments: list[str], params: Iterable[tuple[str, Any]]) -> str:
    """Write a call with its op in bold; `arguments` are safe already."""
    if len(arguments) > 6:
        arguments = [*arguments[:3], "...", arguments[-1]]
    keywords = [text(f"{name}={_spell(value)}", 40) for name, value in params]
    return f"<B>{text(op)}</B>({', '.join(arguments + keywords)})"


def number(x: Any) -> str:
    """Write a number shortly."""
    exact = str(x)
    return exact if len(exact) <= 8 or isinstance(x, (int, np.integer)) else f"{x:.4g}"


def _spell(value: Any) -> str:
    """Write a keyword's value shortly, and the same at every run."""
    if isinstance(value, slice):
        ends = [value.start, value.stop] + [value.step] * (value.step is not None)
        return ":".join("" if end is None else _spell(end) for end in ends)
    if isinstance(value, (list, tuple)):
        items = ", ".join([_spell(item) for item in value[:4]] + ["..."] * (len(value) > 4))
        comma = "," * (len(value) == 1)
        return f"[{items}]" if isinstance(value, list) else f"({items}{comma})"
    if value is Ellipsis:
        return "..."
    if is_number(value):
        return number(value)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} array {value.shape}"
    spelled = str(value) if isinstance(value, np.dtype) else repr(value)
    return type(value).__name__ if " at 0x" in spelled else spelled


def card(role: str, name: str, array: Any, made: str) -> str:
    """Make the label of a node; `array` is asked for its shape and dtype only.

    `name` and `made`, the expression (empty for leaves and constants), are markup already.
    """
    shape = text(array.shape or "scalar", 40)
    word = "output" if role == "loss" and array.shape else role
    parts = [_quiet(word)] * (role != "computed") + [f"= {made}"] * bool(made)
    return (
        '<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="4"><TR>'
        f'<TD ALIGN="LEFT" BGCOLOR="{_FILLS[role]}"><B>{name}</B>  '
        f'<FONT POINT-SIZE="11">{shape} {text(array.dtype)}</FONT></TD></TR>'
        f'<TR><TD ALIGN="LEFT">{" ".join(parts)}</TD></TR></TABLE>>'
    )


def legend(roles: Iterable[str]) -> str:
    """Make the label that explains the colours in use."""
    cells = "".join(
        f'<TD BORDER="1" BGCOLOR="{_FILLS[role]}" '
        f'STYLE="{FRAMES[role].get("style", "solid").partition(",")[0]}">{role}</TD>'
        for role in roles
    )
    return f'<<TABLE BORDER="0" CELLSPACING="6" CELLPADDING="4"><TR>{cells}</TR></TABLE>>'


def _quiet(words: str) -> str:
    return f'<FONT POINT-SIZE="11" COLOR="{QUIET}">{words}</FONT>'
