"""What a user may do to tensors, arguments and models, and what then must not go wrong silently."""

import copy
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, nn, optim


def leaf(data):
    return Tensor(np.asarray(data, dtype=float), requires_grad=True)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copy_of_a_leaf_is_a_leaf_of_its_own(duplicate):
    w = leaf([1.0, 2.0])
    other = duplicate(w)
    other.data = other.data * 0.9
    ((w - other) ** 2).sum().backward()
    np.testing.assert_allclose(w.grad, [0.2, 0.4])
    np.testing.assert_allclose(other.grad, [-0.2, -0.4])


def test_a_copied_model_shares_nothing():
    student = nn.MLP([2, 3, 1], rng=0)
    teacher = copy.deepcopy(student)
    np.mean(student(np.ones((4, 2))) ** 2).backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(p.grad is not None for p in student.parameters())


def test_a_computed_tensor_is_not_copied_with_its_tape():
    y = leaf(1.0) * 2
    for duplicate in (copy.deepcopy, pickle.dumps):
        with pytest.raises(ag.DetachedError, match=r"t\.detach\(\)"):
            duplicate(y)


def test_a_cotangent_is_matched_by_keys_and_must_have_the_structure():
    _, pullback = ag.vjp(lambda x: {"a": x, "b": 2 * x}, 1.0)
    assert pullback({"b": 1.0, "a": 0.0}) == 2.0
    with pytest.raises(TypeError, match=r"keys \['a', 'b'\]"):
        pullback({"b": 1.0, "z": 0.0})
    _, pullback = ag.vjp(lambda x: (x, x), 1.0)
    with pytest.raises(TypeError, match="a tuple of 2"):
        pullback((1.0,))


def test_a_conversion_to_integers_is_flat():
    x = np.array([1.5, 2.5])
    np.testing.assert_array_equal(ag.grad(lambda x: (x.astype(int) * 0.5).sum())(x), [0, 0])
    gradient = ag.grad(lambda x: (x.astype(np.float32) * 0.5).sum())(x)
    np.testing.assert_array_equal(gradient, [0.5, 0.5])
    assert gradient.dtype == np.float64


def test_complex_numbers_are_refused_where_a_function_is_of_real_ones():
    z = Tensor(np.array([1 + 2j]), requires_grad=True)
    for f in (ag.relu, ag.sigmoid, ag.softmax, ag.log_softmax, ag.logsumexp):
        with pytest.raises(ag.NoRuleError, match="defined for real numbers"):
            f(z)


def test_a_rule_whose_cotangent_has_a_wrong_shape_of_the_same_size_is_refused():
    wrong = ag.ufunc(lambda x: x * 1.0, lambda g, y, x: g.T)
    with pytest.raises(ag.ShapeError, match=r"\(3, 2\) does not fit one of \(2, 3\)"):
        wrong(leaf(np.ones((2, 3)))).sum().backward()


def test_optimizers_take_lists_of_leaves_and_keep_the_dtype():
    w = Tensor(np.ones(2, np.float32), requires_grad=True)
    for wrong in (w, [np.ones(2)], [Tensor(1.0)], [w * 2]):
        with pytest.raises(TypeError, match="leaves that require a gradient"):
            optim.Adam(wrong)
    for optimizer in (optim.SGD([w], np.float64(0.1)), optim.Adam([w], np.float64(0.1))):
        (w * w).sum().backward()
        optimizer.step()
        assert w.dtype == np.float32


def test_accuracy_wants_a_class_for_each_sample():
    with pytest.raises(ag.ShapeError, match=r"shape \(3, 1\) for \(3,\)"):
        ag.accuracy(lambda X: X, np.eye(3), np.zeros((3, 1)))
    assert ag.accuracy(lambda X: X, np.eye(3), np.array([0, 1, 1])) == pytest.approx(2 / 3)


def test_fit_refuses_batches_and_data_that_would_train_nothing():
    model = nn.MLP([2, 2], rng=0)
    data = np.ones((4, 2)), np.zeros(4, int)
    sgd = optim.SGD(model.parameters())
    for size in (-1, 0):
        with pytest.raises(ValueError, match=f"size={size} must be positive"):
            ag.fit(model, nn.cross_entropy, data, optimizer=sgd, batch_size=size)
    with pytest.raises(ValueError, match="0 samples, but 0 labels; there is one of each"):
        ag.fit(model, nn.cross_entropy, (np.ones((0, 2)), np.zeros(0, int)), optimizer=sgd)
    with pytest.raises(ValueError, match=r"4 samples, but 3 labels"):
        ag.fit(model, nn.cross_entropy, (data[0], data[1][:3]), optimizer=sgd)


