"""Bad input gets an error that says what, where, and what to write instead."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor


@pytest.fixture
def x():
    return Tensor(np.ones((2, 3)), requires_grad=True)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x: x @ np.ones((2, 3)), ag.ShapeError, r"matmul of shapes \(2, 3\) and \(2, 3\)"),
        (lambda x: x + np.ones((2, 2)), ag.ShapeError, r"add of shapes \(2, 3\) and \(2, 2\)"),
        (lambda x: x.reshape(4), ag.ShapeError, r"reshape of shapes \(2, 3\)"),
        (lambda x: np.concatenate([x, x[:, :1]]), ag.ShapeError, r"concatenate of shapes \(2, 3\)"),
        (lambda x: x.backward(), RuntimeError, r"shape \(2, 3\) needs a cotangent.*y\.sum\(\)"),
        (lambda x: x.backward(np.ones(3)), ag.ShapeError, r"has shape \(3,\).*belongs to \(2, 3\)"),
        (lambda x: x.detach().backward(), RuntimeError, "requires no gradient"),
        (lambda x: Tensor([1, 2], requires_grad=True), TypeError, "not int64.*dtype=float"),
        (lambda x: Tensor(["a"]), TypeError, "data of a Tensor must be numbers"),
        (lambda x: Tensor(x), TypeError, r"x\.detach\(\)"),
        (
            lambda x: np.linalg.cond(x),
            ag.NoRuleError,
            r"np\.linalg\.cond .*ag\.function\(np\.linalg\.cond",
        ),
        (lambda x: np.nextafter(x, x), ag.NoRuleError, r"ag\.ufunc\(np\.nextafter"),
        (lambda x: np.add.reduce(x), ag.NoRuleError, r"np\.add\.reduce"),
        (
            lambda x: np.exp(x, where=x.data > 0),
            ag.NoRuleError,
            r"exp: the keyword where=<array of shape \(2, 3\)>",
        ),
        (lambda x: np.exp(x, dtype=np.float32), ag.NoRuleError, "exp: the keyword dtype"),
        (lambda x: ag.relu(x, slope=1), ag.NoRuleError, "relu: the keyword slope=1.*at_zero"),
        (lambda x: ag.relu(x, at_zero=2), ValueError, "0 or 1, not 2"),
        (
            lambda x: x.sum(axis=Tensor(0)),
            ag.NoRuleError,
            "sum: the keyword axis was given a Tensor",
        ),
        (lambda x: bool(x > 0), ValueError, "ambiguous"),
        (lambda x: np.asarray(x), ag.DetachedError, r"derivative would be lost; write t\.data"),
        (lambda x: np.array([x, x]), ag.DetachedError, "plain array"),
        (lambda x: float(x.sum()), ag.DetachedError, r"t\.item\(\)"),
        (lambda x: np.add(x, 1, out=np.ones((2, 3))), ag.DetachedError, r"a = a \+ t"),
        (lambda x: x + "a", TypeError, "an argument of add must be numbers, not <U1"),
        (lambda x: ag.grad(lambda a: a * 1.0)(3), TypeError, r"not int64; write .* 3\.0 for 3"),
        (lambda x: ag.grad(lambda a: a)(np.ones(2)), RuntimeError, r"shape \(2,\).*ag\.jacobian"),
        (lambda x: ag.grad(lambda a: None)(1.0), TypeError, "not None; end it with `return"),
        (lambda x: ag.derive(lambda a: a * a, 2.0), TypeError, r"write np\.array\(2\.0\)"),
        (lambda x: np.ones(3).clip(x, 4), ag.NoRuleError, r"np\.clip has no derivative rule"),
        (lambda x: np.array([x[0, 0], 2.0]), ag.DetachedError, r"ag\.array\(\[\.\.\.\]\)"),
        (lambda x: ag.grad(lambda a: a > 0)(1.0), TypeError, "floating-point number, not bool"),
        (lambda x: ag.grad(lambda a: a, 1)(1.0), TypeError, "argnums=1, but there are 1"),
        (lambda x: ag.vjp(np.tanh, np.ones(2))[1](np.ones(3)), ag.ShapeError, r"shape \(3,\)"),
        (lambda x: ag.nn.MLP([3, 2], activation="relo"), ValueError, "'relo' is none of"),
        (lambda x: ag.optim.SGD([x], lr=-1), ValueError, "must be positive, not -1"),
        (lambda x: ag.optim.Adam([]), ValueError, "no parameters"),
    ],
)
def test_the_message_names_the_operation_and_the_way_out(x, call, kind, text):
    with pytest.raises(kind, match=text):
        call(x)


@pytest.mark.parametrize(
    ("labels", "kind", "text"),
    [
        ([1, 3], ValueError, r"class 3 is outside 0 \.\.\. 2"),
        ([-1, 0], ValueError, r"class -1 is outside"),
        ([1.0, 2.0], TypeError, r"integers, not float64; write labels\.astype\(int\)"),
        ([1, 2, 0], ag.ShapeError, r"labels of shape \(3,\) do not fit logits of shape \(2, 3\)"),
        (np.ones((2, 3)), ValueError, "must sum to one"),
        (np.full((2, 3), np.nan), ValueError, "must sum to one"),
        (Tensor(np.eye(3)[:2], requires_grad=True), TypeError, "no derivative flows to the labels"),
    ],
)
def test_wrong_labels_are_refused(x, labels, kind, text):
    with pytest.raises(kind, match=text):
        ag.softmax_cross_entropy(x, labels)


@pytest.mark.parametrize(
    ("W", "b", "text"),
    [
        (np.ones((3, 2)), 0.5, r"linear: b of shape \(\) does not fit W of shape \(3, 2\)"),
        (0.5, np.ones(2), r"linear: W of shape \(\) does not fit rows of shape \(2, 3\)"),
        (0.5, None, r"linear: W of shape \(\) does not fit rows of shape \(2, 3\)"),
    ],
)
def test_a_layer_of_numbers_is_refused(x, W, b, text):
    with pytest.raises(ag.ShapeError, match=text):
        ag.linear(x, W, b)


def test_a_generator_is_not_decorated(x):
    def batches():
        yield x * x

    async def later():
        return x * x

    for f in batches, later:
        with pytest.raises(TypeError, match=f"{f.__name__} is run after .* write a `with` block"):
            ag.no_grad()(f)


def test_a_second_backward_says_how_to_keep_the_graph(x):
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(ag.GraphFreedError, match=r"backward\(retain_graph=True\)"):
        loss.backward()
    np.testing.assert_array_equal(x.grad, 2 * np.ones((2, 3)))


def test_writing_a_tensor_into_an_array_is_refused(x):
    z = np.zeros(3)
    with pytest.raises(ValueError, match="sequence") as caught:
        z[0] = x[0, 0]
    assert "derivative" in str(caught.value.__cause__)
    with pytest.raises(ag.DetachedError, match=r"write a = a \+ t"):
        z += x[0]
    np.testing.assert_array_equal(z, np.zeros(3))


def test_float_of_a_loss_is_allowed_after_backward(x):
    loss = x.sum()
    loss.backward()
    assert float(loss) == 6.0


def test_a_failing_rule_says_whose_it_was_and_leaves_no_gradient(x):
    broken = ag.function(lambda a: a * 1.0, lambda g, y, a: g @ np.ones(17))
    w = Tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="matmul") as caught:
        (w * broken(x).sum()).backward()
    assert "cotangent of shape (2, 3) for an argument of <lambda>" in caught.value.__notes__[0]
    assert x.grad is None
    assert w.grad is None


def test_debugging_names_the_line_that_recorded_the_op(x):
    broken = ag.function(lambda a: a * 1.0, lambda g, y, a: g @ np.ones(17))
    with ag.debug():
        y = broken(x)
        z = np.tanh(y)
    assert y.line.startswith(__file__)
    with pytest.raises(ValueError, match="matmul") as caught:
        z.sum().backward()
    assert f"recorded at {y.line}" in caught.value.__notes__[0]
    assert (x * 2).line is None


def test_a_rule_of_the_wrong_shape_is_refused(x):
    broken = ag.function(lambda a: a.sum(), lambda g, y, a: g)
    with pytest.raises(ag.ShapeError, match=r"returned a cotangent of shape \(\) .* \(2, 3\)"):
        broken(x).backward()


def test_a_complex_value_needs_a_cotangent(x):
    with pytest.raises(RuntimeError, match=r"holomorphic=True"):
        (x * 1j).sum().backward()


def test_changing_a_leaf_under_a_second_derivative_is_refused():
    w = Tensor(2.0, requires_grad=True)

    def f(x):
        y = w * x
        w.data = np.array(5.0)
        return y

    with pytest.raises(RuntimeError, match="was given new data after multiply used it"):
        ag.grad(f)(1.0)


def test_an_uncovered_keyword_at_its_default_is_let_through(x):
    assert np.sum(x, axis=0, dtype=None, out=None).shape == (3,)
    assert x.sum(axis=None).shape == ()


def test_nan_in_the_training_data_is_refused():
    model = ag.nn.MLP([2, 2])
    X, y = np.ones((4, 2)), np.zeros(4, int)
    X[2, 1] = np.nan
    optimizer = ag.optim.SGD(model.parameters())
    with pytest.raises(ValueError, match=r"samples hold 1 values that are NaN.*\(2, 1\)"):
        ag.fit(model, ag.nn.cross_entropy, (X, y), optimizer=optimizer)
    with pytest.raises(ValueError, match="4 samples, but 3 labels"):
        ag.fit(model, ag.nn.cross_entropy, (X, y[:3]), optimizer=optimizer)
    with pytest.raises(ValueError, match="0 samples, but 0 labels; there is one"):
        ag.fit(model, ag.nn.cross_entropy, (X[:0], y[:0]), optimizer=optimizer)


def test_a_diverging_training_stops_with_the_epoch():
    model = ag.nn.MLP([2, 8, 2], rng=np.random.default_rng(0))
    X = np.random.default_rng(0).standard_normal((64, 2)) * 1e150
    y = np.zeros(64, int)
    with pytest.raises(FloatingPointError, match="in epoch 1"), np.errstate(all="ignore"):
        ag.fit(
            model, ag.nn.cross_entropy, (X, y), optimizer=ag.optim.SGD(model.parameters(), 1e200)
        )
