"""Optimizers: they give each parameter new data from its gradient, which may be clipped before.

The data are replaced, not written over, so a tape recorded before a step still holds the values
it was computed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import InitVar, dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..tensor import Tensor

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_grad_norm_", "clip_grad_value_"]


@dataclass(eq=False)
class Optimizer:
    """What all optimizers share; one of your own has a `direction`.

    Settings of a kind are the fields of a dataclass: numbers of 0 or more.

    Parameters
    ----------
    params : iterable of Tensor
        Leaves of real numbers that require a gradient.
    lr : float
        The learning rate, positive.

    Attributes
    ----------
    lr : float
        May be changed at any time; schedules do.
    weight_decay : float
        Times the parameter is added to its gradient: that of ``weight_decay / 2 * sum(p**2)``.
    state : list of dict
        What is remembered of each parameter, by the names that PyTorch has for it.

    Raises
    ------
    TypeError
        For parameters that are not leaves, are complex, or require no gradient.
    ValueError
        For no parameters, or a number out of its range.

    Examples
    --------
    >>> class SignDescent(Optimizer):
    ...     def direction(self, i, g):
    ...         return np.sign(g)
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignDescent([w], lr=0.5).step()
    >>> w.data
    array([ 0.5, -1.5])
    """

    params: InitVar[Iterable[Tensor]]
    lr: float = 1e-3
    # No fields: each kind has them at the place, and with the default, of PyTorch.
    weight_decay = 0.0
    decoupled_weight_decay = False
    _below_one: ClassVar[tuple[str, ...]] = ()  # the settings that must be

    def __post_init__(self, params: Iterable[Tensor]) -> None:
        kind = type(self).__name__
        if not self.lr > 0:
            raise ValueError(f"{kind}: lr must be positive, not {self.lr}")
        for name, value in self._settings().items():
            largest = 1 if name in self._below_one else np.inf
            if not (np.min(value) >= 0 and np.max(value) < largest):
                below = " and below 1" if largest == 1 else ""
                raise ValueError(f"{kind}: {name} must be 0 or more{below}, not {value}")
            # A number of NumPy would turn float32 data into float64.
            setattr(self, name, np.asarray(value).tolist())
        self.parameters = list(params)
        for p in self.parameters:
            is_leaf = isinstance(p, Tensor) and p.requires_grad and p.op is None
            if not is_leaf or p.dtype.kind == "c":
                raise TypeError(f"{kind} moves real leaves that require a gradient, not {p!r}")
        if not self.parameters:
            raise ValueError(f"{kind} was given no parameters")
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError(f"{kind} was given a parameter twice, and would move it twice")
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            if not self.weight_decay:
                direction = self.direction(i, p.grad)
            elif self.decoupled_weight_decay:
                direction = self.direction(i, p.grad) + self.weight_decay * p.data
            else:
                direction = self.direction(i, p.grad + self.weight_decay * p.data)
            p.data = p.data - self.lr * direction

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:
        """What to subtract, in units of the learning rate, for gradient `g` of parameter `i`."""
        raise NotImplementedError(f"{type(self).__name__} has no direction(self, i, g)")

    def state_dict(self) -> dict[str, Any]:
        """Copy the settings and what is remembered of each parameter."""
        return deepcopy({"settings": self._settings(), "state": self.state})

    def _settings(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("parameters", "state")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the optimizer of `state_dict` was; all of it or nothing.

        Raises
        ------
        ValueError
            For the state of another kind of optimizer, or of other parameters.
        """
        if (n := len(state["state"])) != len(self.parameters):
            raise ValueError(f"load_state_dict: {n} parameters for {len(self.parameters)}")
        for i, (p, of) in enumerate(zip(self.parameters, state["state"], strict=True)):
            if wrong := {np.shape(x) for x in of.values()} - {(), p.shape}:
                raise ShapeError(f"load_state_dict: {wrong.pop()} for {p.shape}, parameter {i}")
        known = {*self._settings(), "initial_lr"}
        if unknown := sorted(state["settings"].keys() - known):
            raise ValueError(f"load_state_dict: {type(self).__name__} has no {', '.join(unknown)}")
        copy = deepcopy(dict(state))
        self.state = copy["state"]
        vars(self).update(copy["settings"])


