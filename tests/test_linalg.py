"""Linear algebra where other engines go wrong, with the numbers it must give."""

import gc
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_lite as ag

L = np.linalg


def gradient(f, *args, **keywords):
    """The gradient of the sum of `f` by its first argument."""
    return ag.grad(lambda *xs: np.sum(f(*xs)), **keywords)(*map(np.asarray, args))


# Products


def test_matmul_of_a_vector_with_a_stack_adds_up_over_the_stack():
    stack = np.arange(12.0).reshape(2, 2, 3)
    assert_allclose(gradient(np.matmul, [1.0, 2.0], stack), stack.sum(axis=(0, 2)))
    assert_allclose(gradient(lambda v: stack @ v, [1.0, 2.0, 3.0]), stack.sum(axis=(0, 1)))


def test_dot_of_more_than_two_axes_sums_over_the_last_and_the_last_but_one():
    a, b = np.arange(12.0).reshape(2, 2, 3), np.arange(24.0).reshape(4, 3, 2)
    t = ag.Tensor(a, requires_grad=True)
    y = np.dot(t, b)
    assert y.shape == (2, 2, 4, 2)
    assert_allclose(y.data, np.dot(a, b))
    y.backward(np.ones(y.shape))
    assert_allclose(t.grad, np.broadcast_to(b.sum(axis=(0, 2)), (2, 2, 3)))


def test_einsum_of_a_repeated_index_puts_the_cotangent_on_the_diagonal():
    assert_allclose(gradient(lambda a: np.einsum("ii", a), np.ones((3, 3))), np.eye(3))
    of_diagonal = gradient(lambda a: np.einsum("ii->i", a) * [1, 2, 3], np.ones((3, 3)))
    assert_allclose(of_diagonal, np.diag([1, 2, 3]))


def test_einsum_without_a_result_takes_letters_in_alphabetical_order():
    x = np.arange(6.0).reshape(2, 3)
    assert np.einsum("ba", ag.Tensor(x)).shape == (3, 2)
    assert_allclose(gradient(lambda x: np.einsum("ba", x)[0] * [1, 5], x)[:, 0], [1, 5])


def test_einsum_spreads_a_letter_that_only_one_operand_has():
    w = np.array([2.0, 3.0])
    got = gradient(lambda x: np.einsum("ij,i->i", x, w), np.ones((2, 3)))
    assert_allclose(got, [[2, 2, 2], [3, 3, 3]])


def test_einsum_of_an_operand_of_length_one_sums_what_was_stretched():
    x = np.arange(6.0).reshape(2, 3)
    assert_allclose(gradient(lambda c: np.einsum("ij,ij->ij", c, x), [[1.0], [1]]), [[3], [12]])


def test_einsum_by_lists_of_axes_is_einsum_by_letters():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    got = np.einsum(ag.Tensor(a), [0, 30], ag.Tensor(b), [30, 1], [1, 0])
    assert_allclose(got.data, (a @ b).T)
    assert got.op.name == "einsum"


@pytest.mark.parametrize("keyword", [{"dtype": float}, {"casting": "unsafe"}, {"order": "F"}])
def test_einsum_refuses_other_keywords_by_name(keyword):
    with pytest.raises(ag.NoRuleError, match=f"einsum: the keyword {next(iter(keyword))}"):
        np.einsum("ii", ag.Tensor(np.eye(2)), **keyword)


def test_cross_of_vectors_in_the_plane_is_refused():
    with pytest.raises(ag.NoRuleError, match="cross: vectors of 2 and 2 numbers"):
        np.cross(ag.Tensor([1.0, 2.0]), [3.0, 4.0])


def test_multi_dot_multiplies_in_the_cheapest_order_and_leaves_no_cycle():
    a, b, c = (ag.Tensor(np.ones(s), requires_grad=True) for s in ((2, 50), (50, 50), (50, 1)))
    y = L.multi_dot([a, b, c])
    assert [x.shape for x in y.inputs] == [(2, 50), (50, 1)]
    gc.disable()
    try:
        alive = weakref.ref(y)
        del y
        assert alive() is None
    finally:
        gc.enable()


# Norms


def test_norm_along_an_axis_keeps_it_if_asked():
    x = np.array([[3.0, 4.0], [5.0, 12.0]])
    for keepdims in (False, True):
        got = gradient(lambda x, k=keepdims: L.norm(x, axis=1, keepdims=k), x)
        assert_allclose(got, [[0.6, 0.8], [5 / 13, 12 / 13]])


