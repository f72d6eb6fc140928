"""Products over chosen axes: einsum, and all that is a matrix product after moving axes."""

import functools
import math
import string

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..declare import composed, function
from ..errors import NoRuleError, ShapeError
from ..op import Each
from ..sums import unbroadcast
from ..tensor import as_array

_ELLIPSIS = "..."
_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in the order of their codes


def conj(x):
    """The complex conjugate, at no cost for real numbers."""
    return np.conj(x) if x.dtype.kind == "c" else x


def _bind_einsum(subscripts, *operands, optimize=False):
    """Write the subscripts out: no blanks, no ellipsis, the letters of the result after ->."""
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if len(terms) != len(operands):
        raise ShapeError(f"einsum: {subscripts!r} is for {len(terms)} arrays, not {len(operands)}")
    if not arrow:
        letters = given.replace(",", "").replace(_ELLIPSIS, "")
        result = _ELLIPSIS * (_ELLIPSIS in given)
        result += "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if _ELLIPSIS in subscripts:
        free = [c for c in _LETTERS if c not in subscripts]
        counts = [
            np.ndim(x) - len(term.replace(_ELLIPSIS, "")) if _ELLIPSIS in term else 0
            for term, x in zip(terms, operands, strict=True)
        ]
        axes = "".join(free[: max(counts)])
        terms = [
            term.replace(_ELLIPSIS, axes[len(axes) - n :])
            for term, n in zip(terms, counts, strict=True)
        ]
        result = result.replace(_ELLIPSIS, axes)
    return operands, {"subscripts": f"{','.join(terms)}->{result}", "optimize": optimize}


def _from_lists(parts):
    """The subscripts as text of a call with a list of axes after each array."""
    *pairs, result = parts if len(parts) % 2 else (*parts, None)
    *texts, last = (
        "".join(_ELLIPSIS if i is Ellipsis else _LETTERS[i] for i in axes)
        for axes in (*pairs[1::2], result or ())
    )
    text = ",".join(texts) + ("" if result is None else f"->{last}")
    return text, tuple(pairs[::2])


def _einsum_rule(i):
    """The rule of operand `i`: the other operands and the cotangent, summed to its letters."""

    def rule(g, y, *xs, subscripts, optimize):
        given, result = subscripts.split("->")
        terms = given.split(",")
        term, x = terms.pop(i), xs[i]
        others = xs[:i] + xs[i + 1 :]
        letters = "".join(dict.fromkeys(term))
        lengths = [x.shape[term.index(c)] for c in letters]
        known = "".join(c for c in letters if c in "".join((result, *terms)))
        c = np.einsum(
            f"{','.join((result, *terms))}->{known}",
            g,
            *others,
            optimize=bool(optimize) or len(others) > 1,
        )
        if known != letters or c.shape != tuple(lengths):
            # Letters that no other operand has were summed: each of their elements gets the same.
            c = c.reshape([c.shape[known.index(k)] if k in known else 1 for k in letters])
            ones = [1 if n == 1 else m for n, m in zip(lengths, c.shape, strict=True)]
            c = np.broadcast_to(unbroadcast(c, tuple(ones)), tuple(lengths))
        if letters != term:
            c = _on_diagonals(c, letters, term)
        return c

    return rule


def _on_diagonals(c, letters, term):
    """Zeros but where the axes with the same letter in `term` have the same index."""
    free = (k for k in _LETTERS if k not in term)
    target, eyes, pairs = "", [], []
    for k in term:
        fresh = next(free) if k in target else k
        if fresh != k:
            eyes.append(np.eye(c.shape[letters.index(k)], dtype=c.dtype))
            pairs.append(k + fresh)
        target += fresh
    return np.einsum(f"{','.join((letters, *pairs))}->{target}", c, *eyes)


function(
    np.einsum,
    rules=Each(_einsum_rule),
    forward=lambda *xs, subscripts, optimize: np.einsum(subscripts, *xs, optimize=optimize),
    bind=_bind_einsum,
)


def _tensordot(a, b, axes=2):
    a, b = as_array(a), as_array(b)
    if isinstance(axes, (int, np.integer)):
        axes = range(-axes, 0), range(axes)
    of_a, of_b = (
        list(normalize_axis_tuple((k,) if np.ndim(k) == 0 else tuple(k), x.ndim))
        for k, x in zip(axes, (a, b), strict=True)
    )
    shared = [a.shape[i] for i in of_a]
    if shared != [b.shape[i] for i in of_b]:
        raise ShapeError(f"tensordot: {a.shape} and {b.shape} differ along the axes {axes}")
    kept_a = [i for i in range(a.ndim) if i not in of_a]
    kept_b = [i for i in range(b.ndim) if i not in of_b]
    shape_a, shape_b = [a.shape[i] for i in kept_a], [b.shape[i] for i in kept_b]
    n = math.prod(shared)
    left = a.transpose(kept_a + of_a).reshape(math.prod(shape_a), n)
    right = b.transpose(of_b + kept_b).reshape(n, math.prod(shape_b))
    return (left @ right).reshape(shape_a + shape_b)


