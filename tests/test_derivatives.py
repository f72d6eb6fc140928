"""`grad`, `value_and_grad`, `vjp` and `gradcheck`."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, derivatives


def test_plain_arrays_in_plain_arrays_out():
    value, gradient = ag.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    assert value == 5.0
    assert not isinstance(value, Tensor)
    assert type(gradient) is np.ndarray
    np.testing.assert_array_equal(gradient, [2.0, 4.0])


def test_a_gradient_has_the_structure_of_its_argument():
    class Layer(NamedTuple):
        W: np.ndarray
        b: np.ndarray

    def loss(p, x):
        return np.sum(x @ p["layers"][0].W + p["layers"][0].b) * p["scale"]

    p = {"layers": [Layer(np.ones((2, 3)), np.zeros(3, np.float32))], "scale": 2.0}
    gradient = ag.grad(loss)(p, np.ones((4, 2)))
    assert isinstance(gradient["layers"][0], Layer)
    np.testing.assert_array_equal(gradient["layers"][0].W, np.full((2, 3), 8.0))
    np.testing.assert_array_equal(gradient["layers"][0].b, np.full(3, 8.0))
    assert gradient["layers"][0].b.dtype == np.float32
    assert gradient["scale"] == 24.0


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 5.0), (np.int64(0), 5.0), (False, 5.0), (1, 3.0), (-1, 3.0), ((1, 0), (3.0, 5.0))],
)
def test_argnums_choose_the_arguments(argnums, expected):
    assert ag.grad(lambda a, b: a * b, argnums)(3.0, 5.0) == expected


@pytest.mark.parametrize("argnums", [0, -1, np.int64(0), False])
def test_one_argument_may_be_chosen_in_any_way(argnums):
    assert ag.grad(lambda a: a * a, argnums)(3.0) == 6.0
    assert ag.grad(lambda a, b: a * a * b, argnums)(3.0, b=2.0) == 12.0
    assert ag.grad(lambda a: a * a, (argnums,))(3.0) == (6.0,)


def test_derivatives_nest_without_confusing_whose_is_whose():
    assert ag.grad(lambda x: x * ag.grad(lambda y: x * y)(x))(3.0) == 6.0
    assert ag.grad(lambda x: ag.grad(lambda y: x * x * y)(x) * x)(2.0) == 12.0


def test_higher_derivatives_of_the_exponential():
    f = lambda x: np.exp(2 * x)  # noqa: E731
    for order in range(1, 5):
        f = ag.grad(f)
        assert f(0.5) == pytest.approx(2**order * np.e, rel=1e-12)


def test_many_transforms_inside_of_one_are_not_confused_with_it():
    def f(x):
        return sum(ag.grad(lambda y: x * y * y)(float(k)) for k in range(70))  # all with one bit

    assert ag.grad(f)(3.0) == 2 * sum(range(70))


def test_transforms_nest_deeper_than_a_machine_word_has_bits():
    def nested(depth, x):
        return x**2 if depth == 0 else ag.grad(lambda y: y * nested(depth - 1, x))(1.0)

    assert ag.grad(lambda x: nested(70, x))(3.0) == 6.0


def test_what_outlived_its_transform_is_a_constant_for_others():
    kept = []

    def f(x):
        kept.append(np.sin(x))
        return x**2

    ag.grad(f)(2.0)
    value, gradient = ag.value_and_grad(lambda x: x * kept[0])(3.0)
    assert gradient == np.sin(2.0)
    assert not isinstance(value, Tensor)


def test_what_outlived_an_inner_transform_depends_on_the_outer_one_alone():
    def f(x):
        kept = []

        def inner(z):
            kept.append(np.sin(z) * x)
            return np.sum(kept[0])

        first = ag.grad(inner)(x)
        second = ag.grad(lambda u: np.sum(u * u * kept[0]))(x)
        return np.sum(first + second + kept[0])

    x = np.array([0.3, 0.7])
    sin, cos = np.sin(x), np.cos(x)
    expected = (cos - x * sin) + (4 * x * sin + 2 * x**2 * cos) + (sin + x * cos)
    np.testing.assert_allclose(ag.grad(f)(x), expected, rtol=1e-12)


def test_a_transform_that_failed_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError):
        ag.grad(lambda x: x / (1 // 0))(1.0)
    assert not derivatives._running
    assert not isinstance(ag.value_and_grad(lambda x: x * x)(1.0)[0], Tensor)


def test_threads_inside_of_a_transform_belong_to_it():
    def f(x):
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(lambda k: ag.grad(lambda y: x * y**2)(k), [1.0, 2.0]))

    assert ag.grad(f)(3.0) == 6.0


def test_threads_do_not_take_the_bit_of_one_another():
    def nested(_):
        return ag.value_and_grad(lambda p: p * ag.grad(lambda y: p * y**3)(2.0))(1.5)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(nested, range(400)))
    finally:
        sys.setswitchinterval(interval)
    assert all(value == 27.0 and gradient == 36.0 for value, gradient in found)
    assert not any(isinstance(part, Tensor) for pair in found for part in pair)


def test_an_inner_transform_sees_a_leaf_that_was_made_from_a_constant_tensor():
    assert ag.grad(lambda x: ag.grad(lambda y: x * y * y)(3.0))(Tensor(2.0)) == 6.0


def test_what_a_transform_differentiates_by_is_not_switched_off():
    def frozen(w):
        w.requires_grad = False
        return w * w

    def computed(w):
        y = w * w
        y.requires_grad = False
        return y

    for f in frozen, computed:
        with pytest.raises(RuntimeError, match=r"of a leaf only.*write ag\.stop_gradient\(x\)"):
            ag.grad(f)(2.0)
    w = Tensor(2.0, requires_grad=True)
    w.requires_grad = False
    assert not (w * w).requires_grad
    w.requires_grad = True
    assert (w * w).requires_grad
    with pytest.raises(TypeError, match="only floating-point data can require a gradient"):
        Tensor([1, 2]).requires_grad = True


def test_the_leaves_of_a_transform_that_has_ended_are_constants():
    leaves = []

    def f(x):
        leaves.append(x)
        return w * x * x

    w = Tensor(3.0, requires_grad=True)
    ag.grad(f)(2.0).backward()
    assert w.grad == 4.0
    assert leaves[0].grad is None
    assert not leaves[0].requires_grad
    assert float(leaves[0]) == 2.0


def test_a_value_of_vjp_may_be_assigned_to_before_the_pullback():
    w = Tensor([1.0, 2.0], requires_grad=True)
    out, pullback = ag.vjp(lambda x: x * w, np.array([3.0, 4.0]))
    out *= 10.0
    np.testing.assert_array_equal(pullback(np.ones(2)).data, [1.0, 2.0])


def test_an_argument_may_be_assigned_to_before_the_pullback():
    kept = []
    _, pullback = ag.vjp(lambda x: (kept.append(x), x * x)[1], np.array([1.0, 2.0]))
    kept[0] += 1.0
    np.testing.assert_array_equal(pullback(np.ones(2)), [2.0, 4.0])

    def h(x):
        values, pullback = ag.vjp(lambda z: (z, z * x), np.array([1.0, 2.0]))
        values[0][0] = 5.0
        return np.sum(pullback((np.ones(2), np.ones(2))) * x)

    np.testing.assert_array_equal(ag.grad(h)(np.array([3.0, 4.0])), [7.0, 9.0])


def test_a_gradient_by_way_of_a_released_record_is_not_lost_silently():
    w = Tensor([3.0, 4.0], requires_grad=True)
    y = w * w
    np.sum(y).backward()
    gradient = ag.grad(lambda x: np.sum(x * y))(np.ones(2))
    with pytest.raises(ag.GraphFreedError):
        np.sum(gradient).backward()


def test_gradients_of_array_subclasses_do_not_share_memory():
    class Array(np.ndarray):
        pass

    a, b = np.ones(2).view(Array), np.ones(2).view(Array)
    by_a, by_b = ag.grad(lambda a, b: np.sum(a + b), argnums=(0, 1))(a, b)
    assert not np.shares_memory(by_a, by_b)

    cotangent = np.ones(2).view(Array)
    x, z = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    (x + z).backward(cotangent)
    _, pullback = ag.vjp(lambda a, b: a + b, a, b)
    for left, right in ((x.grad, z.grad), pullback(cotangent)):
        assert not np.shares_memory(left, right)
        assert not np.shares_memory(left, cotangent)
        assert not np.shares_memory(right, cotangent)


def test_what_was_made_from_outer_tensors_alone_has_gradient_zero():
    u = Tensor(2.0, requires_grad=True)

    def released(x):
        y = u * u
        y.backward()
        return y

    def given_new_data(x):
        y = u * u
        u.data = np.array(3.0)
        return y

    for f in released, given_new_data:
        assert ag.grad(f)(1.0) == 0.0


def test_an_argument_that_is_refused_leaves_nothing_behind():
    with pytest.raises(TypeError, match="floating-point arguments"):
        ag.grad(lambda p: p[0], 0)([1.0, np.arange(3)])
    assert not derivatives._running


def test_a_structure_inside_of_others_is_built_of_as_many_leaves_as_it_has():
    p = [{"a": np.ones(2), "b": (3.0,)}, None, (), np.full(3, 2.0), {"c": [np.ones(1), {}]}]
    gradient = ag.grad(
        lambda p: np.sum(p[0]["a"]) * p[0]["b"][0] + np.sum(p[3]) + np.sum(p[4]["c"][0])
    )(p)
    np.testing.assert_equal(
        gradient,
        [{"a": np.full(2, 3.0), "b": (2.0,)}, None, (), np.ones(3), {"c": [np.ones(1), {}]}],
    )


def test_the_gradient_has_the_structure_of_the_argument_whatever_the_function_does_to_it():
    def f(p):
        last = p["layers"].pop()
        del p["scale"]
        return last * last

    p = {"layers": [np.array(2.0), np.array(3.0)], "scale": np.array(1.0)}
    assert ag.grad(f)(p) == {"layers": [0.0, 6.0], "scale": 0.0}
    assert len(p["layers"]) == 2
    assert "scale" in p


def test_a_dict_that_orders_its_keys_in_its_own_way_keeps_its_values():
    class Backwards(dict):
        def __iter__(self):
            return iter(sorted(super().__iter__(), reverse=True))

    p = Backwards(a=2.0, b=1.0)
    value, gradient = ag.value_and_grad(lambda d: d["a"] ** 2 * d["b"])(p)
    assert value == 4.0
    assert (gradient["a"], gradient["b"]) == (4.0, 4.0)


def test_a_task_has_a_mode_of_its_own():
    x = Tensor(2.0, requires_grad=True)

    async def without():
        with ag.no_grad():
            await asyncio.sleep(0)
            return x * x

    async def both():
        return await asyncio.gather(without(), asyncio.to_thread(lambda: x * x), without())

    assert [y.requires_grad for y in asyncio.run(both())] == [False, True, False]


def test_a_gradient_that_depends_on_an_outer_tensor_stays_on_the_tape():
    w = Tensor(3.0, requires_grad=True)
    penalty = ag.grad(lambda x: w * x**2)(2.0) ** 2
    assert isinstance(penalty, Tensor)
    penalty.backward()
    assert w.grad == 2 * 3.0 * 16.0
    with ag.no_grad():
        assert not isinstance(ag.grad(lambda x: w * x**2)(2.0), Tensor)


def test_a_constant_function_has_gradient_zero():
    np.testing.assert_array_equal(ag.grad(lambda x: 3.0)(np.ones(2)), [0.0, 0.0])
    np.testing.assert_array_equal(ag.grad(lambda x, y: y, 0)(np.ones(2), 1.0), [0.0, 0.0])


def test_a_pullback_can_be_called_again():
    value, pullback = ag.vjp(lambda x, y: (x * y, x + y), 2.0, 3.0)
    assert value == (6.0, 5.0)
    for _ in range(2):
        assert pullback((1.0, 0.0)) == (3.0, 2.0)
        assert pullback((0.0, 1.0)) == (1.0, 1.0)


def test_a_cotangent_of_what_has_no_derivative_does_not_flow():
    _, pullback = ag.vjp(lambda x: (2 * x, x.astype(int)), np.array([1.5]))
    np.testing.assert_array_equal(pullback((np.ones(1), np.ones(1, int))), [2.0])


def test_a_pullback_does_not_look_into_what_came_from_outside():
    w = Tensor(3.0, requires_grad=True)
    outer = w * w
    w.data = np.array(4.0)
    _, pullback = ag.vjp(lambda x: (2 * x, outer), 1.0)
    assert pullback((1.0, 1.0)) == 2.0


def test_a_pullback_is_differentiable():
    def f(v):
        _, pullback = ag.vjp(lambda x: x**3, 2.0)
        return pullback(v) * v

    assert ag.grad(f)(5.0) == 2 * 5.0 * 12.0


def test_a_gradient_does_not_alias_another():
    a, b = ag.grad(lambda a, b: np.sum(a + b), (0, 1))(np.ones(3), np.ones(3))
    a *= 7
    np.testing.assert_array_equal(b, np.ones(3))


def test_gradcheck_accepts_right_rules_and_names_the_worst_entry_of_wrong_ones():
    assert ag.gradcheck(lambda x, y: np.tanh(x) @ y, np.ones((2, 3)) / 3, np.ones(3))
    wrong = ag.ufunc(lambda x: x * x, lambda g, y, x: g * x)
    with pytest.raises(AssertionError, match=r"order 1: argument 0, entry \(1,\): the rules give"):
        ag.gradcheck(wrong, np.array([0.1, 3.0]))


def test_gradcheck_finds_an_error_at_second_order_only():
    flat = ag.ufunc(lambda x: x**3, lambda g, y, x: g * 3 * ag.stop_gradient(x) ** 2)
    assert ag.gradcheck(flat, np.array([2.0]), order=1)
    with pytest.raises(AssertionError, match="order 2"):
        ag.gradcheck(flat, np.array([2.0]))


def test_gradcheck_wants_float64():
    with pytest.raises(TypeError, match="float64 derivatives, and got float32"):
        ag.gradcheck(np.tanh, np.ones(2, np.float32))


def test_gradcheck_leaves_its_arguments_alone():
    x = np.array([1.0, 2.0])
    ag.gradcheck(np.exp, x)
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_a_checkpoint_takes_its_arguments_as_they_were_when_it_was_called():
    part = ag.checkpoint(lambda q: q["a"] * q["b"])

    def f(p):
        p["product"] = part(p)
        return np.sum(p["product"])

    gradient = ag.grad(f)({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(gradient["a"], [3, 4])
    np.testing.assert_array_equal(gradient["b"], [1, 2])