@pytest.mark.parametrize("order", [None, 1, 2, 3, 1.5, np.inf])
def test_norm_at_zero_has_the_gradient_zero_and_a_finite_second_one(order):
    def f(x):
        return L.norm(x, order)

    zero = np.zeros(3)
    assert_allclose(ag.grad(f)(zero), zero)
    assert np.isfinite(ag.hessian(f)(zero)).all()
    assert_allclose(ag.grad(f)(zero + 0j), zero)


def test_the_norm_of_infinite_order_shares_its_cotangent_among_ties():
    assert_allclose(ag.grad(lambda x: L.norm(x, np.inf))(np.array([-2.0, 1, 2])), [-0.5, 0, 0.5])


def test_the_norm_of_order_zero_counts_and_is_flat():
    x = ag.Tensor([0.0, 3.0, -1.0], requires_grad=True)
    y = L.norm(x, 0)
    assert y.item() == 2
    y.backward()
    assert_allclose(x.grad, 0)


def test_norms_of_a_matrix_by_their_singular_values():
    x = np.diag([3.0, 4.0])
    assert_allclose(ag.grad(lambda x: L.norm(x))(x), x / 5)
    assert_allclose(ag.grad(lambda x: L.norm(x, "nuc"))(x), np.eye(2))
    assert_allclose(ag.grad(lambda x: L.norm(x, 2))(x), np.diag([0.0, 1]))


def test_norm_names_an_order_that_does_not_exist():
    with pytest.raises(ValueError, match="norm: there is no norm of order 3 over 2 axes"):
        L.norm(ag.Tensor(np.eye(2)), 3)


def test_cond_is_refused_by_name():
    with pytest.raises(ag.NoRuleError, match=r"np\.linalg\.cond has no derivative rule"):
        L.cond(ag.Tensor(np.eye(2)))


# Equations and determinants


def test_a_vector_is_solved_for_by_every_matrix_of_a_stack():
    a = np.stack([np.eye(2), 2 * np.eye(2)])
    assert_allclose(gradient(lambda b: L.solve(a, b), [1.0, 1.0]), [1.5, 1.5])


def test_matrix_power_zero_is_the_identity_and_constant():
    t = ag.Tensor([[np.inf, 1], [0, 2.0]], requires_grad=True)
    y = L.matrix_power(t, 0)
    assert_allclose(y.data, np.eye(2))
    assert not y.requires_grad


def test_matrix_power_refuses_a_fraction():
    with pytest.raises(TypeError, match="integer"):
        L.matrix_power(ag.Tensor(np.eye(2)), 2.5)


def test_pinv_and_svd_of_a_triangle_are_refused():
    for f in (L.pinv, L.svd):
        with pytest.raises(ag.NoRuleError, match=f"{f.__name__}: the keyword hermitian=True"):
            f(ag.Tensor(np.eye(2)), hermitian=True)


def test_lstsq_returns_what_numpy_does_and_refuses_less_than_full_rank():
    a, b = np.array([[1.0, 0], [1, 1], [1, 2]]), np.array([1.0, 2, 4])
    x, residuals, rank, s = L.lstsq(ag.Tensor(a), b)
    for got, expected in zip((x.data, residuals.data, rank, s.data), L.lstsq(a, b), strict=True):
        assert_allclose(got, expected)
    with pytest.raises(ag.NoRuleError, match=r"lstsq: a matrix of shape \(3, 2\) and rank 1"):
        L.lstsq(ag.Tensor(np.ones((3, 2))), b)


def test_the_gradient_of_a_determinant_is_its_cofactors_even_if_singular():
    assert_allclose(ag.grad(L.det)(np.array([[1.0, 2], [2, 4]])), [[4, -2], [-2, 1]], atol=1e-14)
    nine = np.arange(1.0, 10).reshape(3, 3)
    cofactors = [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]
    assert_allclose(ag.grad(L.det)(nine), cofactors, atol=1e-13)
    assert_allclose(ag.grad(L.det)(np.zeros((3, 3))), np.zeros((3, 3)))


def test_the_second_derivative_of_a_determinant_is_right_at_zero():
    hessian = ag.hessian(L.det)(np.zeros((2, 2))).reshape(4, 4)
    assert_allclose(hessian, [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]], atol=1e-14)
    ones = ag.hessian(L.det)(np.diag([1.0, 1, 0]))
    assert_allclose(ones[0, 0], np.diag([0.0, 0, 1]), atol=1e-14)
    assert_allclose(ones[2, 2], np.diag([1.0, 1, 0]), atol=1e-14)


