"""`explain` says in words what the tape holds and what the backward sweep does."""

import re
import subprocess
import sys

import numpy as np
import pytest
from counting import calls

import autograd_lite as ag
from autograd_lite.drawing.table import explain
from autograd_lite.mode import scope

HOSTILE = ['"><script>', "a|b{c}", r"\N \l &amp;", "<b>", "&#65;", "\\", "*x*", "`", "[x](y)", "$"]


def parameter(data, name=None):
    return ag.Tensor(np.asarray(data, float), requires_grad=True, name=name)


def neuron():
    w1, w2, b = parameter(-0.44, "w1"), parameter(0.51, "w2"), parameter(0.3, "b")
    x1, x2 = ag.Tensor(1.0, name="x1"), ag.Tensor(-2.0, name="x2")
    o = np.tanh(w1 * x1 + w2 * x2 + b)
    o.name = "o"
    return o


def mlp():
    rng = np.random.default_rng(0)
    X = ag.Tensor(rng.standard_normal((5, 3)), name="X")
    W1, b1 = parameter(rng.standard_normal((3, 4)), "W1"), parameter(np.zeros(4), "b1")
    W2, b2 = parameter(rng.standard_normal((4, 2)), "W2"), parameter(np.zeros(2), "b2")
    with scope("first"):
        h = np.tanh(X @ W1 + b1)
    return ag.softmax_cross_entropy(h @ W2 + b2, np.array([0, 1, 1, 0, 1]))


def table(text, title):
    """The rows of a table of the text, cells by head."""
    block = next(block for block in text.split("\n\n") if block.startswith(title))
    _, head, *rows = block.splitlines()
    starts = [m.start() for m in re.finditer(r"(?<=  )\S|^ +\S", head)]
    starts[0] = 0
    ends = [*starts[1:], None]
    heads = [head[a:b].strip() for a, b in zip(starts, ends, strict=True)]
    return [
        {h: row[a:b].strip() for h, a, b in zip(heads, starts, ends, strict=True)}
        for row in rows
        if not row.startswith(" ... and")
    ]


def test_the_tape_of_a_neuron_is_written_with_its_numbers():
    rows = table(explain(neuron()), "Forward")
    assert [row["name"] for row in rows] == [
        *("w1", "w2", "b", "x1", "x2"),
        *("v5", "v6", "v7", "v8", "o"),
    ]
    assert rows[1] == {
        "no": "1",
        "name": "w2",
        "op": "parameter",
        "expression": "",
        "numbers": "",
        "value": "0.510",
    }
    assert rows[6]["expression"] == "w2 * x2"
    assert rows[6]["numbers"] == "= 0.510 * (-2.00)"
    assert rows[9]["numbers"] == "= np.tanh(-1.16)"


def test_each_backward_step_is_written_with_its_numbers():
    rows = table(explain(neuron()), "Backward")
    assert [row["step"] for row in rows] == list("1234567")
    assert rows[0] == {
        "step": "1",
        "from": "o",
        "to": "v8",
        "rule": "g * (1 - o**2)",
        "numbers": "= 1.00 * (1 - (-0.821)**2)",
        "sent": "0.326",
    }
    to_w2 = next(row for row in rows if row["to"] == "w2")
    assert (to_w2["rule"], to_w2["numbers"]) == ("g * x2", "= 0.326 * (-2.00)")
    assert to_w2["sent"] == "-0.652"


def test_a_value_used_again_adds_up_step_by_step():
    x = parameter(3.0, "x")
    a = x * x
    text = explain(a * x + a)
    rows = [row for row in table(text, "Backward") if row["to"] == "x"]
    assert [row["sum so far"] for row in rows] == [
        "9.00 (1 of 3)",
        "21.0 (2 of 3)",
        "33.0 (3 of 3)",
    ]
    assert table(text, "Gradients") == [{"name": "x", "gradient": "33.0"}]


def test_arrays_have_shapes_and_parts_and_no_numbers_in_the_rules():
    text = explain(mlp())
    rows = {row["name"]: row for row in table(text, "Forward")}
    assert "numbers" not in rows["W1"]
    assert rows["W1"]["shape"] == "(3, 4)"
    assert rows["v5"]["expression"] == "X @ W1"
    assert rows["v5"]["part"] == "first"
    assert rows["X"]["value"].startswith("15 entries, max ")
    steps = {(row["from"], row["to"]): row for row in table(text, "Backward")}
    assert steps["v7", "v6"]["rule"] == "g * (1 - v7**2)"
    assert steps["v5", "W1"]["rule"] == "X.T @ g"


