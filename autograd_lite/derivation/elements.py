"""How an element of a line comes about, as text for Numba: from which places, by what formula."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, NoReturn

import numpy as np

from ..errors import no_rule
from ..rules import activations, neural
from ..rules.indexing import HOLE, scatter, untake
from ..rules.norms import vector_norm
from .loops import Index
from .program import Node, made_by

__all__ = [
    "ASSIGNED",
    "DTYPES",
    "ELEMENTWISE",
    "FOLDS",
    "INSTEAD",
    "REARRANGED",
    "Place",
    "block",
    "formula",
    "loop_dtypes",
    "no_form",
    "places",
    "stretched",
]

_OPERATORS: dict[Callable[..., Any], str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.divide: "{0} / {1}",
    np.negative: "-{0}",
    np.square: "{0} * {0}",
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
    np.positive: "{0}",
    np.copy: "{0}",
    np.ndarray.astype: "{0}",
    np.zeros_like: "0",
    np.ones_like: "1",
    np.where: "{1} if {0} else {2}",
}
_CALLED: tuple[Callable[..., Any], ...] = (
    np.absolute, np.arccos, np.arccosh, np.arcsin, np.arcsinh, np.arctan, np.arctan2, np.arctanh,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.cbrt, np.ceil, np.copysign, np.cos, np.cosh,
    np.deg2rad, np.exp, np.exp2, np.expm1, np.fabs, np.floor, np.floor_divide, np.fmax, np.fmin,
    np.fmod, np.hypot, np.invert, np.isfinite, np.isinf, np.isnan, np.log, np.log10, np.log1p,
    np.log2, np.logaddexp, np.logaddexp2, np.logical_and, np.logical_not, np.logical_or,
    np.logical_xor, np.maximum, np.minimum, np.power, np.rad2deg, np.reciprocal, np.remainder,
    np.rint, np.sign, np.signbit, np.sin, np.sinh, np.sqrt, np.tan, np.tanh, np.trunc,
)  # fmt: skip
ELEMENTWISE: tuple[Callable[..., Any], ...] = (*_OPERATORS, *_CALLED)
REARRANGED: tuple[Callable[..., Any], ...] = (
    np.broadcast_to, np.expand_dims, np.flip, np.fliplr, np.flipud, np.matrix_transpose,
    np.moveaxis, np.repeat, np.reshape, np.roll, np.rollaxis, np.rot90, np.squeeze, np.swapaxes,
    np.tile, np.transpose, operator.getitem,
)  # fmt: skip
"""Functions each element of whose result is one of the first input's."""
ASSIGNED: tuple[Callable[..., Any], ...] = (unwrap(scatter), operator.setitem, np.add.at)
"""Functions that put elements into an array."""
FOLDS: dict[Callable[..., Any], tuple[float, str]] = {
    np.sum: (0, "{0} + {1}"),
    np.prod: (1, "{0} * {1}"),
    np.max: (-math.inf, "np.maximum({0}, {1})"),
    np.min: (math.inf, "np.minimum({0}, {1})"),
    np.any: (0, "{0} or {1} != 0"),
    np.all: (1, "{0} and {1} != 0"),
}
"""What a reduction starts from, and how it takes an element in."""
DTYPES = {np.dtype(t) for t in ("f4", "f8", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1))


def _var(x: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Any:
    off = x - _mean(x, axis, keepdims=True)
    total = np.sum(off * off, axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1) - ddof)