@dataclass(eq=False)
class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
    momentum : float
        The share of the last direction that is kept: ``v = momentum * v + g``.
    weight_decay : float
    nesterov : bool
        Look ahead: the direction is ``g + momentum * v``, not `v`.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), in the form of PyTorch, where the learning rate is
    outside of `v`.
    """

    momentum: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if not self.momentum:
            return g
        v: np.ndarray = self.momentum * self.state[i].get("momentum_buffer", 0.0) + g
        self.state[i]["momentum_buffer"] = v
        return g + self.momentum * v if self.nesterov else v


@dataclass(eq=False)
class Adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and of its square.

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
    betas : tuple of float
        The decay of the two running means.
    eps : float
        Keeps the division finite.
    weight_decay : float
    decoupled_weight_decay : bool
        Shrink the parameters themselves instead: by ``lr * weight_decay`` of them in each step.

    References
    ----------
    Kingma and Ba (2015), algorithm 1.
    """

    _below_one = ("betas",)
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled_weight_decay: bool = False

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        mine, (b1, b2) = self.state[i], self.betas
        t = mine["step"] = mine.get("step", 0) + 1
        m = mine["exp_avg"] = b1 * mine.get("exp_avg", 0.0) + (1 - b1) * g
        v = mine["exp_avg_sq"] = b2 * mine.get("exp_avg_sq", 0.0) + (1 - b2) * g * g
        direction: np.ndarray = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + self.eps)
        return direction


@dataclass(eq=False)
class AdamW(Adam):
    """Adam with a decoupled weight decay.

    References
    ----------
    Loshchilov and Hutter (2019), algorithm 2, with PyTorch's `lr` before the decay too.
    """

    weight_decay: float = 1e-2
    decoupled_weight_decay: bool = True


@dataclass(eq=False)
class RMSprop(Optimizer):
    """Gradients divided by the root of a running mean of their squares.

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
    alpha : float
        The decay of the running mean.
    eps : float
        Keeps the division finite.
    weight_decay : float
    momentum : float
        The share of the last direction that is kept.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5, with `eps` outside of the root, as in PyTorch.
    """

    lr: float = 1e-2
    _below_one = ("alpha",)
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        mine, a = self.state[i], self.alpha
        v = mine["square_avg"] = a * mine.get("square_avg", 0.0) + (1 - a) * g * g
        direction: np.ndarray = g / (np.sqrt(v) + self.eps)
        if self.momentum:
            direction = self.momentum * mine.get("momentum_buffer", 0.0) + direction
            mine["momentum_buffer"] = direction
        return direction


def clip_grad_norm_(params: Tensor | Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients by the same number, so that their common norm is at most `max_norm`.

    Parameters
    ----------
    params : Tensor or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float

    Returns
    -------
    float
        The norm before. If it is NaN or infinite, the gradients become NaN or 0.

    Raises
    ------
    ValueError
        For a `max_norm` that is not positive.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), algorithm 1; the 1e-6 in the quotient is PyTorch's.
    """
    given = _with_gradient(params, "clip_grad_norm_: max_norm", max_norm)
    norm = float(np.linalg.norm([np.linalg.norm(p.grad) for p in given]))
    scale = float(np.minimum(1.0, max_norm / (norm + 1e-6)))  # NaN stays NaN
    for p in given:
        p.grad = p.grad * scale
    return norm


def clip_grad_value_(params: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit each element of the gradients to the interval from -clip_value to clip_value.

    Raises
    ------
    ValueError
        For a `clip_value` that is not positive.
    """
    for p in _with_gradient(params, "clip_grad_value_: clip_value", clip_value):
        p.grad = np.clip(p.grad, -clip_value, clip_value)


def _with_gradient(params: Tensor | Iterable[Tensor], name: str, limit: float) -> list[Tensor]:
    """List the parameters that a limit applies to, after a check of it."""
    if not limit > 0:
        raise ValueError(f"{name} must be positive, not {limit}")
    listed = [params] if isinstance(params, Tensor) else params
    return [p for p in listed if p.grad is not None]
