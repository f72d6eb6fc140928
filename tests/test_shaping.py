"""Shapes, joins, repeats and pads: the traps, with exact numbers."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import NoRuleError, ShapeError, Tensor
from autograd_lite.errors import DetachedError


def leaf(data):
    return Tensor(np.asarray(data, dtype=float), requires_grad=True)


def gradient(f, x, weights):
    """The gradient of ``sum(weights * f(x))``, and the value against NumPy's."""
    t = Tensor(x, requires_grad=True)
    y = f(t)
    np.testing.assert_array_equal(y.data, f(x))
    y.backward(np.asarray(weights, y.dtype).reshape(y.shape))
    return t.grad


def test_repeat_by_counts_sums_over_the_copies_of_each():
    g = gradient(lambda x: np.repeat(x, [2, 0, 3]), np.array([1.0, 2.0, 3.0]), [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(g, [3, 0, 12])


def test_repeat_of_an_axis_by_counts():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    g = gradient(lambda x: np.repeat(x, [1, 2], axis=1), x, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(g, [[1, 5], [4, 11]])


def test_repeat_by_a_number_along_the_first_and_last_axis():
    x = np.ones((2, 2))
    g = gradient(lambda x: np.repeat(x, 2, axis=0), x, np.arange(8.0))
    np.testing.assert_array_equal(g, [[2, 4], [10, 12]])
    g = gradient(lambda x: np.repeat(x, 2, axis=1), x, np.arange(8.0))
    np.testing.assert_array_equal(g, [[1, 5], [9, 13]])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("constant", [3, 4, 5]),
        ("edge", [6, 4, 18]),
        ("reflect", [10, 12, 6]),
        ("symmetric", [5, 12, 11]),
        ("wrap", [9, 12, 7]),
    ],
)
def test_pad_adds_the_margins_to_where_they_were_copied_from(mode, expected):
    g = gradient(lambda x: np.pad(x, 2, mode), np.arange(3.0), [1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_array_equal(g, expected)


def test_pad_longer_than_the_axis_counts_every_copy():
    g = gradient(lambda x: np.pad(x, (0, 7), "reflect"), np.arange(3.0), np.ones(10))
    np.testing.assert_array_equal(g, [3, 5, 2])


@pytest.mark.parametrize("mode", ["linear_ramp", "maximum", "mean", "median", "minimum", "empty"])
def test_pad_in_another_mode_is_refused_by_name(mode):
    with pytest.raises(NoRuleError, match=f"pad: mode='{mode}'"):
        np.pad(leaf([1, 2]), 1, mode=mode)


def test_pad_with_odd_reflection_is_refused_by_name():
    with pytest.raises(NoRuleError, match=r"pad.*reflect_type='odd'"):
        np.pad(leaf([1, 2]), 1, mode="reflect", reflect_type="odd")


def test_pad_with_a_tensor_as_the_constant_is_refused():
    with pytest.raises(NoRuleError, match=r"pad.*constant_values"):
        np.pad(leaf([1, 2]), 1, constant_values=leaf(3))
    with pytest.raises(DetachedError):
        np.pad(leaf([1, 2]), 1, constant_values=(0, leaf(3)))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda x: np.concatenate([x, x], out=np.ones(4)), "concatenate.*out"),
        (lambda x: np.stack([x, x], out=np.ones((2, 2))), "stack.*out"),
        (lambda x: np.copy(x, subok=True), "copy.*subok"),
        (lambda x: np.broadcast_to(x, (2, 2), subok=True), "broadcast_to.*subok"),
        (lambda x: np.broadcast_arrays(x, subok=True), "broadcast_arrays.*subok"),
        (lambda x: np.full_like(x, 1, subok=False), "full_like.*subok"),
        (lambda x: np.ravel(x, order="K"), "ravel.*order='K'"),
        (lambda x: np.reshape(x, 2, order="K"), "reshape.*order='K'"),
    ],
)
def test_a_keyword_without_a_rule_is_refused_by_name(call, names):
    with pytest.raises(NoRuleError, match=names):
        call(leaf([1, 2]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, n: np.roll(x, n),
        lambda x, n: np.repeat(x, n),
        lambda x, n: np.tile(x, n),
        lambda x, n: np.expand_dims(x, n),
        lambda x, n: np.flip(x, n),
        lambda x, n: np.rot90(x[None], n),
        lambda x, n: np.pad(x, n),
        lambda x, n: np.roll(x, shift=n),
        lambda x, n: np.tile(x, (n, n)),
        lambda x, n: np.reshape(x, (n, -1)),
        lambda x, n: np.split(x, n),
        lambda x, n: np.split(x, [n]),
        lambda x, n: np.concatenate([x, x], n),
    ],
)
def test_a_tensor_where_an_integer_belongs_is_refused(call):
    with pytest.raises((NoRuleError, DetachedError, TypeError)):
        call(leaf([1, 2]), Tensor(1))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, n: np.roll(x, (n, n), (0, 0)),
        lambda x, n: np.repeat(x.data, n),
        lambda x, n: np.roll(x.data, n),
    ],
)
def test_a_tensor_that_numpy_makes_an_integer_of_is_that_integer(call):
    x = leaf([1, 2])
    found, expected = call(x, Tensor(1)), call(x, 1)
    np.testing.assert_array_equal(
        getattr(found, "data", found), getattr(expected, "data", expected)
    )


