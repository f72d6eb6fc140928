"""Losses: the numbers and gradients of PyTorch's, and right where those of a formula are not.

The expected numbers are of 40 digits, from the formulas PyTorch documents, by mpmath.
"""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

P = np.array([0.9, 0.2, 0.5, 1e-3, 0.999999]), np.array([1, 0, 0.3, 1, 0.25])
P_LOSS = [
    *(0.10536051565782628, 0.22314355131420976, 0.6931471805599453),
    *(6.907755278982137, 10.361633168451764),
]
P_GRADIENT = [-0.2222222222222222, 0.25, 0.16, -200.0, 149999.94999563665]
X = np.array([-1e4, 1e4, -1e4, 1e4, -30.0, 30.0, 0.7]), np.array([0, 1, 1, 0, 0, 1, 0.3])
X_LOSS = [0, 0, 1e4, 1e4, 9.357622968839737e-14, 9.357622968839737e-14, 0.8931860488854579]
X_GRADIENT = [
    *(0, 0, -0.14285714285714285, 0.14285714285714285),
    *(1.336803281262757e-14, -1.336803281262757e-14, 0.052598253166880875),
]
R = np.array([0.5, -3.0, 1.0, 1e4, -0.25, 0.0]), np.array([0, 0, 0, -1e4, -0.25, 1e-3])
LOSSES = {
    "binary_cross_entropy": (nn.binary_cross_entropy, *P, P_LOSS, P_GRADIENT),
    "with_logits": (nn.binary_cross_entropy_with_logits, *X, X_LOSS, X_GRADIENT),
    "squared_error": (
        nn.squared_error,
        *R,
        [0.25, 9, 1, 4e8, 0, 1e-6],
        [1 / 6, -1, 1 / 3, 2e4 / 3, 0, -2e-3 / 6],
    ),
    "half": (
        lambda p, y, **how: nn.squared_error(p, y, half=True, **how),
        *R,
        [0.125, 4.5, 0.5, 2e8, 0, 5e-7],
        [1 / 12, -0.5, 1 / 6, 1e4 / 3, 0, -1e-3 / 6],
    ),
    "huber": (
        nn.huber,
        *R,
        [0.125, 2.5, 0.5, 19999.5, 0, 5e-7],
        [0.5 / 6, -1 / 6, 1 / 6, 1 / 6, 0, -1e-3 / 6],
    ),
    "huber_narrow": (
        lambda p, y, **how: nn.huber(p, y, delta=0.25, **how),
        *R,
        [0.25 * 0.375, 0.25 * 2.875, 0.25 * 0.875, 0.25 * 19999.875, 0, 5e-7],
        [0.25 / 6, -0.25 / 6, 0.25 / 6, 0.25 / 6, 0, -1e-3 / 6],
    ),
}


@pytest.mark.parametrize("case", LOSSES)
def test_each_reduction_has_the_recorded_numbers_and_gradients(case):
    f, x, y, each, gradient = LOSSES[case]
    np.testing.assert_allclose(f(x, y, reduction="none"), each, rtol=1e-13, atol=1e-15)
    for reduction, times in (("mean", 1), ("sum", len(x))):
        value, found = ag.value_and_grad(f)(x, y, reduction=reduction)
        np.testing.assert_allclose(value, np.mean(each) * times, rtol=1e-13)
        np.testing.assert_allclose(found, np.multiply(gradient, times), rtol=1e-12, atol=2e-16)
    found = ag.grad(lambda x: (f(x, y, reduction="none") * np.arange(len(x))).sum())(x)
    expected = np.multiply(gradient, len(x) * np.arange(len(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_of_float32_is_float32_and_derives(case):
    f, x, y, each, _ = LOSSES[case]
    x = x.astype(np.float32)
    value, found = ag.value_and_grad(f)(x, y)
    assert (value.dtype, found.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(value, np.mean(each), rtol=1e-2)
    step = ag.derive(f, x, y)
    again, derived = step(x, y)
    np.testing.assert_allclose(again, value, rtol=1e-6)
    np.testing.assert_allclose(derived, found, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_0_and_1_have_finite_numbers_and_the_right_slopes(dtype):
    p, y = np.array([0, 1, 0, 1, 0, 1], dtype), np.array([0, 1, 1, 0, 0.5, 0.5])
    value = nn.binary_cross_entropy(p, y, reduction="none")
    np.testing.assert_allclose(value, [0, 0, 100, 100, 50, 50], rtol=1e-6)
    found = ag.grad(nn.binary_cross_entropy)(p, y, reduction="sum")
    np.testing.assert_allclose(found, [1, -1, -1e12, 1e12, -5e11, 5e11], rtol=1e-6)
    tiny = np.array([1e-37, 1e-30, 1e-13], dtype)
    value, found = ag.value_and_grad(nn.binary_cross_entropy)(tiny, np.ones(3), reduction="sum")
    np.testing.assert_allclose(value, (37 + 30 + 13) * np.log(10), rtol=1e-6)
    np.testing.assert_allclose(found, [-1e12] * 3, rtol=1e-6)


def test_the_binary_losses_agree_where_both_are_defined_to_second_order():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 3)), rng.random((4, 3))
    a = nn.binary_cross_entropy_with_logits(x, y)
    assert a == pytest.approx(nn.binary_cross_entropy(ag.sigmoid(x), y), rel=1e-14)
    for f in (nn.binary_cross_entropy_with_logits, nn.huber, nn.squared_error):
        assert ag.gradcheck(lambda x, f=f: f(x, y), x, order=2)
    assert ag.gradcheck(lambda p: nn.binary_cross_entropy(p, y), ag.sigmoid(x), order=2)


def test_the_second_derivative_of_huber_is_that_of_half_a_square_inside_and_0_outside():
    second = ag.hessian(lambda x: nn.huber(x, np.zeros(3), reduction="sum"))(
        np.array([0.0, 0.5, 2.0])
    )
    np.testing.assert_array_equal(second, np.diag([1.0, 1.0, 0.0]))


def test_cross_entropy_takes_classes_or_probabilities_at_any_logits():
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 0.0, 0.0]])
    for labels, value, gradient in (
        ([0, 1], np.log(2) / 2, [[0, 0, 0], [0, -0.25, 0.25]]),
        ([1, 0], 1.5e4 + np.log(2) / 2, [[0.5, -0.5, 0], [-0.5, 0.25, 0.25]]),
        (
            [[0.5, 0.5, 0], [0, 0.25, 0.75]],
            5e3 + np.log(2) / 2,
            [[0.25, -0.25, 0], [0, 0.125, -0.125]],
        ),
    ):
        found = ag.value_and_grad(nn.cross_entropy)(logits, np.array(labels))
        assert found[0] == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(found[1], gradient, atol=1e-15)


