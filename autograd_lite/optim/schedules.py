"""Schedules: they set the learning rate of an optimizer as a function of the steps taken.

Each is a closed form. Call `step` after each epoch, or give one to `ag.fit` among its callbacks.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .optimizers import Optimizer

__all__ = ["CosineAnnealingLR", "LambdaLR", "LinearLR", "SequentialLR", "StepLR"]


class LambdaLR:
    """The initial learning rate times ``lr_lambda(t)`` after `t` steps; the others are such.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate at the first schedule it is given to stays its `initial_lr`.
    lr_lambda : callable
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.optimizer, self.lr_lambda = optimizer, lr_lambda
        self.initial_lr: float = vars(optimizer).setdefault("initial_lr", optimizer.lr)
        self._go_to(0)

    def _go_to(self, t: int) -> None:
        self.last_epoch = t
        self.optimizer.lr = float(self.initial_lr * self.lr_lambda(t))

    def step(self) -> None:
        """Set the learning rate of the next epoch."""
        self._go_to(self.last_epoch + 1)

    def __call__(self, _: Any = None) -> None:
        """Step, as a callback of `ag.fit`."""
        self.step()

    def state_dict(self) -> dict[str, Any]:
        """Tell how far this is."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`; the optimizer has its own, with the learning rate."""
        self.last_epoch = int(state["last_epoch"])


class StepLR(LambdaLR):
    """Times `gamma` after every `step_size` steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        _check_positive("StepLR: step_size", step_size)
        super().__init__(optimizer, lambda t: gamma ** (t // step_size))


class CosineAnnealingLR(LambdaLR):
    """Half a wave of the cosine from the initial learning rate down to `eta_min` in `T_max` steps.

    References
    ----------
    Loshchilov and Hutter (2017), equation 5; after `T_max` steps it rises again, as in PyTorch.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        _check_positive("CosineAnnealingLR: T_max", T_max)

        def share(t: int) -> float:
            lowest = eta_min / self.initial_lr
            return lowest + (1 - lowest) * (1 + math.cos(math.pi * t / T_max)) / 2

        super().__init__(optimizer, share)


class LinearLR(LambdaLR):
    """Warm-up: from `start_factor` to `end_factor` times the initial rate in `total_iters` steps.

    References
    ----------
    Goyal et al. (2017), section 2.2, "gradual warmup".
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        _check_positive("LinearLR: total_iters", total_iters)
        rise = (end_factor - start_factor) / total_iters
        super().__init__(optimizer, lambda t: start_factor + rise * min(t, total_iters))


class SequentialLR(LambdaLR):
    """Schedules one after the other, such as a warm-up and what follows it.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LambdaLR
        Of the same optimizer.
    milestones : sequence of int
        The step at which each but the first begins, with its own step 0.

    Examples
    --------
    >>> from autograd_lite import Tensor, optim
    >>> sgd = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> warm, cool = LinearLR(sgd, 0.25, total_iters=3), CosineAnnealingLR(sgd, T_max=4)
    >>> schedule = SequentialLR(sgd, [warm, cool], milestones=[3])
    >>> rates = []
    >>> for _ in range(8):
    ...     rates.append(round(sgd.lr, 2))
    ...     schedule.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 0.85, 0.5, 0.15, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LambdaLR], milestones: Sequence[int]
    ) -> None:
        starts = [0, *milestones]
        if len(schedulers) != len(starts) or starts != sorted({*starts}):
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedulers need one milestone less, and they "
                f"increase from 0; not {list(milestones)}"
            )
        if any(s.optimizer is not optimizer for s in schedulers):
            raise ValueError("SequentialLR: a scheduler is of another optimizer")

        def current(t: int) -> float:
            k = bisect_right(starts, t) - 1
            return schedulers[k].lr_lambda(t - starts[k])

        super().__init__(optimizer, current)


def _check_positive(what: str, n: int) -> None:
    if n < 1:
        raise ValueError(f"{what} must be positive, not {n}")
