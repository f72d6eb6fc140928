"""What a derived program calls `N` follows the number of samples; other numbers keep their digits.

A source is run on another number of samples than it was derived for, and held against the eager
gradient: a number that should have followed, or should not have, makes it another one.
"""

import warnings
from itertools import permutations

import numpy as np
import pytest

import autograd_lite as ag

rng = np.random.default_rng(0)
w = np.array([0.5, -1.0, 2.0])


def data(n):
    return rng.standard_normal((n, 3)), rng.standard_normal(n)


def squares(w, X, t):
    return np.sum((X @ w - t) ** 2)


def softmax(w, X, t):
    logits = np.stack([X @ w, X @ w**2], axis=1)
    return ag.softmax_cross_entropy(logits, np.stack([t > 0, t <= 0], axis=1))


def body(step):
    return [line.strip() for line in step.source.split("def step(")[1].splitlines()[1:]]


LOSSES = {
    "sum / 2": lambda w, X, t: squares(w, X, t) / 2,
    "mean / 2": lambda w, X, t: np.mean((X @ w - t) ** 2) / 2,
    "ridge / 10": lambda w, X, t: squares(w, X, t) / len(X) + np.sum(w**2) / 10,
    "10 first": lambda w, X, t: np.sum(w**2) / 10 + squares(w, X, t) / len(X),
    "0.1 ridge": lambda w, X, t: squares(w, X, t) / len(X) + 0.1 * np.sum(w**2),
    "/ (2 N)": lambda w, X, t: squares(w, X, t) / (2 * len(X)),
    "/ (3 N)": lambda w, X, t: squares(w, X, t) / (3 * len(X)),
    "* 3 / N": lambda w, X, t: squares(w, X, t) * 3 / len(t),
    "* 3 / (7 N)": lambda w, X, t: np.mean((X @ w - t) ** 2) * 3 / 7,
    "* N": lambda w, X, t: np.mean((X @ w - t) ** 2) * len(X),
    "std": lambda w, X, t: np.std(X @ w - t),
    "chosen rows": lambda w, X, t: np.sum(np.tanh(X @ w - t[np.arange(len(X))])) / t.size,
    "of a mean": lambda w, X, t: np.mean(np.tanh(X @ w) - np.mean(t)) ** 2,
    "softmax": softmax,
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_source_is_right_for_another_number_of_samples(name):
    f = LOSSES[name]
    step = ag.derive(f, w, *data(10))
    scope = {}
    exec(step.source, scope)
    for m in (10, 2, 7):
        X, t = data(m)
        value, gradient = scope["step"](w, X, t)
        expected, slope = ag.value_and_grad(f)(w, X, t)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gradient, slope, rtol=1e-12, atol=1e-14)


def test_a_number_that_happens_to_be_that_of_the_samples_keeps_its_digits():
    half = body(ag.derive(LOSSES["sum / 2"], w, *data(2)))
    assert half[1:3] == ["v1 = X @ w - t", "loss = (v1 ** 2).sum() / 2"]
    step = ag.derive(LOSSES["ridge / 10"], w, *data(10))
    assert "loss = (v1 ** 2).sum() / N + (w ** 2).sum() / 10" in body(step)
    assert "dw = w / 5 + X.T @ (2 * v1 / N)" in body(step)
    assert r"\frac{1}{N} \sum v_1^{\odot 2} + \frac{1}{10} \sum w^{\odot 2}" in step.latex()


def test_multiples_of_the_number_of_samples_and_ranges_up_to_it_are_written_with_it():
    step = ag.derive(LOSSES["/ (3 N)"], w, *data(5))
    assert "dw = X.T @ (2 * v1 / (3 * N))" in body(step)
    assert r"\frac{1}{3 N} \sum" in step.latex()
    step = ag.derive(LOSSES["* 3 / (7 N)"], w, *data(5))
    assert "dw = X.T @ (6 * v1 / (7 * N))" in body(step)
    assert r"\frac{1}{7} \cdot 3 \cdot \frac{1}{N} \sum" in step.latex()
    step = ag.derive(LOSSES["* N"], w, *data(5))
    assert "loss = (v1 ** 2).mean() * N" in body(step)
    step = ag.derive(LOSSES["chosen rows"], w, *data(5))
    assert any("t[np.arange(N)]" in line for line in body(step))
    assert r"(0, \ldots, N - 1)" in step.latex()


