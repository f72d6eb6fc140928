"""The peers, each as its own documentation has it.

A peer's methods return what it can compute, by the name that a table shows; a method it has not
raises NotImplementedError with the reason. What is computed is the same for all:

- `mlp`: value and gradients of a network with one hidden layer and the cross-entropy of its output;
- `gradient`, `jacobian` and `hessian` of a function that is written with the peer's own `np`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

Run = Callable[[], Any]
Arrays = Sequence[Any]


class Peer:
    """A library that differentiates too; making one imports it."""

    name: ClassVar[str]
    package: ClassVar[str]
    np: Any

    @property
    def version(self) -> str:
        """Of the package that is installed."""
        return version(self.package)

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        """Value and gradients by the parameters W1, b1, W2, b2."""
        raise NotImplementedError("has no exponential")

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        """Differentiate a function whose value is one number."""
        raise NotImplementedError("has no arrays")

    def jacobian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        """Differentiate each element of `f` by each of `x`."""
        raise NotImplementedError("has no Jacobian")

    def hessian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        """Differentiate a function whose value is one number twice."""
        raise NotImplementedError("has no Hessian")


def _network(np: Any, X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """The network in NumPy's names, for those who follow them."""
    Z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    Z = Z - np.max(Z, axis=1, keepdims=True)
    log_P = Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))
    return -np.mean(np.sum(Y * log_P, axis=1))


class HIPSAutograd(Peer):
    """HIPS autograd: a NumPy of its own."""

    name = "HIPS autograd"
    package = "autograd"

    def __init__(self) -> None:
        self.autograd = import_module("autograd")
        self.np = import_module("autograd.numpy")

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        def loss(parameters: Arrays) -> Any:
            return _network(self.np, X, Y, *parameters)

        both = self.autograd.value_and_grad(loss)
        return {self.name: lambda: both(tuple(parameters))}

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        gradient = self.autograd.grad(f)
        return {self.name: lambda: gradient(x)}

    def jacobian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        jacobian = self.autograd.jacobian(f)
        return {self.name: lambda: jacobian(x)}

    def hessian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        hessian = self.autograd.hessian(f)
        return {self.name: lambda: hessian(x)}


class MyGrad(Peer):
    """MyGrad, without its guard of memory, as it advises for speed."""

    name = "MyGrad"
    package = "mygrad"

    def __init__(self) -> None:
        self.np = import_module("mygrad")
        self.nnet = import_module("mygrad.nnet")
        self.np.turn_memory_guarding_off()

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        labels = Y.argmax(axis=1)
        tensors = [self.np.tensor(p) for p in parameters]
        W1, b1, W2, b2 = tensors
        relu = self.nnet.activations.relu
        cross_entropy = self.nnet.losses.softmax_crossentropy

        def run() -> Any:
            loss = cross_entropy(relu(X @ W1 + b1) @ W2 + b2, labels)
            loss.backward()
            return loss.data, tuple(t.grad for t in tensors)

        return {self.name: run}

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        tensor = self.np.tensor(x)

        def run() -> Any:
            f(tensor).backward()
            return tensor.grad

        return {self.name: run}


