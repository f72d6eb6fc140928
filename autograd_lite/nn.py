"""Layers and models: parameters by name, and the ops they are put through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .creation import named
from .errors import ShapeError
from .mode import scope
from .rules.layers import augment, linear
from .rules.likelihoods import glm_nll
from .rules.neural import relu, sigmoid, softmax_cross_entropy
from .tensor import Tensor
from .tree import flatten

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Linear",
    "Module",
    "augment",
    "cross_entropy",
    "functional_call",
    "glm_nll",
    "l1_penalty",
    "l2_penalty",
]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
}


cross_entropy = softmax_cross_entropy


def l1_penalty(parameters: Any, coefficient: float) -> Any:
    """Sum the magnitudes of all entries, times a coefficient.

    Parameters
    ----------
    parameters : array, Tensor, or nested structure of them
    coefficient : float

    Returns
    -------
    array or Tensor, shape ()
        Its derivative is ``coefficient * sign(W)``.

    References
    ----------
    Rao, Recursive formulation of the gradient, section 3.
    """
    return coefficient * sum(np.sum(np.abs(W)) for W in flatten(parameters))


def l2_penalty(parameters: Any, coefficient: float) -> Any:
    """Sum the squares of all entries, times a coefficient.

    Parameters
    ----------
    parameters : array, Tensor, or nested structure of them
    coefficient : float

    Returns
    -------
    array or Tensor, shape ()
        Its derivative is ``2 * coefficient * W``: there is no half, unlike in an optimizer's
        weight decay.

    References
    ----------
    Rao, Recursive formulation of the gradient, section 3.
    """
    return coefficient * sum(np.sum(np.square(W)) for W in flatten(parameters))


class Module:
    """A part of a model: parameters in attributes, and a `forward` that uses them.

    Attributes
    ----------
    name : str
        The box around its ops in a picture; the class's name by default.
    """

    name = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, recorded under this module's name."""
        with scope(self.name or type(self).__name__, self._kind()):
            return self.forward(*args, **kwargs)

    def _kind(self) -> str:
        """What a picture says of this module beside its name."""
        return type(self).__name__

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every kind of module has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Go through the Tensors that require a gradient, in attributes, lists and dicts."""
        yield from _named(vars(self), prefix)

    def parameters(self) -> list[Tensor]:
        """List the parameters, each once."""
        return list({id(p): p for _, p in self.named_parameters()}.values())

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copy the parameters' values, by name."""
        return {name: p.data.copy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters to the values of `state_dict`; all of them or none.

        Raises
        ------
        KeyError
            For missing or unexpected names.
        ShapeError
            For a value of another shape than its parameter.
        """
        own = dict(self.named_parameters())
        missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
        if missing or unexpected:
            raise KeyError(f"load_state_dict: missing {missing}, unexpected {unexpected}")
        shapes = {name: (np.shape(state[name]), own[name].shape) for name in own}
        misshapen = {name: pair for name, pair in shapes.items() if pair[0] != pair[1]}
        if misshapen:
            text = ", ".join(f"{name} {a} for {b}" for name, (a, b) in misshapen.items())
            raise ShapeError(f"load_state_dict: wrong shapes: {text}")
        for name, p in own.items():
            p.data = np.array(state[name], dtype=p.dtype)


def functional_call(module: Module, parameters: Mapping[str, Any], *args: Any) -> Any:
    """Call a module with other parameters than its own, which stay as they are.

    Parameters
    ----------
    module : Module
    parameters : dict of str to array or Tensor
        A value for each name of `Module.named_parameters`.
    *args
        What the module is called with.

    Returns
    -------
    array or Tensor
        What the module returns.

    Raises
    ------
    KeyError
        For missing or unexpected names.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> model = Linear(3, 2, rng=0)
    >>> def loss(parameters, x):
    ...     return np.sum(functional_call(model, parameters, x) ** 2)
    >>> ag.grad(loss)(model.state_dict(), np.ones((4, 3)))["b"].shape
    (2,)
    """
    own = dict(module.named_parameters())
    if own.keys() != parameters.keys():
        raise KeyError(
            f"functional_call: missing {sorted(own.keys() - parameters.keys())}, "
            f"unexpected {sorted(parameters.keys() - own.keys())}"
        )
    put = {id(p): parameters[name] for name, p in own.items()}
    changed: list[tuple[Any, Any, Any]] = []
    try:
        _replace(vars(module), put, changed)
        return module(*args)
    finally:
        for container, key, value in reversed(changed):
            container[key] = value


def _replace(container: Any, put: Mapping[int, Any], changed: list[tuple[Any, Any, Any]]) -> None:
    """Put other values in the place of parameters, and note what was there."""
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in list(items):
        if id(value) in put:
            changed.append((container, key, value))
            container[key] = put[id(value)]
        elif isinstance(value, Module):
            _replace(vars(value), put, changed)
        elif isinstance(value, tuple):
            parts = list(value)
            _replace(parts, put, changed)
            changed.append((container, key, value))
            container[key] = tuple(parts)
        elif isinstance(value, (dict, list)):
            _replace(value, put, changed)


def _named(container: Any, prefix: str) -> Iterator[tuple[str, Tensor]]:
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in items:
        path = f"{prefix}{key}"
        if isinstance(value, Tensor):
            if value.requires_grad:
                yield path, value
        elif isinstance(value, Module):
            yield from value.named_parameters(f"{path}.")
        elif isinstance(value, (dict, list, tuple)):
            yield from _named(value, f"{path}.")


class Linear(Module):
    """An affine layer ``x @ W + b`` of rows.

    Parameters
    ----------
    fan_in, fan_out : int
        Width of a row before and after.
    gain : float
        The weights are normal with variance ``gain**2 / fan_in``; the biases start at 0.
    rng : numpy.random.Generator or int, optional
    dtype : floating-point dtype
    name : str
        Ends the names of the parameters, as in ``W1``.

    References
    ----------
    He et al. (2015), eq. (10), for the variance, with gain ``sqrt(2)`` before a relu.
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        gain: float = 1.0,
        rng: np.random.Generator | int | None = None,
        dtype: Any = np.float64,
        name: str = "",
    ) -> None:
        rng = np.random.default_rng(rng)
        W = rng.standard_normal((fan_in, fan_out)) * (gain / np.sqrt(fan_in))
        self.W = Tensor(W.astype(dtype), requires_grad=True, name=f"W{name}")
        self.b = Tensor(np.zeros(fan_out, dtype), requires_grad=True, name=f"b{name}")
        self.name = f"linear{name}"

    def _kind(self) -> str:
        fan_in, fan_out = self.W.shape
        return f"{type(self).__name__}({fan_in}, {fan_out})"

    def forward(self, x: Any) -> Any:
        """Map rows of shape (N, fan_in) to (N, fan_out)."""
        return linear(x, self.W, self.b)


