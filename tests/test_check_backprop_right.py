"""The referee never blames right code, and names what the papers print wrong."""

from functools import partial

import numpy as np
import pytest
from hand_written import ACTIVATIONS, EXAMPLES, NO_SUM, Network, check, names, sigmoid, softmax
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.audit.networks import NETWORKS as PAPERS
from autograd_lite.audit.networks import arranged, loss_on_tape
from autograd_lite.closed_form import menon, park, rao
from autograd_lite.closed_form._functions import categorical_cross_entropy
from autograd_lite.referee.check import check_backprop

# Right programs.


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_right_programs_are_not_blamed(dtype):
    for k, net in enumerate(EXAMPLES):
        fields = net.hidden, net.activation, net.head, net.columns, net.l2, net.samples
        report = check(Network(*fields, seed=k, dtype=dtype))
        assert report, str(report)
        assert max(row.error for row in report.rows) < (1e-10 if dtype == np.float64 else 1e-3)


def of_a_paper(paper, hidden, head, samples=9, silent_unit=False, seed=0):
    """The gradients of a paper's formulas, the loss and the parameters."""
    rng = np.random.default_rng(seed)
    W = [rng.normal(0.2, 0.5, s) for s in ((5, 7), (7, 4), (4, 3))]
    b = [rng.normal(0.2, 0.3, s) for s in (7, 4, 3)]
    if silent_unit:
        W[0][:, 2] = b[0][2] = 0
    X = rng.normal(size=(samples, 5))
    one_hot = np.eye(3)[rng.integers(3, size=samples)]
    yes_or_no = rng.integers(2, size=(samples, 3)) * 1.0
    Y = {"softmax": one_hot, "sigmoid": yes_or_no}.get(head, rng.normal(size=(samples, 3)))
    *parameters, X, Y = arranged(paper, W, b, X, Y)
    network = PAPERS[paper]

    def gradients(*parameters):
        return network.formulas.gradients(*parameters, X, Y, hidden=hidden, head=head)[1:]

    return gradients, loss_on_tape(paper, X, Y, hidden, head), parameters


COVERED = [
    (paper, hidden, head)
    for paper, network in PAPERS.items()
    for hidden in network.formulas.HIDDEN
    for head in network.formulas.HEADS
]


@pytest.mark.parametrize("samples", [1, 9])
@pytest.mark.parametrize(("paper", "hidden", "head"), COVERED)
def test_the_formulas_of_the_papers_are_not_blamed(paper, hidden, head, samples):
    for silent_unit in (False, True):
        gradients, loss, parameters = of_a_paper(paper, hidden, head, samples, silent_unit)
        report = check_backprop(gradients, loss, *parameters)
        assert report, str(report)


@settings(max_examples=40)
@given(
    hidden=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    activation=st.sampled_from(list(ACTIVATIONS)),
    head=st.sampled_from(["squared", "softmax", "fused softmax", "sigmoid", "squared sigmoid"]),
    columns=st.booleans(),
    l2=st.sampled_from([0.0, 0.01, 1.0]),
    samples=st.integers(1, 8),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_networks_of_any_shape_are_not_blamed(**fields):
    report = check(Network(**fields))
    assert report, str(report)


RELUS = {
    "maximum": lambda z: np.maximum(0, z),
    "where": lambda z: np.where(z > 0, z, 0),
    "product": lambda z: z * (z > 0),
    "relu": ag.relu,
    "relu, 1 at 0": lambda z: ag.relu(z, at_zero=1),
}


@pytest.mark.parametrize("slope", [0, 1, -1, 0.3, 2])
@pytest.mark.parametrize("relu_slope", [0, 1])
def test_the_derivative_of_abs_at_0_is_a_convention(slope, relu_slope):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(9, 4)), np.eye(3)[rng.integers(3, size=9)]
    W1, W2 = rng.normal(size=(4, 6)), rng.normal(size=(6, 3))
    W1[:, 2] = W2[1, 1] = 0  # the third unit is at the corner of relu, too

    def loss(W1, W2):
        penalty = ag.nn.l1_penalty([W1, W2], 0.1)
        return ag.softmax_cross_entropy(ag.relu(X @ W1) @ W2, Y) + penalty

    def backprop(W1, W2, slope=slope, mask=True):
        Z = X @ W1
        A = np.maximum(Z, 0)
        dZ = (softmax(A @ W2, 1) - Y) / 9
        dW1, dW2 = X.T @ (dZ @ W2.T * (np.heaviside(Z, relu_slope) if mask else 1)), A.T @ dZ
        l1 = [0.1 * np.where(W == 0, slope, np.sign(W)) for W in (W1, W2)]
        return dW1 + l1[0], dW2 + l1[1]

    report = check_backprop(backprop, loss, W1, W2)
    assert bool(report) == (abs(slope) <= 1), str(report)
    if 0 < abs(slope) <= 1:
        assert any(f"(-1 to 1): yours is {slope}" in note for note in report.notes)
        assert not any("do not confirm" in note for note in report.notes)
        wrong = check_backprop(lambda *W: backprop(*W, mask=False), loss, W1, W2)
        assert names(wrong) == ["mask missing"]
        assert wrong.slips[0].gradients == ("dW1",)


