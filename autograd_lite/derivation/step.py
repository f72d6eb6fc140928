"""`derive`: a program for the value and gradient of a function, recorded once and run often."""

from __future__ import annotations

import inspect
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from importlib import import_module
from typing import Any, Literal

import numpy as np

from ..arguments import positions
from ..derivatives import value_and_grad
from ..mode import mode
from ..tensor import Tensor, plain
from ..tree import flatten, map_leaves, replaced
from .fast import MISS
from .keys import INEXACT
from .latex import latex
from .names import leaf_names, parts_of
from .passes import PASSES
from .program import Program, forget_example, stand_in
from .samples import of_another_size
from .saving import save
from .source import Written, write
from .table import Table, table
from .trace import record, trace

__all__ = ["Step", "derive"]

Compiled = Callable[[Program, Sequence[Any], Any], Callable[[Sequence[Any]], Any]]
_BACKENDS = {"numpy": "fast", "numba": "with_numba"}
"""The modules that compile programs, which are imported when they are asked for."""
_KEPT = 16
"""Signatures whose programs are kept."""


def derive(
    f: Callable[..., Any],
    *example: Any,
    argnums: int | Sequence[int] | None = 0,
    reuse_outputs: bool = False,
    backend: Literal["numpy", "numba"] = "numpy",
) -> Step:
    """Derive a NumPy program for the value and gradient of a function.

    The function is recorded on the example, forward and backward; the recording, simplified, is
    the program. It is right for other data of the same structure, shapes and dtypes; for other
    ones the function is recorded again.

    Parameters
    ----------
    f : callable
        Returns one floating-point number; any structure of arrays with ``argnums=None``.
    *example : array, nested structure of arrays, or static argument
        Arguments of `f`. Python numbers, strings and functions are static: they are part of the
        program, and another one is another program.
    argnums : int, tuple of int or None
        The positional arguments to differentiate by; None for a program of `f` itself.
    reuse_outputs : bool
        Hand out the same arrays at each call, overwritten by the next one.
    backend : {"numpy", "numba"}
        What runs the program: NumPy, or loops that Numba compiles when they are derived, which
        takes a second: ``pip install 'autograd-lite[fast]'``.

    Returns
    -------
    Step
        ``step(*args)`` is ``ag.value_and_grad(f, argnums)(*args)``.

    Raises
    ------
    DataDependentError
        Where the course of `f` depends on the data, or a number drawn or read off an array would
        be the same in every run; the text names the line.
    NotImplementedError
        For a function that the loops of Numba have no form for.

    Notes
    -----
    Arrays that `f` takes from elsewhere are constants of the program, listed in `Step.captured`.
    Variables keep the names that `f` gives them. `f` is called on the example, on other data, and
    with another number of samples: what follows that number is written with `N`.

    Examples
    --------
    >>> def loss(w, x, y):
    ...     z = x @ w
    ...     return np.sum((z - y) ** 2) / 2
    >>> step = derive(loss, np.ones(2), np.ones((3, 2)), np.zeros(3))
    >>> print(step.source)
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def step(w, x, y):
        # right for the shapes it was derived for: x (3, 2), y (3,)
        z = x @ w
        v1 = z - y
        loss = (v1 ** 2).sum() / 2
        dw = x.T @ v1
        return loss, dw
    >>> step(np.array([1.0, 2.0]), np.eye(2), np.ones(2))
    (np.float64(0.5), array([0., 1.]))
    """
    if backend not in _BACKENDS:
        raise ValueError(f"derive: backend={backend!r} is none of {', '.join(_BACKENDS)}")
    compiled = import_module(f".{_BACKENDS[backend]}", __package__).compiled
    step = Step(f, argnums, partial(compiled, reuse_outputs=reuse_outputs))
    step.record(*example)
    return step


