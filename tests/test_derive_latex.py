"""A program as equations: what it reads like, and that any program has them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from latex2mathml.converter import convert

import autograd_lite as ag
from autograd_lite.derivation import derive
from autograd_lite.derivation.latex import latex
from autograd_lite.derivation.source import readable
from autograd_lite.derivation.symbols import symbol
from autograd_lite.selfcheck import CASES

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((8, 4)), np.eye(3)[rng.integers(3, size=8)]
W1, b1, W2, b2 = (rng.standard_normal(shape) for shape in ((4, 5), (5,), (5, 3), (3,)))


def typeset(f, *args, argnums=0, names=None, **options):
    """The equations of a derived function of arrays; other names for its arguments, if given."""
    step = derive(f, *args, argnums=argnums)
    spelling = step.latest.written.spelling
    for i, name in enumerate(names or ()):
        spelling.names[step.program.arguments[i].birth] = name
    return step.latex(**options)


def equations(*args, **options):
    """Their lines, forward and backward."""
    blocks = typeset(*args, **options).split("\n\n")
    assert all(block.startswith(r"\begin{aligned}") for block in blocks)
    return [[line.removesuffix(r" \\") for line in block.split("\n")[1:-1]] for block in blocks]


def mlp(W1, b1, W2, b2, X, Y):
    Z1 = X @ W1 + b1
    A1 = ag.relu(Z1)
    Z2 = A1 @ W2 + b2
    return ag.softmax_cross_entropy(Z2, Y)


# What it reads like.


def test_a_softmax_network_reads_as_in_the_papers():
    text = typeset(mlp, W1, b1, W2, b2, X, Y, argnums=(0, 1, 2, 3))
    assert (
        text
        == r"""
\begin{aligned}
Z_1 &= X W_1 + b_1 \\
A_1 &= \max(Z_1, 0) \\
Z_2 &= A_1 W_2 + b_2 \\
\log P &= \log \operatorname{softmax}(Z_2) \\
L &= -\frac{1}{N} \sum Y \odot \log P
\end{aligned}

