"""Which numbers of a program follow the number of samples: another one is tried, to see."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..rules.neural import cross_entropy
from .program import Node, Program, forget_example, made_by, ratio

__all__ = ["Resized", "Sizes", "averaged", "following", "is_range", "of_another_size"]


_FEW = 11
"""Of so many samples or more, no more are tried: that takes long enough."""


@dataclass(frozen=True)
class Sizes:
    """What whole numbers are called, and where they are meant.

    Attributes
    ----------
    names : dict of int to str
        Of the number of samples, and of the number of entries.
    counts : set of int
        The births of the numbers, and of the means over so many, that grow with it.
    shares : set of int
        The births of the numbers that shrink with it.
    ranges : set of int
        The identities of the arrays 0 ... n - 1 that grow with it.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    counts: Container[int] = ()
    shares: Container[int] = ()
    ranges: Container[int] = ()

    def share(self, c: Node, dtype: Any) -> tuple[int, int, str | None] | None:
        """The whole numbers k and n where a constant is k / n, and what n is called."""
        found = []
        for n, name in self.names.items() if c.birth in self.shares else ():
            # With a larger denominator, some fraction is as near as this to any number.
            largest = min(1000, 1 + int(0.1 / _rounding(c.value) ** 0.5))
            share = Fraction(float(c.value) * n).limit_denominator(largest)
            k, times = share.numerator, share.denominator
            if _near(k / (n * times), c.value):
                named = name if times == 1 else f"{times} * {name}"
                found.append((abs(k) * times, (k, n * times, named)))
        if found:
            return min(found)[1]
        plain = ratio(c, dtype)
        return plain and (*plain, None)

    def name(self, x: Node, n: Any) -> str | None:
        """What the number n is called that a constant is, or that a mean is over."""
        named = self.names.items() if x.birth in self.counts else ()
        return next((name for count, name in named if count == n), None)

    def of_range(self, value: np.ndarray) -> str | None:
        """What the length of 0 ... n - 1 is called."""
        return self.names.get(value.size) if id(value) in self.ranges else None


class Resized(NamedTuple):
    """The program of the same function for `m` samples in place of `n`."""

    program: Program
    n: int
    m: int


def of_another_size(
    program_of: Callable[[list[np.ndarray]], Program],
    example: Sequence[np.ndarray],
    is_data: Sequence[bool],
) -> Resized | None:
    """Try a function with another number of samples.

    Parameters
    ----------
    program_of : callable
        Records the function on an example.
    example : sequence of array
    is_data : sequence of bool
        Which of them are no parameters: the rows of the first that can have more are the samples.

    Returns
    -------
    Resized or None
        None for a function that takes no other number.
    """
    data = [x for x, is_data in zip(example, is_data, strict=True) if is_data and x.ndim]
    lengths = {length for x in example for length in x.shape}
    counts = dict.fromkeys(len(x) for x in data if len(x))
    tried = [(n, m) for n in counts for m in _others(n, lengths)]
    for (n, m), of_all in itertools.product(tried, (False, True)):
        rows = np.arange(m) % n
        other = [
            x[rows] if x.shape[:1] == (n,) and (of_all or is_data) else x.copy()
            for x, is_data in zip(example, is_data, strict=True)
        ]
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                program = program_of(other)
        except Exception:  # it need not take this number
            continue
        forget_example(program)
        return Resized(program, n, m)
    return None


def _others(n: int, lengths: Container[int]) -> Iterator[int]:
    """Other numbers of samples: one near to n, for the time may grow fast, and one for groups."""
    starts = ((n + 1, 1), (2 * n, n)) if n < _FEW else ((_FEW, 1), (12, 12))
    for start, step in starts:
        # With 2, a division by it may meet a factor 2.
        yield next(m for m in itertools.count(start, step) if m > 2 and m not in lengths)


def averaged(line: Node) -> int:
    """Over how many numbers, or samples, a line takes the mean; 0 for one that takes none."""
    if made_by(line, np.mean):
        return int(line.inputs[0].value.size // max(line.value.size, 1))
    return len(line.inputs[0].value) if made_by(line, cross_entropy) else 0


def following(program: Program, resized: Resized, names: Mapping[int, str]) -> Sizes:
    """Find what follows the number of samples.

    Parameters
    ----------
    program : Program
    resized : Resized
        The same, for another number.
    names : dict of int to str
        Of the number of samples, and of the number of entries.

    Returns
    -------
    Sizes
        Without any where the programs differ in more.
    """
    other, n, m = resized
    if _courses(program) != _courses(other):
        return Sizes()
    counts, shares, ranges = set(), set(), set()
    for line, twin in zip(program.lines, other.lines, strict=True):
        if _in_proportion(averaged(line), averaged(twin), n, m):
            counts.add(line.birth)
        for x, y in zip(line.inputs, twin.inputs, strict=True):
            if x.is_constant and _in_proportion(x.value, y.value, n, m):
                counts.add(x.birth)
            elif x.is_constant and _in_proportion(x.value, y.value, m, n):
                shares.add(x.birth)
        for a, b in zip(_constants(line), _constants(twin), strict=False):
            if np.shape(a) == (n,) and np.shape(b) == (m,) and is_range(a) and is_range(b):
                ranges.add(id(a))
    return Sizes(names, counts, shares, ranges)


def _courses(program: Program) -> list[tuple[Any, ...]]:
    """What each line does, and to which lines: None stands for an argument or a constant."""
    place = {line.birth: i for i, line in enumerate(program.lines)}
    return [
        (line.op, *((place.get(x.birth), x.is_constant) for x in line.inputs))
        for line in program.lines
    ]


def _constants(line: Node) -> Iterator[Any]:
    """The values of the constants that a line reads, and those in its keywords."""
    pending: list[Any] = [x.value for x in line.inputs if x.is_constant]
    pending.append(line.params)
    for part in pending:
        if isinstance(part, Mapping):
            pending += part.values()
        elif isinstance(part, (tuple, list)):
            pending += part
        else:
            yield part


def is_range(value: Any) -> bool:
    """Whether a value is an array 0 ... n - 1."""
    is_row = isinstance(value, np.ndarray) and value.ndim == 1
    return is_row and np.array_equal(value, np.arange(value.size))


def _in_proportion(a: Any, b: Any, n: int, m: int) -> bool:
    """Whether a number is to another as n is to m."""
    if np.shape(a) or np.shape(b) or not np.isrealobj(a) or not a or not b or a == b:
        return False
    return _near(a / n, b / m)


def _near(a: Any, b: Any) -> bool:
    """Whether two numbers are the same but for rounding."""
    return bool(abs(a - b) <= max(_rounding(a), _rounding(b)) * abs(b))


def _rounding(x: Any) -> float:
    dtype = np.asarray(x).dtype
    return 8 * float(np.finfo(dtype if dtype.kind == "f" else float).eps)
