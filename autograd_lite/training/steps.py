"""The loss of a batch and its gradient: on the tape, or by a program derived from the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..derive import derive
from ..errors import DataDependentError
from ..mode import debug
from ..nn import Module, functional_call
from ..tensor import Tensor, plain, tape

__all__ = ["Derived", "Eager", "origin", "step_for"]

Loss = Callable[[Any, Any], Any]


class Eager:
    """The loss of a batch on the tape, and its gradient in the parameters."""

    def __init__(self, model: Module, loss: Loss) -> None:
        self._model, self._loss = model, loss

    def __call__(self, X: np.ndarray, y: np.ndarray) -> float:
        """Compute the loss, and leave the gradients in the parameters."""
        value = self._loss(self._model(X), y)
        if not isinstance(value, Tensor):
            raise TypeError(
                f"fit: the loss is a {type(value).__name__}, not a Tensor of one number; compute "
                "it from the outputs with NumPy or ag.nn, without .data and .item()"
            )
        value.backward()
        return float(value.data)


class Derived(Eager):
    """The same by a program; constant Tensors of the model are arguments, and may change."""

    def __init__(self, model: Module, loss: Loss, X: np.ndarray, y: np.ndarray) -> None:
        self._parameters = dict(model.named_parameters())
        self._constants = {name: x for name, x in model.named_tensors() if not x.requires_grad}

        def of(parameters: Any, constants: Any, X: Any, y: Any) -> Any:
            return loss(functional_call(model, {**parameters, **constants}, X), y)

        self._step = derive(of, self._parameters, self._constants, X, y)

    def __call__(self, X: np.ndarray, y: np.ndarray) -> float:  # noqa: D102
        values = {name: p.data for name, p in self._parameters.items()}
        constants = {name: x.data for name, x in self._constants.items()}
        value, gradients = self._step(values, constants, X, y)
        for name, p in self._parameters.items():
            p.grad = gradients[name]
        return float(value)


def step_for(
    model: Module, loss: Loss, X: np.ndarray, y: np.ndarray, derived: bool | None
) -> Eager:
    """Derive the step of a batch like this one, if it can be and shall be."""
    if derived is not False:
        try:
            return Derived(model, loss, X, y)
        except DataDependentError:
            if derived:
                raise
    return Eager(model, loss)


def origin(model: Module, loss: Loss, X: np.ndarray, y: np.ndarray) -> str:
    """Say where on the tape of a batch the first value is NaN or infinite."""
    with debug(), np.errstate(all="ignore"):
        records = tape(loss(model(X), y))
    for x in records:
        if np.isfinite(x.data).all():
            continue
        found = "NaN" if np.isnan(x.data).any() else "an infinity"
        if x.op is None:
            return (
                f"{x.name or 'a Tensor'} of shape {x.shape} holds {found} before any op: the step "
                "before was too large, or its gradient was not finite"
            )
        where = f" in {x.scope}" if x.scope else ""
        given = [f"{np.min(v):.4g} to {np.max(v):.4g}" for v in map(plain, x.values) if np.size(v)]
        return (
            f"the first value that is not finite is {found} from {x.op.name}{where}, {x.line}, "
            f"of arguments from {' and '.join(given)}"
        )
    return "computed again on the tape, every value is finite"
