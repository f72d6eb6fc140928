"""Schedules: they set the learning rate of an optimizer as a function of the steps taken.

Call `step` after each epoch, or give one to `ag.fit` among its callbacks.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from .optimizers import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "SequentialLR",
    "StepLR",
]


class LRScheduler:
    """What all schedules share; one of your own has an `lr_at`.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate at the first schedule it is given to stays its `initial_lr`.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.initial_lr: float = vars(optimizer).setdefault("initial_lr", optimizer.lr)
        self.last_epoch = 0
        optimizer.lr = self.lr_at(0)

    def lr_at(self, t: int) -> float:
        """Compute the learning rate after `t` steps of this schedule."""
        raise NotImplementedError(f"{type(self).__name__} has no lr_at(self, t)")

    def step(self) -> None:
        """Set the learning rate of the next epoch."""
        self.last_epoch += 1
        self.optimizer.lr = self.lr_at(self.last_epoch)

    def __call__(self, _: Any = None) -> None:
        """Step, as a callback of `ag.fit`."""
        self.step()

    def state_dict(self) -> dict[str, Any]:
        """Tell how far this is."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`; the optimizer has its own, with the learning rate."""
        self.last_epoch = int(state["last_epoch"])


class LambdaLR(LRScheduler):
    """The initial learning rate times ``lr_lambda(t)``."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def lr_at(self, t: int) -> float:  # noqa: D102
        return float(self.initial_lr * self.lr_lambda(t))


class StepLR(LRScheduler):
    """Times `gamma` after every `step_size` steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = _positive("StepLR: step_size", step_size), gamma
        super().__init__(optimizer)

    def lr_at(self, t: int) -> float:  # noqa: D102
        return float(self.initial_lr * self.gamma ** (t // self.step_size))


class CosineAnnealingLR(LRScheduler):
    """Half a wave of the cosine from the initial learning rate down to `eta_min` in `T_max` steps.

    References
    ----------
    Loshchilov and Hutter (2017), equation 5; after `T_max` steps it rises again, as in PyTorch.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = _positive("CosineAnnealingLR: T_max", T_max), eta_min
        super().__init__(optimizer)

    def lr_at(self, t: int) -> float:  # noqa: D102
        share = (1 + math.cos(math.pi * t / self.T_max)) / 2
        return self.eta_min + (self.initial_lr - self.eta_min) * share


class LinearLR(LRScheduler):
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
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = _positive("LinearLR: total_iters", total_iters)
        super().__init__(optimizer)

    def lr_at(self, t: int) -> float:  # noqa: D102
        share = min(t, self.total_iters) / self.total_iters
        return self.initial_lr * (self.start_factor + (self.end_factor - self.start_factor) * share)


class SequentialLR(LRScheduler):
    """Schedules one after the other, such as a warm-up and what follows it.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
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
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        self.schedulers, self.milestones = list(schedulers), [0, *milestones]
        if len(self.schedulers) != len(self.milestones):
            raise ValueError(
                f"SequentialLR: {len(self.schedulers)} schedulers need one milestone less, not "
                f"{len(milestones)}"
            )
        if any(a >= b for a, b in pairwise(self.milestones)):
            raise ValueError(f"SequentialLR: milestones {list(milestones)} do not increase from 0")
        if any(s.optimizer is not optimizer for s in self.schedulers):
            raise ValueError("SequentialLR: a scheduler is of another optimizer")
        super().__init__(optimizer)

    def lr_at(self, t: int) -> float:  # noqa: D102
        k = bisect_right(self.milestones, t) - 1
        return self.schedulers[k].lr_at(t - self.milestones[k])


def _positive(what: str, n: int) -> int:
    if n < 1:
        raise ValueError(f"{what} must be positive, not {n}")
    return n