def test_the_gradients_are_those_of_backward():
    loss = mlp()
    rows = {row["name"]: row["gradient"] for row in table(explain(loss), "Gradients")}
    leaves = [x for x in ag.tape(loss) if x.requires_grad and x.op is None]
    loss.backward()
    b2 = next(x for x in leaves if x.name == "b2")
    shown = [float(x) for x in rows["b2"].strip("[]").split()]
    assert np.allclose(shown, b2.grad, rtol=5e-3)
    assert list(rows) == ["W1", "b1", "W2", "b2"]


def test_explaining_records_nothing_and_touches_no_gradient():
    loss = mlp()
    leaf = next(x for x in ag.tape(loss) if x.requires_grad)
    first = explain(loss)
    assert leaf.grad is None
    loss.backward(retain_graph=True)
    before = leaf.grad
    assert explain(loss) == first
    assert leaf.grad is before


@pytest.mark.parametrize(
    ("data", "remark"),
    [([0.0, 0.0], "zero everywhere"), ([np.nan, 1.0], "1 of 2 NaN"), ([np.inf, 1.0], "infinite")],
)
def test_a_gradient_to_look_at_has_a_remark(data, remark):
    x = parameter([1.0, 2.0], "x")
    rows = table(explain(np.sum(x * np.array(data))), "Gradients")
    assert remark in rows[0]["remark"]


def test_a_parameter_that_gets_no_gradient_says_so():
    x, y = parameter(1.0, "x"), parameter(2.0, "y")
    text = explain(x * 2 + ag.stop_gradient(y))
    assert {"name": "y", "gradient": "none arrives"} in table(text, "Gradients")


def test_without_parameters_there_is_no_backward_table():
    text = explain(ag.Tensor(2.0, name="x") * 3)
    assert text.startswith("Forward: 2 values")
    assert "Backward" not in text


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (np.zeros((0, 3)), "empty"),
        (np.array(True), "1"),
        (np.ones((1, 1, 1, 1, 2)), "[[[[[1.00 1.00]]]]]"),
        (np.array([1 + 2j, -0.0]), "[1.00+2.00j 0.00+0.00j]"),
        (np.array([np.nan, -np.inf]), "[nan -inf]"),
        (np.full(20, np.nan), "20 entries, none finite, 20 not finite"),
        (np.array([-1e-12, 1.0]), "[0.00 1.00]"),
    ],
)
def test_values_of_every_kind_are_shown(data, shown):
    assert table(explain(ag.Tensor(data, name="x")), "Forward")[0]["value"] == shown


def test_an_op_whose_rule_cannot_be_written_is_still_explained():
    def rule(g, y, x):
        return g * float(np.asarray(y.data if hasattr(y, "data") else y).sum())

    op = ag.function(lambda x: x * 2.0, rule)
    text = explain(op(parameter(3.0, "x")))
    assert table(text, "Gradients")[0]["gradient"] == "6.00"


def test_a_long_tape_is_cut_with_a_note():
    x = parameter(1.0, "x")
    for _ in range(500):
        x = x * 1.001
    text = explain(x, rows=10)
    assert len(table(text, "Forward")) == len(table(text, "Backward")) == 10
    assert "... and 491 more; explain(x, rows=501) writes them all" in text


def test_twice_as_many_ops_are_explained_with_twice_the_work():
    def text(n):
        x = parameter(1.0, "x")
        y = x
        for _ in range(n):
            y = y + x
        return lambda: explain(y, rows=5)

    assert "100,001 values" in text(100_000)()
    assert calls(text(4000)) <= 2.2 * calls(text(2000))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text_in_every_format(name):
    y = parameter(2.0, name) * 3
    text = explain(y)
    assert name in text
    assert f"{name} * 3" in text
    markdown = text._repr_markdown_()
    cells = [re.split(r" \| ", line.strip("| ")) for line in markdown.splitlines() if "|" in line]
    assert len({len(row) for row in cells[:4]}) == 1
    assert not re.search(r"[<>`*$\\]", markdown.replace("**", ""))


def test_control_characters_do_not_reach_the_terminal():
    text = explain(parameter(2.0, "a\x1b[2J\nb\u202e") * 3)
    assert r"a\x1b[2J\nb\u202e" in text
    assert all(c.isprintable() or c == "\n" for c in text)


def test_it_prints_as_it_is():
    text = explain(neuron())
    assert repr(text) == str(text) == text
    assert isinstance(text, str)


def whitehill():
    rng = np.random.default_rng(0)
    x = ag.Tensor(rng.standard_normal((1, 784)), name="x")
    W1 = parameter(rng.standard_normal((784, 30)) / 28, "W1")
    W2 = parameter(rng.standard_normal((30, 10)), "W2")
    p = ag.sigmoid(ag.sigmoid(x @ W1) @ W2)
    return ag.softmax_cross_entropy(p, np.eye(10)[[3]])


