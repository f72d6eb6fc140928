"""`derive`: the program is what one would have written, and right for other data."""

import contextlib
import dataclasses
import linecache
import subprocess
import sys
import threading
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.derivation.passes import PASSES
from autograd_lite.derivation.program import run
from autograd_lite.derivation.trace import record
from autograd_lite.selfcheck import CASES
from autograd_lite.selfcheck.case import Case
from autograd_lite.tree import flatten

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((6, 5)), np.eye(3)[rng.integers(3, size=6)]
PARAMS = {
    name: rng.standard_normal(shape)
    for name, shape in {"W1": (5, 4), "b1": (4,), "W2": (4, 3), "b2": (3,)}.items()
}


def mlp(params, X, Y):
    Z1 = X @ params["W1"] + params["b1"]
    A1 = ag.relu(Z1)
    Z2 = A1 @ params["W2"] + params["b2"]
    return ag.softmax_cross_entropy(Z2, Y)


def agree(found, expected, tolerance=1e-12):
    for a, b in zip(flatten(found), flatten(expected), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(
            a, b, rtol=tolerance, atol=tolerance * (1 + abs(b).max(initial=0))
        )


def lines(step):
    """The body of the program, without its definitions."""
    body = step.source.partition("def step(")[2].partition("\n")[2].replace("    ", "")
    return [line for line in body.split("\n") if not line.startswith("#")]


# What it reads like.


def test_a_softmax_network_reads_as_in_the_papers():
    step = ag.derive(mlp, PARAMS, X, Y)
    assert lines(step) == [
        "W1 = params['W1']",
        "b1 = params['b1']",
        "W2 = params['W2']",
        "b2 = params['b2']",
        "N = len(X)",
        "Z1 = X @ W1 + b1",
        "A1 = np.maximum(Z1, 0)",
        "Z2 = A1 @ W2 + b2",
        "log_P = log_softmax(Z2)",
        "loss = -(Y * log_P).sum() / N",
        "P = np.exp(log_P)",
        "dZ2 = (P - Y) / N",
        "db2 = dZ2.sum(axis=0)",
        "dA1 = dZ2 @ W2.T",
        "dW2 = A1.T @ dZ2",
        "dZ1 = dA1 * (Z1 > 0)",
        "db1 = dZ1.sum(axis=0)",
        "dW1 = X.T @ dZ1",
        "return loss, {'W1': dW1, 'b1': db1, 'W2': dW2, 'b2': db2}",
    ]


def test_a_logistic_layer_and_a_linear_one_have_the_error_as_their_gradient():
    def logistic(W, b, X, Y):
        Z = X @ W + b
        return ag.sigmoid_cross_entropy(Z, Y)

    def linear(W, b, X, Y):
        Z = X @ W + b
        return np.sum((Z - Y) ** 2) / (2 * len(X))

    W, b = PARAMS["W1"][:, :3], PARAMS["b1"][:3]
    body = lines(ag.derive(logistic, W, b, X, Y, argnums=(0, 1)))
    assert body[2:-1] == ["dZ = (sigmoid(Z) - Y) / Y.size", "db = dZ.sum(axis=0)", "dW = X.T @ dZ"]
    body = lines(ag.derive(linear, W, b, X, Y, argnums=(0, 1)))
    assert "dZ = v1 / N" in body
    assert "v1 = Z - Y" in body


@pytest.mark.parametrize(
    "loss",
    [
        lambda Z, Y: (
            -np.mean(
                np.sum(Y * np.log(np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)), axis=1)
            )
        ),
        lambda Z, Y: -np.mean(np.sum(Y * ag.log_softmax(Z), axis=1)),
        lambda Z, Y: -np.sum(Y * np.log(ag.softmax(Z, axis=1))) / len(Z),
    ],
    ids=["primitives", "log_softmax", "log of softmax"],
)
def test_a_softmax_loss_written_out_becomes_p_minus_y(loss):
    step = ag.derive(loss, X[:, :3], Y)
    (gradient,) = [line for line in lines(step) if line.startswith("dZ = ")]
    assert gradient.endswith("- Y) / N"), gradient
    assert "Y.sum(axis=" in gradient  # 1 for labels that sum to one, which a tape cannot know
    agree(step(X[:, 1:4], Y[::-1]), ag.value_and_grad(loss)(X[:, 1:4], Y[::-1]))


def test_a_loss_of_log_sum_exp_becomes_p_minus_y():
    def loss(Z, Y):
        return np.mean(ag.logsumexp(Z, axis=1) - np.sum(Y * Z, axis=1))

    step = ag.derive(loss, X[:, :3], Y)
    assert "dZ = (np.exp(Z - v1.reshape((6, 1))) - Y) / N" in lines(step)


def test_variables_have_the_names_that_the_function_gives_them():
    class Layer(NamedTuple):
        W: np.ndarray
        b: np.ndarray

    def loss(params, X):
        hidden = np.tanh(X @ params["hidden"].W + params["hidden"].b)
        out = ag.named(hidden @ params["out"][0], "scores")
        return (out**2).sum()

    params = {"hidden": Layer(PARAMS["W1"], PARAMS["b1"]), "out": [PARAMS["W2"]]}
    body = lines(ag.derive(loss, params, X))
    assert "hidden_W = params['hidden'].W" in body
    assert "out0 = params['out'][0]" in body
    assert "hidden = np.tanh(X @ hidden_W + hidden_b)" in body
    assert "scores = hidden @ out0" in body
    assert "dhidden = dscores @ out0.T" in body


