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
    "STATED",
    "TRIALS",
    "VERDICTS",
    "Audited",
    "Claim",
    "Finding",
    "Paper",
    "Shape",
    "audit",
    "distance",
    "judge",
    "shape",
    "shape_of",
]

AGREES = 1e-9
"""A claim whose error is at most this holds."""
DIFFERS = 1e-6
"""A claim whose error is at least this does not; in between nothing is decided."""
TRIALS = 3

VERDICTS = {
    "holds": ("holds", "hold"),
    "holds if": ("holds under a condition", "hold under a condition"),
    "wrong": ("is wrong", "are wrong"),
    "misprint": ("is a misprint", "are misprints"),
    "undecided": ("is undecided", "are undecided"),
}
"""Each verdict, and how it is said of one claim and of several."""

STATED = "as the paper says: "
"""How a condition begins that is not left out in the paper."""

Given: TypeAlias = Callable[[np.random.Generator], SimpleNamespace]
Side: TypeAlias = Callable[[SimpleNamespace], Any]


class Shape(tuple[int, ...]):
    """The shape of an array: another one is not nearly right, whatever the widths."""


def shape(*sizes: int) -> Shape:
    """A shape as a paper prints it."""
    return Shape(sizes)


def shape_of(array: Any) -> Shape:
    """The shape that an array has."""
    return Shape(np.shape(array))


