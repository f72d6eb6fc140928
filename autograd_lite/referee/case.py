"""What there is to explain, and what one explanation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .network import Network
from .replay import Array, Tape

__all__ = ["Case", "Slip"]


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

    def named(self, chosen: Sequence[int]) -> tuple[str, ...]:
        """The names of some gradients."""
        return tuple(self.names[i] for i in chosen)

    def same(self, i: int, found: Array, expected: Array) -> bool:
        """Whether two arrays are one gradient, number `i`, to rounding."""
        error = np.abs(found - expected).max(initial=0)
        return bool(error <= self.rtol * np.abs(expected).max(initial=0) + self.floors[i])

    def agrees(self, i: int, expected: Array) -> bool:
        """Whether gradient `i` is the expected one, to rounding."""
        return self.same(i, self.given[i], expected)

    def wrong(self, expected: Sequence[Array]) -> list[int]:
        """Count off the gradients that are not the expected ones."""
        return [i for i, e in enumerate(expected) if not self.agrees(i, e)]
