"""What NumPy's arrays can do: operators and methods, each the op of a NumPy callable.

The op is looked up directly, without the detour through NumPy's protocols.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import NoRuleError
from .mode import mode, refuse_while_tracing
from .op import COMPOSED, NOTHING, OPS

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Arithmetic"]


def _operator(
    fn: np.ufunc, python_operator: Callable[[Any, Any], Any], *, reflected: bool = False
) -> Callable[[Any, Any], Tensor]:
    """Make a binary dunder method; Python's own operator spares small arrays NumPy's call."""
    if reflected:
        return lambda self, other: self._apply(OPS[fn], (other, self), NOTHING, python_operator)
    return lambda self, other: self._apply(OPS[fn], (self, other), NOTHING, python_operator)


def _unless_none(compare: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Any]:
    """Make ``t == None`` what it is for every object."""
    return lambda self, other: NotImplemented if other is None else compare(self, other)


def _method(fn: Callable[..., Any]) -> Callable[..., Tensor]:
    """Make the method that NumPy's arrays have beside the function `fn`."""

    def method(self: Any, *args: Any, **keywords: Any) -> Tensor:
        op = OPS.get(fn)
        if op is None:
            return COMPOSED[fn](self, *args, **keywords)  # type: ignore[no-any-return]
        out: Tensor = self._apply(op, *op.bind(self, *args, **keywords))
        return out

    return method


class Arithmetic:
    """The operators and methods of a Tensor, on top of what records an op."""

    __slots__ = ()

    _apply: Callable[..., Tensor]
    __len__: Callable[[], int]

    __add__ = _operator(np.add, operator.add)
    __radd__ = _operator(np.add, operator.add, reflected=True)
    __sub__ = _operator(np.subtract, operator.sub)
    __rsub__ = _operator(np.subtract, operator.sub, reflected=True)
    __mul__ = _operator(np.multiply, operator.mul)
    __rmul__ = _operator(np.multiply, operator.mul, reflected=True)
    __truediv__ = _operator(np.divide, operator.truediv)
    __rtruediv__ = _operator(np.divide, operator.truediv, reflected=True)
    __pow__ = _operator(np.power, operator.pow)
    __rpow__ = _operator(np.power, operator.pow, reflected=True)
    __mod__ = _operator(np.remainder, operator.mod)
    __rmod__ = _operator(np.remainder, operator.mod, reflected=True)
    __floordiv__ = _operator(np.floor_divide, operator.floordiv)
    __rfloordiv__ = _operator(np.floor_divide, operator.floordiv, reflected=True)
    __matmul__ = _operator(np.matmul, operator.matmul)
    __rmatmul__ = _operator(np.matmul, operator.matmul, reflected=True)
    __lt__ = _operator(np.less, operator.lt)
    __le__ = _operator(np.less_equal, operator.le)
    __gt__ = _operator(np.greater, operator.gt)
    __ge__ = _operator(np.greater_equal, operator.ge)
    __eq__ = _unless_none(_operator(np.equal, operator.eq))
    __ne__ = _unless_none(_operator(np.not_equal, operator.ne))
    __and__ = _operator(np.bitwise_and, operator.and_)
    __rand__ = _operator(np.bitwise_and, operator.and_, reflected=True)
    __or__ = _operator(np.bitwise_or, operator.or_)
    __ror__ = _operator(np.bitwise_or, operator.or_, reflected=True)
    __xor__ = _operator(np.bitwise_xor, operator.xor)
    __rxor__ = _operator(np.bitwise_xor, operator.xor, reflected=True)
    __hash__ = object.__hash__

    def __divmod__(self, other: Any) -> Any:
        raise NoRuleError("divmod of a Tensor has no derivative rule; write x // y and x % y")

    def __rdivmod__(self, other: Any) -> Any:
        return self.__divmod__(other)

    def __round__(self, ndigits: int = 0) -> Tensor:
        return self.round(ndigits)

    def __invert__(self) -> Tensor:
        return self._apply(OPS[np.invert], (self,), NOTHING, operator.invert)

    def __pos__(self) -> Tensor:
        return self._apply(OPS[np.positive], (self,), NOTHING, operator.pos)

    def __neg__(self) -> Tensor:
        return self._apply(OPS[np.negative], (self,), NOTHING, operator.neg)

    def __abs__(self) -> Tensor:
        return self._apply(OPS[np.abs], (self,), NOTHING, abs)

    def __getitem__(self, index: Any) -> Tensor:
        if mode().tracing:
            _refuse_masks(index)
        op = OPS[operator.getitem]
        return self._apply(op, *op.bind(self, index))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    @property
    def real(self) -> Tensor:
        """The real part."""
        return self._apply(OPS[np.real], (self,), NOTHING)

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return self._apply(OPS[np.imag], (self,), NOTHING)

    @property
    def T(self) -> Tensor:
        """The transpose, all axes reversed."""
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """The transpose of the last two axes."""
        return self._apply(OPS[np.matrix_transpose], (self,), NOTHING)

    def transpose(self, *axes: Any) -> Tensor:
        """Permute the axes, given one by one or as a tuple; reverse them by default."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self._apply(
            OPS[np.transpose], (self,), {} if order is None else {"axes": tuple(order)}
        )

    def reshape(self, *shape: Any) -> Tensor:
        """Give the elements another shape, its lengths one by one or as a tuple."""
        return self._apply(
            OPS[np.reshape], (self,), {"shape": shape[0] if len(shape) == 1 else shape}
        )

    def flatten(self, order: str = "C") -> Tensor:
        """Copy to one axis."""
        return self.ravel(order).copy()

    def astype(self, dtype: Any) -> Tensor:
        """Convert to another floating-point dtype; the cotangent is converted back."""
        return self._apply(OPS[np.ndarray.astype], (self,), {"dtype": np.dtype(dtype)})

    sum = _method(np.sum)
    mean = _method(np.mean)
    max = _method(np.max)
    min = _method(np.min)
    prod = _method(np.prod)
    var = _method(np.var)
    std = _method(np.std)
    cumsum = _method(np.cumsum)
    cumprod = _method(np.cumprod)
    any = _method(np.any)
    all = _method(np.all)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argsort = _method(np.argsort)
    nonzero = _method(np.nonzero)
    searchsorted = _method(np.searchsorted)
    clip = _method(np.clip)
    round = _method(np.round)
    conj = _method(np.conj)
    dot = _method(np.dot)
    squeeze = _method(np.squeeze)
    ravel = _method(np.ravel)
    swapaxes = _method(np.swapaxes)
    repeat = _method(np.repeat)
    take = _method(np.take)
    diagonal = _method(np.diagonal)
    trace = _method(np.trace)
    copy = _method(np.copy)


def _refuse_masks(index: Any) -> None:
    """How many entries a mask chooses depends on the data, and a program has one shape for all."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(p, Arithmetic) and str(getattr(p, "dtype", "")) == "bool" for p in parts):
        refuse_while_tracing("as many entries as a mask has (use np.where, or times the mask)")
