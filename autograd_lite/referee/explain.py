"""Which slip makes right gradients into the ones that were given."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .network import Network
from .replay import Array, Record, Tape
from .slips import MESSAGES, Change, changes, scalings

__all__ = ["Case", "Slip", "explain"]

_DEPTH = 4  # slips of different kinds that are told apart in one program


@dataclass(frozen=True)
class Slip:
    """One finding.

    Attributes
    ----------
    slip : str
        A short name, such as ``"factor 2"``.
    gradients : tuple of str
        Those it explains: ``"dW[0]"``.
    message : str
        What is wrong and what to write instead.
    also : tuple of str
        Other slips that give the same numbers on these data.
    """

    slip: str
    gradients: tuple[str, ...]
    message: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Gradients that were given, and the tape they are compared with.

    Attributes
    ----------
    network : Network
    names : sequence of str
    given : sequence of arrays
        In the shapes of the parameters.
    rtol : float
        Relative to the largest entry of a gradient.
    floors : sequence of float
        What rounding may move an entry of each gradient by.
    """

    network: Network
    names: Sequence[str]
    given: Sequence[Array]
    rtol: float
    floors: Sequence[float]

    @property
    def tape(self) -> Tape:
        """The recorded loss."""
        return self.network.tape

    def agrees(self, i: int, expected: Array) -> bool:
        """Whether gradient `i` is the expected one, to rounding."""
        error = np.abs(self.given[i] - expected).max(initial=0)
        return bool(error <= self.rtol * np.abs(expected).max(initial=0) + self.floors[i])

    def wrong(self, expected: Sequence[Array]) -> list[int]:
        """Count off the gradients that are not the expected ones."""
        return [i for i, e in enumerate(expected) if not self.agrees(i, e)]


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
    if whole := _in_common(case, expected, wrong):
        yield from whole
        return
    found, partial = _replays(case, base, wrong, expected)
    if found:
        yield from _as_slips(case, found, wrong)
        return
    if added := _penalty_added(case, expected, wrong):
        yield from added
        return
    if depth and partial:
        change, left = partial
        yield from _as_slips(case, [(change, 1.0)], [i for i in wrong if i not in left])
        yield from explain(case, {**base, **change.records}, depth - 1)
        return
    for group in _groups(case, expected, wrong):
        yield from (
            _in_common(case, expected, group)
            or _penalty_added(case, expected, group)
            or [_unknown(case, group)]
        )


def _replays(
    case: Case, base: dict[int, Record], wrong: list[int], expected: list[Array]
) -> tuple[list[tuple[Change, float]], tuple[Change, list[int]] | None]:
    """The changes that explain all that is wrong, or with a factor; the one that explains most."""
    exact, scaled = [], []
    best = None
    for change in changes(case.network):
        gradients = case.tape.gradients({**base, **change.records})
        left = case.wrong(gradients)
        if not left:
            exact.append((change, 1.0))
        elif len(left) < (len(best[1]) if best else len(wrong)) and set(left) < set(wrong):
            best = (change, left)
        elif (c := _ratio(case, gradients, wrong)) and not best:
            scaled.append((change, c))
    if exact:
        return exact, None
    for change in scalings(case.network):
        without = case.tape.gradients({**base, **change.records})
        part = [e - w for e, w in zip(expected, without, strict=True)]
        fitted = wrong if change.slip == "penalty" else range(len(part))
        c = _fit([case.given[i] - without[i] for i in fitted], [part[i] for i in fitted])
        if c is None or not (sum(p.size for p in part) > 1 or _factor_names(case, c)[0]):
            continue
        found = [w + c * p for w, p in zip(without, part, strict=True)]
        if change.slip == "penalty":  # it may be right in some layers
            found = [
                f if i in wrong else e for i, (f, e) in enumerate(zip(found, expected, strict=True))
            ]
        if not case.wrong(found):
            return [(change, c)], None
    return scaled[:1], best