def test_a_seed_makes_a_model_as_a_generator_does():
    a, b = nn.MLP([2, 2], rng=0), nn.MLP([2, 2], rng=np.random.default_rng(0))
    np.testing.assert_array_equal(a.layers[0].W.data, b.layers[0].W.data)


def test_cross_entropy_of_large_float32_logits_is_exact():
    logits = np.array([[10000.0, 10000.5], [10000.0, 9995.0]], np.float32)
    loss = ag.softmax_cross_entropy(logits, [0, 0])
    expected = np.mean([np.log1p(np.exp(0.5)), np.log1p(np.exp(-5.0))])
    assert loss == pytest.approx(expected, rel=1e-6)
    assert ag.softmax_cross_entropy(logits, np.eye(2)[[0, 0]]).dtype == np.float32


@pytest.mark.parametrize("kind", [int, bool, np.float16, np.float64])
def test_the_loss_has_the_precision_of_the_logits(kind):
    logits = Tensor(np.zeros((2, 4), np.float32), requires_grad=True)
    loss = ag.softmax_cross_entropy(logits, np.eye(4, dtype=kind)[[0, 3]])
    loss.backward()
    assert loss.dtype == logits.grad.dtype == np.float32
    assert loss.item() == pytest.approx(np.log(4))


@pytest.mark.parametrize(("dtype", "n"), [(np.float16, 300), (np.float32, 100_000)])
def test_rounded_labels_of_many_rows_sum_to_one(dtype, n):
    rows = np.random.default_rng(0).dirichlet(np.ones(10), n).astype(dtype)
    assert np.isfinite(ag.softmax_cross_entropy(np.zeros(rows.shape, dtype), rows))
    rows[-1] *= dtype(1.05)
    with pytest.raises(ValueError, match="must sum to one"):
        ag.softmax_cross_entropy(np.zeros(rows.shape, dtype), rows)


def test_a_masked_logit_costs_nothing():
    logits = np.array([[1.0, 2.0, -np.inf]])
    for labels in ([1], np.eye(3)[[1]]):
        value, gradient = ag.value_and_grad(ag.softmax_cross_entropy)(logits, labels)
        assert value == pytest.approx(np.log1p(np.exp(-1.0)))
        assert gradient[0, 2] == 0.0


def test_an_argument_is_not_chosen_twice():
    for argnums in ((0, 0), (0, -1)):
        with pytest.raises(TypeError, match="names an argument twice"):
            ag.grad(lambda x: x * x, argnums)(3.0)
    assert ag.grad(lambda x, y: x * y, [0, 1])(3.0, 2.0) == (2.0, 3.0)


def test_what_comes_in_is_not_handed_out():
    seed = np.ones(2)
    _, pullback = ag.vjp(lambda a, b: a + b, np.ones(2), np.ones(2))
    assert all(c is not seed for c in pullback(seed))
    x = leaf([1.0, 2.0])
    (x * 1).backward(Tensor(seed))
    assert type(x.grad) is np.ndarray


def test_matrices_and_masked_arrays_are_refused():
    x = leaf(np.ones((2, 2)))
    for odd in (np.ma.masked_array(np.ones((2, 2)), [[0, 1], [0, 0]]),):
        with pytest.raises(TypeError, match="must not be a MaskedArray"):
            Tensor(odd)
        with pytest.raises(TypeError, match="an argument of multiply must not be"):
            x * odd


def test_arrays_may_be_given_by_name():
    x = leaf([[1.0, 2.0]])
    assert np.sum(a=x).item() == 3.0
    assert np.sum(a=x, axis=0).shape == (2,)
    assert np.shape(a=x) == (1, 2)
    assert ag.relu(x=x).shape == (1, 2)
    with pytest.raises(TypeError, match=r"takes \d arguments? at most|takes 1 arrays"):
        ag.relu(x, 0, 1, 2)


