"""Derivatives by another way than the tape's: computed again, or given by the user."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .derivatives import vjp
from .errors import DetachedError
from .mode import mode
from .op import Joint, Op
from .tensor import Tensor, apply, plain
from .tree import flatten, parted

__all__ = ["checkpoint", "custom_vjp"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that keeps only its arguments on the tape, and runs again for the gradient.

    Parameters
    ----------
    f : callable
        Returns one array. It must be deterministic, and what it is differentiated by must come
        in its positional arguments: arrays or nested structures of arrays.

    Returns
    -------
    callable

    Raises
    ------
    DetachedError
        From the function made, where `f` uses Tensors from outside that require a gradient.
    RuntimeError
        From the backward sweep, where `f` gives another value when it is run again.

    References
    ----------
    Griewank and Walther (2000), "Algorithm 799: revolve", for the trade of time for memory.

    Examples
    --------
    >>> layer = checkpoint(lambda x, w: np.tanh(x @ w))
    >>> x = Tensor(np.zeros((2, 3)), requires_grad=True)
    >>> layer(x, np.ones((3, 4))).op.name
    'checkpoint'
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if mode().tracing:  # a program decides by itself what it keeps
            return f(*args, **kwargs)

        leaves, build = parted(args)

        def run(*leaves: Any) -> Any:
            return f(*build(iter(leaves)), **kwargs)

        def forward(*values: Any) -> Any:
            value = run(*map(_read_only, values))
            if isinstance(value, (dict, list, tuple)):
                raise TypeError("checkpoint: the function must return one array")
            if isinstance(value, Tensor) and value.requires_grad:
                raise DetachedError(
                    "checkpoint: the function uses tensors from outside that require a gradient; "
                    "hand them to it as arguments"
                )
            return plain(value)

        def rule(g: Any, y: Any, *leaves: Any) -> Any:
            smooth = [i for i, x in enumerate(leaves) if np.result_type(plain(x)).kind in "fc"]

            def of_smooth(*chosen: Any) -> Any:
                given = list(leaves)
                for i, x in zip(smooth, chosen, strict=True):
                    given[i] = x
                return run(*given)

            again, pullback = vjp(of_smooth, *(leaves[i] for i in smooth))
            if not np.array_equal(plain(again), plain(y), equal_nan=True):
                raise RuntimeError(
                    "checkpoint: the function gave another value when it was run again; hand "
                    "random numbers to it as arguments"
                )
            cotangents = pullback(g)
            found = dict(
                zip(smooth, (cotangents,) if len(smooth) == 1 else cotangents, strict=True)
            )
            return [found.get(i) for i in range(len(leaves))]

        if not any(isinstance(leaf, Tensor) for leaf in leaves):
            return f(*args, **kwargs)
        return apply(Op(checkpoint, Joint(rule), forward=forward), tuple(leaves), {})

    return wrapped


def _read_only(x: Any) -> Any:
    """The same array, that cannot be written into."""
    if isinstance(x, np.ndarray):
        x = x.view()
        x.flags.writeable = False
    return x


class custom_vjp:  # noqa: N801
    """A function with a derivative of its own for all arguments together.

    Parameters
    ----------
    f : callable
        Gives the name and the documentation; what is computed is the `forward` of `defvjp`, of
        arrays to one array. See `function` for rules argument by argument.

    Examples
    --------
    >>> @custom_vjp
    ... def clipped(x, y):
    ...     return x * y
    >>> clipped.defvjp(lambda x, y: (x * y, (x, y)), lambda saved, g: (g * saved[1], g * saved[0]))
    >>> x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    >>> clipped(x, y).backward()
    >>> x.grad, y.grad
    (array(3.), array(2.))
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self._name = f.__name__
        self._op: Op | None = None

    def defvjp(
        self,
        forward: Callable[..., tuple[Any, Any]],
        backward: Callable[[Any, Any], Sequence[Any]],
    ) -> None:
        """Give the derivative.

        Parameters
        ----------
        forward : callable
            Takes the arguments, returns the value and whatever `backward` needs of it.
        backward : callable
            ``backward(saved, g)`` returns a cotangent for each argument; None for one that
            nothing flows to. Written in operations that have rules, as `forward` is, it can be
            differentiated again.
        """

        def rule(g: Any, _: Any, *xs: Any, saved: Any) -> list[Any]:
            if any(isinstance(x, Tensor) for x in xs):
                saved = forward(*xs)[1]  # as functions of the arguments, to differentiate again
            cotangents = backward(saved, g)
            if len(cotangents) != len(xs):
                raise TypeError(f"defvjp: {len(cotangents)} cotangents for {len(xs)} arguments")
            return [
                np.zeros(np.shape(x), np.result_type(plain(x))) if c is None else c
                for x, c in zip(xs, cotangents, strict=True)
            ]

        self._forward = forward
        self._op = Op(self, Joint(rule))

    def __call__(self, *args: Any) -> Any:
        """Compute the value; on Tensors, recorded."""
        if self._op is None:
            raise TypeError(f"{self._name}: say how to differentiate it with defvjp first")
        if any(isinstance(arg, (dict, list, tuple)) for arg in args):
            raise TypeError(f"{self._name}: the arguments must be arrays; hand over their parts")
        value, saved = self._forward(*map(plain, args))
        if any(getattr(x, "requires_grad", False) for x in flatten((value, saved))):
            raise DetachedError(
                f"{self._name}: the function uses tensors from outside that require a gradient; "
                "hand them to it as arguments"
            )
        if not any(isinstance(arg, Tensor) for arg in args):
            return value
        return apply(self._op, args, {"saved": saved}, lambda *_, **__: value)
