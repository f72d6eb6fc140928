"""The referee names the slips that are planted in hand-written backpropagation."""

import numpy as np
import pytest
from hand_written import NAMES, NO_SUM, PLANTED, SLOPES, Network, check, names, softmax

import autograd_lite as ag
from autograd_lite.referee.check import check_backprop


def test_planted_slips_are_named():
    planted = PLANTED[::4]
    missed = []
    for slip, net in planted:
        report = check(net, slip)
        assert not report, (slip, net)
        relu_mask = slip == "missing" and net.activation == "relu"
        if names(report) != ["mask missing" if relu_mask else NAMES[slip]]:
            missed.append((slip, net, names(report)))
    assert len(planted) >= 300
    assert len(missed) <= 0.05 * len(planted), missed


PROGRAM = """
def backprop(W, b):
    A, Z = [X], []
    for w, c in zip(W, b):
        Z.append(A[-1] @ w + c)
        A.append(f(Z[-1]))
    P = softmax(Z[-1], 1)
    dZ = (P - Y) / N
    dW, db = [None] * L, [None] * L
    for i in reversed(range(L)):
        dW[i] = A[i].T @ dZ + 2 * lam * W[i]
        db[i] = dZ.sum(axis=0)
        if i:
            dA = dZ @ W[i].T
            dZ = dA * df(Z[i - 1], A[i])
    return dW, db
"""
ALL = "dW[0] dW[1] dW[2] dW[3] db[0] db[1] db[2] db[3]"
BELOW = "dW[0] dW[1] dW[2] db[0] db[1] db[2]"
WEIGHTS, BIASES = "dW[0] dW[1] dW[2] dW[3]", "db[0] db[1] db[2] db[3]"
SLOPE, HEAD, PENALTY = "df(Z[i - 1], A[i])", "(P - Y) / N", "+ 2 * lam * W[i]"
MUTANTS = [
    (
        SLOPE,
        "(A[i] if i == 2 else df(Z[i - 1], A[i]))",
        "value for derivative",
        "dW[0] dW[1] db[0] db[1]",
    ),
    (SLOPE, "(1 if i == 1 else df(Z[i - 1], A[i]))", "derivative missing", "dW[0] db[0]"),
    (SLOPE, "df(A[i], f(A[i]))", "derivative at the output", BELOW),
    (SLOPE, "Z[i - 1]", "pre-activation for derivative", BELOW),
    (SLOPE, "(1 - A[i])", "square missing", BELOW),
    (SLOPE, "(1 - A[i]) * A[i]", "another activation's derivative", BELOW),
    (SLOPE, "(dA > 0)", "mask of the cotangent", BELOW),
    (SLOPE, "df(Z[i - 1], A[i - (i == 2)])", "wrong layer", "dW[0] dW[1] db[0] db[1]"),
    (SLOPE, "2 * df(Z[i - 1], A[i])", "factor 2", BELOW),
    (SLOPE, "df(Z[i - 1], A[i]) / N", "1/N twice", BELOW),
    ("W[i].T", "(W[i] if i in (1, 2) else W[i].T)", "not transposed", None),
    ("A[i].T @", "A[2 if i == 1 else i].T @", "wrong layer", "dW[1]"),
    (
        "A[i].T @",
        "(Z[i - 1] if i else X).T @",
        "pre-activation for activation",
        "dW[1] dW[2] dW[3]",
    ),
    ("A[i].T @", "-A[i].T @", "sign", WEIGHTS),
    ("A[i].T @ dZ", "A[i].T @ dZ / N", "1/N twice", WEIGHTS),
    (HEAD, "(P - Y) / 3", "1/K for 1/N", ALL),
    (HEAD, "(P - Y) / (N - 1)", "1/(N-1) for 1/N", ALL),
    (HEAD, "P / N", "targets missing", ALL),
    (HEAD, "-Y / N", "derivative missing", ALL),
    (HEAD, "-Y / P / N", "derivative missing", ALL),
    (HEAD, "-Y * (1 - P) / N", "softmax Jacobian", ALL),
    (HEAD, "(P - Y) * P * (1 - P) / N", "derivative twice", ALL),
    (HEAD, "(P - Y) / N * (np.arange(N) == N - 1)[:, None]", "one sample only", ALL),
    ("softmax(Z[-1], 1)", "softmax(Z[-1], 0)", "softmax axis", ALL),
    (PENALTY, "", "penalty missing", WEIGHTS),
    (PENALTY, "+ (2 * lam * W[i] if i else 0)", "penalty missing", "dW[0]"),
    (PENALTY, "+ 2 * lam * W[i] / N", "penalty factor", WEIGHTS),
    (PENALTY, "+ 2 * lam * W[i]**2", "unknown", WEIGHTS),
    ("dZ.sum(axis=0)", "dZ.sum(axis=0) + 2 * lam * b[i]", "penalty added", BIASES),
    ("dZ.sum(axis=0)", "dZ[-1]", NO_SUM, BIASES),
    ("dZ.sum(axis=0)", "dZ if i == 1 else dZ.sum(axis=0)", NO_SUM, "db[1]"),
    ("dZ.sum(axis=0)", "dZ.sum(axis=0, keepdims=True)", "wrong shape", BIASES),
    ("dZ.sum(axis=0)", "0 * b[i]", "zero", BIASES),
    ("dZ.sum(axis=0)", "dZ.sum(axis=0) + (0, 1, 0, 0, 2)[: b[i].size]", "unknown", BIASES),
]


