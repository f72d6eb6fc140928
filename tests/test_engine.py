"""The tape, the sweep and `backward`."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import Tensor


def leaf(data, name=None):
    return Tensor(np.asarray(data, dtype=float), requires_grad=True, name=name)


def test_gradient_of_a_sum_of_squares_is_twice_the_argument():
    x = leaf([1.0, -2.0, 3.0])
    np.sum(x * x).backward()
    np.testing.assert_array_equal(x.grad, [2.0, -4.0, 6.0])


def test_a_tensor_used_twice_gets_both_contributions():
    x, y = leaf(3.0), leaf(4.0)
    (x * y + x * x + x).backward()
    assert x.grad == 4 + 6 + 1
    assert y.grad == 3


def test_backward_adds_to_what_grad_holds():
    x = leaf([1.0, 2.0])
    for _ in range(3):
        (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, [6.0, 6.0])


def test_backward_from_the_middle_of_a_kept_graph_counts_once():
    x = leaf(2.0)
    y = x * x
    z = y * y
    z.backward(retain_graph=True)
    x.grad = None
    z.backward(retain_graph=True)
    assert x.grad == 32.0
    y.backward()
    assert x.grad == 32.0 + 4.0


def test_leaves_that_share_a_cotangent_do_not_share_the_array():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    seed = np.ones(2)
    (a + b).backward(seed)
    a.grad *= 10
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])
    np.testing.assert_array_equal(seed, [1.0, 1.0])


def test_a_view_of_a_cotangent_is_not_handed_out():
    a, b = leaf(np.ones((2, 2))), leaf(np.ones((4,)))
    (a.reshape(4) + b).sum().backward()
    a.grad *= 5
    np.testing.assert_array_equal(b.grad, np.ones(4))


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_broadcasting_is_undone_for_every_pair_of_shapes(shapes):
    (left, right), result = shapes.input_shapes, shapes.result_shape
    a, b = leaf(np.full(left, 3.0)), leaf(np.full(right, 5.0))
    y = a * b
    assert y.shape == result
    y.backward(np.ones(result))
    stretched = np.prod(result)
    for x, other in ((a, 5.0), (b, 3.0)):
        assert x.grad.shape == x.shape
        copies = stretched / x.size if x.size else 0
        np.testing.assert_array_equal(x.grad, np.full(x.shape, other * copies))


@given(
    hnp.mutually_broadcastable_shapes(
        signature=np.matmul.signature, max_dims=3, max_side=3, min_side=1
    )
)
def test_matmul_undoes_the_broadcasting_of_stacks(shapes):
    left, right = shapes.input_shapes
    a, b = leaf(np.ones(left)), leaf(np.ones(right))
    y = a @ b
    assert y.shape == (np.ones(left) @ np.ones(right)).shape
    y.backward(np.ones(y.shape))
    assert a.grad.sum() == b.grad.sum() == np.size(np.ones(left) @ np.ones(right)) * left[-1]
    assert (a.grad.shape, b.grad.shape) == (left, right)


def test_a_chain_of_a_million_ops_runs_and_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1.0
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    del y


def test_doublings_cost_one_visit_each():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    assert len(ag.tape(y)) == 61
    y.backward()
    assert x.grad == 2.0**60


def test_a_hundred_thousand_uses_of_one_tensor_add_up():
    x = leaf(1.5)
    total = x * 0.0
    for _ in range(100_000):
        total = total + x
    total.backward()
    assert x.grad == 100_000


def test_the_tape_lists_records_in_order_of_birth_each_once():
    x = leaf(2.0, name="x")
    y = x * x
    z = y + x
    assert [r.birth for r in ag.tape(z)] == [x.birth, y.birth, z.birth]
    assert all(a is x for a in y.inputs)
    assert len(y.inputs) == 2
    assert (y.op.name, z.op.name) == ("multiply", "add")


def test_comparisons_are_recorded_and_carry_no_gradient():
    x = leaf([1.0, -1.0])
    mask = x > 0
    assert mask.op.name == "greater"
    assert not mask.requires_grad
    np.where(mask, x, 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [1.0, 0.0])


def test_a_mask_of_a_released_graph_can_still_be_used():
    x = leaf([1.0, -1.0])
    h = x * 2
    mask = h > 0
    h.sum().backward()
    np.where(mask, x, 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 2.0])


def test_records_go_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones(3))
        y = np.tanh(x) * x
        alive = [weakref.ref(r) for r in ag.tape(y.sum()) if r is not x]
        del y
        assert [r() for r in alive] == [None] * len(alive)
        loss = (x * x).sum()
        loss.backward()
        before = len(gc.get_objects())
        for _ in range(100):
            (x * x).sum().backward()
        assert len(gc.get_objects()) - before <= 5
    finally:
        gc.enable()


def test_a_retained_graph_of_assignments_goes_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x, y = leaf(2.0), ag.zeros(3)
        y[0] = x
        y[1] = y[0] * x
        y[2] = y[1] * x
        value = weakref.ref(y)
        y.sum().backward(retain_graph=True)
        assert x.grad == 1 + 2 * 2 + 3 * 4
        del y
        assert value() is None
    finally:
        gc.enable()


def test_backward_releases_values_as_it_goes():
    x = leaf(np.ones(3))
    middle = x * 2
    value = weakref.ref(middle)
    loss = (middle * 3).sum()
    del middle
    assert value() is not None
    loss.backward()
    assert value() is None


def test_no_grad_records_nothing():
    x = leaf(2.0)
    with ag.no_grad():
        y = x * x
    assert not y.requires_grad
    assert ag.tape(y) == [y]

    @ag.no_grad()
    def f():
        return x * 3

    assert not f().requires_grad
    assert (x * 3).requires_grad


def test_one_no_grad_may_be_entered_again_within_itself():
    quietly = ag.no_grad()
    with quietly:
        with quietly:
            pass
        assert not (leaf(1.0) * 2).requires_grad
    assert (leaf(1.0) * 2).requires_grad


def test_no_grad_ends_with_an_exception():
    with pytest.raises(KeyError), ag.no_grad():
        raise KeyError
    assert (leaf(1.0) * 2).requires_grad


def test_no_grad_holds_in_its_own_thread_only():
    seen = []
    with ag.no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_a_constant_argument_costs_no_cotangent():
    calls = []
    op = ag.function(
        lambda a, b: a * b,
        lambda g, y, a, b: calls.append("a") or g * b,
        lambda g, y, a, b: calls.append("b") or g * a,
    )
    op(np.ones(2), leaf(np.ones(2))).sum().backward()
    assert calls == ["b"]


def test_new_data_in_a_leaf_do_not_disturb_a_recorded_tape():
    w = leaf(3.0)
    loss = w * w * w
    loss.backward(retain_graph=True)
    w.data = w.data - 1.0
    w.grad = None
    loss.backward()
    assert w.grad == 27.0


def test_float32_stays_float32_whatever_it_meets():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    y = (2.0 * x + 1) / 3 - np.float64(0.5)
    loss = (y**2).mean()
    loss.backward()
    assert x.grad.dtype == np.float32
    assert (2.0 * x).dtype == np.float32


def test_operators_take_arrays_numbers_and_lists_on_either_side():
    x = leaf([1.0, 2.0])
    for y in (np.ones(2) + x, [1.0, 1.0] + x, 1 + x, np.float64(1) + x, x + [1.0, 1.0]):
        assert isinstance(y, Tensor)
        np.testing.assert_array_equal(y.data, [2.0, 3.0])
    assert isinstance(np.ones((3, 2)) @ x, Tensor)


def test_an_op_of_ones_own_is_declared_in_one_call():
    cube = ag.ufunc(lambda x: x**3, lambda g, y, x: g * 3 * x**2)
    assert ag.gradcheck(cube, np.array([0.5, -2.0]))
    np.testing.assert_array_equal(cube([1.0, 2.0]), [1.0, 8.0])


def test_a_tensor_says_what_an_array_says():
    x = leaf([[1.0, 2.0, 3.0]])
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((1, 3), 2, 3, np.float64, 1)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((1, 3), 2, 3)
    assert [row.shape for row in x] == [(3,)]
    assert x.T.shape == (3, 1)
    assert leaf(2.5).item() == 2.5
    assert f"{leaf(2.5):.2f}" == "2.50"
    assert bool(leaf(1.0) > 0)
    assert {x: 1}[x] == 1


def test_the_text_of_a_tensor_says_how_it_was_made():
    x = leaf([1.0, 2.0], name="x")
    assert repr(x) == "Tensor([1., 2.], name='x', requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], op=multiply)"
    assert repr(Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"


def test_scopes_mark_what_a_model_recorded():
    model = ag.nn.MLP([2, 3, 1], rng=np.random.default_rng(0))
    out = model(np.ones((4, 2)))
    assert next(r.scope for r in ag.tape(out) if r.op) == "MLP.linear1"
    assert out.scope == "MLP.linear2"


def test_stop_gradient_makes_a_constant():
    x = leaf(3.0)
    (x * ag.stop_gradient(x)).backward()
    assert x.grad == 3.0
    assert not x.detach().requires_grad


def test_a_record_is_small():
    x = leaf(1.0)
    y = x + 1.0
    parts = (y, y.data, y.inputs, y.values, y.birth)
    assert sum(sys.getsizeof(part) for part in parts) <= 400


@pytest.mark.parametrize("shape", [(3, 4), (300, 200)])
def test_a_product_is_the_same_by_each_way_of_computing_it(shape):
    rng = np.random.default_rng(0)
    x, W, b = rng.standard_normal(shape), rng.standard_normal((shape[1], 5)), np.ones(5)
    for order in "C", "F":
        X = np.asarray(x, order=order)
        np.testing.assert_allclose(ag.linear(X, W, b), X @ W + b, rtol=1e-12)
        by_x, by_W = ag.grad(lambda X, W: np.sum(ag.linear(X, W, b) ** 2), (0, 1))(X, W)
        y = X @ W + b
        np.testing.assert_allclose(by_x, 2 * y @ W.T, rtol=1e-12)
        np.testing.assert_allclose(by_W, X.T @ (2 * y), rtol=1e-12)


def test_a_layer_of_a_number_is_refused_by_its_shapes():
    W, b = ag.Tensor(np.ones((3, 2)), requires_grad=True), np.ones(2)
    with pytest.raises(ag.errors.ShapeError, match="linear"):
        ag.linear(3.0, W, b)


def test_a_tensor_in_a_keyword_beside_plain_arrays_is_computed_with():
    scaled = ag.function(lambda x, *, by: x * by, lambda g, y, x, *, by: g * by)
    by = Tensor([2.0, 3.0], requires_grad=True)
    y = scaled(np.array([5.0, 7.0]), by=by)
    np.sum(y).backward()
    np.testing.assert_array_equal(by.grad, [5.0, 7.0])
    with pytest.raises(ag.NoRuleError, match="the keyword by was given a Tensor"):
        scaled(by, by=by)