class Step:
    """A function's program for each kind of arguments it was called with; see `derive`."""

    def __init__(
        self, f: Callable[..., Any], argnums: int | Sequence[int] | None, compiled: Compiled
    ) -> None:
        self._f = f
        self._argnums = argnums
        self._compiled = compiled
        self._eagerly = f if argnums is None else value_and_grad(f, argnums)
        self._derived: OrderedDict[Hashable, Derived] = OrderedDict()
        self._last: Derived | None = None

    def __call__(self, *args: Any) -> Any:
        """Compute the value, and the gradient unless ``argnums=None``."""
        if (last := self._last) is not None and len(args) == len(last.args):
            result = last.run(args)
            if result is not MISS:
                return result
        if any(_is_recorded(leaf) for arg in args for leaf in flatten(arg)):
            return self._eagerly(*args)  # an outer derivative, or program, goes through this one
        args = tuple(map_leaves(_as_given, arg) for arg in args)
        derived = self._derived.get(_signature(args)) or self.record(*args)
        self._last = derived
        result = derived.run(args)
        if result is MISS:
            raise RuntimeError("derive: a program does not take the arguments it was made for")
        return result

    def record(self, *args: Any) -> Derived:
        """Record the function for arguments of this kind."""
        derived = Derived(self._f, args, self._argnums, self._compiled)
        self._derived[_signature(derived.args)] = self._last = derived
        if len(self._derived) > _KEPT:
            self._derived.popitem(last=False)
        return derived

    @property
    def latest(self) -> Derived:
        """What was derived for the arguments of the last call, or of the first example."""
        if self._last is None:
            raise RuntimeError("derive: nothing has been recorded yet; call record(*example)")
        return self._last

    @property
    def signatures(self) -> list[Hashable]:
        """The kinds of arguments that have a program; the oldest of more than 16 goes."""
        return list(self._derived)

    @property
    def program(self) -> Program:
        """The lines of the program, as nodes."""
        return self.latest.program

    @property
    def source(self) -> str:
        """A module with the program as a function of NumPy, ``step``, that runs alone.

        Raises
        ------
        NotImplementedError
            For a function that cannot be written alone; the step itself can be called.
        """
        return self.latest.written.source

    @property
    def captured(self) -> dict[str, Any]:
        """The arrays that are constants of the program, by their names in `source`."""
        return self.latest.written.arrays

    def latex(self, style: str = "papers", environment: str = "aligned") -> str:
        """Write the program as equations, forward and backward.

        Parameters
        ----------
        style : {"papers", "short"}
            How a cotangent is written: as a partial derivative of the loss, or with a d.
        environment : str
            What aligns the equations.
        """
        return self.latest.latex(style, environment)

    def table(self) -> Table:
        """List the lines with their shapes, the bytes they write and what they compute."""
        spelling = self.latest.written.spelling
        return table(spelling.program, spelling.names)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `source` to a ``.py`` file that runs alone; captured arrays go beside it.

        Raises
        ------
        ValueError
            For a path that does not end in ``.py``.
        """
        shapes = {x.name: f"{x.shape} {x.dtype}" for x in self.program.arguments}
        save(self.source, self.captured, path, of=self._name, shapes=shapes)

    @property
    def _name(self) -> str:
        return getattr(self._f, "__qualname__", type(self._f).__name__)

    def __repr__(self) -> str:
        return f"<Step of {self._name}: {len(self._derived)} programs>"


class Derived:
    """The program of a function for one kind of arguments."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: int | Sequence[int] | None,
        compiled: Compiled,
    ) -> None:
        chosen = () if argnums is None else positions(argnums, args)
        for i in chosen:
            if isinstance(args[i], (int, float, complex)) and not isinstance(args[i], np.generic):
                raise TypeError(
                    f"derive: a Python number is a static argument, and argument {i} is one to "
                    f"differentiate by; write np.array({args[i]})"
                )
        self._argument_names = _parameter_names(f, len(args))
        self.args = tuple(map_leaves(_as_given, arg) for arg in args)
        leaves = [
            (getattr(given, "name", None) or name, leaf, i)
            for i, (argument, arg) in enumerate(zip(self._argument_names, args, strict=True))
            for name, given, leaf in zip(
                leaf_names(argument, arg), flatten(arg), flatten(self.args[i]), strict=True
            )
        ]
        moving = [leaf for leaf in leaves if isinstance(leaf[1], np.ndarray)]
        if argnums is not None:
            f = value_and_grad(f, chosen if np.ndim(argnums) else chosen[0])
        results: list[Any] = []

        def on_arrays(tensors: Sequence[Any]) -> list[Any]:
            following = iter(tensors)
            filled = (next(following) if isinstance(x, np.ndarray) else x for _, x, _ in leaves)
            out = f(*replaced(self.args, filled))
            results.append(map_leaves(lambda _: 0, out))
            return flatten(out)

        example = [x for _, x, _ in moving]
        names = [name for name, _, _ in moving]

        def simplified(program: Program) -> Program:
            if argnums is None:
                program = replace(program, values=len(program.outputs))
            for simpler in PASSES.values():
                program = simpler(program)
            return program

        self.program = program = simplified(trace(on_arrays, example, names))
        self._structure = results[0]
        self._resized = of_another_size(
            lambda other: simplified(record(on_arrays, other, names)[0]),
            example,
            [i not in chosen for _, _, i in moving],
        )
        whose = [(x, i) for x, (_, _, i) in zip(program.arguments, moving, strict=True)]
        self._by = [x for j in chosen for x, i in whose if i == j]
        self.run = compiled(program, self.args, self._structure)
        forget_example(program)
        self.args = tuple(map_leaves(_without_data, arg) for arg in self.args)

    @cached_property
    def written(self) -> Written:
        """The program as source, with the arrays it needs."""
        by = {x.birth for x in self._by}
        return write(
            self.program, self._argument_names, self.args, self._structure, by, self._resized
        )

    def latex(self, style: Any, environment: str) -> str:
        """The program as equations."""
        spelling = self.written.spelling
        return latex(
            spelling.program,
            spelling.names,
            by=self._by,
            arrays=spelling.arrays,
            sizes=spelling.sizes,
            style=style,
            environment=environment,
        )


