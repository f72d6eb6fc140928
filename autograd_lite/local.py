"""The chain rule written out: one explicit Jacobian for each step of a computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .sweep import ancestors, sweep
from .tensor import Tensor

__all__ = ["LocalJacobian", "local_jacobians"]


@dataclass(frozen=True)
class LocalJacobian:
    """The derivative of one value on the way by the one before it.

    Attributes
    ----------
    of, by : Tensor
        The value differentiated, and the value it is differentiated by.
    matrix : array, shape (of.size, by.size)
        Entries of both in C order, as ``ravel`` lists them.
    """

    of: Tensor
    by: Tensor
    matrix: npt.NDArray[Any]

    def __str__(self) -> str:
        rows, columns = self.matrix.shape
        return f"d {_called(self.of)} / d {_called(self.by)}: {rows} x {columns}"


def local_jacobians(output: Tensor, wrt: Tensor) -> list[LocalJacobian]:
    """Differentiate step by step: matrices whose product is the derivative of `output` by `wrt`.

    A step leads from one value that all of the derivative passes through to the next one: in a
    chain of ops each op is a step; where paths part, the step ends where they have joined again,
    and where a value is complex, at the next real one.

    Parameters
    ----------
    output : Tensor
        A value of any shape, whose records have not been released.
    wrt : Tensor
        A value that `output` was made from and that requires a gradient.

    Returns
    -------
    list of LocalJacobian
        From `output` to `wrt`, in the order of the product: the first has ``output.size`` rows, the
        last ``wrt.size`` columns.

    Raises
    ------
    TypeError
        For arguments that are no Tensors, or complex ones.
    ValueError
        Where `output` was not made from `wrt` in a way that has a derivative.
    GraphFreedError
        Where ``backward`` has released the records.

    Notes
    -----
    The matrices are dense, with as many entries as the sizes of the two values have as a product:
    64 MB for a layer of 100 units by its 100 x 800 weights. For the product alone there is `vjp`.

    References
    ----------
    Whitehill (2020), Feed-forward neural networks, section 3, multiplies such matrices out.

    Examples
    --------
    >>> x = Tensor([[1.0, 2.0, 3.0]], requires_grad=True, name="x")
    >>> W = Tensor(np.ones((3, 2)), name="W")
    >>> loss = np.sum(np.tanh(x @ W))
    >>> steps = local_jacobians(loss, x)
    >>> for step in steps:
    ...     print(step)
    d sum / d tanh: 1 x 2
    d tanh / d matmul: 2 x 2
    d matmul / d x: 2 x 3
    >>> product = np.linalg.multi_dot([step.matrix for step in steps])
    >>> loss.backward()
    >>> bool(np.allclose(product, x.grad.ravel()))
    True
    """
    for role, t in (("output", output), ("wrt", wrt)):
        if not isinstance(t, Tensor):
            raise TypeError(f"local_jacobians: {role} must be a Tensor, not {type(t).__name__}")
        if t.dtype.kind == "c":
            raise TypeError(f"local_jacobians: {role} is complex; its steps have no real matrix")
    steps = _steps(_between(output, wrt))
    return [LocalJacobian(way[-1], start, _matrix(start, way)) for start, *way in reversed(steps)]


def _between(output: Tensor, wrt: Tensor) -> list[Tensor]:
    """The records on the paths from `wrt` to `output`, both included, oldest first."""
    records = ancestors((output,), wrt.birth, differentiable=True)
    reached = {wrt.birth}
    for birth, record in records.items():
        if any(getattr(x, "birth", None) in reached for x in _differentiated(record)):
            reached.add(birth)
    if wrt.birth not in records or output.birth not in reached:
        raise ValueError(
            f"local_jacobians: no derivative leads from {_called(output)} to {_called(wrt)}; wrt "
            "needs requires_grad=True, and the output must be made from it"
        )
    needed = {output.birth}
    for birth in reversed(records):
        if birth in needed and birth != wrt.birth:
            needed |= {getattr(x, "birth", -1) for x in _differentiated(records[birth])} & reached
    return [record for birth, record in records.items() if birth in needed]


def _differentiated(record: Tensor) -> list[Any]:
    """The inputs of a record that its op has a rule for."""
    if record.op is None:
        return []
    return [x for x, vjp in zip(record.inputs, record.op.vjps, strict=False) if vjp is not None]


def _steps(between: list[Tensor]) -> list[list[Tensor]]:
    """Cut the records where no path leads around a real value: both ends belong to their step."""
    last_read = {record.birth: record.birth for record in between}
    for record in between[1:]:
        for x in _differentiated(record):
            if getattr(x, "birth", None) in last_read:
                last_read[x.birth] = record.birth
    steps: list[list[Tensor]] = []
    reach = -1
    for record in between:
        if steps:
            steps[-1].append(record)
        if reach <= record.birth and record.dtype.kind != "c":
            steps.append([record])
        reach = max(reach, last_read[record.birth])
    return steps[:-1]


def _matrix(start: Tensor, way: list[Tensor]) -> npt.NDArray[Any]:
    """The derivative of the last record of a way by the value it starts from."""
    end = way[-1]
    read = {getattr(x, "birth", -1) for record in way for x in record.inputs}
    ends = {start.birth} | read.difference(record.birth for record in way)
    matrix = np.zeros((end.size, start.size), start.dtype)
    for row, seed in zip(matrix, np.eye(end.size, dtype=end.dtype), strict=True):
        found = sweep([(end, seed.reshape(end.shape))], ends=ends)
        row[:] = np.ravel(found[start.birth][1]) if start.birth in found else 0
    return matrix


def _called(t: Tensor) -> str:
    return t.name or (t.op.name if t.op is not None else f"a tensor of shape {t.shape}")
