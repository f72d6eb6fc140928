"""Factors of matrices.

A decomposition with several results is one op whose value packs their rows under one another;
the results are parts of it. With `dL = real(sum(g * dz))` a cotangent goes through a product as
it would for real matrices, and is conjugated where the differential is.
"""

from typing import Any

import numpy as np

from ..declare import composed, function, ufunc
from ..errors import NoRuleError
from ..tensor import as_array
from .products import conj

_Eigh, _Eig, _Svd, _Qr = (
    type(f(np.eye(1))) for f in (np.linalg.eigh, np.linalg.eig, np.linalg.svd, np.linalg.qr)
)


def refuse(name, keyword, value, covered):
    """Say that this value of a keyword has no rule, and which ones do."""
    raise NoRuleError(
        f"{name}: the keyword {keyword}={value!r} has no derivative rule here (covered: {covered})"
    )


def real(x):
    """The real part, at no cost for real numbers."""
    return np.real(x) if x.dtype.kind == "c" else x


def _eye(x):
    return np.eye(x.shape[-1], dtype=bool)


def _quotient(c, d):
    """The quotient, and 0 for 0 / 0: where nothing is asked of what has no derivative."""
    nothing = (c == 0) & (d == 0)
    return np.where(nothing, 0, c / np.where(nothing, 1, d))


# An op of its own, so that it is linear in `c` also where both are 0.
_divided: Any = ufunc(
    _quotient,
    lambda h, y, c, d: _divided(h, d),
    lambda h, y, c, d: -_divided(h * y, d),
)


def _by_gaps(c, w):
    """Divide `c` at (i, j) by ``w[j] - w[i]``; its diagonal counts as 0."""
    return _divided(np.where(_eye(c), 0, c), w[..., None, :] - w[..., None])


def _lower(c, upper=False):
    """The lower (or upper) triangle with half of the diagonal."""
    half = np.tri(c.shape[-1], dtype=c.real.dtype)
    half = (half - np.eye(len(half), dtype=half.dtype) / 2).astype(c.real.dtype)
    return c * (half.T if upper else half)


def _of_triangle(c, upper=False):
    """The cotangent of the one triangle that a Hermitian matrix with cotangent `c` is read from."""
    return _lower(c + conj(c.mT), upper)


def _cholesky(g, y, x, upper=False):
    if upper:
        return conj(_cholesky(conj(g.mT), conj(y.mT), conj(x.mT)).mT)
    inverse = np.linalg.inv(y)
    return _of_triangle(inverse.mT @ _lower(y.mT @ g) @ conj(inverse))


function(np.linalg.cholesky, _cholesky)


# Eigenvectors of equal eigenvalues have no derivative: where they are used their gradient is not
# finite. Complex ones have an arbitrary phase, which is taken as constant.


def _eigh(a, UPLO="L"):
    w, v = np.linalg.eigh(a, UPLO)
    return np.concatenate([w[..., None, :], v], axis=-2)


def _eigh_rule(g, y, x, UPLO="L"):
    w, v = real(y[..., 0, :]), y[..., 1:, :]
    inside = np.where(_eye(v), g[..., :1, :], _by_gaps(v.mT @ g[..., 1:, :], w))
    return _of_triangle(conj(v) @ inside @ v.mT, UPLO in "Uu")


def _eigvalsh(g, y, x, UPLO="L"):
    v = np.linalg.eigh(x, UPLO).eigenvectors
    return _of_triangle((conj(v) * g[..., None, :]) @ v.mT, UPLO in "Uu")


_packed_eigh = function(_eigh, _eigh_rule)
function(np.linalg.eigvalsh, _eigvalsh)


def _split_eigh(a, UPLO="L"):
    y = _packed_eigh(a, UPLO=UPLO)
    return _Eigh(real(y[..., 0, :]), y[..., 1:, :])


composed(np.linalg.eigh, _split_eigh)


# LAPACK scales eigenvectors to length 1 and turns their largest component to the real axis.


def _eig(a):
    w, v = np.linalg.eig(a)
    return np.concatenate([w[..., None, :], v], axis=-2)


