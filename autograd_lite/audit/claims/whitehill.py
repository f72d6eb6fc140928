"""J. Whitehill, "Feed-forward neural networks" (2020), section 1 to 8."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from types import SimpleNamespace as Draw

import numpy as np

from ...derivatives import grad
from ...operators import hessian, jacobian
from ...rules import neural as tape
from ..claim import STATED, Paper, shape, shape_of
from ..hand import (
    binary_cross_entropy,
    cross_entropy,
    d_relu,
    d_sigmoid,
    d_tanh,
    one_hot,
    relu,
    sigmoid,
    softmax,
    squared_error,
)

__all__ = ["PAPER"]

PAPER = Paper(
    "whitehill",
    'J. Whitehill, "Feed-forward neural networks" (lecture notes, 2020)',
    "An example is a column. A derivative by a vector is a row, one by a matrix has the shape of "
    r"the matrix; vec puts the rows of a matrix side by side. Labels are one-hot; $J$ is the mean "
    r"over $n$ examples; $\nabla J$ has the shape of its variable. The derivative of relu at 0 is "
    r"0. The $l$ layers include the input.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint

J_W = r"\frac{\partial J}{\partial W^{(1)}}"
J_VEC = r"\frac{\partial J}{\partial \operatorname{vec} W^{(1)}}"
J_B = r"\frac{\partial J}{\partial b^{(1)}}"
J_YHAT = r"\frac{\partial J}{\partial \hat y}"
YHAT_Z = r"\frac{\partial \hat y}{\partial z^{(2)}}"
Z_H = r"\frac{\partial z^{(2)}}{\partial h^{(1)}}"
H_Z = r"\frac{\partial h^{(1)}}{\partial z^{(1)}}"
Z_W = r"\frac{\partial z^{(1)}}{\partial \operatorname{vec} W^{(1)}}"
Z_B = r"\frac{\partial z^{(1)}}{\partial b^{(1)}}"
CHAIN = J_YHAT + YHAT_Z + Z_H + H_Z
ERROR = r"(\hat y^{\top} - y^{\top})"
BLOCKS = r"\begin{bmatrix} x^{\top} & 0 & \cdots \\ 0 & x^{\top} & \cdots \end{bmatrix}"
RATIOS = (
    r"\begin{bmatrix} -\frac{y_1}{\hat y_1} & \cdots & -\frac{y_{10}}{\hat y_{10}} \end{bmatrix}"
)


def diagonal(derivative):
    """The Jacobian of a function of each entry of a column."""
    return lambda z: np.diag(derivative(z)[:, 0])


def d_softmax(z):
    """The Jacobian of the softmax of a column, by its diagonal and its other entries."""
    p = softmax(z, axis=0)
    return np.where(np.eye(len(z)), p * (1 - p), -p @ p.T)


LAYERS = {
    "relu": (relu, diagonal(d_relu), tape.relu),
    "relu, 1 at 0": (relu, diagonal(partial(d_relu, at_zero=1)), partial(tape.relu, at_zero=1)),
    "tanh": (np.tanh, diagonal(d_tanh), np.tanh),
    "sigmoid": (sigmoid, diagonal(d_sigmoid), tape.sigmoid),
    "softmax": (partial(softmax, axis=0), d_softmax, partial(tape.softmax, axis=0)),
    "identity": (np.positive, diagonal(np.ones_like), np.positive),
}
LOSSES = {
    "cross-entropy": (cross_entropy, lambda p, y: -(y / p).T),
    "binary cross-entropy": (
        binary_cross_entropy,
        lambda p, y: ((p - y) / (p * (1 - p))).T,
    ),
    "squared error": (lambda p, y: squared_error(p, y) / 2, lambda p, y: (p - y).T),
}


def probabilities(rng, n, classes):
    """Labels that are probabilities."""
    return rng.dirichlet(np.ones(classes), n)


def numbers(rng, n, classes):
    """Labels that need not sum to one."""
    return rng.uniform(0.5, 1.5, (n, classes))


def yes_or_no(rng, n, classes):
    """Labels for outputs that are probabilities on their own."""
    return rng.integers(2, size=(n, classes)).astype(float)


def of(c, name, i):
    """What c holds of layer i."""
    return getattr(c, f"{name}{i}")


def network(
    rng,
    sizes=(5, 8, 3),
    n=1,
    labels=one_hot,
    hidden="relu",
    head="softmax",
    loss="cross-entropy",
    zero=(),
    **more,
):
    """A network and what it computes of the first of n examples; its first hidden unit is at 0."""
    c = Draw(d=sizes[0], m=sizes[1], K=sizes[-1], l=len(sizes), d_relu=d_relu, **more)
    c.hidden, c.d_hidden, below = LAYERS[hidden]
    c.head, c.d_head, last = LAYERS[head]
    c.loss, c.d_loss = LOSSES[loss]
    c.a = [below] * (c.l - 2) + [last]
    c.X, c.Y = rng.standard_normal((c.d, n)), labels(rng, n, c.K).T
    c.x = c.h0 = c.X[:, :1]
    c.y = c.Y[:, :1]
    for i, (width, units) in enumerate(pairwise(sizes), 1):
        W = rng.standard_normal((units, width)) / np.sqrt(width) * (f"W{i}" not in zero)
        b = rng.standard_normal((units, 1)) * (f"b{i}" not in zero)
        if i == 1:
            W[0], b[0] = 0, 0
        z = W @ of(c, "h", i - 1) + b
        h = (c.head if i == c.l - 1 else c.hidden)(z)
        vars(c).update({f"W{i}": W, f"b{i}": b, f"z{i}": z, f"h{i}": h})
    c.yhat = h
    return c


def outputs(c, **known):
    """The tape's yhat of all n examples, where some W, b, z or h are `known` instead of c's."""
    h = known.get("h0", c.X)
    for i, a in enumerate(c.a, 1):
        W, b = known.get(f"W{i}", of(c, "W", i)), known.get(f"b{i}", of(c, "b", i))
        h = known.get(f"h{i}", a(known.get(f"z{i}", W @ h + b)))
    return h


def J(c, yhat):
    """The mean loss of n examples."""
    return c.loss(yhat, c.Y) / c.Y.shape[1]


def gradient(name):
    """The tape's gradient of J by an array of the network, in the shape of that."""
    return lambda c: grad(lambda v: J(c, outputs(c, **{name: v})))(getattr(c, name))


