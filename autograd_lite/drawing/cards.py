"""The words and tables of a picture, as Graphviz's HTML-like labels."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .figures import alarms, format_of, is_small, matrix, summary, thumbnail
from .names import printable
from .theme import Theme

__all__ = [
    "Card",
    "call",
    "card",
    "fold_card",
    "legend",
    "plate",
    "rule_label",
    "text",
    "title",
]

MONO = "Courier New"
_CODE_WIDTH, _CODE_LINES = 36, 4


def text(value: object, longest: int = 24) -> str:
    r"""Spell any text for an HTML-like label, so that it is shown as it is.

    Graphviz expands ``\N`` and its like in these labels too, hence the doubled backslash. A ``]``
    is spelled as an entity, for Graphviz takes one alone for a syntax error.
    """
    escaped = html.escape(printable(value, longest).replace("\\", "\\\\"), quote=False)
    return escaped.replace("]", "&#93;").replace('"', "&quot;")


def title(words: str, kind: str = "", quiet: str = "") -> str:
    """Make the label of a box."""
    after = f' <FONT COLOR="{quiet}" POINT-SIZE="11">{text(kind, 60)}</FONT>' if kind else ""
    return f"<<B>{text(words, 80) or ' '}</B>{after}>"


def call(op: str, arguments: Sequence[str], params: Iterable[tuple[str, Any]]) -> str:
    """Write a call of an op; many arguments are abbreviated."""
    if len(arguments) > 6:
        arguments = [*arguments[:3], "...", arguments[-1]]
    keywords = [f"{name}={_spell(value)}"[:40] for name, value in params]
    return f"{op}({', '.join([*arguments, *keywords])})"


def _spell(value: Any) -> str:
    """Write a keyword's value shortly, and the same at every run."""
    if isinstance(value, (list, tuple)):
        items = ", ".join([_spell(item) for item in value[:4]] + ["..."] * (len(value) > 4))
        comma = "," * (len(value) == 1)
        return f"[{items}]" if isinstance(value, list) else f"({items}{comma})"
    if getattr(value, "ndim", 0):
        return f"{value.dtype} array {value.shape}"
    spelled = str(value) if isinstance(value, np.dtype) else repr(value)
    return type(value).__name__ if " at 0x" in spelled else spelled


@dataclass
class Card:
    """What a node of the picture says.

    Attributes
    ----------
    node : str
        Its id.
    role, name : str
    shape, dtype : str
    made : str
        The expression that computed it; empty for leaves and constants.
    value : array or None
        None where values are not shown.
    gradient : array, str or None
        Words where there is none; None where gradients are not shown.
    sum_of : tuple of str
        What the gradient is the sum of, where it is one.
    is_seed : bool
    compact : bool
        Large arrays get no thumbnail.
    """

    node: str
    role: str
    name: str
    shape: str
    dtype: str
    made: str = ""
    value: Any = None
    gradient: Any = None
    sum_of: Sequence[str] = field(default_factory=tuple)
    is_seed: bool = False
    compact: bool = False


def card(x: Card, theme: Theme, beside: bool) -> str:
    """Make the label of a node; `beside` puts the gradient beside the value, not below it."""
    fill, ink = theme.fills[x.role]
    word = "" if x.role == "computed" else f"{x.role} "
    about = f"{word}{x.shape}" + (f" {x.dtype}" if x.dtype != "float64" else "")
    head = f'<FONT COLOR="{ink}"><B>{text(x.name)}</B></FONT>'
    about = f'<FONT COLOR="{ink}" POINT-SIZE="10">{text(about, 60)}</FONT>'
    made = _lines(f"= {x.made}", _CODE_WIDTH, 3) if x.made else []
    code = "".join(f'{line}<BR ALIGN="LEFT"/>' for line in made)
    made_row = (
        f'<TR><TD COLSPAN="2" ALIGN="LEFT" BALIGN="LEFT">{_code(code, theme.ink)}</TD></TR>'
        * bool(made)
    )
    value = _block(x.value, f"{x.node}-value", theme, x.compact)
    if x.value is None:
        value = _quiet(x.shape, theme)
    gradient = _gradient(x, theme)
    value_word = f'<FONT COLOR="{theme.forward}" POINT-SIZE="10"><B>value</B></FONT>'
    gradient_word = f'<FONT COLOR="{theme.rule}" POINT-SIZE="10"><B>gradient</B></FONT>'
    note = "seed" if x.is_seed else f"sum of {len(x.sum_of)}" if len(x.sum_of) > 1 else ""
    if note:
        gradient_word += f"<BR/>{_quiet(note, theme)}"
    start = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">'
    first = f'<TR><TD COLSPAN="2" BGCOLOR="{fill}" ALIGN="LEFT">{head}  {about}</TD></TR>'
    if beside:
        ports = "".join(
            f'<TD PORT="{p}i" HEIGHT="1" CELLPADDING="0" BGCOLOR="{fill}"></TD>' for p in "vg"
        )
        last = (
            f'<TR><TD PORT="vo">{_stack(value_word, value)}</TD>'
            f'<TD PORT="go">{_stack(gradient_word, gradient) if gradient else ""}</TD></TR>'
        )
        return f"<{start}<TR>{ports}</TR>{first}{made_row}{last}</TABLE>>"
    rows = f'<TR><TD PORT="vi" ALIGN="LEFT">{value_word}</TD><TD PORT="vo">{value}</TD></TR>'
    if gradient:
        rows += (
            f'<TR><TD PORT="gi" ALIGN="LEFT">{gradient_word}</TD><TD PORT="go">{gradient}</TD></TR>'
        )
    return f"<{start}{first}{made_row}{rows}</TABLE>>"