EXTREME = {
    "normal": ([-1e4, 1e4], [1, 1], [5e7 + 1e4, 5e7 - 1e4], [-10001, 9999]),
    "bernoulli": ([-1e4, 1e4, -1e4, 1e4], [0, 1, 1, 0], [0, 0, 1e4, 1e4], [0, 0, -1, 1]),
    "poisson": ([-1e4, -1e4], [0, 2], [0, 2e4], [0, -2]),
    "gamma": ([-1e4, -1e-4], [1, 1], [1e4 - np.log(1e4), 1e-4 + np.log(1e4)], [1e-4 - 1, 9999]),
    "inverse_gaussian": ([-5e3, -5e-3], [1, 1], [4900, -0.095], [-0.99, 9]),
    "multinoulli": (
        [[1e4, -1e4], [-1e4, 1e4]],
        [[1, 0], [1, 0]],
        [0, 2e4],
        [[0, 0], [-1, 1]],
    ),
}


@pytest.mark.parametrize("family", EXTREME)
def test_the_losses_of_generalized_linear_models_are_right_at_extreme_parameters(family):
    theta, y, each, slopes = map(np.array, EXTREME[family])
    value, gradient = ag.value_and_grad(nn.glm_nll(family))(theta, y)
    assert value == pytest.approx(np.mean(each), rel=1e-12)
    np.testing.assert_allclose(gradient, slopes / len(each), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "f", [nn.squared_error, nn.huber, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits]
)
def test_shapes_that_would_be_broadcast_and_unknown_reductions_are_refused(f):
    with pytest.raises(ag.ShapeError, match=rf"{f.__name__}: targets of shape \(3,\) .* \(3, 1\)"):
        f(np.ones((3, 1)), np.ones(3))
    with pytest.raises(ValueError, match="'mean', 'sum' or 'none', not 'average'"):
        f(np.ones(3), np.ones(3), reduction="average")


def test_numbers_that_are_no_probabilities_are_refused():
    for p, y in (([1.5], [1]), ([-0.1], [1]), ([np.nan], [1]), ([0.5], [-1])):
        with pytest.raises(ValueError, match="are from 0 to 1, and these reach from"):
            nn.binary_cross_entropy(np.array(p), np.array(y))
    with pytest.raises(ValueError, match=r"delta must be positive, not 0"):
        nn.huber(np.ones(1), np.ones(1), delta=0)
    assert nn.mse is nn.squared_error


def test_targets_of_whole_numbers_leave_a_likelihood_in_the_precision_of_its_parameters():
    theta = np.array([0.5, -0.25], np.float32)
    for family in ("poisson", "bernoulli"):
        value, gradient = ag.value_and_grad(nn.glm_nll(family))(theta, np.array([1, 0]))
        assert (value.dtype, gradient.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_cross_entropy_of_no_samples_is_zero(dtype):
    empty = np.empty((0, 3), dtype)
    value, gradient = ag.value_and_grad(ag.softmax_cross_entropy)(empty, empty)
    assert value == 0.0
    assert gradient.shape == (0, 3)
    assert gradient.dtype == dtype


@pytest.mark.parametrize(
    "labels",
    [
        [[0.5, 0.5], [0.9, 0.2]],
        [[np.nan, 1.0], [0.0, 1.0]],
        [[0.0, 0.0], [1.0, 1.0]],
        [[1.0, 0.0], [1.0, 0.01]],
    ],
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_cross_entropy_refuses_rows_that_do_not_sum_to_one(labels, dtype):
    with pytest.raises(ValueError, match="each row of labels must sum to one"):
        ag.softmax_cross_entropy(np.zeros((2, 2), dtype), np.array(labels, dtype) * 1.5)


def test_cross_entropy_of_a_single_number_is_refused():
    for number in 1.0, np.float64(1.0), np.array(1.0):
        with pytest.raises(ag.errors.ShapeError, match=r"labels of shape \(\) do not fit logits"):
            ag.softmax_cross_entropy(number, number)


def test_complex_labels_are_refused_whatever_the_logits_are():
    rows = np.eye(2, dtype=complex)
    for logits in rows, rows.real:
        with pytest.raises(TypeError, match="labels cannot be complex"):
            ag.softmax_cross_entropy(logits, rows)
