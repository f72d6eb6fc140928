"""What `check_backprop` says: a line for each gradient, the slips, and the worst entry."""

from __future__ import annotations

from dataclasses import dataclass

from .case import Slip

__all__ = ["BackpropReport", "Row", "Worst"]


@dataclass(frozen=True)
class Row:
    """One gradient: its name, shape and largest error relative to its largest entry."""

    name: str
    shape: tuple[int, ...]
    error: float
    verdict: str


@dataclass(frozen=True)
class Worst:
    """The entry that is furthest off, by three witnesses."""

    name: str
    entry: tuple[int, ...]
    yours: float
    tape: float
    differences: float


@dataclass(frozen=True)
class BackpropReport:
    """What came out of `check_backprop`; true where every gradient is right.

    Attributes
    ----------
    rows : list of Row
        One for each gradient.
    slips : list of Slip
        What is wrong, by name; empty where nothing is.
    worst : Worst
    notes : list of str
        What is no slip, and worth knowing.
    """

    rows: list[Row]
    slips: list[Slip]
    worst: Worst
    notes: list[str]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return not self.slips

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        table = [("gradient", "shape", "error", "verdict")]
        table += [(r.name, str(r.shape), f"{r.error:.1e}", r.verdict) for r in self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
            for line in table
        ]
        for s in self.slips:
            lines += ["", f"{', '.join(s.gradients)}: {s.slip}", f"    {s.message}"]
            if s.also:
                lines.append(f"    On these data that looks the same as: {', '.join(s.also)}")
        w = self.worst
        if self.slips and not abs(w.yours - w.tape) <= 1e-9 * abs(w.tape):
            at = ", ".join(map(str, w.entry))
            lines += [
                "",
                f"worst entry, {w.name}[{at}]: yours {w.yours:.10g}, the tape {w.tape:.10g}, "
                f"differences {w.differences:.10g}",
            ]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)
