"""What a paper asserts, and what the tape says to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "AGREES",
    "DIFFERS",
    "TRIALS",
    "VERDICTS",
    "Audited",
    "Claim",
    "Finding",
    "Paper",
    "audit",
    "distance",
    "judge",
]

AGREES = 1e-9
"""A claim whose error is at most this holds."""
DIFFERS = 1e-6
"""A claim whose error is at least this does not; in between nothing is decided."""
TRIALS = 3

VERDICTS = {
    "holds": "hold",
    "holds if": "hold under a condition",
    "wrong": "are wrong",
    "misprint": "are misprints",
    "undecided": "are undecided",
}
"""Each verdict, and how it is said of several claims."""

Given: TypeAlias = Callable[[np.random.Generator], SimpleNamespace]
Side: TypeAlias = Callable[[SimpleNamespace], Any]


@dataclass(frozen=True)
class Claim:
    """One statement, with all it takes to check it.

    Attributes
    ----------
    id : str
        Paper and place, ``"park/eq39"``.
    label : str
        Where it stands, as the paper calls the place.
    statement : str
        LaTeX, in our notation, as printed.
    verdict : {"holds", "holds if", "misprint", "wrong"}
        What is recorded; `judge` finds its own.
    given : callable
        Draws what the formulas are about, from a ``numpy.random.Generator``: arrays, numbers, and
        functions.
    printed : callable
        The statement, step for step, with NumPy. None for a slip of the text alone, with nothing
        to compute.
    engine : callable
        What the tape, or plain NumPy where nothing is differentiated, has in its place.
    condition : str
        What must hold besides, in words.
    without : callable
        Draws the same as `given`, but not as the condition wants it.
    correction : str
        What should be printed, LaTeX.
    corrected : callable
        The correction, as `printed`.
    note : str
        A convention, a constant, or damage from the extraction of the text; in words.
    """

    id: str
    label: str
    statement: str
    verdict: str
    given: Given | None = None
    printed: Side | None = None
    engine: Side | None = None
    condition: str = ""
    without: Given | None = None
    correction: str = ""
    corrected: Side | None = None
    note: str = ""

    @property
    def paper(self) -> str:
        """The paper's short name, the first part of `id`."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Finding:
    """What came out of checking a claim.

    Attributes
    ----------
    claim : Claim
    verdict : str
        One of those of `Claim`, or ``"undecided"`` where an error fell between the thresholds or
        a condition, an error or a correction could not be shown.
    error : float or None
        The distance of the printed form from the engine's; None with nothing to compute.
    correction_error : float or None
        The same of the correction, where one is computed.
    error_without : float or None
        The same of the printed form where its condition fails.
    """

    claim: Claim
    verdict: str
    error: float | None = None
    correction_error: float | None = None
    error_without: float | None = None

    @property
    def expected(self) -> bool:
        """Whether this is the recorded verdict."""
        return self.verdict == self.claim.verdict


@dataclass(frozen=True)
class Paper:
    """The claims of one paper, in its order; each verdict is a method that records a claim.

    Attributes
    ----------
    name, title : str
        Short name, and author, title and year.
    conventions : str
        Orientation and constants of the paper: not errors, only choices.
    claims : list of Claim
    """

    name: str
    title: str
    conventions: str
    claims: list[Claim] = field(default_factory=list)

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def _add(self, item: str, label: str, statement: str, verdict: str, **details: Any) -> None:
        self.claims.append(Claim(f"{self.name}/{item}", label, statement, verdict, **details))

    def holds(
        self,
        item: str,
        label: str,
        statement: str,
        given: Given,
        printed: Side,
        engine: Side,
        note: str = "",
    ) -> None:
        """Record a claim that is true as printed."""
        self._add(
            item, label, statement, "holds", given=given, printed=printed, engine=engine, note=note
        )

    def holds_if(
        self,
        item: str,
        label: str,
        statement: str,
        condition: str,
        given: Given,
        without: Given,
        printed: Side,
        engine: Side,
        note: str = "",
    ) -> None:
        """Record a claim that is true where `condition` is, and not where it is not."""
        self._add(
            item,
            label,
            statement,
            "holds if",
            condition=condition,
            given=given,
            without=without,
            printed=printed,
            engine=engine,
            note=note,
        )

    def wrong(
        self,
        item: str,
        label: str,
        statement: str,
        correction: str,
        given: Given,
        printed: Side,
        corrected: Side,
        engine: Side,
        note: str = "",
    ) -> None:
        """Record a claim that is not true as printed, with what is."""
        self._add(
            item,
            label,
            statement,
            "wrong",
            correction=correction,
            given=given,
            printed=printed,
            corrected=corrected,
            engine=engine,
            note=note,
        )

    def misprint(
        self, item: str, label: str, statement: str, correction: str, note: str = ""
    ) -> None:
        """Record a slip of the text with nothing to compute."""
        self._add(item, label, statement, "misprint", correction=correction, note=note)


Audited: TypeAlias = Sequence[tuple[Paper, Sequence[Finding]]]
"""Papers, each with what was found of its claims."""


def audit(papers: Iterable[Paper], only: str | None = None) -> Audited:
    """Judge the claims of papers.

    Parameters
    ----------
    papers : iterable of Paper
    only : {"holds", "holds if", "wrong", "misprint"}, optional
        Leave out the claims that have another verdict on record.

    Returns
    -------
    list of (Paper, list of Finding)
    """
    return [
        (paper, [judge(claim) for claim in paper if only in (None, claim.verdict)])
        for paper in papers
    ]


def distance(found: Any, expected: Any) -> float:
    """Measure how far two results are apart.

    Parameters
    ----------
    found, expected : array_like, or tuple or list of them

    Returns
    -------
    float
        The largest difference between two entries, divided by the largest magnitude in either
        array, or by 1e-3 where all are smaller. 1.0 for different shapes, lengths, or NaN.
    """
    if isinstance(expected, (tuple, list)):
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            return 1.0
        return max((distance(f, e) for f, e in zip(found, expected, strict=True)), default=0.0)
    f: npt.NDArray[Any] = np.asarray(found)
    e: npt.NDArray[Any] = np.asarray(expected)
    if f.shape != e.shape:
        return 1.0
    if not e.size:
        return 0.0
    scale = max(float(np.max(np.abs(f))), float(np.max(np.abs(e))), 1e-3)
    difference = float(np.max(np.abs(f - e)))
    return difference / scale if np.isfinite(difference) else 1.0


def judge(claim: Claim) -> Finding:
    """Check one claim on several draws of what it is about.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    Finding
    """
    if claim.printed is None:
        return Finding(claim, "misprint")
    error = _error(claim.given, claim.printed, claim.engine)
    if claim.corrected is not None:
        corrected = _error(claim.given, claim.corrected, claim.engine)
        shown = error >= DIFFERS and corrected <= AGREES
        return Finding(claim, "wrong" if shown else "undecided", error, corrected)
    if claim.without is not None:
        without = _error(claim.without, claim.printed, claim.engine)
        shown = error <= AGREES and without >= DIFFERS
        return Finding(claim, "holds if" if shown else "undecided", error, error_without=without)
    return Finding(claim, "holds" if error <= AGREES else "undecided", error)


def _error(given: Given | None, side: Side, engine: Side | None) -> float:
    assert given is not None, "a claim that is computed says what it is about"
    assert engine is not None, "a claim that is computed has something to be compared with"
    draws = (given(np.random.default_rng(seed)) for seed in range(TRIALS))
    return max(distance(side(c), engine(c)) for c in draws)