def jacobian_rows(f, at, order="C"):
    """The tape's Jacobian of f: a row for each entry of its value, a column for each of vec(at)."""
    return jacobian(lambda v: np.ravel(f(np.reshape(v, at.shape, order=order))))(
        np.ravel(at, order=order)
    )


def row(name):
    """The tape's derivative of J by an array of the network, as a row."""
    return lambda c: jacobian_rows(lambda v: J(c, outputs(c, **{name: v})), getattr(c, name))


JACOBIANS = {
    "yhat-z2": lambda c: jacobian_rows(partial(tape.softmax, axis=0), c.z2),
    "z2-h1": lambda c: jacobian_rows(lambda h: c.W2 @ h + c.b2, c.h1),
    "h1-z1": lambda c: jacobian_rows(tape.relu, c.z1),
    "z1-W1": lambda c: jacobian_rows(lambda W: W @ c.x + c.b1, c.W1),
    "z1-b1": lambda c: jacobian_rows(lambda b: c.W1 @ c.x + b, c.b1),
}
FACTORS = (
    lambda c: -(c.y / c.yhat).T,
    lambda c: np.diag(c.yhat[:, 0]) - c.yhat @ c.yhat.T,
    lambda c: c.W2,
    lambda c: np.diag(c.d_relu(c.z1)[:, 0]),
    lambda c: np.kron(np.eye(len(c.z1)), c.x.T),
)


def product(c, k):
    """Multiply the first k Jacobians of section 3."""
    return np.linalg.multi_dot([factor(c) for factor in FACTORS[:k]])


def g_row(c):
    """The row of section 4."""
    return (c.yhat.T - c.y.T) @ c.W2 * c.d_relu(c.z1.T)


def place(item):
    """The section, and in section 8 the claim."""
    section, part, *_ = item.split("-")
    return f"section {section}, claim {part}" if part in ("1", "2") else f"section {section}"


def says(item, statement, printed, engine, given=network, note=""):
    """Record what holds, with its section read from `item`."""
    holds(item, place(item), statement, given, printed=printed, engine=engine, note=note)