@pytest.mark.parametrize("dtype", [int, bool, np.int8, np.uint16])
def test_conversion_to_integers_carries_no_derivative(dtype):
    x = leaf([0.5, 1.7])
    assert not x.astype(dtype).requires_grad
    (x.astype(dtype) * x).sum().backward()
    np.testing.assert_array_equal(x.grad, x.data.astype(dtype))


def test_joins_into_integers_carry_no_derivative():
    x = leaf([0.5, 1.7])
    assert not np.concatenate([x, x], dtype=int, casting="unsafe").requires_grad
    assert not np.full_like(np.sum(x), x[0], dtype=int).requires_grad


def test_conversion_to_float32_gives_a_gradient_of_the_original_dtype():
    x = leaf([0.5, 1.7])
    y = x.astype(np.float32)
    assert y.dtype == np.float32
    (y * 3).sum().backward()
    assert x.grad.dtype == float
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_joins_take_tensors_arrays_lists_and_numbers_together():
    x, s = leaf([[1, 2]]), leaf(3)
    y = np.concatenate([x, np.ones((1, 2)), [[7, 8]], s, 4.0], axis=None)
    np.testing.assert_array_equal(y.data, [1, 2, 1, 1, 7, 8, 3, 4])
    y.backward(np.arange(8.0))
    np.testing.assert_array_equal(x.grad, [[0, 1]])
    assert s.grad == 6
    z = np.stack([s, 2.0, s])
    z.backward([1.0, 10.0, 100.0])
    assert s.grad == 6 + 101
    w = np.hstack([1.0, s, [2.0]])
    np.testing.assert_array_equal(w.data, [1, 3, 2])


def test_a_tensor_joined_with_itself_gets_every_part():
    x = leaf([1, 2])
    np.concatenate([x, x, x]).backward(np.arange(6.0))
    np.testing.assert_array_equal(x.grad, [6, 9])


def test_a_join_of_integers_and_of_complex_numbers_gives_real_gradients():
    x = leaf([1, 2])
    y = np.concatenate([x, np.array([1j])])
    assert y.dtype == complex
    y.backward(np.array([1 + 5j, 2 - 1j, 3]))
    np.testing.assert_array_equal(x.grad, [1, 2])


def test_np_array_of_tensors_says_what_to_write():
    with pytest.raises(DetachedError, match=r"np\.stack"):
        np.array([leaf(1), leaf(2)])


