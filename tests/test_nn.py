"""Models, optimizers, training and data."""

import io
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, nn, optim


def test_an_mlp_has_parameters_by_name():
    model = nn.MLP([4, 3, 2], rng=np.random.default_rng(0))
    assert [name for name, _ in model.named_parameters()] == [
        "layers.0.W",
        "layers.0.b",
        "layers.2.W",
        "layers.2.b",
    ]
    assert [p.name for p in model.parameters()] == ["W1", "b1", "W2", "b2"]
    assert [p.shape for p in model.parameters()] == [(4, 3), (3,), (3, 2), (2,)]


def test_a_shared_parameter_is_listed_once():
    class Tied(nn.Module):
        def __init__(self):
            self.a = self.b = Tensor(1.0, requires_grad=True)
            self.more = {"list": [Tensor(2.0, requires_grad=True), Tensor(3.0)]}

    assert [p.item() for p in Tied().parameters()] == [1.0, 2.0]
    assert [name for name, _ in Tied().named_parameters()] == ["a", "more.list.0"]
    assert list(Tied().state_dict()) == ["a", "more.list.0", "more.list.1"]


def test_a_shared_parameter_is_replaced_wherever_it_is():
    class Pair(NamedTuple):
        left: Any
        right: Any

    class Tied(nn.Module):
        def __init__(self):
            w = Tensor(2.0, requires_grad=True)
            self.a, self.parts, self.pair = w, {"list": [w, (w,)]}, Pair(w, 1)

        def forward(self, x):
            (b, (c,)), (d, _) = self.parts["list"], self.pair
            return self.a * b * c * d * x

    found = Tied()
    parts, pair = found.parts, found.pair
    assert [name for name, _ in found.named_parameters()] == ["a"]
    for f in (ag.grad, lambda f: lambda p: ag.derive(f, p)(p)[1]):
        gradient = f(lambda p: nn.functional_call(found, p, 1.0))({"a": np.array(5.0)})
        assert gradient["a"] == 4 * 5**3
    assert found.parts is parts
    assert found.pair is pair
    assert found.a is parts["list"][0] is parts["list"][1][0] is pair.left


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Module has no forward\(self, x\)"):
        nn.Module()(1)


def test_weights_have_the_variance_of_their_fan_in():
    layer = nn.Linear(400, 300, rng=np.random.default_rng(0))
    assert layer.W.data.var() == pytest.approx(1 / 400, rel=0.02)
    assert not layer.b.data.any()


def test_the_seed_decides_the_weights():
    a, b = (nn.MLP([5, 4, 3], rng=np.random.default_rng(7)) for _ in range(2))
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_state_goes_from_one_model_to_another_and_is_a_copy():
    a, b = nn.MLP([3, 2]), nn.MLP([3, 2], dtype=np.float32)
    state = a.state_dict()
    b.load_state_dict(state)
    state["layers.0.W"] *= 0
    np.testing.assert_allclose(b.layers[0].W.data, a.layers[0].W.data, rtol=1e-6)
    assert b.layers[0].W.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda s: s.pop("layers.0.b"), KeyError, "load_state_dict: missing layers.0.b'$"),
        (lambda s: s.update(b=1, a=2), KeyError, "load_state_dict: unexpected a, b'$"),
        (lambda s: s.update({"layers.0.W": np.ones(3)}), ag.ShapeError, r"layers.0.W \(3,\) for"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, kind, text):
    model = nn.MLP([3, 2], rng=np.random.default_rng(0))
    before = model.state_dict()
    state = {name: value + 1 for name, value in before.items()}
    change(state)
    with pytest.raises(kind, match=text):
        model.load_state_dict(state)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("activation", list(nn.ACTIVATIONS))
def test_the_gradients_of_a_model_agree_with_differences(activation):
    model = nn.MLP([3, 4, 2], activation, rng=np.random.default_rng(0))
    X, y = np.random.default_rng(1).standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])

    def loss(*values):
        h = X
        for i in range(0, len(values), 2):
            h = h @ values[i] + values[i + 1]
            h = nn.ACTIVATIONS[activation](h) if i == 0 else h
        return nn.cross_entropy(h, y)

    assert ag.gradcheck(loss, *(p.data for p in model.parameters()))
    nn.cross_entropy(model(X), y).backward()
    expected = ag.grad(loss, (0, 1, 2, 3))(*(p.data for p in model.parameters()))
    for p, g in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.grad, g, rtol=1e-13, atol=1e-15)


