"""Reductions with ties, zeros, masks and missing values."""

import inspect

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

X = np.array([[3.0, 1.0, 3.0], [0.5, -2.0, 0.5]])
MASK = np.array([[True, True, False], [False, True, True]])


def gradient(f, x=X):
    return ag.grad(lambda x: f(x).sum())(np.asarray(x)).tolist()


def hessian(f, x):
    """All second derivatives of a function of a vector, one row at a time."""
    x = np.asarray(x)
    rows = [ag.grad(lambda x, i=i: ag.grad(lambda x: f(x).sum())(x)[i])(x) for i in range(x.size)]
    return np.array(rows)


def test_ties_share_equally():
    assert gradient(lambda x: np.max(x)) == [[0.5, 0, 0.5], [0, 0, 0]]
    assert gradient(lambda x: np.max(x, axis=1)) == [[0.5, 0, 0.5], [0.5, 0, 0.5]]
    assert gradient(lambda x: np.min(x, axis=0, keepdims=True)) == [[0, 0, 0], [1, 1, 1]]
    assert gradient(np.ptp, [1.0, 1.0, 1.0]) == [0, 0, 0]
    assert gradient(np.median, [1.0, 2.0, 2.0, 5.0]) == [0, 0.5, 0.5, 0]


def test_an_initial_value_takes_part_in_the_contest():
    assert gradient(lambda x: np.max(x, axis=1, initial=2.0)) == [[0.5, 0, 0.5], [0, 0, 0]]
    assert gradient(lambda x: np.max(x, initial=9.0)) == [[0] * 3, [0] * 3]
    assert gradient(lambda x: np.max(x, axis=1, initial=3.0))[0] == [1 / 3, 0, 1 / 3]
    assert gradient(lambda x: np.min(x, initial=-2.0))[1] == [0, 0.5, 0]


def test_a_mask_hides_elements_from_the_contest():
    masked_max = gradient(lambda x: np.max(x, axis=1, initial=-9.0, where=MASK))
    assert masked_max == [[1, 0, 0], [0, 0, 1]]


def test_a_mask_hides_elements_from_sums_even_if_they_are_nan():
    x = np.where(MASK, X, np.nan)
    assert gradient(lambda x: np.sum(x, where=MASK), x) == MASK.astype(float).tolist()
    assert gradient(lambda x: np.mean(x, where=MASK, axis=1), x) == (MASK / 2).tolist()
    for fn in np.var, np.std, np.prod:
        given = np.array(gradient(lambda x, fn=fn: fn(x, where=MASK), x))
        alone = gradient(fn, X[MASK])
        np.testing.assert_allclose(given[MASK], alone)
        assert not given[~MASK].any()


def test_a_mask_of_lists_and_of_fewer_axes_is_a_mask():
    assert gradient(lambda x: np.sum(x, where=[True, False, True])) == [[1, 0, 1]] * 2
    assert gradient(lambda x: np.mean(x, axis=1, where=[True, False, True])) == [[0.5, 0, 0.5]] * 2


@pytest.mark.parametrize("fn", [np.sum, np.mean, np.prod, np.var, np.std, np.max, np.nansum])
def test_a_tensor_as_a_mask_is_refused(fn):
    x = Tensor(X, requires_grad=True)
    with pytest.raises(ag.NoRuleError, match="the keyword where was given a Tensor"):
        fn(x, where=x > 0.7)


@pytest.mark.parametrize("fn", [np.nanmean, np.nanvar, np.nanstd])
def test_composed_functions_take_a_tensor_as_a_mask(fn):
    expected = gradient(lambda x: fn(x, where=X > 0.7))
    assert gradient(lambda x: fn(x, where=x > 0.7)) == expected


def test_a_mask_given_as_a_tensor_beside_an_array_is_refused():
    with pytest.raises((ag.NoRuleError, ag.DetachedError)):
        np.sum(X, where=Tensor(MASK))


def test_variance_honours_both_spellings_of_its_correction():
    x = np.array([1.0, 2.0, 4.0])
    expected = x - x.mean()  # 2 / (3 - 1) times that
    np.testing.assert_allclose(gradient(lambda x: np.var(x, ddof=1), x), expected)
    np.testing.assert_allclose(gradient(lambda x: np.var(x, correction=1), x), expected)
    np.testing.assert_allclose(gradient(lambda x: np.var(x), x), expected * 2 / 3)
    slope = expected / (2 * np.std(x, ddof=1))
    np.testing.assert_allclose(gradient(lambda x: np.std(x, correction=1), x), slope)
    with pytest.raises(ValueError, match="ddof"):
        np.var(Tensor(x), ddof=1, correction=1)


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1, -1 / 3, 1e-200])
@pytest.mark.parametrize("n", [1, 3, 7, 1000])
@pytest.mark.parametrize("fn", [np.std, np.nanstd])
def test_the_deviation_of_equal_numbers_has_derivative_zero(fn, value, n):
    x = np.full(n, value)
    assert gradient(fn, x) == [0] * n
    first = ag.grad(lambda x: ag.grad(lambda x: fn(x))(x)[0])
    assert first(x).tolist() == [0] * n