def of_one_example(item, statement, printed, engine):
    """Record a derivative of J in which the n of J does not occur."""
    holds_if(
        item,
        place(item),
        statement,
        network,
        printed=printed,
        engine=engine,
        condition="$J$ is the loss of one example, $n = 1$",
        without=partial(network, n=3),
        note="The $J$ of section 1 is a mean over $n$; its derivative is the mean of these.",
    )


real = partial(network, sizes=(784, 30, 10))

says(
    "1-probabilities",
    r"f: \mathbb{R}^{784} \to \mathbb{R}^{10}, \sum_k f_k = 1",
    lambda c: (shape(c.K, 1), 1.0),
    lambda c: (shape_of(outputs(c)), np.sum(outputs(c))),
    real,
)
says(
    "1-chain",
    rf"{J_W} = {CHAIN} \frac{{\partial z^{{(1)}}}}{{\partial W^{{(1)}}}}",
    lambda c: np.einsum("i,ij,k->jk", product(c, 4)[0], np.eye(len(c.z1)), c.x[:, 0]),
    gradient("W1"),
    note="The last factor has three axes, as section 2 says.",
)

says(
    "2-tensor",
    r"\operatorname{ndim} \frac{\partial z^{(1)}}{\partial W^{(1)}} = 3",
    lambda c: 3,
    lambda c: np.ndim(jacobian(lambda W: W @ c.x[:, 0] + c.b1[:, 0])(c.W1)),
)
says(
    "2-vec",
    r"\operatorname{vec} W \in \mathbb{R}^{1 \times mn} \text{ of its rows, or }"
    r" \mathbb{R}^{mn \times 1} \text{ of its columns}",
    lambda c: (np.hstack([w[None] for w in c.W1]), np.vstack([w[:, None] for w in c.W1.T])),
    lambda c: (np.reshape(c.W1, (1, -1)), np.reshape(c.W1, (-1, 1), order="F")),
    note="Either may also be a column, or a row.",
)


def linear(rng, n=4):
    """A matrix of k x m, for which n = 4 is the length of the product."""
    return Draw(n=n, k=4, m=3, W=rng.random((4, 3)), x=rng.random((3, 1)))


holds_if(
    "2-dimensions",
    "section 2",
    rf"{Z_W}: n \times km",
    linear,
    printed=lambda c: shape(c.n, c.k * c.m),
    engine=lambda c: shape_of(jacobian_rows(lambda W: W @ c.x, c.W)),
    condition=f"{STATED}$n$ is the length of $z$, and not the number of examples as in section 1",
    without=partial(linear, n=7),
    note=r"A $k \times m$ matrix leaves $z$ no other length than $k$: $k \times km$.",
)
says("2-chain", f"{J_VEC} = {CHAIN}{Z_W}", partial(product, k=5), row("W1"))
for item, of_what, sizes, printed, engine in (
    ("J-yhat", J_YHAT, r"1 \times 10", lambda c: shape(1, c.K), row("h2")),
    ("yhat-z2", YHAT_Z, r"10 \times 10", lambda c: shape(c.K, c.K), JACOBIANS["yhat-z2"]),
    ("z2-h1", Z_H, r"10 \times 30", lambda c: shape(c.K, c.m), JACOBIANS["z2-h1"]),
    ("h1-z1", H_Z, r"30 \times 30", lambda c: shape(c.m, c.m), JACOBIANS["h1-z1"]),
    (
        "z1-W1",
        Z_W,
        r"30 \times (30 \cdot 784)",
        lambda c: shape(c.m, c.m * c.d),
        JACOBIANS["z1-W1"],
    ),
    ("J-vecW1", J_VEC, r"1 \times (30 \cdot 784)", lambda c: shape(1, c.m * c.d), row("W1")),
    ("J-W1", J_W, r"30 \times 784", lambda c: shape(c.m, c.d), gradient("W1")),
):
    says(
        f"2-shape-{item}",
        f"{of_what}: {sizes}",
        printed,
        lambda c, engine=engine: shape_of(engine(c)),
        real,
    )
says(
    "2-reshape",
    rf"\operatorname{{vec}}^{{-1}}({J_VEC}) = {J_W}",
    lambda c: np.reshape(product(c, 5), c.W1.shape),
    gradient("W1"),
)
misprint(
    "2-d",
    "section 2",
    r"\frac{dJ}{\partial W^{(1)}}",
    correction=J_W,
    note="By $W$ and by $\\operatorname{vec} W$, once each. Extraction: perhaps.",
)