@pytest.mark.parametrize("name", ["x; import os", "W 1", "class", "", "np", "1", "ü", "a'] + b['"])
def test_hostile_names_become_harmless_ones(name):
    params = {name: PARAMS["W1"], "step": PARAMS["b1"]}
    step = ag.derive(lambda params, X: (X @ params[name] + params["step"]).sum(), params, X)
    names = {"np": np}
    exec(step.source, names)
    value, grads = names["step"](params, X)
    agree((value, grads[name]), (step(params, X)[0], np.tile(X.sum(axis=0)[:, None], 4)))
    assert "import os" not in step.source.replace("'x; import os'", "")


def test_the_source_runs_alone(tmp_path):
    step = ag.derive(mlp, PARAMS, X, Y)
    np.savez(tmp_path / "data.npz", X=X, Y=Y, **PARAMS)
    code = f"""{step.source}

data = np.load({str(tmp_path / "data.npz")!r})
value, grads = step(data, data["X"], data["Y"])
print(repr(float(value)), repr(float(grads["W1"].sum())))
"""
    out = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    value, grads = step(PARAMS, X, Y)
    np.testing.assert_allclose(
        list(map(float, out.stdout.split())), [value, grads["W1"].sum()], rtol=1e-12
    )


# What it computes.


def _as_loss(case):
    f = case.function

    def loss(*args):
        total = 0.0
        for i, y in enumerate(flatten(f(*args))):
            if np.result_type(getattr(y, "data", y)).kind in "fc":
                w = np.random.default_rng(i).standard_normal(np.shape(getattr(y, "data", y)))
                part = np.sum(w * y)
                total = total + (part.real if part.dtype.kind == "c" else part)
        return total

    return loss


@pytest.mark.filterwarnings("ignore")
def test_every_expression_of_the_selfcheck_is_right_on_other_data_and_alone():
    wrong, refused = [], []
    for case in CASES:
        case = Case(case) if isinstance(case, str) else case
        loss, example = _as_loss(case), case.inputs()
        argnums = tuple(range(len(example)))
        try:
            step = ag.derive(loss, *example, argnums=argnums)
        except ag.DataDependentError:
            refused.append(case.text)
            continue
        data = [np.flip(x).copy() for x in example]
        try:
            expected = flatten(ag.value_and_grad(loss, argnums)(*data))
        except Exception:
            data, expected = example, flatten(ag.value_and_grad(loss, argnums)(*example))
        found = [flatten(step(*data))]
        with contextlib.suppress(NotImplementedError):  # of a few special functions
            names = {}
            exec(step.source, names)
            captured = [tuple(step.captured.values())] if step.captured else []
            found.append(flatten(names["step"](*data, *captured)))
        for results in found:
            for a, b in zip(results, expected, strict=True):
                a, b = np.asarray(a), np.asarray(b)
                known = np.isfinite(b)
                scale = 1 + np.abs(b[known]).max(initial=0)
                if a.shape != b.shape or not (np.abs(a - b)[known] <= 1e-9 * scale).all():
                    wrong.append(case.text)
    assert not wrong
    # As many as are True, random draws, and the order in memory.
    kinds = (" > ", "np.isnan", "rng=", "order='A'")
    assert all(any(kind in text for kind in kinds) for text in refused), refused
    assert len(refused) < 20


def chains():
    """Random expressions of three matrices and a row, as functions."""
    unary = [np.tanh, np.negative, ag.relu, ag.sigmoid, lambda a: a * 0.5, lambda a: a**2]
    unary += [lambda a: a.T.T, lambda a: -np.negative(a), lambda a: a + 0, lambda a: 1 * a]
    unary += [lambda a: a - a.mean(axis=0), lambda a: a.reshape(-1).reshape(a.shape)]
    unary += [lambda a: a / (1 + np.exp(a).sum(axis=1, keepdims=True)), lambda a: np.exp(a / 4)]
    unary += [lambda a: np.log(1 + a * a), lambda a: np.broadcast_to(a.sum(axis=0), a.shape) / 9]
    binary = [
        np.add,
        np.subtract,
        np.multiply,
        lambda a, b: a @ b.T @ a,
        lambda a, b: a / (2 + b * b),
    ]
    binary += [lambda a, b: a + b[0], lambda a, b: a * b.sum(axis=1, keepdims=True)]
    step = st.tuples(st.sampled_from(unary + binary), st.integers(0, 9), st.integers(0, 9))

    def function(steps):
        def loss(a, b, c):
            values = [a, b, c[None] + 0 * a]
            for op, i, j in steps:
                args = [values[i % len(values)], values[j % len(values)]]
                values.append(op(*args) if op in binary else op(args[0]))
                values[-1] = values[-1] / (1 + ag.stop_gradient(np.abs(values[-1]).max()))
            return np.sum(sum(values[3:], values[0]) * np.cos(values[-1]))

        return loss

    return st.lists(step, min_size=1, max_size=8).map(function)


