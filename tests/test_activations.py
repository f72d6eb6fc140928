"""Activations, layers and images: extreme inputs, and numbers written out in loops."""

import builtins
import itertools
import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

FAR = np.array([-1e4, -750.0, -40.0, 40.0, 750.0, 1e4])
ACTIVATIONS = {
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "softplus": lambda x: x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)),
    "silu": lambda x: x / (1 + math.exp(-x)) if x > -700 else 0.0,
    "gelu": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_has_the_value_of_its_formula(name):
    x = np.concatenate([np.linspace(-5, 5, 41), FAR])
    expected = [ACTIVATIONS[name](v) for v in x.tolist()]
    np.testing.assert_allclose(getattr(ag, name)(x), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activation_is_straight_far_out_at_every_order(name, dtype):
    f = getattr(ag, name)
    x = FAR.astype(dtype)
    slope = ag.grad(lambda x: f(x).sum())
    left = {"leaky_relu": 0.01}.get(name, 0.0)
    right = {"selu": 1.0507009873554805}.get(name, 1.0)
    np.testing.assert_allclose(slope(x), [left] * 3 + [right] * 3, rtol=1e-6, atol=1e-14)
    curve = ag.grad(lambda x: slope(x).sum())(x)
    np.testing.assert_allclose(curve, np.zeros(6), atol=1e-14)
    assert curve.dtype == f(x).dtype == dtype


def test_relu_eps_bends_smoothly_between_minus_eps_and_zero():
    x = np.array([-2.0, -0.5, -0.25, 0.0, 3.0])
    np.testing.assert_allclose(ag.relu_eps(x, 0.5), [0, 0, -0.125, 0, 3], atol=1e-15)
    slope = ag.grad(lambda x: ag.relu_eps(x, 0.5).sum())
    np.testing.assert_allclose(slope(x), [0, 0, -0.25, 1, 1], atol=1e-15)
    just_inside = np.nextafter([-0.5, 0.0], [0.0, -1.0])
    np.testing.assert_allclose(slope(just_inside), [0, 1], atol=1e-12)
    with pytest.raises(ValueError, match="eps is the width of the bend, positive, not 0"):
        ag.relu_eps(x, 0)


@pytest.mark.parametrize(
    ("name", "slope", "curve"),
    [
        ("leaky_relu", 0.01, 0.0),
        ("elu", 1.0, 1.0),
        ("selu", 1.7580993408473766, 1.7580993408473766),
        ("softplus", 0.5, 0.25),
        ("silu", 0.5, 0.5),
        ("gelu", 0.5, math.sqrt(2 / math.pi)),
    ],
)
def test_derivatives_at_zero(name, slope, curve):
    first = ag.grad(getattr(ag, name))
    np.testing.assert_allclose(first(0.0), slope)
    np.testing.assert_allclose(ag.grad(first)(0.0), curve)


def test_softplus_has_a_slope_at_infinity():
    np.testing.assert_array_equal(
        ag.grad(lambda x: ag.softplus(x)[:2].sum())(np.array([np.inf, 1e308, 0])), [1, 1, 0]
    )


def test_the_approximate_gelu_is_close_to_the_exact_one():
    pytest.importorskip("scipy")
    x = np.linspace(-6, 6, 1001)
    exact = ag.gelu(x, approximate="none")
    np.testing.assert_allclose(exact, [v / 2 * math.erfc(-v / math.sqrt(2)) for v in x], 1e-12)
    assert np.abs(ag.gelu(x) - exact).max() < 5e-4


def test_the_exact_gelu_without_scipy_says_what_to_install(monkeypatch):
    real_import = builtins.__import__

    def without_scipy(name, *args, **kwargs):
        if name.split(".")[0] == "scipy":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[scipy\]'"):
        ag.gelu(1.0, approximate="none")
    with pytest.raises(ValueError, match="'tanh' or 'none', not 'erf'"):
        ag.gelu(1.0, approximate="erf")


def test_sigmoid_cross_entropy_is_finite_and_its_gradient_is_sigmoid_minus_target():
    logits = np.array([-1e4, 1e4, -1e4, 1e4, 40.0, 0.0])
    targets = np.array([0.0, 1, 1, 0, 1, 0.5])
    value, gradient = ag.value_and_grad(ag.sigmoid_cross_entropy)(logits, targets)
    expected = [0, 0, 1e4, 1e4, math.log1p(math.exp(-40)), math.log(2)]
    np.testing.assert_allclose(value, np.mean(expected), rtol=1e-15)
    np.testing.assert_allclose(gradient * 6, ag.sigmoid(logits) - targets)
    assert ag.sigmoid_cross_entropy(np.float32([40]), [1]).dtype == np.float32
    assert ag.sigmoid_cross_entropy(np.array([40.0]), [1]) == pytest.approx(math.exp(-40))


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda x: ag.sigmoid_cross_entropy(x, [1, 0]),
            ag.ShapeError,
            r"shape \(2,\) for predictions",
        ),
        (lambda x: ag.sigmoid_cross_entropy(x, -np.ones((2, 3))), ValueError, "from 0 to 1"),
        (lambda x: ag.sigmoid_cross_entropy(x, x + np.nan), ValueError, "from 0 to 1"),
        (lambda x: ag.linear(x, np.ones((2, 3))), ag.ShapeError, r"W of shape \(2, 3\)"),
        (
            lambda x: ag.linear(x, np.ones((3, 2)), np.ones(3)),
            ag.ShapeError,
            r"b of shape \(3,\) does not fit W",
        ),
        (lambda x: ag.dropout(x, 0.5), TypeError, "give rng=.* or mask="),
        (lambda x: ag.dropout(x, 1.0, mask=x > 0), ValueError, "from 0 to below 1, not 1.0"),
        (lambda x: ag.dropout(x, 0.5, mask=[True]), ag.ShapeError, r"mask has shape \(1,\)"),
        (lambda x: ag.batch_norm(x, np.ones(2)), ag.ShapeError, r"weight has shape \(2,\)"),
        (lambda x: ag.embedding(x, [0.0]), TypeError, "integers, not float64"),
        (lambda x: ag.embedding(x, [0, 2]), ValueError, "from 0 to 2 for a table of 2"),
        (lambda x: ag.embedding(x, [-1]), ValueError, "from -1 to -1"),
        (lambda x: ag.conv2d(x, x), ag.ShapeError, r"\(K, C, R, S\) and \(N, C, H, W\)"),
        (
            lambda x: ag.conv2d(x[None, None], np.ones((1, 1, 3, 3))),
            ag.ShapeError,
            r"window of \(3, 3\) is larger",
        ),
        (
            lambda x: ag.conv2d(x[None, None], x[None, None], stride=0),
            ValueError,
            "stride is an integer from 1 up.*not 0",
        ),
        (
            lambda x: ag.conv2d(x[None, None], x[None, None], padding=(1, -1)),
            ValueError,
            r"padding is an integer from 0 up.*\(1, -1\)",
        ),
        (lambda x: ag.max_pool2d(x, 2), ag.ShapeError, r"\(N, C, H, W\) are wanted"),
        (lambda x: ag.avg_pool2d(x[None, None], 1.5), ValueError, "size is an integer"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call(Tensor(np.ones((2, 3)), requires_grad=True))


def test_dropout_keeps_the_mean_and_what_it_drops_gets_no_gradient():
    x = np.ones(100_000)
    y, gradient = ag.value_and_grad(
        lambda x: ag.dropout(x, 0.25, rng=np.random.default_rng(3)).mean()
    )(x)
    assert y == pytest.approx(1, abs=0.01)
    assert set(gradient * x.size) == {0.0, 1 / 0.75}
    again = ag.dropout(x, 0.25, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(gradient * x.size, again)


def test_the_mask_of_dropout_is_a_constant_on_the_tape():
    x = Tensor(np.ones(4), requires_grad=True)
    (record,) = (t for t in ag.tape(ag.dropout(x, 0.5, rng=np.random.default_rng(0))) if t.op)
    assert record.inputs[0] is x
    assert isinstance(record.inputs[1], np.ndarray)


def test_dropout_keeps_float32():
    x = np.ones(3, np.float32)
    assert ag.dropout(x, 0.5, mask=[1, 0, 1]).dtype == np.float32


def test_normalization_gives_mean_0_and_variance_1():
    x = np.random.default_rng(0).standard_normal((4, 3, 5)) * 7 + 100
    rows = ag.layer_norm(x, eps=0)
    np.testing.assert_allclose(rows.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(rows.var(axis=-1), 1)
    channels = ag.batch_norm(x, [1.0, 2.0, 3.0], [0.0, 0.5, 1.0], eps=0)
    np.testing.assert_allclose(channels.mean(axis=(0, 2)), [0, 0.5, 1], atol=1e-12)
    np.testing.assert_allclose(channels.std(axis=(0, 2)), [1, 2, 3])


def test_the_gradient_of_normalized_numbers_is_orthogonal_to_shift_and_scale():
    rng = np.random.default_rng(1)
    x, g = rng.standard_normal((4, 6)), rng.standard_normal((4, 6))
    y, pullback = ag.vjp(lambda x: ag.layer_norm(x, eps=0), x)
    gradient = pullback(g)
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=1e-13)
    np.testing.assert_allclose((gradient * y).sum(axis=-1), 0, atol=1e-13)


def test_constant_rows_have_a_finite_gradient():
    gradient = ag.grad(lambda x: (ag.layer_norm(x) ** 2).sum())(np.full((2, 3), 5.0))
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


def test_a_row_looked_up_twice_gets_both_cotangents():
    table, ids = np.arange(6.0).reshape(3, 2), np.array([[2, 0], [2, 2]])
    gradient = ag.grad(lambda table: ag.embedding(table, ids).sum())(table)
    np.testing.assert_array_equal(gradient, [[1, 1], [0, 0], [3, 3]])
    assert isinstance(ag.embedding(table, Tensor(ids)), Tensor)


def convolution(x, w, stride, padding):
    """Images times kernels in six loops."""
    n, c, height, width = x.shape
    k, _, r, s = w.shape
    padded = np.zeros((n, c, height + 2 * padding[0], width + 2 * padding[1]))
    padded[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width] = x
    rows = (padded.shape[2] - r) // stride[0] + 1
    columns = (padded.shape[3] - s) // stride[1] + 1
    y = np.zeros((n, k, rows, columns))
    for i, j, p, q in itertools.product(range(rows), range(columns), range(r), range(s)):
        pixel = padded[:, :, i * stride[0] + p, j * stride[1] + q]
        y[:, :, i, j] += pixel @ w[:, :, p, q].T
    return y


@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (5, 4)])
def test_convolution_is_the_sum_written_out(stride, padding, kernel):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 5, 6)), rng.standard_normal((4, 3, *kernel))
    y, pullback = ag.vjp(lambda x, w: ag.conv2d(x, w, stride=stride, padding=padding), x, w)
    np.testing.assert_allclose(y, convolution(x, w, stride, padding), atol=1e-13)
    g = rng.standard_normal(y.shape)
    by_x, by_w = pullback(g)
    dx, dw = rng.standard_normal(x.shape), rng.standard_normal(w.shape)
    assert np.sum(by_x * dx) == pytest.approx(np.sum(g * convolution(dx, w, stride, padding)))
    assert np.sum(by_w * dw) == pytest.approx(np.sum(g * convolution(x, dw, stride, padding)))


@pytest.mark.parametrize(("name", "of"), [("max_pool2d", np.max), ("avg_pool2d", np.mean)])
@pytest.mark.parametrize(("size", "stride"), [((2, 2), None), ((3, 2), (1, 2)), ((2, 3), (3, 1))])
def test_pooling_takes_each_window(name, of, size, stride):
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 7))
    down, right = stride or size
    y = getattr(ag, name)(x, size, stride)
    for i, j in np.ndindex(y.shape[2:]):
        window = x[:, :, i * down : i * down + size[0], j * right : j * right + size[1]]
        np.testing.assert_allclose(y[:, :, i, j], of(window, axis=(2, 3)))
    assert y.shape[2] == (6 - size[0]) // down + 1
    assert y.shape[3] == (7 - size[1]) // right + 1


def test_ties_in_a_window_share_the_cotangent():
    gradient = ag.grad(lambda x: ag.max_pool2d(x, 2).sum())(np.zeros((1, 1, 2, 4)))
    np.testing.assert_array_equal(gradient, np.full((1, 1, 2, 4), 0.25))
