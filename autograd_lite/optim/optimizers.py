"""Optimizers: they give each parameter new data from its gradient.

The data are replaced, not written over, so a tape recorded before a step still holds the values
it was computed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..tensor import Tensor

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]


class Optimizer:
    """What all optimizers share; one of your own has a `direction`.

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

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        kind = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{kind} takes a list of parameters: write [w] for w")
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
        if not 0 < lr < np.inf:
            raise ValueError(f"{kind}: the learning rate must be positive, not {lr}")
        self.lr = float(lr)  # a NumPy number would turn float32 data into float64
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]

    def _number(self, name: str, value: float, below: float = np.inf) -> float:
        if not 0 <= value < below:
            limit = f" and below {below}" if below < np.inf else ""
            raise ValueError(f"{type(self).__name__}: {name} must be 0 or more{limit}, not {value}")
        return float(value)

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
                if name != "step" and np.shape(x) != p.shape:
                    raise ShapeError(
                        f"load_state_dict: {name} of shape {np.shape(x)} for parameter {i}, "
                        f"{p.name or 'unnamed'}, of shape {p.shape}"
                    )
        settings = {k: tuple(v) if np.ndim(v) else v for k, v in state["settings"].items()}
        if unknown := settings.keys() - self._settings().keys() - {"initial_lr"}:
            raise ValueError(f"load_state_dict: {kind} has no {', '.join(sorted(unknown))}")
        self.state = deepcopy(list(state["state"]))
        vars(self).update(settings)


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
        Times the parameter is added to its gradient: that of ``weight_decay / 2 * sum(p**2)``.
    nesterov : bool
        Look ahead: the direction is ``g + momentum * v``, not `v`.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), in the form of PyTorch, where the learning rate is
    outside of `v`.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.momentum = self._number("momentum", momentum)
        self.dampening = float(dampening)
        self.weight_decay = self._number("weight_decay", weight_decay)
        self.nesterov = nesterov
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("SGD: nesterov=True needs a momentum, and no dampening")

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if self.weight_decay:
            g = g + self.weight_decay * self.parameters[i].data
        if not self.momentum:
            return g
        v = self.state[i].get("momentum_buffer")
        v = g.copy() if v is None else self.momentum * v + (1 - self.dampening) * g
        self.state[i]["momentum_buffer"] = v
        return g + self.momentum * v if self.nesterov else v


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
        Times the parameter is added to its gradient.

    References
    ----------
    Kingma and Ba (2015), algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas = self._number("a beta", betas[0], 1), self._number("a beta", betas[1], 1)
        self.eps = self._number("eps", eps)
        self.weight_decay = self._number("weight_decay", weight_decay)

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if self.weight_decay:
            g = g + self.weight_decay * self.parameters[i].data
        return self._scaled(i, g)

    def _scaled(self, i: int, g: np.ndarray) -> np.ndarray:
        b1, b2 = self.betas
        old = self.state[i]
        t = old.get("step", 0) + 1
        m = b1 * old.get("exp_avg", 0.0) + (1 - b1) * g
        v = b2 * old.get("exp_avg_sq", 0.0) + (1 - b2) * g * g
        self.state[i] = {"step": t, "exp_avg": m, "exp_avg_sq": v}
        direction: np.ndarray = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + self.eps)
        return direction


class AdamW(Adam):
    """Adam that shrinks the parameters themselves: by ``lr * weight_decay`` of them in each step.

    Parameters are those of `Adam`.

    References
    ----------
    Loshchilov and Hutter (2019), algorithm 2, with PyTorch's `lr` before the decay too.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        direction: np.ndarray = self._scaled(i, g) + self.weight_decay * self.parameters[i].data
        return direction


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
        Times the parameter is added to its gradient.
    momentum : float
        The share of the last direction that is kept.
    centered : bool
        Divide by the running standard deviation: the mean is taken off.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5; centered: Graves (2013), equations 38 to 41, but with
    `eps` outside of the root, as in PyTorch.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.alpha = self._number("alpha", alpha)
        self.eps = self._number("eps", eps)
        self.weight_decay = self._number("weight_decay", weight_decay)
        self.momentum = self._number("momentum", momentum)
        self.centered = centered

    def direction(self, i: int, g: np.ndarray) -> np.ndarray:  # noqa: D102
        if self.weight_decay:
            g = g + self.weight_decay * self.parameters[i].data
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