@given(chains(), st.integers(0, 2**32 - 1))
def test_every_pass_keeps_the_results_on_other_data(loss, seed):
    numbers = np.random.default_rng(seed)
    shapes = [(4, 3), (4, 3), (3,)]
    example, data = ([numbers.standard_normal(s) for s in shapes] for _ in range(2))

    def with_gradients(tensors):
        return flatten(ag.value_and_grad(loss, (0, 1, 2))(*tensors))

    expected = with_gradients(data)
    program, _ = record(with_gradients, example, ["a", "b", "c"])
    agree(run(program, data), expected, 1e-9)
    for simplified in PASSES.values():
        program = simplified(program)
        agree(run(program, data), expected, 1e-9)
    step = ag.derive(loss, *example, argnums=(0, 1, 2))
    agree(step(*data), ag.value_and_grad(loss, (0, 1, 2))(*data), 1e-9)
    names = {}
    exec(step.source, names)
    agree(names["step"](*data), ag.value_and_grad(loss, (0, 1, 2))(*data), 1e-9)


# What a replay must not get wrong.


def test_float32_stays_float32():
    params = {name: p.astype(np.float32) for name, p in PARAMS.items()}
    step = ag.derive(mlp, params, X.astype(np.float32), Y)
    data = params, X[::-1].astype(np.float32), Y[::-1]
    agree(step(*data), ag.value_and_grad(mlp)(*data), 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.where(x > 0, np.float32(0.1), np.float64(0.3)) * x),
        lambda x: np.sum(np.where(x > 0, np.float32(0.1), np.float32(0.3)) * x),
        lambda x: np.sum(x * np.float32(0.1)) + np.sum(np.where(x > 0, x, np.float32(-np.inf))[:0]),
        lambda x: np.mean(np.tanh(x) ** 3 * 0.2),
        lambda x: np.sum(ag.leaky_relu(x) ** 2),
        lambda x: np.sum(ag.elu(x) * x),
    ],
)
def test_numbers_as_short_as_they_are_keep_value_and_dtype(f, dtype):
    x = np.linspace(-1, 2, 12).reshape(4, 3).astype(dtype)
    scope = {}
    exec(ag.derive(f, x).source, scope)
    for written, expected in zip(scope["step"](x), ag.value_and_grad(f)(x), strict=True):
        assert written.dtype == expected.dtype
        np.testing.assert_allclose(written, expected, rtol=1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(
    ("f", "dtype", "line"),
    [
        (lambda x: np.sum(ag.leaky_relu(x)), float, "dx = np.where(v1, 1.0, 0.01)"),
        (
            lambda x: np.sum(ag.leaky_relu(x)),
            np.float32,
            "dx = np.where(v1, np.float32(1.0), np.float32(0.01))",
        ),
        (lambda x: np.sum(ag.elu(x)), float, "dx = np.where(v1, 1.0, np.exp(v2))"),
        (lambda x: np.mean(0.2 * np.sin(x)), np.float32, "dx = np.cos(x) / 60"),
        (lambda x: np.sum(np.where(x > 1, x / 2, 3 * x)), float, "dx = np.where(v1, 0.5, 3.0)"),
    ],
)
def test_a_derivative_by_cases_is_one_choice_and_its_numbers_are_short(f, dtype, line):
    assert line in ag.derive(f, np.ones((4, 3), dtype)).source


def test_the_result_has_the_structure_of_value_and_grad():
    @dataclasses.dataclass
    class Model:
        W: np.ndarray
        b: list

    def loss(model, X, Y, power):
        return np.sum((X @ model.W + model.b[0] - Y) ** power)

    model = Model(PARAMS["W1"][:, :3], [PARAMS["b2"]])
    step = ag.derive(loss, model, X, Y, 2)
    value, gradient = step(model, X, Y, 2)
    assert isinstance(gradient, Model)
    expected = ag.value_and_grad(loss)(model, X, Y, 2)
    agree((value, gradient.W, gradient.b), (expected[0], expected[1].W, expected[1].b))
    agree(step(model, X, Y, 3)[0], ag.value_and_grad(loss)(model, X, Y, 3)[0])
    assert len(step.signatures) == 2


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x.sum() if x.sum() > 0 else -x.sum(), "the truth"),
        (lambda x: x.sum() * float(x[0]), "float"),
        (lambda x: x.sum() * x[0].item(), r"item\(\)"),
        (lambda x: x[: int(x[0])].sum(), r"item\(\)"),
    ],
)
def test_a_branch_on_data_names_the_line_and_the_way_out(f, what):
    with pytest.raises((ag.DataDependentError, ag.DetachedError), match=what) as caught:
        ag.derive(f, np.array([1.0, 2.0]))
    if isinstance(caught.value, ag.DataDependentError):
        assert "test_derive.py" in str(caught.value)
        assert "np.where" in str(caught.value)


