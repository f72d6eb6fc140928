"""A Tensor is a value, how it was made, and when; `apply` is where that is recorded."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .assignment import Assignment
from .errors import DetachedError, NoRuleError, ShapeError, is_of_scipy, no_rule
from .mode import mode, refuse_while_tracing, users_line
from .op import COMPOSED, NOTHING, OPS, Op
from .sweep import BACKWARD, ancestors, released, sweep

__all__ = ["Tensor", "apply", "as_array", "new_leaf", "plain", "tape"]

_births = itertools.count()
_blank: Any = object.__new__  # without what `Tensor.__new__` checks of what users give
_DOUBLE = np.dtype(float)
_PLAIN = frozenset({np.ndarray, float, int, complex, bool, np.float64, np.float32})
_ABOUT_SHAPES = re.compile("shape|size|dimension|axes|axis|broadcast")


def apply(
    op: Op,
    inputs: tuple[Any, ...],
    params: dict[str, Any],
    forward: Callable[..., Any] | None = None,
) -> Any:
    """Compute an op, and record it where recording is on.

    A Tensor, or an array where no input is a Tensor.
    """
    compute = forward or op.forward
    found: list[Any] = []
    wanted_by = 0
    any_tensor = converted = False
    for x in inputs:
        if type(x) is Tensor:
            found.append(x.data)
            wanted_by |= x.wanted_by
            any_tensor = True
        elif type(x) in _PLAIN:
            found.append(x)
        else:
            found.append(as_array(x, f"an argument of {op.name}"))
            converted = True
    values = tuple(found)
    if not any_tensor:
        return compute(*map(as_array, values), **params)
    if params:
        _refuse_tensors(op, params)
    if converted:
        inputs = tuple(x if type(x) is Tensor else v for x, v in zip(inputs, values, strict=True))
    try:
        data = compute(*values, **params) if params else compute(*values)
    except Exception as error:
        shapes = f"{op.name} of shapes {' and '.join(str(np.shape(v)) for v in values)}"
        if type(error) is ValueError and op.is_numpy and _ABOUT_SHAPES.search(str(error)):
            raise ShapeError(f"{shapes}: {error}") from error
        error.add_note(f"in {shapes}")
        raise
    dtype = getattr(data, "dtype", None)
    kind = "f" if dtype is _DOUBLE else dtype.kind if dtype else "O"
    if kind == "O":
        data = as_array(data, f"the value of {op.name}")
        kind = data.dtype.kind
    now = mode()
    if not now.recording:
        return new_leaf(data)
    out: Tensor = _blank(Tensor)
    out.data = data
    out.grad = out.name = out.before = None
    out.past = False
    out.birth = next(_births)
    out.op = op
    out.inputs = inputs
    out.values = values
    out.params = params
    out.wanted_by = 0 if op.flat or kind not in "fc" else wanted_by
    out.scope = now.scope
    out.line = users_line() if now.debug else None
    return out


def _refuse_tensors(op: Op, params: dict[str, Any]) -> None:
    for name, value in params.items():
        if type(value) is Tensor:
            raise NoRuleError(
                f"{op.name}: the keyword {name} was given a Tensor, but no derivative flows "
                f"through it; write {name}=t.data if none is wanted"
            )


def new_leaf(data: Any) -> Tensor:
    """Make a Tensor that was made from nothing, of an array."""
    out: Tensor = _blank(Tensor)
    out.data = data
    out.grad = out.name = out.before = out.op = out.line = None
    out.past = False
    out.birth = next(_births)
    out.inputs = out.values = ()
    out.params = NOTHING
    out.wanted_by = 0
    out.scope = ""
    return out


def as_array(data: Any, what: str = "the data of a Tensor") -> Any:
    """Turn lists and numbers into arrays; leave any array that speaks NumPy's protocols alone."""
    if type(data) is not np.ndarray:
        if not hasattr(data, "__array_function__"):
            data = np.asarray(data)
        elif isinstance(data, (np.matrix, np.ma.MaskedArray)):
            raise TypeError(
                f"{what} must not be a {type(data).__name__}, whose operators mean other things; "
                "write np.asarray(data)"
            )
    if data.dtype.kind not in "biufc":
        raise TypeError(f"{what} must be numbers, not {data.dtype}")
    return data