says(
    "3-J-yhat",
    f"{J_YHAT} = {RATIOS}",
    lambda c: -(c.y / c.yhat).T,
    row("h2"),
    partial(network, labels=numbers),
    note="For any labels; the entries of $\\hat y$ count as independent.",
)
of_one_example(
    "3-J-yhat-n",
    f"{J_YHAT} = {RATIOS}",
    lambda c: -(c.y / c.yhat).T,
    lambda c: grad(partial(J, c))(outputs(c))[:, :1].T,
)
says(
    "3-yhat-z2-diagonal",
    r"\frac{\partial \hat y_k}{\partial z_k^{(2)}} = \hat y_k (1 - \hat y_k)",
    lambda c: c.yhat[:, 0] * (1 - c.yhat[:, 0]),
    lambda c: np.diag(JACOBIANS["yhat-z2"](c)),
)
says(
    "3-yhat-z2-others",
    r"\frac{\partial \hat y_k}{\partial z_j^{(2)}} = -\hat y_k \hat y_j, j \neq k",
    lambda c: (-c.yhat @ c.yhat.T)[~np.eye(3, dtype=bool)],
    lambda c: JACOBIANS["yhat-z2"](c)[~np.eye(3, dtype=bool)],
)
says("3-z2-h1", f"{Z_H} = W^{{(2)}}", lambda c: c.W2, JACOBIANS["z2-h1"])
misprint(
    "3-W2",
    "section 3",
    f"{Z_H} = W_2",
    correction="W^{(2)}",
    note="In the notation of the notes a superscript is the layer, a subscript an entry.",
)
says(
    "3-h1-z1",
    rf"{H_Z} = \operatorname{{diag}}(\operatorname{{relu}}'(z^{{(1)}}))",
    lambda c: np.diag(c.d_relu(c.z1)[:, 0]),
    JACOBIANS["h1-z1"],
)
says(
    "3-relu",
    r"\operatorname{relu}'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}",
    lambda c: np.where(c.x > 0, 1.0, 0.0),
    lambda c: grad(lambda x: np.sum(tape.relu(x)))(c.x),
    lambda rng: Draw(x=np.append(rng.standard_normal(9), 0.0)),
    note="There is no derivative at 0; 0 is the convention.",
)
says(
    "3-z1-W1-entries",
    r"\frac{\partial z_i^{(1)}}{\partial W_{j,k}^{(1)}} = \delta_{i,j} x_k",
    lambda c: np.einsum("ij,k->ijk", np.eye(c.m), c.x[:, 0]),
    lambda c: jacobian(lambda W: W @ c.x[:, 0] + c.b1[:, 0])(c.W1),
)
holds_if(
    "3-z1-W1",
    "section 3",
    f"{Z_W} = {BLOCKS}",
    partial(network, order="C"),
    printed=FACTORS[4],
    engine=lambda c: jacobian_rows(lambda W: W @ c.x + c.b1, c.W1, c.order),
    condition=f"{STATED}vec puts rows side by side, not columns on top of one another",
    without=partial(network, order="F"),
    note=r"By the order in which it lists the entries; section 2 allows both. With columns the "
    r"matrix is $x^{\top} \otimes I$, a Kronecker product.",
)