class PyTorch(Peer):
    """PyTorch on the CPU, on one thread."""

    name = "PyTorch"
    package = "torch"

    def __init__(self) -> None:
        self.np = import_module("torch")
        self.np.set_num_threads(1)

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        torch = self.np
        inputs, labels = torch.tensor(X), torch.tensor(Y.argmax(axis=1))
        tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
        W1, b1, W2, b2 = tensors

        def run() -> Any:
            for t in tensors:
                t.grad = None
            hidden = torch.relu(torch.addmm(b1, inputs, W1))  # what its Linear calls
            loss = torch.nn.functional.cross_entropy(torch.addmm(b2, hidden, W2), labels)
            loss.backward()
            return loss.detach(), tuple(t.grad for t in tensors)

        return {self.name: run}

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        tensor = self.np.tensor(x, requires_grad=True)

        def run() -> Any:
            tensor.grad = None
            f(tensor).backward()
            return tensor.grad

        return {self.name: run}

    def jacobian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        return self._functional("jacobian", f, x)

    def hessian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        return self._functional("hessian", f, x)

    def _functional(self, which: str, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        derivative = getattr(self.np.autograd.functional, which)
        tensor = self.np.tensor(x)
        return {self.name: lambda: derivative(f, tensor)}


class JAX(Peer):
    """JAX: compiled where that is how it is used; op by op for a chain, which it would fuse."""

    name = "JAX"
    package = "jax"

    def __init__(self) -> None:
        self.jax = import_module("jax")
        self.np = import_module("jax.numpy")
        self.jax.config.update("jax_enable_x64", True)

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        jax, jnp = self.jax, self.np

        def loss(parameters: Arrays, X: Any, Y: Any) -> Any:
            W1, b1, W2, b2 = parameters
            log_P = jax.nn.log_softmax(jax.nn.relu(X @ W1 + b1) @ W2 + b2)
            return -jnp.mean(jnp.sum(log_P * Y, axis=1))

        held = tuple(jnp.asarray(p) for p in parameters)
        return self._compiled(jax.value_and_grad(loss), held, X, Y)

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        gradient, held = self.jax.grad(f), self.np.asarray(x)
        return {f"{self.name}, op by op": lambda: gradient(held).block_until_ready()}

    def jacobian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        return self._compiled(self.jax.jacrev(f), x)

    def hessian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        return self._compiled(self.jax.hessian(f), x)

    def _compiled(self, f: Callable[..., Any], *args: Any) -> dict[str, Run]:
        compiled = self.jax.jit(f)
        return {f"{self.name}, jit": lambda: self.jax.block_until_ready(compiled(*args))}


class Advect(Peer):
    """Advect: NumPy's own functions, traced at each call or staged once."""

    name = "advect"
    package = "advect"

    def __init__(self) -> None:
        self.advect = import_module("advect")
        self.np = np

    def mlp(self, X: Any, Y: Any, parameters: Arrays) -> dict[str, Run]:
        def loss(parameters: Arrays, X: Any, Y: Any) -> Any:
            return _network(np, X, Y, *parameters)

        held = tuple(parameters)
        both = self.advect.value_and_grad(loss)
        staged = self.advect.value_and_grad(self.advect.stage(loss, held, X, Y))
        return {
            self.name: lambda: both(held, X, Y),
            f"{self.name}, staged": lambda: staged(held, X, Y),
        }

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        gradient = self.advect.grad(f)
        return {self.name: lambda: gradient(x)}

    def jacobian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        jacobian = self.advect.jacobian(f)
        return {self.name: lambda: jacobian(x)}

    def hessian(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        hessian = self.advect.hessian(f)
        return {self.name: lambda: hessian(x)}


class Micrograd(Peer):
    """Micrograd: single numbers. Its walk recurses, so Python is allowed to go deeper."""

    name = "micrograd"
    package = "micrograd"

    def __init__(self) -> None:
        self.Value = import_module("micrograd.engine").Value
        self.np = SimpleNamespace(sum=lambda value: value, tanh=self._no_tanh)
        sys.setrecursionlimit(max(5000, sys.getrecursionlimit()))

    @staticmethod
    def _no_tanh(_: Any) -> Any:
        raise NotImplementedError("has no tanh")

    def gradient(self, f: Callable[[Any], Any], x: Any) -> dict[str, Run]:
        if np.ndim(x):
            raise NotImplementedError("has no arrays")

        def run() -> Any:
            value = self.Value(float(x))
            f(value).backward()
            return value.grad

        return {self.name: run}


PEERS: tuple[type[Peer], ...] = (HIPSAutograd, MyGrad, PyTorch, JAX, Advect, Micrograd)


def installed() -> tuple[list[Peer], list[str]]:
    """Make the peers that can be imported, and name the others."""
    found, missing = [], []
    for peer in PEERS:
        try:
            found.append(peer())
        except ImportError:
            missing.append(peer.name)
    return found, missing
