"""A module: parameters in attributes, and what is computed with them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ..errors import DataDependentError, ShapeError
from ..mode import mode, no_grad, scope
from ..tensor import Tensor, plain
from ..tree import flatten, map_leaves, replaced

__all__ = ["Module", "functional_call", "predict"]

T = TypeVar("T")


class Module:
    """A part of a model: Tensors in attributes, and a `forward` that uses them.

    A Tensor in an attribute, or in lists and dicts there, is state, which is saved; one that
    requires a gradient is a parameter. Outputs that are kept for a look belong into arrays.

    Attributes
    ----------
    name : str
        The box around its ops in a picture; by default the attribute that it is in, as ``fc1``
        is in a module that sets ``self.fc1 = Linear(4, 3)``, else the class's name.
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
        with scope(self._called(), self._kind(), self):
            return self.forward(*args, **kwargs)

    def _called(self) -> str:
        """The name of its box: its own, or that of its attribute in the module that calls it."""
        own = self.name or type(self).__name__
        if "name" in vars(self):
            return own
        caller = getattr(mode().scope, "owner", None)
        for key, value in vars(caller).items() if caller is not None else ():
            if value is self:
                return str(key)
            if isinstance(value, (list, tuple)):
                alike = list(dict.fromkeys(id(x) for x in value if type(x) is type(self)))
                if id(self) in alike and len(alike) > 1:
                    return f"{own}{alike.index(id(self)) + 1}"
        return own

    def _kind(self) -> str:
        """The kind of this module and its plain attributes, for tables and pictures."""
        told = [
            f"{key}={value!r}"
            for key, value in vars(self).items()
            if isinstance(value, (int, float, str)) and key not in ("name", "training")
        ]
        return f"{type(self).__name__}({', '.join(told)})" if told else type(self).__name__

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every kind of module has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def named_modules(self) -> list[tuple[str, Module]]:
        """List this module, named "", and those inside of it, each once."""
        return self._named(Module)

    def named_tensors(self) -> list[tuple[str, Tensor]]:
        """List the Tensors that nothing computed, each once, under its first name."""
        return [(name, x) for name, x in self._named(Tensor) if x.op is None]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """List those of them that require a gradient."""
        return [(name, x) for name, x in self.named_tensors() if x.requires_grad]

    def parameters(self) -> list[Tensor]:
        """List the parameters without their names."""
        return [p for _, p in self.named_parameters()]

    def generators(self) -> list[np.random.Generator]:
        """List the random generators, each once; they are state that is not saved."""
        return [generator for _, generator in self._named(np.random.Generator)]

    def _named(self, kind: type[T]) -> list[tuple[str, T]]:
        first: dict[int, tuple[str, T]] = {}
        for path, x in _walk(self, "", set()):
            if isinstance(x, kind):
                first.setdefault(id(x), (path, x))
        return list(first.values())

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
        check_fit("load_state_dict", own, {name: x.shape for name, x in values.items()})
        for name, x in values.items():
            if not np.can_cast(x.dtype, own[name].dtype, "same_kind"):
                raise TypeError(f"load_state_dict: {name} is of {x.dtype}, not {own[name].dtype}")
        for name, x in values.items():
            own[name].data = np.array(x, own[name].dtype)

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
        >>> print(MLP([64, 32, 10]).summary(64))
        MLP                         (N, 10)  2,410 parameters
          layers.0  Linear(64, 32)  (N, 32)  2,080
          layers.1  relu            (N, 32)
          layers.2  Linear(32, 10)  (N, 10)    330
        """
        shapes: dict[str, str] = {}
        shared = {id(x): x for _, x in self._named(Tensor)}  # a copy of all but the Tensors
        model = copy.deepcopy(self, shared).eval()
        for path, module in model.named_modules():
            vars(module)["forward"] = partial(_noted, shapes, path, module.forward)
        dtype = dtype or next((p.dtype for p in self.parameters()), float)
        with no_grad():
            model(np.zeros((2, *np.atleast_1d(input_shape).astype(int)), dtype))
        return self._table(shapes)

    def _table(self, shapes: Mapping[str, str]) -> str:
        rows = []
        for path, module in self.named_modules():
            n = sum(p.size for p in module.parameters())
            left = f"  {path}  {module._kind()}" if path else module._kind()
            rows.append((left, shapes.get(path, ""), f"{n:,}" if n or not path else ""))
        a, b, c = (max(map(len, column)) for column in zip(*rows, strict=True))
        lines = [f"{x:{a}}  {f'{y:{b}}  ' if b else ''}{z:>{c}}".rstrip() for x, y, z in rows]
        lines[0] += " parameter" if rows[0][2] == "1" else " parameters"
        return "\n".join(lines)


def _noted(
    shapes: dict[str, str], path: str, forward: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Call a forward, and note the shape of its output for a batch of two."""
    y = forward(*args, **kwargs)
    n, *rest = np.shape(plain(y)) or ("",)
    shapes[path] = f"({', '.join(map(str, ['N' if n == 2 else n, *rest]))})"
    return y


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
    own = dict(module.named_tensors())
    needed = {name: x for name, x in own.items() if x.requires_grad or name in parameters}
    check_fit("functional_call", needed, {n: np.shape(plain(x)) for n, x in parameters.items()})
    put = {id(own[name]): value for name, value in parameters.items()}
    attributes = [
        (vars(inner), key, value)
        for _, inner in module.named_modules()
        for key, value in vars(inner).items()
        if not isinstance(value, Module) and any(id(x) in put for x in flatten(value))
    ]
    try:
        for holder, key, value in attributes:
            holder[key] = map_leaves(lambda x: put.get(id(x), x), value)
        before = _held(module) if mode().tracing else {}
        result = module(*args)
        if mode().tracing:
            _refuse_changes(module, before)
        return result
    finally:
        for holder, key, value in attributes:
            holder[key] = value