def test_the_order_a_follows_the_memory_of_the_data():
    c = np.arange(6.0).reshape(2, 3)
    for x in (c, np.asfortranarray(c)):
        for f in (lambda x: np.ravel(x, order="A"), lambda x: np.reshape(x, (3, 2), order="A")):
            t = Tensor(x, requires_grad=True)
            y = f(t)
            np.testing.assert_array_equal(y.data, f(x))
            y.backward(y.data)
            np.testing.assert_array_equal(t.grad, c)


def test_reshape_without_a_copy_or_in_vain():
    x = leaf(np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"reshape of shapes \(2, 3\)"):
        np.reshape(x, (4, -1))
    np.broadcast_to(leaf(1.0), ()).backward()


def test_block_of_a_matrix_gives_each_block_its_part():
    a, b = leaf([[1]]), leaf([[2, 3]])
    y = np.block([[a, b], [np.zeros((2, 1)), np.ones((2, 2))]])
    y.backward(np.arange(9.0).reshape(3, 3))
    assert a.grad == 0
    np.testing.assert_array_equal(b.grad, [[1, 2]])


@pytest.mark.parametrize("arrays", [[[1], 2], [], [[1], []]])
def test_a_block_of_uneven_lists_is_an_error(arrays):
    x = leaf([1])
    with pytest.raises(ValueError):
        np.block([[x], arrays] if arrays else [[x], []])


def test_uneven_split_and_splits_of_too_few_axes_are_errors():
    with pytest.raises(ValueError, match=r"np\.array_split"):
        np.split(leaf(np.ones(5)), 2)
    for split in (np.vsplit, np.dsplit):
        with pytest.raises(ValueError, match="split needs"):
            split(leaf(np.ones(4)), 2)
    with pytest.raises(ValueError):
        np.array_split(leaf(np.ones(5)), 0)


def test_a_part_left_unused_gets_zeros():
    x = leaf(np.ones(6))
    _, middle, _ = np.split(x, 3)
    middle.backward([2.0, 3.0])
    np.testing.assert_array_equal(x.grad, [0, 0, 2, 3, 0, 0])


def test_many_parts_cost_little():
    x = leaf(np.arange(2000.0))
    parts = np.split(x, 1000)
    np.stack([part.sum() * i for i, part in enumerate(parts)]).sum().backward()
    np.testing.assert_array_equal(x.grad, np.repeat(np.arange(1000.0), 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: np.broadcast_arrays(x, y),
        lambda x, y: np.meshgrid(x, y),
        lambda x, y: np.atleast_1d(x, y),
        lambda x, y: np.split(x, 3),
        lambda x, y: np.array_split(x, 2),
    ],
)
def test_several_results_come_in_the_container_numpy_gives(call):
    a = np.ones(3)
    plain, recorded = call(a, a), call(leaf(a), leaf(a))
    assert type(recorded) is type(plain)
    assert [r.shape for r in recorded] == [p.shape for p in plain]


def test_meshgrid_with_another_indexing_is_an_error():
    with pytest.raises(ValueError, match="indexing"):
        np.meshgrid(leaf([1]), indexing="yx")


def test_likes_depend_on_no_value():
    x = leaf([1, 2])
    for y in (np.zeros_like(x), np.ones_like(x), np.empty_like(x), np.full_like(x, 3)):
        assert not y.requires_grad
        assert y.shape == (2,)


def test_full_like_passes_the_cotangent_to_the_fill_value():
    s = leaf(2)
    y = np.full_like(leaf([1, 2, 3]), s)
    y.backward([1.0, 2.0, 3.0])
    assert s.grad == 6


def test_shapes_nest_in_derivatives_of_any_order():
    f = lambda x: np.sum(np.pad(np.tile(x, 2), 1, mode="reflect") ** 3)  # noqa: E731
    x = np.array([1.0, 2.0])
    third = ag.grad(lambda x: np.sum(ag.grad(lambda x: np.sum(ag.grad(f)(x)))(x)))(x)
    np.testing.assert_allclose(third, [18, 18])