@pytest.mark.parametrize("slope", [1, -1, 0.5])
def test_all_weights_at_the_corner_of_abs(slope):
    def loss(w):
        return np.sum(0.1 * np.abs(w)) + np.sum(w)

    report = check_backprop(lambda w: 1 + 0 * w + 0.1 * slope, loss, np.zeros(3))
    assert report
    assert f"(-1 to 1): yours is {slope}" in report.notes[0]


def test_differences_that_leave_the_domain_are_no_fault():
    theta, y = -np.array([0.0005, 0.4, 2.0]), np.ones(3)
    loss = ag.nn.glm_nll("gamma")
    assert check_backprop(lambda theta: (-1 / theta - y) / 3, lambda t: loss(t, y), theta)


@pytest.mark.parametrize("slope", [0, 1, 0.5])
@pytest.mark.parametrize("relu", RELUS)
def test_the_derivative_of_relu_at_0_is_a_convention(relu, slope):
    rng = np.random.default_rng(1)
    X, Y = rng.integers(-2, 3, size=(9, 4)).astype(float), np.eye(3)[rng.integers(3, size=9)]
    W1, W2 = rng.integers(-1, 2, size=(4, 6)).astype(float), rng.normal(size=(6, 3))

    def loss(W1, W2):
        return ag.softmax_cross_entropy(RELUS[relu](X @ W1) @ W2, Y)

    def backprop(W1, W2, mask=lambda z: np.heaviside(z, slope)):
        Z = X @ W1
        A = np.maximum(Z, 0)
        dZ = (softmax(A @ W2, 1) - Y) / 9
        return X.T @ (dZ @ W2.T * mask(Z)), A.T @ dZ

    report = check_backprop(backprop, loss, W1, W2)
    assert report, str(report)
    assert all("convention" in note for note in report.notes if "relu" in note)
    wrong = check_backprop(lambda *W: backprop(*W, lambda z: 1), loss, W1, W2)
    assert names(wrong) == ["mask missing"]


def test_rounding_where_the_gradient_vanishes_is_no_slip():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    w = np.linalg.lstsq(X, y)[0]

    def loss(w):
        return np.mean((X @ w - y) ** 2)

    assert check_backprop(lambda w: (X.T @ X @ w - X.T @ y) / 25, loss, w)
    assert not check_backprop(lambda w: (X.T @ X @ w - X.T @ y) / 50, loss, w + 1)


def test_a_guard_in_the_loss_is_no_slip():
    rng = np.random.default_rng(0)
    X, Y = 3 * rng.normal(size=(9, 4)), np.eye(3)[rng.integers(3, size=9)]

    def loss(W):
        return -np.sum(Y * np.log(softmax(X @ W, 1) + 1e-9)) / 9

    def backprop(W, axis=1):
        return X.T @ (softmax(X @ W, axis) - Y) / 9

    W = 2 * rng.normal(size=(4, 3))
    report = check_backprop(backprop, loss, W)
    assert report
    assert "1e-12" in report.notes[0]
    assert names(check_backprop(lambda W: backprop(W, 0), loss, W)) == ["softmax axis"]


@pytest.mark.parametrize("eps", [1e-9, np.float64(1e-9), np.float32(1e-9), np.array(1e-9)])
def test_a_guard_of_any_type_is_one(eps):
    p = np.array([0.2, 1e-9, 0.3])
    assert check_backprop(lambda p: -1 / p, lambda p: -np.sum(np.log(p + eps)), p)
    assert not check_backprop(lambda p: -2 / p, lambda p: -np.sum(np.log(p + eps)), p)