def predict(model: Callable[[Any], Any], X: np.ndarray, batch_size: int = 1024) -> Any:
    """Compute the outputs of a model, in the mode of `eval` and without recording.

    Parameters
    ----------
    model : callable
        Each module in it is put back into its own mode afterwards.
    X : ndarray, shape (N, ...)
    batch_size : int
        Samples that are computed together; it bounds the memory that is needed.

    Returns
    -------
    ndarray, shape (N, ...)
        Or a structure of them, where the model returns one.
    """
    modules = [m for _, m in model.named_modules()] if isinstance(model, Module) else []
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        with no_grad():
            starts = range(0, max(len(X), 1), batch_size)
            parts = [map_leaves(plain, model(X[i : i + batch_size])) for i in starts]
    finally:
        for module, training in zip(modules, modes, strict=True):
            module.training = training
    return replaced(parts[0], map(np.concatenate, zip(*map(flatten, parts), strict=True)))


def check_fit(what: str, own: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse values whose names or shapes are not those of a model's Tensors."""
    missing, unexpected = own.keys() - shapes.keys(), shapes.keys() - own.keys()
    both = own.keys() & shapes.keys()
    wrong = {f"{n} {shapes[n]} for {own[n].shape}" for n in both if shapes[n] != own[n].shape}
    differences = {"missing": missing, "unexpected": unexpected, "wrong shapes:": wrong}
    if any(differences.values()):
        told = [f"{kind} {', '.join(sorted(n))}" for kind, n in differences.items() if n]
        raise (KeyError if missing or unexpected else ShapeError)(f"{what}: {'; '.join(told)}")


def _held(module: Module) -> dict[str, tuple[Any, bytes]]:
    """What a module holds, with the bytes of an array, which may be changed in place."""
    arrays = (np.ndarray, Tensor)
    return {
        path: (x, np.asarray(plain(x)).tobytes() if isinstance(x, arrays) else b"")
        for path, x in _walk(module, "", set())
    }


def _refuse_changes(module: Module, before: dict[str, tuple[Any, bytes]]) -> None:
    after, nothing = _held(module), (object(), b"")
    for path in before.keys() | after.keys():
        (a, was), (b, now) = before.get(path, nothing), after.get(path, nothing)
        if a is not b or was != now:
            raise DataDependentError(
                f"functional_call: forward changes {path} of {type(module).__name__}, and a "
                "derived program would not; return the new value, or call model.eval() first "
                "where that leaves it alone"
            )


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Go through a module, its attributes, and what is in lists, dicts and tuples there.

    What is held twice comes under both its names, and its parts once.
    """
    yield path, value
    parts = vars(value) if isinstance(value, Module) else value
    if isinstance(parts, (dict, list, tuple)) and id(value) not in seen:
        seen.add(id(value))
        items = parts.items() if isinstance(parts, dict) else enumerate(parts)
        for key, part in list(items):
            yield from _walk(part, f"{path}.{key}" if path else str(key), seen)
