"""What an audit found, as a table for the terminal, as Markdown, or as JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .claim import STATED, VERDICTS, Audited, Finding

__all__ = [
    "Remark",
    "as_json",
    "as_markdown",
    "as_table",
    "number",
    "pieces",
    "remarks",
    "size",
    "totals",
]


class Remark(NamedTuple):
    """What is to be said about a finding: of what kind, a formula in LaTeX, and words.

    The words may have formulas between dollar signs, see `pieces`.
    """

    kind: str
    formula: str
    words: str


def remarks(finding: Finding) -> Iterator[Remark]:
    """Say on what condition a claim holds, what is right in its place, and its note."""
    claim = finding.claim
    if claim.condition:
        otherwise = f" (otherwise off by {number(finding.error_without)})"
        yield Remark("holds if", "", claim.condition + otherwise)
    if claim.correction:
        error = finding.correction_error
        yield Remark("correct", claim.correction, "" if error is None else f"({number(error)})")
    if claim.note:
        yield Remark("note", "", claim.note)
    if claim.again:
        yield Remark("again", "", f"the slip of {claim.again}")


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Split words at the formulas in them, ``"as $x$ is"``; tell which piece is a formula."""
    for i, piece in enumerate(re.split(r"\$([^$]*)\$", text)):
        if piece:
            yield bool(i % 2), piece


def totals(findings: Iterable[Finding]) -> str:
    """Count the verdicts, in words: ``"12 claims: 9 hold, 3 are wrong (2 slips)"``.

    Of the conditions it counts those that the paper states, of what is wrong the separate slips.
    """
    findings = [*findings]
    count = Counter(finding.verdict for finding in findings)
    stated = sum(f.claim.condition.startswith(STATED) for f in findings if f.verdict == "holds if")
    slips = len({f.claim.again or f.claim.id for f in findings if f.verdict == "wrong"})
    more = {
        "holds if": f" (stated for {stated})" if stated else "",
        "wrong": f" ({slips} {'slip' if slips == 1 else 'slips'})",
    }
    words = [
        f"{count[verdict]} {one if count[verdict] == 1 else several}{more.get(verdict, '')}"
        for verdict, (one, several) in VERDICTS.items()
        if count[verdict]
    ]
    n = count.total()
    return f"{n} {'claim' if n == 1 else 'claims'}" + (f": {', '.join(words)}" if n else "")


def number(error: float | None) -> str:
    """An error with two digits; nothing where there was nothing to compute."""
    if error is None:
        return ""
    return f"{error:.1e}" if 0 < error < 1e-3 else f"{error:.2g}"


def size(finding: Finding) -> str:
    """The error of a finding, and the word shape where it only says whether one is right."""
    return number(finding.error) + " shape" * finding.of_shapes


def as_table(found: Audited) -> str:
    """One line for each claim, with its statement and what else is to be said about it."""
    lines = []
    for paper, findings in found:
        lines += [paper.title, f"  {paper.conventions}", ""]
        width = max(len(finding.claim.id) for finding in findings)
        for finding in findings:
            claim = finding.claim
            line = f"{finding.verdict:<9}  {claim.id:<{width}}  {size(finding):>7}"
            lines.append(f"  {line}  {claim.label}")
            said = [Remark("printed", claim.statement, ""), *remarks(finding)]
            lines += [
                f"{kind:>19}  {f'{formula} {words}'.strip()}" for kind, formula, words in said
            ]
        lines += ["", f"  {paper.name}: {totals(findings)}", ""]
    everything = [finding for _, findings in found for finding in findings]
    return "\n".join([*lines, totals(everything)])


def as_markdown(found: Audited) -> str:
    """A section for each paper, with a table of its claims."""
    lines = []
    for paper, findings in found:
        lines += [f"## {paper.title}", "", f"{paper.conventions} {totals(findings)}.", ""]
        lines += ["| claim | statement | verdict | error | remarks |", "|---|---|---|---|---|"]
        for finding in findings:
            claim = finding.claim
            said = [
                " ".join(filter(None, (f"{kind}:", f"${formula}$" * bool(formula), words)))
                for kind, formula, words in remarks(finding)
            ]
            cells = [
                f"`{claim.id}` {claim.label}",
                f"${claim.statement}$",
                finding.verdict,
                size(finding),
                "; ".join(said),
            ]
            lines.append(f"| {' | '.join(map(_without_bars, cells))} |")
        lines.append("")
    return "\n".join(lines)


def _without_bars(cell: str) -> str:
    """The same without a bar that would end the cell."""
    return "".join(
        f"${piece.replace('|', _BAR)}$" if formula else piece.replace("|", _ESCAPED)
        for formula, piece in pieces(cell)
    )


_BAR, _ESCAPED = r"\vert ", r"\|"


def as_json(found: Audited) -> str:
    """One object for each claim, in one list."""
    rows = [
        {
            "id": finding.claim.id,
            "paper": paper.name,
            "label": finding.claim.label,
            "statement": finding.claim.statement,
            "condition": finding.claim.condition,
            "error": finding.error,
            "verdict": finding.verdict,
            "correction": finding.claim.correction,
            "correction_error": finding.correction_error,
        }
        for paper, findings in found
        for finding in findings
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False)