def test_one_row_without_spread_does_not_spoil_the_others():
    x = np.array([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1]])
    g = gradient(lambda x: np.std(x, axis=1), x)
    assert g[1] == [0, 0, 0]
    np.testing.assert_allclose(g[0], gradient(np.std, x[0]))


def test_products_with_zeros():
    assert gradient(np.prod, [2.0, 0.0, 3.0]) == [0, 6, 0]
    assert gradient(np.prod, [2.0, 0.0, 0.0]) == [0, 0, 0]
    assert gradient(np.prod, [0.0, 0.0, 0.0]) == [0, 0, 0]
    assert gradient(np.prod, [4.0]) == [1]
    assert gradient(np.cumprod, [2.0, 0.0, 3.0]) == [1, 8, 0]
    assert gradient(np.cumprod, [0.0, 0.0, 3.0]) == [1, 0, 0]


def test_second_derivatives_of_products_with_zeros():
    assert hessian(np.prod, [2.0, 0.0, 3.0]).tolist() == [[0, 3, 0], [3, 0, 2], [0, 2, 0]]
    assert hessian(np.prod, [0.0, 0.0, 3.0]).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    assert hessian(np.cumprod, [0.0, 0.0, 3.0]).tolist() == [[0, 4, 0], [4, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 64])
