"""Elementwise functions at their kinks, at extremes and at the edge of their domains."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor
from autograd_lite.op import OPS


def slopes(f, *args):
    """The gradients of the sum of an elementwise function, as lists."""
    tensors = [Tensor(np.asarray(a), requires_grad=True) for a in args]
    f(*tensors).sum().backward()
    return [np.zeros(t.shape).tolist() if t.grad is None else t.grad.tolist() for t in tensors]


def derivative(f, order=1):
    for _ in range(order):
        f = ag.grad(f)
    return lambda x: f(np.float64(x)).item()


@pytest.mark.parametrize("fn", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_two_equal_arguments_share_the_cotangent(fn):
    assert slopes(fn, [1.0, 0.0], [1.0, 0.0]) == [[0.5, 0.5], [0.5, 0.5]]
    assert slopes(lambda x: fn(x, x), [3.0]) == [[1.0]]
    assert slopes(lambda x: fn(x, 0), [0.0]) == [[0.5]]


def test_maximum_and_minimum_pick_their_winner():
    assert slopes(np.maximum, [1.0, -2.0], [0.0, 5.0]) == [[1, 0], [0, 1]]
    assert slopes(np.minimum, [1.0, -2.0], [0.0, 5.0]) == [[0, 1], [1, 0]]


def test_fmax_gives_nothing_to_nan():
    nan = np.nan
    assert slopes(np.fmax, [nan, 1.0, 2.0], [1.0, nan, 1.0]) == [[0, 1, 1], [1, 0, 0]]
    assert slopes(np.fmin, [nan, 1.0, 2.0], [1.0, nan, 1.0]) == [[0, 1, 0], [1, 0, 1]]


def test_an_infinite_slope_does_not_reach_the_argument_that_lost():
    with np.errstate(divide="ignore"):
        assert slopes(lambda x: np.sqrt(np.maximum(x, 0.0)), [-1.0, 4.0]) == [[0.0, 0.25]]
        assert slopes(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), [-1.0]) == [[0]]


def test_the_branch_of_where_that_is_not_taken_brings_no_nan():
    with np.errstate(divide="ignore"):
        x = Tensor([0.0, 4.0], requires_grad=True)
        np.where(x > 0, np.sqrt(x + 1), np.cbrt(x + 1)).sum().backward()
    np.testing.assert_allclose(x.grad, [1 / 3, 0.5 / np.sqrt(5)])


def test_clip_is_maximum_and_minimum_at_its_bounds():
    at_bounds = slopes(lambda x: np.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0])
    assert at_bounds == [[0, 0.5, 1, 0.5, 0]]
    assert slopes(np.clip, [0.0, 5.0], [1.0, 1.0], [2.0, 2.0]) == [[0, 0], [1, 0], [0, 1]]


def test_a_bound_of_clip_is_given_once():
    with pytest.raises(ValueError, match="not both"):
        np.clip(Tensor([1.0]), 0, 1, min=0)


@pytest.mark.parametrize("fn", [np.abs, np.fabs, lambda x: np.hypot(x, 0.0), lambda x: x**0])
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_at_zero_are_zero(fn, order):
    assert derivative(fn, order)(0.0) == 0


def test_hypot_and_arctan2_at_the_origin_are_zero_at_second_order_too():
    for fn in np.hypot, np.arctan2:
        assert slopes(fn, [0.0], [0.0]) == [[0.0], [0.0]]
        twice = ag.grad(lambda a, fn=fn: ag.grad(fn)(a, 0.0))
        assert twice(0.0) == 0


def test_abs_and_angle_of_a_complex_zero_are_zero():
    for fn in np.abs, np.angle:
        assert slopes(fn, [0j, 2j])[0][0] == 0


def test_powers_at_zero_are_finite():
    assert slopes(np.power, [0.0, 0.0, 0.0], [0.0, 1.0, 2.0]) == [[0, 1, 0], [0, 0, 0]]
    assert slopes(lambda x: x**0, [0.0, 2.0]) == [[0, 0]]
    assert slopes(lambda y: 0**y, [0.0, 2.0]) == [[0, 0]]
    assert derivative(lambda x: x**2, 2)(0.0) == 2
    assert derivative(lambda x: x**2, 3)(0.0) == 0


def test_the_slope_of_the_root_at_zero_is_infinite():
    for fn in np.sqrt, np.cbrt:
        with pytest.warns(RuntimeWarning, match="divide"):
            assert slopes(fn, [0.0]) == [[np.inf]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [(1, 0.0), (2, -(np.pi**2) / 3), (3, 0.0), (4, np.pi**4 / 5)],
)
def test_sinc_at_zero_has_every_derivative(order, expected):
    assert derivative(np.sinc, order)(0.0) == pytest.approx(expected, rel=1e-14)


def test_sinc_near_zero_keeps_its_digits():
    for x in 1e-12, 1e-6, 1e-3:
        assert derivative(np.sinc)(x) == pytest.approx(-(np.pi**2) * x / 3, rel=1e-5)
        assert derivative(np.sinc, 2)(x) == pytest.approx(-(np.pi**2) / 3, rel=1e-5)
    seam = 1.5 / np.pi
    for order in 1, 2, 3:
        f = derivative(np.sinc, order)
        assert f(seam * (1 - 1e-15)) == pytest.approx(f(seam * (1 + 1e-15)), rel=1e-12)


def test_expm1_and_log1p_keep_their_digits():
    assert derivative(np.expm1)(1e-18) == 1
    assert derivative(np.expm1)(-50.0) == np.exp(-50)
    assert derivative(np.log1p)(1e-18) == 1
    assert derivative(np.log1p, 2)(1e-18) == -1


@pytest.mark.parametrize("fn", [np.logaddexp, np.logaddexp2])
def test_logaddexp_is_exact_at_extremes(fn):
    inf = np.inf
    a, b = [1e4, -1e4, 1e4, 1e200, 0.0, -inf, inf], [-1e4, 1e4, 1e4, 1e200, -inf, 0.0, 0.0]
    first, second = slopes(fn, a, b)
    np.testing.assert_allclose(first, [1, 0, 0.5, 0.5, 1, 0, 1], rtol=1e-14)
    np.testing.assert_allclose(second, [0, 1, 0.5, 0.5, 0, 1, 0], rtol=1e-14)
    for equal in inf, -inf:
        np.testing.assert_allclose(slopes(fn, [equal], [equal]), [[0.5], [0.5]])


@pytest.mark.parametrize("fn", [np.remainder, np.fmod])
def test_remainders_are_right_by_both_arguments_and_signs(fn):
    a, b = np.array([7.5, -7.5, 7.5, -7.5]), np.array([2.0, 2.0, -2.0, -2.0])
    whole = np.floor(a / b) if fn is np.remainder else np.trunc(a / b)
    assert slopes(fn, a, b) == [[1] * 4, (-whole).tolist()]


def test_remainder_does_not_miscount_near_a_multiple():
    a, b = 0.3, 0.1  # a / b rounds to 3, a is two times b and the rest
    assert slopes(np.remainder, a, b) == [1.0, -2.0]


def test_copysign_and_heaviside():
    a, b = [-2.0, 0.0, 3.0], [1.0, 1.0, -0.0]
    assert slopes(np.copysign, a, b) == [[-1, 0, -1], [0, 0, 0]]
    assert slopes(np.heaviside, [-1.0, 0.0, 2.0], [0.3, 0.3, 0.3]) == [[0, 0, 0], [0, 1, 0]]


def test_nan_to_num_gives_nothing_to_what_it_replaced():
    x = [np.nan, np.inf, -np.inf, 2.0]
    assert slopes(lambda x: np.nan_to_num(x, nan=1.0, posinf=3.0), x) == [[0, 0, 0, 1]]
    z = Tensor(np.array([complex(np.nan, 1), 2j]), requires_grad=True)
    np.nan_to_num(z).imag.sum().backward()
    assert z.grad.tolist() == [-1j, -1j]
    with pytest.raises(ag.NoRuleError, match="nan_to_num: the keyword copy=False"):
        np.nan_to_num(Tensor(x), copy=False)


def test_the_sign_of_a_complex_tensor_is_refused():
    with pytest.raises(ag.NoRuleError, match=r"write z / np\.abs\(z\)"):
        np.sign(Tensor([1j]))


@pytest.mark.parametrize("name", ["modf", "frexp"])
def test_functions_of_two_values_are_refused(name):
    with pytest.raises(ag.NoRuleError, match=rf"np\.{name} has no derivative rule"):
        getattr(np, name)(Tensor([1.5]))


def test_divmod_is_refused():
    with pytest.raises(ag.NoRuleError, match=r"np\.divmod has no derivative rule"):
        np.divmod(Tensor([1.5]), 1.0)


@pytest.mark.parametrize("fn", [np.exp, np.maximum, np.clip])
def test_keywords_of_ufuncs_are_refused_by_name(fn):
    x = Tensor([1.0, 2.0])
    args = {np.exp: (x,), np.maximum: (x, 1), np.clip: (x, 0, 1)}[fn]
    with pytest.raises(ag.NoRuleError, match=f"{fn.__name__}: the keyword casting"):
        fn(*args, casting="same_kind")


UFUNCS = [
    op.fn
    for op in OPS.values()
    if isinstance(op.fn, np.ufunc)
    and op.broadcasts
    and not op.flat
    and getattr(np, op.fn.__name__, None) is op.fn
    and op.fn not in (np.matmul, np.ldexp)
]


@pytest.mark.parametrize("fn", UFUNCS, ids=lambda fn: fn.__name__)
def test_float32_stays_float32_even_beside_python_numbers(fn):
    low = np.float32(1.25 if fn is np.arccosh else 0.25)
    x = np.array([low, low + np.float32(0.125)])
    for args in [(x,)] if fn.nin == 1 else [(x, 2.0), (2.0, x), (x, x)]:
        tensors = [Tensor(a, requires_grad=True) if a is x else a for a in args]
        y = fn(*tensors)
        assert y.dtype == fn(*args).dtype
        y.sum().backward()
        for t in tensors:
            if isinstance(t, Tensor) and t.grad is not None:
                assert t.grad.dtype == np.float32


def sum_grad(f):
    return ag.grad(lambda x: f(x).sum())


@pytest.mark.parametrize("fn", UFUNCS, ids=lambda fn: fn.__name__)
def test_no_warning_escapes_for_ordinary_numbers(fn):
    values = {
        np.arccosh: [1.5, 1e4],
        np.log1p: [-0.5, 1e-300, 20.0],
        np.arcsin: [-0.5, 0.0, 0.5],
        np.arccos: [-0.5, 0.0, 0.5],
        np.arctanh: [-0.5, 0.0, 0.5],
    }
    positive = {np.log, np.log2, np.log10, np.sqrt, np.cbrt, np.reciprocal, np.power}
    positive |= {np.float_power, np.divide, np.remainder, np.fmod}
    default = [1e-3, 1.0, 20.0] if fn in positive else [-20.0, -1e-100, 0.0, 1e-100, 20.0]
    x = np.array(values.get(fn, default))
    for level in 1, 2:
        f = fn if fn.nin == 1 else lambda a: fn(a, a) + fn(a, 2.0) + fn(0.5, a)
        for _ in range(level):
            f = sum_grad(f)
        assert np.isfinite(f(x)).all()


def test_a_negative_base_has_a_slope_by_a_complex_exponent():
    b = np.array([0.3 + 0.2j, -1.5 + 0.7j])
    slope = ag.grad(lambda b: np.sum(np.power(-2.0, b)), holomorphic=True)(b)
    np.testing.assert_allclose(slope, np.power(-2 + 0j, b) * np.log(-2 + 0j), rtol=1e-12)
