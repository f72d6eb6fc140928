"""Programs compiled by Numba: the results of the eager sweep, on other data than the example's."""

import sys
import threading
from functools import partial

import numpy as np
import pytest

import autograd_lite as ag

pytest.importorskip("numba")
pytest.importorskip("scipy")

from autograd_lite.derivation.fast import MISS

derive = partial(ag.derive, backend="numba")


def data(seed, dtype=float, batch=4):
    rng = np.random.default_rng(seed)
    W, b, X = (rng.standard_normal(s) for s in ((3, 2), (2,), (batch, 3)))
    Y = np.eye(2)[rng.integers(2, size=batch)]
    return [x.astype(dtype) for x in (W, b, X, Y)]


def assert_same(found, expected, tolerance):
    found, expected = (ag.tree.flatten(x) for x in (found, expected))
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
        scale = max(np.abs(b).max(initial=0), 1e-3)
        assert np.abs(a - b).max(initial=0) <= tolerance * scale


def recurrence(W, b, X, Y):
    h = b
    for i in range(30):
        h = np.tanh(h * W[i % 3] + b)
    return np.sum(h)


def filled(W, b, X, Y):
    y = ag.zeros(4)
    y[0] = b[0]
    for i in range(1, 4):
        y[i] = y[i - 1] * b[1]
    return np.sum(y)


