"""A module: parameters in attributes, and what is computed with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import DataDependentError, ShapeError
from ..mode import mode, no_grad, scope
from ..tensor import Tensor, plain

__all__ = ["Module", "functional_call", "mismatch"]


class _Text(str):
    """A text that a console shows in lines."""

    def __repr__(self) -> str:
        return str(self)


class Module:
    """A part of a model: Tensors in attributes, and a `forward` that uses them.

    A Tensor in an attribute, or in lists and dicts there, is state, which is saved; one that
    requires a gradient is a parameter. Outputs that are kept for a look belong into arrays.

    Attributes
    ----------
    name : str
        The box around its ops in a picture; the class's name by default.
    training : bool
        The mode that `train` and `eval` set; `Dropout` asks for it.

    Examples
    --------
    >>> class Swish(Module):
    ...     def __init__(self):
    ...         self.beta = Tensor(1.0, requires_grad=True, name="beta")
    ...
    ...     def forward(self, x):
    ...         return x / (1 + np.exp(-self.beta * x))
    >>> Swish()
    Swish  1 parameter
    """

    name = ""
    training = True

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

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Go through this module, named "", and those inside of it, each once."""
        return _once((path, x) for path, x in _walk(self) if isinstance(x, Module))

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Go through the Tensors that require a gradient, each once."""
        return _once((f"{prefix}{path}", x) for path, x in self.named_tensors() if x.requires_grad)

    def parameters(self) -> list[Tensor]:
        """List the parameters, each once."""
        return [p for _, p in self.named_parameters()]

    def generators(self) -> list[np.random.Generator]:
        """List the random generators in attributes, each once; they are state that is not saved."""
        kind = np.random.Generator
        return [x for _, x in _once(pair for pair in _walk(self) if isinstance(pair[1], kind))]

    def named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Go through the Tensors that nothing computed, under all their names."""
        return ((path, x) for path, x in _walk(self) if isinstance(x, Tensor) and x.op is None)

    def train(self, mode: bool = True) -> Module:
        """Set the mode of this module and of those inside, and return it."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Set the mode for predictions: no dropout."""
        return self.train(False)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copy the values of parameters and constant Tensors, by name."""
        return {name: x.data.copy() for name, x in self.named_tensors()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set parameters and constant Tensors to the values of `state_dict`; all or none.

        Raises
        ------
        KeyError
            For missing or unexpected names.
        ShapeError
            For a value of another shape than its parameter.
        TypeError
            For a value that is not real.
        """
        own = dict(self.named_tensors())
        values = {name: np.asarray(plain(x)) for name, x in state.items()}
        if error := mismatch("load_state_dict", own, {n: x.shape for n, x in values.items()}):
            raise error
        for name, x in values.items():
            if x.dtype.kind not in ("biufc" if own[name].dtype.kind == "c" else "biuf"):
                raise TypeError(f"load_state_dict: {name} is of {x.dtype}, not of real numbers")
        copies = {name: np.array(x, dtype=own[name].dtype) for name, x in values.items()}
        for name, copy in copies.items():
            own[name].data = copy

    def __repr__(self) -> str:
        return self._table({})

    def summary(self, input_shape: int | tuple[int, ...], dtype: Any = None) -> str:
        """List the modules with the shapes of their outputs and their numbers of parameters.

        Parameters
        ----------
        input_shape : int or tuple of int
            Of one sample; a batch of N zeros is put through the model, in the mode of `eval`.
        dtype : dtype, optional
            Of the samples; that of the first parameter by default.

        Examples
        --------
        >>> from autograd_lite.nn import MLP
        >>> MLP([64, 32, 10]).summary(64)
        MLP(activation='relu')      (N, 10)  2,410 parameters
          layers.0  Linear(64, 32)  (N, 32)  2,080
          layers.1  Linear(32, 10)  (N, 10)    330
        """
        shapes: dict[int, str] = {}
        modules = [module for _, module in self.named_modules()]
        modes = [module.training for module in modules]
        dtype = dtype or next((p.dtype for p in self.parameters()), float)
        x = np.zeros((2, *np.atleast_1d(input_shape).astype(int)), dtype)

        def watched(module: Module) -> Any:
            forward = module.forward

            def call(*args: Any, **kwargs: Any) -> Any:
                y = forward(*args, **kwargs)
                n, *rest = map(str, np.shape(plain(y)) or ("",))
                shapes[id(module)] = f"({', '.join(['N' if n == '2' else n, *rest])})"
                return y

            return call

        try:
            for module in modules:
                module.__dict__["forward"] = watched(module)
            with no_grad():
                self.eval()(x)
        finally:
            for module, training in zip(modules, modes, strict=True):
                module.__dict__.pop("forward", None)
                module.training = training
        return _Text(self._table(shapes))

    def _table(self, shapes: Mapping[int, str]) -> str:
        rows = []
        for path, module in self.named_modules():
            n = sum(math.prod(p.shape) for p in module.parameters())
            left = f"  {path}  {module._head()}" if path else module._head()
            rows.append((left, shapes.get(id(module), ""), f"{n:,}" if n or not path else ""))
        a, b, c = (max(map(len, column)) for column in zip(*rows, strict=True))
        lines = [f"{x:{a}}  {f'{y:{b}}  ' if b else ''}{z:>{c}}".rstrip() for x, y, z in rows]
        lines[0] += " parameter" if rows[0][2] == "1" else " parameters"
        return "\n".join(lines)

    def _head(self) -> str:
        """The kind of this module, with its plain attributes."""
        told = [
            f"{key}={value!r}"
            for key, value in vars(self).items()
            if isinstance(value, (int, float, str, tuple)) and key not in ("name", "training")
        ]
        kind, _, inside = self._kind().partition("(")
        told = [inside[:-1]] * bool(inside) + told
        return f"{kind}({', '.join(told)})" if told else kind