def _stack(above: str, below: str) -> str:
    return (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
        f"<TR><TD>{above}</TD></TR><TR><TD>{below}</TD></TR></TABLE>"
    )


def _gradient(x: Card, theme: Theme) -> str:
    if x.gradient is None:
        return ""
    if isinstance(x.gradient, str):
        return _quiet(x.gradient, theme)
    rows = [_block(x.gradient, f"{x.node}-gradient", theme, x.compact)]
    if len(x.sum_of) > 1 and np.size(x.gradient) == 1:
        parts = [x.sum_of[0], *(f"({p})" if p.startswith("-") else p for p in x.sum_of[1:])]
        if len(parts) > 4:
            parts = [*parts[:2], "...", parts[-1]]
        rows.append(_quiet(f"= {' + '.join(parts)}", theme))
    rows += [_alarm(words, theme) for words in alarms(x.gradient)]
    if len(rows) == 1:
        return rows[0]
    inside = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{inside}</TABLE>'


def _alarm(words: str, theme: Theme) -> str:
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" BGCOLOR="{theme.alarm}"><TR><TD>'
        f'<FONT COLOR="{theme.on_alarm}" POINT-SIZE="10"><B>! {words}</B></FONT>'
        "</TD></TR></TABLE>"
    )


def _block(array: Any, node: str, theme: Theme, compact: bool) -> str:
    """Show an array: its entries, or a thumbnail and what it is between."""
    if array is None:
        return ""
    array = np.asarray(array)
    start = f'<TABLE ID="{node}" BORDER="0" CELLBORDER="0" CELLSPACING='
    if not array.size:
        return f'{start}"0"><TR><TD>{_quiet("empty", theme)}</TD></TR></TABLE>'
    if is_small(array):
        return f'{start}"1" CELLPADDING="2">{_entries(array, theme)}</TABLE>'
    lost = np.count_nonzero(~np.isfinite(array))
    words = "".join(
        f'<TR><TD ALIGN="LEFT">{_quiet(word, theme)}</TD>'
        f'<TD ALIGN="RIGHT">{_code(number, theme.ink, 10)}</TD></TR>'
        for word, number in (*summary(array), *[("not finite", str(lost))] * bool(lost))
    )
    beside = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{words}</TABLE>'
    picture = "" if compact else f"<TD>{_thumbnail(array, theme)}</TD>"
    return f'{start}"0"><TR>{picture}<TD>{beside}</TD></TR></TABLE>'


def _entries(array: Any, theme: Theme) -> str:
    write = format_of(array)
    rows = matrix(array)
    parts = np.abs(rows) if rows.dtype.kind == "c" else rows.astype(float)
    largest = np.max(np.abs(parts), where=np.isfinite(parts), initial=0.0) or 1.0
    cells = []
    for row in rows:
        line = ""
        for x in row:
            tint, ink = theme.tint(0), theme.ink
            if not np.isfinite(x):
                tint, ink = theme.alarm, theme.on_alarm
            elif array.size > 1 and array.dtype.kind != "c":
                tint = theme.tint(float(x) / largest)
            at = "RIGHT" if array.size > 1 else "CENTER"
            line += f'<TD ALIGN="{at}" BGCOLOR="{tint}">{_code(write(x), ink)}</TD>'
        cells.append(f"<TR>{line}</TR>")
    return "".join(cells)


def _thumbnail(array: Any, theme: Theme) -> str:
    cells = "".join(
        "<TR>"
        + "".join(
            f'<TD FIXEDSIZE="TRUE" WIDTH="7" HEIGHT="7" BGCOLOR="'
            f'{theme.tint(float(share)) if np.isfinite(share) else theme.alarm}"></TD>'
            for share in row
        )
        + "</TR>"
        for row in thumbnail(array)
    )
    return (
        f'<TABLE BORDER="1" COLOR="{theme.line}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
        f"{cells}</TABLE>"
    )