def mutant(old="", new=""):
    rng = np.random.default_rng(0)
    N, L, lam = 7, 4, 0.05
    W = [rng.normal(0.1, 0.7, s) for s in ((4, 5), (5, 5), (5, 5), (5, 3))]
    b = [rng.normal(0.1, 0.4, s) for s in (5, 5, 5, 3)]
    X, Y = rng.normal(size=(N, 4)), np.eye(3)[rng.integers(3, size=N)]

    def loss(W, b):
        a = X
        for w, c in zip(W[:-1], b[:-1], strict=True):
            a = np.tanh(a @ w + c)
        cross_entropy = ag.softmax_cross_entropy(a @ W[-1] + b[-1], Y)
        return cross_entropy + lam * sum(np.sum(w**2) for w in W)

    space = {"X": X, "Y": Y, "N": N, "L": L, "lam": lam, "np": np}
    space |= {"softmax": softmax, "f": np.tanh, "df": SLOPES["tanh"]}
    exec(PROGRAM.replace(old, new) if old else PROGRAM, space)
    return check_backprop(space["backprop"], loss, W, b)


@pytest.mark.parametrize(("old", "new", "slip", "gradients"), MUTANTS)
def test_a_slip_in_one_line_is_named_with_the_gradients_it_spoils(old, new, slip, gradients):
    assert old in PROGRAM
    report = mutant(old, new)
    assert names(report) == [slip]
    if gradients is not None:
        assert list(report.slips[0].gradients) == gradients.split()


def test_the_program_without_a_slip_is_right():
    assert mutant()


@pytest.mark.parametrize(
    ("old", "new", "slips"),
    [
        (HEAD, "Y - P", ["sign", "missing 1/N"]),
        (HEAD, "2 * (P - Y)", ["factor 2", "missing 1/N"]),
        (SLOPE, "(A[i] if i == 1 else 1)", ["derivative missing", "value for derivative"]),
        (SLOPE + "\n", "1\n        db[i] *= 2\n", ["derivative missing", "factor 2"]),
    ],
)
def test_two_slips_in_one_program(old, new, slips):
    report = mutant(old, new)
    assert not report
    assert names(report) == slips


# What is said.


def test_two_slips_with_the_same_numbers_are_both_named():
    net = Network((5,), "tanh", "softmax", False, 0.0, 2)
    (slip,) = check(net, "no N").slips
    assert {slip.slip, *slip.also} >= {"factor 2", "missing 1/N"}
    assert "looks the same" in str(check(net, "no N"))


def test_what_no_slip_explains_is_shown_with_three_witnesses():
    net = Network((5,), "tanh", "squared", False, 0.0, 5)

    def backprop(W, b):
        dW, db = net.backprop(W, b)
        dW[0][2, 3] += 0.25
        return dW, db

    report = check_backprop(backprop, net.loss, *net.args)
    worst = report.worst
    assert names(report) == ["unknown"]
    assert (worst.name, worst.entry) == ("dW[0]", (2, 3))
    assert worst.yours - worst.tape == pytest.approx(0.25)
    assert worst.differences == pytest.approx(worst.tape, rel=1e-8)
    assert [row.verdict for row in report.rows] == ["unknown", "ok", "ok", "ok"]
    assert "worst entry, dW[0][2, 3]: yours" in str(report)