@pytest.mark.parametrize("coefficient", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8])
def test_a_small_term_of_the_loss_is_no_guard(coefficient):
    net = Network((5,), "tanh", "softmax", False, coefficient, 9)
    assert check(net)
    report = check(net, "no l2")
    if coefficient >= 1e-7:
        assert names(report) == ["penalty missing"]
    assert not report or "only, where 1e-12 is usual" in report.notes[0]


def test_numbers_tensors_and_empty_arrays_are_arguments():
    def loss(a, b):
        return np.sum(a * a * b)

    def backprop(a, b):
        return 2 * a * b, a * a

    assert check_backprop(backprop, loss, 1.5, 2.5)
    assert names(check_backprop(lambda a, b: (a * b, a * a), loss, 1.5, 2.5)) == ["factor 1/2"]
    x = np.array([1.0, 2.0, 4.0])
    assert check_backprop(backprop, loss, ag.Tensor(x), ag.Tensor(x, requires_grad=True))
    assert not check_backprop(lambda a, b: (a, b), loss, ag.Tensor(x), x)
    empty = check_backprop(
        lambda a, b: (a, 2 * b), lambda a, b: np.sum(a) + np.sum(b * b), np.ones((0, 3)), x
    )
    assert empty
    assert empty.worst.name == "db"
    assert empty.notes == []


def layer_norm(z):
    centred = z - np.mean(z, axis=1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("term", ["none", "variance", "mean"])
def test_layer_norm_without_one_of_its_terms(term):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(3, size=7)]
    W1, W2 = rng.normal(size=(4, 5)), rng.normal(size=(5, 3))

    def backprop(W1, W2):
        Z = X @ W1
        A, deviation = layer_norm(Z), np.sqrt(Z.var(axis=1, keepdims=True) + 1e-5)
        dZ2 = (softmax(A @ W2, 1) - Y) / 7
        dA = dZ2 @ W2.T
        of_mean = 0 if term == "mean" else dA.mean(axis=1, keepdims=True)
        of_variance = 0 if term == "variance" else A * (dA * A).mean(axis=1, keepdims=True)
        return X.T @ ((dA - of_mean - of_variance) / deviation), A.T @ dZ2

    report = check_backprop(
        backprop,
        lambda W1, W2: ag.softmax_cross_entropy(layer_norm(X @ W1) @ W2, Y),
        W1,
        W2,
    )
    assert names(report) == ([] if term == "none" else ["part missing"])
    if term == "variance":
        assert "what comes through sqrt" in report.slips[0].message


# The errors that the papers print.


def printed(paper, hidden, head, gradients=lambda found: found):
    found, loss, parameters = of_a_paper(paper, hidden, head)
    return names(check_backprop(lambda *p: gradients(found(*p)), loss, *parameters))


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_raos_factor_2(head):
    assert printed("rao", "tanh", head, lambda g: [[2 * x for x in g[0]]]) == ["factor 2"]


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid"])
def test_raos_derivative_at_the_output(hidden, monkeypatch):
    A, dA = rao._HIDDEN[hidden]
    monkeypatch.setitem(rao._HIDDEN, hidden, (A, lambda S: dA(A(S))))
    assert printed("rao", hidden, "softmax") == ["derivative at the output"]


def test_parks_softmax_along_axis_1(monkeypatch):
    monkeypatch.setitem(park._HEADS, "softmax", partial(categorical_cross_entropy, axis=1))
    assert printed("park", "relu", "softmax") == ["softmax axis"]


def test_parks_bias_without_the_sum():
    assert names(check(Network((5,), "sigmoid", "sigmoid", True, 0.0, 9), "no sum")) == [NO_SUM]


def test_menons_sign(monkeypatch):
    def head(z, y):
        p = sigmoid(z)
        return 0.0, (-y / p - (1 - y) / (1 - p)) * p * (1 - p)

    monkeypatch.setitem(menon._HEADS, "sigmoid", head)
    assert printed("menon", "sigmoid", "sigmoid") == ["sign of one term"]


def test_menons_sigma_for_its_derivative(monkeypatch):
    monkeypatch.setitem(menon._HIDDEN, "sigmoid", (sigmoid, sigmoid))
    assert printed("menon", "sigmoid", "softmax") == ["value for derivative"]


def test_whitehills_missing_transpose():
    transposed = printed("whitehill", "relu", "softmax", lambda g: ([x.T for x in g[0]], g[1]))
    assert transposed == ["transposed"]


def test_the_cross_entropy_of_a_batch_without_1_over_n():
    times_n = printed("matrix_form", "relu", "softmax", lambda g: [[9 * x for x in p] for p in g])
    assert times_n == ["missing 1/N"]
