"""Optimizers: they give each parameter new data from its gradient.

The data are replaced, not written over, so a tape recorded before a step still holds the values
it was computed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import InitVar, dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..tensor import Tensor

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]


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

    def __post_init__(self, params: Iterable[Tensor]) -> None:
        kind = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{kind} takes a list of parameters: write [w] for w")
        if not 0 < self.lr < np.inf:
            raise ValueError(f"{kind}: the learning rate must be positive, not {self.lr}")
        for name, value in self._settings().items():
            if not (np.min(value) >= 0 and np.max(value) < np.inf):
                raise ValueError(f"{kind}: {name} must be 0 or more, not {value}")
            # A number of NumPy would turn float32 data into float64.
            setattr(self, name, np.asarray(value).tolist())
        self.parameters = list(params)
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.requires_grad and p.op is None):
                raise TypeError(
                    f"{kind} moves leaves that require a gradient; this is not one: {p!r}"
                )
            if p.dtype.kind == "c":
                raise TypeError(f"{kind} moves real parameters; keep z.real and z.imag of {p!r}")
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
        kind = type(self).__name__
        return deepcopy({"kind": kind, "settings": self._settings(), "state": self.state})

    def _settings(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("parameters", "state")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the optimizer of `state_dict` was; all of it or nothing.

        Raises
        ------
        ValueError
            For the state of another kind of optimizer, or of other parameters.
        """
        kind = type(self).__name__
        if (given := state.get("kind")) != kind:
            raise ValueError(f"load_state_dict: the state is of {given}, this is {kind}")
        if (n := len(state["state"])) != len(self.parameters):
            raise ValueError(f"load_state_dict: {n} parameters for {len(self.parameters)}")
        for i, (p, of) in enumerate(zip(self.parameters, state["state"], strict=True)):
            for name, x in of.items():
                if np.ndim(x) and np.shape(x) != p.shape:
                    raise ShapeError(
                        f"load_state_dict: {name} of shape {np.shape(x)} for parameter {i}, "
                        f"{p.name or 'unnamed'}, of shape {p.shape}"
                    )
        known = {*self._settings(), "initial_lr"}
        if unknown := state["settings"].keys() - known:
            raise ValueError(f"load_state_dict: {kind} has no {', '.join(sorted(unknown))}")
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
        The share of the last direction that is kept: ``v = momentum * v + (1 - dampening) * g``.
    dampening : float
        Not applied to the first gradient, which is the first `v`.
    weight_decay : float
    nesterov : bool
        Look ahead: the direction is ``g + momentum * v``, not `v`.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), in the form of PyTorch, where the learning rate is
    outside of `v`.
    """

    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    def __post_init__(self, params: Iterable[Tensor]) -> None:
        super().__post_init__(params)
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("SGD: nesterov=True needs a momentum, and no dampening")

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if not self.momentum:
            return g
        v = self.state[i].get("momentum_buffer")
        v = g.copy() if v is None else self.momentum * v + (1 - self.dampening) * g
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

    References
    ----------
    Kingma and Ba (2015), algorithm 1.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self, params: Iterable[Tensor]) -> None:
        super().__post_init__(params)
        if max(self.betas) >= 1:
            raise ValueError(f"{type(self).__name__}: betas must be below 1, not {self.betas}")

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        mine, (b1, b2) = self.state[i], self.betas
        t = mine["step"] = mine.get("step", 0) + 1
        m = mine["exp_avg"] = b1 * mine.get("exp_avg", 0.0) + (1 - b1) * g
        v = mine["exp_avg_sq"] = b2 * mine.get("exp_avg_sq", 0.0) + (1 - b2) * g * g
        direction: np.ndarray = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + self.eps)
        return direction


@dataclass(eq=False)
class AdamW(Adam):
    """Adam that shrinks the parameters themselves: by ``lr * weight_decay`` of them in each step.

    Parameters are those of `Adam`.

    References
    ----------
    Loshchilov and Hutter (2019), algorithm 2, with PyTorch's `lr` before the decay too.
    """

    weight_decay: float = 1e-2
    decoupled_weight_decay = True


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
    centered : bool
        Divide by the running standard deviation: the mean is taken off.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5; centered: Graves (2013), equations 38 to 41, but with
    `eps` outside of the root, as in PyTorch.
    """

    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        mine, a = self.state[i], self.alpha
        v = mine["square_avg"] = a * mine.get("square_avg", 0.0) + (1 - a) * g * g
        if self.centered:
            mean = mine["grad_avg"] = a * mine.get("grad_avg", 0.0) + (1 - a) * g
            v = v - mean * mean
        direction: np.ndarray = g / (np.sqrt(v) + self.eps)
        if self.momentum:
            direction = self.momentum * mine.get("momentum_buffer", 0.0) + direction
            mine["momentum_buffer"] = direction
        return direction