LOSSES = {
    "softmax cross-entropy": lambda W, b, X, Y: ag.softmax_cross_entropy(X @ W + b, Y),
    "classes": lambda W, b, X, Y: ag.nn.cross_entropy(X @ W + b, np.zeros(len(X), int)),
    "logistic": lambda W, b, X, Y: ag.sigmoid_cross_entropy(X @ W + b, Y),
    "squared error": lambda W, b, X, Y: np.sum((np.tanh(X @ W + b) - Y) ** 2) / 2,
    "mean of softmax": lambda W, b, X, Y: np.mean(Y * ag.softmax(X @ W + b, axis=0)),
    "sigmoid": lambda W, b, X, Y: ag.softmax_cross_entropy(ag.sigmoid(X @ W) @ W.T @ W + b, Y),
    "relu": lambda W, b, X, Y: np.sum(ag.relu(X @ W + b) @ W.T),
    "leaky relu": lambda W, b, X, Y: np.sum(ag.leaky_relu(X @ W + b) * X[:, :2]),
    "gelu": lambda W, b, X, Y: np.sum(ag.gelu(X @ W + b)),
    "elu": lambda W, b, X, Y: np.sum(ag.elu(X @ W + b)),
    "softplus": lambda W, b, X, Y: np.mean(ag.softplus(X @ W + b)),
    "log-sum-exp by rows": lambda W, b, X, Y: np.mean(ag.logsumexp(X @ W + b, axis=1)),
    "log-sum-exp by columns": lambda W, b, X, Y: np.mean(ag.logsumexp(X @ W + b, axis=0)),
    "broadcasting": lambda W, b, X, Y: np.sum(np.exp(-((X[:, None] - X[None]) ** 2)) @ W + b),
    "batches of products": lambda W, b, X, Y: np.sum(np.tanh((X[:, None] * X[..., None]) @ W) * b),
    "vectors": lambda W, b, X, Y: W.T @ np.array([1.0, 2, 3], b.dtype) @ b + b @ b,
    "transposes": lambda W, b, X, Y: np.sum((X @ W).T @ X @ W + b),
    "maximum": lambda W, b, X, Y: np.sum(np.max(X @ W + b, axis=0) * b) + np.max(X @ W),
    "minimum": lambda W, b, X, Y: np.sum(np.min(X @ W + b, axis=1, keepdims=True) * (X @ W)),
    "means": lambda W, b, X, Y: np.sum(np.mean(X @ W, axis=1) ** 2) + np.mean(W, axis=(0, 1)),
    "norm": lambda W, b, X, Y: np.linalg.norm(X @ W) + np.linalg.norm(W, axis=1).sum(),
    "standard deviation": lambda W, b, X, Y: np.std(W, axis=0).sum() + np.var(X @ W),
    "concatenation": lambda W, b, X, Y: np.sum(np.concatenate([X @ W, Y + b], axis=-1) ** 4),
    "stack": lambda W, b, X, Y: np.sum(np.stack([X @ W, Y + b], axis=1) ** 3),
    "slices": lambda W, b, X, Y: np.sum((X @ W)[::-1, -1] ** 2) + W[1, 0] ** 2 + W[0] @ b,
    "places": lambda W, b, X, Y: np.sum(W[[0, 0, 2], [0, 1, 1]] ** 2) + np.sum(W[[1, 1]] * b),
    "take": lambda W, b, X, Y: np.sum(np.take(W, [0, 2, 2], axis=0) ** 2),
    "copies": lambda W, b, X, Y: np.sum(np.tile(W, (2, 3)) ** 2) + np.sum(np.repeat(W, 2, axis=0)),
    "turned": lambda W, b, X, Y: np.sum(np.roll(W, 1, axis=0) * W) + np.sum(np.flip(W) * W * W),
    "reshape": lambda W, b, X, Y: np.sum((X @ W).reshape(2, -1).T @ (X @ W + b).reshape(2, -1)),
    "ravel": lambda W, b, X, Y: np.sum(W.ravel()[1:] * W.ravel()[:-1]),
    "triangles": lambda W, b, X, Y: np.sum(np.tril(W) ** 2) + np.sum(np.triu(W, 1) * W),
    "masks": lambda W, b, X, Y: np.sum(np.where((b < X @ W) & (Y > 0) | (X @ W < -1), X @ W, b**3)),
    "clip": lambda W, b, X, Y: np.sum(np.clip(X @ W, -0.5, 0.5) * b),
    "powers": lambda W, b, X, Y: np.sum(np.abs(X @ W) ** 1.5) + np.sum(W**5) + np.sum(2.0**b),
    "a constant gradient": lambda W, b, X, Y: np.sum(b) * 3 + np.sum(W) * 0,
    "one argument alone": lambda W, b, X, Y: W[0, 0] + b[0],
    "a recurrence": recurrence,
    "assignment": filled,
    "second order": lambda W, b, X, Y: np.sum(
        ag.grad(lambda w: np.sum(np.tanh(X @ w + b)))(W) ** 2
    ),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_results_are_those_of_the_eager_sweep(loss, dtype, tolerance):
    step = derive(loss, *data(0, dtype), argnums=(0, 1))
    for seed in (0, 1):
        given = data(seed, dtype)
        expected = ag.value_and_grad(loss, (0, 1))(*given)
        assert_same(step(*given), expected, tolerance)


FUNCTIONS = [
    np.abs, np.arccosh, np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.cbrt, np.ceil, np.cos,
    np.cosh, np.deg2rad, np.exp, np.exp2, np.expm1, np.fabs, np.floor, np.isfinite, np.log,
    np.log10, np.log1p, np.log2, np.negative, np.rad2deg, np.reciprocal, np.rint, np.sign,
    np.signbit, np.sin, np.sinh, np.sqrt, np.square, np.tan, np.tanh, np.trunc, np.logical_not,
    lambda x: x.astype(np.float32) + x.astype(int), np.zeros_like, np.ones_like,
    lambda x: np.arctan2(x, x[::-1]), lambda x: np.hypot(x, x[::-1]),
    lambda x: np.logaddexp(x, x[::-1]), lambda x: np.fmod(x, 0.3), lambda x: np.remainder(x, -0.3),
    lambda x: x // 0.3, lambda x: np.copysign(0.5, x), lambda x: np.fmax(x, 0.2),
    lambda x: np.power(x, -2), lambda x: (x > 0) + (x < 0.4), lambda x: ~(x > 0) ^ (x < 0.5),
    lambda x: np.any(x > 0.5, axis=0), lambda x: np.all(x > -2), lambda x: np.prod(x, axis=1),
    lambda x: np.sum(x > 0, axis=0), lambda x: np.max((10 * x).astype(int), axis=1),
    lambda x: x, lambda x: (x.T, x[0], x), lambda x: np.broadcast_to(x[0], (2, 3, 4)),
    lambda x: np.min(x, axis=(0, 1), keepdims=True), lambda x: np.moveaxis(x[..., None], 0, 2),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", FUNCTIONS)
def test_functions_are_those_of_numpy(f):
    rng = np.random.default_rng(2)
    step = derive(f, rng.uniform(0.1, 0.9, (3, 4)), argnums=None)
    x = rng.uniform(-1, 1, (3, 4))
    found, expected = (y if isinstance(y, tuple) else (y,) for y in (step(x), f(x)))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, strict=True)


@pytest.mark.parametrize("sizes", [(1, 3, 1), (40, 33, 10), (7, 130, 5)])
@pytest.mark.parametrize("batch", [1, 17])
def test_networks_of_any_size(sizes, batch):
    n, hidden, k = sizes

    def loss(params, X, Y):
        (W1, b1), (W2, b2) = params
        return ag.softmax_cross_entropy(np.tanh(X @ W1 + b1) @ W2 + b2, Y)

    def given(seed):
        rng = np.random.default_rng(seed)
        shapes = [((n, hidden), (hidden,)), ((hidden, k), (k,))]
        params = [tuple(rng.standard_normal(s) for s in pair) for pair in shapes]
        return params, rng.standard_normal((batch, n)), np.eye(k)[rng.integers(k, size=batch)]

    step = derive(loss, *given(0))
    assert_same(step(*given(1)), ag.value_and_grad(loss)(*given(1)), 1e-12)


def test_arrays_of_other_layouts_are_taken():
    loss = LOSSES["squared error"]
    step = derive(loss, *data(0))
    W, b, X, Y = data(1)
    expected = step(W, b, X, Y)
    wide = np.repeat(X, 2, axis=1)[:, ::2]
    read_only = b.copy()
    read_only.flags.writeable = False
    assert_same(step(np.asfortranarray(W), read_only, wide, Y), expected, 1e-15)


def test_results_are_fresh_unless_they_are_to_be_reused():
    loss = LOSSES["squared error"]
    fresh, reused = (derive(loss, *data(0), reuse_outputs=again) for again in (False, True))
    assert fresh(*data(0))[1] is not fresh(*data(1))[1]
    first = reused(*data(0))[1]
    assert reused(*data(1))[1] is first


def test_threads_share_a_program():
    loss = LOSSES["softmax cross-entropy"]
    step = derive(loss, *data(0, batch=2000))
    given = [data(seed, batch=2000) for seed in range(4)]
    expected = [step(*args) for args in given]
    found = [None] * 4

    def run(i):
        for _ in range(50):
            found[i] = step(*given[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(found, expected, 0)


def test_classes_that_are_an_argument_are_looked_up_within_bounds():
    def loss(W, X, classes):
        logits = X @ W
        return -np.mean(ag.log_softmax(logits)[np.arange(len(X)), classes])

    W, _, X, _ = data(0)
    step = derive(loss, W, X, np.array([0, 1, 1, 0]))
    classes = np.array([1, -1, 0, 0])
    assert_same(step(W, X, classes), ag.value_and_grad(loss)(W, X, classes), 1e-12)
    with pytest.raises(IndexError, match="out of bounds"):
        step(W, X, np.array([0, 1, 2, 0]))


def test_other_arguments_are_a_miss():
    step = derive(LOSSES["squared error"], *data(0))
    assert step.latest.run(data(0, batch=5)) is MISS
    assert step.latest.run(data(0, "float32")) is MISS


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: np.linalg.eigh(x)[0], "eigh"),
        (lambda x: np.sort(x), "np.sort"),
        (lambda x: x.astype(np.float16), "float16"),
    ],
)
def test_what_has_no_form_is_refused_by_name(f, text):
    with pytest.raises(NotImplementedError, match=rf"no form for .*{text}.*backend=\"numpy\""):
        derive(f, np.eye(3), argnums=None)


def test_without_numba_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"autograd-lite\[fast\]"):
        derive(np.tanh, np.ones(2), argnums=None)


def test_labels_are_checked_in_each_run():
    W, _, X, _ = data(0)
    classes = np.array([0, 1, 1, 0])
    step = derive(lambda W, X, y: ag.softmax_cross_entropy(X @ W, y), W, X, classes)
    with pytest.raises(ValueError, match="class -1 is outside"):
        step(W, X, classes - 1)
    step = derive(lambda W, X, y: ag.sigmoid_cross_entropy(X @ W, y), W, X, np.ones((4, 2)))
    with pytest.raises(ValueError, match="targets are from 0 to 1"):
        step(W, X, np.full((4, 2), 2.0))


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match="backend='jax' is none of numpy, numba"):
        ag.derive(np.sum, np.ones(2), backend="jax")