def functional_call(module: Module, parameters: Mapping[str, Any], *args: Any) -> Any:
    """Call a module with other parameters than its own, which stay as they are.

    Parameters
    ----------
    module : Module
    parameters : dict of str to array or Tensor
        A value for each name of `Module.named_parameters`; those of the constant Tensors in
        `Module.state_dict` may be given too.
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
    DataDependentError
        While a program is derived, for a `forward` that changes what the module holds: the
        program would not.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> model = ag.nn.Linear(3, 2, rng=0)
    >>> def loss(parameters, x):
    ...     return np.sum(functional_call(model, parameters, x) ** 2)
    >>> ag.grad(loss)(model.state_dict(), np.ones((4, 3)))["b"].shape
    (2,)
    """
    own, needed = dict(module.named_tensors()), {name for name, _ in module.named_parameters()}
    if needed - parameters.keys() or parameters.keys() - own.keys():
        raise KeyError(
            f"functional_call: missing {sorted(needed - parameters.keys())}, "
            f"unexpected {sorted(parameters.keys() - own.keys())}"
        )
    put = {id(own[name]): value for name, value in parameters.items()}
    changed: list[tuple[Any, Any, Any]] = []
    try:
        _replace(vars(module), put, changed, set())
        before = _held(module) if mode.tracing else {}
        result = module(*args)
        if mode.tracing:
            _refuse_changes(module, before)
        return result
    finally:
        for container, key, value in reversed(changed):
            container[key] = value


def _held(module: Module) -> dict[str, tuple[Any, bytes]]:
    """What a module holds, with the bytes of an array, which may be changed in place."""
    arrays = (np.ndarray, Tensor)
    return {
        path: (x, np.asarray(plain(x)).tobytes() if isinstance(x, arrays) else b"")
        for path, x in _walk(module)
    }


def _refuse_changes(module: Module, before: dict[str, tuple[Any, bytes]]) -> None:
    after = _held(module)
    for path in before.keys() | after.keys():
        a, b = before.get(path), after.get(path)
        if a is None or b is None or a[0] is not b[0] or a[1] != b[1]:
            raise DataDependentError(
                f"functional_call: forward changes {path} of {type(module).__name__}, and a "
                "derived program would not; return the new value, or call model.eval() first "
                "where that leaves it alone"
            )


def _replace(
    container: Any, put: Mapping[int, Any], changed: list[tuple[Any, Any, Any]], seen: set[int]
) -> None:
    """Put other values in the place of Tensors, and note what was there."""
    if id(container) in seen:
        return
    seen.add(id(container))
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in list(items):
        if id(value) in put:
            changed.append((container, key, value))
            container[key] = put[id(value)]
        elif isinstance(value, Module):
            _replace(vars(value), put, changed, seen)
        elif isinstance(value, tuple):
            parts = list(value)
            _replace(parts, put, changed, seen)
            changed.append((container, key, value))
            container[key] = value._make(parts) if hasattr(value, "_make") else tuple(parts)
        elif isinstance(value, (dict, list)):
            _replace(value, put, changed, seen)


def mismatch(
    what: str, own: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> Exception | None:
    """Compare the names and shapes of values with those of a model's Tensors."""
    missing, unexpected = sorted(own.keys() - shapes.keys()), sorted(shapes.keys() - own.keys())
    pairs = {name: (shapes[name], own[name].shape) for name in own if name in shapes}
    wrong = ", ".join(f"{name} {a} for {b}" for name, (a, b) in pairs.items() if a != b)
    wrong = f"wrong shapes: {wrong}" if wrong else ""
    if missing or unexpected:
        text = f"{what}: missing {missing}, unexpected {unexpected}"
        return KeyError(f"{text}, {wrong}" if wrong else text)
    return ShapeError(f"{what}: {wrong}") if wrong else None


def _walk(value: Any, path: str = "", inside: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Go through a module, what its attributes, lists and dicts hold, and what that holds."""
    if isinstance(value, Module):
        if id(value) in inside:
            return
        yield path, value
        items: Iterable[tuple[Any, Any]] = list(vars(value).items())
    elif isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, part in items:
        yield from _walk(part, f"{path}.{key}" if path else str(key), (*inside, id(value)))


def _once(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    seen = set()
    for path, x in pairs:
        if id(x) not in seen:
            seen.add(id(x))
            yield path, x