def test_a_pullback_over_a_released_graph_says_so():
    w = leaf(2.0)
    out, pullback = ag.vjp(lambda x: w * x * x, 3.0)
    out.backward()
    with pytest.raises(ag.GraphFreedError, match="released by an earlier"):
        pullback(1.0)


def test_ops_of_ones_own_may_be_of_many_kinds():
    square = ag.function(lambda x: float(np.sum(x * x)), lambda g, y, x: g * 2 * x)
    assert ag.gradcheck(square, np.array([1.0, -2.0]), order=1)
    added = ag.function(lambda *xs, k=1.0: k * sum(xs), *(2 * (lambda g, y, *xs, k=1.0: g * k,)))
    assert ag.grad(lambda x: added(x, x, k=3.0))(1.0) == 6.0
    pair = ag.function(lambda x: (x, "two"), lambda g, y, x: g)
    with pytest.raises((TypeError, ValueError)):
        pair(leaf(1.0))
    ag.ufunc(np.spacing)
    assert not np.spacing(leaf(1.0)).requires_grad
    with pytest.raises(TypeError, match="Tensor is final"):
        type("Sub", (Tensor,), {})


def test_comparison_with_none_is_that_of_any_object():
    x = leaf(1.0)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711


def test_permutations_come_in_any_container():
    x = leaf(np.ones((2, 3, 4)))
    for order in ((2, 0, 1), [2, 0, 1], np.array([2, 0, 1])):
        assert x.transpose(order).shape == (4, 2, 3)
    assert x.transpose(2, 0, 1).shape == (4, 2, 3)
    assert x.transpose().shape == (4, 3, 2)


def test_float16_survives_a_mean_of_many():
    x = Tensor(np.ones(100_000, np.float16), requires_grad=True)
    np.mean(x).backward()
    assert x.grad.dtype == np.float16
    np.testing.assert_allclose(x.grad.astype(float), 1e-5, rtol=1e-2)


def test_a_constant_tensor_in_gives_a_plain_gradient_out():
    assert not isinstance(ag.grad(lambda x: x * x)(Tensor(3.0)), Tensor)


def test_arrays_of_objects_are_refused():
    with pytest.raises(TypeError, match="must be numbers, not object"):
        leaf(np.ones(3)) * np.array([1, 2, 3], dtype=object)


def test_an_axis_that_is_not_there_is_refused_as_numpy_refuses_it():
    t = leaf(np.ones((2, 3)))
    for call in (
        lambda: np.median(t, axis=2),
        lambda: np.quantile(t, 0.5, axis=-7),
        lambda: np.pad(t, {3: 1}),
        lambda: np.tensordot(t, t, axes=([5], [1])),
    ):
        with pytest.raises((ValueError, IndexError), match="out of bounds"):
            call()


def test_unsigned_indices_and_exponents():
    x = leaf([1.0, 2.0, 3.0])
    x[np.array([0, 2, 2], np.uint8)].sum().backward()
    np.testing.assert_array_equal(x.grad, [1.0, 0.0, 2.0])
    y = leaf([100.0])
    (y ** np.array([0], np.uint8)).sum().backward()
    np.testing.assert_array_equal(y.grad, [0.0])


@pytest.mark.parametrize("shape", [(3, 4), (2, 1, 4), (1, 3, 1), (1,)])
def test_masks_of_any_shape_that_fits(shape):
    mask = np.asarray(np.random.default_rng(0).random(shape) < 0.7)
    mask[..., :1] = True
    x = np.random.default_rng(1).standard_normal((2, 3, 4))
    for f in (np.sum, np.mean, np.var):
        assert ag.gradcheck(lambda x, f=f: f(x, axis=(0, -1), where=mask), x)


def test_reflected_operands_and_odd_pairs_of_shapes():
    assert ag.grad(lambda t: 10 - t)(1.0) == -1.0
    assert ag.grad(lambda t: 2**t)(1.0) == pytest.approx(2 * np.log(2))
    a, b = leaf([2.0]), leaf(3.0)
    (a * b).backward(np.ones(1))
    assert (a.grad.shape, b.grad.shape) == ((1,), ())
    np.testing.assert_array_equal(ag.grad(lambda x: np.std(x))(np.ones(3)), np.zeros(3))