says(
    "4-product",
    rf"{J_YHAT}{YHAT_Z} = \frac{{\partial J}}{{\partial z^{{(2)}}}}",
    partial(product, k=2),
    row("z2"),
    partial(network, labels=numbers),
)
holds_if(
    "4-error",
    "section 4",
    rf"{J_YHAT}{YHAT_Z} = \hat y^{{\top}} - y^{{\top}}",
    partial(network, labels=probabilities),
    printed=lambda c: c.yhat.T - c.y.T,
    engine=row("z2"),
    condition="the labels sum to one",
    without=partial(network, labels=numbers),
)
says(
    "4-W2",
    f"{J_YHAT}{YHAT_Z}{Z_H} = {ERROR} W^{{(2)}}",
    lambda c: (c.yhat.T - c.y.T) @ c.W2,
    row("h1"),
)
says(
    "4-diag",
    rf"{CHAIN} = {ERROR} W^{{(2)}} \operatorname{{diag}}(\operatorname{{relu}}'(z^{{(1)}}))",
    lambda c: (c.yhat.T - c.y.T) @ c.W2 @ np.diag(c.d_relu(c.z1)[:, 0]),
    row("z1"),
)
says(
    "4-hadamard",
    rf"{CHAIN} = {ERROR} W^{{(2)}} \odot \operatorname{{relu}}'(z^{{(1) \top}})",
    g_row,
    row("z1"),
    note="This is the row $g^{\\top}$.",
)
says(
    "4-blocks",
    rf"{CHAIN}{Z_W} = g^{{\top}} {BLOCKS}",
    lambda c: g_row(c) @ np.kron(np.eye(len(c.z1)), c.x.T),
    row("W1"),
)
says(
    "4-row",
    rf"{CHAIN}{Z_W} = \begin{{bmatrix}} g_1 x^{{\top}} & g_2 x^{{\top}} & \cdots \end{{bmatrix}}",
    lambda c: np.hstack([g_i * c.x.T for g_i in g_row(c)[0]]),
    row("W1"),
)
says(
    "4-stack",
    rf"{J_W} = \begin{{bmatrix}} g_1 x^{{\top}} \\ g_2 x^{{\top}} \\ \vdots \end{{bmatrix}}",
    lambda c: np.vstack([g_i * c.x.T for g_i in g_row(c)[0]]),
    gradient("W1"),
)
of_one_example("4-outer", rf"{J_W} = g x^{{\top}}", lambda c: g_row(c).T @ c.x.T, gradient("W1"))

says("5-chain", f"{J_B} = {CHAIN}{Z_B}", lambda c: product(c, 4) @ np.eye(len(c.z1)), row("b1"))
says(
    "5-shape-z1-b1",
    rf"{Z_B}: 30 \times 30",
    lambda c: shape(c.m, c.m),
    lambda c: shape_of(JACOBIANS["z1-b1"](c)),
    real,
    note="The other four shapes are those of section 2.",
)
says("5-z1-b1", f"{Z_B} = I", lambda c: np.eye(c.m), JACOBIANS["z1-b1"])
misprint(
    "5-entry",
    "section 5",
    "(z^{(1)})^{(i)}",
    correction="(z^{(1)})_i",
    note="An entry is meant; a superscript is the layer or the example.",
)
holds_if(
    "5-b1",
    "section 5",
    f"{J_B} = g",
    partial(network, derivative=gradient),
    printed=lambda c: g_row(c).T,
    engine=lambda c: c.derivative("b1")(c),
    condition="the derivative has the shape of $b$, a column",
    without=partial(network, derivative=row),
    note=r"By the shapes above it the product of the Jacobians is the row $g^{\top}$.",
)

says(
    "6-chain",
    rf"{J_YHAT}{YHAT_Z} \frac{{\partial z^{{(2)}}}}{{\partial \operatorname{{vec}} W^{{(2)}}}}"
    rf" = \operatorname{{vec}} (\hat y - y) h^{{(1) \top}}",
    lambda c: np.reshape((c.yhat - c.y) @ c.h1.T, (1, -1)),
    row("W2"),
    note="The principle that the section refers to.",
)
of_one_example(
    "6-W2",
    r"\frac{\partial J}{\partial W^{(2)}} = (\hat y - y) h^{(1) \top}",
    lambda c: (c.yhat - c.y) @ c.h1.T,
    gradient("W2"),
)


def forward(c, last):
    """Run the loop of 7.1 to that layer; return its h."""
    h = c.x
    for i in range(1, last + 1):
        h = (c.head if i == last else c.hidden)(of(c, "W", i) @ h + of(c, "b", i))
    return h


def backward(c, shortcut=False):
    """Run the loop of 7.2, with 7.2.1 or without; yield each layer with what its steps find."""
    g = None if shortcut else c.d_loss(c.yhat, c.y)
    for i in (3, 2, 1):
        if shortcut and i == 3:
            g = (c.yhat - c.y).T
        else:
            g = g @ (c.d_head if i == 3 else c.d_hidden)(of(c, "z", i))
        found = {"z": g, "b": g.T, "W": g.T @ of(c, "h", i - 1).T}
        g = g @ of(c, "W", i)
        yield i, found | {"h": g}


def whole(c, **options):
    """All gradients that the loop finds."""
    return [found[name] for _, found in backward(c, **options) for name in "Wb"]


