"""`explain`: the tape and its backward sweep as text, for terminals and screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..tensor import Tensor
from .backward import backward
from .chain import chain_rule
from .script import Script, shown

__all__ = ["Explanation", "explain"]

_FORMATS = ("text", "latex")
_RISKY = {ord(c): f"&#{ord(c)};" for c in "\\`*_[]<>&|$~#@"}


def explain(
    x: Tensor,
    *,
    format: str = "text",  # noqa: A002
    wrt: Tensor | str | None = None,
    rows: int = 100,
) -> Explanation:
    """Write down what was computed, and what the backward sweep does with it.

    Parameters
    ----------
    x : Tensor
        The end of the computation; the loss, most often. No `grad` is touched.
    format : {"text", "latex"}
        Tables of the tape, of the backward sweep and of the gradients; or the chain rule of each
        parameter as a product of Jacobians, with their shapes.
    wrt : Tensor or str, optional
        The parameter, or its name, whose chain rule is written.
    rows : int
        How much of a long tape is written: so many lines of each table.

    Returns
    -------
    Explanation
        A string that prints as it is, and shows itself as tables in a notebook.

    Raises
    ------
    TypeError
        For anything but a Tensor.
    ValueError
        For another format; for a `wrt` that `x` has no derivative by.
    GraphFreedError
        If an earlier `Tensor.backward` released the graph.

    Examples
    --------
    >>> a = Tensor(3.0, requires_grad=True, name="a")
    >>> explain(a * a + 1)
    Forward: 3 values
     no  name  op         expression  numbers         value
      0  a     parameter                               3.00
      1  v1    multiply   a * a       = 3.00 * 3.00    9.00
      2  v2    add        v1 + 1      = 9.00 + 1       10.0
    <BLANKLINE>
    Backward: 3 steps from v2, whose g is 1; g is the gradient of "from"
     step  from  to  rule   numbers         sent  gradient of "to"
        1  v2    v1  g                      1.00  1.00
        2  v1    a   g * a  = 1.00 * 3.00   3.00  3.00 (1 of 2)
        3  v1    a   g * a  = 1.00 * 3.00   3.00  6.00 (sum of 2)
    <BLANKLINE>
    Gradients
     name  gradient
     a     6.00

    >>> print(explain(a * a + 1, format="latex"))
    \\begin{align*}
    \\frac{\\partial v_{2}}{\\partial a} &= \\underbrace{\\frac{\\partial v_{2}}{\\partial v_{1}}}_{1 \\times 1}
    \\end{align*}
    """
