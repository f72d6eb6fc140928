"""Assignment: a new record, and whoever read before keeps what it read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor


def test_a_loop_that_fills_an_array_differentiates():
    def powers(x, n):
        y = ag.zeros(n)
        y[0] = x
        for i in range(1, n):
            y[i] = y[i - 1] * x
        return y

    np.testing.assert_array_equal(ag.jacobian(lambda x: powers(x, 4))(2.0), [1.0, 4.0, 12.0, 32.0])
    assert ag.gradcheck(lambda x: powers(x, 5), np.array(1.3))


def test_who_read_before_keeps_the_value_and_its_derivative():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    before = np.sum(y**2)
    y[0] = 0.0
    after = np.sum(y**2)
    assert (before.item(), after.item()) == (56.0, 52.0)
    (before + 10 * after).backward()
    np.testing.assert_array_equal(x.grad, 8 * np.array([1.0, 2.0, 3.0]) * [1, 11, 11])


def test_who_read_before_keeps_it_where_the_new_value_is_converted():
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    y = x * 2
    before = np.sum(y**2)
    y += np.ones(2)
    (before + y.sum()).backward()
    np.testing.assert_array_equal(x.grad, [10.0, 10.0])
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("update", "by_x", "by_c"),
    [
        (lambda c, y: c - y, 6.0, 1.0),
        (lambda c, y: c * 3, 8.0, 3.0),
        (lambda c, y: c, 8.0, 1.0),
        (lambda c, y: y, 10.0, None),
    ],
    ids=["from another and itself", "from another", "another", "itself"],
)
def test_who_read_before_keeps_it_whatever_the_new_value_is_made_from(update, by_x, by_c):
    x, c = Tensor(1.0, requires_grad=True), Tensor(5.0, requires_grad=True)
    y = x * 2
    before = y**2
    y.assign(lambda present: update(c, present))
    (before + y).backward()
    assert (x.grad, c.grad) == (by_x, by_c)


def test_two_readers_of_three_versions():
    def f(x):
        y = x * 1.0 if isinstance(x, Tensor) else x.copy()
        a = y[0] * y[1]
        y[0] = x[1] ** 2
        b = y[0] * y[1]
        y[1] = b
        return a + 3 * b + y[0] * y[1]

    assert ag.gradcheck(f, np.array([0.7, -1.2]))


@pytest.mark.parametrize(
    "index",
    [0, -1, slice(None, None, 2), (slice(None),), [0, 2], np.array([True, False, True]), ...],
    ids=str,
)
def test_every_kind_of_index(index):
    def f(x, v):
        y = x * x
        y[index] = v
        return y * x

    x, v = np.array([0.5, -1.0, 2.0]), np.array(3.0)
    assert ag.gradcheck(f, x, v)


def test_the_last_of_repeated_assignments_stays():
    v = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = ag.zeros(2)
    y[[0, 0, 1]] = v
    np.testing.assert_array_equal(y.data, [2.0, 3.0])
    y.sum().backward()
    np.testing.assert_array_equal(v.grad, [0.0, 1.0, 1.0])


def test_adding_at_an_index():
    def f(x, v):
        y = x * x
        y[0] += v[1]
        y[1:] *= v[0]
        np.add.at(y, [0, 0, 2], v)
        return y

    x, v = np.array([0.5, -1.0, 2.0]), np.array([0.3, 0.2, -0.7])
    assert ag.gradcheck(f, x, v)


def test_an_assigned_value_is_broadcast():
    v = Tensor(2.0, requires_grad=True)
    y = ag.zeros((2, 3))
    y[:, 1:] = v
    y.sum().backward()
    assert v.grad == 4.0


def test_putting_along_an_axis():
    def f(x):
        y = x * x
        np.put_along_axis(y, np.array([[1], [0]]), np.sum(x), axis=1)
        return y

    assert ag.gradcheck(f, np.array([[0.5, -1.0, 2.0], [1.5, 0.1, 0.2]]))


def test_augmented_assignment_changes_the_value_for_all_who_hold_it():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = also = x * 1
    read = np.sum(y)
    y += 5
    y *= 2
    assert also is y
    np.testing.assert_array_equal(y.data, [12.0, 14.0])
    (read + np.sum(also)).backward()
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])
    with pytest.raises(ag.ShapeError, match=r"cannot change the shape \(2,\) to \(3, 2\)"):
        y += np.ones((3, 2))
    counts = Tensor([1, 2])
    with pytest.raises(TypeError, match="cannot change int64 to float64"):
        counts += 0.5
    single = Tensor(np.ones(2, np.float32))
    single += np.ones(2)
    assert single.dtype == np.float32


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**", "%", "//", "&", "|", "^"])
def test_every_augmented_assignment_changes_what_others_hold(symbol):
    data = np.array([5, 3]) if symbol in "&|^" else np.array([5.0, 3.0])
    scope = {"x": ag.Tensor(data.copy())}
    exec(f"y = x; x {symbol}= 2", scope)
    assert scope["y"] is scope["x"]
    np.testing.assert_array_equal(scope["y"].data, eval(f"data {symbol} 2"))


def test_augmented_assignment_to_a_row_changes_the_array():
    def f(v):
        y = ag.zeros((2, 3))
        row = y[0]
        row += v
        row *= v
        for other in y:
            other += v
        y[1] -= 3 * v
        return y * y

    v = np.array([0.5, -1.0, 2.0])
    expected = np.stack([(v * v + v) ** 2, 4 * v**2])
    np.testing.assert_allclose(f(v).data, expected)
    assert ag.gradcheck(f, v)


def test_a_row_taken_before_another_assignment():
    def f(v):
        y = v * v
        row = y[0]
        y[1] = v[0] * 2
        row += v[1]
        return y * 3

    v = np.array([[0.5, -1.0], [2.0, 0.3]])
    np.testing.assert_allclose(f(v), f(Tensor(v)).data)
    assert ag.gradcheck(f, v)


def test_a_view_of_what_was_assigned_to_since_is_that_of_numpy():
    def f(v, zeros):
        y = zeros(3)
        part = y[:2]
        y[0] = v
        part += v * v
        return y

    np.testing.assert_array_equal(f(3.0, np.zeros), [12, 9, 0])
    np.testing.assert_array_equal(f(Tensor(3.0), ag.zeros).data, [12, 9, 0])
    np.testing.assert_array_equal(ag.jacobian(lambda v: f(v, ag.zeros))(3.0), [7, 6, 0])


def test_a_row_of_a_version_that_is_past_refuses():
    y = Tensor(np.ones((2, 2)), requires_grad=True) * 2
    row = y[0]
    y[1] = 5.0
    ag.tape(row)  # a reader of the tape puts the version that was read in its place
    with pytest.raises(ag.DetachedError, match="take the view again"):
        row += 1.0


def test_augmented_assignment_to_another_view_refuses():
    y = Tensor(np.ones((2, 3)), requires_grad=True) * 2
    flat = y.reshape(6)
    with pytest.raises(ag.DetachedError, match="view made by reshape"):
        flat += 1


def test_a_transform_refuses_to_change_its_argument():
    def f(x):
        x += 1.0
        return np.sum(x)

    for wrapped in (ag.grad(f), ag.grad(lambda x: ag.grad(f)(x)[0])):
        with pytest.raises(ag.DetachedError, match="cannot be changed in place"):
            wrapped(np.ones(2))


def test_leading_axes_of_length_one_are_dropped_from_what_is_assigned():
    def f(v):
        y = v * v
        y[0] = v[:1] * 3
        return y

    assert ag.gradcheck(f, np.array([[1.0, 2.0], [0.5, -1.0]]))


def test_putting_along_an_axis_broadcasts():
    def put(y):
        np.put_along_axis(y, np.array([[0]]), 99.0, axis=1)
        return y

    np.testing.assert_array_equal(put(ag.zeros((3, 4))).data, put(np.zeros((3, 4))))


def test_a_leaf_that_requires_a_gradient_refuses():
    w = Tensor([1.0, 2.0], requires_grad=True)
    for change in (
        lambda: w.__setitem__(0, 1.0),
        lambda: w.__iadd__(1.0),
        lambda: np.add.at(w, [0], 1.0),
    ):
        with pytest.raises(ag.DetachedError, match=r"y = x \+ v .*x\.data = "):
            change()
    with ag.no_grad():
        w[0] = 7.0
    np.testing.assert_array_equal(w.data, [7.0, 2.0])
    assert w.requires_grad


def test_a_view_refuses():
    y = Tensor(np.ones((2, 3)), requires_grad=True) * 2
    row = y[0]
    with pytest.raises(ag.DetachedError, match=r"view made by getitem.*np\.copy"):
        row[0] = 5.0
    y[0, 0] = 5.0
    np.testing.assert_array_equal(row.data, [2.0, 2.0, 2.0])


def test_a_plain_array_refuses_tensors_and_says_what_to_start_from():
    t = Tensor([1.0, 2.0], requires_grad=True)
    y = np.zeros(2)
    with pytest.raises(ValueError, match="sequence") as caught:
        y[0] = t[0]
    assert "start from ag.zeros(shape)" in str(caught.value.__cause__)
    with pytest.raises(ag.DetachedError, match=r"start from ag\.zeros\(shape\)"):
        y[:] = t
    with pytest.raises(ag.DetachedError, match=r"start from ag\.zeros\(shape\)"):
        np.add.at(y, [0], t[0])
    np.testing.assert_array_equal(y, [0.0, 0.0])


def test_an_earlier_value_that_was_released_is_an_error():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    early = y[0]
    y[1] = 0.0
    y.sum().backward()
    with pytest.raises(ag.GraphFreedError, match="released"):
        early.backward()


def test_lists_with_tensors_become_one_tensor():
    t = Tensor(2.0, requires_grad=True)
    m = ag.array([[t, 1.0], [t * t, t]])
    np.testing.assert_array_equal(m.data, [[2.0, 1.0], [4.0, 2.0]])
    m.sum().backward()
    assert t.grad == 1 + 4 + 1
    with pytest.raises(ag.DetachedError, match=r"np\.stack"):
        np.array([t, 2 * t])


def test_a_computed_value_is_not_changed_behind_its_derivative():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = np.exp(x)
    with ag.no_grad(), pytest.raises(ag.DetachedError, match=r"exp computed.*leave no_grad\(\)"):
        y[0] = 100.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.exp([1.0, 2.0]))
    with ag.no_grad():
        y[0] = 100.0  # its derivative has been taken
    assert y.data[0] == 100.0


INDICES = ("0", "-1", "(0, 1)", "(slice(None), 2)", "[1, 1]", "(slice(None), [0, 2])", "...")
STATEMENTS = (
    *(f"y[{i}] = v.sum() * 2" for i in INDICES),
    *(f"y[{i}] = 0.5" for i in INDICES),
    *(f"y[{i}] += v[0, 1]" for i in INDICES),
    *(f"y[{i}] *= v[1, 2]" for i in INDICES),
    *(f"y[{i}] -= y.sum()" for i in INDICES),
    *(f"read.append(y[{i}].sum())" for i in INDICES),
    "read.append((y * y).sum())",
    "y += v",
    "y -= 0.5 * y",
    "y += y",
    "y *= y",
    "y[:] = y",
    "y[0] = y[1]",
    "z = y; z *= 1.5",
    "row = y[0]; row += v[1]; read.append(row.sum())",
    "np.add.at(y, [0, 0], v[1])",
    "y[0] = y[1] * v[0]",
    "y[:, 1] = y[:, 0] + v[:, 2]",
)


@given(st.lists(st.sampled_from(STATEMENTS), min_size=2, max_size=7))
def test_programs_of_assignments_do_what_they_do_in_numpy(statements):
    source = "\n    ".join(["def f(v):", "read = []", "y = v * v", *statements])
    names = {"np": np}
    exec(f"{source}\n    return sum(read) + (y * np.arange(1.0, 7.0).reshape(2, 3)).sum()", names)
    f = names["f"]
    v = np.array([[0.3, -0.7, 1.1], [0.9, 0.4, -0.5]])
    np.testing.assert_allclose(f(Tensor(v, requires_grad=True)).item(), f(v.copy()), rtol=1e-9)
    assert ag.gradcheck(f, v, order=1)
