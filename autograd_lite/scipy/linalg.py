"""Derivatives of `scipy.linalg`; what has none here is SciPy's own function."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg as sl

from ..declare import function
from ..tensor import as_array

__all__ = ["cho_solve", "expm", "logm", "solve_sylvester", "solve_triangular", "sqrtm"]


def __getattr__(name: str) -> Any:
    return getattr(sl, name)


def _bind_solve(a, b, trans=0, lower=False, unit_diagonal=False, check_finite=True):
    a = as_array(a)
    trans = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if trans == 2:
        a, trans = np.conj(a) if a.dtype.kind == "c" else a, 1
    return (a, as_array(b)), {
        "trans": trans,
        "lower": lower,
        "unit_diagonal": unit_diagonal,
        "check_finite": check_finite,
    }


def _columns(x, b):
    """`x` as a matrix, also where `b` is a vector."""
    return x[..., None] if b.ndim == 1 else x


def _solve_right(g, y, a, b, trans, **options):
    c = solve_triangular(a, _columns(g, b), trans=1 - trans, **options)
    return c[..., 0] if b.ndim == 1 else c


def _solve_left(g, y, a, b, trans, **options):
    # Of the matrix only one triangle is read, and of that not the diagonal where it is ones.
    h = solve_triangular(a, _columns(g, b), trans=1 - trans, **options)
    y = _columns(y, b)
    triangle = np.tri(a.shape[-1], k=-1 if options["unit_diagonal"] else 0, dtype=bool)
    left, right = (y, h) if trans else (h, y)
    return -(left @ right.mT) * (triangle if options["lower"] else triangle.T)


solve_triangular = function(
    sl.solve_triangular, _solve_left, _solve_right, broadcasts=True, bind=_bind_solve
)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, check_finite: bool = True) -> Any:
    """Solve ``A @ x = b`` with the Cholesky factor of `A`.

    Parameters
    ----------
    c_and_lower : (array_like, bool)
        The factor, and whether it is the lower one; its other triangle is not read.
    b : array_like
    check_finite : bool

    Returns
    -------
    array or Tensor, shape of `b`
    """
    c, lower = c_and_lower
    first, last = (0, 2) if lower else (2, 0)
    half = solve_triangular(c, b, trans=first, lower=lower, check_finite=check_finite)
    return solve_triangular(c, half, trans=last, lower=lower, check_finite=check_finite)


def _matrix_function(f):
    """Declare a function of a matrix: its derivative is a block of that of one twice as large.

    Higham (2008), Functions of matrices, eq. (3.16). That costs eight times the value.
    """

    def rule(g, y, a):
        n, at = a.shape[-1], a.mT
        above = np.concatenate([at, g], axis=-1)
        below = np.concatenate([np.zeros(at.shape, at.dtype), at], axis=-1)
        return call(np.concatenate([above, below], axis=-2))[..., :n, n:]

    call = function(f, rule)
    return call


expm = _matrix_function(sl.expm)
logm = _matrix_function(sl.logm)

# a @ x + x @ b = q, which is linear in q.
solve_sylvester: Any = function(
    sl.solve_sylvester,
    lambda g, x, a, b, q: -solve_sylvester(a.mT, b.mT, g) @ x.mT,
    lambda g, x, a, b, q: -x.mT @ solve_sylvester(a.mT, b.mT, g),
    lambda g, x, a, b, q: solve_sylvester(a.mT, b.mT, g),
)
sqrtm = function(sl.sqrtm, lambda g, y, a: solve_sylvester(y.mT, y.mT, g))
