"""Optimizers: they give each parameter new data from its gradient.

The data are replaced, not written over, so a tape recorded before a step still holds the values
it was computed from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .tensor import Tensor

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """What all optimizers share.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves that require a gradient.
    lr : float
        The learning rate, positive.

    Raises
    ------
    TypeError
        For parameters that are not leaves, or require no gradient.
    ValueError
        For no parameters, or a learning rate that is not positive.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        if isinstance(parameters, Tensor):
            raise TypeError(f"{type(self).__name__} takes a list of parameters: write [w] for w")
        self.parameters = list(parameters)
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.requires_grad and p.op is None):
                raise TypeError(
                    f"{type(self).__name__} moves leaves that require a gradient; this is not "
                    f"one: {p!r}"
                )
        if not self.parameters:
            raise ValueError(f"{type(self).__name__} was given no parameters")
        if not lr > 0:
            raise ValueError(f"{type(self).__name__}: the learning rate must be positive, not {lr}")
        self.lr = float(lr)  # a NumPy number would turn float32 data into float64

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for i, p in enumerate(self.parameters):
            if p.grad is not None:
                p.data = p.data - self.lr * self.direction(i, p.grad)

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:
        """What to subtract, in units of the learning rate, for gradient `g` of parameter `i`."""
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    Parameters
    ----------
    parameters : iterable of Tensor
    lr : float
    momentum : float
        The share of the last direction that is kept: ``v = momentum * v + g``.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 1e-2, momentum: float = 0.0
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = momentum
        self._velocity: dict[int, Any] = {}

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if self.momentum:
            g = self._velocity[i] = self.momentum * self._velocity.get(i, 0) + g
        return g


class Adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and of its square.

    Parameters
    ----------
    parameters : iterable of Tensor
    lr : float
    betas : tuple of float
        The decay of the two running means.
    eps : float
        Keeps the division finite.

    References
    ----------
    Kingma and Ba (2015), algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = betas
        self.eps = eps
        self._moments: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        b1, b2 = self.betas
        t, m, v = self._moments.get(i, (0, np.zeros_like(g), np.zeros_like(g)))
        t, m, v = t + 1, b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        self._moments[i] = t, m, v
        step: np.ndarray = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + self.eps)
        return step