def _dot(a, b):
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    return a @ b if b.ndim <= 2 else _tensordot(a, b, (-1, -2))


def _inner(a, b):
    a, b = as_array(a), as_array(b)
    return a * b if not a.ndim or not b.ndim else _tensordot(a, b, (-1, -1))


def _outer(a, b):
    return as_array(a).reshape(-1, 1) @ as_array(b).reshape(1, -1)


def _vdot(a, b):
    return conj(as_array(a).reshape(-1)) @ as_array(b).reshape(-1)


def _kron(a, b):
    a, b = as_array(a), as_array(b)
    n = max(a.ndim, b.ndim)
    of_a = (1,) * (n - a.ndim) + a.shape
    of_b = (1,) * (n - b.ndim) + b.shape
    blocks = _outer(a, b).reshape(of_a + of_b).transpose([k for i in range(n) for k in (i, n + i)])
    return blocks.reshape([k * m for k, m in zip(of_a, of_b, strict=True)])


def _cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise NoRuleError(
            f"cross: vectors of {a.shape[-1]} and {b.shape[-1]} numbers have no derivative rule "
            "here, as NumPy deprecates them (covered: 3 and 3); write a[..., 0] * b[..., 1] - "
            "a[..., 1] * b[..., 0]"
        )
    after, before = [1, 2, 0], [2, 0, 1]
    c = a[..., after] * b[..., before] - a[..., before] * b[..., after]
    return np.moveaxis(c, -1, axisc)


def _vecdot(a, b):
    return np.vecdot(a, b)


_vecdot_of_last = function(
    _vecdot,
    lambda g, y, a, b: conj(g[..., None] * b),
    lambda g, y, a, b: g[..., None] * conj(a),
    broadcasts=True,
)


def _vecdot_along(a, b, axis=-1):
    a, b = as_array(a), as_array(b)
    if axis != -1:
        a, b = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    return _vecdot_of_last(a, b)


@functools.lru_cache
def _best_split(ends, i, j):
    """The fewest multiplications for matrices `i` to `j`, and the last one of the left part."""
    splits = (
        (
            _best_split(ends, i, k)[0]
            + _best_split(ends, k + 1, j)[0]
            + ends[i] * ends[k + 1] * ends[j + 1],
            k,
        )
        for k in range(i, j)
    )
    return min(splits, default=(0, i))


def _chain(xs, ends, i, j):
    if i == j:
        return xs[i]
    k = _best_split(ends, i, j)[1]
    return _chain(xs, ends, i, k) @ _chain(xs, ends, k + 1, j)


def _multi_dot(arrays):
    """Multiply in the order that needs the fewest operations."""
    xs = [as_array(x) for x in arrays]
    if len(xs) < 2:
        raise ValueError("multi_dot: give at least two arrays")
    first = 1 if xs[0].ndim == 1 else xs[0].shape[0]
    last = 1 if xs[-1].ndim == 1 else xs[-1].shape[1]
    return _chain(xs, (first, *(x.shape[0] for x in xs[1:]), last), 0, len(xs) - 1)


composed(np.dot, _dot)
composed(np.inner, _inner)
composed(np.outer, _outer)
composed(np.vdot, _vdot)
composed(np.kron, _kron)
composed(np.cross, _cross)
composed(np.tensordot, _tensordot)
composed(np.linalg.multi_dot, _multi_dot)
composed(np.vecdot, _vecdot_along)
if hasattr(np, "matvec"):
    composed(np.matvec, lambda a, b: (as_array(a) @ as_array(b)[..., None])[..., 0])
    composed(np.vecmat, lambda a, b: (conj(as_array(a))[..., None, :] @ as_array(b))[..., 0, :])

composed(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2))
composed(np.linalg.outer, _outer)
composed(np.linalg.cross, lambda x1, x2, axis=-1: _cross(x1, x2, axis=axis))
composed(np.linalg.tensordot, lambda x1, x2, axes=2: _tensordot(x1, x2, axes))
composed(np.linalg.vecdot, lambda x1, x2, axis=-1: _vecdot_along(x1, x2, axis))
composed(np.linalg.matrix_transpose, lambda x: x.mT)
composed(np.linalg.diagonal, lambda x, offset=0: np.diagonal(x, offset, -2, -1))
composed(np.linalg.trace, lambda x, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype=dtype))