def test_sgd_with_momentum_follows_its_recurrence():
    p = Tensor(1.0, requires_grad=True)
    sgd = optim.SGD([p], lr=0.1, momentum=0.9)
    expected, v = 1.0, 0.0
    for _ in range(5):
        sgd.zero_grad()
        (p * p).backward()
        sgd.step()
        v = 0.9 * v + 2 * expected
        expected -= 0.1 * v
        assert p.item() == pytest.approx(expected, rel=1e-14)


def test_the_first_step_of_adam_has_the_length_of_the_learning_rate():
    p = Tensor([3.0, -0.001], requires_grad=True)
    adam = optim.Adam([p], lr=0.01)
    (p * p).sum().backward()
    adam.step()
    np.testing.assert_allclose(p.data, [3.0 - 0.01, -0.001 + 0.01], rtol=1e-4)


def test_adam_finds_the_bottom_of_a_valley():
    p = Tensor([-1.0, 2.0], requires_grad=True)
    adam = optim.Adam([p], lr=0.05)
    for _ in range(1500):
        adam.zero_grad()
        ((1 - p[0]) ** 2 + 20 * (p[1] - p[0] ** 2) ** 2).backward()
        adam.step()
    np.testing.assert_allclose(p.data, [1.0, 1.0], atol=1e-2)


def test_a_parameter_without_gradient_stays():
    p = Tensor(1.0, requires_grad=True)
    optim.SGD([p], lr=1.0).step()
    assert p.item() == 1.0


def test_the_digits_are_split_evenly_and_always_the_same():
    X, y, X_test, y_test = ag.data.digits()
    assert (X.shape, X_test.shape) == ((1442, 64), (355, 64))
    assert len(X) + len(X_test) == 1797
    assert X.min() == 0.0
    assert X.max() == 1.0
    share = np.bincount(y_test) / np.bincount(np.concatenate([y, y_test]))
    assert share.min() > 0.19
    assert share.max() <= 0.2
    assert X.sum() == ag.data.digits()[0].sum()


def train(seed):
    X, y, X_test, y_test = ag.data.digits()
    rng = np.random.default_rng(seed)
    model = nn.MLP([64, 32, 10], rng=rng)
    sgd = optim.SGD(model.parameters(), lr=0.3)
    history = ag.fit(
        model, nn.cross_entropy, (X, y), optimizer=sgd, valid=(X_test, y_test), epochs=5, rng=rng
    )
    return model, history


def test_training_learns_the_digits_the_same_way_from_the_same_seed():
    model, history = train(0)
    again, _ = train(0)
    assert history.accuracy[-1] > 0.93
    assert history.loss[-1] < history.loss[0] / 5
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_training_is_quiet_unless_a_terminal_watches(capsys, monkeypatch):
    train(0)
    assert capsys.readouterr() == ("", "")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    train(0)
    assert "training" in terminal.getvalue()
    monkeypatch.setitem(sys.modules, "tqdm", None)
    train(0)
    assert "pip install 'autograd-lite[progress]'" in terminal.getvalue()


def test_extreme_logits_give_finite_losses_and_gradients():
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]])
    for labels in ([1, 0], np.eye(3)[[1, 0]]):
        value, gradient = ag.value_and_grad(ag.softmax_cross_entropy)(logits, labels)
        assert value == 2e4 + np.log(2) / 2
        np.testing.assert_allclose(gradient, [[0.5, -0.5, 0], [-0.5, 0.25, 0.25]])
    for f in (ag.softmax, ag.log_softmax, ag.logsumexp, ag.sigmoid):
        x = Tensor(logits, requires_grad=True)
        y = f(x)
        y.sum().backward()
        assert np.isfinite(y.data).all()
        assert np.isfinite(x.grad).all()


