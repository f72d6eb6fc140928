"""`derive`: a program for the value and gradient of a function, recorded once and run often."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..derivatives import positions, value_and_grad
from ..tensor import plain
from ..tree import flatten, map_leaves, replaced
from .fast import MISS, compiled
from .names import leaf_names, parts_of
from .passes import PASSES
from .program import Program
from .source import write
from .trace import trace

__all__ = ["Step", "derive"]

_KEPT = 16
"""Signatures whose programs are kept."""


def derive(
    f: Callable[..., Any],
    *example: Any,
    argnums: int | Sequence[int] | None = 0,
    reuse_outputs: bool = False,
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

    Returns
    -------
    Step
        ``step(*args)`` is ``ag.value_and_grad(f, argnums)(*args)``.

    Raises
    ------
    DataDependentError
        Where the course of `f` depends on the data, or a number drawn or read off an array would
        be the same in every run; the text names the line.

    Notes
    -----
    Arrays that `f` takes from elsewhere are constants of the program, listed in `Step.captured`.
    Variables keep the names that `f` gives them.

    Examples
    --------
    >>> def loss(w, x, y):
    ...     z = x @ w
    ...     return np.sum((z - y) ** 2) / 2
    >>> step = derive(loss, np.ones(2), np.ones((3, 2)), np.zeros(3))
    >>> print(step.source)
    def step(w, x, y):
        z = x @ w
        v1 = z - y
        loss = (v1 ** 2).sum() / 2
        dw = x.T @ v1
        return loss, dw
    >>> step(np.array([1.0, 2.0]), np.eye(2), np.ones(2))
    (np.float64(0.5), array([0., 1.]))
    """
    step = Step(f, argnums, reuse_outputs)
    step.record(*example)
    return step


class Step:
    """A function's program for each kind of arguments it was called with; see `derive`.

    Attributes
    ----------
    source : str
        A NumPy function that runs alone, for the arguments recorded last.
    captured : dict of str to array
        The arrays that the function took from elsewhere, by their names in `source`: constants.
    program : Program
        What `source` writes out.
    signatures : list of tuple
        The kinds of arguments that have a program, the latest last; the oldest of more than 16
        goes.
    """

    def __init__(
        self, f: Callable[..., Any], argnums: int | Sequence[int] | None, reuse_outputs: bool
    ) -> None:
        self._f = f
        self._argnums = argnums
        self._reuse_outputs = reuse_outputs
        self._derived: OrderedDict[Hashable, Derived] = OrderedDict()
        self._last: Derived | None = None

    def __call__(self, *args: Any) -> Any:
        """Compute the value, and the gradient unless ``argnums=None``."""
        if (last := self._last) is not None and len(args) == last.arity:
            result = last.run(args)
            if result is not MISS:
                return result
        args = tuple(map_leaves(_as_given, arg) for arg in args)
        derived = self._derived.get(_signature(args)) or self.record(*args)
        self._last = derived
        return derived.run(args)

    def record(self, *args: Any) -> Derived:
        """Record the function for arguments of this kind."""
        args = tuple(map_leaves(_as_given, arg) for arg in args)
        derived = Derived(self._f, args, self._argnums, self._reuse_outputs)
        self._derived[_signature(args)] = self._last = derived
        if len(self._derived) > _KEPT:
            self._derived.popitem(last=False)
        return derived

    @property
    def _latest(self) -> Derived:
        assert self._last is not None
        return self._last

    @property
    def signatures(self) -> list[Hashable]:
        return list(self._derived)

    @property
    def program(self) -> Program:
        return self._latest.program

    @property
    def source(self) -> str:
        return self._latest.written.source

    @property
    def captured(self) -> dict[str, Any]:
        return dict(self._latest.written.arrays)

    def save(self, path: str | Path) -> None:
        """Write the source to a file; captured arrays beside it, as ``.npz``."""
        raise NotImplementedError


class Derived:
    """The program of a function for one kind of arguments."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: int | Sequence[int] | None,
        reuse_outputs: bool,
    ) -> None:
        names = _parameter_names(f, len(args))
        chosen = () if argnums is None else positions(argnums, args)
        leaves = [
            (name, leaf, i)
            for i, (argument, arg) in enumerate(zip(names, args, strict=True))
            for name, leaf in zip(leaf_names(argument, arg), flatten(arg), strict=True)
        ]
        moving = [leaf for leaf in leaves if isinstance(leaf[1], np.ndarray)]
        if argnums is not None:
            f = value_and_grad(f, chosen if np.ndim(argnums) else chosen[0])
        results: list[Any] = []

        def on_arrays(tensors: Sequence[Any]) -> list[Any]:
            following = iter(tensors)
            filled = (next(following) if isinstance(x, np.ndarray) else x for _, x, _ in leaves)
            out = f(*replaced(args, filled))
            results.append(map_leaves(lambda _: 0, out))
            return flatten(out)

        program = trace(on_arrays, [x for _, x, _ in moving], [name for name, _, _ in moving])
        for simplified in PASSES.values():
            program = simplified(program)
        self.arity = len(args)
        self.program = program
        differentiated = {
            x.birth for x, (_, _, i) in zip(program.arguments, moving, strict=True) if i in chosen
        }
        self.written = write(program, names, args, results[0], differentiated)
        self.run = compiled(program, args, results[0], reuse_outputs)


def _as_given(leaf: Any) -> Any:
    """A leaf as the programs take it: an array, or a static argument."""
    x = plain(leaf)
    return np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else x


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
    return (type(tree), tree)


def _parameter_names(f: Callable[..., Any], n: int) -> list[str]:
    """The names of the first n positional parameters."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return [f"x{i}" for i in range(n)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "x")
    return names[:n] + [f"{rest}{i}" for i in range(n - len(names))]