def _norm(x: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:  # noqa: A002
    if ord != 2:
        raise NotImplementedError
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def _cross_entropy(logits: Any, labels: Any, log_p: Any) -> Any:
    if labels.ndim == logits.ndim:  # no label, no term, be the logarithm infinite
        total = np.sum(np.where(labels == 0, 0, labels * log_p))
        return -total / max(labels.size // labels.shape[-1], 1)
    rows = log_p.reshape(-1, log_p.shape[-1])
    return -_mean(rows[np.arange(labels.size), labels.reshape(-1)])


def _logistic_loss(logits: Any, targets: Any) -> Any:
    above = np.maximum(logits, 0) - logits * targets
    return _mean(above + np.log1p(np.exp(-np.abs(logits))))


def _untake(g: Any, indices: Any, shape: Any, axis: Any = None, mode: str = "raise") -> Any:
    if mode != "raise" or axis is None or not shape:
        raise NotImplementedError
    return scatter(g, indices, shape=shape, index=(*(slice(None),) * (axis % len(shape)), HOLE))


def _take(x: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    if mode != "raise" or axis is None or not x.shape:
        raise NotImplementedError
    return x[(*(slice(None),) * (axis % x.ndim), indices)]


def _below(x: Any, k: int) -> Any:
    rows, columns = x.shape[-2:]
    return np.tri(rows, columns, k, dtype=bool)


INSTEAD: dict[Callable[..., Any], Callable[..., Any]] = {
    np.mean: _mean,
    np.var: _var,
    np.std: lambda x, **keywords: np.sqrt(_var(x, **keywords)),
    np.count_nonzero: lambda x, axis=None, keepdims=False: np.sum(
        x != 0, axis=axis, keepdims=keepdims
    ),
    np.stack: lambda *xs, axis=0: np.concatenate([np.expand_dims(x, axis) for x in xs], axis),
    np.tril: lambda x, k=0: np.where(_below(x, k), x, 0),
    np.triu: lambda x, k=0: np.where(_below(x, k - 1), 0, x),
    np.take: _take,
    neural.cross_entropy: _cross_entropy,
    activations.logistic_loss: _logistic_loss,
    unwrap(vector_norm): _norm,
    unwrap(untake): _untake,
}
"""Functions written out in others, which take part in loops."""


def no_form(line: Node, why: str = "") -> NoReturn:
    """Refuse a line that is not covered, by name."""
    assert line.op is not None
    name = no_rule(line.op.fn).partition(" ")[0] if line.op.is_numpy else line.op.name
    raise NotImplementedError(
        f'derive: backend="numba" has no form for {name}{why}; use backend="numpy"'
    )


def stretched(shape: Sequence[int], onto: Sequence[int]) -> Index:
    """Where an array that NumPy broadcasts is read, for an element of the result."""
    first = len(onto) - len(shape)
    return tuple("0" if n == 1 else f"{{{first + j}}}" for j, n in enumerate(shape))


def formula(x: Node, dtypes: Sequence[np.dtype[Any]], given: Callable[[Any], str]) -> str:
    """Write how an element is computed of operands ``{0}``, ``{1}`` of these dtypes.

    Parameters
    ----------
    x : Node
        Of one of the functions in `ELEMENTWISE`.
    dtypes : sequence of dtype
        As by `loop_dtypes`.
    given : callable
        Makes a function known to the text, and returns its name there.
    """
    assert x.op is not None
    fn, kind = x.op.fn, dtypes[0].kind
    if fn in _OPERATORS and (kind != "b" or not isinstance(fn, np.ufunc)):
        text = _OPERATORS[fn]
        stays = isinstance(fn, np.ufunc) and x.dtype.kind in "fb"
        return text if stays or fn is np.where else f"{x.dtype.name}({text})"
    if fn is np.power and kind == "f" and x.inputs[1].is_constant and not x.inputs[1].shape:
        exponent = x.inputs[1].value
        if exponent in range(3, 9):
            return f"{{0}} ** {int(exponent)}"  # a few products
    operands = ", ".join(f"{{{i}}}" for i in range(len(dtypes)))
    return f"{x.dtype.name}({given(fn)}({operands}))"


def loop_dtypes(x: Node) -> list[np.dtype[Any]]:
    """The dtypes in which NumPy computes an elementwise function."""
    assert x.op is not None
    fn = x.op.fn
    if isinstance(fn, np.ufunc):
        numbers = (int, float, complex)
        given = [type(y.value) if type(y.value) in numbers else y.dtype for y in x.inputs]
        dtypes = list(fn.resolve_dtypes((*given, None)))[:-1]
    elif fn is np.where:
        dtypes = [x.inputs[0].dtype, x.dtype, x.dtype]
    else:
        dtypes = [x.inputs[0].dtype]
    if any(dtype not in DTYPES for dtype in dtypes):
        no_form(x, f" in {dtypes[0]}")
    return dtypes


@dataclass(frozen=True)
class Place:
    """A place along an axis that stands in an array of integers.

    Attributes
    ----------
    of : Node
    at : Index
    below : int
        The length of the axis, to look whether it is inside; 0 where it is known to be.
    """

    of: Node
    at: Index
    below: int


def places(line: Node) -> list[str | Place] | None:
    """Say where in an array each element of a block comes from, or goes.

    Parameters
    ----------
    line : Node
        Of one of the functions in `REARRANGED`: where in the input an element of the result comes
        from; of one of those in `ASSIGNED`: where in the result what is assigned goes.

    Returns
    -------
    list or None
        For each axis of that array; None for a reshape that takes an axis apart, or joins some.
    """
    assert line.op is not None
    params, shape = dict(line.params), line.inputs[0].shape
    if made_by(line, operator.getitem, *ASSIGNED):
        shape = line.shape if made_by(line, *ASSIGNED) else shape
        filled = _filled(line)
        if any(isinstance(part, Node) and not part.is_constant for part in filled):
            return _picked(line, filled, shape)
        key = tuple(np.asarray(p.value) if isinstance(p, Node) else p for p in filled)
        move: Callable[[Any], Any] = operator.itemgetter(key)
    elif all(x.is_constant for x in line.inputs[1:]):
        others = [x.value for x in line.inputs[1:]]
        forward = line.op.forward

        def move(x: Any) -> Any:
            return forward(x, *others, **params)
    else:
        no_form(line, " with an index that is an argument")
    found: list[str | Place] = []
    for j, n in enumerate(shape):
        along = np.arange(n).reshape((n,) + (1,) * (len(shape) - j - 1))
        moved = np.asarray(move(np.broadcast_to(along, shape)))
        text = _counted(moved)
        if text is None and made_by(line, np.reshape):
            return None
        axes = tuple(f"{{{a}}}" for a in range(moved.ndim))
        found.append(text or Place(Node(None, value=moved), axes, 0))
    return found


def _filled(line: Node) -> list[Any]:
    """The parts of an index, with nodes where there are holes."""
    index = line.params["index"]
    parts = index if isinstance(index, tuple) else (index,)
    holes = iter(line.inputs[2 if made_by(line, operator.setitem, np.add.at) else 1 :])
    return [next(holes) if part is HOLE else part for part in parts]


def block(line: Node) -> tuple[int, ...]:
    """The shape of what a line of one of the functions in `ASSIGNED` puts into an array."""
    parts = [part.value if isinstance(part, Node) else part for part in _filled(line)]
    return np.shape(np.asarray(line.value)[tuple(parts)])


def _counted(where: np.ndarray) -> str | None:
    """The text of places that are counted along the axes, as ``{1}`` or ``(5 + -1 * {0})``."""
    if not where.size:
        return "0"
    start = int(where.flat[0])
    terms, counted = [str(start)] if start else [], np.asarray(start)
    for a, n in enumerate(where.shape):
        step = int(np.take(where, 1, a).flat[0]) - start if n > 1 else 0
        counted = counted[..., None] + step * np.arange(n)
        if step:
            terms.append(f"{{{a}}}" if step == 1 else f"{step} * {{{a}}}")
    if not np.array_equal(counted, where):
        return None
    return f"({' + '.join(terms)})" if len(terms) > 1 else "".join(terms) or "0"


def _picked(line: Node, filled: list[Any], shape: Sequence[int]) -> list[str | Place]:
    """Places of which some are arguments: arrays of integers first, then whole axes."""
    while isinstance(filled[-1], slice) and filled[-1] == slice(None):
        filled.pop()
    if any(isinstance(part, slice) or part is None or part is ... for part in filled):
        no_form(line, " with arrays and slices mixed")
    arrays = [p if isinstance(p, Node) else Node(None, value=np.asarray(p)) for p in filled]
    if any(x.dtype.kind not in "iu" for x in arrays):
        no_form(line, " with a mask that is an argument")
    block = np.broadcast_shapes(*(x.shape for x in arrays))
    found = [Place(x, stretched(x.shape, block), n) for x, n in zip(arrays, shape, strict=False)]
    rest = range(len(block), len(block) + len(shape) - len(arrays))
    return [*found, *(f"{{{a}}}" for a in rest)]
