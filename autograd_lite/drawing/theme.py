"""The colours of a picture: Okabe and Ito's for what things are, purple and green for signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ROLES", "THEMES", "Theme"]

ROLES = {
    "input": {"shape": "note"},
    "parameter": {"peripheries": "2"},
    "computed": {"style": "rounded,filled"},
    "constant": {"style": "dashed,filled"},
    "loss": {"penwidth": "4"},
    "output": {"penwidth": "4"},
    "folded": {"shape": "box3d"},
}
"""The frame of each kind of node."""


@dataclass(frozen=True)
class Theme:
    """Every colour in a picture, as ``#rrggbb``.

    Attributes
    ----------
    paper, card, ink, quiet, line
        The ground, that of a card, text, text that matters less, and frames.
    box, box_line
        A part of a model.
    forward, backward, rule
        The arrows of values and of gradients, and the text on these.
    plate, on_plate
        The number of a step and the name of an op, and the text on it.
    alarm, on_alarm
        A gradient to look at: zero everywhere, infinite, or not a number.
    negative, zero, positive
        Of numbers; those between are mixed.
    fills : dict of str to (str, str)
        The head of each kind of node, and the text on it.
    """

    paper: str
    card: str
    ink: str
    quiet: str
    line: str
    box: str
    box_line: str
    forward: str
    backward: str
    rule: str
    plate: str
    on_plate: str
    alarm: str
    on_alarm: str
    negative: str
    zero: str
    positive: str
    fills: Mapping[str, tuple[str, str]]

    def tint(self, share: float) -> str:
        """Mix the colour of a number: -1 and 1 are the largest there are."""
        share = max(-1.0, min(1.0, share))
        end = self.positive if share > 0 else self.negative
        mixed = (
            round(a + abs(share) * (b - a))
            for a, b in zip(_channels(self.zero), _channels(end), strict=True)
        )
        return "#" + "".join(f"{channel:02X}" for channel in mixed)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


_DARK_INK, _LIGHT_INK = "#1A1A1A", "#F3F5F8"
_OKABE_ITO = {
    "input": ("#56B4E9", _DARK_INK),
    "parameter": ("#E69F00", _DARK_INK),
    "loss": ("#CC79A7", _DARK_INK),
    "output": ("#CC79A7", _DARK_INK),
}
THEMES = {
    "light": Theme(
        paper="#FFFFFF",
        card="#FFFFFF",
        ink=_DARK_INK,
        quiet="#4B5563",
        line="#4B5563",
        box="#F5F7FA",
        box_line="#AEB7C2",
        forward="#0072B2",
        backward="#D55E00",
        rule="#A84300",
        plate="#A84300",
        on_plate="#FFFFFF",
        alarm="#F0E442",
        on_alarm=_DARK_INK,
        negative="#B99BC9",
        zero="#FFFFFF",
        positive="#85C28C",
        fills={
            **_OKABE_ITO,
            "computed": ("#DDE1E6", _DARK_INK),
            "constant": ("#EEF0F3", _DARK_INK),
            "folded": ("#DDE1E6", _DARK_INK),
        },
    ),
    "dark": Theme(
        paper="#14181F",
        card="#1C222B",
        ink=_LIGHT_INK,
        quiet="#B6BFCB",
        line="#8C97A6",
        box="#191F28",
        box_line="#4A5564",
        forward="#56B4E9",
        backward="#F08A4B",
        rule="#FFA970",
        plate="#FFA970",
        on_plate=_DARK_INK,
        alarm="#F0E442",
        on_alarm=_DARK_INK,
        negative="#6A4683",
        zero="#1C222B",
        positive="#2C6B3C",
        fills={
            **_OKABE_ITO,
            "computed": ("#3A4350", _LIGHT_INK),
            "constant": ("#2A313C", _LIGHT_INK),
            "folded": ("#3A4350", _LIGHT_INK),
        },
    ),
}
