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


# Networks written in other ways.


def relu_network(mask=lambda Z, dA: Z > 0, factor=1.0):
    """Gradients by hand of a network in a nested dict, its loss, and the parameters."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(3, size=7)]
    shapes = {"first": (4, 5), "second": (5, 3)}
    p = {k: {"W": rng.normal(size=s), "b": rng.normal(size=s[1])} for k, s in shapes.items()}

    def layer(p, x):
        return x @ p["W"] + p["b"]

    def loss(p):
        return ag.softmax_cross_entropy(layer(p["second"], ag.relu(layer(p["first"], X))), Y)

    def backprop(p):
        Z = layer(p["first"], X)
        A = np.maximum(Z, 0)
        dZ2 = (softmax(layer(p["second"], A), 1) - Y) / 7 * factor
        dA = dZ2 @ p["second"]["W"].T
        dZ1 = dA * mask(Z, dA)
        return {
            "first": {"W": X.T @ dZ1, "b": dZ1.sum(axis=0)},
            "second": {"W": A.T @ dZ2, "b": dZ2.sum(axis=0)},
        }

    return backprop, loss, p


def test_the_mask_of_the_cotangent_is_that_of_a_relu():
    assert check_backprop(*relu_network())
    report = check_backprop(*relu_network(lambda Z, dA: dA > 0))
    assert names(report) == ["mask of the cotangent"]
    assert names(mutant(SLOPE, "(dA > 0)")) == ["unknown"]  # of a tanh


def test_a_slip_is_found_in_the_gradients_that_it_alters():
    report = check_backprop(*relu_network(lambda Z, dA: 1, 7))
    first, both = ("dp['first']['W']", "dp['first']['b']"), tuple(r.name for r in report.rows)
    assert [(s.slip, s.gradients) for s in report.slips] == [
        ("mask missing", first),
        ("missing 1/N", both),
    ]
    assert [row.verdict for row in report.rows] == ["mask missing + missing 1/N"] * 2 + [
        "missing 1/N"
    ] * 2


def einsum_layer(a, W):
    return np.einsum("ni,io->no", a, W)


def of_a_batch(layer):
    def loss(W1, b, W2, X, Y):
        return np.sum((layer(np.tanh(layer(X, W1) + b), W2) - Y) ** 2) / len(X)

    return loss


def of_each_sample(row):
    def loss(W1, b, W2, X, Y):
        rows = [(X[i : i + 1], Y[i : i + 1]) if row else (X[i], Y[i]) for i in range(len(X))]
        squares = [np.sum((np.dot(np.tanh(np.dot(x, W1) + b), W2) - y) ** 2) for x, y in rows]
        return sum(squares) / len(X)

    return loss


LOSSES = {
    "matrices": of_a_batch(np.matmul),
    "einsum": of_a_batch(einsum_layer),
    "einsum, other order": of_a_batch(lambda a, W: np.einsum("io,ni->no", W, a)),
    "tensordot": of_a_batch(lambda a, W: np.tensordot(a, W, 1)),
    "loop over vectors": of_each_sample(False),
    "loop over rows": of_each_sample(True),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("slip", ["", "missing 1/N", "derivative missing", NO_SUM])
def test_the_samples_are_counted_however_the_batch_is_written(loss, slip):
    rng = np.random.default_rng(0)
    args = [rng.normal(size=s) for s in ((4, 5), 5, (5, 3), (7, 4), (7, 3))]

    def backprop(W1, b, W2, X, Y):
        A = np.tanh(X @ W1 + b)
        dZ2 = 2 * (A @ W2 - Y) / (1 if slip == "missing 1/N" else 7)
        dZ1 = dZ2 @ W2.T * (1 if slip == "derivative missing" else 1 - A**2)
        return X.T @ dZ1, dZ1.mean(axis=0) if slip == NO_SUM else dZ1.sum(axis=0), A.T @ dZ2

    report = check_backprop(backprop, LOSSES[loss], *args)
    assert names(report) == [slip] * bool(slip)
    assert not any("one sample" in note for note in report.notes)


def test_a_recurrent_layer_is_no_loop_over_samples():
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(4, 4)), rng.normal(size=(1, 4))

    def loss(W):
        a = x
        for _ in range(3):
            a = np.tanh(a @ W)
        return np.sum(a)

    report = check_backprop(lambda W: 3 * ag.grad(loss)(W), loss, W)
    assert names(report) == ["constant factor"]
    assert "every entry is 3 times" in report.slips[0].message


def test_without_a_batch_nothing_is_said_of_one():
    x = np.array([1.0, 2.0, 4.0])
    A = np.arange(9.0).reshape(3, 3)
    for loss, gradient in (
        (lambda x: x @ x, lambda x: 2 * x),
        (lambda x: x @ A @ x, lambda x: (A + A.T) @ x),
        (lambda x: np.sum(x[:, None] * A), lambda x: A.sum(axis=1)),
    ):
        right = check_backprop(gradient, loss, x)
        assert right
        assert right.notes == []
        wrong = check_backprop(lambda x, gradient=gradient: gradient(x) / 3, loss, x)
        assert names(wrong) == ["constant factor"]


# What is said.


@pytest.mark.parametrize(
    ("c", "shown"), [(1 + 1.5e-6, "1.0000015"), (0.99998, "0.99998"), (3.7, "3.7")]
)
def test_a_factor_is_told_from_1(c, shown):
    X = np.arange(1.0, 7).reshape(2, 3)
    (slip,) = check_backprop(lambda x: 2 * c * x, lambda x: np.sum(x**2), X).slips
    assert slip.message == f"every entry is {shown} times what it should be"


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
        ({"W": np.ones((4, 3), complex), "b": np.ones(3)}, TypeError, "an array of complex128"),
        ({"W": np.ones((4, 3), bool), "b": np.ones(3)}, TypeError, "an array of bool"),
        ({"W": np.ones((4, 3), object), "b": np.ones(3)}, TypeError, "an array of object"),
        ((), TypeError, "returned no gradient; end it with `return"),
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


def test_arguments_without_entries_are_refused():
    for x in np.ones((0, 3)), [np.ones(0)], [], {}:
        with pytest.raises(ValueError, match="have no entries"):
            check_backprop(lambda x: x, lambda x: 1.0, x)
