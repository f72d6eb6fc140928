"""Derivatives of functions: `grad`, `value_and_grad` and `vjp`.

Each transform gives the function fresh leaves, so transforms nest without confusing whose
derivative is whose. A result is a plain array, or a Tensor where it depends on Tensors that
require a gradient outside of the transform.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .arguments import split
from .declare import function
from .mode import mode, recorded
from .op import leaf
from .sweep import BACKWARD, as_read, name_cotangent, sweep
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


_running: dict[int, _Run] = {}
"""The runs that have not ended, by bit, in the order in which they began."""


class _Run:
    """One run of a function on fresh leaves, its value `out`, and the sweep back to them.

    While it runs, the leaves and what is made from them have a bit in `wanted_by` that no other
    run has. What was made keeps it; a later run may have the same, and all that is older than its
    own leaves is none of its.
    """

    def __init__(self, transform: str, f: Callable[[Any], Any], args: Any) -> None:
        given, self._build = parted(args)
        self.leaves: dict[int, Tensor] = {}
        self.since = sys.maxsize  # as yet nothing is made from them, should another thread ask
        leaves = self.leaves
        bit = BACKWARD << 1
        while _running.setdefault(bit, self) is not self:  # one step: of two threads one gets it
            bit <<= 1
        self.bit = bit
        try:
            for x in given:
                fresh = _fresh(x, transform)
                fresh.wanted_by |= bit
                leaves[fresh.birth] = fresh
            self.since = next(iter(leaves), sys.maxsize)
            self.out = recorded(f, self._build(iter(leaves.values())))
            now = mode()
            self.reached_from_outside = now.recording and (now.tracing or self._wanted_by_others())
        finally:
            del _running[bit]
            for x in leaves.values():
                x.wanted_by &= ~bit

    def _wanted_by_others(self) -> bool:
        """Whether `backward`, or a run that this is inside of, wants the value too."""
        values = [self.out] if type(self.out) is Tensor else flatten(self.out)
        wanted_by = 0
        for y in values:
            if type(y) is Tensor:
                wanted_by |= y.wanted_by
        if not wanted_by & ~self.bit:
            return False
        around = itertools.takewhile(lambda run: run is not self, list(_running.values()))
        return bool(wanted_by & BACKWARD) or any(run.made(y) for run in around for y in values)

    def made(self, y: Any) -> bool:
        """Whether a value is one of the leaves, or was made from them."""
        if type(y) is not Tensor:
            return False
        return y.birth in self.leaves or (y.birth >= self.since and bool(y.wanted_by & self.bit))

    def result(self, value: Any) -> Any:
        """What a transform returns of a value: a Tensor only where outer Tensors reach it."""
        return value if self.reached_from_outside else plain(value)

    def pull(self, seeds: Iterable[tuple[Tensor, Any]]) -> Any:
        """Sweep the seeds back; return the cotangents in the structure of the arguments."""
        on_records = self.reached_from_outside
        reaching = []
        for y, g in seeds:
            if self.made(y):
                reaching.append((y, g))
                on_records = on_records or type(g) is Tensor
        if on_records:
            found = recorded(sweep, reaching, self.bit, self.since, self.leaves, on_records=True)
            for x, g in found.values():
                name_cotangent(g, x)
        else:
            found = sweep(reaching, self.bit, self.since, self.leaves)
        cotangents = [
            found[birth][1] if birth in found else np.zeros(x.shape, x.dtype)
            for birth, x in self.leaves.items()
        ]
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
        run = _Run("grad", *split(f, argnums, args, kwargs))
        out = run.out
        if has_aux:
            out, aux = _pair(out)
        out = _number(out)
        if holomorphic and any(x.dtype.kind != "c" for x in run.leaves.values()):
            raise TypeError("grad: a holomorphic function is one of complex arguments")
        seed = out._seed(holomorphic=holomorphic)
        gradient = run.pull([(out, seed)])
        value = run.result(out)
        return ((value, map_leaves(run.result, aux)) if has_aux else value), gradient

    return wrapped


def _pair(out: Any) -> tuple[Any, Any]:
    if not (isinstance(out, tuple) and len(out) == 2):
        raise TypeError("grad: with has_aux the function must return a pair (number, aux)")
    return out


def _number(out: Any) -> Tensor:
    """Check that a value is one floating-point number; a Tensor of it."""
    if isinstance(out, Tensor):
        y = out
    elif out is None or isinstance(out, (dict, list, tuple)):
        raise TypeError(
            "grad: the function must return one number, not "
            + ("None; end it with `return ...`" if out is None else f"a {type(out).__name__}")
        )
    else:
        y = Tensor(out)
    if y.data.size != 1:
        raise RuntimeError(
            f"grad: the function must return one number, not an array of shape {y.shape}; "
            "reduce it with np.sum or np.mean, or take ag.jacobian for all derivatives"
        )
    if y.data.dtype.kind not in "fc":
        raise TypeError(
            f"grad needs a function that returns a floating-point number, not {y.dtype}"
        )
    return y


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
    run = _Run("vjp", lambda fresh: f(*fresh), args)
    out = run.out
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
        cotangents = run.pull(seeds.values())
        return cotangents[0] if len(args) == 1 else cotangents

    return map_leaves(run.result, out), pullback
