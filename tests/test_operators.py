"""The operators made of `vjp`, against each other, closed forms and differences."""

from dataclasses import dataclass

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

RNG = np.random.default_rng(3)
W = RNG.standard_normal((4, 3))
X = RNG.standard_normal(3)
V = RNG.standard_normal(3)


def f(x):
    return np.tanh(W @ x) * np.sum(x * x)


def scalar(x):
    return np.sum(np.exp(W @ x / 4) * x[0])


def test_a_jacobian_is_the_matrix_of_derivatives():
    a = np.tanh(W @ X)
    expected = (1 - a**2)[:, None] * W * (X @ X) + np.outer(a, 2 * X)
    np.testing.assert_allclose(ag.jacobian(f)(X), expected, rtol=1e-13)


def test_rows_and_columns_of_a_jacobian_agree():
    wide = ag.jacobian(lambda x: f(x)[:2])(X)
    np.testing.assert_allclose(wide, ag.jacobian(f)(X)[:2], rtol=1e-13)


def test_a_jvp_is_the_jacobian_times_the_tangent():
    value, tangent = ag.jvp(f, (X,), (V,))
    np.testing.assert_array_equal(value, f(X))
    np.testing.assert_allclose(tangent, ag.jacobian(f)(X) @ V, rtol=1e-13)


def test_a_jvp_and_a_vjp_are_adjoint():
    g = RNG.standard_normal(4)
    _, tangent = ag.jvp(f, (X,), (V,))
    _, pullback = ag.vjp(f, X)
    assert np.vdot(g, tangent) == pytest.approx(np.vdot(pullback(g), V), rel=1e-13)


def test_a_linearized_function_is_linear_and_runs_the_function_once():
    runs = []

    def counted(x, y):
        runs.append(1)
        return x * np.exp(y)

    value, push = ag.linearize(counted, 2.0, 0.0)
    assert value == 2.0
    assert push(1.0, 0.0) == 1.0
    assert push(0.0, 1.0) == 2.0
    assert push(2.0, 3.0) == 8.0
    assert len(runs) == 1


def test_a_hessian_is_symmetric_and_multiplies_as_hvp_does():
    h = ag.hessian(scalar)(X)
    np.testing.assert_allclose(h, h.T, rtol=1e-13)
    np.testing.assert_allclose(ag.hvp(scalar)(X, V), h @ V, rtol=1e-12)
    assert ag.gradcheck(ag.grad(scalar), X, order=1)


def test_hvp_takes_the_other_arguments_before_the_vector():
    product = ag.hvp(lambda a, x: a * np.sum(x**3), 1)(2.0, X, V)
    np.testing.assert_allclose(product, 12 * X * V, rtol=1e-13)


def test_the_gauss_newton_product_is_that_of_the_matrices():
    def loss(y):
        return np.sum(y**4)

    J, H = ag.jacobian(f)(X), np.diag(12 * f(X) ** 2)
    np.testing.assert_allclose(ag.ggnvp(f)(X, V), J.T @ (J @ V), rtol=1e-12)
    np.testing.assert_allclose(ag.ggnvp(f, loss)(X, V), J.T @ H @ J @ V, rtol=1e-12)


def test_elementwise_derivatives_can_be_taken_again_and_again():
    d = np.tanh
    x = np.linspace(-1, 1, 5)
    for _ in range(3):
        d = ag.elementwise_grad(d)
    t = np.tanh(x)
    np.testing.assert_allclose(d(x), -2 + 8 * t**2 - 6 * t**4, rtol=1e-12)


def test_deriv_is_by_one_number():
    np.testing.assert_allclose(ag.deriv(lambda t: W[0] * t**3)(2.0), 12 * W[0], rtol=1e-14)
    assert ag.deriv(ag.deriv(np.exp))(0.5) == pytest.approx(np.exp(0.5), rel=1e-14)
    with pytest.raises(ag.ShapeError, match=r"by one number, not by shape \(3,\)"):
        ag.deriv(np.sum)(X)


@dataclass
class Params:
    w: np.ndarray
    scale: float


def test_structures_go_in_and_come_out():
    def g(p, x):
        return {"y": p.w * x * p.scale, "s": np.sum(p.w) * p.scale}

    p = Params(np.array([1.0, 2.0]), 3.0)
    J = ag.jacobian(g)(p, 5.0)
    np.testing.assert_array_equal(J["y"].w, np.diag([15.0, 15.0]))
    np.testing.assert_array_equal(J["y"].scale, [5.0, 10.0])
    np.testing.assert_array_equal(J["s"].w, [3.0, 3.0])
    assert J["s"].scale == 3.0
    a, b = ag.jacobian(lambda x, y: x * y, (0, 1))(np.ones(2), np.ones(2))
    np.testing.assert_array_equal(a, np.eye(2))
    np.testing.assert_array_equal(b, np.eye(2))