def _without_data(leaf: Any) -> Any:
    return stand_in(leaf) if isinstance(leaf, np.ndarray) else leaf


def _as_given(leaf: Any) -> Any:
    """A leaf as the programs take it: an array, or a static argument."""
    x = plain(leaf)
    if not isinstance(x, (np.ndarray, np.generic)):
        return x
    x = np.asarray(x)
    known = np.dtype(x.dtype.newbyteorder("=").str)  # there is one object of a kind; ask for that
    return x if x.dtype is known else x.astype(known)


def _is_recorded(leaf: Any) -> bool:
    """Whether what becomes of a leaf is recorded."""
    return isinstance(leaf, Tensor) and (leaf.requires_grad or mode().tracing)


def _signature(args: tuple[Any, ...]) -> Hashable:
    """Tell arguments of different kinds apart."""
    return tuple(map(_kind, args))


def _kind(tree: Any) -> Hashable:
    parts = parts_of(tree)
    if parts is not None:
        return (type(tree), *((key, _kind(part)) for key, part in parts))
    if isinstance(tree, np.ndarray):
        return (tree.shape, tree.dtype.str)
    try:
        hash(tree)
    except TypeError as error:
        raise TypeError(
            f"derive: an argument of type {type(tree).__name__} is neither an array nor a static "
            "argument that can be told from others; pass np.asarray(...) or take it from outside "
            "of the function"
        ) from error
    return (type(tree), repr(tree) if isinstance(tree, INEXACT) else tree)


def _parameter_names(f: Callable[..., Any], n: int) -> list[str]:
    """The names of the first n positional parameters."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return [f"x{i}" for i in range(n)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "x")
    return names[:n] + [f"{rest}{i}" for i in range(n - len(names))]
