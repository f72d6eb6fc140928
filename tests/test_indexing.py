"""Indexing, picking, sorting and interpolation: the traps, with exact numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import NoRuleError, Tensor

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def leaf(data):
    return Tensor(np.asarray(data, dtype=float), requires_grad=True)


def numbered(shape, dtype=float):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def assert_picks(f, shape, dtype=float):
    """That `f` picks elements, and that its pullback adds each weight where it was picked from."""
    x = numbered(shape, dtype)
    y, pullback = ag.vjp(f, x)
    picked = f(numbered(shape, int))
    np.testing.assert_array_equal(y, picked.astype(dtype))
    weights = (1 + numbered(picked.shape) ** 2).astype(dtype)
    expected = np.zeros(x.size, dtype)
    np.add.at(expected, np.ravel(picked), np.ravel(weights))
    g = pullback(weights)
    assert g.dtype == x.dtype
    np.testing.assert_array_equal(g, expected.reshape(shape))
    _, back = ag.vjp(lambda w: ag.vjp(f, x)[1](w), weights)  # the transpose of the transpose
    np.testing.assert_array_equal(back(x), y)


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), hnp.basic_indices(s, allow_newaxis=True))))
def test_basic_indices_scatter_back(shape_and_index):
    shape, index = shape_and_index
    assert_picks(lambda x: x[index], shape)


@given(
    SHAPES.flatmap(
        lambda s: st.tuples(
            st.just(s),
            hnp.integer_array_indices(s, result_shape=hnp.array_shapes(max_dims=2, max_side=4)),
        )
    ),
    st.sampled_from([float, np.float32, complex]),
)
def test_integer_arrays_add_up(shape_and_index, dtype):
    shape, index = shape_and_index
    assert_picks(lambda x: x[index], shape, dtype)


@given(SHAPES.flatmap(lambda s: hnp.arrays(bool, s)), st.sampled_from([float, complex]))
def test_masks_scatter_back(mask, dtype):
    assert_picks(lambda x: x[mask], mask.shape, dtype)


@given(st.data())
def test_mixed_indices_add_up(data):
    """Slices, numbers, None, Ellipsis, arrays and lists beside each other."""
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4))
    length = data.draw(st.integers(0, 4))
    index = []
    for n in shape:
        numbers = st.integers(-n, n - 1)
        lists = st.lists(numbers, min_size=length, max_size=length)
        arrays = lists.map(lambda picks: np.array(picks, int))
        index.append(data.draw(st.one_of(numbers, st.slices(n), arrays, arrays)))
        if data.draw(st.integers(0, 5)) == 0:
            index.append(None)
    cut = data.draw(st.integers(0, len(index)))
    index = tuple(index[:cut]) + (Ellipsis,) * data.draw(st.integers(0, 1)) + tuple(index[cut:])
    assert_picks(lambda x: x[index], shape)


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), st.integers(-len(s), len(s) - 1))), st.data())
def test_take_adds_up_in_every_mode(shape_and_axis, data):
    shape, axis = shape_and_axis
    mode = data.draw(st.sampled_from(["raise", "wrap", "clip"]))
    axis = data.draw(st.sampled_from([axis, None]))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    low, high = (-n, n - 1) if mode == "raise" else (-3 * n, 3 * n)
    sides = hnp.array_shapes(min_dims=0, max_dims=2, max_side=4)
    indices = data.draw(hnp.arrays(int, sides, elements=st.integers(low, high)))
    assert_picks(lambda x: np.take(x, indices, axis=axis, mode=mode), shape)


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), st.integers(-len(s), len(s) - 1))), st.data())
def test_take_along_axis_adds_up(shape_and_axis, data):
    shape, axis = shape_and_axis
    sides = list(shape)
    sides[axis] = data.draw(st.integers(1, 4))
    n = shape[axis]
    indices = data.draw(hnp.arrays(int, tuple(sides), elements=st.integers(-n, n - 1)))
    assert_picks(lambda x: np.take_along_axis(x, indices, axis=axis), shape)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([0, 0, 2], [3, 0, 3]),
        ((np.array([-1, 2, 0]),), [3, 0, 3]),
        (range(3), [1, 2, 3]),
        (([0, 0, 0],), [6, 0, 0]),
        (((1, 1, 1),), [0, 6, 0]),
        (np.array([-1, 2, -3]), [3, 0, 3]),
        (np.array([0, 0, 2], dtype=np.uint8), [3, 0, 3]),
    ],
)
def test_an_element_named_twice_gets_both_cotangents(index, expected):
    x = leaf([10, 20, 30])
    x[index].backward([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(x.grad, expected)


def test_rows_named_twice_get_both_cotangents():
    x = leaf(np.ones((3, 2)))
    x[[0, 2, 0]].backward(np.arange(6.0).reshape(3, 2))
    np.testing.assert_array_equal(x.grad, [[4, 6], [0, 0], [2, 3]])
    x.grad = None
    x[[-1, 2]].backward(np.ones((2, 2)))
    np.testing.assert_array_equal(x.grad, [[0, 0], [0, 0], [2, 2]])


def test_a_tensor_as_an_index_is_recorded_as_an_input():
    x = leaf([3, 1, 2])
    y = x[np.argmax(x)]
    assert [op.name for op in (r.op for r in ag.tensor.tape(y)) if op] == ["argmax", "getitem"]
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 0, 0])


def test_a_tensor_inside_a_slice_is_refused_and_inside_a_list_a_number():
    x = leaf(np.arange(9.0).reshape(3, 3))
    with pytest.raises(TypeError):
        x[: Tensor(1)]
    with pytest.raises(ag.DetachedError):
        x[[x[0, 0], 1]]
    one = Tensor(1)
    (x[[one, one]].sum() + x[0, [one]].sum()).backward()
    np.testing.assert_array_equal(x.grad, [[0, 1, 0], [2, 2, 2], [0, 0, 0]])


def test_an_index_out_of_bounds_is_an_index_error():
    with pytest.raises(IndexError):
        leaf([1, 2])[5]
    with pytest.raises(IndexError):
        np.take(leaf([1, 2]), 5)
    with pytest.raises(IndexError):
        np.compress([False, False, True], leaf([1, 2]))


def test_float32_keeps_its_type_through_a_scatter():
    x = Tensor(np.ones((3, 2), np.float32), requires_grad=True)
    (x[[0, 0]] * 2).sum().backward()
    assert x.grad.dtype == np.float32


def test_sort_returns_each_cotangent_to_where_the_element_was():
    x = leaf([[3, 1, 2], [5, 6, 4]])
    np.sort(x, axis=1).backward(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(x.grad, [[2, 0, 1], [4, 5, 3]])
    x.grad = None
    np.sort(x, axis=None).backward(np.arange(6.0))
    np.testing.assert_array_equal(x.grad, [[2, 0, 1], [4, 5, 3]])


def test_sort_gives_elements_that_tie_equal_parts():
    x = leaf([[2, 1, 2, 2], [1, 1, 0, 0]])
    np.sort(x, axis=1).backward([[10.0, 1.0, 2.0, 6.0], [1.0, 3.0, 5.0, 9.0]])
    np.testing.assert_array_equal(x.grad, [[3, 10, 3, 3], [7, 7, 2, 2]])
    x.grad = None
    np.sort(x, axis=0).backward([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    np.testing.assert_array_equal(x.grad, [[5, 4, 7, 8], [1, 4, 3, 4]])


def test_partition_gives_elements_that_tie_equal_parts_wherever_they_stand():
    x = leaf([2, 1, 2, 0, 2])
    y = np.partition(x, 2)
    y.backward(y.data * 3)
    np.testing.assert_array_equal(x.grad, [6, 3, 6, 0, 6])


def test_a_tie_of_the_largest_is_shared_by_sort_as_by_max():
    x = np.array([1.0, 7.0, 7.0])
    by_sort = ag.grad(lambda x: np.sort(x)[-1])(x)
    np.testing.assert_array_equal(by_sort, ag.grad(np.max)(x))


def test_sort_of_nans_does_not_fail():
    x = leaf([np.nan, 1, np.nan])
    np.sort(x).backward([1.0, 2.0, 4.0])
    assert x.grad[1] == 1
    assert x.grad.sum() == 7


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.argsort(x),
        lambda x: np.argpartition(x, 1),
        lambda x: np.searchsorted(x, 1.5),
        lambda x: np.searchsorted([0.0, 1.0], x, side="right"),
        lambda x: np.nonzero(x)[0],
        lambda x: np.argwhere(x),
        lambda x: np.flatnonzero(x),
        lambda x: np.digitize(x, [1.0]),
    ],
)
def test_positions_carry_no_derivative(call):
    x = leaf([1, 2, 3])
    assert not call(x).requires_grad
    np.testing.assert_array_equal(call(x).data, call(x.data))


def test_a_position_that_may_be_any_scalar_is_refused_as_a_keyword():
    with pytest.raises(NoRuleError, match=r"searchsorted.*sorter"):
        np.searchsorted(leaf([1, 2]), 1.5, sorter=Tensor([0, 1]))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda x: np.take(x, [0], out=np.ones(1)), "take.*out"),
        (lambda x: np.compress([True], x, out=np.ones(1)), "compress.*out"),
        (lambda x: np.choose([0], [x], out=np.ones(1)), "choose.*out"),
        (lambda x: np.trace(x[None], out=np.ones(1)), "trace.*out"),
        (lambda x: np.sort(x, order="a"), "sort.*order"),
        (lambda x: np.partition(x, 1, order="a"), "partition.*order"),
        (lambda x: np.take(x, [0], axis=Tensor(0)), "take.*axis"),
        (lambda x: np.tril(x, Tensor(0)), "tril.*k was given a Tensor"),
        (lambda x: np.sort(x, Tensor(0)), "sort.*axis was given a Tensor"),
    ],
)
def test_a_keyword_without_a_rule_is_refused_by_name(call, names):
    with pytest.raises(NoRuleError, match=names):
        call(leaf([1, 2]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.choose([0, 3], [x, x]),
        lambda x: np.choose([0, -1], [x, x]),
        lambda x: np.select([x > 0], [x, x]),
        lambda x: np.compress([[True, False]], x),
        lambda x: np.take_along_axis(x, np.array([[0]]), axis=0),
        lambda x: np.take_along_axis(x, np.array([0.0]), axis=0),
        lambda x: np.take_along_axis(x, np.array([True, False]), axis=0),
        lambda x: np.diag(x[None, None]),
        lambda x: np.interp(0.0, [0.0, 1.0, 2.0], x),
    ],
)
def test_what_numpy_refuses_is_refused(call):
    for x in (leaf([1, 2]), np.array([1.0, 2.0])):
        with pytest.raises((ValueError, IndexError)):
            call(x)


def test_where_with_one_argument_is_refused():
    with pytest.raises((TypeError, NoRuleError), match="where"):
        np.where(leaf([1, 0]))


def test_choose_and_select_send_the_cotangent_to_what_was_chosen():
    a, b = leaf([1, 2, 3]), leaf(5)
    np.choose([0, 1, 1], [a, b]).backward([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(a.grad, [1, 0, 0])
    assert b.grad == 6
    a.grad = b.grad = None
    y = np.select([a > 2, a > 1], [a * a, b], default=7.0)
    np.testing.assert_array_equal(y.data, [7, 5, 9])
    y.backward([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(a.grad, [0, 0, 24])
    assert b.grad == 2


def test_what_was_not_chosen_hands_back_no_nan():
    x = leaf([0.0, 4.0])
    with np.errstate(divide="ignore"):
        inverse = 1 / np.maximum(x, 1)
        y = np.select([x > 1], [inverse], default=0.0)
    y.backward(np.array([np.inf, 1.0]))
    assert np.isfinite(x.grad[0])


def test_select_keeps_float32_beside_numbers():
    x = Tensor(np.array([1, -1], np.float32), requires_grad=True)
    assert np.select([x > 0], [x], 1).dtype == np.float32
    assert np.select([x > 0, x < -5], [1, x]).dtype == np.float32


def test_interp_at_nodes_takes_the_slope_on_the_right_and_at_the_end_on_the_left():
    x, fp = leaf([0, 1, 2]), leaf([0, 10, 5])
    y = np.interp(x, [0.0, 1.0, 2.0], fp)
    np.testing.assert_array_equal(y.data, [0, 10, 5])
    y.backward([1.0, 1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [10, -5, -5])
    np.testing.assert_array_equal(fp.grad, [1, 1, 1])


def test_interp_between_and_outside_the_nodes():
    x, xp, fp = leaf([-1, 0.25, 3, np.inf]), leaf([0, 1]), leaf([2, 6])
    y = np.interp(x, xp, fp)
    np.testing.assert_array_equal(y.data, [2, 3, 6, 6])
    y.backward(np.ones(4))
    np.testing.assert_array_equal(x.grad, [0, 4, 0, 0])
    np.testing.assert_array_equal(fp.grad, [1.75, 2.25])
    np.testing.assert_array_equal(xp.grad, [-3, -1])


def test_diagonals_of_matrices_and_matrices_of_diagonals():
    x = leaf([[1, 2, 3], [4, 5, 6]])
    np.diag(x, 1).backward([10.0, 20.0])
    np.testing.assert_array_equal(x.grad, [[0, 10, 0], [0, 0, 20]])
    v = leaf([1, 2])
    np.diag(v, -1).backward(np.arange(9.0).reshape(3, 3))
    np.testing.assert_array_equal(v.grad, [3, 7])


def test_the_result_of_a_composed_function_is_still_on_the_tape():
    x = leaf(np.eye(3))
    for y in (np.trace(x), np.diag(x), np.compress([True], x, 0), np.interp(x, [0, 1], [0, 1])):
        assert y.requires_grad


def test_fancy_indexing_costs_about_its_size():
    x = leaf(np.zeros(100_000))
    index = np.zeros(300_000, int)
    x[index].backward(np.ones(300_000))
    assert x.grad[0] == 300_000