def test_a_jacobian_of_an_empty_array_is_empty():
    assert ag.jacobian(lambda x: x[:0])(X).shape == (0, 3)
    assert ag.jacobian(lambda x: np.sum(x) * X)(X[:0]).shape == (3, 0)


def test_operators_nest_and_join_a_tape_outside():
    w = Tensor(2.0, requires_grad=True)
    trace = np.sum(ag.jacobian(lambda x: w * x**2)(X) * np.eye(3))
    trace.backward()
    assert w.grad == pytest.approx(2 * X.sum())
    outer = ag.grad(lambda a: ag.jvp(lambda x: a * x**3, (a,), (1.0,))[1])
    assert outer(2.0) == pytest.approx(9 * 4.0)  # d/da of 3 a**3


def test_perturbations_are_not_confused_in_forward_mode():
    inner = lambda x: ag.jvp(lambda y: x + y, (1.0,), (1.0,))[1]  # noqa: E731
    assert ag.jvp(lambda x: x * inner(x), (1.0,), (1.0,))[1] == 1.0


def test_an_auxiliary_result_is_passed_on():
    (value, aux), gradient = ag.value_and_grad(lambda x: (x**2, {"y": x + 1}), has_aux=True)(3.0)
    assert (value, aux["y"], gradient) == (9.0, 4.0, 6.0)
    assert not isinstance(aux["y"], Tensor)
    assert ag.grad(lambda x: (x**2, "note"), has_aux=True)(3.0) == (6.0, "note")


def test_holomorphic_functions_have_a_complex_derivative():
    z = 0.3 + 0.4j
    for function in (np.exp, np.tanh, lambda z: z**3 / (1 + z)):
        step = 1e-6
        difference = (function(z + step) - function(z - step)) / (2 * step)
        assert ag.grad(function, holomorphic=True)(z) == pytest.approx(difference, rel=1e-8)
    with pytest.raises(RuntimeError, match="holomorphic=True"):
        ag.grad(np.exp)(z)


def test_the_gradient_of_a_real_loss_by_a_complex_number():
    assert ag.grad(lambda z: abs(z) ** 2)(1.0 + 2.0j) == pytest.approx(2 - 4j)


def test_a_checkpoint_keeps_only_its_arguments():
    def deep(x, w):
        for _ in range(20):
            x = np.tanh(x * w)
        return x

    x, w = Tensor(X, requires_grad=True), Tensor(V, requires_grad=True)
    y = ag.checkpoint(deep)(x, w)
    assert len(ag.tape(y)) == 3
    y.sum().backward()
    expected = ag.grad(lambda x, w: np.sum(deep(x, w)), (0, 1))(X, V)
    np.testing.assert_allclose(x.grad, expected[0], rtol=1e-13)
    np.testing.assert_allclose(w.grad, expected[1], rtol=1e-13)
    assert ag.gradcheck(lambda x: ag.checkpoint(lambda a, b: a * b * a)(x, np.exp(x)), X)


def test_a_checkpoint_takes_structures_integers_and_keywords():
    g = ag.checkpoint(lambda p, i, power=1: p["a"][i] ** power * 2.0)
    gradient = ag.grad(lambda a: g({"a": a}, 1, power=3))(X)
    np.testing.assert_allclose(gradient, [0, 6 * X[1] ** 2, 0])
    assert g({"a": X}, 1) == 2 * X[1]


def test_a_checkpoint_refuses_what_it_would_get_wrong():
    w = Tensor(2.0, requires_grad=True)
    with pytest.raises(ag.DetachedError, match="hand them to it as arguments"):
        ag.checkpoint(lambda x: x * w)(Tensor(X, requires_grad=True))
    rng = np.random.default_rng(0)
    y = ag.checkpoint(lambda x: x * rng.standard_normal(3))(Tensor(X, requires_grad=True))
    with pytest.raises(RuntimeError, match="another value when it was run again"):
        y.sum().backward()


def test_a_derivative_of_ones_own_for_all_arguments_together():
    calls = []

    @ag.custom_vjp
    def g(x, y):
        return x * y

    def backward(saved, cotangent):
        calls.append(1)
        x, y = saved
        return cotangent * y, cotangent * x

    with pytest.raises(TypeError, match="defvjp first"):
        g(1.0, 2.0)
    g.defvjp(lambda x, y: (x * y, (x, y)), backward)
    a, b = Tensor(X, requires_grad=True), Tensor(V, requires_grad=True)
    g(a, b).sum().backward()
    np.testing.assert_array_equal(a.grad, V)
    np.testing.assert_array_equal(b.grad, X)
    assert len(calls) == 1
    assert ag.gradcheck(g, X, V)
    g.defvjp(lambda x, y: (x * y, None), lambda saved, c: (None, c))
    np.testing.assert_array_equal(ag.grad(lambda x: np.sum(g(x, V)))(X), np.zeros(3))
    g.defvjp(lambda x, y: (x * y, None), lambda saved, c: (c,))
    with pytest.raises(TypeError, match="1 cotangents for 2 arguments"):
        ag.grad(lambda x: np.sum(g(x, V)))(X)