def test_what_is_read_off_the_example_is_not_baked_in():
    with pytest.raises(ag.DataDependentError, match="computed from the example's data"):
        ag.derive(lambda x: (x * (x.data > 0)).sum(), np.array([1.0, -2.0, 3.0, 4.0]))
    with pytest.raises(ag.DataDependentError, match=r"for the example, .* for other data"):
        ag.derive(lambda x: x[: 1 + int(x.data[0] > 0)].sum(), np.array([1.0, -2.0]))
    with pytest.raises(ag.DataDependentError, match=r"depends on the data: exp at .* for other"):
        ag.derive(lambda x: (np.exp(x) if x.data[0] > 0 else x).sum(), np.array([1.0, -2.0]))


def test_a_random_draw_is_refused_and_a_mask_may_be_an_argument():
    generator = np.random.default_rng(0)
    with pytest.raises(ag.DataDependentError, match=r"ag\.dropout\(x, rate, mask=mask\)"):
        ag.derive(lambda x: ag.dropout(x, 0.5, rng=generator).sum(), X)

    def loss(x, mask):
        return ag.dropout(x, 0.5, mask=mask).sum()

    step = ag.derive(loss, X, X > 0)
    agree(step(X, X > 0.5), ag.value_and_grad(loss)(X, X > 0.5))


def test_other_shapes_dtypes_and_structures_are_recorded_again():
    step = ag.derive(lambda x: (x**2).sum(), np.ones(3))
    for x in (np.ones((2, 2)), np.ones(3, np.float32), np.array(2.0), np.float64(3.0)):
        agree(step(x), ag.value_and_grad(lambda x: (x**2).sum())(x))
    assert len(step.signatures) == 4
    for n in range(40):
        step(np.ones(n))
    assert len(step.signatures) == 16


def test_an_argument_of_another_kind_is_never_taken_for_the_recorded_one():
    def loss(params, flag):
        return sum(p.sum() for p in params) * (2.0 if flag else 1.0)

    step = ag.derive(loss, [np.ones(2)], True)
    assert step([np.ones(2)], True)[0] == 4
    assert step([np.ones(2), np.ones(2)], True)[0] == 8
    assert step((np.ones(2),), True)[1][0].tolist() == [2, 2]
    assert step([np.ones(2)], False)[0] == 2
    assert step([np.ones(2)], 1)[0] == 4
    assert step([ag.Tensor(np.ones(2))], True)[0] == 4
    with pytest.raises(TypeError, match="neither an array nor a static argument"):
        step([np.ones(2)], bytearray(b"1"))


def test_arrays_from_outside_are_constants_and_listed():
    weights = np.sqrt(np.arange(6.0))
    step = ag.derive(lambda x: (x * weights).sum(), np.ones(6))
    assert any(np.array_equal(c, weights) for c in step.captured.values())
    weights[:] = 0
    assert step(np.ones(6))[0] == pytest.approx(np.sqrt(np.arange(6.0)).sum())


def test_parameters_from_outside_are_refused():
    W = ag.Tensor(PARAMS["W1"], requires_grad=True, name="W")
    with pytest.raises(ag.DataDependentError, match="takes the parameter W of shape"):
        ag.derive(lambda X: (X @ W).sum(), X)


def test_results_are_fresh_arrays_unless_wanted_otherwise():
    def loss(x, y):
        return (x * y).sum()

    step = ag.derive(loss, X, X)
    _, first = step(X, 2 * X)
    step(X, 3 * X)
    np.testing.assert_array_equal(first, 2 * X)
    y = 5 * X
    gradient = step(X, y)[1]
    assert not np.shares_memory(gradient, y)

    def squares(x):
        return (np.tanh(x) ** 2).sum()

    again = ag.derive(squares, X, reuse_outputs=True)
    assert np.shares_memory(again(X)[1], again(2 * X)[1])
    fresh = ag.derive(squares, X)
    assert not np.shares_memory(fresh(X)[1], fresh(2 * X)[1])


def test_one_array_for_two_arguments_gets_two_gradients():
    step = ag.derive(lambda a, b: (a + b).sum(), X, X, argnums=(0, 1))
    _, (da, db) = step(X, X)
    assert not np.shares_memory(da, db)


def test_a_program_may_contain_transforms_of_constants():
    def loss(x):
        inner = ag.grad(lambda b: np.sum(b * b * x))(np.ones(3))
        return np.sum(x * inner)

    program = ag.derive(loss, X := np.array([1.0, 2.0, 3.0]))
    value, gradient = program(2 * X)
    assert value == 112.0
    np.testing.assert_array_equal(gradient, [8.0, 16.0, 24.0])


def test_threads_may_share_a_program():
    step = ag.derive(mlp, PARAMS, X, Y)
    expected = [ag.value_and_grad(mlp)(PARAMS, X * k, Y) for k in range(1, 5)]
    faults = []

    def work(k):
        for _ in range(200):
            try:
                agree(step(PARAMS, X * k, Y), expected[k - 1])
            except AssertionError as error:
                faults.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_functions_of_any_value_and_derivatives_of_any_order_derive():
    def f(x):
        return np.sum(np.tanh(x) ** 3)

    x, v = X[0], X[1]
    agree(ag.derive(np.tanh, x, argnums=None)(v), np.tanh(v))
    agree(ag.derive(ag.grad(f), x, argnums=None)(v), ag.grad(f)(v))
    agree(ag.derive(ag.hessian(f), x, argnums=None)(v), ag.hessian(f)(v))

    def product(x, v):
        return ag.hvp(f)(x, v)

    agree(ag.derive(product, x, v, argnums=None)(v, x), product(v, x))

    def penalty(x):
        return np.sum(ag.grad(f)(x) ** 2)

    agree(ag.derive(penalty, x)(v), ag.value_and_grad(penalty)(v))


