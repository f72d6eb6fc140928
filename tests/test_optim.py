"""Optimizers, clipping and schedules against PyTorch's recorded numbers; L-BFGS."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from record_pytorch import CLIPS, OPTIMIZERS, SCHEDULES, STEPS, problem

import autograd_lite as ag
from autograd_lite import Tensor, nn, optim

PYTORCH = Path(__file__).with_name("pytorch.npz")


@pytest.fixture(scope="module")
def pytorch():
    with np.load(PYTORCH, allow_pickle=False) as arrays:
        return dict(arrays)


def leaves(dtype=float):
    _, _, W, b = problem()
    return [Tensor(x.astype(dtype), requires_grad=True) for x in (W, b)]


def backward(W, b):
    X, Y = (x.astype(W.dtype) for x in problem()[:2])
    W.grad = b.grad = None
    ((np.tanh(X @ W + b) - Y) ** 2).sum().backward()


def path(optimizer, before_step=lambda: None, schedule=None, steps=STEPS):
    """All parameters after each step, and the learning rates."""
    ps, rates, trace = optimizer.parameters, [], []
    for _ in range(steps):
        backward(*ps)
        before_step()
        rates.append(optimizer.lr)
        optimizer.step()
        if schedule:
            schedule.step()
        trace.append(np.concatenate([p.data.ravel() for p in ps]))
    return np.array(trace), np.array(rates)


def make(name, ps, **settings):
    kind, given = OPTIMIZERS[name]
    return getattr(optim, kind)(ps, **{**given, **settings})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_of_50_steps_is_that_of_pytorch(name, pytorch):
    found, _ = path(make(name, leaves()))
    assert found.shape == (50, 3)
    np.testing.assert_allclose(found, pytorch[name], rtol=0, atol=1e-10)
    assert np.abs(found[-1] - found[0]).max() > 1e-2  # it went somewhere


def sgd(p, g, s, t, lr=1e-3, momentum=0, weight_decay=0, nesterov=False):
    g = g + weight_decay * p
    if momentum:
        s["b"] = momentum * s.get("b", 0) + g
        g = g + momentum * s["b"] if nesterov else s["b"]
    return p - lr * g


def adam(p, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
    g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g**2
    m, v = s["m"] / (1 - betas[0] ** t), s["v"] / (1 - betas[1] ** t)
    return p - lr * m / (np.sqrt(v) + eps)


def adamw(p, g, s, t, lr=1e-3, weight_decay=1e-2, **settings):
    return adam(p - lr * weight_decay * p, g, s, t, lr=lr, **settings)


def rmsprop(p, g, s, t, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0):
    g = g + weight_decay * p
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g**2
    s["b"] = momentum * s.get("b", 0) + g / (np.sqrt(s["v"]) + eps)
    return p - lr * s["b"]


ALGORITHMS = {"SGD": sgd, "Adam": adam, "AdamW": adamw, "RMSprop": rmsprop}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_algorithms_as_pytorch_documents_them_go_there_too(name, pytorch):
    kind, settings = OPTIMIZERS[name]
    X, Y, W, b = problem()
    memory = {}, {}
    for t in range(1, STEPS + 1):
        A = np.tanh(X @ W + b)
        dZ = 2 * (A - Y) * (1 - A**2)
        W = ALGORITHMS[kind](W, X.T @ dZ, memory[0], t, **settings)
        b = ALGORITHMS[kind](b, dZ.sum(axis=0), memory[1], t, **settings)
        found = np.concatenate([W.ravel(), b])
        np.testing.assert_allclose(found, pytorch[name][t - 1], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", CLIPS)
def test_clipped_steps_are_those_of_pytorch(name, pytorch):
    ps = leaves()

    def clip():
        if name == "value":
            optim.clip_grad_value_(ps, CLIPS[name])
            return
        before = np.concatenate([p.grad.ravel() for p in ps])
        found = optim.clip_grad_norm_(ps, CLIPS[name])
        assert found == pytest.approx(np.linalg.norm(before), rel=1e-14)

    found, _ = path(optim.SGD(ps, lr=0.1), clip)
    np.testing.assert_allclose(found, pytorch[f"clip_{name}"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", SCHEDULES)
def test_scheduled_rates_and_steps_are_those_of_pytorch(name, pytorch):
    ps = leaves()
    optimizer = optim.SGD(ps, lr=0.1, momentum=0.5)
    kind, settings, warm_up = SCHEDULES[name]
    schedule = getattr(optim, kind)(optimizer, **settings, warm_up=warm_up)
    found, rates = path(optimizer, schedule=schedule)
    np.testing.assert_allclose(rates, pytorch[f"{name}_lr"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(found, pytorch[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_goes_on_from_its_state_to_the_bit(name):
    whole, _ = path(make(name, leaves()), steps=12)
    first = make(name, leaves())
    path(first, steps=5)
    state = first.state_dict()
    ps = leaves()
    for p, q in zip(ps, first.parameters, strict=True):
        p.data = q.data.copy()
    path(first, steps=3)  # the state is a copy
    for _ in range(2):  # what is loaded is a copy, too
        second = make(name, ps, lr=9.0)
        second.load_state_dict(state)
        before = [p.data for p in ps]
        path(second, steps=2)
        for p, data in zip(ps, before, strict=True):
            p.data = data
    second.load_state_dict(state)
    rest, rates = path(second, steps=7)
    np.testing.assert_array_equal(rest, whole[5:])
    assert rates[0] == make(name, leaves()).lr


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_stays_float32_and_data_are_replaced(name):
    ps = leaves(np.float32)
    before = [p.data for p in ps]
    copies = [x.copy() for x in before]
    path(make(name, ps), steps=3)
    assert {p.dtype for p in ps} == {np.dtype(np.float32)}
    for x, copy in zip(before, copies, strict=True):
        np.testing.assert_array_equal(x, copy)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_may_be_written_into_after_the_step(name):
    ps = leaves()
    optimizer = make(name, ps)
    backward(*ps)
    optimizer.step()
    before = str(optimizer.state_dict())
    for p in ps:
        p.grad[...] = 7.0
    assert str(optimizer.state_dict()) == before


def test_an_optimizer_of_ones_own_has_its_settings_as_fields():
    @dataclass(eq=False)
    class Lion(optim.Optimizer):
        beta: float = 0.9
        weight_decay: float = 0.1
        decoupled_weight_decay = True

        def direction(self, i, g):
            m = self.state[i]["m"] = self.beta * self.state[i].get("m", 0.0) + (1 - self.beta) * g
            return np.sign(m)

    w = Tensor(np.float32([1.0, -2.0]), requires_grad=True)
    lion = Lion([w], lr=0.5, beta=np.float64(0.5))
    w.grad = np.float32([3.0, 4.0])
    lion.step()
    np.testing.assert_allclose(w.data, [1 - 0.5 * (1 + 0.1), -2 - 0.5 * (1 - 0.2)], rtol=1e-6)
    assert w.dtype == np.float32
    assert repr(lion).endswith("Lion(lr=0.5, beta=0.5, weight_decay=0.1)")
    other = Lion([Tensor([0.0, 0.0], requires_grad=True)])
    other.load_state_dict(lion.state_dict())
    assert (other.lr, other.beta) == (0.5, 0.5)
    with pytest.raises(ValueError, match="Lion: beta must be 0 or more, not -1"):
        Lion([w], beta=-1)


def test_a_state_of_something_else_is_refused_and_changes_nothing():
    adam = optim.Adam(leaves())
    path(adam, steps=2)
    before = adam.state_dict()
    with pytest.raises(ValueError, match="Adam has no momentum, nesterov"):
        adam.load_state_dict(optim.SGD(leaves()).state_dict())
    with pytest.raises(ValueError, match="1 parameters for 2"):
        adam.load_state_dict(optim.Adam(leaves()[:1]).state_dict())
    other = optim.Adam(leaves()[::-1])
    backward(*other.parameters[::-1])
    other.step()
    with pytest.raises(ag.ShapeError, match=r"\(1,\) for \(2, 1\), parameter 0"):
        adam.load_state_dict(other.state_dict())
    foreign = {**adam.state_dict(), "settings": {"lr": 1.0, "step": 2}}
    with pytest.raises(ValueError, match="Adam has no step"):
        adam.load_state_dict(foreign)
    assert str(adam.state_dict()) == str(before)


W = Tensor(1.0, requires_grad=True)


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda: optim.SGD([W], lr=0), ValueError, "lr must be positive, not 0"),
        (lambda: optim.SGD([W], lr=np.inf), ValueError, "lr must be 0 or more, not inf"),
        (lambda: optim.SGD([W], momentum=-1), ValueError, "momentum must be 0 or more, not -1"),
        (
            lambda: optim.Adam([W], betas=(1.0, 2.0)),
            ValueError,
            "betas must be 0 or more and below",
        ),
        (lambda: optim.RMSprop([W], alpha=1.0), ValueError, "alpha must be 0 or more and below 1"),
        (lambda: optim.Adam([W], eps=np.nan), ValueError, "eps must be 0 or more, not nan"),
        (lambda: optim.AdamW([W], weight_decay=-1), ValueError, "weight_decay must be 0 or"),
        (lambda: optim.RMSprop([W, W]), ValueError, "a parameter twice"),
        (
            lambda: optim.SGD([Tensor(1j, requires_grad=True)]),
            TypeError,
            "moves real leaves",
        ),
        (lambda: optim.clip_grad_norm_([W], 0), ValueError, "max_norm must be positive, not 0"),
        (lambda: optim.clip_grad_value_([W], -1), ValueError, "clip_value must be positive"),
        (lambda: optim.Optimizer([W], 1).direction(0, 1), NotImplementedError, "no direction"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, kind, text):
    with pytest.raises(kind, match=text):
        make()


def test_a_second_schedule_begins_where_the_first_did():
    sgd = optim.SGD([W], 0.1)
    for _ in range(2):
        schedule = optim.CosineAnnealingLR(sgd, 3)
        assert sgd.lr == 0.1
        for _ in range(3):
            schedule.step()
        assert sgd.lr == 0.0


def test_an_adam_goes_on_as_the_adamw_whose_state_it_was_given():
    (a, b), settings = (leaves(), leaves()), {"lr": 0.02, "weight_decay": 0.2}
    adam, adamw = optim.Adam(a), optim.AdamW(b, **settings)
    adam.load_state_dict(adamw.state_dict())
    np.testing.assert_array_equal(path(adam)[0], path(adamw)[0])


def test_a_norm_that_is_not_finite_is_never_hidden():
    w = Tensor([1.0, 2.0], requires_grad=True)
    assert optim.clip_grad_norm_(w, 1.0) == 0.0  # no gradient yet
    for bad, other in ((np.inf, 0.0), (np.nan, np.nan)):
        w.grad = np.array([bad, 1.0])
        with np.errstate(invalid="ignore"):
            norm = optim.clip_grad_norm_([w], 1.0)
        np.testing.assert_equal(norm, bad)
        np.testing.assert_array_equal(w.grad, [np.nan, other])


def test_a_schedule_goes_on_from_its_state():
    optimizer = optim.SGD([W], lr=0.1)
    schedule = optim.CosineAnnealingLR(optimizer, 10, warm_up=2)
    for _ in range(4):
        schedule.step()
    state, of_optimizer = json.loads(json.dumps(schedule.state_dict())), optimizer.state_dict()
    expected = []
    for _ in range(3):
        schedule.step()
        expected.append(optimizer.lr)
    other = optim.SGD([W], lr=0.1)
    again = optim.CosineAnnealingLR(other, 10, warm_up=2)
    other.load_state_dict(of_optimizer)
    again.load_state_dict(state)
    found = []
    for _ in range(3):
        again.step()
        found.append(other.lr)
    assert found == expected


def valley(p):
    x, (y,) = p["x"], p["rest"]
    return np.sum((1 - x) ** 2 + 100 * (y - x**2) ** 2)


START = {"x": np.full((2, 3), -1.2), "rest": [np.ones(3, np.float32)]}


@pytest.mark.parametrize("way", ["tape", "value_and_grad", "derived"])
def test_minimize_finds_the_bottom_of_a_valley_in_a_nested_structure(way):
    pytest.importorskip("scipy")
    f = {
        "tape": valley,
        "value_and_grad": ag.value_and_grad(valley),
        "derived": ag.derive(valley, START),
    }[way]
    found = optim.minimize(f, START, jac=way != "tape", tol=1e-12)
    assert found.success
    assert found.fun < 1e-9
    assert (found.x["x"].shape, found.x["x"].dtype) == ((2, 3), np.float64)
    assert found.x["rest"][0].dtype == np.float32
    np.testing.assert_allclose(found.x["x"], 1, atol=1e-4)
    assert START["x"][0, 0] == -1.2


def test_minimize_fits_a_model_better_than_steps_do():
    pytest.importorskip("scipy")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = (X @ [1.0, -2.0, 0.5] + 0.3 * rng.standard_normal(40) > 0).astype(int)
    model = nn.Linear(3, 2, rng=0)
    ridge = 1e-2

    def loss(parameters):
        penalty = ridge * (np.sum(parameters["W"] ** 2) + np.sum(parameters["b"] ** 2))
        return nn.cross_entropy(nn.functional_call(model, parameters, X), y) + penalty

    start = dict(model.named_parameters())
    found = optim.minimize(loss, start, tol=1e-12, options={"maxiter": 200})
    assert found.success
    for g in ag.grad(loss)(found.x).values():
        np.testing.assert_allclose(g, 0, atol=1e-5)
    model.load_state_dict(found.x)
    assert ag.accuracy(model, X, y) > 0.9


def test_minimize_says_what_it_cannot_do(monkeypatch):
    pytest.importorskip("scipy")
    with pytest.raises(TypeError, match=r"not int64; write x\.astype\(float\)"):
        optim.minimize(valley, {"x": np.arange(3)})
    assert not optim.minimize(lambda x: np.sum(x) * np.inf, np.ones(2)).success
    with pytest.raises(TypeError, match="the gradient must be a dict with the keys"):
        optim.minimize(lambda p: (1.0, p["x"]), {"x": np.ones(3)}, jac=True)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[scipy\]'"):
        optim.minimize(valley, START)
