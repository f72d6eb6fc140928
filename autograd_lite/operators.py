"""Derivative operators made of `vjp`: a Jacobian-vector product is the transpose of the transpose.

They nest with one another and with `grad`, and take and return nested structures as `vjp` does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import split
from .derivatives import grad, vjp
from .errors import ShapeError
from .tensor import plain
from .tree import flatten, map_leaves, replaced

__all__ = [
    "deriv",
    "elementwise_grad",
    "ggnvp",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
]

Function = Callable[..., Any]


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Evaluate `f` and its derivative along a direction.

    Parameters
    ----------
    f : callable
    primals : sequence
        The arguments of `f`: arrays or nested structures of arrays.
    tangents : sequence
        The direction: structures and shapes as in `primals`.

    Returns
    -------
    value, tangent
        What `f` returns, and its derivative, of the same structure and shapes.

    Raises
    ------
    TypeError, ShapeError
        Where the tangents do not fit the primals.

    Examples
    --------
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (np.float64(6.0), array(3.))
    """
    if len(primals) != len(tangents):
        raise TypeError(f"jvp: {len(primals)} primals, but {len(tangents)} tangents")
    value, push = linearize(f, *primals)
    return value, push(*tangents)


def linearize(f: Function, *primals: Any) -> tuple[Any, Function]:
    """Evaluate `f` and return its value with its derivative there, as a linear function.

    Returns
    -------
    value
        What `f` returns.
    push : callable
        Takes a tangent for each argument and returns that of the value; it may be called any
        number of times without running `f` again.

    Examples
    --------
    >>> value, push = linearize(np.exp, np.array([0.0, 1.0]))
    >>> push(np.array([2.0, 0.0]))
    array([2., 0.])
    """
    value, pullback = vjp(f, *primals)
    somewhere = map_leaves(lambda y: _filled(0, y), value)
    _, transpose = vjp(pullback, somewhere)

    def push(*tangents: Any) -> Any:
        if len(tangents) != len(primals):
            raise TypeError(f"linearize: {len(primals)} primals, but {len(tangents)} tangents")
        return transpose(tangents[0] if len(primals) == 1 else tangents)

    return value, push


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Make a function that returns the matrix of derivatives of `f`.

    Parameters
    ----------
    f : callable
        Returns an array, or a nested structure of arrays.
    argnums : int or tuple of int
        The positional arguments to differentiate by.

    Returns
    -------
    callable
        Returns, for each array of the value, the structure of the argument with arrays of shape
        ``value.shape + argument.shape``. It sweeps once for each entry of the value, or, where
        the argument has fewer entries, once for each of those. Of complex values by complex
        arguments it is the derivative of a holomorphic function; of another there is none.

    Examples
    --------
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        g, chosen = split(f, argnums, args, kwargs)
        value, pullback = vjp(g, chosen)
        size_in = sum(np.size(x) for x in flatten(chosen))
        size_out = sum(np.size(y) for y in flatten(value))
        widens, narrows = _kinds(chosen, value)
        if widens or (size_in < size_out and not narrows):
            return _by_columns(linearize(g, chosen)[1], chosen, value)
        return _by_rows(pullback, chosen, value)

    return wrapped


def _kinds(chosen: Any, value: Any) -> tuple[bool, bool]:
    """Whether real arguments give complex values, which only columns hold, or complex ones real.

    Raises
    ------
    TypeError
        Where both happen, so that neither columns nor rows hold the derivative.
    """
    of_arguments = {np.iscomplexobj(plain(x)) for x in flatten(chosen)}
    of_values = {np.iscomplexobj(plain(y)) for y in flatten(value)}
    widens = False in of_arguments and True in of_values
    narrows = True in of_arguments and False in of_values
    if widens and narrows:
        raise TypeError("jacobian: differentiate by real and by complex arguments apart")
    return widens, narrows


def _filled(number: float, like: Any) -> np.ndarray:
    """An array of a shape and dtype; a tangent of integers, which is 0, is floating-point."""
    dtype = getattr(like, "dtype", np.dtype(float))
    return np.full(np.shape(like), number, dtype if dtype.kind in "fc" else float)


