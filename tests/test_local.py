"""The chain rule as a product of explicit Jacobians."""

from functools import reduce

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, local_jacobians


def product(steps):
    return reduce(np.matmul, [step.matrix for step in steps])


def parameter(*shape, name=None, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), True, name)


def test_the_chain_of_a_network_has_the_shapes_of_whitehills_notes():
    """1 x 10, 10 x 10, 10 x 30, 30 x 30, 30 x (30 * 784): a softmax network of 784-30-10 units."""
    x, y = np.random.default_rng(0).standard_normal((784, 1)) / 28, np.eye(10)[:, [3]]
    W1, W2 = parameter(30, 784, name="W1"), parameter(10, 30, name="W2", seed=1)
    p = ag.softmax(W2 @ ag.relu(W1 @ x), axis=0)
    loss = -np.log(np.sum(y * p))
    steps = local_jacobians(loss, W1)
    widths = [(10, 10), (10, 30), (30, 30), (30, 30 * 784)]
    assert [step.matrix.shape for step in steps[-4:]] == widths
    loss.backward()
    np.testing.assert_allclose(product(steps), W1.grad.reshape(1, -1), rtol=1e-12, atol=1e-15)


def test_where_paths_part_a_step_ends_where_they_have_joined():
    x = parameter(4, name="x")
    h = np.tanh(x)
    joined = h * np.exp(h) + h
    steps = local_jacobians(np.sum(joined**2), x)
    assert [str(step) for step in steps] == [
        "d sum / d power: 1 x 4",
        "d power / d add: 4 x 4",
        "d add / d tanh: 4 x 4",
        "d tanh / d x: 4 x 4",
    ]
    expected = ag.grad(lambda x: np.sum((np.tanh(x) * (np.exp(np.tanh(x)) + 1)) ** 2))(x.data)
    np.testing.assert_allclose(product(steps)[0], expected, rtol=1e-12)


def test_a_path_around_everything_leaves_one_step():
    x = parameter(3)
    y = np.sin(x) + x
    (step,) = local_jacobians(y, x)
    np.testing.assert_allclose(step.matrix, np.diag(np.cos(x.data) + 1))
    assert step.of is y
    assert step.by is x


def test_by_a_value_on_the_way_and_with_an_input_read_twice():
    x = parameter(2, 3)
    h = np.exp(x)
    steps = local_jacobians(np.sum(h * h), h)
    np.testing.assert_allclose(product(steps)[0], 2 * h.data.ravel())


def test_side_branches_and_constants_are_no_steps():
    x, other = parameter(3, name="x"), parameter(3, seed=1)
    steps = local_jacobians(np.sum(np.sin(other) * np.cos(x)), x)
    assert [str(s) for s in steps] == [
        "d sum / d multiply: 1 x 3",
        "d multiply / d cos: 3 x 3",
        "d cos / d x: 3 x 3",
    ]


def test_a_complex_value_is_inside_of_a_step():
    x = parameter(4, name="x")
    steps = local_jacobians(np.sum(np.abs(np.fft.fft(x)) ** 2), x)
    assert [str(s) for s in steps] == [
        "d sum / d power: 1 x 4",
        "d power / d absolute: 4 x 4",
        "d absolute / d x: 4 x 4",
    ]
    assert all(step.matrix.dtype == np.float64 for step in steps)
    np.testing.assert_allclose(product(steps)[0], 8 * x.data, rtol=1e-12)  # Parseval
    back = np.real(np.fft.ifft(np.fft.fft(np.sin(x))))
    np.testing.assert_allclose(
        product(local_jacobians(back, x)), np.diag(np.cos(x.data)), atol=1e-15
    )


def test_an_assigned_tensor_is_the_version_that_was_read():
    x = parameter(3)
    y = ag.zeros(3)
    y[:2] = x[:2] * 2
    z = y * 3
    y[0] = 100.0
    np.testing.assert_allclose(product(local_jacobians(z, x)), np.diag([6.0, 6.0, 0.0]))


def test_branches_beside_the_way_are_not_swept():
    calls = []

    def rule(g, y, x):
        calls.append(g)
        return g

    beside = ag.function(lambda x: +x, rule)
    x, w = parameter(3), parameter(3)
    deep = w
    for _ in range(5):
        deep = beside(deep)
    np.testing.assert_allclose(product(local_jacobians(np.sum(x * deep), x)), deep.data[None])
    assert not calls


def test_what_has_no_such_steps_is_refused():
    x = parameter(3)
    with pytest.raises(TypeError, match="wrt must be a Tensor, not ndarray"):
        local_jacobians(np.sum(x), x.data)
    with pytest.raises(ValueError, match="no derivative leads from sum to a tensor of shape"):
        local_jacobians(np.sum(x), parameter(3))
    constant = Tensor(np.ones(3))
    with pytest.raises(ValueError, match="wrt needs requires_grad=True"):
        local_jacobians(np.sum(x * constant), constant)
    with pytest.raises(ValueError, match="no derivative leads from add to"):
        local_jacobians(np.sum(np.sign(x)) + np.sum(parameter(2)), x)
    loss = np.sum(x)
    loss.backward()
    with pytest.raises(ag.GraphFreedError):
        local_jacobians(loss, x)
    with pytest.raises(TypeError, match="complex"):
        local_jacobians(np.sum(x * 1j), x)