def in_each_layer(c, name):
    """What the loop finds in each layer of that name."""
    return [found[name] for _, found in backward(c)]


def whole_on_tape(c):
    """All gradients that the tape finds, in that order."""
    return [gradient(f"{name}{i}")(c) for i in (3, 2, 1) for name in "Wb"]


deep = partial(network, sizes=(6, 5, 4, 3))
EACH = r"\nabla_{W^{(i)}} J, \nabla_{b^{(i)}} J"

for last, given, words in ((2, network, "one hidden layer"), (3, deep, "two hidden layers")):
    says(
        f"7.1-l{last + 1}",
        rf"\hat y = h^{{({last})}} \text{{ of the loop}}",
        partial(forward, last=last),
        outputs,
        given,
        note=f"$l = {last + 1}$: {words}.",
    )
says(
    "7.2-a",
    r"g^{\top} = \frac{\partial J}{\partial z^{(i)}}",
    partial(in_each_layer, name="z"),
    lambda c: [row(f"z{i}")(c) for i in (3, 2, 1)],
    deep,
    note="Step (a).",
)
holds_if(
    "7.2-b",
    "section 7.2",
    r"\frac{\partial J}{\partial b^{(i)}} = g",
    partial(deep, derivative=gradient),
    printed=partial(in_each_layer, name="b"),
    engine=lambda c: [c.derivative(f"b{i}")(c) for i in (3, 2, 1)],
    condition="the derivative has the shape of $b$, a column",
    without=partial(deep, derivative=row),
    note=r"Step (b). In step 1 the derivative by $\hat y$ is the row $g^{\top}$.",
)
says(
    "7.2-c",
    r"\frac{\partial J}{\partial W^{(i)}} = g h^{(i-1) \top}",
    partial(in_each_layer, name="W"),
    lambda c: [gradient(f"W{i}")(c) for i in (3, 2, 1)],
    deep,
    note="Step (c).",
)
says(
    "7.2-d",
    r"g^{\top} = \frac{\partial J}{\partial h^{(i-1)}}",
    partial(in_each_layer, name="h"),
    lambda c: [row(f"h{i - 1}")(c) for i in (3, 2, 1)],
    deep,
    note="Step (d).",
)
says(
    "7.2-d-W",
    r"\frac{\partial z^{(i)}}{\partial h^{(i-1)}} = W^{(i)}",
    lambda c: [of(c, "W", i) for i in (3, 2, 1)],
    lambda c: [
        jacobian_rows(lambda h, i=i: of(c, "W", i) @ h + of(c, "b", i), of(c, "h", i - 1))
        for i in (3, 2, 1)
    ],
    deep,
    note="Step (d).",
)
for hidden in ("relu", "tanh", "sigmoid", "softmax"):
    says(
        f"7.2-hidden-{hidden}",
        rf"{EACH}: \text{{ hidden layers of {hidden}}}",
        whole,
        whole_on_tape,
        partial(deep, hidden=hidden),
        note="Step (a) has the whole Jacobian, so it may be full." if hidden == "softmax" else "",
    )
for head, loss in (
    ("identity", "squared error"),
    ("sigmoid", "binary cross-entropy"),
    ("softmax", "squared error"),
):
    says(
        f"7.2-head-{head}-{loss.partition(' ')[0]}",
        rf"{EACH}: \text{{ {head}, {loss}}}",
        whole,
        whole_on_tape,
        partial(deep, head=head, loss=loss, labels=yes_or_no),
    )
holds_if(
    "7.2-n",
    "section 7.2",
    EACH,
    deep,
    printed=whole,
    engine=whole_on_tape,
    condition="$J$ is the loss of one example, $n = 1$",
    without=partial(deep, n=3),
    note="The gradients of the $n$ examples are still to be averaged.",
)

