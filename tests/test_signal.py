"""Convolutions and differences of every length, against sums written out."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

RNG = np.random.default_rng(0)


def jacobian_by_columns(f, x):
    """The matrix of a linear function, a column for each unit vector."""
    return np.array([f(row) for row in np.eye(x.size)]).T


@pytest.mark.parametrize("fn", [np.convolve, np.correlate])
@pytest.mark.parametrize("mode", ["full", "same", "valid", 0, 1, 2])
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 8])
def test_the_gradients_of_a_convolution_are_its_matrix(fn, mode, n, m):
    a, v = RNG.standard_normal(n), RNG.standard_normal(m)
    value, pullback = ag.vjp(lambda a, v: fn(a, v, mode), a, v)
    np.testing.assert_allclose(value, fn(a, v, mode), 1e-14, 1e-14)
    g = RNG.standard_normal(value.shape)
    by_a, by_v = pullback(g)
    np.testing.assert_allclose(by_a, g @ jacobian_by_columns(lambda e: fn(e, v, mode), a))
    np.testing.assert_allclose(by_v, g @ jacobian_by_columns(lambda e: fn(a, e, mode), v))


def test_correlate_conjugates_its_second_argument():
    a, v = np.array([1 + 2j, 3 - 1j, 0.5j]), np.array([2 - 1j, 1j])
    a_gradient, v_gradient = ag.grad(lambda a, v: np.correlate(a, v).sum().real, (0, 1))(a, v)
    # dL = real(sum(g * dz)): by a it is the window's conj(v), by v the conjugate of the sum of a
    expected = np.convolve(np.ones(2), np.conj(v))
    np.testing.assert_allclose(a_gradient, expected)
    np.testing.assert_allclose(v_gradient, np.conj([a[:2].sum(), a[1:].sum()]))


def test_a_convolution_of_matrices_is_refused():
    with pytest.raises(ValueError, match="too deep"):
        np.convolve(Tensor(np.ones((2, 2))), np.ones(2))


@pytest.mark.parametrize("n", range(7))
@pytest.mark.parametrize("length", [0, 1, 2, 4, 6])
def test_diff_of_any_order_and_length(n, length):
    x = RNG.standard_normal((2, length))
    value, pullback = ag.vjp(lambda x: np.diff(x, n), x)
    np.testing.assert_array_equal(value, np.diff(x, n))
    matrix = np.diff(np.eye(length), n, axis=0)
    np.testing.assert_array_equal(pullback(np.ones(value.shape)), np.ones(value.shape) @ matrix)


def test_what_diff_puts_before_and_after_gets_its_gradient():
    x, first, last = np.arange(6.0).reshape(2, 3), np.array(2.0), np.ones((2, 2))
    found = ag.grad(
        lambda x, a, b: (np.diff(x, prepend=a, append=b)[:, :-1] ** 2).sum(), (0, 1, 2)
    )(x, first, last)
    assert [g.shape for g in found] == [x.shape, (), (2, 2)]
    assert found[1] == 2 * (2.0 - 0.0) + 2 * (2.0 - 3.0)


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("spacing", [(), (0.5,), ([0.0, 1.0, 3.0, 3.5],)])
def test_gradient_has_numpys_values_and_a_linear_derivative(edge_order, spacing):
    x = RNG.standard_normal(4)

    def f(x):
        return np.gradient(x, *spacing, edge_order=edge_order)

    value, pullback = ag.vjp(f, x)
    np.testing.assert_allclose(value, f(x), 1e-13)
    g = RNG.standard_normal(4)
    np.testing.assert_allclose(pullback(g), g @ jacobian_by_columns(f, x))


def test_gradient_along_several_axes_shares_one_spacing():
    x, h = RNG.standard_normal((3, 4)), np.array(0.5)
    slopes, pullback = ag.vjp(lambda x, h: np.gradient(x, h), x, h)
    for slope, expected in zip(slopes, np.gradient(x, 0.5), strict=True):
        np.testing.assert_allclose(slope, expected)
    _, by_h = pullback(tuple(map(np.ones_like, slopes)))
    np.testing.assert_allclose(by_h, -sum(np.sum(s) for s in slopes) / 0.5)


def test_gradient_keeps_float32_and_makes_integers_floats():
    x = Tensor(np.float32([1, 2, 4]), requires_grad=True)
    slopes = np.gradient(x, np.array([0.0, 1.0, 3.0]))
    assert slopes.dtype == np.float32
    h = Tensor(np.array([0.0, 1.0, 3.0]), requires_grad=True)
    np.testing.assert_allclose(np.gradient([1, 2, 4], h).data, [1, 1, 1])


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x: np.gradient(x, 1.0, 2.0, 3.0), TypeError, "3 spacings for 2 axes"),
        (lambda x: np.gradient(x, [1.0, 2.0], axis=0), ValueError, r"shape \(2,\) for axis 0"),
        (lambda x: np.gradient(x, edge_order=3), ValueError, "edge_order is 1 or 2, not 3"),
        (lambda x: np.gradient(x[:, :2], edge_order=2), ValueError, "needs 3 elements"),
        (lambda x: np.ediff1d(x, to_end=1j), TypeError, "complex128 does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, text):
    x = np.ones((3, 3))
    with pytest.raises((kind, IndexError)):
        call(x)
    with pytest.raises(kind, match=text):
        call(Tensor(x, requires_grad=True))


def test_trapezoid_by_values_places_and_step():
    y, x = np.array([1.0, 3.0, 2.0]), np.array([0.0, 1.0, 4.0])
    by_y, by_x = ag.grad(np.trapezoid, (0, 1))(y, x)
    np.testing.assert_allclose(by_y, [0.5, 2.0, 1.5])
    np.testing.assert_allclose(by_x, [-2.0, -0.5, 2.5])
    assert ag.grad(lambda h: np.trapezoid(y, dx=h))(0.25) == np.trapezoid(y)
    assert ag.grad(lambda y: np.trapezoid(y))(np.ones(1)) == 0


def test_unwrap_has_the_slope_of_its_argument():
    x = np.array([0.0, 3.0, -3.0, 9.0])
    np.testing.assert_array_equal(ag.grad(lambda x: (np.unwrap(x) ** 2).sum())(x), 2 * np.unwrap(x))
