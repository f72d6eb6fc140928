"""The loss of a batch and its gradient: by a program derived from the model, or on the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..derivation import derive
from ..errors import DataDependentError
from ..mode import debug
from ..nn import Module, functional_call
from ..tensor import Tensor, plain, tape
from .state import Generators

__all__ = ["Data", "Loss", "Step"]

Data = tuple[np.ndarray, np.ndarray]
Loss = Callable[[Any, Any], Any]


class Step:
    """Computes the loss of a batch, and leaves its gradient in the parameters.

    The program takes constant Tensors of the model as arguments, for they may change.

    Attributes
    ----------
    derived : bool
        Whether there is a program.
    """

    def __init__(
        self, model: Module, loss: Loss, generators: Generators, example: Data, derived: bool
    ) -> None:
        self._model, self._loss, self._generators = model, loss, generators
        self._drawn = generators.state_dict()
        self._tensors = dict(model.named_tensors())
        self.derived = derived
        if derived:
            try:
                self._program = derive(self._of, self._data(True), self._data(False), *example)
            except DataDependentError:
                self.derived = False
            generators.load_state_dict(self._drawn)  # the attempt may have drawn

    def _of(self, parameters: Any, constants: Any, X: Any, y: Any) -> Any:
        return self._loss(functional_call(self._model, {**parameters, **constants}, X), y)

    def _data(self, requires_grad: bool) -> dict[str, Any]:
        tensors = self._tensors.items()
        return {name: x.data for name, x in tensors if x.requires_grad == requires_grad}

    def __call__(self, X: np.ndarray, y: np.ndarray) -> float:
        """Compute the loss of these samples."""
        self._drawn = self._generators.state_dict()
        if self.derived:
            value, gradients = self._program(self._data(True), self._data(False), X, y)
            for name, gradient in gradients.items():
                self._tensors[name].grad = gradient
            return float(value)
        loss = self._loss(self._model(X), y)
        if not isinstance(loss, Tensor):
            raise TypeError(
                f"fit: the loss is a {type(loss).__name__} without a derivative; compute it from "
                "the output without .data and .item(), and return it"
            )
        loss.backward()
        return float(loss.data)

    def origin(self, X: np.ndarray, y: np.ndarray) -> str:
        """Say where the first value that is not finite came from, in the step just computed."""
        self._generators.load_state_dict(self._drawn)
        with debug(), np.errstate(all="ignore"):
            records = tape(self._loss(self._model(X), y))
        x = next((x for x in records if not np.isfinite(x.data).all()), None)
        if x is None:
            return "computed again on the tape, every value is finite"
        found = "NaN" if np.isnan(x.data).any() else "an infinity"
        if x.op is None:
            return f"{x.name or 'a Tensor'} of shape {x.shape} holds {found} since the last step"
        where = f" in {x.scope}" if x.scope else ""
        given = [f"{np.min(v):.4g} to {np.max(v):.4g}" for v in map(plain, x.values) if np.size(v)]
        return (
            f"the first value that is not finite is {found} from {x.op.name}{where}, {x.line}, "
            f"of arguments from {' and '.join(given)}"
        )