def test_slogdet_of_a_stack_has_the_inverse_for_its_gradient():
    a = np.stack([np.diag([2.0, -4]), np.diag([1.0, 5])])
    t = ag.Tensor(a, requires_grad=True)
    found = L.slogdet(t)
    assert_allclose(found.sign.data, [-1, 1])
    np.sum(found.logabsdet).backward()
    assert_allclose(t.grad, L.inv(a).mT)


# Decompositions


def test_cholesky_has_no_gradient_in_the_triangle_it_ignores():
    a = np.array([[4.0, 99], [2, 5]])
    assert_allclose(gradient(L.cholesky, a), [[0.25 - 0.125 + 1 / 16, 0], [0.5 - 0.25, 0.25]])
    upper = gradient(lambda a: L.cholesky(a, upper=True), a.T)
    assert_allclose(upper, gradient(L.cholesky, a).T)


def test_eigh_has_its_gradient_in_the_triangle_it_reads():
    a = np.array([[1.0, 7], [2, 3]])
    for triangle, ignored in (("L", (0, 1)), ("U", (1, 0))):
        for f in (L.eigvalsh, lambda a, UPLO: L.eigh(a, UPLO).eigenvalues):
            got = gradient(lambda a, f=f, u=triangle: f(a, UPLO=u)[1], a)
            assert got[ignored] == 0
            assert got[ignored[::-1]] != 0


def test_equal_eigenvalues_have_a_gradient_when_the_vectors_are_not_used():
    for f in (L.eigvalsh, lambda a: L.eigh(a).eigenvalues):
        assert_allclose(gradient(f, np.eye(3)), np.eye(3), atol=1e-15)
        assert_allclose(gradient(lambda a, f=f: f(a) ** 3, 2 * np.eye(3)), 12 * np.eye(3))


def test_equal_singular_values_have_a_gradient_when_the_vectors_are_not_used():
    assert_allclose(gradient(L.svdvals, np.eye(3)), np.eye(3))
    assert_allclose(gradient(lambda a: L.svd(a).S, np.eye(3)), np.eye(3))
    assert_allclose(gradient(lambda a: L.svd(a, compute_uv=False), np.eye(2)), np.eye(2))


@pytest.mark.parametrize("vectors", [lambda a: L.eigh(a).eigenvectors, lambda a: L.svd(a).U])
def test_vectors_of_equal_values_give_no_finite_gradient(vectors):
    with np.errstate(divide="ignore", invalid="ignore"):
        got = gradient(lambda a: vectors(a)[0], np.eye(2))
    assert not np.isfinite(got).all()


def test_decompositions_return_numpys_named_tuples():
    t = ag.Tensor(np.diag([2.0, 1]))
    names = {f: f(t)._fields for f in (L.eigh, L.eig, L.qr, L.svd, L.slogdet)}
    assert names == {f: f(t.data)._fields for f in names}


def test_eigenvectors_have_the_gradient_of_lapacks_length_and_phase():
    a = np.array([[0.0, 2], [-1, 0.5]])
    length = ag.grad(lambda a: np.sum(np.abs(L.eig(a).eigenvectors) ** 2))(a)
    assert_allclose(length, 0, atol=1e-15)
    vectors = L.eig(a).eigenvectors
    largest = np.argmax(np.abs(vectors), axis=0), [0, 1]
    phase = ag.grad(lambda a: np.sum(np.imag(L.eig(a).eigenvectors[largest])))(a)
    assert_allclose(phase, 0, atol=1e-15)


@pytest.mark.parametrize("mode", ["complete", "raw"])
def test_qr_refuses_what_is_not_determined_by_the_matrix(mode):
    with pytest.raises(ag.NoRuleError, match=f"qr: the keyword mode='{mode}'"):
        L.qr(ag.Tensor(np.ones((3, 2))), mode=mode)


def test_svd_with_full_matrices_is_refused_unless_square():
    with pytest.raises(ag.NoRuleError, match="svd: the keyword full_matrices=True"):
        L.svd(ag.Tensor(np.ones((3, 2))))
    assert L.svd(ag.Tensor(np.eye(2))).U.shape == (2, 2)


def test_a_decomposition_is_computed_once_for_all_its_results():
    x = ag.Tensor(np.diag([2.0, 1]), requires_grad=True)
    w, v = L.eigh(x)
    assert [r.op.name for r in ag.tape(w, v) if r.op].count("eigh") == 1