FAMILIES = {
    "normal": (0.4, lambda theta: theta),
    "bernoulli": (0.4, lambda theta: 1 / (1 + np.exp(-theta))),
    "poisson": (0.4, np.exp),
    "gamma": (-0.6, lambda theta: -1 / theta),
    "inverse_gaussian": (-0.6, lambda theta: 1 / np.sqrt(-2 * theta)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_of_a_generalized_linear_model_is_its_error(family):
    theta, mean = FAMILIES[family]
    theta = theta * np.linspace(1, 2, 6).reshape(3, 2)
    y = np.arange(1.0, 7).reshape(3, 2) / 6
    d = 1 if family in ("bernoulli", "poisson") else 0.5
    found = ag.grad(nn.glm_nll(family, dispersion=d))(theta, y)
    np.testing.assert_allclose(found, (mean(theta) - y) / d / 6, rtol=1e-12)


def test_multinoulli_is_the_cross_entropy_and_bernoulli_the_logistic_loss():
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((5, 3)), np.eye(3)[rng.integers(3, size=5)]
    both = nn.glm_nll("multinoulli")(logits, labels), nn.cross_entropy(logits, labels)
    np.testing.assert_allclose(*both, rtol=1e-14)
    both = nn.glm_nll("bernoulli")(logits, labels), ag.sigmoid_cross_entropy(logits, labels)
    np.testing.assert_allclose(*both, rtol=1e-14)


def test_the_loss_of_a_generalized_linear_model_refuses_what_it_cannot_mean():
    with pytest.raises(ValueError, match="family 'gaussian' is none of normal, bernoulli"):
        nn.glm_nll("gaussian")
    with pytest.raises(ValueError, match="dispersion must be positive, not 0"):
        nn.glm_nll("normal", dispersion=0)
    with pytest.raises(ag.ShapeError, match=r"targets of shape \(3,\) for .* of shape \(3, 1\)"):
        nn.glm_nll("poisson")(np.ones((3, 1)), np.ones(3))
    with pytest.raises(ValueError, match=r"gamma is negative, and the largest given is 0\.5"):
        nn.glm_nll("gamma")(Tensor([-1.0, 0.5]), np.ones(2))


@pytest.mark.parametrize("family", ["bernoulli", "poisson", "multinoulli"])
def test_counts_have_no_dispersion(family):
    nn.glm_nll(family, dispersion=1)
    with pytest.raises(ValueError, match=f"dispersion of {family} is 1, not 2; only normal, gamma"):
        nn.glm_nll(family, dispersion=2)


@pytest.mark.parametrize(
    ("family", "right", "wrong", "text"),
    [
        ("normal", [-3.0, 0.0], None, None),
        ("bernoulli", [0.0, 0.3, 1.0], [1.5, -1.0], r"are from 0 to 1, not -1\.0, 1\.5"),
        ("bernoulli", [True, False], [0, 1, 2], "are from 0 to 1, not 2"),
        ("multinoulli", [0, 1], [2, 0, -1], "are from 0 to 1, not -1, 2"),
        ("poisson", [0, 7], [3, -2], "poisson are 0 or more, not -2"),
        ("gamma", [0.1, 5.0], [0.0, 1.0], r"gamma are positive, not 0\.0"),
        ("gamma", [1.0], [np.nan], "positive, not nan"),
        ("inverse_gaussian", [1], [0, -1, -2, -3], r"are positive, not -3, -2, -1, \.\.\."),
    ],
)
def test_targets_are_in_the_support_of_their_family(family, right, wrong, text):
    loss = nn.glm_nll(family)
    assert np.isfinite(loss(-np.ones(len(right)), np.array(right)))
    if wrong:
        for y in np.array(wrong), Tensor(wrong):
            with pytest.raises(ValueError, match=text):
                loss(Tensor(-np.ones(len(wrong))), y)


def test_penalties_have_the_derivatives_of_the_paper():
    W = [np.array([[1.0, -2.0]]), np.array([3.0])]
    l1 = ag.grad(lambda W: nn.l1_penalty(W, 0.1))(W)
    np.testing.assert_allclose(np.concatenate([l1[0][0], l1[1]]), [0.1, -0.1, 0.1])
    l2 = ag.grad(lambda W: nn.l2_penalty(W, 0.1))(W)
    np.testing.assert_allclose(np.concatenate([l2[0][0], l2[1]]), [0.2, -0.4, 0.6])


def test_a_row_of_the_weights_is_the_bias_of_augmented_rows():
    rng = np.random.default_rng(0)
    x, W, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    np.testing.assert_allclose(nn.augment(x) @ np.vstack([W, b]), x @ W + b, rtol=1e-14)
    assert nn.augment(x.astype(np.float32)).dtype == np.float32
    with pytest.raises(ag.ShapeError, match="a single number is no row"):
        nn.augment(1.0)
