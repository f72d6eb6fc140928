"""Layers of samples in rows, and models of layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..creation import named
from ..errors import ShapeError
from ..rules.activations import elu, gelu, leaky_relu, selu, silu, softplus
from ..rules.images import conv2d, max_pool2d
from ..rules.layers import dropout, layer_norm, linear
from ..rules.neural import relu, sigmoid
from ..tensor import Tensor, as_array
from .init import Init, Rng, kaiming_normal, lecun_normal
from .module import Module

__all__ = ["Conv2d", "Dropout", "Flatten", "LayerNorm", "Linear", "MaxPool2d"]
__all__ += ["ACTIVATIONS", "MLP", "Sequential"]

Pair = int | tuple[int, int]
Shape = int | tuple[int, ...]

_RECTIFIERS = {"relu": relu, "leaky_relu": leaky_relu, "elu": elu, "gelu": gelu, "silu": silu}
"""They halve the mean square of what they are given, or nearly so."""

_OTHERS = {"selu": selu, "sigmoid": sigmoid, "softplus": softplus, "tanh": np.tanh}

ACTIVATIONS: dict[str, Any] = {**_RECTIFIERS, **_OTHERS}


class Linear(Module):
    """An affine layer ``x @ W + b`` of rows.

    Parameters
    ----------
    fan_in, fan_out : int
        Width of a row before and after.
    bias : bool
        Whether there is a `b`, which starts at 0.
    init : callable
        Draws the weights, as the functions in `nn.init` do; by default with variance
        ``1 / fan_in``.
    rng : numpy.random.Generator or int, optional
    dtype : floating-point dtype
    name : str
        Ends the names of the parameters, as in ``W1``.
    """

    name = "linear"

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        bias: bool = True,
        *,
        init: Init = lecun_normal,
        rng: Rng = None,
        dtype: Any = np.float64,
        name: str = "",
    ) -> None:
        self.W = _drawn(init, (fan_in, fan_out), rng, dtype, f"W{name}")
        self.b: Any = _filled(0, fan_out, dtype, f"b{name}") if bias else None
        if name:
            self.name = f"linear{name}"

    def _kind(self) -> str:
        fan_in, fan_out = self.W.shape
        return f"Linear({fan_in}, {fan_out}{', bias=False' * (self.b is None)})"

    def forward(self, x: Any) -> Any:
        """Map rows of shape (..., fan_in) to (..., fan_out)."""
        return linear(x, self.W, self.b)


class Conv2d(Module):
    """Kernels that slide over images: `ag.conv2d`. What is drawn and named is as in `Linear`."""

    name = "conv"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        *,
        init: Init = lecun_normal,
        rng: Rng = None,
        dtype: Any = np.float64,
        name: str = "",
    ) -> None:
        size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.W = _drawn(init, (out_channels, in_channels, *size), rng, dtype, f"W{name}")
        self.b: Any = _filled(0, out_channels, dtype, f"b{name}") if bias else None
        self.stride, self.padding = stride, padding
        if name:
            self.name = f"conv{name}"

    def _kind(self) -> str:
        k, c, *size = self.W.shape
        told = f"{c}, {k}, {tuple(size)}, stride={self.stride}, padding={self.padding}"
        return f"Conv2d({told}{', bias=False' * (self.b is None)})"

    def forward(self, x: Any) -> Any:
        """Map images of shape (N, in_channels, H, W) to (N, out_channels, ...)."""
        return conv2d(x, self.W, self.b, stride=self.stride, padding=self.padding)


class MaxPool2d(Module):
    """The largest element of each window of images: `ag.max_pool2d`."""

    def __init__(self, kernel_size: Pair, stride: Pair | None = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def _kind(self) -> str:
        return f"MaxPool2d({self.kernel_size}, stride={self.stride})"

    def forward(self, x: Any) -> Any:
        """Map images of shape (N, C, H, W) to (N, C, ...)."""
        return max_pool2d(x, self.kernel_size, self.stride)


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axes, times `gamma` plus `beta`: `ag.layer_norm`.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of these axes.
    eps : float
        Is added to the variance.
    dtype : floating-point dtype
    name : str
    """

    name = "norm"

    def __init__(
        self, shape: Shape, eps: float = 1e-5, *, dtype: Any = np.float64, name: str = ""
    ) -> None:
        self.gamma = _filled(1, shape, dtype, f"gamma{name}")
        self.beta = _filled(0, shape, dtype, f"beta{name}")
        self.eps = eps
        if name:
            self.name = f"norm{name}"

    def _kind(self) -> str:
        return f"LayerNorm({self.gamma.shape}, eps={self.eps})"

    def forward(self, x: Any) -> Any:
        """Normalise samples of shape (..., *shape)."""
        x, shape = as_array(x), self.gamma.shape
        if x.shape[x.ndim - len(shape) :] != shape:
            raise ShapeError(f"LayerNorm of {shape}: samples of shape {x.shape} end otherwise")
        axes = tuple(range(-len(shape), 0))
        return layer_norm(x, self.gamma, self.beta, axis=axes, eps=self.eps)


