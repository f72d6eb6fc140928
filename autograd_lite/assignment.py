"""Changing a Tensor in place: an assignment is a new record, and what read it before keeps that."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .arithmetic import Arithmetic
from .errors import DetachedError, ShapeError
from .mode import mode
from .op import OPS, leaf
from .sweep import released

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Assignment"]


def _in_place(compute: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    """Make an augmented assignment, which changes the value for all who hold the Tensor.

    ``x[i] += v`` arrives here with the view ``x[i]``: what changes is then `x`.
    """

    def update(x: Any, other: Any) -> Tensor:
        out = compute(x, other)
        if out.shape != x.shape:
            raise ShapeError(
                f"an in-place operation cannot change the shape {x.shape} to {out.shape}"
            )
        if not np.can_cast(out.dtype, x.dtype, "same_kind"):
            raise TypeError(f"an in-place operation cannot change {x.dtype} to {out.dtype}")
        return out if out.dtype == x.dtype else out.astype(x.dtype)

    def augmented(self: Any, other: Any) -> Tensor:
        if self.is_view() and self.op.fn is operator.getitem and len(self.inputs) == 1:
            base, index = self.inputs[0], self.params["index"]
            if base.past:
                raise DetachedError(
                    "the tensor behind this view was assigned to since; take the view again"
                )
            if base.__class__ is self.__class__ and not base.is_view():
                current = self if base.birth < self.birth else base[index]
                base[index] = update(current, other)
                row: Tensor = base[index]
                return row
        self.assign(lambda x: update(x, other))
        whole: Tensor = self
        return whole

    return augmented


class Assignment(Arithmetic):
    """What changes a Tensor, on top of what computes with it."""

    __slots__ = ()

    data: Any
    op: Any
    values: Any
    requires_grad: bool
    detach: Callable[..., Tensor]

    __iadd__ = _in_place(Arithmetic.__add__)
    __isub__ = _in_place(Arithmetic.__sub__)
    __imul__ = _in_place(Arithmetic.__mul__)
    __itruediv__ = _in_place(Arithmetic.__truediv__)
    __ipow__ = _in_place(Arithmetic.__pow__)
    __imatmul__ = _in_place(Arithmetic.__matmul__)
    __imod__ = _in_place(Arithmetic.__mod__)
    __ifloordiv__ = _in_place(Arithmetic.__floordiv__)
    __iand__ = _in_place(Arithmetic.__and__)
    __ior__ = _in_place(lambda x, other: x | other)
    __ixor__ = _in_place(Arithmetic.__xor__)

    def __setitem__(self, index: Any, value: Any) -> None:
        op = OPS[operator.setitem]
        self.assign(lambda x: self._apply(op, *op.bind(x, index, value)))

    def assign(self, update: Callable[[Tensor], Tensor]) -> None:
        """Give this tensor the value that `update` computes from it, as a new record.

        What has read it before keeps the value it read, and its derivative.

        Parameters
        ----------
        update : callable
            Takes a Tensor of the present value, returns one of the new value.

        Raises
        ------
        DetachedError
            For a leaf that requires a gradient, for a view of another tensor, and without
            recording for what was computed and requires a gradient.
        """
        if self.requires_grad and mode().recording and (self.op is None or self.op.fn is leaf):
            raise DetachedError(
                "a leaf that requires a gradient cannot be changed in place: write y = x + v (or "
                "y = np.copy(x); y[i] = v), or x.data = ... to give it new data"
            )
        if self.requires_grad and self.op not in (None, released) and not mode().recording:
            raise DetachedError(
                f"the value that {self.op.name} computed is read by its derivative, and cannot be "
                "changed without recording; leave no_grad(), or change y.detach() or np.copy(y)"
            )
        if self.op and self.is_view():
            raise DetachedError(
                f"this is a view made by {self.op.name}, and assigning to it would change the "
                "tensor behind it in NumPy; assign to that one, or to np.copy(x)"
            )
        before = self.detach()
        now = before.birth
        slots: set[str] = set(type(self).__slots__) - {"__weakref__", "past"}
        for slot in slots:
            setattr(before, slot, getattr(self, slot))
        before.past = True
        after = update(before)
        if after.birth < now:  # an assignment is younger than all that read the value before it
            after = after.copy()
        if not mode().recording:
            self.data = after.data
            return
        after.before = before
        after.inputs = tuple(before if x is self else x for x in after.inputs)  # of `x += x`
        for slot in slots - {"name"}:
            setattr(self, slot, getattr(after, slot))

    def is_view(self) -> bool:
        """Whether the data are those of what this was made from, seen in another way."""
        return any(
            np.may_share_memory(self.data, v) for v in self.values if isinstance(v, np.ndarray)
        )