def _fit(given: Sequence[Array], expected: Sequence[Array]) -> float | None:
    """The factor between the two, each gradient counted alike."""
    above = below = 0.0
    for g, e in zip(given, expected, strict=True):
        scale = np.abs(e).max(initial=0)
        if scale:
            above += float(np.sum(g / scale * (e / scale)))
            below += float(np.sum((e / scale) ** 2))
    return above / below if below else None


def _ratio(case: Case, gradients: list[Array], wrong: list[int]) -> float | None:
    """A factor with a name that makes these gradients into the given ones where those are wrong."""
    c = _fit([case.given[i] for i in wrong], [gradients[i] for i in wrong])
    if c is None or not _factor_names(case, c)[0]:
        return None
    scaled = [c * g if i in wrong else g for i, g in enumerate(gradients)]
    return None if case.wrong(scaled) else c


def _in_common(case: Case, expected: list[Array], wrong: list[int]) -> list[Slip]:
    """Slips of whole gradients, the same for all of these."""
    names = tuple(case.names[i] for i in wrong)
    c = _fit([case.given[i] for i in wrong], [expected[i] for i in wrong])
    if not any(case.given[i].any() for i in wrong):
        return [Slip("zero", names, "the gradient is 0 here: nothing was assigned to it")]
    several = sum(expected[i].size for i in wrong) > 1
    if (
        c is not None
        and abs(c) > case.rtol
        and (several or _factor_names(case, c)[0])
        and all(case.agrees(i, c * expected[i]) for i in wrong)
    ):
        return _factor_slips(case, c, names, _are_biases(case, wrong))
    if all(_is_square(expected[i]) and case.agrees(i, expected[i].T) for i in wrong):
        return [Slip("transposed", names, "the gradient is transposed: (A.T @ B).T is B.T @ A")]
    return []


def _penalty_added(case: Case, expected: list[Array], wrong: list[int]) -> list[Slip]:
    """Multiples of the parameters themselves, where the loss has none."""
    values = [np.asarray(case.tape.records[case.tape.leaves[i]].data) for i in wrong]
    c = _fit([case.given[i] - expected[i] for i in wrong], values)
    if c is None or sum(v.size for v in values) == 1:
        return []
    with_penalty = [expected[i] + c * v for i, v in zip(wrong, values, strict=True)]
    if not all(case.agrees(i, e) for i, e in zip(wrong, with_penalty, strict=True)):
        return []
    names = tuple(case.names[i] for i in wrong)
    text = f"{c:.4g} times the parameter itself was added, a penalty that the loss has not"
    return [Slip("penalty added", names, text)]


def _is_square(x: Array) -> bool:
    return x.ndim == 2 and x.shape[0] == x.shape[1]


def _are_biases(case: Case, wrong: list[int]) -> bool:
    """Whether these, and no others, are parameters that are broadcast over the batch."""
    biases = set()
    for r in case.network.path:
        if r.op.name in ("add", "linear"):
            biases |= {
                x.birth
                for x, v in zip(r.inputs, r.values, strict=True)
                if getattr(x, "birth", None) in case.tape.leaves
                and np.size(v) * case.network.samples == r.data.size
            }
    return 0 < len(wrong) < len(case.given) and {case.tape.leaves[i] for i in wrong} <= biases


def _groups(case: Case, expected: list[Array], wrong: list[int]) -> list[list[int]]:
    """Split what is wrong into parts with one direct explanation each, and what has none."""
    groups: list[list[int]] = []
    nothing = []
    for i in wrong:
        alone = _in_common(case, expected, [i])
        if not alone:
            nothing.append(i)
            continue
        for group in groups:
            if [s.slip for s in _in_common(case, expected, [*group, i])] == [s.slip for s in alone]:
                group.append(i)
                break
        else:
            groups.append([i])
    return groups + ([nothing] if nothing else [])


def _unknown(case: Case, wrong: list[int]) -> Slip:
    names = tuple(case.names[i] for i in wrong)
    return Slip("unknown", names, "none of the slips that are known here explains the numbers")