class Dropout(Module):
    """Elements set to 0 at random, in the mode of `train` only: `ag.dropout`.

    Parameters
    ----------
    p : float
        The probability that an element is dropped, from 0 to below 1.
    rng : numpy.random.Generator or int, optional
        Draws the masks. No program can be derived while it does: a DataDependentError says so.
    """

    def __init__(self, p: float = 0.5, *, rng: Rng = None) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p is a probability from 0 to below 1, not {p}")
        self.p = p
        self.rng = np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """Drop elements of an array of any shape; return it as it is in the mode of `eval`."""
        return dropout(x, self.p, rng=self.rng) if self.training else x


class Flatten(Module):
    """Each sample as a row."""

    def forward(self, x: Any) -> Any:
        """Map an array of shape (N, ...) to (N, K)."""
        x = as_array(x)
        return x.reshape((len(x), math.prod(x.shape[1:])))


class Lambda(Module):
    """A function as a module, as `Sequential` makes them."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, x: Any) -> Any:
        """Compute the output, without a box of its own around the op."""
        return self.forward(x)

    def _kind(self) -> str:
        return str(getattr(self.function, "__name__", self.function)).lstrip("_")

    def forward(self, x: Any) -> Any:
        """Call the function."""
        return self.function(x)


class Sequential(Module):
    """Layers one after the other.

    Parameters
    ----------
    *layers : callable
        Modules and functions, such as ``nn.relu`` or ``np.tanh``. The parameters of the first
        layer that has some are called ``W1`` and ``b1``, its output ``Z1``, and what a function
        makes of that ``A1``.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.Sequential(nn.Linear(2, 8, rng=0), np.tanh, nn.Linear(8, 1, rng=1))
    >>> model
    Sequential                33 parameters
      layers.0  Linear(2, 8)  24
      layers.1  tanh
      layers.2  Linear(8, 1)   9
    >>> model(np.ones((5, 2))).shape
    (5, 1)
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for layer in layers:
            if isinstance(layer, type) or not callable(layer):
                raise TypeError(
                    f"Sequential takes layers and functions, not {layer!r}; write "
                    "Sequential(Flatten(), Linear(64, 10)), or Sequential(*layers) for a list"
                )
        self.layers = [x if isinstance(x, Module) else Lambda(x) for x in layers]
        with_own = [layer for layer in self.layers if _own(layer)]
        for i, layer in enumerate(with_own, start=1):
            unnumbered = [p for key, p in _own(layer).items() if p.name == key]
            for p in unnumbered:
                p.name = f"{p.name}{i}"
            if unnumbered:
                layer.name = f"{layer.name or type(layer).__name__}{i}"

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]

    def forward(self, x: Any) -> Any:
        """Put samples through the layers in order."""
        i = 0
        for layer in self.layers:
            before, x = x, layer(x)
            i += bool(own := _own(layer))
            if x is not before and (own or isinstance(layer, Lambda)):
                x = named(x, f"Z{i}" if own else f"A{i}")
        return x


class MLP(Sequential):
    """A multilayer perceptron of rows, with the same activation between all its layers.

    Parameters
    ----------
    widths : sequence of int
        Width of the input, of each hidden layer, and of the output.
    activation : str
        A name in `ACTIVATIONS`.
    init : callable, optional
        As of `Linear`; `nn.init.kaiming_normal` by default for relu and its kin, else
        `nn.init.lecun_normal`.
    rng : numpy.random.Generator or int, optional
        Draws the weights.
    dtype : floating-point dtype

    Raises
    ------
    ValueError
        For an activation of another name.

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
        init: Init | None = None,
        rng: Rng = None,
        dtype: Any = np.float64,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"MLP: activation {activation!r} is none of {list(ACTIVATIONS)}")
        if not isinstance(widths, Iterable):
            raise TypeError(f"MLP: widths are a list, as in [2, 16, 1], not {widths!r}")
        rng = np.random.default_rng(rng)
        init = init or (kaiming_normal if activation in _RECTIFIERS else lecun_normal)
        layers: list[Callable[[Any], Any]] = []
        for fan_in, fan_out in pairwise(widths):
            layers.append(Linear(fan_in, fan_out, init=init, rng=rng, dtype=dtype))
            layers.append(ACTIVATIONS[activation])
        super().__init__(*layers[:-1])


def _drawn(init: Init, shape: tuple[int, ...], rng: Rng, dtype: Any, name: str) -> Tensor:
    if not callable(init):
        raise TypeError(f"init is a function such as nn.init.kaiming_normal, not {init!r}")
    weights = np.asarray(init(shape, rng=rng, dtype=dtype), dtype)
    if weights.shape != shape:
        raise ValueError(f"init returned weights of shape {weights.shape}, and {shape} is wanted")
    return Tensor(weights, requires_grad=True, name=name)


def _filled(value: float, shape: Any, dtype: Any, name: str) -> Tensor:
    return Tensor(np.full(shape, value, dtype), requires_grad=True, name=name)


def _own(layer: Module) -> dict[str, Tensor]:
    return {key: p for key, p in vars(layer).items() if isinstance(p, Tensor)}
