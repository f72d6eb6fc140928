"""What an audit found, as a table for the terminal, as Markdown, or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .claim import VERDICTS, Audited, Finding

__all__ = ["Remark", "as_json", "as_markdown", "as_table", "number", "remarks", "totals"]


class Remark(NamedTuple):
    """What is to be said about a finding: of what kind, a formula in LaTeX, and words."""

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


def totals(findings: Iterable[Finding]) -> str:
    """Count the verdicts, in words: ``"12 claims: 10 hold, 2 are wrong"``."""
    count = Counter(finding.verdict for finding in findings)
    words = [f"{count[verdict]} {said}" for verdict, said in VERDICTS.items() if count[verdict]]
    n = count.total()
    return f"{n} {'claim' if n == 1 else 'claims'}" + (f": {', '.join(words)}" if n else "")


def number(error: float | None) -> str:
    """An error with two digits; nothing where there was nothing to compute."""
    if error is None:
        return ""
    return f"{error:.1e}" if 0 < error < 1e-3 else f"{error:.2g}"


def as_table(found: Audited) -> str:
    """One line for each claim, and what is to be said about those that do not simply hold."""
    lines = []
    for paper, findings in found:
        lines += [paper.title, f"  {paper.conventions}", ""]
        width = max((len(finding.claim.id) for finding in findings), default=0)
        for finding in findings:
            claim = finding.claim
            line = f"{finding.verdict:<9}  {claim.id:<{width}}  {number(finding.error):>7}"
            lines.append(f"  {line}  {claim.label}")
            if claim.verdict != "holds":
                lines.append(f"{'printed':>19}  {claim.statement}")
            lines += [
                f"{kind:>19}  {f'{formula} {words}'.strip()}"
                for kind, formula, words in remarks(finding)
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
                f"{kind}: {f'${formula}$' if formula else ''} {words}".strip()
                for kind, formula, words in remarks(finding)
            ]
            cells = [
                f"`{claim.id}` {claim.label}",
                f"${claim.statement}$",
                finding.verdict,
                number(finding.error),
                "; ".join(said),
            ]
            row = " | ".join(cell.replace("|", r"\vert ") for cell in cells)
            lines.append(f"| {row} |")
        lines.append("")
    return "\n".join(lines)


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
