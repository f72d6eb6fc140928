"""Which slip makes right gradients into the ones that were given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .case import Case, Slip
from .factors import factor_slips, fit, readings, times
from .network import births
from .replay import Array, Record
from .slips import MESSAGES, Change, changes, silenced

__all__ = ["explain"]

_DEPTH = 4  # slips of different kinds that are told apart in one program
_NEAR = 1e-4  # to 0, 1/2 or 2: the factor of a penalty or part is that


@dataclass(frozen=True)
class _Trial:
    """A change, and what it does to the gradients that are wrong without it.

    Attributes
    ----------
    change : Change
    touched : list of int
        Those that it alters.
    left : list of int
        Those that are wrong with it.
    factor : float or None
        One with a name that sets all of these right.
    """

    change: Change
    touched: list[int]
    left: list[int]
    factor: float | None


def explain(
    case: Case, base: dict[int, Record] | None = None, depth: int = _DEPTH
) -> Iterator[Slip]:
    """Name the slips that make the tape's gradients into the given ones.

    A slip of the rules is tried by running the backward pass with it, one of a whole gradient by
    comparing numbers. One that explains everything goes first; otherwise the one that explains
    most, and what remains is compared with a tape that has it.

    Parameters
    ----------
    case : Case
    base : dict of int to Record, optional
        Slips that were found already.
    depth : int

    Yields
    ------
    Slip
        With the name ``"unknown"`` for what none explains.
    """
    base = base or {}
    expected = case.tape.gradients(base)
    wrong = case.wrong(expected)
    if not wrong:
        return
    if slips := _in_common(case, expected, wrong):
        yield from slips
        return
    trials = [_tried(case, base, expected, wrong, change) for change in changes(case.network)]
    if right := [t for t in trials if not t.left]:
        yield from _of_trials(case, right)
    elif slips := _of_parts(case, base, expected, wrong):
        yield from slips
    elif scaled := next((t for t in trials if t.factor), None):
        yield from _of_trials(case, [scaled])
        yield from factor_slips(case, scaled.factor or 1, case.named(wrong))
    elif slips := _penalty_added(case, expected, wrong):
        yield from slips
    elif depth and (partial := [t for t in trials if set(t.left) < set(wrong)]):
        best = min(partial, key=lambda t: len(t.left))
        yield from _of_trials(case, [best])
        yield from explain(case, {**base, **best.change.records}, depth - 1)
    else:
        for group in _groups(case, expected, wrong):
            yield from (
                _in_common(case, expected, group)
                or _penalty_added(case, expected, group)
                or [_unknown(case, group)]
            )


# Slips of rules.


def _tried(
    case: Case, base: dict[int, Record], expected: list[Array], wrong: list[int], change: Change
) -> _Trial:
    """Run the backward pass with a change."""
    gradients = case.tape.gradients({**base, **change.records})
    left = case.wrong(gradients)
    touched = [i for i in wrong if i not in left or not case.same(i, gradients[i], expected[i])]
    c = fit([case.given[i] for i in wrong], [gradients[i] for i in wrong])
    if c is not None and readings(case, c):
        scaled = [c * g if i in wrong else g for i, g in enumerate(gradients)]
        return _Trial(change, touched, left, None if case.wrong(scaled) else c)
    return _Trial(change, touched, left, None)


def _of_trials(case: Case, trials: list[_Trial]) -> list[Slip]:
    """Findings from changes that all explain the same."""
    change, names = trials[0].change, case.named(trials[0].touched)
    if change.kind == "factor":
        slips = factor_slips(case, case.network.factors[change.name], names)
        return [replace(s, message=f"{change.where}: {s.message}") for s in slips]
    also = {t.change.name for t in trials} - {change.name}
    text = f"{change.where}: {MESSAGES[change.name]}"
    return [Slip(change.name, names, text, tuple(sorted(also)))]


# Parts of the loss that are off by a factor.


def _of_parts(
    case: Case, base: dict[int, Record], expected: list[Array], wrong: list[int]
) -> list[Slip]:
    """A part of the loss whose gradient is missing or off by a factor, the penalty first."""
    for change in silenced(case.network):
        without = case.tape.gradients({**base, **change.records})
        part = [e - w for e, w in zip(expected, without, strict=True)]
        fitted = wrong if change.kind == "penalty" else range(len(part))
        c = fit([case.given[i] - without[i] for i in fitted], [part[i] for i in fitted])
        if c is None or not (sum(p.size for p in part) > 1 or readings(case, c)):
            continue
        found = [w + c * p for w, p in zip(without, part, strict=True)]
        if change.kind == "penalty":  # it may be right in some layers
            found = [f if i in wrong else expected[i] for i, f in enumerate(found)]
        if not case.wrong(found):
            names = case.named(wrong)
            if change.kind == "penalty":
                return [_of_penalty(change, c, names)]
            return _of_part(case, change, c, names)
    return []


def _of_penalty(change: Change, c: float, names: tuple[str, ...]) -> Slip:
    if abs(c) < _NEAR:
        return Slip("penalty missing", names, f"the gradient of {change.where} is left out")
    known = {2.0: "penalty doubled", 0.5: "penalty halved"}
    slip = next((name for value, name in known.items() if abs(c - value) < _NEAR), "penalty factor")
    return Slip(slip, names, f"the gradient of {change.where} is {times(c)}")


def _of_part(case: Case, change: Change, c: float, names: tuple[str, ...]) -> list[Slip]:
    text = f"what comes through {change.where}: "
    if abs(c) < _NEAR:
        return [Slip("part missing", names, text + "it is left out")]
    return [replace(s, message=text + s.message) for s in factor_slips(case, c, names)]


# Slips of whole gradients.


def _in_common(case: Case, expected: list[Array], wrong: list[int]) -> list[Slip]:
    """Slips of whole gradients, the same for all of these."""
    names = case.named(wrong)
    if not any(case.given[i].any() for i in wrong):
        return [Slip("zero", names, "the gradient is 0 here: nothing was assigned to it")]
    c = fit([case.given[i] for i in wrong], [expected[i] for i in wrong])
    several = sum(expected[i].size for i in wrong) > 1
    if (
        c is not None
        and abs(c) > case.rtol
        and (several or readings(case, c))
        and all(case.agrees(i, c * expected[i]) for i in wrong)
    ):
        return factor_slips(case, c, names, biases=_are_biases(case, wrong))
    if all(_is_square(expected[i]) and case.agrees(i, expected[i].T) for i in wrong):
        return [Slip("transposed", names, "the gradient is transposed: (A.T @ B).T is B.T @ A")]
    return []


def _penalty_added(case: Case, expected: list[Array], wrong: list[int]) -> list[Slip]:
    """Multiples of the parameters themselves, where the loss has none."""
    values = [np.asarray(case.tape.records[case.tape.leaves[i]].data) for i in wrong]
    c = fit([case.given[i] - expected[i] for i in wrong], values)
    if c is None or sum(v.size for v in values) == 1:
        return []
    with_penalty = [expected[i] + c * v for i, v in zip(wrong, values, strict=True)]
    if not all(case.agrees(i, e) for i, e in zip(wrong, with_penalty, strict=True)):
        return []
    text = f"{c:.4g} times the parameter itself was added, a penalty that the loss has not"
    return [Slip("penalty added", case.named(wrong), text)]


def _is_square(x: Array) -> bool:
    return x.ndim == 2 and x.shape[0] == x.shape[1]


def _are_biases(case: Case, wrong: list[int]) -> bool:
    """Whether these, and no others, are parameters that are added to every sample."""
    added: Counter[int] = Counter()
    for r in case.network.path:
        if r.op.name in ("add", "linear"):
            for birth, v in zip(births(r), r.values, strict=True):
                if birth in case.tape.leaves and np.size(v):
                    added[birth] += r.data.size // np.size(v)
    return 0 < len(wrong) < len(case.given) and all(
        added[case.tape.leaves[i]] == case.network.samples for i in wrong
    )


def _groups(case: Case, expected: list[Array], wrong: list[int]) -> list[list[int]]:
    """Split what is wrong into parts with one direct explanation each, and what has none."""
    groups: list[list[int]] = []
    nothing = []

    def read(group: Sequence[int]) -> list[str]:
        return [s.slip for s in _in_common(case, expected, [*group])]

    for i in wrong:
        if not (alone := read([i])):
            nothing.append(i)
        elif group := next((group for group in groups if read([*group, i]) == alone), None):
            group.append(i)
        else:
            groups.append([i])
    return groups + ([nothing] if nothing else [])


def _unknown(case: Case, wrong: list[int]) -> Slip:
    text = "none of the slips that are known here explains the numbers"
    return Slip("unknown", case.named(wrong), text)
