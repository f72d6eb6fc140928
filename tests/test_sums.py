"""Sums by products with ones are the sums that NumPy computes."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.sums import row_sums, sum_of_rows, surely_ones, unbroadcast

SHAPES = [(3, 4), (1, 5), (5, 1), (0, 3), (3, 0), (2049, 2), (2, 2049), (2, 3, 4), (4,)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "complex128", "int64"])
@pytest.mark.parametrize("order", ["C", "F", "every other"])
def test_sums_are_those_of_numpy(shape, dtype, order):
    x = (np.random.default_rng(0).standard_normal(shape) * 8).astype(dtype)
    x = x[::2] if order == "every other" else np.asarray(x, order=order)
    rtol = {"float16": 1e-2, "float32": 1e-5}.get(dtype, 1e-12)
    for found, expected in (
        (sum_of_rows(x), x.sum(axis=0)),
        (row_sums(x), x.sum(axis=-1)),
    ):
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape


def test_a_sum_keeps_infinity_and_nan_where_they_are():
    x = np.array([[1.0, np.inf, np.nan], [2.0, 1.0, 1.0]])
    np.testing.assert_array_equal(sum_of_rows(x), [3, np.inf, np.nan])
    np.testing.assert_array_equal(row_sums(x), [np.nan, 4])


@pytest.mark.parametrize("shape", [(4,), (3, 4), (1, 4), (3, 1), (1, 1), (), (1,)])
def test_broadcasting_is_undone_for_arrays_and_tensors(shape):
    g = np.random.default_rng(0).standard_normal((2, 3, 4))
    for part in (g, g[0]):
        if len(shape) <= part.ndim:
            ones = ag.Tensor(np.ones(shape), requires_grad=True)
            (ones * part).sum().backward()
            np.testing.assert_allclose(unbroadcast(part, shape), ones.grad, rtol=1e-12)
            np.testing.assert_allclose(unbroadcast(ag.Tensor(part), shape).data, ones.grad)


def test_a_cotangent_that_does_not_fit_is_refused():
    for shape in ((5,), (2, 3, 4), (3, 2)):
        with pytest.raises(ag.ShapeError, match=r"a cotangent of shape \(3, 4\) does not fit"):
            unbroadcast(np.ones((3, 4)), shape)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.ones(4), True),
        (np.ones(4, np.float32), True),
        (np.ones((2, 3)), True),
        (np.ones(4, np.float16), False),  # not looked at, as are the next ones
        (np.ones(4, int), False),
        (np.ones(2049), False),
        ([1.0, 1.0], False),
        (np.array([1.0, np.nan]), False),
        (np.array([1.0, np.nextafter(1.0, 2.0)]), False),
        (np.array([1.0, 0.0, 2.0]), False),
        (np.empty(0), True),
    ],
)
def test_what_is_surely_ones_is(x, expected):
    assert surely_ones(x) is expected
