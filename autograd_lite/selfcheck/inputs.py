"""The arrays that the laws are tried on: a name says what it is."""

from __future__ import annotations

import numpy as np

__all__ = ["INPUTS"]

_rng = np.random.default_rng(20)


def _spread_out(*shape: int) -> np.ndarray:
    """Numbers of both signs with gaps between them and around 0, where functions have kinks."""
    n = int(np.prod(shape))
    values = (np.arange(n) - (n - 1) / 2) * 0.37 + 0.11
    return _rng.permutation(values).reshape(shape)


# Arrays that derivatives are taken by: what a name stands for in an expression.
INPUTS: dict[str, np.ndarray] = {
    "x": _spread_out(2, 3),
    "y": _spread_out(2, 3) + 0.05,
    "t": _spread_out(2, 3, 4),
    "v": _spread_out(3),
    "w": _spread_out(2) + 0.1,
    "c": _spread_out(2, 1) + 0.2,
    "s": np.array(0.7),
    "p": np.linspace(0.4, 2.3, 6).reshape(2, 3),  # positive
    "q": np.linspace(1.9, 0.3, 3),  # positive
    "M": _spread_out(3, 4) / 2,
    "N": _spread_out(4, 2) / 2,
    "stack": _spread_out(2, 3, 4) / 3,
    "e": np.zeros((0, 3)),  # empty
    "unit": np.array([[0.3, -0.6, 0.85], [-0.2, 0.5, 0.1]]),  # between -1 and 1
    "A": np.array([[2.0, 0.3, -0.4], [0.1, -1.5, 0.6], [0.5, 0.2, 1.1]]),  # well conditioned
    "AA": np.array([[[2.0, 0.3], [0.1, -1.5]], [[1.2, -0.4], [0.6, 0.9]]]),  # a stack of such
    "z": _spread_out(2, 3) + 1j * _spread_out(2, 3),  # complex
    "u": _spread_out(3) - 1j * _spread_out(3),  # complex
    "o": np.array([[0.0, 1.5, -0.7, 2.0, 0.4], [0.0, 0.8, 0.0, -1.2, 1.1]]),  # one zero, two zeros
    "B": np.array(  # complex and well conditioned
        [[1.6 + 0.3j, 0.4 - 0.7j, 0.2j], [-0.5j, -1.3 + 0.8j, 0.6], [0.3, 0.1 + 0.4j, 0.9 - 1.1j]]
    ),
    "C": np.array(  # complex and tall
        [[0.9 + 0.2j, -0.3j], [0.4 - 0.5j, 1.1 + 0.6j], [-0.2 + 0.7j, 0.3 - 0.1j]]
    ),
    "Z": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]) / 4,  # singular
}