def test_a_loop_of_fixed_length_and_assignment_are_unrolled():
    def loss(W, x):
        states = ag.zeros((3, 4))
        h = x
        for t in range(3):
            h = np.tanh(h @ W)
            states[t] = h
        return (states**2).sum()

    W, x = rng.standard_normal((4, 4)), rng.standard_normal(4)
    step = ag.derive(loss, W, x)
    agree(step(W.T.copy(), x[::-1].copy()), ag.value_and_grad(loss)(W.T, x[::-1]))


def test_a_cut_view_of_an_argument_and_odd_memory_layouts():
    step = ag.derive(mlp, PARAMS, X, Y)
    wide = rng.standard_normal((6, 10))
    strange = {name: np.asfortranarray(p) for name, p in PARAMS.items()}
    agree(step(strange, wide[:, ::2], Y), ag.value_and_grad(mlp)(PARAMS, wide[:, ::2], Y))


# What the source must not get wrong.


def alone(step, *args):
    names = {}
    exec(step.source, names)
    return names["step"](*args)


def test_a_width_is_not_taken_for_the_number_of_samples():
    def loss(W, X):
        return np.sum(np.tanh(X @ W).mean(axis=1))

    W, X = rng.standard_normal((3, 8)), rng.standard_normal((8, 3))
    step = ag.derive(loss, W, X)
    assert "/ 8" in step.source
    agree(alone(step, W, X[:2]), ag.value_and_grad(loss)(W, X[:2]))


def test_the_source_refuses_another_static_argument():
    step = ag.derive(lambda x, n: (x**n).sum(), X, 3)
    agree(alone(step, X, 3), step(X, 3))
    with pytest.raises(ValueError, match="derived for n = 3"):
        alone(step, X, 2)


def test_the_source_returns_arrays_of_its_own():
    step = ag.derive(lambda a, b: (a * b).sum(), X, X + 1, argnums=(0, 1))
    other = X + 1
    _, (da, _) = alone(step, X, other)
    assert not np.shares_memory(da, other)


def test_a_forward_line_is_not_called_after_a_cotangent():
    def loss(a, b, c):
        return (a * b * b * c).sum()

    step = ag.derive(loss, X, X + 1, X + 2, argnums=(2, 0))
    assert "dc" not in step.source.partition("loss = ")[0]
    agree(alone(step, X, X, X), ag.value_and_grad(loss, (2, 0))(X, X, X))


def test_names_in_any_alphabet_stay():
    def loss(θ, X):
        return (X @ θ).sum()

    step = ag.derive(loss, X[0], X)
    assert "def step(θ, X):" in step.source
    assert "dθ = " in step.source


def test_a_scaled_constant_of_one_number_keeps_its_shape():
    def loss(x, s):
        return np.sum(x - x.max(axis=0) * s)

    step = ag.derive(loss, np.arange(8.0).reshape(2, 4), np.array(2.0), argnums=(0, 1))
    data = rng.standard_normal((2, 4)), np.array(-1.0)
    agree(step(*data), ag.value_and_grad(loss, (0, 1))(*data))


def test_a_softmax_with_names_on_the_way_becomes_p_minus_y_too():
    def loss(Z, Y):
        E = np.exp(Z)
        P = E / np.sum(E, axis=1, keepdims=True)
        return -np.sum(Y * np.log(P)) / len(Z)

    step = ag.derive(loss, X[:, :3], Y)
    assert "dZ = (Y.sum(axis=1, keepdims=True) * P - Y) / N" in lines(step)
    agree(step(X[:, 1:4], Y), ag.value_and_grad(loss)(X[:, 1:4], Y))


def test_a_step_says_what_it_is():
    step = ag.derive(mlp, PARAMS, X, Y)
    assert repr(step) == "<Step of mlp: 1 programs>"
    assert step.table().flops > 0
    assert r"\frac{\partial L}{\partial Z_2}" in step.latex()


def test_the_example_is_let_go():
    import gc
    import weakref

    x = np.ones((100, 100))
    x_alive = weakref.ref(x)
    step = ag.derive(lambda x: np.tanh(x).sum(), x)
    del x
    gc.collect()
    assert x_alive() is None
    assert step(np.zeros((100, 100)))[0] == 0


# What an outside review found.


def test_arrays_whose_dtype_is_another_object_are_taken():
    import pickle

    step = ag.derive(lambda x, k: (x * x * (1 if k != k else k)).sum(), X, 2.0)
    expected = step(X, 2.0)
    agree(step(pickle.loads(pickle.dumps(X)), 2.0), expected)
    agree(step(X.astype(">f8"), 2.0), expected)
    agree(step(X, float("nan"))[0], step(X, float("nan"))[0])
    integers = ag.derive(lambda x, i: x[i].sum(), X, np.array([1, 2]))
    agree(integers(X, np.array([0, 3], np.longlong)), integers(X, np.array([0, 3])))


