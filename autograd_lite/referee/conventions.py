"""What careful people do differently and no slip is: slopes at a corner, guards of a logarithm."""

# ruff: noqa: ARG001, ARG005  # a rule takes what the sweep gives it, a convention what all take

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .factors import fit
from .network import births
from .replay import RELU, Array, Record, Rule, Tape, with_rules

__all__ = ["conventions"]

_ROUNDING = 1e-14
_GUARD = 1e-5
_SLOPES = (0, 1, 0.5)  # of relu at 0, as papers take it
_MIDDLE = 1e-6  # nearer to 0, 1 or -1, a slope is that


def conventions(tape: Tape, given: Sequence[Array]) -> list[tuple[list[str], Tape]]:
    """Combine the conventions that the given gradients may follow, each with a note; none first."""
    found: list[tuple[list[str], Tape]] = [([], tape)]
    for kind in _corners_of_relu, _corners_of_abs, _without_guards:
        found += [([*notes, new], t) for notes, before in found for new, t in kind(before, given)]
    return found


def _corners_of_relu(tape: Tape, given: Sequence[Array]) -> Iterator[tuple[str, Tape]]:
    corners = {}
    for birth, record in tape.records.items():
        if record.op is RELU and (at_zero := _at_zero(record.values[0])).any():
            corners[birth] = replace(record, values=(np.where(at_zero, 0, record.values[0]),))
    for slope in _SLOPES if corners else ():
        altered = {b: replace(r, params={"at_zero": slope}) for b, r in corners.items()}
        text = "a relu has units exactly at 0, where its derivative is a convention (0, 1 or 1/2)"
        yield f"{text}: yours is {slope}", tape.with_records(altered)


def _corners_of_abs(tape: Tape, given: Sequence[Array]) -> Iterator[tuple[str, Tape]]:
    corners = [
        r
        for b, r in tape.records.items()
        if b in tape.wanted
        and getattr(r.op, "name", "") in ("absolute", "fabs")
        and np.isrealobj(r.values[0])
        and _at_zero(r.values[0]).any()
    ]
    if not corners:
        return

    def with_slope(slope: float) -> Tape:
        return tape.with_records(
            {r.birth: with_rules(r, {0: _slope_of_abs(slope)}) for r in corners}
        )

    right, lowest, highest = (with_slope(s).gradients() for s in (0, -1, 1))
    widths = [(h - low) / 2 for h, low in zip(highest, lowest, strict=True)]
    fitted = fit([g - e for g, e in zip(given, right, strict=True)], widths) or 0
    slopes = [1.0, -1.0] + [fitted] * (_MIDDLE < abs(fitted) < 1 - _MIDDLE)
    for slope in slopes:
        text = "an absolute value is taken exactly at 0, where its derivative is a convention"
        yield f"{text} (-1 to 1): yours is {slope:.4g}", with_slope(slope)


def _slope_of_abs(at_zero: float) -> Rule:
    return lambda g, y, x: g * np.where(_at_zero(x), at_zero, np.sign(x))


def _at_zero(x: Any) -> Array:
    return np.asarray(np.abs(x) <= _ROUNDING * np.abs(x).max(initial=0))


def _without_guards(tape: Tape, given: Sequence[Array]) -> Iterator[tuple[str, Tape]]:
    altered = {}
    for birth, record in tape.records.items():
        guards = _guards(record)
        if any(guards):
            values = [v * 0 if g else v for v, g in zip(record.values, guards, strict=True)]
            altered[birth] = replace(record, values=values)
    if altered:
        text = "compared without the small number the loss adds, as in log(p + 1e-12)"
        yield text, tape.with_records(tape.replayed(altered))


def _guards(record: Record) -> list[bool]:
    """Which inputs of a sum are small constants."""
    return [
        getattr(record.op, "name", "") == "add"
        and birth is None
        and np.size(v) == 1
        and bool(0 < np.abs(v) <= _GUARD)
        for birth, v in zip(births(record), record.values, strict=True)
    ]
