"""Gradients that other tools have got wrong without a word, each with its right value."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

X = np.array([[3.0, -4.0, 0.5], [1.0, 2.0, -2.0]])
V = np.array([1.0, 2.0, 3.0])


def gradient(f, x=X):
    return ag.grad(f)(np.array(x))


def test_a_sum_under_a_mask_reaches_what_the_mask_lets_through():
    mask = X > 0
    np.testing.assert_array_equal(gradient(lambda x: np.sum(x * x, where=mask)), 2 * X * mask)


def test_a_variance_divides_by_what_its_correction_says():
    expected = 2 * (X - X.mean()) / (X.size - 1)
    for keyword in ("correction", "ddof"):
        got = gradient(lambda x, k=keyword: np.var(x, **{k: 1}))
        np.testing.assert_allclose(got, expected)


def test_a_norm_that_keeps_its_axes():
    got = gradient(lambda x: np.sum(np.linalg.norm(x, axis=1, keepdims=True)))
    np.testing.assert_allclose(got, X / np.linalg.norm(X, axis=1, keepdims=True))


def test_a_mean_of_float32_has_a_float32_gradient():
    x = X.astype(np.float32)
    assert ag.grad(np.mean)(x).dtype == np.float32
    assert ag.grad(lambda x: np.sum(2.0 * x))(x).dtype == np.float32
    assert (2.0 * Tensor(x)).dtype == np.float32


def test_products_with_zeros():
    np.testing.assert_array_equal(gradient(np.prod, [2.0, 0.0, 3.0]), [0.0, 6.0, 0.0])
    np.testing.assert_array_equal(gradient(np.prod, [0.0, 0.0, 3.0]), [0.0, 0.0, 0.0])
    got = gradient(lambda x: np.sum(np.cumprod(x)), [2.0, 0.0, 3.0])
    np.testing.assert_array_equal(got, [1.0, 2 + 6, 0.0])


def test_sinc_at_zero():
    assert gradient(np.sinc, 0.0) == 0.0
    assert ag.grad(ag.grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3)


def test_norm_and_spread_at_zero():
    np.testing.assert_array_equal(gradient(np.linalg.norm, np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(gradient(np.std, np.ones(3)), np.zeros(3))


def test_one_tensor_as_both_arguments():
    np.testing.assert_array_equal(gradient(lambda x: np.sum(np.maximum(x, x))), np.ones((2, 3)))
    np.testing.assert_array_equal(gradient(lambda x: np.sum(x * x)), 2 * X)


def test_a_sort_along_an_axis_sends_each_cotangent_home():
    weights = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    got = gradient(lambda x: np.sum(np.sort(x, axis=1) * weights))
    np.testing.assert_array_equal(got, [[100.0, 1.0, 10.0], [20.0, 200.0, 2.0]])


def test_a_repeat_with_counts():
    got = gradient(lambda x: np.sum(np.repeat(x, [1, 0, 3], axis=1)))
    np.testing.assert_array_equal(got, [[1, 0, 3], [1, 0, 3]])


def test_what_would_detach_refuses():
    t = Tensor(2.0, requires_grad=True)
    for leave in (
        lambda: np.array([t, 2 * t]),
        lambda: np.asarray(t),
        lambda: np.sqrt(np.array(t)),
    ):
        with pytest.raises(ag.DetachedError):
            leave()
    with pytest.raises(ValueError, match="sequence") as caught:
        np.zeros(3)[0] = t
    assert isinstance(caught.value.__cause__, ag.DetachedError)


def test_a_conversion_of_dtype_stays_on_the_tape():
    np.testing.assert_array_equal(
        gradient(lambda x: np.sum(x.astype(float) * 3)), 3 * np.ones((2, 3))
    )


def test_a_tensor_hidden_in_a_list():
    t = Tensor(2.0, requires_grad=True)
    np.sum(np.stack([t, t * t]) * np.array([1.0, 10.0])).backward()
    assert t.grad == 1 + 40


def test_reflected_operators():
    assert gradient(lambda t: 10 - t, 2.0) == -1.0
    assert gradient(lambda t: 2**t, 3.0) == pytest.approx(8 * np.log(2))


def test_reductions_over_empty_axes():
    assert gradient(np.sum, np.zeros((0, 3))).shape == (0, 3)
    assert ag.grad(lambda x: np.sum(np.sum(x, axis=0)))(np.zeros((0, 3))).shape == (0, 3)
    assert ag.grad(lambda x: np.prod(x) * 1.0)(np.zeros(0)).shape == (0,)


def test_arrays_without_axes_against_numbers():
    for number in (2.0, np.float64(2.0), np.array(2.0)):
        assert gradient(lambda t, n=number: t * n, 3.0) == 2.0
    a = Tensor(np.ones(1), requires_grad=True)
    b = Tensor(np.ones(()), requires_grad=True)
    (a + b).backward(np.ones(1))
    assert (a.grad.shape, b.grad.shape) == ((1,), ())


def test_a_repeated_index_of_einsum():
    square = X[:, :2]
    np.testing.assert_array_equal(gradient(lambda x: np.einsum("ii", x), square), np.eye(2))
    got = gradient(lambda x: np.sum(np.einsum("ij,ij->i", x, x)))
    np.testing.assert_array_equal(got, 2 * X)


def test_a_vector_times_a_stack_of_matrices():
    stack = np.arange(24.0).reshape(4, 3, 2)
    got = gradient(lambda v: np.sum(v @ stack), V)
    np.testing.assert_array_equal(got, stack.sum(axis=(0, 2)))
    got = ag.grad(lambda s: np.sum(V @ s))(stack)
    np.testing.assert_array_equal(got, np.broadcast_to(V[:, None], (4, 3, 2)))


def test_decompositions_that_read_one_triangle():
    a = np.array([[4.0, 99.0], [1.0, 3.0]])
    for f in (np.linalg.cholesky, lambda a: np.linalg.eigh(a)[0]):
        upper = gradient(lambda a, f=f: np.sum(f(a) * np.arange(1.0, 3.0)), a)[0, 1]
        assert upper == 0.0


def test_repeated_indices_add_up():
    np.testing.assert_array_equal(gradient(lambda v: np.sum(v[[0, 0, 2]]), V), [2.0, 0.0, 1.0])


def test_a_large_argument_does_not_overflow():
    assert gradient(np.tanh, 800.0) == 0.0
    assert gradient(ag.sigmoid, -1e4) == 0.0
    assert gradient(lambda x: np.logaddexp(x, 0.0), 1e4) == 1.0


def test_the_branch_not_taken_sends_no_nan():
    def guarded(x):
        return np.sum(np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0))

    np.testing.assert_array_equal(gradient(guarded, [2.0, 0.0, -1.0]), [0.5, 0.0, 0.0])


def test_a_tensor_without_a_derivative_is_an_array_where_numpy_wants_one():
    x = ag.Tensor([1.0, 3.0, 2.0], requires_grad=True)
    data = np.arange(3.0)
    assert data[np.argmax(x)] == 1
    np.testing.assert_array_equal(data[np.argsort(x)], [0, 2, 1])
    np.testing.assert_array_equal(data[x > 1], [1, 2])
    with ag.no_grad():
        np.testing.assert_array_equal(np.asarray(x * 2), [2, 6, 4])
    kept = ag.Tensor(data)
    assert np.asarray(kept) is data
    assert np.array(kept) is not data
    assert np.asarray(kept, np.float32).dtype == np.float32
    with pytest.raises(ag.DetachedError, match="its derivative would be lost"):
        np.asarray(x * 2)
    with pytest.raises(ag.DataDependentError, match="the plain array of a Tensor"):
        ag.derive(lambda x: np.sum(x) * data[np.argmax(x)], data)