def test_a_derivative_through_a_step_and_a_step_inside_of_a_program():
    step = ag.derive(lambda x: np.sum(x**3), X[0])
    agree(ag.grad(lambda x: step(x)[0])(X[1]), 3 * X[1] ** 2)
    x = ag.Tensor(X[1], requires_grad=True)
    (step(x)[0] + np.sum(x)).backward()
    agree(x.grad, 3 * X[1] ** 2 + 1)

    def nested(x):
        return step(x)[0] * np.sum(x)

    agree(ag.derive(nested, X[0])(X[1]), ag.value_and_grad(nested)(X[1]))


def test_what_is_not_recorded_is_refused():
    def shifted(x):
        with ag.no_grad():
            top = np.max(x)
        return np.sum(np.exp(x - top))

    with pytest.raises(ag.DataDependentError, match=r"ag\.no_grad; use ag\.stop_gradient"):
        ag.derive(shifted, X[0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x / x.data.max()),
        lambda x: np.sum(x) / np.linalg.norm(x.data),
        lambda x: np.sum(x) * np.median(x.data),
        lambda x: np.sum(x) if x.data.sum() > 1000 else np.sum(x) * x.data.sum(),
    ],
    ids=["max", "norm", "median", "sum"],
)
def test_numbers_that_do_not_depend_on_the_order_are_not_baked_in(f):
    with pytest.raises(ag.DataDependentError, match="was computed from the example's data"):
        ag.derive(f, X[0])
    with pytest.raises(ag.DataDependentError, match="was computed from the example's data"):
        ag.derive(lambda w, x: w * x.data, np.array(2.0), np.array(3.0))


def test_masks_do_not_fix_how_many_they_choose():
    with pytest.raises(ag.DataDependentError, match="as many entries as a mask has"):
        ag.derive(lambda x, m: np.mean(x[m] ** 2), X[0], X[0] > 0)
    chosen = np.array([True, False, True, True, False])
    step = ag.derive(lambda x: np.mean(x[chosen] ** 2), X[0])
    agree(step(X[1]), ag.value_and_grad(lambda x: np.mean(x[chosen] ** 2))(X[1]))


def test_an_op_of_the_user_that_draws_at_random_draws_in_each_run():
    generator = np.random.default_rng(0)
    noisy = ag.function(lambda x: x + generator.standard_normal(x.shape), lambda g, y, x: g)
    step = ag.derive(lambda x: noisy(x).sum(), X[0])
    assert step(X[0])[0] != step(X[0])[0]


def test_numbers_are_not_moved_where_that_overflows():
    def loss(x, y):
        return np.sum(x * np.float16(0.001) * y)

    x = np.full(2, 300, np.float16)
    agree(ag.derive(loss, x, x)(x, x), ag.value_and_grad(loss)(x, x), 1e-2)

    def quotient(x):
        return np.sum(x / (x + 1) * (x + 1))

    x = np.array([-1.0, 2.0])
    with np.errstate(all="ignore"):
        assert np.isnan(ag.derive(quotient, X[0][:2])(x)[0])


def test_single_numbers_are_not_shared():
    step = ag.derive(lambda x: x * 2, np.array(1.0))
    _, gradient = step(np.array(1.0))
    gradient[...] = 99
    assert step(np.array(1.0))[1] == 2
    x = np.array(1.0)
    assert ag.derive(lambda x: x, x, argnums=None)(x) is not x


def test_a_checkpoint_is_written_out():
    def loss(x):
        return np.sum(ag.checkpoint(np.tanh)(x) ** 2)

    agree(ag.derive(loss, X[0])(X[1]), ag.value_and_grad(loss)(X[1]))


def _vector_norm(x):
    return np.abs(x).sum()


def _softmax(x):
    return x - 1


def _leaf(x):
    return 2 * x