def _factor_names(case: Case, c: float) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The slips a factor may come from, and the other readings; none for a factor without name."""
    named = case.network.factors
    sign = ("sign",) if c < 0 else ()

    def is_c(value: float) -> bool:
        return bool(abs(abs(c) - value) <= case.rtol * value)

    readings: list[tuple[str, ...]] = [sign] if sign and is_c(1) else []
    readings += [(*sign, name) for name, value in named.items() if is_c(value)]
    if not readings:
        halves = ("factor 2", "factor 1/2")
        lengths = [
            name for name in ("missing 1/N", "1/N twice", "missing 1/(N*K)") if name in named
        ]
        for half, name in itertools.product(halves, lengths):
            if is_c(named[half] * named[name]):
                readings.append((*sign, half, name))
    return (readings[0], readings[1:]) if readings else ((), [])


def _factor_slips(case: Case, c: float, names: tuple[str, ...], biases: bool) -> list[Slip]:
    n, k = case.network.samples, case.network.classes
    first, others = _factor_names(case, c)
    also = tuple(" and ".join(reading) for reading in others)
    if not first:
        text = f"every entry is {c:.6g} times what it should be"
        return [Slip("constant factor", names, text)]
    if biases and "1/N twice" in (*first, *also):
        also = (*first, *also)
        text = "the mean over the batch stands where the sum belongs (or 1/N was applied twice)"
        return [Slip("not summed over the batch", names, text, also)]
    texts = {
        "sign": "the sign is turned round (P - Y, not Y - P)",
        "factor 2": "twice the gradient: leave out a factor 2, which only a square brings",
        "factor 1/2": "half the gradient: a factor 2 is missing; the derivative of z**2 is 2 * z",
        "missing 1/N": f"{n} times the gradient: divide by the batch size N = {n}, once",
        "1/N twice": f"1/{n} of the gradient: divide by the batch size N = {n} only once",
        "missing 1/(N*K)": f"the mean is over all N * K = {n * k} entries: divide by that, once",
        "1/(N*K) twice": f"divide by the number of entries N * K = {n * k} only once",
        "missing 1/K": f"{k} times the gradient: divide by the number of outputs K = {k} too",
        "1/K too many": f"1/{k} of the gradient: do not divide by the number of outputs K = {k}",
        "1/K for 1/N": f"divided by the number of outputs K = {k}, not by the batch size N = {n}",
        "1/(N-1) for 1/N": f"divided by N - 1 = {n - 1}, not by the batch size N = {n}",
        "1/N for 1/K": f"divided by the batch size N = {n}, not by the number of outputs K = {k}",
    }
    return [Slip(name, names, texts[name], also) for name in first]


def _as_slips(case: Case, found: list[tuple[Change, float]], wrong: list[int]) -> list[Slip]:
    """Findings from changes that all explain the same."""
    change, c = found[0]
    names = tuple(case.names[i] for i in wrong)
    if change.slip == "penalty":
        kinds = {0.0: "missing", 2.0: "doubled", 0.5: "halved"}
        kind = next((text for value, text in kinds.items() if abs(c - value) < 1e-4), "factor")
        text = f"the gradient of {change.where} is {c:.4g} times what it should be"
        return [Slip(f"penalty {kind}", names, text)]
    if change.slip == "part":
        text = f"what comes through {change.where}: "
        if abs(c) < 1e-4:
            return [Slip("part missing", names, text + "it is left out")]
        return [replace(s, message=text + s.message) for s in _factor_slips(case, c, names, False)]
    if change.slip in case.network.factors:
        slips = _factor_slips(case, case.network.factors[change.slip], names, False)
        return [replace(s, message=f"{change.where}: {s.message}") for s in slips]
    others = {other.slip for other, _ in found} - {change.slip}
    slips = [
        Slip(change.slip, names, f"{change.where}: {MESSAGES[change.slip]}", tuple(sorted(others)))
    ]
    return slips if c == 1 else slips + _factor_slips(case, c, names, False)
