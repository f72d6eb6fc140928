"""Schedules: they set the learning rate of an optimizer as a function of the steps taken.

Each is a closed form. Call `step` after each epoch, or give one to `ag.fit` among its callbacks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .optimizers import Optimizer

__all__ = ["CosineAnnealingLR", "LambdaLR", "StepLR"]


class LambdaLR:
    """The initial learning rate times ``lr_lambda(t)`` after `t` steps; the others are such.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate at the first schedule it is given to stays its `initial_lr`.
    lr_lambda : callable
    warm_up : int
        So many steps before its step 0, in which the rate rises evenly from that of one of them.

    References
    ----------
    Goyal et al. (2017), section 2.2, "gradual warmup".

    Examples
    --------
    >>> from autograd_lite import Tensor, optim
    >>> sgd = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingLR(sgd, T_max=4, warm_up=3)
    >>> rates = []
    >>> for _ in range(8):
    ...     rates.append(round(sgd.lr, 2))
    ...     schedule.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 0.85, 0.5, 0.15, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float], warm_up: int = 0
    ) -> None:
        self.optimizer, self.lr_lambda, self.warm_up = optimizer, lr_lambda, warm_up
        self.initial_lr: float = vars(optimizer).setdefault("initial_lr", optimizer.lr)
        self.last_epoch = -1
        self.step()

    def step(self, _: Any = None) -> None:
        """Set the learning rate of the next epoch; `ag.fit` gives its history."""
        self.last_epoch += 1
        t = self.last_epoch - self.warm_up
        share = self.lr_lambda(t) if t >= 0 else (self.last_epoch + 1) / (self.warm_up + 1)
        self.optimizer.lr = float(self.initial_lr * share)

    __call__ = step

    def state_dict(self) -> dict[str, Any]:
        """Tell how far this is."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`; the optimizer has its own, with the learning rate."""
        self.last_epoch = int(state["last_epoch"])


class StepLR(LambdaLR):
    """Times `gamma` after every `step_size` steps."""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, warm_up: int = 0
    ) -> None:
        super().__init__(optimizer, lambda t: gamma ** (t // step_size), warm_up)


class CosineAnnealingLR(LambdaLR):
    """Half a wave of the cosine from the initial learning rate down to `eta_min` in `T_max` steps.

    References
    ----------
    Loshchilov and Hutter (2017), equation 5; after `T_max` steps it rises again, as in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, warm_up: int = 0
    ) -> None:
        def share(t: int) -> float:
            lowest = eta_min / self.initial_lr
            return lowest + (1 - lowest) * (1 + math.cos(math.pi * t / T_max)) / 2

        super().__init__(optimizer, share, warm_up)
