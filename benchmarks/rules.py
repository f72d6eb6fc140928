"""The price of each rule: its backward sweep against NumPy's forward, at about 100,000 elements.

Arrays of this size are as large as what the C library hands back to the system at once, and to get
the memory again costs more than to fill it. Where that library is glibc it is told to keep it, so
that what is measured is the arithmetic.

A backward of several arguments computes the cotangent of each. More than 4 times the forward, for
one argument, costs what must write an array where the forward reads one or makes a view (``max``,
``x[::2]``, ``flip``, ``diagonal``, ``einsum('ii->i')``), what may not divide (``prod``,
``cumprod``, right with zeros), what must find ties or an order again (``maximum``, ``clip``,
``sort``, ``partition``), what adds up repeated rows (``X[rows]``), and factorisations that are
undone by whole inverses (``det``, ``slogdet``, ``cholesky``: NumPy has no triangular solve).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import partial

import numpy as np

import autograd_lite as ag
from autograd_lite.tree import map_leaves

from .measure import Figure, Setting, Ways, race

AIM = 4.0  # times the forward, for each argument

_rng = np.random.default_rng(0)

INPUTS = {
    "x": _rng.standard_normal(100_000),
    "y": _rng.standard_normal(100_000),
    "p": _rng.uniform(0.5, 2.0, 100_000),
    "unit": _rng.uniform(-0.9, 0.9, 100_000),
    "X": _rng.standard_normal((1000, 100)),
    "Y": _rng.standard_normal((1000, 100)),
    "v": _rng.standard_normal(100),
    "A": _rng.standard_normal((300, 300)) + 20 * np.eye(300),
    "S": (lambda B: B @ B.T / 300 + np.eye(300))(_rng.standard_normal((300, 300))),
    "T": _rng.standard_normal((20, 50, 100)),
}
i = _rng.integers(100_000, size=100_000)
rows = _rng.integers(1000, size=5000)
cols = _rng.integers(100, size=5000)
mask = INPUTS["x"] > 0
k = _rng.standard_normal(64)

UNARY = (
    "exp expm1 exp2 sin cos tan tanh sinh cosh arctan arcsinh sinc square abs cbrt cumsum sort "
    "sum mean max min prod var std cumprod median flip diff gradient nansum nanmean sign floor"
)
POSITIVE = "log log1p log2 log10 sqrt reciprocal"
BINARY = "add subtract multiply divide maximum minimum hypot arctan2 logaddexp fmod remainder"

EXPRESSIONS = (
    *(f"np.{f}(x)" for f in UNARY.split()),
    *(f"np.{f}(p)" for f in POSITIVE.split()),
    *(f"np.{f}(unit)" for f in ("arcsin", "arccos", "arctanh")),
    *(f"np.{f}(x, y)" for f in BINARY.split()),
    "np.power(p, y)", "x ** 2", "p ** 2.5", "np.where(mask, x, y)", "np.clip(x, -1, 1)",
    "X + v", "X * v", "np.sum(X, axis=0)", "np.sum(X, axis=1)", "np.mean(X, axis=1)",
    "np.max(X, axis=1)", "np.prod(X, axis=1)", "np.cumsum(X, axis=1)", "np.cumprod(X, axis=1)",
    "np.var(X, axis=0)", "np.std(X, axis=1)", "np.sort(X, axis=1)", "np.quantile(X, 0.3, axis=1)",
    "x[i]", "x[::2]", "x[mask]", "X[rows, cols]", "X[rows]", "np.take(x, i)",
    "np.take_along_axis(X, np.argsort(X, axis=1), axis=1)", "np.repeat(x, 2)", "np.tile(x, 2)",
    "np.roll(x, 5)", "np.pad(X, 3, mode='reflect')", "np.concatenate([x, y])",
    "np.stack([x, y])", "np.transpose(T, (2, 0, 1))", "np.tril(X)", "np.diagonal(A)",
    "np.interp(unit, np.linspace(-1, 1, 50), np.linspace(0, 3, 50))",
    "A @ A", "T @ X.T", "np.dot(A, A)", "np.einsum('ij,kj->ik', X, Y)", "np.einsum('ii->i', A)",
    "np.einsum('tij,kj->tki', T, X)", "np.tensordot(T, X, axes=([2], [1]))", "np.outer(v, v)",
    "np.kron(v, v)", "np.linalg.norm(X)", "np.linalg.norm(X, axis=1)", "np.linalg.inv(A)",
    "np.linalg.det(S)", "np.linalg.slogdet(A)[1]", "np.linalg.solve(A, A)",
    "np.linalg.cholesky(S)", "np.linalg.eigh(S)", "np.linalg.svd(X, full_matrices=False)",
    "np.linalg.qr(X)", "np.fft.fft(x)", "np.fft.rfft(x)", "np.fft.irfft(x)", "np.fft.fft2(A)",
    "np.convolve(x, k)", "np.trapezoid(x)", "ag.relu(x)", "ag.sigmoid(x)", "ag.softmax(X)",
    "ag.log_softmax(X)", "ag.logsumexp(X, axis=1)",
    "ag.softmax_cross_entropy(X, np.arange(1000) % 100)",
)  # fmt: skip

NAMES = {"np": np, "ag": ag, "i": i, "rows": rows, "cols": cols, "mask": mask, "k": k}


def rules(setting: Setting) -> Iterator[Figure]:
    """The backward sweep of each rule at 100,000 elements / NumPy's forward."""
    _keep_freed_memory()
    for text in EXPRESSIONS[:: 20 if setting.quick else 1]:
        names = [n for n in compile(text, text, "eval").co_names if n in INPUTS]
        f = eval(f"lambda {', '.join(names)}: {text}", NAMES)
        arrays = [INPUTS[n] for n in names]
        value, pullback = ag.vjp(f, *arrays)
        seed = map_leaves(np.ones_like, value)
        ways: Ways = {"forward": partial(f, *arrays), "backward": partial(pullback, seed)}
        yield race(ways, setting)["backward"].figure(text, "backward", aim=AIM * len(arrays))


def _keep_freed_memory() -> None:
    """Tell glibc to keep what is freed, in place of handing it back to the system."""
    trim_threshold, mmap_threshold = -1, -3
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**30)