wrong(
    "7.2.1-row",
    "section 7.2.1",
    r"g^{\top} = \hat y - y",
    deep,
    printed=lambda c: c.yhat - c.y,
    engine=row("z3"),
    correction=r"g^{\top} = \hat y^{\top} - y^{\top}",
    corrected=lambda c: c.yhat.T - c.y.T,
    note=r"A column for a row: $g$ would be a row, which step (c) cannot multiply by $h^{\top}$.",
)
for item, condition, without in (
    ("loss", f"{STATED}the loss is the cross-entropy", partial(deep, loss="squared error")),
    ("head", f"{STATED}the output is a softmax", partial(deep, head="sigmoid")),
    ("labels", "the labels sum to one", partial(deep, labels=numbers)),
):
    holds_if(
        f"7.2.1-{item}",
        "section 7.2.1",
        r"g = \hat y - y",
        partial(deep, labels=probabilities),
        printed=lambda c: c.yhat - c.y,
        engine=gradient("z3"),
        condition=condition,
        without=without,
        note="One-hot labels do." if item == "labels" else "",
    )
says(
    "7.2.1-all",
    rf"{EACH}: \text{{ from }} g = \hat y - y",
    partial(whole, shortcut=True),
    whole_on_tape,
    deep,
)
misprint(
    "7.2.1-first",
    "section 7.2.1",
    f"g = {J_YHAT}",
    correction=rf"g^{{\top}} = {J_YHAT}",
    note="As step 1 of section 7.2 has it.",
)


def parameters(c):
    """Weights and biases by name."""
    return {name: value for name, value in vars(c).items() if name[0] in "Wb"}


def curves_down(c):
    """1 where the Hessian of J has a negative eigenvalue, else 0."""
    p = parameters(c)
    H = hessian(lambda p: J(c, outputs(c, **p)))(p)
    blocks = [[H[a][b].reshape(p[a].size, p[b].size) for b in p] for a in p]
    return int(np.min(np.linalg.eigvalsh(np.block(blocks))) < -1e-9)


for item, options in (
    (
        "logistic",
        {"sizes": (3, 1), "head": "sigmoid", "loss": "binary cross-entropy", "labels": yes_or_no},
    ),
    ("softmax", {"sizes": (3, 4)}),
):
    says(
        f"8-{item}",
        rf"\lambda_{{\min}}(\nabla^2 J) \geq 0: \text{{ {item} regression}}",
        lambda c: 0,
        curves_down,
        partial(network, n=4, **options),
        note="At three points, where it could be refuted but not proved.",
    )
says(
    "8-network",
    r"\lambda_{\min}(\nabla^2 J) < 0",
    lambda c: 1,
    curves_down,
    partial(network, n=4, sizes=(2, 3, 4)),
    note="Not convex: one point is enough.",
)


def examples_of_each(*counts):
    """Labels with so many examples of each class."""
    return lambda rng, n, K: np.repeat(np.eye(K), counts, axis=0)


def train(c, steps):
    """What the network says of the n examples after so many steps of gradient descent."""
    p = parameters(c)
    for _ in range(steps):
        slopes = grad(lambda p: J(c, outputs(c, **p)))(p)
        p = {name: p[name] - c.rate * slopes[name] for name in p}
    return outputs(c, **p)


all_zero = partial(network, zero=("W1", "b1", "W2", "b2"))
unbalanced = partial(all_zero, n=7, labels=examples_of_each(4, 2, 1))

says("8-1-h1", "h^{(1)} = 0", lambda c: np.zeros((c.m, 1)), lambda c: tape.relu(c.z1), all_zero)
holds_if(
    "8-1-z2",
    "section 8, claim 1",
    r"W^{(1)}, b^{(1)} = 0 \Rightarrow z^{(2)} = 0",
    partial(network, zero=("W1", "b1", "b2")),
    printed=lambda c: np.zeros((c.K, 1)),
    engine=lambda c: c.W2 @ tape.relu(c.W1 @ c.x + c.b1) + c.b2,
    condition=f"{STATED}the bias of layer 2 is 0",
    without=partial(network, zero=("W1", "b1")),
)
says("8-1-yhat", r"\hat y_k = \frac{1}{c}", lambda c: np.full((c.K, 1), 1 / c.K), outputs, all_zero)
for name, printed in (
    ("W1", lambda c: np.zeros((c.m, c.d))),
    ("b1", lambda c: np.zeros((c.m, 1))),
    ("W2", lambda c: np.zeros((c.K, c.m))),
):
    says(
        f"8-1-{name}",
        rf"\nabla_{{{name[0]}^{{({name[1]})}}}} J = 0",
        printed,
        gradient(name),
        unbalanced,
    )