class Tensor(Assignment):
    """A value that remembers how it was made.

    Parameters
    ----------
    data : array_like of numbers
        Kept as it is when it is an array, else made into one. It is not copied, and must not be
        written into between a computation with it and the backward sweep.
    requires_grad : bool
        Whether `backward` shall leave a gradient in `grad`. Needs floating-point data.
    name : str, optional
        For pictures and derived programs.

    Attributes
    ----------
    data : array
        The value.
    grad : ndarray or None
        For a leaf that requires a gradient, the sum of what every `backward` brought it.
    op, inputs, values, params
        How it was made: the `Op`, its arguments (Tensors and constants, repeats kept), the
        arrays they held, and its keywords. A leaf has no op and no inputs.
    birth : int
        When it was made: the order of the tape and the record's identity.
    scope : str
        The part of a model that made it.
    line : str or None
        The user's line that made it, where `debug` was on.

    Raises
    ------
    TypeError
        For data that are not numbers, or not floating-point where a gradient is required.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> loss = np.sum(x * x)
    >>> loss.backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = (
        "__weakref__", "before", "birth", "data", "grad", "inputs", "line", "name", "op",
        "params", "past", "scope", "values", "wanted_by",
    )  # fmt: skip

    def __init_subclass__(cls) -> None:
        raise TypeError("Tensor is final; hold one in an attribute instead of deriving a class")

    _apply = staticmethod(apply)

    data: Any
    birth: int
    name: str | None
    scope: str
    op: Op | None
    inputs: tuple[Any, ...]
    values: Sequence[Any]
    params: Mapping[str, Any]
    line: str | None
    before: Tensor | None  # what this was before the last assignment to it
    past: bool  # whether this is what a Tensor was before an assignment
    wanted_by: int  # who wants its cotangent: 1 for `backward`, and a bit for each transform
    grad: Any

    def __new__(cls, data: Any, requires_grad: bool = False, name: str | None = None) -> Tensor:
        """Make a leaf."""
        if isinstance(data, Tensor):
            raise TypeError("the data are a Tensor already; write x.detach() for a constant copy")
        new = new_leaf(as_array(data))
        new.name = name
        if requires_grad:
            new.requires_grad = True
        return new

    def _release(self) -> None:
        """Let go of what this was made from; its gradient can no longer be computed."""
        self.op = released
        self.inputs = self.values = ()
        self.params = NOTHING
        self.scope = ""
        self.line = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as a leaf of its own, which is born anew."""
        if self.op is not None:
            raise DetachedError(
                "a computed tensor cannot be copied or pickled with what it was made from; "
                "write t.detach()"
            )
        return Tensor, (self.data, self.requires_grad, self.name)

    def backward(self, grad: Any = None, retain_graph: bool = False) -> None:
        """Add the gradient of this value to the `grad` of every leaf that requires one.

        Parameters
        ----------
        grad : array_like, shape of this tensor, optional
            The cotangent to start from; 1 for a single number.
        retain_graph : bool
            Keep the records, so that `backward` or `draw` can be called again.

        Raises
        ------
        RuntimeError
            If nothing this was made from requires a gradient, or if this is not a single number
            and no `grad` was given.
        ShapeError
            If `grad` has another shape.
        GraphFreedError
            If an earlier `backward` released the records.
        """
        if not self.wanted_by:
            raise RuntimeError(
                "backward() on a tensor that requires no gradient: nothing it was made from was "
                "given requires_grad=True, or it was computed under no_grad()"
            )
        seed = self._seed(plain(grad))
        for leaf, g in sweep([(self, seed)], release=not retain_graph).values():
            leaf.grad = g if leaf.grad is None else leaf.grad + g

    def _seed(self, grad: Any = None, holomorphic: bool = False) -> Any:
        """Check the cotangent a backward sweep starts from, or make the 1 of a single number."""
        dtype = self.data.dtype
        if grad is None:
            if self.data.size != 1:
                raise RuntimeError(
                    f"the gradient of a tensor of shape {self.shape} needs a cotangent: write "
                    f"y.backward(grad) with an array of shape {self.shape}, "
                    "or reduce it to one number with y.sum() or y.mean()"
                )
            if dtype.kind == "c" and not holomorphic:
                raise RuntimeError(
                    "the gradient of a complex number needs a cotangent: write y.backward(grad), "
                    "take y.real or abs(y), or for a holomorphic function grad(f, holomorphic=True)"
                )
            return np.ones(self.shape, dtype) if self.data.ndim else dtype.type(1)
        seed = grad if isinstance(grad, Tensor) else as_array(grad, "a cotangent")
        if seed.dtype.kind == "c" and dtype.kind != "c":
            raise TypeError("a real value cannot have a complex cotangent")
        if seed.dtype != dtype:
            seed = seed.astype(dtype)
        if seed.shape != self.shape:
            raise ShapeError(
                f"the cotangent has shape {seed.shape}, the tensor it belongs to {self.shape}"
            )
        return seed

    def detach(self) -> Tensor:
        """Return a constant of the same data, cut off from the tape."""
        return Tensor(self.data, name=self.name)

    def item(self) -> Any:
        """Return the single number this holds as a Python number."""
        refuse_while_tracing("item() of a Tensor")
        return self.data.item()

    # NumPy's protocols: a plain NumPy call on a Tensor arrives here.

    def __array_ufunc__(self, fn: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        op = OPS.get(fn)
        if op is not None and method == "__call__" and not kwargs:
            return apply(op, args, NOTHING)
        if method == "at" and isinstance(args[0], Tensor) and (op := OPS.get(fn.at)):
            target, *rest = args
            return target.assign(lambda x: apply(op, *op.bind(x, *rest)))
        if "out" in kwargs or method == "at":
            raise DetachedError(
                f"{fn.__name__} of a Tensor cannot be written into an array (out=, or an in-place "
                "operator on it, or .at): the derivative would be lost; write a = a + t, not "
                "a += t, or start from ag.zeros(shape) to fill an array"
            )
        if fn in COMPOSED and method == "__call__":
            return COMPOSED[fn](*args, **kwargs)
        if op is None and method == "__call__" and _scipy_registered(fn):
            return self.__array_ufunc__(fn, method, *args, **kwargs)
        if op is None or method != "__call__":
            raise NoRuleError(no_rule(fn, method.replace("__call__", "")))
        return apply(op, *op.bind(*args, **kwargs))

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if fn in (np.shape, np.ndim, np.size):
            return fn(*map(plain, args), **{key: plain(x) for key, x in kwargs.items()})
        if op := OPS.get(fn):
            return apply(op, *op.bind(*args, **kwargs))
        if fn in COMPOSED:
            return COMPOSED[fn](*args, **kwargs)
        raise NoRuleError(no_rule(fn))

    if not TYPE_CHECKING:  # else type checkers take `X @ t` for an ndarray

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            refuse_while_tracing("the plain array of a Tensor")
            if not self.wanted_by:
                return np.array(self.data, dtype, copy=copy)
            raise DetachedError(
                f"a Tensor of shape {self.shape} was about to become a plain array, and its "
                "derivative would be lost; write t.data for the array, ag.array([...]) or "
                "np.stack([...]) to put tensors together, or start from ag.zeros(shape) to fill an "
                "array"
            )

    @property
    def requires_grad(self) -> bool:
        """Whether this is a leaf that a gradient is wanted of, or was made from one.

        Raises
        ------
        RuntimeError
            On setting it of a computed tensor, or of one that a transform differentiates by.
        TypeError
            On setting it where the data are not floating-point.
        """
        return self.wanted_by != 0

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if bool(wanted) == self.requires_grad:
            return
        if self.data.dtype.kind not in "fc":
            raise TypeError(
                f"only floating-point data can require a gradient, not {self.data.dtype}; "
                "write Tensor(np.asarray(data, dtype=float), requires_grad=True)"
            )
        if self.op or self.wanted_by & ~BACKWARD:
            raise RuntimeError(
                "requires_grad can be set of a leaf only, and not while a transform differentiates "
                "by it; write ag.stop_gradient(x) or x.detach() for a constant of the same value"
            )
        self.wanted_by = BACKWARD if wanted else 0

    # What an array says of itself.

    @property
    def shape(self) -> tuple[int, ...]:
        """The length along each axis."""
        return self.data.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.data.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data type of the elements."""
        return self.data.dtype  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        refuse_while_tracing("the truth of a Tensor")
        return bool(self.data)

    def __float__(self) -> float:
        refuse_while_tracing("float() of a Tensor")
        if self.requires_grad and self.op is not released and mode().recording:
            raise DetachedError(
                "float() of a tensor that requires a gradient (math.exp and `array[i] = t` call "
                "it too) would lose the derivative; write t.item() if none is wanted, or start "
                "from ag.zeros(shape) to fill an array"
            )
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.data.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        parts = [np.array2string(np.asanyarray(self.data), separator=", ", prefix="Tensor(")]
        parts += [f"dtype={self.dtype}"] * (self.dtype not in (np.float64, np.int64, np.bool_))
        parts += [f"name={self.name!r}"] * (self.name is not None)
        parts += [f"op={self.op.name}"] if self.op else ["requires_grad=True"] * self.requires_grad
        return f"Tensor({', '.join(parts)})"


def _scipy_registered(fn: np.ufunc) -> bool:
    """Register SciPy's functions when the first of its ufuncs arrives; whether `fn` is one."""
    package = f"{__package__}.scipy"
    if not is_of_scipy(fn) or package in sys.modules:
        return False
    importlib.import_module(package)
    return fn in OPS


def plain(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x.data if isinstance(x, Tensor) else x


def tape(*outputs: Tensor) -> list[Tensor]:
    """Collect every record the outputs were made from, oldest first.

    Parameters
    ----------
    *outputs : Tensor

    Returns
    -------
    list of Tensor
        Leaves and records in order of birth, which is an order of computation.

    Raises
    ------
    GraphFreedError
        If a record was released by `Tensor.backward`.
    """
    return list(ancestors(outputs).values())