class MLP(Module):
    """A multilayer perceptron of rows, with the same activation between all its layers.

    Parameters
    ----------
    widths : sequence of int
        Width of the input, of each hidden layer, and of the output.
    activation : {"relu", "sigmoid", "tanh"}
    rng : numpy.random.Generator or int, optional
        Draws the weights.
    dtype : floating-point dtype

    Raises
    ------
    ValueError
        For fewer than two widths, or an activation of another name.

    Examples
    --------
    >>> model = MLP([64, 32, 10], rng=np.random.default_rng(0))
    >>> model(np.zeros((5, 64))).shape
    (5, 10)
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: str = "relu",
        *,
        rng: np.random.Generator | int | None = None,
        dtype: Any = np.float64,
    ) -> None:
        if len(widths) < 2:
            raise ValueError(f"MLP needs the widths of input and output, not {list(widths)}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"MLP: activation {activation!r} is none of {list(ACTIVATIONS)}")
        rng = np.random.default_rng(rng)
        gain = 2**0.5 if activation == "relu" else 1.0
        self.activation = activation
        self.layers = [
            Linear(fan_in, fan_out, gain=gain, rng=rng, dtype=dtype, name=str(i))
            for i, (fan_in, fan_out) in enumerate(pairwise(widths), start=1)
        ]

    def forward(self, x: Any) -> Any:
        """Map rows of shape (N, widths[0]) to logits of shape (N, widths[-1])."""
        activate = ACTIVATIONS[self.activation]
        *hidden, last = self.layers
        for i, layer in enumerate(hidden, start=1):
            z = named(layer(x), f"Z{i}")
            x = named(activate(z), f"A{i}")
        return named(last(x), f"Z{len(self.layers)}")