def test_differences_contradict_a_tape_with_a_wrong_rule():
    doubtful = ag.ufunc(lambda x: x * x, lambda g, y, x: g * x)
    report = check_backprop(lambda x: 2 * x, lambda x: np.sum(doubtful(x)), np.array([1.0, 3.0]))
    assert any("do not confirm the tape" in note for note in report.notes)


def test_one_sample_hides_some_slips():
    report = check(Network((5,), "tanh", "softmax", False, 0.0, 1))
    assert any("one sample" in note for note in report.notes)


def simple():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 4)), rng.integers(3, size=9)

    def loss(p, X, y):
        return ag.softmax_cross_entropy(X @ p["W"] + p["b"], y)

    return loss, {"W": rng.normal(size=(4, 3)), "b": np.zeros(3)}, X, y


def test_structures_and_argnums():
    loss, p, X, y = simple()

    def dZ(p, X, y):
        return (softmax(X @ p["W"] + p["b"], 1) - np.eye(3)[y]) / 9

    def by_p(p, X, y):
        return {"W": X.T @ dZ(p, X, y), "b": dZ(p, X, y).sum(axis=0)}

    def by_x(p, X, y):
        return dZ(p, X, y) @ p["W"].T

    assert [row.name for row in check_backprop(by_p, loss, p, X, y).rows] == ["dp['W']", "dp['b']"]
    assert check_backprop(by_x, loss, p, X, y, argnums=1)
    assert check_backprop(lambda *a: (by_p(*a), by_x(*a)), loss, p, X, y)
    assert check_backprop(lambda *a: (by_x(*a), by_p(*a)), loss, p, X, y, argnums=(1, 0))
    listed = check_backprop(
        lambda W: [2 * w for w in W], lambda W: sum(np.sum(w**2) for w in W), [X, X[0]]
    )
    assert [row.name for row in listed.rows] == ["dW[0]", "dW[1]"]


def test_code_that_writes_into_its_arguments_harms_nobody():
    x = np.array([1.0, 2.0, 4.0])

    def backprop(x):
        x *= 2
        return x

    assert check_backprop(backprop, lambda x: np.sum(x**2), x)
    assert x.tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("returned", "error", "text"),
    [
        (None, TypeError, "returned None; end it with `return"),
        ((1.0, 2.0, 3.0, 4.0), TypeError, "4 gradients, but there are 3 arguments"),
        ((0.3, np.ones((9, 4))), TypeError, "must be a dict with the keys"),
        ({"W": np.ones((4, 3))}, TypeError, "keys"),
        ({"W": np.ones((2, 3)), "b": np.ones(3)}, ValueError, r"dp\['W'\] has shape \(2, 3\)"),
        ({"W": 0.3, "b": np.ones(3)}, ValueError, "if the loss comes first"),
        ({"W": np.full((4, 3), np.nan), "b": np.ones(3)}, ValueError, "nan at entry"),
        ({"W": "W", "b": np.ones(3)}, TypeError, "type str"),
        ({"W": None, "b": np.ones(3)}, TypeError, "NoneType"),
    ],
)
def test_what_is_no_gradient_is_refused(returned, error, text):
    loss, *args = simple()
    with pytest.raises(error, match=text):
        check_backprop(lambda *args: returned, loss, *args)


@pytest.mark.parametrize(
    ("loss", "error", "text"),
    [
        (lambda x: 1.0, TypeError, "returned a float"),
        (lambda x: (np.sum(x), x), TypeError, "returned a tuple"),
        (lambda x: x, TypeError, r"array of shape \(2,\)"),
        (lambda x: np.sum(x) * np.inf, ValueError, "not finite"),
    ],
)
def test_a_loss_that_is_none_is_refused(loss, error, text):
    with pytest.raises(error, match=text):
        check_backprop(lambda x: x, loss, np.ones(2))


def test_integers_are_refused():
    with pytest.raises(TypeError, match="floating-point"):
        check_backprop(lambda x: x, np.sum, np.arange(3))
    with pytest.raises(TypeError, match="give the arguments"):
        check_backprop(lambda: 1.0, lambda: 1.0)