def test_entries_are_counted_by_the_size_of_the_last_array_of_samples():
    W, b = np.ones((3, 2)), np.zeros(2)
    step = ag.derive(lambda W, b, X, Y: np.sum((X @ W + b - Y) ** 2) / (2 * Y.size),
                     W, b, rng.standard_normal((5, 3)), np.zeros((5, 2)))  # fmt: skip
    assert "dW = X.T @ (v1 / Y.size)" in body(step)
    assert r"\frac{1}{2 \operatorname{size}(Y)} \sum" in step.latex()


def test_samples_are_the_rows_of_the_first_data_that_can_have_more():
    """`b` is no argument to differentiate by, and its length is that of a layer."""
    X, Y = rng.standard_normal((5, 3)), np.eye(4)[[0, 1, 2, 3, 0]]
    step = ag.derive(
        lambda W, b, X, Y: ag.softmax_cross_entropy(X @ W + b, Y), np.ones((3, 4)), np.ones(4), X, Y
    )
    assert body(step)[0] == "N = len(X)"
    assert "dW = X.T @ ((P - Y) / N)" in body(step)


def test_a_function_of_one_number_of_samples_alone_has_plain_numbers():
    w6 = rng.standard_normal(6)
    step = ag.derive(lambda w, X, t: squares(w, X, w6 * t) / len(X), w, *data(6))
    assert "loss = (v1 ** 2).sum() / 6" in body(step)
    assert not any("N" in line for line in body(step))


def test_one_sample_is_not_divided_by():
    step = ag.derive(softmax, w, *data(1))
    assert r"\frac{1}{1}" not in step.latex()
    assert not any("/ 1" in line for line in body(step))


def test_a_number_of_few_digits_is_not_taken_for_a_fraction():
    X, t = (x.astype(np.float32) for x in data(5))

    def times(c):
        c = np.float32(c)
        return body(ag.derive(lambda w, X, t: squares(w, X, t) * (c / len(X)), np.float32(w), X, t))

    assert "loss = 3 * (v1 ** 2).sum() / (7 * N)" in times(3 / 7)
    assert "loss = (v1 ** 2).sum() * 0.08975979" in times(np.pi / 7)  # near to 355 / 791


def test_the_other_number_of_samples_is_near_to_a_small_one():
    """A function may take as long as there are orders of the samples."""
    counted = []

    def f(w, X):
        counted.append(len(X))
        return sum(np.prod(X[list(order)] @ w) for order in permutations(range(len(X)))) / len(X)

    ag.derive(f, w, data(4)[0])
    assert set(counted) == {4, 5}  # 24 terms, and 120


def test_samples_may_come_in_groups():
    def f(w, X, t):
        first, second = (X @ w - t).reshape(-1, 2).T
        return np.sum(first * second) / len(X)

    for n in (6, 14):
        assert "loss = (first * second).sum() / N" in body(ag.derive(f, w, *data(n))), n


def test_what_a_function_warns_of_for_another_number_of_samples_is_not_heard():
    def f(w, X, t):
        if len(X) != 5:
            warnings.warn("five samples, please", stacklevel=2)
        return squares(w, X, t) / len(X)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "loss = (v1 ** 2).sum() / N" in body(ag.derive(f, w, *data(5)))


def test_a_float_beside_bytes_stays_one():
    """`5 - u` wraps around where ``5.0 - u`` does not."""

    def f(w, X, u):
        return np.mean(((float(len(X)) - u) * (X @ w)) ** 2)

    X, u = data(5)[0], np.arange(5, 10, dtype=np.uint8)
    step = ag.derive(f, w, X, u)
    scope = {}
    exec(step.source, scope)
    np.testing.assert_allclose(scope["step"](w, X, u)[0], f(w, X, u), rtol=1e-12)
