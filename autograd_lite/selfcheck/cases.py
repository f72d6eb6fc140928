"""What the laws are tried on: plain expressions over a few named inputs.

The name of an input says what it is, so that an expression is all a case needs.
"""

from __future__ import annotations

import numpy as np

__all__ = ["CASES", "INPUTS"]

_rng = np.random.default_rng(20)


def _spread_out(*shape: int) -> np.ndarray:
    """Numbers of both signs with gaps between them and around 0, where functions have kinks."""
    n = int(np.prod(shape))
    values = (np.arange(n) - (n - 1) / 2) * 0.37 + 0.11
    return _rng.permutation(values).reshape(shape)


# Arrays that derivatives are taken by: what a name stands for in an expression.
INPUTS: dict[str, np.ndarray] = {
    "x": _spread_out(2, 3),
    "y": _spread_out(2, 3) + 0.05,
    "t": _spread_out(2, 3, 4),
    "v": _spread_out(3),
    "w": _spread_out(2) + 0.1,
    "c": _spread_out(2, 1) + 0.2,
    "s": np.array(0.7),
    "p": np.linspace(0.4, 2.3, 6).reshape(2, 3),  # positive
    "q": np.linspace(1.9, 0.3, 3),  # positive
    "M": _spread_out(3, 4) / 2,
    "N": _spread_out(4, 2) / 2,
    "stack": _spread_out(2, 3, 4) / 3,
    "e": np.zeros((0, 3)),  # empty
}

_BINARY = "+", "-", "*", "/"
_PAIRS = (
    ("x", "y"),
    ("x", "v"),
    ("c", "v"),
    ("x", "s"),
    ("s", "s"),
    ("t", "x[:, :, None]"),
    ("e", "v"),
)

CASES: tuple[str, ...] = (
    *(f"{a} {op} {b}" for op in "+-*" for a, b in _PAIRS),
    *(f"{a} / {b}" for a, b in (("x", "p"), ("x", "q"), ("s", "p"), ("e", "q"))),
    *(f"x {op} 2.5" for op in _BINARY),
    *(f"2.5 {op} p" for op in _BINARY),
    "np.add(x, v)", "np.subtract(x, s)", "np.multiply(c, v)", "np.divide(x, p)",
    "-x", "+x * 2", "abs(x)", "np.abs(x)", "np.negative(x)", "np.positive(x)",
    "x * x", "x * x * x + x", "x ** 2", "x ** 3", "p ** -1", "p ** 0.5", "p ** x", "p ** s",
    "2.0 ** x", "p ** 0", "np.power(p, v)", "np.power(x, 3)", "np.square(x)",
    "np.sin(x)", "np.cos(x)", "np.exp(x)", "np.log(p)", "np.tanh(x)", "np.sqrt(p)", "np.exp(e)", "np.tanh(s)",
    "np.maximum(x, y)", "np.maximum(x, v)", "np.maximum(x, 0)", "np.minimum(x, y)",
    "np.minimum(s, x)",
    "np.where(x > 0, x, y)", "np.where(x > y, x * x, s)", "np.where(x < 0, 0, x)",
    # comparisons and other flat functions
    "(x < y) * x", "(x <= y) * x", "(x > y) * x", "(x >= y) * x", "(x == y) + x", "(x != y) * x",
    "np.sign(x) * x", "np.isnan(x) + x", "np.isinf(x) + x", "np.isfinite(x) * x",
    "np.logical_and(x > 0, y > 0) * x", "np.logical_or(x > 0, y > 0) * x",
    "np.logical_not(x > 0) * x", "np.bitwise_and(x > 0, y > 0) * x",
    "np.bitwise_or(x > 0, y > 0) * x",
    "np.any(x > 0, axis=0) * x", "np.all(x > 0, axis=0) + x", "np.argmax(x, axis=1) * w",
    "np.argmin(x, axis=1) + w", "np.count_nonzero(x > 0) * x", "ag.stop_gradient(x > 0) * x",
    "~(x > 0) * x", "((x > 0) & (y > 0) | (x < -0.5)) * x",
    "ag.grad(lambda x: np.sum(x[:1] ** 3))(x)", "ag.grad(lambda x: np.sum(x[[0, 0]] ** 3))(x)",
    # reductions
    "np.sum(x)", "np.sum(x, axis=0)", "np.sum(x, axis=-1, keepdims=True)", "np.sum(t, axis=(0, 2))",
    "np.sum(t, 1)", "np.sum(s)", "np.sum(e)", "np.sum(e, axis=0)", "x.sum(axis=1)",
    "np.mean(x)", "np.mean(x, axis=0)", "np.mean(t, axis=(0, -1), keepdims=True)", "x.mean(1)",
    "np.max(x)", "np.max(x, axis=0)", "np.max(t, axis=(0, 2), keepdims=True)", "x.max(axis=-1)",
    "np.min(x)", "np.min(x, axis=1, keepdims=True)", "x.min()",
    # shapes
    "np.reshape(x, (3, 2))", "x.reshape(-1)", "x.reshape(3, 2) * 2", "x.reshape((6, 1))",
    "np.transpose(t)", "np.transpose(t, (1, 2, 0))", "t.transpose(2, 0, 1)", "x.T @ x", "t.mT",
    "np.matrix_transpose(t)", "np.expand_dims(x, 1)", "np.expand_dims(x, (0, -1))",
    "np.squeeze(c)", "np.squeeze(c, axis=1)", "np.broadcast_to(v, (2, 3))",
    "np.broadcast_to(c, (4, 2, 3))", "np.concatenate([x, y])", "np.concatenate((x, c, x), axis=-1)",
    "np.concatenate([x, v], axis=None)", "np.concatenate([x, e])", "x.astype(float) * x",
    # indexing
    "x[0]", "x[-1, 1]", "x[:, ::-1]", "x[..., 1:]", "x[:, None] * y", "x[[0, 1, 0]]",
    "x[np.array([1, 1, 0]), np.array([0, 0, 2])]", "x[np.array([True, False])]", "x[x > 0]",
    "t[:, [0, 2], 1:3]", "t[1, :, [3, 3, 0]]", "x[np.argmax(x, axis=0), np.array([0, 1, 2])]",
    "e[:, 0]", "x[1:1]", "t[0, ..., np.array([[1, 2], [2, 0]])]", "x[:, np.array([], dtype=int)]",
    # matrices
    "x @ M", "M.T @ x.T", "v @ M", "x @ v", "v @ v", "stack @ N", "M.T @ x[0]", "x[1] @ stack",
    "np.matmul(stack, N)", "stack.mT @ stack", "x[:, None, :] @ stack", "M @ N @ w", "e @ M",
    # named
    "ag.relu(x)", "ag.relu(x, at_zero=1)", "ag.sigmoid(x)", "ag.sigmoid(40 * x)", "ag.softmax(x)",
    "ag.softmax(t, axis=1)", "ag.log_softmax(x)", "ag.log_softmax(t, axis=0)", "ag.logsumexp(x)",
    "ag.logsumexp(t, axis=1)", "ag.logsumexp(t, axis=(0, 2), keepdims=True)",
    "ag.softmax_cross_entropy(x, [2, 0])", "ag.softmax_cross_entropy(x, np.eye(3)[[1, 1]])",
    "ag.softmax_cross_entropy(v, 1)", "ag.softmax_cross_entropy(t, [[0, 1, 3], [2, 2, 0]])",
    "ag.softmax_cross_entropy(100 * x, [2, 0])",
)  # fmt: skip