def test_tangents_must_fit():
    with pytest.raises(TypeError, match="1 primals, but 2 tangents"):
        ag.jvp(f, (X,), (V, V))
    with pytest.raises(ag.ShapeError, match=r"shape \(4,\)"):
        ag.jvp(f, (X,), (np.ones(4),))


def test_real_and_complex_meet_without_losing_half():
    np.testing.assert_array_equal(ag.jacobian(lambda x: x * 1j)(2.0), 1j)
    np.testing.assert_array_equal(ag.jacobian(lambda x: np.stack([x * 1j, x]))(2.0), [1j, 1.0])
    assert ag.jacobian(lambda z: z.imag)(1 + 2j) == -1j
    many = ag.jacobian(lambda z: np.stack([z.imag, z.real]))(1 + 2j)
    np.testing.assert_array_equal(many, [-1j, 1.0])
    with pytest.raises(TypeError, match="use jvp or deriv"):
        ag.elementwise_grad(lambda x: np.exp(1j * x))(np.ones(2))
    assert ag.deriv(lambda x: np.exp(1j * x))(0.3) == pytest.approx(1j * np.exp(0.3j))
    with pytest.raises(TypeError, match="one of complex arguments"):
        ag.grad(lambda x: np.exp(1j * x), holomorphic=True)(0.3)
    for wrong in (lambda: ag.jvp(np.sin, (1.0,), (1j,)), lambda: ag.vjp(np.sin, 1.0)[1](1j)):
        with pytest.raises(TypeError, match="cannot have a complex cotangent"):
            wrong()
    with pytest.raises(TypeError, match="real and by complex arguments apart"):
        ag.jacobian(lambda a: {"w": a[0] * 1j, "n": abs(a[1])})((1.0, 1j))


def test_forward_mode_agrees_with_reverse_mode_where_eigenvalues_are_equal():
    def rebuilt(a):
        values, vectors = np.linalg.eigh(a)
        return (vectors * values**2) @ vectors.T

    tangent = np.array([[0.0, 1.0], [1.0, 0.0]])
    with np.errstate(all="ignore"):
        forward = ag.jvp(rebuilt, (np.eye(2),), (tangent,))[1]
        reverse = ag.vjp(rebuilt, np.eye(2))[1](tangent)
    assert not np.isfinite(forward).all()
    assert not np.isfinite(reverse).all()


def test_arguments_are_chosen_alike_by_all_operators():
    f = lambda x, y: x * y  # noqa: E731
    for operator in (ag.grad, ag.jacobian, ag.value_and_grad):
        with pytest.raises(TypeError, match="names an argument twice"):
            operator(f, (0, -2))(1.0, 2.0)
        with pytest.raises(TypeError, match="argnums=3, but there are 2"):
            operator(f, 3)(1.0, 2.0)
    assert ag.grad(f, np.int64(1))(1.0, 2.0) == 1.0
    assert ag.jacobian(f, [0, 1])(1.0, 2.0) == (2.0, 1.0)
    with pytest.raises(TypeError, match="and then the vector"):
        ag.hvp(f)(1.0)
    with pytest.raises(TypeError, match="1 primals, but 0 tangents"):
        ag.linearize(np.sin, 1.0)[1]()
    with pytest.raises(TypeError, match="return one number, not a tuple"):
        ag.grad(lambda x: (x, x))(1.0)
    with pytest.raises(TypeError, match=r"return a pair \(number, aux\)"):
        ag.grad(lambda x: x, has_aux=True)(1.0)


def test_a_checkpoint_cannot_write_into_its_arguments():
    c = Tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match="read-only"):
        ag.checkpoint(lambda x: (x.__setitem__(0, 9.0), x * 2)[1])(c)
    np.testing.assert_array_equal(c.data, X)
    with pytest.raises(TypeError, match="must return one array"):
        ag.checkpoint(lambda x: (x, x))(c)


def test_a_custom_derivative_refuses_what_it_would_lose():
    w = Tensor(3.0, requires_grad=True)
    g = ag.custom_vjp(lambda x: x)
    g.defvjp(lambda x: (x * w, x), lambda saved, c: (c,))
    with pytest.raises(ag.DetachedError, match="hand them to it as arguments"):
        g(Tensor(X, requires_grad=True))
    with pytest.raises(TypeError, match="arguments must be arrays"):
        g([w, w])


def test_integers_among_the_values_have_derivatives_of_zero():
    def f(x):
        return x * x, np.argmax(x)

    x = np.array([1.0, 2.0, 3.0])
    squares, largest = ag.jacobian(f)(x)
    np.testing.assert_array_equal(squares, np.diag(2 * x))
    np.testing.assert_array_equal(largest, np.zeros(3))
    _, (tangent, none) = ag.jvp(f, (x,), (np.ones(3),))
    np.testing.assert_array_equal(tangent, 2 * x)
    assert none == 0