def _basis(tree: Any) -> list[tuple[int, Any]]:
    """Each entry's unit vector, in the structure of `tree`, with the number of its leaf."""
    leaves = flatten(tree)
    vectors = []
    for k, leaf in enumerate(leaves):
        for entry in np.ndindex(np.shape(leaf)):
            units = [_filled(0, x) for x in leaves]
            units[k][entry] = 1
            vectors.append((k, replaced(tree, units)))
    return vectors


def _by_rows(pullback: Function, chosen: Any, value: Any) -> Any:
    rows: list[list[Any]] = [[] for _ in flatten(value)]
    for k, unit in _basis(value):
        rows[k].append(flatten(pullback(unit)))
    return _blocks(value, chosen, lambda k, i: [row[i] for row in rows[k]], axis=0)


def _by_columns(push: Function, chosen: Any, value: Any) -> Any:
    columns: list[list[Any]] = [[] for _ in flatten(chosen)]
    for i, unit in _basis(chosen):
        columns[i].append(flatten(push(unit)))
    return _blocks(value, chosen, lambda k, i: [column[k] for column in columns[i]], axis=-1)


def _blocks(value: Any, chosen: Any, pieces: Callable[[int, int], list[Any]], axis: int) -> Any:
    """For each array of the value and each of the argument, stack its pieces to one array."""
    blocks = []
    for k, y in enumerate(flatten(value)):
        of_y = []
        for i, x in enumerate(flatten(chosen)):
            shape, parts = np.shape(y) + np.shape(x), pieces(k, i)
            of_y.append(np.stack(parts, axis=axis).reshape(shape) if parts else np.zeros(shape))
        blocks.append(replaced(chosen, of_y))
    return replaced(value, blocks)


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Make a function that returns the second derivatives of `f`, a function to one number.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Make a function that multiplies the Hessian of `f` by a vector, without forming it.

    Returns
    -------
    callable
        Takes the arguments of `f` and then the vector, in the structure of the argument that
        `argnums` chooses; returns the product in the same structure.

    Examples
    --------
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    gradient = grad(f, argnums)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise TypeError("hvp: give the arguments of the function, and then the vector")
        g, chosen = split(gradient, argnums, args[:-1], kwargs)
        return vjp(g, chosen)[1](args[-1])

    return wrapped


def _half_sum_of_squares(y: Any) -> Any:
    return np.sum(y * y) / 2


def ggnvp(f: Function, loss: Function = _half_sum_of_squares) -> Function:
    """Make a function that multiplies the generalized Gauss-Newton matrix by a vector.

    The matrix of ``loss(f(x))`` is ``J.T @ H @ J``, with J the Jacobian of `f` and H the Hessian
    of `loss` at its value.

    Parameters
    ----------
    f : callable
        Of one argument.
    loss : callable
        Half the sum of squares by default, for which H is the identity.

    Returns
    -------
    callable
        Takes the argument of `f` and the vector, returns the product.

    References
    ----------
    Schraudolph (2002), "Fast curvature matrix-vector products", section 3.

    Examples
    --------
    >>> ggnvp(lambda x: x**2)(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    array([ 4., 36.])
    """

    @functools.wraps(f)
    def wrapped(x: Any, vector: Any) -> Any:
        y, push = linearize(f, x)
        return vjp(f, x)[1](hvp(loss)(y, push(vector)))

    return wrapped


def elementwise_grad(f: Function, argnums: int = 0) -> Function:
    """Make a function that differentiates each entry of the value by that of the argument.

    For functions that work entry by entry; in general, the gradient of the sum of the value.

    Examples
    --------
    >>> elementwise_grad(np.tanh)(np.array([0.0, 50.0]))
    array([1., 0.])
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        g, x = split(f, argnums, args, kwargs)
        value, pullback = vjp(g, x)
        if _kinds(x, value)[0]:
            raise TypeError("elementwise_grad: complex values of real arguments; use jvp or deriv")
        return pullback(map_leaves(lambda y: _filled(1, y), value))

    return wrapped


def deriv(f: Function, argnums: int = 0) -> Function:
    """Make a function that returns the derivative of `f` by one number; the value may be an array.

    Examples
    --------
    >>> deriv(lambda t: t ** np.arange(3.0))(2.0)
    array([0., 1., 4.])
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        g, x = split(f, argnums, args, kwargs)
        if np.ndim(x):
            raise ShapeError(f"deriv differentiates by one number, not by shape {np.shape(x)}")
        return jvp(g, (x,), (_filled(1, x),))[1]

    return wrapped