def _eig_rule(g, y, x):
    w, v, gv = y[..., 0, :], y[..., 1:, :], g[..., 1:, :]
    along = (gv * v).sum(axis=-2, keepdims=True)
    if y.dtype.kind == "c":
        size = np.abs(v) * (v.imag == 0)
        largest = np.arange(v.shape[-1])[:, None] == np.argmax(size, axis=-2)[..., None, :]
        turned = along.imag * 1j * np.where(largest, 1 / np.where(largest, v, 1), 0)
        gv = gv - along.real * conj(v) - turned
    else:
        gv = gv - along * v
    inside = np.where(_eye(v), g[..., :1, :], _by_gaps(v.mT @ gv, w))
    return np.linalg.solve(v.mT, inside @ v.mT)


_packed_eig = function(_eig, _eig_rule)


def _split_eig(a):
    y = _packed_eig(a)
    return _Eig(y[..., 0, :], y[..., 1:, :])


composed(np.linalg.eig, _split_eig)
composed(np.linalg.eigvals, lambda a: _packed_eig(a)[..., 0, :])


# Defined where the first min(m, n) columns are independent.


def _qr(a):
    q, r = np.linalg.qr(a)
    return np.concatenate([q, r.mT], axis=-2)


def _qr_rule(g, y, x):
    m, k = x.shape[-2], y.shape[-1]
    q, gq = y[..., :m, :], g[..., :m, :]
    r, gr = y[..., m : m + k, :].mT, g[..., m : m + k, :].mT
    wide = x.shape[-1] > k
    if wide:  # the other columns of R are Q^H times those of x
        rest, g_rest = x[..., k:], g[..., m + k :, :].mT
        gq = gq + conj(rest @ g_rest.mT)
    upper = _lower(gr @ r.mT - q.mT @ gq, upper=True)
    c = np.linalg.solve(r, (gq + conj(q) @ (upper + conj(upper.mT))).mT).mT
    return np.concatenate([c, conj(q) @ g_rest], axis=-1) if wide else c


_packed_qr = function(_qr, _qr_rule)


def _split_qr(a, mode="reduced"):
    a = as_array(a)
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        refuse("qr", "mode", mode, "'reduced', 'r', and 'complete' of no more rows than columns")
    y = _packed_qr(a)
    r = y[..., m:, :].mT
    return r if mode == "r" else _Qr(y[..., :m, :], r)


composed(np.linalg.qr, _split_qr)


# Vectors of equal singular values have no derivative, nor has one of the value 0 where the matrix
# is not square: where they are used their gradient is not finite. Complex ones have an arbitrary
# phase, which is taken as constant in the product of a left one and its right one.


def _svd(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([u, s[..., None, :], vh.mT], axis=-2)


def _svd_rule(g, y, x):
    m, n = x.shape[-2:]
    u, s, w = y[..., :m, :], real(y[..., m, :]), y[..., m + 1 :, :]  # x = u @ diag(s) @ w.mT
    gu, gw = g[..., :m, :], g[..., m + 1 :, :]
    row, column = s[..., None, :], s[..., None]
    along_u = u.mT @ gu
    of_u, of_w = _by_gaps(along_u, s * s), _by_gaps(conj(w.mT @ gw), s * s)
    inside = (of_u + conj(of_u.mT)) * row + column * (of_w + conj(of_w.mT))
    diagonal = g[..., m : m + 1, :]
    if y.dtype.kind == "c":
        phase = np.where(_eye(s), along_u.imag, 0).sum(axis=-2, keepdims=True)
        diagonal = diagonal.real + 1j * _divided(phase, row)
    c = conj(u) @ np.where(_eye(s), diagonal, inside) @ conj(w.mT)
    if m > n:
        c = c + _divided(gu - conj(u) @ along_u, row) @ conj(w.mT)
    if n > m:
        c = c + conj(u) @ _divided(gw.mT - (gw.mT @ w) @ conj(w.mT), column)
    return c


_packed_svd = function(_svd, _svd_rule)


def _svdvals(a):
    """Compute the singular values alone, in half of the time."""
    return np.linalg.svd(a, compute_uv=False)


def _svdvals_rule(g, y, x):
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return (conj(u) * g[..., None, :]) @ conj(vh)


svdvals = function(_svdvals, _svdvals_rule)


def _split_svd(a, full_matrices=True, compute_uv=True):
    if not compute_uv:
        return svdvals(a)
    m, n = as_array(a).shape[-2:]
    if full_matrices and m != n:
        refuse("svd", "full_matrices", True, "False, or a square matrix")
    y = _packed_svd(a)
    return _Svd(y[..., :m, :], real(y[..., m, :]), y[..., m + 1 :, :].mT)


composed(np.linalg.svd, _split_svd)
composed(np.linalg.svdvals, lambda x: svdvals(x))