says(
    "8-1-all",
    r"\nabla_{W^{(1)}} J, \nabla_{b^{(1)}} J, \nabla_{W^{(2)}} J = 0",
    lambda c: [np.zeros((c.m, c.d)), np.zeros((c.m, 1)), np.zeros((c.K, c.m))],
    lambda c: [gradient(name)(c) for name in ("W1", "b1", "W2")],
    partial(unbalanced, hidden="relu, 1 at 0"),
    note="The derivative of relu at 0 is 1 here: with all parameters 0 that does not matter.",
)
holds_if(
    "8-1-slope",
    "section 8, claim 1",
    r"W^{(1)}, b^{(1)} = 0 \Rightarrow \nabla_{W^{(1)}} J = 0",
    partial(network, zero=("W1", "b1")),
    printed=lambda c: np.zeros((c.m, c.d)),
    engine=gradient("W1"),
    condition=f"{STATED}the derivative of relu at 0 is 0",
    without=partial(network, zero=("W1", "b1"), hidden="relu, 1 at 0"),
    note="It is needed where the weights of layer 2 are not 0.",
)
wrong(
    "8-1-b2",
    "section 8, claim 1",
    r"\nabla_{b^{(2)}} J = 0",
    all_zero,
    printed=lambda c: 0 * c.y,
    engine=gradient("b2"),
    correction=r"\frac{1}{c} - y",
    corrected=lambda c: 1 / c.K - c.y,
    note="The error reaches the last bias through no weight.",
)
holds_if(
    "8-1-b2-balanced",
    "section 8, claim 1",
    r"\nabla_{b^{(2)}} J = 0",
    partial(all_zero, n=6, labels=examples_of_each(2, 2, 2)),
    printed=lambda c: np.zeros((c.K, 1)),
    engine=gradient("b2"),
    condition="$J$ is a mean over equally many examples of each class",
    without=unbalanced,
    note="There the claim is right, but not for a step of SGD, on few examples.",
)
wrong(
    "8-1-never",
    "section 8, claim 1",
    r"\hat y_k = \frac{1}{c} \text{ for ever}",
    partial(unbalanced, rate=3.0),
    printed=lambda c: np.full(c.Y.shape, 1 / c.K),
    engine=partial(train, steps=80),
    correction=r"\hat y \to \frac{1}{n} \sum_i y^{(i)}",
    corrected=lambda c: np.broadcast_to(np.mean(c.Y, axis=1, keepdims=True), c.Y.shape),
    note="Gradient descent on all examples: it learns how frequent each class is, no more.",
    again="8-1-b2",
)

untrained = partial(network, zero=("W2", "b2"), rate=0.5)


def any_but_zero(name):
    """Make a side that is 1 where the tape's gradient of J by an array is not 0, else 0."""
    return lambda c: int(np.any(gradient(name)(c)))


says(
    "8-2-yhat", r"\hat y_k = \frac{1}{c}", lambda c: np.full((c.K, 1), 1 / c.K), outputs, untrained
)
holds_if(
    "8-2-W2",
    "section 8, claim 2",
    r"\nabla_{W^{(2)}} J \neq 0",
    untrained,
    printed=lambda c: 1,
    engine=any_but_zero("W2"),
    condition=f"{STATED}the hidden layer is not 0",
    without=all_zero,
    note="1 for an inequality that is true. Nor need $h$ be non-uniform, as the claim assumes.",
)
says(
    "8-2-b2",
    r"\nabla_{b^{(2)}} J \neq 0",
    lambda c: 1,
    any_but_zero("b2"),
    untrained,
    note="It needs no hidden layer that is not 0, see claim 1.",
)
says(
    "8-2-step",
    r"\hat y \neq \frac{1}{c} \text{ after one step}",
    lambda c: c.head(c.rate * (1 + np.sum(c.h1**2)) * c.y),
    partial(train, steps=1),
    untrained,
    note=r"By sections 6 and 7 the logits are the rate times $(1 + \lVert h \rVert^2) y$, and a "
    r"constant.",
)
says(
    "8-2-train",
    r"\text{accuracy } 1 \text{ after 100 steps}",
    lambda c: 1.0,
    lambda c: np.mean(np.argmax(train(c, 100), axis=0) == np.argmax(c.Y, axis=0)),
    partial(untrained, n=6, labels=examples_of_each(3, 2, 1)),
    note="Of six random examples.",
)