def rule_label(step: str, rule: Sequence[str], nth: str, theme: Theme) -> str:
    """Make the label of a backward arrow: its number, the rule, the numbers in it, 1 of 2."""
    rows = [
        _code(line, theme.quiet if i else theme.rule)
        for i, part in enumerate(rule)
        for line in _lines(part, _CODE_WIDTH, _CODE_LINES)
    ]
    rows += [_quiet(nth, theme)] * bool(nth)
    cells = [f'<TD ALIGN="LEFT">{row}</TD>' for row in rows or [""]]
    head = f'<TD>{plate(step, theme)}</TD><TD WIDTH="3"></TD>'
    none = "<TD></TD><TD></TD>"
    inside = "".join(f"<TR>{none if i else head}{x}</TR>" for i, x in enumerate(cells))
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" '
        f'BGCOLOR="{theme.paper}">{inside}</TABLE>>'
    )


def plate(words: str, theme: Theme) -> str:
    """Put the number of a step on a plate."""
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="ROUNDED" '
        f'BGCOLOR="{theme.plate}"><TR><TD>'
        f'<FONT COLOR="{theme.on_plate}" POINT-SIZE="10"><B>{words}</B></FONT></TD></TR></TABLE>'
    )


def fold_card(name: str, lines: Sequence[str], theme: Theme) -> str:
    """Make the label of what is folded: its name, and what it holds."""
    fill, ink = theme.fills["folded"]
    rows = "".join(
        f'<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="11">{text(line, 80)}</FONT></TD></TR>'
        for line in lines
    )
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">'
        f'<TR><TD BGCOLOR="{fill}"><FONT COLOR="{ink}"><B>{text(name, 60)}</B></FONT></TD></TR>'
        f"{rows}</TABLE>>"
    )


def legend(
    words: str | None, roles: Iterable[str], theme: Theme, ways_back: bool, numbers: bool
) -> str:
    """Make the label of the picture: its title, and what is in it.

    Parameters
    ----------
    words : str or None
        The title.
    roles : iterable of str
        The kinds of nodes in it.
    theme : Theme
    ways_back, numbers : bool
        Whether there are backward arrows, and tinted numbers.
    """
    cells = "".join(
        f'<TD BORDER="1" COLOR="{theme.line}" BGCOLOR="{theme.fills[role][0]}">'
        f'<FONT COLOR="{theme.fills[role][1]}" POINT-SIZE="10">{role}</FONT></TD>'
        for role in roles
    )
    signs = [("→", theme.forward, "values")]
    if ways_back:
        signs.append(("&lt;- -", theme.rule, "gradients; g in a rule is the one that arrives"))
    for sign, colour, meaning in signs:
        cells += (
            f'<TD><FONT FACE="{MONO}" COLOR="{colour}"><B>{sign}</B></FONT> '
            f"{_quiet(meaning, theme)}</TD>"
        )
    if numbers:
        tints = ((-1, "-"), (0, "0"), (1, "+"))
        scale = "".join(
            f'<TD BGCOLOR="{theme.tint(share)}">{_code(sign, theme.ink)}</TD>'
            for share, sign in tints
        )
        cells += (
            f'<TD><TABLE BORDER="1" COLOR="{theme.line}" CELLBORDER="0" CELLSPACING="0" '
            f'CELLPADDING="2"><TR>{scale}</TR></TABLE></TD>'
        )
    table = f'<TABLE BORDER="0" CELLSPACING="6" CELLPADDING="3"><TR>{cells}</TR></TABLE>'
    if not words:
        return f"<{table}>"
    head = f'<TR><TD><FONT POINT-SIZE="18"><B>{text(words, 80)}</B></FONT></TD></TR>'
    return f'<<TABLE BORDER="0">{head}<TR><TD>{table}</TD></TR></TABLE>>'


def _quiet(words: str, theme: Theme) -> str:
    return f'<FONT POINT-SIZE="10" COLOR="{theme.quiet}">{text(words, 80)}</FONT>'


def _code(words: str, colour: str, size: int = 11) -> str:
    return f'<FONT FACE="{MONO}" POINT-SIZE="{size}" COLOR="{colour}">{words}</FONT>'


def _lines(code: str, width: int, most: int) -> list[str]:
    """Break code between words, as markup; what is too long for the lines is cut."""
    lines = [""]
    for word in re.findall(r"\s*\S+", code):
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("  " + word.strip())
        else:
            lines[-1] += word
    if len(lines) > most:
        lines = [*lines[: most - 1], "  ..."]
    return [text(line, 2 * width).replace(" ", "&#160;") for line in lines]
