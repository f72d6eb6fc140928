"""Derivatives of functions: `grad`, `value_and_grad` and `vjp`.

Each transform gives the function fresh leaves, so transforms nest without confusing whose
derivative is whose. A result is a plain array, or a Tensor where it depends on Tensors that
require a gradient outside of the transform.
"""

from __future__ import annotations

import functools
import itertools
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import split
from .declare import function
from .mode import mode, recorded
from .op import leaf
from .sweep import BACKWARD, as_read, name_cotangent, own, sweep
from .tensor import Tensor, as_array, new_leaf, plain
from .tree import flatten, flatten_like, map_leaves, parted

__all__ = ["grad", "value_and_grad", "vjp"]


_as_leaf = function(leaf, lambda g, y, x: g)


def _fresh(x: Any, transform: str) -> Tensor:
    """Make the leaf for `x`; one for an outer Tensor is recorded as made from it."""
    if type(x) is np.ndarray and x.dtype.kind in "fc":
        return new_leaf(x)
    if isinstance(x, Tensor):
        fresh: Tensor = _as_leaf(x)
        fresh.name = x.name
    else:
        fresh = new_leaf(as_array(x))
    if fresh.data.dtype.kind not in "fc":
        raise TypeError(
            f"{transform} needs floating-point arguments to differentiate by, not {fresh.dtype}; "
            "write x.astype(float), or 3.0 for 3"
        )
    return fresh


_bits = itertools.cycle([1 << k for k in range(1, 30)])
_running: dict[int, _Leaves] = {}
_taking = threading.Lock()


class _Leaves:
    """The fresh leaves a transform hands to its function, and the sweep back to them.

    What is made from them has a bit in `wanted_by` that no other running transform has. It keeps
    that bit. So the bits take turns: one that comes back while such a Tensor is used makes a sweep
    longer, not wrong.
    """

    def __init__(self, transform: str, args: Any) -> None:
        given, self._build = parted(args)
        leaves = [_fresh(x, transform) for x in given]
        self.births = {x.birth: x for x in leaves}
        self.since = leaves[0].birth if leaves else sys.maxsize
        self.args = self._build(iter(leaves))

    def call(self, f: Callable[..., Any], *args: Any) -> Any:
        """Run `f` recorded, and find out whether its value is wanted for others too."""
        may_record = mode().recording
        around = self._start()
        try:
            for x in self.births.values():
                x.wanted_by |= self.bit
            out = recorded(f, *args)
        finally:
            for x in self.births.values():
                x.wanted_by &= ~self.bit
            del _running[self.bit]
        around = [other for other in around if _running.get(other.bit) is other]
        self.reached_from_outside = may_record and (
            mode().tracing
            or any(
                y.wanted_by & BACKWARD or any(other.made(y) for other in around)
                for y in flatten(out)
                if isinstance(y, Tensor)
            )
        )
        return out

    def _start(self) -> list[_Leaves]:
        """Take a bit; return those who are running, among them all that this one is inside of."""
        with _taking:
            around = list(_running.values())
            self.bit = next(_bits)
            while self.bit in _running:
                self.bit <<= 1
            _running[self.bit] = self
        return around

    def made(self, y: Tensor) -> bool:
        """Whether a value is one of the leaves, or was made from them."""
        return y.birth in self.births or (y.birth >= self.since and bool(y.wanted_by & self.bit))

    def result(self, value: Any) -> Any:
        """What a transform returns of a value: a Tensor only where outer Tensors reach it."""
        return value if self.reached_from_outside else plain(value)

    def pull(self, seeds: list[tuple[Tensor, Any]]) -> Any:
        """Sweep the seeds back; return the cotangents in the structure of the arguments."""
        seeds = [(y, g) for y, g in seeds if self.made(y)]
        lent = {id(seed) for _, seed in seeds}
        on_records = self.reached_from_outside or any(isinstance(g, Tensor) for _, g in seeds)
        if on_records:
            found = recorded(sweep, seeds, self.bit, self.since, self.births, on_records=True)
        else:
            found = sweep(seeds, self.bit, self.since, self.births)
        cotangents = []
        for birth, x in self.births.items():
            if birth in found:
                g = found[birth][1]
                if on_records:
                    name_cotangent(g, x)
                cotangents.append(own(g, lent))
            else:
                cotangents.append(np.zeros(x.shape, x.dtype))
        return self._build(iter(cotangents))