\begin{aligned}
P &= \exp(\log P) \\
\frac{\partial L}{\partial Z_2} &= \frac{P - Y}{N} \\
\frac{\partial L}{\partial b_2} &= \sum_{i} \left(\frac{\partial L}{\partial Z_2}\right)_{i,:} \\
\frac{\partial L}{\partial A_1} &= \frac{\partial L}{\partial Z_2} W_2^{\top} \\
\frac{\partial L}{\partial W_2} &= A_1^{\top} \frac{\partial L}{\partial Z_2} \\
\frac{\partial L}{\partial Z_1} &= \frac{\partial L}{\partial A_1} \odot [Z_1 > 0] \\
\frac{\partial L}{\partial b_1} &= \sum_{i} \left(\frac{\partial L}{\partial Z_1}\right)_{i,:} \\
\frac{\partial L}{\partial W_1} &= X^{\top} \frac{\partial L}{\partial Z_1}
\end{aligned}""".lstrip()
    )


def test_the_short_style_has_differentials():
    text = typeset(mlp, W1, b1, W2, b2, X, Y, argnums=(0, 1, 2, 3), style="short")
    assert r"\mathrm{d}W_1 &= X^{\top} \mathrm{d}Z_1" in text
    assert r"\mathrm{d}b_1 &= \sum_{i} (\mathrm{d}Z_1)_{i,:}" in text
    assert r"\partial" not in text


def test_the_environment_is_chosen():
    text = typeset(lambda x: np.sum(x**2), b1, environment="align*")
    assert text.startswith(r"\begin{align*}")
    assert text.endswith(r"\end{align*}")


def test_sigmoid_and_greek_letters():
    def loss(theta, X, mu):
        y_hat = ag.sigmoid((X - mu) @ theta)
        return np.sum(y_hat**2) / 2

    forward, backward = equations(loss, W1[:, 0], X, np.ones(4))
    assert forward == [
        r"v_1 &= X - \mu",
        r"\hat{y} &= \sigma(v_1 \theta)",
        r"L &= \frac{1}{2} \sum \hat{y}^{\odot 2}",
    ]
    assert backward[-1].startswith(r"\frac{\partial L}{\partial \theta} &= ")


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x, y: np.sum(x * y), r"\sum x \odot y"),
        (lambda x, y: np.sum(x + y), r"\sum (x + y)"),
        (lambda x, y: x @ y, r"x^{\top} y"),
        (lambda x, y: np.sum((x - y) / y), r"\sum (x - y) \oslash y"),
        (lambda x, y: np.sum(x * (x / y)), r"\sum x \odot (x \oslash y)"),
        (lambda x, y: np.sum(x**3) * 3e-5, r"3 \cdot 10^{-5} \cdot \sum x^{\odot 3}"),
        (lambda x, y: np.sum(np.abs(x)) / 3, r"\frac{1}{3} \sum \left|x\right|"),
        (lambda x, y: np.log(np.sum(np.exp(x))), r"\log\left(\sum \exp x\right)"),
        (lambda x, y: np.exp(x[1]) * y[0] ** 2, r"\exp(x_{1}) y_{0}^{2}"),
        (lambda x, y: np.log(x[1] ** 2) * y[0], r"\log(x_{1}^{2}) y_{0}"),
        (lambda x, y: np.max(x) - np.mean(y), r"\max x - \frac{1}{5} \sum y"),
        (
            lambda x, y: np.sum(np.repeat(x[:3:2], 2)),
            r"\sum \operatorname{repeat}(x_{:3:2};\ \mathrm{repeats} = 2)",
        ),
        (
            lambda x, y: np.where(x > y, x, 0 * y).sum(),
            r"\sum \left(\begin{cases} x & \text{where } x > y \\ 0 y & \text{elsewhere} "
            r"\end{cases}\right)",
        ),
        (
            lambda x, y: np.einsum("i,j->", x, y),
            r"\operatorname{einsum}_{\mathrm{i,j \to }}(x, y)",
        ),
        (lambda x, y: np.cumsum(x)[-1], r"(\operatorname{cumsum}(x))_{-1}"),
    ],
)
def test_expressions(f, text):
    program = readable(derive(f, np.arange(1.0, 6), np.ones(5), argnums=None).program)
    names = {x.birth: x.name for x in program.arguments}
    (line,) = latex(program, names).split("\n")[1:-1]
    assert line == f"& {text}"


def test_sums_over_axes_have_indices():
    def loss(t):
        return np.sum(t.sum(axis=(0, 2)) * t.max(axis=1, keepdims=True).mean(axis=-1).sum())

    program = readable(derive(loss, np.arange(24.0).reshape(2, 3, 4), argnums=None).program)
    text = latex(program, {x.birth: x.name for x in program.arguments})
    assert r"\sum_{i,k} t_{i,:,k}" in text
    assert r"\max_{j} t_{:,j,:}" in text
    assert r"\frac{1}{4} \sum_{k}" in text


# Derivatives and names.


def test_every_gradient_has_its_equation():
    _, backward = equations(lambda x, y: np.sum(x + y), b1, b1, argnums=(0, 1))
    assert backward == [
        r"\frac{\partial L}{\partial x} &= \mathbf{1}_{5}",
        r"\frac{\partial L}{\partial y} &= \mathbf{1}_{5}",
    ]


def test_gradients_that_are_one_array_have_two_equations():
    _, backward = equations(lambda x, y: np.sum((x + y) ** 2), b1, b1, argnums=(0, 1))
    assert backward[0].startswith(r"\frac{\partial L}{\partial")
    assert backward[1] == r"\frac{\partial L}{\partial y} &= \frac{\partial L}{\partial x}"


def test_a_variable_that_begins_with_d_is_no_derivative():
    def loss(dist, delta):
        dt = dist * delta
        return np.sum(dt**2)

    text = typeset(loss, b1, b1, argnums=(0, 1))
    assert r"\mathrm{dt} &= \mathrm{dist} \odot \delta" in text
    assert r"\frac{\partial L}{\partial \mathrm{dist}} &=" in text
    assert r"\frac{\partial L}{\partial \mathrm{dt}} &=" in text
    assert r"\partial \mathrm{ist}" not in text


def test_a_program_that_is_no_gradient_is_one_block():
    (lines,) = equations(ag.grad(lambda w, x: np.sum(np.tanh(x @ w))), b1, X @ W1, argnums=None)
    assert not any(r"\partial" in line for line in lines)


@pytest.mark.parametrize("names", [("Z_2", "Z2"), ("hidden_W", "W_hidden"), ("a", "a_")])
def test_two_variables_have_two_symbols(names):
    first, second = equations(lambda x, y: np.sum(x * y), b1, b1, argnums=(0, 1), names=names)[1]
    symbols = [line.split(" &= ")[0] for line in (first, second)]
    assert len(set(symbols)) == 2
    assert {line.split(" &= ")[1] for line in (first, second)} == {
        symbol(names[0]),
        f"{{{symbol(names[1])}'}}",
    }


HOSTILE = [
    "x; import os", "W_{1}", "a%b", "日本", r"\end{aligned}", "a&b", "$x$", "x^2~y#", "</mi>", '"',
    "`", "a\nb\x00", "\u202e", "_", "__", "\\", "{", "}}{{", "𝒳", "<script>",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(name):
    text = typeset(
        lambda x, y: np.sum(np.tanh(x * y)), b1, b1, names=(name, "y"), environment="split"
    )
    assert_typesets(text)
    assert text.count(r"\begin{") == text.count(r"\end{") == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("W1", "W_1"),
        ("W12", "W_{12}"),
        ("hidden_W", r"W_{\mathrm{hidden}}"),
        ("hidden0_W2", r"W_{2,\mathrm{hidden0}}"),
        ("theta", r"\theta"),
        ("Sigma_1", r"\Sigma_1"),
        ("β2", r"\beta_2"),
        ("lam", r"\lambda"),
        ("eps", r"\varepsilon"),
        ("x_t", "x_t"),
        ("y_hat", r"\hat{y}"),
        ("log_P", r"\log P"),
        ("weight_decay", r"\mathrm{weight\_decay}"),
        ("h_bar", r"\bar{h}"),
        ("rate3", r"\mathrm{rate}_3"),
        ("日本", r"\mathrm{日本}"),
    ],
)
def test_symbols(name, text):
    assert symbol(name) == text


# Any program.


def assert_typesets(text):
    assert text
    plain = text.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert plain.count(r"\left") == plain.count(r"\right")
    for block in text.split("\n\n"):
        mathml = convert(block)
        ET.fromstring(mathml)
        assert "\\" not in mathml


DERIVABLE = [case for case in CASES if " > " not in case.text and "rng=" not in case.text]


@pytest.mark.parametrize("case", DERIVABLE[::20], ids=lambda case: case.text)
def test_every_expression_of_the_selfcheck_typesets(case):
    def loss(*xs):
        y = case.function(*xs)
        parts = y if isinstance(y, (tuple, list)) else [y]
        return sum(np.sum(np.square(np.absolute(part))) for part in parts)

    inputs = case.inputs()
    text = typeset(loss, *inputs, argnums=tuple(range(len(inputs))), environment="split")
    assert_typesets(text)


def test_an_op_of_ones_own_is_written_by_its_name():
    def swish_2(x):
        return x / (1 + np.exp(-x))

    op = ag.ufunc(swish_2, lambda g, y, x: g * (y + (1 - y) / (1 + np.exp(-x))))
    text = typeset(lambda x: np.sum(op(x) ** 2), b1, environment="split")
    assert_typesets(text)


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: np.sum(x) * np.int8(-128), r"-128 \sum x"),
        (lambda x: 2 * (3 * np.sum(x) / 4), r"2 \cdot \frac{1}{4} \cdot 3 \sum x"),
        (lambda x: np.sum(x**2 / 5 * 3), r"\sum 3 \cdot \frac{x^{\odot 2}}{5}"),
        (lambda x: np.sum(x) / 3 / 5, r"\frac{1}{5} \frac{1}{3} \sum x"),
    ],
)
def test_numbers_side_by_side_have_a_dot_between_them(f, text):
    assert f"L &= {text} \\end" in ag.derive(f, np.ones(3)).latex().replace("\n", " ")
