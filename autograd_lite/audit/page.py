"""What an audit found, as one HTML page that needs no network: formulas in MathML, no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from .claim import VERDICTS, Audited, Finding, Paper
from .tables import pieces, remarks, size, totals

__all__ = ["as_html"]


def as_html(found: Audited) -> str:
    """Typeset an audit.

    Parameters
    ----------
    found : list of (Paper, list of Finding)

    Returns
    -------
    str
        A page that a reader can filter by verdict.

    Raises
    ------
    ImportError
        Where latex2mathml is not installed.
    """
    everything = [finding for _, findings in found for finding in findings]
    count = Counter(finding.verdict for finding in everything)
    page = Template((resources.files(__package__) / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        totals=totals(everything),
        links=" · ".join(f'<a href="#{p.name}">{p.name}</a>' for p, _ in found),
        choices=_choice("all", len(everything), "checked")
        + "".join(_choice(verdict, count[verdict]) for verdict in VERDICTS if count[verdict]),
        papers="".join(_section(paper, findings) for paper, findings in found),
    )


def _choice(verdict: str, n: int, state: str = "") -> str:
    key = _key(verdict)
    return (
        f'<label class="{key}"><input type="radio" name="only" id="only-{key}" {state}>'
        f"{verdict} {n}</label>\n"
    )


def _key(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _section(paper: Paper, findings: Sequence[Finding]) -> str:
    rows = "".join(map(_row, findings))
    return (
        f'<section id="{paper.name}">\n<h2>{escape(paper.title)}</h2>\n'
        f"<p>{_words(paper.conventions)}</p>\n<p>{totals(findings)}.</p>\n{rows}</section>\n"
    )


def _row(finding: Finding) -> str:
    claim = finding.claim
    said = "".join(
        f"<dt>{kind}</dt><dd>{_typeset(formula) if formula else ''} {_words(words)}</dd>"
        for kind, formula, words in remarks(finding)
    )
    return (
        f'<article class="row {_key(finding.verdict)}" id="{claim.id}">\n'
        f"<header><b>{escape(claim.label)}</b> <code>{claim.id}</code></header>\n"
        f'<div class="verdict">{finding.verdict} <small>{size(finding)}</small></div>\n'
        f'<div class="formula">{_typeset(claim.statement)}</div>\n'
        + (f"<dl>{said}</dl>\n" if said else "")
        + "</article>\n"
    )


def _words(text: str) -> str:
    """Words, and the formulas in them."""
    return "".join(
        _typeset(piece, "inline") if formula else escape(piece) for formula, piece in pieces(text)
    )


def _typeset(formula: str, display: str = "block") -> str:
    try:
        from latex2mathml.converter import convert
    except ImportError as error:
        raise ImportError(
            "the page's formulas need latex2mathml: pip install 'autograd-lite[html]'"
        ) from error
    mathml: str = convert(formula, display=display)
    return mathml