@pytest.mark.parametrize(
    ("f", "rule"),
    [
        (_vector_norm, lambda g, y, x: g * np.sign(x)),
        (_softmax, lambda g, y, x: g),
        (_leaf, lambda g, y, x: 2 * g),
    ],
)
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_an_op_of_the_user_is_not_taken_for_one_of_the_same_name(f, rule, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    op = ag.function(f, rule)

    def loss(x):
        y = op(x)
        return np.sum((1 / y) * y * x)  # for what is surely positive, (1 / y) * y is 1

    x = np.array([3.0, -4.0, 1.0])
    with np.errstate(all="ignore"):
        agree(ag.derive(loss, x, backend=backend)(x), ag.value_and_grad(loss)(x))


def _fill(out, values):
    out[...] = 2 * values


def _filled(x):
    out = np.zeros(x.shape)
    _fill(out, x)
    return out


w = np.ones(3)


def _squared(x):
    w = x * x
    return w + w


@pytest.mark.parametrize(
    ("f", "rule"),
    [(_filled, lambda g, y, x: 2 * g), (_squared, lambda g, y, x: 4 * g * x)],
    ids=["a call for what it does", "a local with the name of a global"],
)
def test_the_source_of_an_op_of_the_user_is_whole(f, rule):
    op = ag.function(f, rule)
    step = ag.derive(lambda x: np.sum(op(x) * x), np.ones(3))
    scope = {}
    exec(step.source, scope)
    x = np.array([1.0, 2.0, 3.0])
    agree(scope["step"](x), step(x))


@pytest.mark.parametrize("numbers", [(0.0, -0.0), (-0.0, 0.0), (np.float64(0), np.float64(-0.0))])
def test_minus_zero_is_another_static_argument_than_zero(numbers):
    def f(w, c):
        return np.sum(w) * np.copysign(1.0, c)

    step = ag.derive(f, np.ones(2), numbers[0])
    for c in (*numbers, *numbers):
        agree(step(np.ones(2), c), ag.value_and_grad(f)(np.ones(2), c))


def test_a_static_nan_is_recorded_once():
    step = ag.derive(lambda w, c: np.sum(w) * 2, np.ones(2), float("nan"))
    step(np.ones(2), float("nan"))
    assert len(step.signatures) == 1


_BYTES = np.array([200, 201, 202], np.uint8)
_MASK = np.array([True, False, True])


def _assigned(x, i):
    y = ag.zeros(3)
    y[i] = x
    y[i] *= x
    return np.sum(y**2)


def _two_sums(x, s):
    return np.sum(np.exp(x)) + np.log(np.sum(np.exp(x - np.log(s))))


def _out_of_proportion(w, v):
    return np.sum((w * np.float32(1e-30)) * v * v * np.float32(1e-10))


@pytest.mark.parametrize(
    ("f", "example", "data"),
    [
        (lambda x: np.sum(ag.relu(x)) + np.sum(ag.relu(x - 0.5)), (X[0],), (X[1],)),
        (lambda x: np.sum(ag.relu(x)) - np.sum(ag.relu(x - 0.5)), (X[0],), (X[1],)),
        (lambda x, a, b: np.sum(x * a) + np.sum(x * b), (X[0, :3], _MASK, _MASK), None),
        (lambda x, a: np.mean(x * a * a), (X[0, :3], _BYTES), None),
        (lambda x, a: np.sum(x * -a), (X[0, :3], _BYTES), None),
        (lambda x, a: np.mean(x * a * a), (X[0, :3], np.full(3, 300, np.float16)), None),
        (_assigned, (X[0, :3], np.array([0, 1, 2])), (X[1, :3], np.array([2, 2, 0]))),
        (_assigned, (X[0, :3], np.array([0, 1, 1])), (X[1, :3], np.array([2, 2, 0]))),
        (_two_sums, (np.array([-800.0]), np.array([1e-300])), None),
        (_out_of_proportion, (np.float32([1]), np.float32([1e20])), None),
        (lambda x: np.sum(np.copysign(x, np.full(5, -0.0))), (X[0],), (X[1],)),
        (lambda x: np.max(x, initial=np.float64(-np.inf)), (X[0],), (X[1],)),
        (lambda x: np.sum(x * x) * 0.3333333333, (X[0],), (X[1],)),
        (lambda w, u: np.sum(w * (u > 300)), (X[0, :3], _BYTES), None),
    ],
)
def test_what_numpy_computes_in_another_dtype_or_order_stays(f, example, data):
    data = data or example
    step = ag.derive(f, *example)
    agree(step(*data), ag.value_and_grad(f)(*data))
    scope = {}
    exec(step.source, scope)
    agree(scope["step"](*data), ag.value_and_grad(f)(*data))


def test_of_several_values_none_is_taken_for_a_cotangent():
    def f(x):
        return x * 2, np.sum(-x, initial=5.0)

    agree(ag.derive(f, X[0], argnums=None)(X[1]), f(X[1]))


def test_what_a_program_captured_may_be_changed_by_its_owner():
    k, mask, index = np.array(2.0), np.array([True, False, True]), [0, 1, 1]

    def loss(x):
        return np.sum(np.exp(x) * k, where=mask) + np.sum(x[index] ** 2)

    x = X[0, :3]
    expected = ag.value_and_grad(loss)(x)
    step = ag.derive(loss, x)
    k[...], mask[:], index[:] = 5.0, True, [2, 2, 2]
    agree(step(x), expected)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[int(np.argmax(x.data))] ** 2,
        lambda x: np.sum(x) * (2.0 if x.data.min() > 0 else 1.0),
        lambda x: np.sum(np.ravel(x, order="A") * np.arange(3)),
    ],
)
def test_what_is_read_off_the_sign_the_largest_or_the_memory_is_refused(f):
    with pytest.raises(ag.DataDependentError):
        ag.derive(f, np.array([1.0, 3.0, 2.0]))


def _squares():
    def act(x):
        out = np.zeros(x.shape)
        out[...] = x**2
        return out

    return ag.function(act, lambda g, y, x: 2 * g * x)


def _cubes():
    def act(x):
        out = np.zeros(x.shape)
        out[...] = x**3
        return out

    return ag.function(act, lambda g, y, x: 3 * g * x**2)