@dataclass(frozen=True)
class Claim:
    """One statement, with all it takes to check it.

    Formulas within the words of `condition` and `note` are LaTeX between dollar signs.

    Attributes
    ----------
    id : str
        Paper and place, ``"park/eq39"``.
    label : str
        Where it stands, as the paper calls the place.
    statement : str
        LaTeX, in our notation, as printed.
    verdict : {"holds", "holds if", "misprint", "wrong"}
        What is recorded, an expectation; `judge` finds its own.
    given : callable
        Draws what the formulas are about, from a ``numpy.random.Generator``: arrays, numbers, and
        functions.
    printed : callable
        The statement, step for step, with NumPy. None for a slip of the text alone, with nothing
        to compute.
    engine : callable
        What the tape, or plain NumPy where nothing is differentiated, has in its place.
    condition : str
        What must hold besides, in words; it begins with `STATED` where the paper has it too.
    without : callable
        Draws the same as `given`, but not as the condition wants it.
    correction : str
        What should be printed, LaTeX.
    corrected : callable
        The correction, as `printed`.
    note : str
        A convention, a constant, or damage from the extraction of the text; in words.
    again : str
        The id of an earlier claim that is wrong by the same slip.
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
    again: str = ""

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
        One of those of `Claim`, or ``"undecided"`` where an error fell between the thresholds, or
        is not explained by a correction that is right.
    error : float or None
        The distance of the printed form from the engine's; None with nothing to compute.
    correction_error : float or None
        The same of the correction, where one is computed.
    error_without : float or None
        The same of the printed form where its condition fails.
    of_shapes : bool
        Whether shapes were compared, which are right (0) or not (1).
    """

    claim: Claim
    verdict: str
    error: float | None = None
    correction_error: float | None = None
    error_without: float | None = None
    of_shapes: bool = False

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
        Orientation and constants of the paper: not errors, only choices. Formulas are LaTeX
        between dollar signs.
    claims : list of Claim
    """

    name: str
    title: str
    conventions: str
    claims: list[Claim] = field(default_factory=list)

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims)

    def holds(
        self,
        item: str,
        label: str,
        statement: str,
        given: Given,
        *,
        printed: Side,
        engine: Side,
        note: str = "",
    ) -> None:
        """Record a claim that is true as printed."""
        self._add("holds", item, label, statement, given, printed, engine, note=note)

    def holds_if(
        self,
        item: str,
        label: str,
        statement: str,
        given: Given,
        *,
        printed: Side,
        engine: Side,
        condition: str,
        without: Given,
        note: str = "",
    ) -> None:
        """Record a claim that is true where `condition` is, and not where it is not."""
        condition_and = {"condition": condition, "without": without, "note": note}
        self._add("holds if", item, label, statement, given, printed, engine, **condition_and)

    def wrong(
        self,
        item: str,
        label: str,
        statement: str,
        given: Given,
        *,
        printed: Side,
        engine: Side,
        correction: str,
        corrected: Side,
        note: str = "",
        again: str = "",
    ) -> None:
        """Record a claim that is not true as printed, with what is; `again`: by whose slip."""
        truth = {"correction": correction, "corrected": corrected, "note": note}
        again = again and f"{self.name}/{again}"
        self._add("wrong", item, label, statement, given, printed, engine, again=again, **truth)

    def misprint(
        self, item: str, label: str, statement: str, *, correction: str, note: str = ""
    ) -> None:
        """Record a slip of the text with nothing to compute."""
        self._add("misprint", item, label, statement, correction=correction, note=note)

    def _add(
        self, verdict: str, item: str, label: str, statement: str, *sides: Any, **more: Any
    ) -> None:
        self.claims.append(Claim(f"{self.name}/{item}", label, statement, verdict, *sides, **more))


Audited: TypeAlias = Sequence[tuple[Paper, Sequence[Finding]]]
"""Papers, each with what was found of its claims."""


def audit(papers: Iterable[Paper], only: str | None = None, prefix: str = "") -> Audited:
    """Judge the claims of papers.

    Parameters
    ----------
    papers : iterable of Paper
    only : {"holds", "holds if", "wrong", "misprint"}, optional
        Leave out the claims that have another verdict on record.
    prefix : str
        Leave out the claims whose id begins otherwise.

    Returns
    -------
    list of (Paper, list of Finding)
        Without the papers that have no such claim.
    """
    chosen = (
        (paper, [c for c in paper if only in (None, c.verdict) and c.id.startswith(prefix)])
        for paper in papers
    )
    return [(paper, [judge(claim) for claim in claims]) for paper, claims in chosen if claims]


def distance(found: Any, expected: Any) -> float:
    """Measure how far two results are apart.

    Parameters
    ----------
    found, expected : array_like, Shape, or tuple or list of them

    Returns
    -------
    float
        The largest difference between two entries, divided by the largest magnitude in either
        array, or by 1e-3 where all are smaller. 1.0 for NaN, different lengths, or different
        shapes, be they of two arrays or what is compared.
    """
    if isinstance(expected, Shape):
        return float(found != expected)
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
    error, of_shapes = _compare(claim, claim.printed, claim.given)
    corrected, _ = _compare(claim, claim.corrected, claim.given)
    without, _ = _compare(claim, claim.printed, claim.without)
    return Finding(claim, _verdict(error, corrected, without), error, corrected, without, of_shapes)


def _verdict(error: float | None, corrected: float | None, without: float | None) -> str:
    """What the errors say, whatever is on record."""
    if error is None:
        return "misprint"
    if error <= AGREES and (without is None or without <= AGREES):
        return "holds"
    if error <= AGREES and without is not None and without >= DIFFERS:
        return "holds if"
    if error >= DIFFERS and corrected is not None and corrected <= AGREES:
        return "wrong"
    return "undecided"


def _compare(claim: Claim, side: Side | None, given: Given | None) -> tuple[float | None, bool]:
    """The distance of a side from the engine's, None without one; and whether it is of shapes."""
    if side is None or given is None:
        return None, False
    assert claim.engine is not None, "a claim that is computed has something to be compared with"
    draws = [given(np.random.default_rng(seed)) for seed in range(TRIALS)]
    pairs = [(side(c), claim.engine(c)) for c in draws]
    return max(distance(*pair) for pair in pairs), _of_shapes(pairs[0][1])


def _of_shapes(value: Any) -> bool:
    """Whether a value is a shape, or several, and nothing else."""
    several = isinstance(value, (tuple, list)) and bool(value)
    return isinstance(value, Shape) or (several and all(map(_of_shapes, value)))
