"""A network with one hidden layer in all of our ways, and the formulas of it as one types them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np

import autograd_lite as ag

Array = np.ndarray[Any, Any]


def data(sizes: Sequence[int], batch: int, dtype: str = "float64") -> tuple[Array, Array, Any]:
    """Make inputs, one-hot labels, and weights and biases in turn."""
    rng = np.random.default_rng(0)
    parameters: list[Array] = []
    for n, k in pairwise(sizes):
        parameters.append((rng.standard_normal((n, k)) / np.sqrt(n)).astype(dtype))
        parameters.append((rng.standard_normal(k) / np.sqrt(k)).astype(dtype))
    X = rng.standard_normal((batch, sizes[0])).astype(dtype)
    Y = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=batch)]
    return X, Y, tuple(parameters)


def by_hand(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
    """The loss and its gradients, stable for any logits."""
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    Z = Z2 - Z2.max(axis=1, keepdims=True)
    E = np.exp(Z)
    S = E.sum(axis=1, keepdims=True)
    P = E / S
    loss = (np.log(S[:, 0]) - (Z * Y).sum(axis=1)).mean()
    dZ2 = (P - Y) / len(X)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return loss, (dW1, db1, dW2, db2)


def three_layers_by_hand(X: Array, Y: Array, parameters: Sequence[Array]) -> Any:
    """The same with two hidden layers."""
    W1, b1, W2, b2, W3, b3 = parameters
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    A2 = np.maximum(Z2, 0)
    Z3 = A2 @ W3 + b3
    Z = Z3 - Z3.max(axis=1, keepdims=True)
    E = np.exp(Z)
    S = E.sum(axis=1, keepdims=True)
    P = E / S
    loss = (np.log(S[:, 0]) - (Z * Y).sum(axis=1)).mean()
    dZ3 = (P - Y) / len(X)
    dW3 = A2.T @ dZ3
    db3 = dZ3.sum(axis=0)
    dZ2 = (dZ3 @ W3.T) * (Z2 > 0)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return loss, (dW1, db1, dW2, db2, dW3, db3)


def linear(X: Any, W: Any, b: Any) -> Any:
    """A layer in operators; `ag.linear` is the same as one op."""
    return X @ W + b


def loss(X: Any, Y: Any, parameters: Sequence[Any], layer: Callable[..., Any] = linear) -> Any:
    """The cross-entropy of a network of any depth."""
    A = X
    *hidden, (W, b) = zip(parameters[::2], parameters[1::2], strict=True)
    for V, c in hidden:
        A = ag.relu(layer(A, V, c))
    return ag.softmax_cross_entropy(layer(A, W, b), Y)


def on_tape(
    X: Array, Y: Array, parameters: Sequence[Array], layer: Callable[..., Any] = ag.linear
) -> Callable[[], Any]:
    """Value and gradients by `backward`, as a training loop has them."""
    tensors = [ag.Tensor(p, requires_grad=True) for p in parameters]

    def step() -> Any:
        for t in tensors:
            t.grad = None
        value = loss(X, Y, tensors, layer)
        value.backward()
        return value.data, tuple(t.grad for t in tensors)

    return step


def as_function(X: Array, Y: Array, parameters: Sequence[Array]) -> Callable[[], Any]:
    """Value and gradients by `value_and_grad`."""
    both = ag.value_and_grad(lambda p: loss(X, Y, p, ag.linear))
    return lambda: both(parameters)


def derived(
    X: Array, Y: Array, parameters: Sequence[Array], backend: Literal["numpy", "numba"] = "numpy"
) -> Callable[[], Any]:
    """Value and gradients by the program that `derive` writes."""
    program = ag.derive(loss, X, Y, parameters, argnums=2, backend=backend)
    return lambda: program(X, Y, parameters)