def test_two_ops_of_one_name_have_two_names_in_the_source():
    squares, cubes = _squares(), _cubes()
    step = ag.derive(lambda x: np.sum(squares(x) + 10 * cubes(x)), X[0])
    scope = {}
    exec(step.source, scope)
    agree(scope["step"](X[1]), ag.value_and_grad(lambda x: np.sum(x**2 + 10 * x**3))(X[1]))


def _shift(x):
    out = np.zeros(x.shape)
    out[...] = x + 1
    return out


def test_two_helpers_of_one_name_are_refused():
    ops = []
    for k, shift in enumerate((_shift, lambda x: x + 2)):
        text = f"def act{k}(x):\n  out = np.zeros(x.shape)\n  out[...] = _shift(x)\n  return out\n"
        # Where `inspect` finds the source of what was compiled from text.
        linecache.cache[f"<act{k}>"] = (len(text), None, text.splitlines(True), f"<act{k}>")
        scope = {"np": np, "_shift": shift}
        exec(compile(text, f"<act{k}>", "exec"), scope)
        ops.append(ag.function(scope[f"act{k}"], lambda g, y, x: g))
    step = ag.derive(lambda x: np.sum(ops[0](x) * ops[1](x)), X[0])
    with pytest.raises(NotImplementedError, match="two different things are called _shift"):
        step.source  # noqa: B018


def test_the_slope_of_squared_errors_is_two_by_the_number_of_samples():
    w, X, t = np.ones(3), np.arange(21.0).reshape(7, 3), np.arange(7.0)
    step = ag.derive(lambda w, X, t: np.mean((X @ w - t) ** 2), w, X, t)
    assert "dw = X.T @ (2 * v1 / N)" in lines(step)
    assert r"\frac{2" in step.latex()


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("f", "example"),
    [
        (lambda a, b: np.sum(b + ag.softmax(a, axis=0)), (np.array(0.5), np.ones(3))),
        (lambda x, d: np.sum(np.sum(x / d, axis=0) ** 2), (np.ones((2, 3)), np.full((1, 1), 3.0))),
        (lambda x, d: np.sum(np.sum(x / d, axis=0) ** 2), (np.ones((2, 3)), np.full((1, 3), 3.0))),
    ],
)
def test_a_sum_of_quotients_of_few_numbers(f, example, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    agree(ag.derive(f, *example, backend=backend)(*example), ag.value_and_grad(f)(*example))


def _three(x, number):
    return -np.sum(np.sin(x) * number * x)


@pytest.mark.parametrize(
    ("f", "example"),
    [
        (lambda x: -(np.sum(x) * np.uint8(3)), (np.ones(3),)),
        (lambda x: _three(x, np.uint8(3)), (np.ones(2),)),
        (lambda x: np.sum((x * np.int32(50000)) ** 2), (np.ones(2),)),
        (lambda x: np.sum((np.exp(-x) * np.uint16(1000)) ** 2), (np.ones(2),)),
        (lambda x: (1 - np.mean(x) * np.uint8(3)) ** 2, (np.ones(3),)),
        (lambda x: np.sum(x / np.float16(3)), (np.ones(3),)),
        (lambda w, u: np.sum(w * (u * (2 / 255) - 1)), (np.ones(3), _BYTES)),
        (lambda w, u: np.sum(w * (u * (1 / 300))), (np.ones(3), _BYTES)),
        (lambda w, u: np.sum(w * (u / (-4))), (np.ones(3), _BYTES)),
        (lambda w, u: np.sum(w * (u - np.full(3, 228))), (np.ones(3), _BYTES)),
        (lambda w, u: np.sum(w * (u * np.full(3, 2))), (np.ones(3), _BYTES)),
        (lambda x: np.sum(x * np.array([3])), (np.ones(3, np.float32),)),
        (lambda x: -np.mean(ag.relu(x)), (np.array([1.0, -1.0, 2.0]),)),
        (lambda x: 1 - np.mean(ag.relu(x)), (np.array([1.0, -1.0, 2.0]),)),
        (lambda x: np.sum(np.arctan2(x + 0.0, -1.0)), (np.array([-0.0, 1.0]),)),
    ],
)
def test_integers_and_masks_do_not_wrap_around_in_programs_or_their_source(f, example):
    step = ag.derive(f, *example)
    scope = {}
    exec(step.source, scope)
    for found in step(*example), scope["step"](*example):
        agree(found, ag.value_and_grad(f)(*example))


@pytest.mark.parametrize(
    ("f", "k", "others"),
    [
        (lambda x, k: np.arctan2(k, x), 0.0, (-0.0, 0)),
        (lambda x, k: x**k, 2, (2.0,)),
        (lambda x, k: x if k != k else x + k, float("nan"), (1.0,)),
    ],
)
def test_the_source_tells_static_numbers_apart_as_the_step_does(f, k, others):
    x = -np.ones(2)
    scope = {}
    exec(ag.derive(f, x, k, argnums=None).source, scope)
    agree(scope["step"](x, k), f(x, k))
    for other in others:
        with pytest.raises(ValueError, match="derived for k = "):
            scope["step"](x, other)
