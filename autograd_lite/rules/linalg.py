"""Linear algebra: products, inverses and determinants of matrices.

The axes before the last two are stacks of matrices.
"""

import operator

import numpy as np

from ..declare import composed, flat, function
from ..errors import NoRuleError
from ..mode import mode
from ..tensor import Tensor, as_array
from .decompositions import real, svdvals
from .products import conj

_LARGE = 2**15
"""So many elements has the first factor of a large product."""


def transposed(x):
    try:
        return x.mT
    except AttributeError:  # Dask's arrays have none
        return x.swapaxes(-1, -2)


def product(a, b):
    # `dot` starts in half of the time of `@`, but clears its result first, which shows in large
    # products.
    if type(a) is type(b) is np.ndarray and a.ndim == b.ndim == 2 and a.size < _LARGE:
        return a.dot(b)
    return a @ b


def matmul_left(g, y, a, b):
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return product(g, transposed(b))


def matmul_right(g, y, a, b):
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (transposed(a) @ g[..., None])[..., 0]
    return product(transposed(a), g)


function(np.matmul, matmul_left, matmul_right, broadcasts=True)

function(np.linalg.inv, lambda g, y, x: -(y.mT @ g @ y.mT))


def _matrix_power(a, n):
    n = operator.index(n)
    if n == 0:
        return Tensor(np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy())
    power, n = (np.linalg.inv(a), -n) if n < 0 else (a, n)
    result = None
    while n:
        if n % 2:
            result = power if result is None else result @ power
        n //= 2
        power = power @ power if n else power
    return result


composed(np.linalg.matrix_power, _matrix_power)


def _tensorinv(a, ind=2):
    n = int(np.prod(a.shape[ind:]))
    return np.linalg.inv(a.reshape(-1, n)).reshape(a.shape[ind:] + a.shape[:ind])


composed(np.linalg.tensorinv, _tensorinv)


# A vector on the right-hand side is one of one axis, as NumPy 2 reads it.


def _solve_left(g, y, a, b):
    c = _solve_right(g, y, a, b)
    return -(c[..., None] * y[..., None, :]) if b.ndim == 1 else -(c @ y.mT)


def _solve_right(g, y, a, b):
    if b.ndim == 1:
        return np.linalg.solve(a.mT, g[..., None])[..., 0]
    return np.linalg.solve(a.mT, g)


function(np.linalg.solve, _solve_left, _solve_right, broadcasts=True)


# Where small changes of the matrix change its rank the pseudo-inverse jumps.


def _pinv(g, y, x, rcond=None, rtol=None):
    gt, yh = g.mT, conj(y.mT)
    left, right = gt - x @ (y @ gt), gt - (gt @ y) @ x  # 0 for independent rows, columns
    return conj((left @ y) @ yh + yh @ (y @ right)) - y.mT @ g @ y.mT


function(np.linalg.pinv, _pinv)


def _least_squares(a, b, rcond=None):
    solution, _, rank, _ = np.linalg.lstsq(a, b, rcond)
    if rank < min(a.shape):
        raise NoRuleError(
            f"lstsq: a matrix of shape {a.shape} and rank {rank} has no derivative rule here "
            "(covered: full rank); write np.linalg.pinv(a, rtol=...) @ b"
        )
    return solution


def _columns(b):
    return b if b.ndim == 2 else b[:, None]


def _least_squares_left(g, y, a, b, rcond=None):
    g, y, b = _columns(g), _columns(y), _columns(b)
    inverse = np.linalg.pinv(a)
    c = inverse.mT @ g
    if a.shape[0] > a.shape[1]:
        return conj(b - a @ y) @ (conj(c.mT) @ inverse.mT) - c @ y.mT
    return inverse.mT @ conj(y @ (g - a.mT @ c).mT) - c @ y.mT


def _least_squares_right(g, y, a, b, rcond=None):
    return (np.linalg.pinv(a).mT @ _columns(g)).reshape(b.shape)


_solution = function(_least_squares, _least_squares_left, _least_squares_right)


def _lstsq(a, b, rcond=None):
    a, b = as_array(a), as_array(b)
    y = _solution(a, b, rcond=rcond)
    m, n = a.shape
    residual = _columns(b) - a @ _columns(y)
    squares = real(residual * conj(residual)).sum(axis=0)
    return y, squares if m > n else squares[:0], min(m, n), svdvals(a)


composed(np.linalg.lstsq, _lstsq)


# The derivative of a determinant by its matrix are the cofactors: det * inverse.mT, and from the
# singular values where the matrix is singular or nearly so, which is right up to second order.


def _singular(x):
    u, s, vh = np.linalg.svd(x)
    sign = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return conj(u), s, conj(vh), sign


def _cofactors(x):
    """The cofactors of any matrix."""
    u, s, vh, sign = _singular(x)
    one = np.eye(s.shape[-1], dtype=bool)
    others = np.prod(np.where(one, 1, s[..., None, :]), axis=-1)
    return sign * ((u * others[..., None, :]) @ vh)


def _cofactors_rule(g, y, x):
    u, s, vh, sign = _singular(x)
    one = np.eye(s.shape[-1], dtype=bool)
    others = np.prod(np.where(one[:, None] | one, 1, s[..., None, None, :]), axis=-1)
    inside = u.mT @ g @ vh.mT
    along = np.where(one, inside, 0).sum(axis=-1)[..., None]
    trace = (np.where(one, 0, others) * along).sum(axis=-2)
    return sign * (u @ np.where(one, trace[..., None, :], -others * inside.mT) @ vh)


cofactors = function(_cofactors, _cofactors_rule)


def _det(g, y, x):
    g = g[..., None, None]
    if not mode().tracing and np.all(y != 0):  # a program takes the way that is right for all data
        inverse = np.linalg.inv(x)
        condition = np.max(np.abs(x), initial=0) * np.max(np.abs(inverse), initial=0)
        if condition < np.finfo(x.dtype).eps ** (-1 / 3):
            return g * y[..., None, None] * inverse.mT
    return g * cofactors(x)


function(np.linalg.det, _det)


def _slogdet(a):
    return np.stack(np.linalg.slogdet(a), axis=-1)


def _slogdet_rule(g, y, x):
    c = g[..., 1]
    if y.dtype.kind == "c":
        c = c.real + 1j * (g[..., 0] * y[..., 0]).imag
    return c[..., None, None] * np.linalg.inv(x).mT


_packed_slogdet = function(_slogdet, _slogdet_rule)
_Slogdet = type(np.linalg.slogdet(np.eye(1)))


def _split_slogdet(a):
    y = _packed_slogdet(a)
    return _Slogdet(y[..., 0], real(y[..., 1]))


composed(np.linalg.slogdet, _split_slogdet)


flat(np.linalg.matrix_rank)
