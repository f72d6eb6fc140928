"""The referee for anyone's hand-written backpropagation."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arguments import positions
from ..differences import differences
from ..errors import ShapeError
from ..sums import unbroadcast
from ..tensor import plain
from ..tree import flatten, flatten_like, map_leaves
from .case import Case, Slip
from .conventions import conventions
from .explain import explain
from .network import Network
from .replay import Array, Tape, widened
from .report import BackpropReport, Row, Worst

__all__ = ["BackpropReport", "Slip", "check_backprop"]

_RTOL = {8: 1e-6, 4: 1e-3, 2: 5e-2}  # of a gradient, by the size of a number in bytes
_DIGITS = 1e-9
_STEPS = (1e-3, 1e-4, 1e-5)


def check_backprop(
    my_backprop: Callable[..., Any],
    loss: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
) -> BackpropReport:
    """Compare hand-written gradients with the tape's, and name the slip where they differ.

    Parameters
    ----------
    my_backprop : callable
        Takes `args`; returns gradients, and nothing else, in the structures of the arguments: a
        tuple for the first ones, or one gradient for the first argument alone.
    loss : callable
        Takes `args`; returns one number. Written in functions that have rules: NumPy's, and
        those of this package.
    *args : array, or nested structure of arrays
        Parameters and data.
    argnums : int or sequence of int, optional
        The positional arguments that `my_backprop` differentiates by, as for `grad`.

    Returns
    -------
    BackpropReport
        True where every gradient is right; ``print`` it.

    Raises
    ------
    TypeError
        Where the structure is another one, something was returned that is no gradient, or the
        loss is not one number made from the arguments.
    ValueError
        For a gradient that is not finite, or one of a shape no slip explains; for arguments
        without any entry.

    Notes
    -----
    A slip of a rule is found by running the backward pass of the tape with that slip: one that
    gives the same numbers has the same name. Wrong code that is right on these data cannot be
    told: give a batch of more than two samples, all sizes different, and no zeros.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.standard_normal((5, 3)), np.eye(4)[rng.integers(4, size=5)]
    >>> def loss(W, b):
    ...     return ag.softmax_cross_entropy(X @ W + b, Y)
    >>> def backprop(W, b):
    ...     dZ = ag.softmax(X @ W + b) - Y
    ...     return X.T @ dZ, dZ.sum(axis=0)
    >>> print(check_backprop(backprop, loss, rng.standard_normal((3, 4)), np.zeros(4)))
    gradient  shape   error    verdict
    dW        (3, 4)  4.0e+00  missing 1/N
    db        (4,)    4.0e+00  missing 1/N
    <BLANKLINE>
    dW, db: missing 1/N
        5 times the gradient: divide by the batch size N = 5, once
    <BLANKLINE>
    worst entry, ...: yours ..., the tape ..., differences ...
    """
    returned = my_backprop(*(map_leaves(_copied, x) for x in args))
    chosen, structure = _structure(returned, args, argnums)
    names = _names(loss, args, chosen)
    tape = Tape(loss, args, chosen)
    exact = tape.gradients()
    if not all(np.isfinite(g).all() for g in exact):
        raise ValueError("check_backprop: the tape's own gradient is not finite at these arguments")
    given: list[Array] = []
    of_shapes: list[Slip] = []
    leaves = flatten_like(structure, returned, "check_backprop: what my_backprop returned")
    for name, leaf, e in zip(names, leaves, exact, strict=True):
        cured, slips = _cured(name, _array(name, leaf, e.shape), e.shape)
        given.append(cured)
        of_shapes += slips
    eps = _precision([*flatten(args), *given])
    with np.errstate(all="ignore"):  # a slip that is tried may overflow
        cases = [(notes, _case(t, names, given, eps)) for notes, t in conventions(tape, given)]
        # Whichever convention leaves the least to explain is the one that was meant.
        followed = next(((n, c) for n, c in cases if not c.wrong(c.tape.gradients())), None)
        found = [(n, c, list(explain(c))) for n, c in ([followed] if followed else cases)]
    notes, case, of_rules = min(found, key=lambda reading: _complexity(reading[2]))
    slips = _merged(of_shapes + of_rules)
    expected = case.tape.gradients()
    rows = []
    for name, g, e in zip(names, given, expected, strict=True):
        mine = [s.slip for s in slips if name in s.gradients]
        rows.append(Row(name, e.shape, _error(g, e), " + ".join(mine) or "ok"))
    worst = _worst(loss, args, chosen, rows, given, expected)
    return BackpropReport(rows, slips, worst, notes + _notes(case, rows, worst, slips, notes))


def _case(tape: Tape, names: list[str], given: list[Array], eps: np.finfo[Any]) -> Case:
    """What is to be explained, with what rounding may do."""
    largest = max((np.abs(g).max(initial=0) for g in tape.gradients()), default=0)
    level = 10 * float(eps.eps) * (abs(tape.value) + float(largest))
    floors = [50 * noise + level for noise in tape.noise(float(eps.eps))]
    return Case(Network(tape), names, given, _RTOL[eps.dtype.itemsize], floors)


def _complexity(slips: list[Slip]) -> tuple[bool, int]:
    return any(s.slip == "unknown" for s in slips), len(slips)


def _merged(slips: list[Slip]) -> list[Slip]:
    """One finding for one slip, with all the gradients it is in."""
    merged: dict[str, Slip] = {}
    for s in slips:
        if s.slip in merged:
            before = merged[s.slip]
            names = dict.fromkeys(before.gradients + s.gradients)
            text = (
                before.message if s.message in before.message else f"{before.message}; {s.message}"
            )
            s = dataclasses.replace(before, gradients=tuple(names), message=text)
        merged[s.slip] = s
    return list(merged.values())


def _copied(x: Any) -> Any:
    """An array of its own, so that nothing written into it is seen by the loss."""
    x = plain(x)
    return x.copy() if isinstance(x, np.ndarray) else x


def _structure(
    returned: Any, args: Sequence[Any], argnums: int | Sequence[int] | None
) -> tuple[tuple[int, ...], Any]:
    """The positions that the gradients belong to, and the structure they must have."""
    if returned is None:
        raise TypeError("check_backprop: my_backprop returned None; end it with `return dW, db`")
    if not args:
        raise TypeError("check_backprop: give the arguments of the loss after the two functions")
    if argnums is None:
        several = isinstance(returned, (tuple, list)) and not _fits(args[0], returned)
        argnums = range(len(returned)) if several else 0
        if several and not returned:
            raise TypeError(
                "check_backprop: my_backprop returned no gradient; end it with `return dW, db`"
            )
        if several and len(returned) > len(args):
            raise TypeError(
                f"check_backprop: my_backprop returned {len(returned)} gradients, but there are "
                f"{len(args)} arguments{_THE_LOSS}"
            )
    chosen = positions(argnums, args)
    structure = tuple(args[i] for i in chosen) if np.ndim(argnums) else args[chosen[0]]
    for x in flatten(structure):
        if np.asarray(plain(x)).dtype.kind != "f":
            raise TypeError(
                "check_backprop needs real floating-point arguments to differentiate by, not "
                f"{np.asarray(plain(x)).dtype}; say which ones with argnums="
            )
    if not any(np.size(plain(x)) for x in flatten(structure)):
        raise ValueError(
            "check_backprop: the arguments to differentiate by have no entries, so there is "
            "nothing to compare; give some that have"
        )
    return chosen, structure


_THE_LOSS = "; if the loss comes first, check lambda *args: my_backprop(*args)[1:]"


def _fits(structure: Any, tree: Any) -> bool:
    """Whether `tree` is that structure, with arrays for its leaves."""
    try:
        leaves = flatten_like(structure, tree, "")
    except TypeError:
        return False
    return not any(isinstance(x, (tuple, list, dict)) for x in leaves)


def _names(loss: Any, args: Sequence[Any], chosen: Sequence[int]) -> list[str]:
    """Name the gradients after the parameters of the loss: dW[0]."""
    parameters: list[str] = []
    try:
        for p in inspect.signature(loss).parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                parameters += [f"{p.name}[{i}]" for i in range(len(args) - len(parameters))]
            elif p.kind is not p.KEYWORD_ONLY:
                parameters.append(p.name)
    except ValueError:  # some callables do not say
        parameters = [f"(argument {i})" for i in range(len(args))]
    return [f"d{path}" for i in chosen for path in _paths(parameters[i], args[i])]


def _paths(name: str, tree: Any) -> list[str]:
    if isinstance(tree, dict):
        parts = [(f"{name}[{key!r}]", value) for key, value in tree.items()]
    elif hasattr(tree, "_fields"):
        parts = [(f"{name}.{key}", getattr(tree, key)) for key in tree._fields]
    elif isinstance(tree, (list, tuple)):
        parts = [(f"{name}[{i}]", value) for i, value in enumerate(tree)]
    elif dataclasses.is_dataclass(tree):
        keys = [field.name for field in dataclasses.fields(tree) if field.init]
        parts = [(f"{name}.{key}", getattr(tree, key)) for key in keys]
    else:
        return [] if tree is None else [name]
    return [path for part, value in parts for path in _paths(part, value)]


def _array(name: str, leaf: Any, shape: tuple[int, ...]) -> Array:
    """The gradient as an array of finite numbers."""
    g = np.asarray(plain(leaf)) if not isinstance(leaf, (tuple, dict)) else np.asarray(None)
    if g.dtype.kind not in "fiu":
        what = f"an array of {g.dtype}" if g.ndim else f"of type {type(leaf).__name__}"
        raise TypeError(
            f"check_backprop: {name} is {what}, where a real array of shape {shape} is wanted"
        )
    if not np.isfinite(g).all():
        entry = tuple(int(k) for k in np.argwhere(~np.isfinite(g))[0])
        raise ValueError(
            f"check_backprop: {name} is {g[entry]} at entry {entry}; look for an overflow in exp, "
            "log(0) or 0/0 (ag.softmax and ag.sigmoid are safe)"
        )
    return g if g.dtype.kind == "f" else g.astype(np.float64)


def _cured(name: str, g: Array, shape: tuple[int, ...]) -> tuple[Array, list[Slip]]:
    """The gradient in the shape of its parameter, and what its own shape says."""
    if g.shape == shape:
        return g, []
    wrong = f"{name} has shape {g.shape}, and its parameter {shape}"
    if g.ndim == 2 and g.T.shape == shape and 1 not in shape:
        text = f"{wrong}: it is transposed; (A.T @ B).T is B.T @ A"
        return g.T, [Slip("transposed", (name,), text)]
    if [n for n in g.shape if n != 1] == [n for n in shape if n != 1]:
        text = f"{wrong}: write .reshape{shape}, or keepdims=True in a sum"
        return g.reshape(shape), [Slip("wrong shape", (name,), text)]
    try:
        summed = unbroadcast(g, shape)
    except ShapeError:
        suffix = _THE_LOSS if g.size == 1 else ""
        raise ShapeError(f"check_backprop: {wrong}{suffix}") from None
    text = f"{wrong}: sum over the batch, np.sum({name}, axis=...)"
    return summed, [Slip("not summed over the batch", (name,), text)]


def _precision(arrays: Sequence[Any]) -> np.finfo[Any]:
    """The coarsest precision among floating-point arrays."""
    dtypes = [getattr(x, "dtype", np.dtype(np.float64)) for x in map(plain, arrays)]
    size = min([8, *(dtype.itemsize for dtype in dtypes if dtype.kind == "f")])
    return np.finfo(f"f{size}")


def _error(given: Array, expected: Array) -> float:
    scale = np.abs(expected).max(initial=0) or np.abs(given).max(initial=0) or 1.0
    return float(np.abs(given - expected).max(initial=0) / scale)


def _worst(
    loss: Callable[..., Any],
    args: Sequence[Any],
    chosen: Sequence[int],
    rows: list[Row],
    given: list[Array],
    expected: list[Array],
) -> Worst:
    """The entry that is furthest off among the worst gradient's, with differences for it."""
    some = [i for i, e in enumerate(expected) if e.size]
    k = max(some, key=lambda i: (rows[i].verdict != "ok", rows[i].error))
    error = np.abs(given[k] - expected[k])
    entry = tuple(int(j) for j in np.unravel_index(np.argmax(error), error.shape))
    moved = [map_leaves(widened, x) for x in args]
    for i in chosen:
        moved[i] = map_leaves(lambda x: np.array(plain(x), np.float64), args[i])
    x = [leaf for i in chosen for leaf in flatten(moved[i])][k]
    point = np.array(x[entry])

    def value() -> float:
        x[entry] = point[()]
        try:
            return float(plain(loss(*moved)))
        except ValueError:  # a step may lead out of the loss's domain
            return np.nan

    with np.errstate(all="ignore"):
        slopes = [float(differences(value, point, step)) for step in _STEPS]
    changes = np.nan_to_num(np.abs(np.diff(slopes)), nan=np.inf)
    third = slopes[1 + int(np.argmin(changes))]  # where it depends least on the step
    return Worst(rows[k].name, entry, float(given[k][entry]), float(expected[k][entry]), third)


def _notes(
    case: Case, rows: list[Row], worst: Worst, slips: list[Slip], conventions: list[str]
) -> list[str]:
    """What else is no slip, and worth knowing."""
    notes = []
    expected = case.tape.gradients()
    silent = [r.name for r, e in zip(rows, expected, strict=True) if e.size and not e.any()]
    if silent:
        notes.append(f"{', '.join(silent)}: 0 throughout, so that much would agree; try other data")
    if not slips and case.network.samples == 1 and case.network.products:
        notes.append("with one sample a slip in 1/N or in the sum over the batch cannot be seen")
    inexact = dataclasses.replace(case, rtol=_DIGITS).wrong(expected)
    if not slips and case.rtol == _RTOL[8] and inexact:
        largest = max(rows[i].error for i in inexact)
        notes.append(f"right to {largest:.0e} only, where 1e-12 is usual")
    scale = max(abs(worst.tape), abs(worst.differences), 1e-6)
    if not conventions and abs(worst.tape - worst.differences) > 1e-4 * scale:
        notes.append(
            f"differences do not confirm the tape at {worst.name}: the loss may have a kink there, "
            "or a stop_gradient or a rule of your own in it"
        )
    return notes