def test_products_of_every_length_agree_with_the_sums_written_out(n):
    x = np.random.default_rng(n).uniform(0.5, 1.5, n)
    x[n // 3] = 0
    g = np.arange(1.0, n + 1)
    expected = [
        sum(g[i] * np.prod(np.delete(x[: i + 1], k)) for i in range(k, n)) for k in range(n)
    ]
    np.testing.assert_allclose(gradient(lambda x: np.cumprod(x) * g, x), expected, rtol=1e-13)
    expected = [np.prod(np.delete(x, k)) for k in range(n)]
    np.testing.assert_allclose(gradient(np.prod, x), expected, rtol=1e-13)


def test_nan_gets_no_gradient():
    x = np.array([[np.nan, 1.0, 3.0], [2.0, np.nan, 2.0]])
    there = ~np.isnan(x)
    for name in ("sum", "mean", "max", "min", "var", "std", "prod", "cumsum", "cumprod"):
        g = np.array(gradient(getattr(np, f"nan{name}"), x))
        assert np.isfinite(g).all(), name
        assert not g[~there].any(), name
    assert gradient(lambda x: np.nanmax(x, axis=1), x) == [[0, 0, 1], [0.5, 0, 0.5]]
    assert gradient(lambda x: np.nanmean(x, axis=1), x) == [[0, 0.5, 0.5], [0.5, 0, 0.5]]


def test_the_median_of_nan_is_nan():
    assert np.isnan(np.median(Tensor([1.0, np.nan])).data)
    assert np.isnan(np.quantile(Tensor([1.0, np.nan, 2.0]), [0.1, 0.5]).data).all()


def test_a_gradient_has_the_dtype_of_its_argument_whatever_the_sum_was_made_in():
    for fn in np.sum, np.mean, np.prod, np.var, np.std, np.cumsum, np.cumprod, np.nanmean:
        for dtype, other in (np.float32, np.float64), (np.float64, np.float32):
            x = Tensor(X.astype(dtype), requires_grad=True)
            y = fn(x, dtype=other)
            assert y.dtype == other
            y.sum().backward()
            assert x.grad.dtype == dtype
            np.testing.assert_allclose(x.grad, gradient(fn), rtol=1e-5, atol=1e-6)


def test_a_sum_made_in_integers_is_flat():
    assert not np.sum(Tensor(X, requires_grad=True), dtype=int).requires_grad


def test_quantiles_have_the_dtype_of_numpy():
    x = X.astype(np.float32)
    for q in 0.3, 1, np.float64(0.3), [0.3], [0, 1], np.float32(0.3), np.array([0.5], np.float32):
        for fn, scale in (np.quantile, 1), (np.percentile, 100):
            q_scaled = [k * scale for k in q] if isinstance(q, list) else q * scale
            assert fn(Tensor(x), q_scaled).dtype == fn(x, q_scaled).dtype


def test_an_average_is_differentiated_by_its_weights_too():
    w = np.array([1.0, 2.0, 1.0])
    x = np.array([1.0, 5.0, 3.0])
    dx, dw = ag.grad(lambda x, w: np.average(x, weights=w), (0, 1))(x, w)
    np.testing.assert_allclose(dx, w / 4)
    np.testing.assert_allclose(dw, (x - 3.5) / 4)
    with pytest.raises(ZeroDivisionError):
        np.average(Tensor(x), weights=[1.0, -1.0, 0.0])
    with pytest.raises(TypeError, match="axis"):
        np.average(Tensor(X), weights=w)
    with pytest.raises(ValueError, match=r"shape \(3,\) do not fit axis 0"):
        np.average(Tensor(X), axis=0, weights=w)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: np.var(x, mean=1.0), r"var: the keyword mean=1\.0"),
        (lambda x: np.std(x, mean=1.0), r"std: the keyword mean=1\.0"),
        (lambda x: np.nanvar(x, mean=1.0), r"nanvar: the keyword mean=1\.0"),
        (lambda x: np.sum(x, out=np.ones(())), "sum: the keyword out"),
        (lambda x: np.quantile(x, 0.5, method="nearest"), "quantile: the keyword method='nearest'"),
        (lambda x: np.percentile(x, 5, method="lower"), "percentile: the keyword method='lower'"),
        (lambda x: np.quantile(x, 0.5, weights=X), "quantile: the keyword weights"),
        (lambda x: np.quantile(X, x[1, 0]), "quantile: no derivative flows to q"),
        (lambda x: np.median(x, overwrite_input=True), "median: the keyword overwrite_input"),
        (lambda x: np.average(x, returned=True), "average: the keyword returned"),
        (lambda x: np.sum(x, initial=Tensor(1.0)), "sum: the keyword initial"),
        (lambda x: np.nanmedian(x), r"np\.nanmedian has no derivative rule"),
        (lambda x: np.add.reduce(x), r"np\.add\.reduce"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(call, text):
    with pytest.raises(ag.NoRuleError, match=text):
        call(Tensor(X, requires_grad=True))


def test_empty_arrays_reduce_as_in_numpy():
    empty = np.zeros((0, 3))
    for fn in np.sum, np.prod, np.nansum, np.cumsum, np.cumprod, np.nanprod:
        assert ag.grad(lambda x, fn=fn: fn(x, axis=0).sum())(empty).shape == (0, 3)
    for fn in np.max, np.mean, np.var, np.std, np.median, np.ptp:
        assert ag.grad(lambda x, fn=fn: fn(x, axis=1).sum())(empty).shape == (0, 3)


@pytest.mark.parametrize("fn", [np.sum, np.mean, np.max, np.prod, np.var, np.std, np.cumsum])
def test_a_number_is_reduced_along_its_only_axis(fn):
    keywords = {"axis": 0} if fn in (np.sum, np.max, np.prod) else {}
    assert ag.grad(lambda x: fn(x, **keywords).sum())(2.0).shape == ()


@pytest.mark.parametrize("fn", [np.sum, np.mean, np.max, np.prod, np.var, np.median, np.ptp])
def test_positional_arguments_mean_what_they_mean_in_numpy(fn):
    assert list(inspect.signature(fn).parameters)[1] == "axis"
    np.testing.assert_allclose(fn(Tensor(X), 1).data, fn(X, 1))
    np.testing.assert_allclose(fn(Tensor(X), (0, 1)).data, fn(X, (0, 1)))


def test_no_warning_escapes_for_finite_numbers():
    x = np.array([[0.0, 0.0], [1e300, -1e-300]])
    for fn in np.sum, np.mean, np.max, np.ptp, np.median, np.cumsum, np.nanmean, np.average:
        for axis in 0, 1:
            assert np.isfinite(gradient(lambda x, fn=fn, a=axis: fn(x, axis=a), x)).all()


@pytest.mark.parametrize(
    ("data", "rtol"),
    [
        (np.array([200, 201, 203], np.float16), 0.05),
        (np.array([1e6, 1e6 + 0.5, 1e6 + 1], np.float32), 1e-4),
        (np.array([1e15, 1e15 + 1, 1e15 + 2]), 1e-4),
    ],
)
def test_a_spread_far_below_the_mean_has_its_slope(data, rtol):
    exact = data.astype(np.longdouble)
    expected = (exact - exact.mean()) / (3 * exact.std())
    np.testing.assert_allclose(gradient(np.std, data), expected, rtol=rtol, atol=0.02)
    np.testing.assert_array_equal(gradient(np.std, np.full(3, 0.1)), 0)
    where = np.array([[True, True, False], [True, False, True]])
    slope = gradient(
        lambda x: np.std(x, axis=1, where=where).sum(), np.array([[1.0, 2, 9], [5, 7, 5]])
    )
    np.testing.assert_allclose(slope, [[-0.5, 0.5, 0], [0, 0, 0]])


@pytest.mark.filterwarnings("ignore")
def test_a_variance_without_degrees_of_freedom_has_none_in_its_slope_either():
    assert np.isnan(gradient(lambda x: np.var(x, ddof=3), np.ones(3))).all()
    assert ag.grad(lambda x: np.sum(np.var(x, axis=0)))(np.zeros((0, 3))).shape == (0, 3)