def value_and_grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., tuple[Any, Any]]:
    """Make a function that returns the value of `f` and its gradient.

    Parameters
    ----------
    f : callable
        Returns one floating-point number.
    argnums : int or tuple of int
        The positional arguments to differentiate by: arrays, or nested tuples, lists, dicts,
        named tuples and dataclasses of arrays.
    has_aux : bool
        Whether `f` returns a pair of that number and anything else, which is passed on: the
        value is then that pair.
    holomorphic : bool
        Whether `f` is a holomorphic function, so that the derivative of a complex value is
        ``f'(z)``. Without it the gradient `g` of a real value by a complex argument is the one
        with ``df = real(sum(g * dz))``.

    Returns
    -------
    callable
        Takes the arguments of `f`; returns ``(value, gradient)``, where the gradient has the
        structure, shapes and dtypes of its argument (a tuple of them for a tuple `argnums`).

    Raises
    ------
    TypeError
        From the function made, for arguments or values that are not floating-point.
    RuntimeError
        From the function made, where `f` returns more than one number.

    Examples
    --------
    >>> value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        g, chosen = split(f, argnums, args, kwargs)
        leaves = _Leaves("grad", chosen)
        out = leaves.call(g, leaves.args)
        if has_aux and not (isinstance(out, tuple) and len(out) == 2):
            raise TypeError("grad: with has_aux the function must return a pair (number, aux)")
        out, aux = out if has_aux else (out, None)
        if out is None or isinstance(out, (dict, list, tuple)):
            raise TypeError(
                "grad: the function must return one number, not "
                + ("None; end it with `return ...`" if out is None else f"a {type(out).__name__}")
            )
        if not isinstance(out, Tensor):
            out = Tensor(out)
        if out.size != 1:
            raise RuntimeError(
                f"grad: the function must return one number, not an array of shape {out.shape}; "
                "reduce it with np.sum or np.mean, or take ag.jacobian for all derivatives"
            )
        if holomorphic and any(x.dtype.kind != "c" for x in leaves.births.values()):
            raise TypeError("grad: a holomorphic function is one of complex arguments")
        if out.dtype.kind not in "fc":
            raise TypeError(
                f"grad needs a function that returns a floating-point number, not {out.dtype}"
            )
        gradient = leaves.pull([(out, out._seed(holomorphic=holomorphic))])
        value = leaves.result(out)
        value = (value, map_leaves(leaves.result, aux)) if has_aux else value
        return value, gradient

    return wrapped


def grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """Make a function that returns the gradient of `f`; see `value_and_grad`.

    With `has_aux` it returns ``(gradient, aux)``.

    Examples
    --------
    >>> grad(np.tanh)(0.0)
    array(1.)
    >>> grad(grad(lambda x: x**3))(2.0)
    array(12.)
    """
    both = value_and_grad(f, argnums, has_aux=has_aux, holomorphic=holomorphic)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Evaluate `f` and return its value with the map from cotangents of it to those of `args`.

    Parameters
    ----------
    f : callable
        Returns an array, or a nested structure of arrays.
    *args : array or nested structure of arrays

    Returns
    -------
    value
        What `f` returns.
    pullback : callable
        Takes a cotangent in the structure and shapes of the value, and returns those of the
        arguments: one for one argument, else a tuple. It may be called any number of times.

    Raises
    ------
    TypeError, ShapeError
        From `pullback`, for a cotangent of another structure or shape.

    Examples
    --------
    >>> value, pullback = vjp(np.sin, np.array([0.0, 1.0]))
    >>> pullback(np.array([1.0, 0.0]))
    array([1., 0.])
    """
    leaves = _Leaves("vjp", args)
    out = leaves.call(f, *leaves.args)
    outputs = [(y, getattr(y, "birth", 0)) for y in flatten(out)]

    def pullback(cotangent: Any) -> Any:
        given = flatten_like(out, cotangent, "the cotangent of vjp")
        seeds: dict[int, tuple[Tensor, Any]] = {}
        for (output, birth), g in zip(outputs, given, strict=True):
            if isinstance(output, Tensor):
                output = as_read(output, birth)  # the caller may have assigned to it since
                seed = output._seed(g)
                if output.birth in seeds:  # returned twice
                    seed = seeds[output.birth][1] + seed
                seeds[output.birth] = output, seed
        cotangents = leaves.pull(list(seeds.values()))
        return cotangents[0] if len(args) == 1 else cotangents

    return map_leaves(leaves.result, out), pullback