def factors(latex):
    return re.findall(r"\\underbrace\{(.*?)\}_\{([^}]* \\times [^}]*)\}", latex)


def test_the_chain_rule_of_a_parameter_has_the_shapes_of_its_jacobians():
    latex = explain(whitehill(), format="latex", wrt="W1")
    shapes = [shape.replace(r" \times ", "x") for _, shape in factors(latex)]
    assert shapes == ["1x10", "10x10", "10x30", "30x30", r"30x(784 \cdot 30)"]
    assert r"\frac{\partial L}{\partial W_1} &= " in latex


def test_every_parameter_has_its_equation_unless_one_is_chosen():
    loss = whitehill()
    assert explain(loss, format="latex").count("&=") == 2
    W2 = next(x for x in ag.tape(loss) if x.name == "W2")
    assert explain(loss, format="latex", wrt=W2).count("&=") == 1


def test_where_paths_part_the_chain_rule_is_a_sum():
    x = parameter(3.0, "x")
    a = np.tanh(x)
    a.name = "a"
    y = a * x
    y.name = "y"
    latex = explain(y, format="latex")
    d = r"\frac{{\partial {}}}{{\partial {}}}".format
    assert r"\left.\frac{\partial y}{\partial x}\right|_{a}" in latex  # a moves with x: it is held
    assert d("y", "a") in latex
    assert latex.count(" + ") == 1


def test_the_product_of_the_jacobians_named_is_the_gradient():
    loss = whitehill()
    W1 = next(x for x in ag.tape(loss) if x.name == "W1")
    steps = ag.local_jacobians(loss, W1)
    latex = explain(loss, format="latex", wrt=W1)
    assert len(steps) == len(factors(latex))
    for step, (_, shape) in zip(steps, factors(latex), strict=True):
        rows, columns = (
            np.prod([int(n) for n in re.findall(r"\d+", side)]) for side in shape.split(r"\times")
        )
        assert step.matrix.shape == (rows, columns)


def test_very_many_paths_are_counted_and_not_listed():
    x = y = parameter(0.5, "x")
    for _ in range(40):
        y = np.tanh(y) + np.sin(y) * y
    latex = explain(y, format="latex")
    assert len(latex) < 10_000
    for _ in range(2):
        z = np.tanh(x) + x
        for _ in range(12):
            z = z * np.sin(x) + np.cos(z) * x
    assert "paths" in explain(z, format="latex")


def test_a_long_chain_is_abbreviated():
    x = parameter(1.0, "x")
    y = x
    for _ in range(3000):
        y = y * 1.001
    latex = explain(y, format="latex")
    assert r"\cdots" in latex
    assert len(latex) < 3000


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("W1", "W_1"), ("theta", r"\theta"), ("50%", r"\mathrm{50\%}"), ("a&b", r"\mathrm{a\&b}")],
)
def test_names_are_spelled_for_latex(name, symbol):
    assert rf"\partial {symbol}}} &= " in explain(parameter(2.0, name) * 3, format="latex")


@pytest.mark.parametrize("name", [*HOSTILE, r"\input{x}", "}", "{", r"\\", "%", "^^M"])
def test_no_name_breaks_the_latex(name):
    latex = explain(parameter(2.0, name) * 3, format="latex")
    bare = re.sub(r"\\.", "", latex)
    assert bare.count("{") == bare.count("}")
    assert bare.count("&") == 1
    assert not set("%$#~") & set(bare)
    assert "input{" not in latex


@pytest.mark.parametrize("thing", [3.0, np.ones(2), mlp])
def test_what_is_no_tensor_is_refused_with_what_to_write(thing):
    with pytest.raises(TypeError, match=rf"not a {type(thing).__name__}; write explain\(loss\)"):
        explain(thing)


def test_an_unknown_format_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="text, latex"):
        explain(neuron(), format="html")


@pytest.mark.parametrize("wrt", ["nobody", "x1"])
def test_what_has_no_derivative_is_refused(wrt):
    with pytest.raises(ValueError, match=r"o .*wrt"):
        explain(neuron(), format="latex", wrt=wrt)


def test_a_released_graph_says_how_to_keep_it():
    loss = mlp()
    loss.backward()
    with pytest.raises(ag.GraphFreedError, match="retain_graph=True"):
        explain(loss)


def test_the_same_program_gives_the_same_text():
    code = (
        "import numpy as np, autograd_lite as ag\n"
        "from autograd_lite.drawing.table import explain\n"
        "x = ag.Tensor(np.arange(4.0), requires_grad=True)\n"
        "print(explain(np.sum(np.sin(x) * x[[0, 0, 1, 2]])))"
    )
    outs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(outs) == 1
