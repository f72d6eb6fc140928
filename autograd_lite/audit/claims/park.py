"""Y. H. Park, "Gradients in a deep neural network and their Python implementations"."""

from __future__ import annotations

from types import SimpleNamespace as Draw

import numpy as np

from ...derivatives import grad
from ...operators import jacobian, jvp
from ...rules import neural
from ...rules.activations import relu_eps
from ..claim import STATED, Paper, shape, shape_of
from ..hand import (
    ACTIVATIONS,
    binary_cross_entropy,
    cross_entropy,
    d_relu,
    d_sigmoid,
    d_tanh,
    normal,
    one_hot,
    relu,
    sigmoid,
    softmax,
    squared_error,
)

__all__ = ["PAPER"]

PAPER = Paper(
    "park",
    "Y. H. Park, Gradients in a deep neural network and their Python implementations (2022)",
    r"A sample is a column, $w_{ij}$ leads to unit $i$ from unit $j$; an index $-$ is the layer "
    r"below, of $n$ units under $m$. $J$ is the mean of the losses, the $L^2$ loss has a factor "
    r"$\frac12$; $\mathrm dT$ is the gradient of $J$ with respect to $T$, in the shape of $T$. $L$ "
    r"is the loss, and as an index the last layer. The derivative of relu at 0 is 1.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint


def step(z):
    """The derivative of relu by eq. (1)."""
    return d_relu(z, 1.0)


def by_column(z):
    """The softmax of each column."""
    return softmax(z, 0)


def half_square(a, y):
    """L2 loss, summed over the samples."""
    return squared_error(a, y) / 2


def scalar(z):
    """A function of each column of z in which all units meet, summed over the columns."""
    return np.sum(np.sqrt(1 + np.sum(z * z, axis=0)))


def d_scalar(z):
    """The gradient of `scalar`."""
    return z / np.sqrt(1 + np.sum(z * z, axis=0))


HIDDEN = {
    "relu": (relu, step, lambda z: neural.relu(z, at_zero=1)),
    "sigmoid": ACTIVATIONS["sigmoid"],
}
OUTPUTS = {  # activation, loss, number of outputs
    "identity": (lambda z: z, half_square, 3),
    "sigmoid": (sigmoid, binary_cross_entropy, 1),
    "softmax": (by_column, cross_entropy, 3),
}


def targets(rng, head, outputs, N):
    """Targets for N samples, in columns: numbers, 0 and 1 in turn, or one-hot."""
    if head == "sigmoid":
        return np.arange(1.0, N + 1)[None] % 2
    return one_hot(rng, N, outputs).T if head == "softmax" else rng.standard_normal((outputs, N))


def changed(given, **what):
    """Make the same draws, with other values of some."""
    return lambda rng: Draw(**(vars(given(rng)) | what))


def matrix(f, x):
    """The Jacobian of a function of a column, a row for each component; from the tape."""
    return jacobian(f)(x).reshape(-1, x.size)


def slope(f, z):
    """The derivative of a function of each entry, from the tape."""
    return grad(lambda z: np.sum(f(z)))(z)


def d(y, x):
    """LaTeX of a partial derivative."""
    return rf"\frac{{\partial {y}}}{{\partial {x}}}"


COLUMNS = r"\text{sum of the columns of }"


def equation(number, statement, given, printed, engine, note="", case="", within=""):
    """Record that a numbered equation holds, for each of its cases by itself."""
    item, label = f"eq{number}", f"{within}, eq. ({number})".removeprefix(", ")
    if case:
        item, label = f"{item}-{case}", f"{label}, {case}"
    holds(item, label, statement, given, printed=printed, engine=engine, note=note)


# A layer on top of another


def layer(name="sigmoid", N=1, head=None, outputs=3, beside=0.0, top=None):
    """Make draws of a layer z = W x + b over the activations x = g(z_) of n = 4 units.

    The first of them has a pre-activation of exactly 0. The loss is a function S of z for N
    samples, or that of an output layer; `beside` weighs what else W, b and x add to it, not by
    way of z; `top` are activations of another kind.
    """
    g, dg, tape_g = top or HIDDEN[name]
    out, loss, _ = OUTPUTS[head] if head else (lambda z: z, lambda z, y: scalar(z), 3)
    functions = {"g": g, "dg": dg, "tape_g": tape_g, "dS": d_scalar, "head": out, "loss": loss}
    widths = {"N": N, "n": 4, "m": outputs}
    functions["extra"] = lambda x, W, b: beside * sum(np.sum(t**2) for t in (x, W, b))

    def given(rng):
        z_, W, b = normal(rng, (4, N), (outputs, 4), (outputs, 1))
        z_[0] = 0
        x, Y = g(z_), targets(rng, head, outputs, N)
        return Draw(z_=z_, x=x, W=W, b=b, z=W @ x + b, Y=Y, **widths, **functions)

    return given


def through(variable, N=1):
    """Make the gradient of the loss, the mean over N samples, in z_, x, W, b or z; by tape."""

    def loss(t, c):
        c = Draw(**(vars(c) | {variable: t}))
        x = c.tape_g(c.z_) if variable == "z_" else c.x
        z = c.z if variable == "z" else c.W @ x + c.b
        return (c.loss(c.head(z), c.Y) + c.extra(x, c.W, c.b)) / N

    return lambda c: grad(lambda t: loss(t, c))(getattr(c, variable))


# A network of three layers


def three_layers(head="softmax", hidden="relu", N=1):
    """Make draws of a network and N samples; one hidden unit has inputs of exactly 0."""
    g, dg, tape_g = HIDDEN[hidden]
    out, loss, outputs = OUTPUTS[head]
    functions = {"g": g, "dg": dg, "tape_g": tape_g, "head": out, "loss": loss, "softmax": softmax}

    def given(rng):
        X, W1, W2, W3 = normal(rng, (4, N), (5, 4), (2, 5), (outputs, 2))
        b1, b2, b3 = normal(rng, (5, 1), (2, 1), (outputs, 1))
        W1[0] = b1[0] = 0
        Y = targets(rng, head, outputs, N)
        return Draw(X=X, A0=X, Y=Y, W1=W1, W2=W2, W3=W3, b1=b1, b2=b2, b3=b3, **functions)

    return given


def layers(c):
    """The weights and the biases of a network, from the first layer."""
    return [c.W1, c.W2, c.W3], [c.b1, c.b2, c.b3]


def flow(c, X, head):
    """The linear outputs, and the activations from layer 0."""
    Z, A = [], [X]
    for W, b, g in zip(*layers(c), (c.g, c.g, head), strict=True):
        Z.append(W @ A[-1] + b)
        A.append(g(Z[-1]))
    return Z, A


def last(c, head=None, samples=slice(None)):
    """The gradients of J in Z, W, b of the last layer, eq. (36) to (38)."""
    X = c.X[:, samples]
    A = flow(c, X, head or c.head)[1]
    dZ = 1 / X.shape[1] * (A[3] - c.Y[:, samples])
    return Draw(Z=dZ, W=dZ @ A[2].T, b=np.sum(dZ, axis=1, keepdims=True))


def theorem_5_4(c, head=None, samples=slice(None)):
    """The gradients of J by Theorem 5.4, as tuples: Z, W, b from layer 1, A from layer 0."""
    Z, A = flow(c, c.X[:, samples], head or c.head)
    dZ, dA, W = [last(c, head, samples).Z], [], layers(c)[0]
    for i in (2, 1, 0):
        dA.insert(0, W[i].T @ dZ[0])
        if i:
            dZ.insert(0, c.dg(Z[i - 1]) * dA[0])
    dW = (dZ[i] @ A[i].T for i in range(3))
    db = (np.sum(dZ[i], axis=1, keepdims=True) for i in range(3))
    return Draw(Z=tuple(dZ), A=tuple(dA), W=tuple(dW), b=tuple(db))


def by_samples(c):
    """The gradients in Z by eq. (21): the deltas of each sample, in columns, divided by N."""
    samples = [theorem_5_4(c, samples=[k]).Z for k in range(c.X.shape[1])]
    return tuple(np.hstack(columns) / c.X.shape[1] for columns in zip(*samples, strict=True))


def tape(c):
    """What `theorem_5_4` is to be: for Z and A the gradients in zeros that are added to them."""

    def cost(p):
        A = c.X
        for i in range(3):
            Z = p["W"][i] @ (A + p["A"][i]) + p["b"][i] + p["Z"][i]
            A = c.head(Z) if i == 2 else c.tape_g(Z)
        return c.loss(A, c.Y) / c.X.shape[1]

    W, b = layers(c)
    zeros = [np.zeros((len(x), c.X.shape[1])) for x in (c.X, *b)]
    found = grad(cost)({"Z": zeros[1:], "A": zeros[:3], "W": W, "b": b})
    return Draw(**{name: tuple(arrays) for name, arrays in found.items()})


def hand(T, which=slice(None)):
    """Make the side of the paper: the gradients of J in Z, W, b or A of some layers."""
    return lambda c: vars(theorem_5_4(c))[T][which]


def taped(T, which=slice(None)):
    """Make the side of the engine."""
    return lambda c: vars(tape(c))[T][which]


def every(*sides):
    """Make one side of the members of a chain of equations."""
    return lambda c: [side(c) for side in sides]


# Section 1: introduction

wrong(
    "1-activation",
    "section 1",
    r"g_\ell: \mathbb{R}^{n_{\ell-1}} \to \mathbb{R}^{n_\ell}",
    layer(),
    printed=lambda c: (shape(c.n), shape(c.m)),
    engine=lambda c: (shape_of(c.z[:, 0]), shape_of(c.tape_g(c.z[:, 0]))),
    correction=r"g_\ell: \mathbb{R}^{n_\ell} \to \mathbb{R}^{n_\ell}",
    corrected=lambda c: (shape(c.m), shape(c.m)),
    note="The layer as a whole starts from the width below, its activation from its own.",
)
holds(
    "1-L2",
    "section 1, loss 1; eq. (26)",
    r"\frac12 \lVert o - y \rVert_2^2 = \frac12 (o - y) \cdot (o - y)",
    lambda rng: Draw(o=rng.standard_normal(3), y=rng.standard_normal(3)),
    printed=lambda c: np.dot(c.o - c.y, c.o - c.y) / 2,
    engine=lambda c: np.linalg.norm(c.o - c.y) ** 2 / 2,
    note="Section 6.1 also calls it the mean squared error, which has no $\\frac12$.",
)
holds(
    "1-Ng",
    "section 1, on [2]",
    r"A_L - Y = N\, \nabla_{Z_L} J,\quad \frac1N (A_L - Y) A_{L-1}^\top = \nabla_{W_L} J",
    layer(head="sigmoid", N=5, outputs=1),
    printed=lambda c: (c.head(c.z) - c.Y, 1 / 5 * (c.head(c.z) - c.Y) @ c.x.T),
    engine=lambda c: (5 * through("z", N=5)(c), through("W", N=5)(c)),
    note=r"With the formulas of the notes cited. The factor said to make their $\mathrm dZ$ "
    r"incorrect is a choice: $A - Y$ is the $\Delta$ of section 5.2.",
)


# Section 2: Jacobians


def composed(rng):
    """A function from 4 to 3 numbers, one from 3 to 2 after it, and a step dx."""
    M, P, x, dx = normal(rng, (3, 4), (2, 3), 4, 4)
    return Draw(M=M, P=P, x=x, dx=dx, g=np.tanh, dg=d_tanh, ds=d_sigmoid)


def d_inner(c):
    """The Jacobian of the first function of `composed`, by hand."""
    return np.diag(c.dg(c.M @ c.x)) @ c.M


holds(
    "2-linear",
    "section 2, increments",
    rf"f(x + \Delta x) \simeq y + {d('y', 'x')} \Delta x",
    composed,
    printed=lambda c: d_inner(c) @ c.dx,
    engine=lambda c: jvp(lambda x: np.tanh(c.M @ x), (c.x,), (c.dx,))[1],
    note="Read to first order: what is added is the derivative along the increment.",
)
holds(
    "2-chain",
    "section 2, chain rule",
    f"{d('z', 'x')} = {d('z', 'y')} {d('y', 'x')}",
    composed,
    printed=lambda c: np.diag(c.ds(c.P @ c.g(c.M @ c.x))) @ c.P @ d_inner(c),
    engine=lambda c: jacobian(lambda x: sigmoid(c.P @ np.tanh(c.M @ x)))(c.x),
)
holds(
    "2-gradient",
    "section 2; section 4, convention",
    rf"\nabla_x g = \left[{d('g', 'x')}\right]^\top",
    layer(),
    printed=lambda c: np.array([[c.dS(c.x)[j, 0] for j in range(4)]]).T,
    engine=lambda c: grad(scalar)(c.x),
)


# Section 3: activation functions


def points(rng):
    """Pre-activations of 3 units for 5 samples, those of the last exactly 0."""
    z = np.append(rng.standard_normal((3, 4)), np.zeros((3, 1)), axis=1)
    return Draw(z=z, relu=relu, d_relu=step, sigmoid=sigmoid, softmax=softmax)


def bend(*places, scale=1.0, d_relu=step):
    """Make draws of an eps of about `scale`, and places in units of eps."""

    def given(rng):
        eps = scale * rng.uniform(0.5, 1)
        return Draw(eps=eps, z=eps * np.array(places), d_relu=d_relu)

    return given


def bent_by(eps, in_units_of_eps):
    """Make draws of places within the bend, of about eps, and elsewhere unless in units of eps."""

    def given(rng):
        c = bend(*INSIDE, scale=eps)(rng)
        if in_units_of_eps:
            return Draw(z=c.z, eps=c.eps, unit=c.eps, relu=relu)
        return Draw(z=np.append(c.z, rng.standard_normal(4)), eps=c.eps, unit=1.0, relu=relu)

    return given


def quartic(z, eps):
    """What relu_eps is from -eps to 0."""
    return -2 / eps**3 * z**4 - 3 / eps**2 * z**3 + z


OUTSIDE = (-3.0, -1.5, -1.0, 0.0, 0.5, 2.0)
INSIDE = (-0.9, -0.6, -0.3, -0.1)
BENT = r"\operatorname{relu}_{\epsilon}"
QUARTIC = r"-\frac{2}{\epsilon^3} z^4 - \frac{3}{\epsilon^2} z^3 + z"
STEP = r"\begin{cases} 1, & z %s 0 \\ 0, & z %s \end{cases}"

holds(
    "3-generalises",
    "section 3, softmax",
    r"\sigma(z) = s_1(z, 0)",
    points,
    printed=lambda c: c.softmax(np.stack([c.z, 0 * c.z]), 0)[0],
    engine=lambda c: neural.sigmoid(c.z),
    note="The softmax is said to generalise the sigmoid: of two logits, one of them 0.",
)
holds(
    "3-corner",
    "section 3, relu at 0",
    r"\operatorname{relu}(h) / h \to 0\ (h \to 0^-),\quad \to 1\ (h \to 0^+)",
    points,
    printed=lambda c: (c.relu(-0.5) / -0.5, c.relu(0.5) / 0.5),
    engine=lambda c: tuple(grad(lambda z, k=k: neural.relu(z, at_zero=k))(0.0) for k in (0, 1)),
    note="No derivative at 0; the two conventions are the slopes on either side.",
)
misprint("3-variable", "section 3", f"{BENT}(x) = {QUARTIC}", correction=f"{BENT}(z) = {QUARTIC}")
holds(
    "lemma3.1-ends",
    "Lemma 3.1, differentiable",
    rf"f = {QUARTIC}:\ f(-\epsilon) = f(0) = f'(-\epsilon) = 0,\ f'(0) = 1",
    bend(-1.0, 0.0),
    printed=lambda c: (quartic(c.z, c.eps), c.d_relu(c.z)),
    engine=lambda c: (np.maximum(c.z, 0), slope(lambda z: quartic(z, c.eps), c.z)),
    note="At both ends the pieces have the same value and the same slope.",
)
holds(
    "lemma3.1",
    "Lemma 3.1",
    f"{BENT}'(z) = " + STEP % (r"\ge", r"\le -\epsilon"),
    bend(*OUTSIDE),
    printed=lambda c: c.d_relu(c.z),
    engine=lambda c: slope(lambda z: relu_eps(z, c.eps), c.z),
)
holds_if(
    "3-eps-value",
    "section 3, eps = 1e-32",
    rf"{BENT}(z) = \operatorname{{relu}}(z)",
    bent_by(1e-32, in_units_of_eps=False),
    printed=lambda c: c.relu(c.z) / c.unit,
    engine=lambda c: relu_eps(c.z, c.eps) / c.unit,
    condition=rf"{STATED}differences below $\epsilon$ count as 0",
    without=bent_by(1e-32, in_units_of_eps=True),
    note=r"In float64 they are not 0 by themselves, the precision is relative: 1 + 1e-33 is 1, but "
    r"1e-33 is not 0. The bend goes down to $-0.26\, \epsilon$.",
)
holds_if(
    "3-eps-slope",
    "section 3, eps = 1e-32",
    rf"{BENT}'(z) = \operatorname{{relu}}'(z)",
    bend(*OUTSIDE, scale=1e-32),
    printed=lambda c: c.d_relu(c.z),
    engine=lambda c: slope(lambda z: relu_eps(z, c.eps), c.z),
    condition=r"$z$ is not between $-\epsilon$ and 0",
    without=bend(*INSIDE, scale=1e-32),
    note="Between them, in float64 as elsewhere, the slope goes from 0 down to -0.69 and up to 1.",
)
CODE1 = {
    "sigmoid": (lambda c: 1 / (1 + np.exp(-c.z)), lambda c: neural.sigmoid(c.z)),
    "d_sigmoid": (lambda c: c.sigmoid(c.z) * (1 - c.sigmoid(c.z)), lambda c: slope(sigmoid, c.z)),
    "relu": (lambda c: np.maximum(0, c.z), lambda c: neural.relu(c.z)),
    "d_relu": (
        lambda c: np.where(c.z >= 0, 1.0, 0.0),
        lambda c: slope(lambda z: neural.relu(z, at_zero=1), c.z),
    ),
}
equation(
    1,
    r"\operatorname{relu}'(z) = " + STEP % (r"\ge", "< 0"),
    points,
    lambda c: c.d_relu(c.z),
    CODE1["d_relu"][1],
    "At 0 a convention.",
)
holds(
    "eq1-other",
    "section 3, after eq. (1)",
    r"\operatorname{relu}'(z) = " + STEP % (">", r"\le 0"),
    bend(*(-u for u in OUTSIDE), d_relu=d_relu),
    printed=lambda c: c.d_relu(c.z),
    engine=lambda c: slope(lambda z: z + relu_eps(-z, c.eps), c.z),
    note="In a similar manner: $\\operatorname{relu}(z) = z + "
    r"\operatorname{relu}(-z)$, with the bend from 0 to $\epsilon$.",
)
equation(2, r"\sigma'(z) = \sigma(z) (1 - \sigma(z))", points, *CODE1["d_sigmoid"])
CODE1_STATEMENTS = {
    "sigmoid": r"\sigma(Z)_{ik} = 1 / (1 + e^{-z_{ik}})",
    "d_sigmoid": r"\sigma'(Z) = \sigma(Z) \odot (1 - \sigma(Z))",
    "relu": r"\operatorname{relu}(Z)_{ik} = \max(0, z_{ik})",
    "d_relu": r"\operatorname{relu}'(Z)_{ik} = [z_{ik} \ge 0]",
}
for item, statement in CODE1_STATEMENTS.items():
    by_hand, by_tape = CODE1[item]
    holds(f"code1-{item}", "code 1", statement, points, printed=by_hand, engine=by_tape)
for item, given, again, note in (
    ("", points, "", "Normalised across the samples, the columns; right where samples are rows."),
    (
        "-column",
        changed(points, z=np.array([[0.5], [-1.0], [2.0]])),
        "code1-softmax",
        "A single sample becomes a column of ones, whatever its logits.",
    ),
):
    wrong(
        f"code1-softmax{item}",
        "code 1",
        r"s(Z)_{ik} = e^{z_{ik}} / \sum_{j=1}^N e^{z_{ij}}",
        given,
        printed=lambda c: c.softmax(c.z, 1),
        engine=lambda c: neural.softmax(c.z.T).T,
        correction=r"s(Z)_{ik} = e^{z_{ik}} / \sum_{j=1}^m e^{z_{jk}}",
        corrected=lambda c: c.softmax(c.z, 0),
        note=note,
        again=again,
    )


# Section 4: flow of network functions


def dz_dw(c):
    """The derivatives of z_k by w_ij, as a stack of matrices."""
    return np.array([[(k == i) * c.x[:, 0] for i in range(3)] for k in range(3)])


def eq9(c):
    """The matrix of the derivatives of an activation, eq. (9)."""
    return np.diag(c.dg(c.z_)[:, 0])


equation(
    3,
    r"z = W x + b \in \mathbb{R}^m",
    layer(),
    lambda c: shape(c.m, 1),
    lambda c: shape_of(c.W @ c.x + c.b),
)
for name in HIDDEN:
    equation(
        4,
        r"a = g(z) = (g(z_1), \ldots, g(z_m))^\top",
        layer(name),
        lambda c: np.array([[c.g(z)] for z in c.z_[:, 0]]),
        lambda c: c.tape_g(c.z_),
        case=name,
    )
misprint("4-reference", "before eq. (5)", r"\text{Equation (1)}", correction=r"\text{Equation (3)}")
equation(
    5,
    r"z_i = \sum_{j=1}^n w_{ij} x_j + b_i",
    layer(),
    lambda c: sum(c.W[:, [j]] * c.x[j] for j in range(4)) + c.b,
    lambda c: c.W @ c.x + c.b,
)
holds(
    "4-shape",
    "section 4, convention",
    r"\nabla_W S \in M_{mn \times 1}(\mathbb{R});\ \nabla_W S \in M_{m \times n}(\mathbb{R})",
    layer(),
    printed=lambda c: (shape(c.m * c.n, 1), shape(c.m, c.n)),
    engine=lambda c: (
        shape_of(matrix(lambda W: scalar(W @ c.x + c.b), c.W).T),
        shape_of(through("W")(c)),
    ),
    note="As a column of partial derivatives, and by the convention.",
)
equation(
    6,
    d("S", "w_{ij}") + r" = \sum_k " + d("S", "z_k") + d("z_k", "w_{ij}"),
    layer(),
    lambda c: sum(c.dS(c.z)[k] * dz_dw(c)[k] for k in range(3)),
    through("W"),
)
holds(
    "4-dz-dW",
    "section 4, after eq. (6)",
    d("z_k", "w_{ij}") + r" = \delta_{ik} x_j",
    layer(),
    printed=dz_dw,
    engine=lambda c: jacobian(lambda W: (W @ c.x + c.b)[:, 0])(c.W),
)
holds(
    "4-dS-dW",
    "section 4, after eq. (6)",
    f"{d('S', 'w_{ij}')} = \\sum_k {d('S', 'z_k')} \\delta_{{ki}} x_j = {d('S', 'z_i')} x_j",
    layer(),
    printed=lambda c: (
        np.einsum("k,ki,j->ij", c.dS(c.z)[:, 0], np.eye(3), c.x[:, 0]),
        np.array([[s * x for x in c.x[:, 0]] for s in c.dS(c.z)[:, 0]]),
    ),
    engine=every(*2 * [through("W")]),
)
misprint(
    "4-first-entry",
    "section 4, matrix before Theorem 4.1",
    rf"(\nabla_W S)_{{11}} = {d('S', 'z_i')} x_1",
    correction=rf"(\nabla_W S)_{{11}} = {d('S', 'z_1')} x_1",
    note="The rest of the matrix is right. Extraction: 1 may have been read as $i$.",
)
equation(
    7,
    d("z", "x") + " = [w_{ij}] = W",
    layer(),
    lambda c: c.W,
    lambda c: matrix(lambda x: c.W @ x + c.b, c.x),
    within="Theorem 4.1",
)
equation(
    8,
    d("z", "b") + r" = [\delta_{ij}] = I",
    layer(),
    lambda c: np.eye(c.m),
    lambda c: matrix(lambda b: c.W @ c.x + b, c.b),
    within="Theorem 4.1",
)
for name in HIDDEN:
    equation(
        9,
        d("a", "z") + r" = [g'(z_i) \delta_{ij}] = \operatorname{diag}(g'(z))",
        layer(name),
        eq9,
        lambda c: matrix(c.tape_g, c.z_),
        case=name,
        within="Theorem 4.1",
    )
equation(
    10,
    rf"\nabla_W S = \left[{d('S', 'z')}\right]^\top x^\top = (\nabla_z S) x^\top",
    layer(),
    lambda c: c.dS(c.z) @ c.x.T,
    through("W"),
    within="Theorem 4.1",
)


# Section 5.1: backpropagation through a layer


def delta_below(c):
    """The right side of eq. (15)."""
    return c.dg(c.z_) * (c.W.T @ c.dS(c.z))


holds(
    "5.1-shapes",
    "section 5.1, shapes",
    r"a_- \in \mathbb{R}^n,\ z, a \in \mathbb{R}^m,\ W^\top \delta \in \mathbb{R}^{n \times 1}",
    layer(),
    printed=lambda c: (shape(c.n, 1), shape(c.m, 1), shape(c.m, 1), shape(c.n, 1)),
    engine=lambda c: (
        shape_of(c.x),
        shape_of(c.W @ c.x + c.b),
        shape_of(c.tape_g(c.z)),
        shape_of(through("x")(c)),
    ),
)
holds(
    "5.1-row",
    "section 5.1",
    d("L", "z") + r" = (\nabla_z L)^\top \in M_{1 \times m}(\mathbb{R})",
    layer(),
    printed=lambda c: c.dS(c.z).T,
    engine=lambda c: matrix(scalar, c.z),
)
equation(
    11,
    r"\nabla_W L = (\nabla_z L) x^\top = \delta a_-^\top",
    layer(),
    lambda c: c.dS(c.z) @ c.g(c.z_).T,
    through("W"),
)
equation(
    12,
    rf"{d('L', 'b')} = {d('L', 'z')} {d('z', 'b')},\quad \nabla_b L = \delta",
    layer(),
    lambda c: (c.dS(c.z).T @ np.eye(3), c.dS(c.z)),
    lambda c: (matrix(lambda b: scalar(c.W @ c.x + b), c.b), through("b")(c)),
)
equation(
    13,
    rf"{d('L', 'x')} = {d('L', 'z')} W,\quad \nabla_{{a_-}} L = W^\top \delta",
    layer(),
    lambda c: (c.dS(c.z).T @ c.W, c.W.T @ c.dS(c.z)),
    lambda c: (matrix(lambda x: scalar(c.W @ x + c.b), c.x), through("x")(c)),
)
for name in HIDDEN:
    equation(
        14,
        r"\delta_-^\top = (\delta^\top W) \operatorname{diag}(g_-'(z_-)),\quad"
        r" \delta_- = \operatorname{diag}(g_-'(z_-)) (W^\top \delta)",
        layer(name),
        lambda c: ((c.dS(c.z).T @ c.W) @ eq9(c), eq9(c) @ (c.W.T @ c.dS(c.z))),
        lambda c: (through("z_")(c).T, through("z_")(c)),
        case=name,
    )
misprint(
    "5.1-parenthesis",
    "eq. (14) and before it",
    r"(g_-'(z_{-n})",
    correction=r"g_-'(z_{-n})",
    note="A parenthesis that is not closed, in both matrices; perhaps from the extraction.",
)
holds(
    "5.1-diag",
    "section 5.1, before eq. (15)",
    r"\operatorname{diag}(d_1, \ldots) (c_1, \ldots)^\top = (d_1 c_1, \ldots)^\top",
    layer(),
    printed=lambda c: np.array([[s * t] for s, t in zip(c.z[:, 0], c.b[:, 0], strict=True)]),
    engine=lambda c: np.diag(c.z[:, 0]) @ c.b,
)
for name in HIDDEN:
    equation(
        15,
        r"\delta_- = g_-'(z_-) \odot (W^\top \delta) = (W^\top \delta) \odot g_-'(z_-)",
        layer(name),
        lambda c: (delta_below(c), (c.W.T @ c.dS(c.z)) * c.dg(c.z_)),
        every(*2 * [through("z_")]),
        case=name,
    )
for T, name, statement, by_hand, such_as in (
    ("z_", "z_-", r"\delta_- = g_-'(z_-) \odot (W^\top \delta)", delta_below, "a penalty on $a_-$"),
    (
        "x",
        "a_-",
        r"\nabla_{a_-} L = W^\top \delta",
        lambda c: c.W.T @ c.dS(c.z),
        "a skip connection",
    ),
    ("W", "W", r"\nabla_W L = \delta a_-^\top", lambda c: c.dS(c.z) @ c.x.T, "weight decay"),
    ("b", "b", r"\nabla_b L = \delta", lambda c: c.dS(c.z), "a penalty on $b$"),
):
    holds_if(
        f"thm5.1-{T.strip('_')}",
        "Theorem 5.1",
        statement,
        layer(),
        printed=by_hand,
        engine=through(T),
        condition=f"${name}$ enters the loss only by way of $z$",
        without=layer(beside=0.1),
        note=f"Stated for any scalar function of $x, W, b, \\ldots$; it fails with {such_as}.",
    )
holds_if(
    "thm5.1-delta",
    "Theorem 5.1",
    r"\delta = g'(z) \odot \nabla_a L",
    layer(),
    printed=lambda c: c.dg(c.z) * c.dS(c.g(c.z)),
    engine=lambda c: grad(lambda z: scalar(c.tape_g(z)))(c.z),
    condition=f"{STATED}$g$ acts on each entry by itself",
    without=layer(top=(by_column, lambda z: by_column(z) * (1 - by_column(z)), by_column)),
    note="In section 4. It fails for softmax, with the diagonal of (39) as $g'$.",
)
for number, statement, T, by_tape in (
    (16, r"\nabla_{a_{\ell-1}} L = W_\ell^\top \delta_\ell", "A", "A"),
    (17, r"\delta_{\ell-1} = g_{\ell-1}'(z_{\ell-1}) \odot (W_\ell^\top \delta_\ell)", "Z", "Z"),
    (18, r"\nabla_{W_\ell} L = \delta_\ell a_{\ell-1}^\top", "W", "W"),
    (19, r"\nabla_{b_\ell} L = \delta_\ell", "Z", "b"),
):
    equation(number, statement, three_layers(), hand(T), taped(by_tape))
misprint(
    "5-range",
    "eq. (17) and (23)",
    r"\ell = 1, \ldots, L",
    correction=r"\ell = 2, \ldots, L",
    note="The input layer has no z, nor an activation.",
)


# Section 5.2: vectorization


def per_sample(c, f=lambda delta, x: delta):
    """What a function makes of the delta and the input of each sample."""
    return [f(c.dS(c.z[:, [k]]), c.x[:, [k]]) for k in range(5)]


def side_by_side(c):
    """The matrix Delta: the delta of each sample is a column."""
    return np.hstack(per_sample(c))


BATCH = layer(N=5)

holds(
    "5.2-columns",
    "section 5.2",
    r"z_k = W a_{-k} + b,\quad a_k = g(z_k);\quad A \in \operatorname{Mat}_{m \times N}"
    r"(\mathbb{R})",
    BATCH,
    printed=lambda c: (
        c.g(np.hstack([c.W @ c.x[:, [k]] + c.b for k in range(5)])),
        shape(c.m, c.N),
    ),
    engine=lambda c: (neural.sigmoid(c.W @ c.x + c.b), shape_of(c.W @ c.x + c.b)),
    note="The columns of A, against the layer applied to the whole batch.",
)
holds(
    "rem5.2",
    "Remark 5.2",
    r"Z^\top = A_-^\top W^\top + b^\top,\quad \mathrm dW^\top = A_- (\mathrm dZ)^\top",
    BATCH,
    printed=lambda c: (c.x.T @ c.W.T + c.b.T, c.x @ (c.dS(c.z) / c.N).T),
    engine=lambda c: (
        np.stack([c.W @ x + c.b[:, 0] for x in c.x.T]),
        grad(lambda V: scalar((c.x.T @ V + c.b.T).T) / 5)(c.W.T),
    ),
    note="With samples in rows the formulas are transposed.",
)
for item, statement, columns, by_tape in (
    (
        "delta",
        r"\delta_k \in \operatorname{Mat}_{%s \times 1}(\mathbb{R})",
        lambda c: 1,
        lambda c: grad(scalar)(c.z[:, :1]),
    ),
    (
        "Delta",
        rf"\Delta = [{d('L', 'z_{ki}')}],\quad i = 1, \ldots, %s",
        lambda c: c.N,
        lambda c: grad(scalar)(c.z),
    ),
    (
        "Z",
        r"Z \in \operatorname{Mat}_{%s \times N}(\mathbb{R})",
        lambda c: c.N,
        lambda c: c.W @ c.x + c.b,
    ),
):
    wrong(
        f"5.2-{item}-shape",
        "section 5.2",
        statement % "n",
        BATCH,
        printed=lambda c, columns=columns: shape(c.n, columns(c)),
        engine=lambda c, by_tape=by_tape: shape_of(by_tape(c)),
        correction=statement % "m",
        corrected=lambda c, columns=columns: shape(c.m, columns(c)),
        note=r"The layer has $n$ inputs and $m$ units; $Z$ was $m \times N$ a few lines above.",
        again="" if item == "delta" else "5.2-delta-shape",
    )
holds(
    "5.2-Delta",
    "section 5.2",
    r"\Delta = \nabla_Z L = [\delta_1\ \delta_2\ \cdots\ \delta_N]",
    BATCH,
    printed=side_by_side,
    engine=through("z"),
    note="With the losses of the samples summed. It is not the gradient of $J$, unless $N = 1$.",
)
for item, T, statement, *forms in (
    (
        "5.2-dz",
        "z",
        r"\nabla_{z_k} J = \frac1N \sum_{j=1}^N \nabla_{z_k} L_j"
        r" = \frac1N \nabla_{z_k} L_k = \frac1N \delta_k",
        lambda c: side_by_side(c) @ np.eye(5) / c.N,
        lambda c: np.hstack(per_sample(c, lambda delta, x: delta / c.N)),
    ),
    (
        "5.2-dZ",
        "z",
        r"\nabla_Z J = \frac1N \nabla_Z L = \frac1N \Delta",
        lambda c: c.dS(c.z) / c.N,
        lambda c: side_by_side(c) / c.N,
    ),
    (
        "5.2-dA",
        "x",
        r"\nabla_{A_-} J = \frac1N [W^\top \delta_1 \cdots W^\top \delta_N]"
        r" = \frac1N W^\top \Delta = W^\top (\nabla_Z J)",
        lambda c: np.hstack(per_sample(c, lambda delta, x: c.W.T @ delta)) / c.N,
        lambda c: c.W.T @ side_by_side(c) / c.N,
        lambda c: c.W.T @ (c.dS(c.z) / c.N),
    ),
    (
        "5.2-dW",
        "W",
        r"\nabla_W J = \frac1N \sum_{k=1}^N \delta_k a_{-k}^\top = \frac1N \Delta A_-^\top"
        r" = (\nabla_Z J) A_-^\top",
        lambda c: sum(per_sample(c, lambda delta, x: delta @ x.T)) / c.N,
        lambda c: side_by_side(c) @ c.x.T / c.N,
        lambda c: (c.dS(c.z) / c.N) @ c.x.T,
    ),
    (
        "eq20",
        "b",
        r"\nabla_b J = \frac1N \sum_{k=1}^N \delta_k = \sum_{k=1}^N \nabla_{z_k} J",
        lambda c: sum(per_sample(c)) / c.N,
        lambda c: sum(per_sample(c, lambda delta, x: delta / c.N)),
        lambda c: np.sum(c.dS(c.z) / c.N, axis=1, keepdims=True),
    ),
):
    holds(
        item,
        "eq. (20) and after it" if T == "b" else "section 5.2",
        statement,
        BATCH,
        printed=every(*forms),
        engine=every(*len(forms) * [through(T, N=5)]),
    )
for number, statement, T in (
    (21, r"\mathrm dZ_\ell = \frac1N \Delta_\ell", "Z"),
    (22, r"\mathrm dA_{\ell-1} = W_\ell^\top\, \mathrm dZ_\ell", "A"),
    (23, r"\mathrm dZ_{\ell-1} = g'(Z_{\ell-1}) \odot \mathrm dA_{\ell-1}", "Z"),
    (24, r"\mathrm dW_\ell = \mathrm dZ_\ell\, A_{\ell-1}^\top", "W"),
    (25, rf"\mathrm db_\ell = {COLUMNS} \mathrm dZ_\ell", "b"),
):
    for name in HIDDEN if number == 23 else OUTPUTS:
        given = three_layers(hidden=name, N=6) if number == 23 else three_layers(name, N=6)
        by_hand = by_samples if number == 21 else hand(T)
        equation(number, statement, given, by_hand, taped(T), case=name, within="Theorem 5.4")


# Code 2: a relu layer

holds_if(
    "code2-forward",
    "code 2",
    r"A_i = \operatorname{relu}(W_i A_{i-1} + b_i)",
    layer("relu", N=5),
    printed=lambda c: c.g(c.W @ c.x + c.b),
    engine=lambda c: np.stack([neural.relu(c.W @ x + np.ravel(c.b)) for x in c.x.T], axis=1),
    condition=r"$b_i$ has the shape $m \times 1$",
    without=changed(layer("relu", N=3), b=np.array([1.0, -0.5, 0.5])),
    note="As a flat array of $m$ numbers it is refused, or, with $N = m$ samples, added along the "
    "wrong axis.",
)
for T, statement, hidden in (
    ("A", r"\mathrm dA_i = W_{i+1}^\top\, \mathrm dZ_{i+1}", slice(1, 3)),
    ("Z", r"\mathrm dZ_i = \operatorname{relu}'(Z_i) \odot \mathrm dA_i", slice(2)),
    ("W", r"\mathrm dW_i = \mathrm dZ_i\, A_{i-1}^\top", slice(2)),
    ("b", rf"\mathrm db_i = {COLUMNS} \mathrm dZ_i", slice(2)),
):
    holds(
        f"code2-d{T}",
        "code 2",
        statement,
        three_layers(N=6),
        printed=hand(T, hidden),
        engine=taped(T, hidden),
    )


# Section 6.1: linear regression


def excess(c):
    """The output less the label, for each sample."""
    return c.head(c.z) - c.Y


def total(columns):
    """The sum of the columns."""
    return np.sum(columns, axis=1, keepdims=True)


misprint(
    "6.1-name",
    "section 6.1, figure 6, Theorem 6.1",
    r"\text{linear logistic regression}",
    correction=r"\text{linear regression}",
    note="There is no logistic function in it: the activation is the identity.",
)
holds(
    "6.1-row",
    "section 6.1, before eq. (27)",
    f"{d('L', 'z')} = {d('L', 'a')} = (a - y)^\\top",
    layer(head="identity"),
    printed=lambda c: excess(c).T,
    engine=lambda c: matrix(lambda z: half_square(z, c.Y), c.z),
    note="Here and in (27) to (32) for three outputs, where the text has one.",
)
for number, N, statement, by_hand, T in (
    (27, 1, r"\delta = \nabla_z L = a - y", excess, "z"),
    (28, 1, r"\nabla_W L = \delta x^\top", lambda c: excess(c) @ c.x.T, "W"),
    (29, 1, r"\nabla_b L = \delta", excess, "b"),
    (30, 5, r"\mathrm dZ = \frac1N (A - Y)", lambda c: 1 / c.N * excess(c), "z"),
    (31, 5, r"\mathrm dW = \mathrm dZ\, X^\top", lambda c: 1 / c.N * excess(c) @ c.x.T, "W"),
    (32, 5, rf"\mathrm db = {COLUMNS} \mathrm dZ", lambda c: total(1 / c.N * excess(c)), "b"),
):
    equation(number, statement, layer(head="identity", N=N), by_hand, through(T, N))


# Code 3: linear regression


def code3(c, W, b):
    """The gradients of J in W and b, as code 3 has them."""
    delta = (W @ c.x + b - c.Y) / c.x.shape[1]
    return delta @ c.x.T, total(delta)


def differentiated(c, W, b):
    """The gradients of J in W and b, from the tape."""
    return grad(lambda W, b: half_square(W @ c.x + b, c.Y) / 5, (0, 1))(W, b)


def descent(c, gradients):
    """Three iterations of code 3: the last W and b, and the output before the last update."""
    W, b = c.W, c.b
    for _ in range(3):
        A = W @ c.x + b
        dW, db = gradients(c, W, b)
        W, b = W - 0.1 * dW, b - 0.1 * db
    return W, b, A


def final_cost(c, stale):
    """The cost of code 3 after them, of the output before or after the last update."""
    W, b, A = descent(c, code3)
    return np.sum(((A if stale else W @ c.x + b) - c.Y) ** 2) / (2 * c.N)


def true_cost(c):
    """The cost at the W and b that are reached with the gradients of the tape."""
    W, b, _ = descent(c, differentiated)
    return np.mean((W @ c.x + b - c.Y) ** 2) / 2


CODE3 = layer(head="identity", N=5, outputs=1)

misprint(
    "code3-colon",
    "code 3",
    r"\text{no colon after the line that begins the gradients' function}",
    correction=r"\text{a colon}",
)
holds(
    "code3-gradients",
    "code 3, gradients",
    r"\mathrm dW = \mathrm dZ\, X^\top = \nabla_W J,\quad"
    rf" \mathrm db = {COLUMNS} \mathrm dZ = \nabla_b J",
    CODE3,
    printed=lambda c: code3(c, c.W, c.b),
    engine=lambda c: differentiated(c, c.W, c.b),
    note="The listing begins with a number for $b$, which the first update makes a matrix.",
)
holds_if(
    "code3-cost",
    "code 3, cost",
    r"\frac{1}{2 N} \sum_k (a_k - y_k)^2 = J",
    CODE3,
    printed=lambda c: np.sum((c.W @ c.x + c.b - c.Y) ** 2) / (2 * c.N),
    engine=lambda c: np.mean((c.W @ c.x + c.b - c.Y) ** 2) / 2,
    condition="there are as many samples as in the training data",
    without=changed(layer(head="identity", N=3, outputs=1), N=5),
    note="$N$ is the global one there, of the training data.",
)
misprint(
    "code3-name",
    "code 3",
    r"\text{the iteration calls the gradients' function by a longer name}",
    correction=r"\text{the name that it was given}",
)
holds(
    "code3-descent",
    "code 3, three iterations",
    r"W \leftarrow W - \alpha \nabla_W J,\quad b \leftarrow b - \alpha \nabla_b J",
    CODE3,
    printed=lambda c: descent(c, code3)[:2],
    engine=lambda c: descent(c, differentiated)[:2],
)
wrong(
    "code3-final",
    "code 3, final cost",
    r"J_{\text{final}} = J(W_{n-1}, b_{n-1}) \text{ after } n \text{ updates}",
    CODE3,
    printed=lambda c: final_cost(c, stale=True),
    engine=true_cost,
    correction=r"J_{\text{final}} = J(W_n, b_n)",
    corrected=lambda c: final_cost(c, stale=False),
    note="It is printed beside $W_n$ and $b_n$, but is that of the output before the last update.",
)


# Section 6.2: binary classification


def quotients(c):
    """The derivative of the loss before it is simplified."""
    a = c.head(c.z)
    return -c.Y * (a * (1 - a)) / a - (1 - c.Y) * (-a * (1 - a)) / (1 - a)


LOGISTIC = layer(head="sigmoid", N=5, outputs=1)

holds(
    "6.2-chain",
    "section 6.2, before eq. (33)",
    rf"{d('L', 'z')} = -y \frac{{a (1 - a)}}{{a}} - (1 - y) \frac{{-a (1 - a)}}{{1 - a}} = a - y",
    LOGISTIC,
    printed=lambda c: (quotients(c), excess(c)),
    engine=every(*2 * [through("z")]),
    note="With $a' = a (1 - a)$, which is (2).",
)
misprint(
    "6.2-letters",
    "eq. (33), (34)",
    r"\delta = \nabla_Z L = a - y,\quad \nabla_W L = \Delta x^\top",
    correction=r"\Delta = \nabla_Z L = A - Y,\quad \nabla_W L = \Delta X^\top",
    note="Said to be vectorized, with the letters of one sample.",
)
equation(
    33,
    r"\Delta = \nabla_Z L = A - Y",
    LOGISTIC,
    excess,
    through("z"),
    "(33) to (35) of the losses' sum. Extraction: the number of (33) is missing.",
)
equation(34, r"\nabla_W L = \Delta X^\top", LOGISTIC, lambda c: excess(c) @ c.x.T, through("W"))
wrong(
    "eq35",
    "eq. (35)",
    r"\nabla_b L = \Delta",
    LOGISTIC,
    printed=excess,
    engine=through("b"),
    correction=rf"\nabla_b L = {COLUMNS} \Delta",
    corrected=lambda c: total(excess(c)),
    note="Right for a single sample, as (19); (38) has the sum.",
)
for number, T, statement, at_top in (
    (36, "Z", r"\frac1N (A_L - Y)", lambda c: last(c).Z),
    (37, "W", r"\mathrm dZ_L\, A_{L-1}^\top", lambda c: last(c).W),
    (38, "b", rf"{COLUMNS} \mathrm dZ_L", lambda c: last(c).b),
):
    statement = rf"\mathrm d{T}_L = {statement}"
    equation(number, statement, three_layers("sigmoid", N=6), at_top, taped(T, -1))


# Section 6.3: softmax output


def share(c, terms):
    """The exponentials of the logits, divided by the sum of the first so many."""
    e = np.exp(c.z)
    return e / sum(e[k] for k in range(terms))


def eq39(c):
    """The Jacobian of softmax by eq. (39), entry by entry."""
    o = c.head(c.z)[:, 0]
    return np.array([[o[i] * ((i == j) - o[j]) for j in range(5)] for i in range(5)])


def in_cases(c):
    """The same on the diagonal and beside it."""
    o = c.head(c.z)
    return np.where(np.eye(5) == 1, o * (1 - o.T), -o * o.T)


def by_quotients(c):
    """The same by the quotient rule."""
    e = np.exp(c.z)
    return (np.eye(5) * e * np.sum(e) - e * e.T) / np.sum(e) ** 2


def one_class_apart(c):
    """The derivative of the loss by each z_j, with the class j by itself."""
    o, y = c.head(c.z), c.Y
    others = [sum(y[i] * o[j] for i in range(5) if i != j) for j in range(5)]
    return others + y * (-1 + o)


def weighed(factors, weights):
    """Make a side of the chain: the negative sum over the classes."""
    return lambda c: -(factors(c, c.head(c.z)).T @ weights(c))


CLASSES = layer(head="softmax", outputs=5)
WEIGHTED = changed(CLASSES, Y=np.array([[0.2], [0.9], [0.4], [0.5], [1.0]]))
CASES = r"\begin{cases} o_i (1 - o_j), & i = j \\ -o_i o_j, & i \ne j \end{cases}"
QUOTIENT = r"\frac{\delta_{ij} e^{z_i} (\sum e^{z_k}) - e^{z_i} e^{z_j}}{(\sum e^{z_k})^2}"
MATRIX = (
    r"\begin{bmatrix} o_1 (1 - o_1) & \cdots & -o_1 o_m \\ \vdots & & \vdots \\"
    r" -o_m o_1 & \cdots & o_m (1 - o_m) \end{bmatrix}"
)

wrong(
    "6.3-softmax",
    "section 6.3",
    r"s(z) = \left[\frac{e^{z_i}}{\sum_{k=1}^n e^{z_k}}\right]",
    CLASSES,
    printed=lambda c: share(c, c.n),
    engine=lambda c: neural.softmax(c.z, axis=0),
    correction=r"s(z) = \left[\frac{e^{z_i}}{\sum_{k=1}^m e^{z_k}}\right]",
    corrected=lambda c: share(c, c.m),
    note="Of $m$ classes, $n$ inputs of the layer; section 3 has $m$.",
)
holds(
    "6.3-o",
    "section 6.3",
    r"o_i = \frac{e^{z_i}}{e^{z_1} + \cdots + e^{z_m}}",
    CLASSES,
    printed=lambda c: share(c, c.m),
    engine=lambda c: neural.softmax(c.z, axis=0),
    note="Extraction: numerator and denominator are torn apart.",
)
for item, label, statement, by_hand in (
    (
        "6.3-quotient",
        "section 6.3, before eq. (39)",
        f"{d('o_i', 'z_j')} = {QUOTIENT}",
        by_quotients,
    ),
    ("6.3-cases", "section 6.3, before eq. (39)", f"{d('o_i', 'z_j')} = {CASES}", in_cases),
    ("eq39", "eq. (39)", d("o", "z") + r" = [o_i (\delta_{ij} - o_j)]", eq39),
    ("eq39-matrix", "eq. (39)", f"{d('o', 'z')} = {MATRIX}", in_cases),
):
    holds(item, label, statement, CLASSES, printed=by_hand, engine=lambda c: matrix(by_column, c.z))
holds(
    "6.3-total",
    "section 6.3",
    r"\sum_i o_i = 1",
    CLASSES,
    printed=lambda c: np.sum(c.head(c.z)),
    engine=lambda c: 1.0,
)
misprint(
    "6.3-reason",
    "section 6.3",
    r"\text{Recalling that } \sum_i o_i = 1",
    correction=r"\text{Recalling that } \sum_i y_i = 1",
    note="What the last step of the chain needs.",
)
holds(
    "6.3-chain-1",
    "section 6.3, chain",
    d("L", "z_j") + r" = -\sum_i y_i " + d(r"\log o_i", "z_j"),
    WEIGHTED,
    printed=lambda c: (-c.Y.T @ (np.eye(5) - c.head(c.z).T)).T,
    engine=through("z"),
)
for number, statement, factors in (
    (2, rf"\frac{{1}}{{o_i}} {d('o_i', 'z_j')}", lambda c, o: 1 / o * eq39(c)),
    (3, r"\frac{1}{o_i} \cdot o_i (\delta_{ij} - o_j)", lambda c, o: 1 / o * o * (np.eye(5) - o.T)),
    (4, r"(\delta_{ij} - o_j)", lambda c, o: np.eye(5) - o.T),
):
    wrong(
        f"6.3-chain-{number}",
        "section 6.3, chain",
        rf"{d('L', 'z_j')} = -\sum_i o_i {statement}",
        WEIGHTED,
        printed=weighed(factors, lambda c: c.head(c.z)),
        engine=through("z"),
        correction=rf"{d('L', 'z_j')} = -\sum_i y_i {statement}",
        corrected=weighed(factors, lambda c: c.Y),
        note="With $o$ for $y$ it is 0, whatever the logits and the label; the next line has $y$.",
        again="" if number == 2 else "6.3-chain-2",
    )
holds(
    "6.3-chain-5",
    "section 6.3, chain",
    d("L", "z_j") + r" = \sum_{i \ne j} y_i o_j + y_j (-1 + o_j) = (\sum_i y_i) o_j - y_j",
    WEIGHTED,
    printed=lambda c: (one_class_apart(c), np.sum(c.Y) * c.head(c.z) - c.Y),
    engine=every(*2 * [through("z")]),
    note="True of any label.",
)
holds_if(
    "6.3-chain-6",
    "section 6.3, chain and final answer",
    d("L", "z_j") + r" = o_j - y_j,\quad \delta = o - y",
    CLASSES,
    printed=excess,
    engine=through("z"),
    condition=f"{STATED}the label is one-hot; it is enough that it sums to 1",
    without=WEIGHTED,
)


# Theorem 6.1, and code 4: multiclass classification


def along(axis, side):
    """Make a side of code 4, with the softmax of code 1 along either axis."""
    return lambda c: side(c, lambda Z: c.softmax(Z, axis))


def one_by_one(c):
    """The output of the network, sample by sample."""
    rows = []
    for x in c.X.T:
        A = neural.relu(c.W1 @ x + c.b1[:, 0])
        A = neural.relu(c.W2 @ A + c.b2[:, 0])
        rows.append(neural.softmax(c.W3 @ A + c.b3[:, 0]))
    return np.stack(rows, axis=1)


SAME = r"\delta = \nabla_z L = o - y"

for number, given in ((1, layer(head="identity")), (2, layer(head="sigmoid", outputs=1))):
    label = f"Theorem 6.1, case {number}"
    holds(f"thm6.1-{number}", label, SAME, given, printed=excess, engine=through("z"))
holds_if(
    "thm6.1-3",
    "Theorem 6.1, case 3",
    SAME,
    CLASSES,
    printed=excess,
    engine=through("z"),
    condition=f"{STATED}the label is one-hot; it is enough that it sums to 1",
    without=WEIGHTED,
)
for item, statement, lines, truth in (
    ("forward", "A_L = s(Z_L)", lambda c, g: flow(c, c.X, g)[1][3], one_by_one),
    (
        "output",
        r"\mathrm dZ_L = \frac1N (s(Z_L) - Y)",
        lambda c, g: last(c, g).Z,
        taped("Z", -1),
    ),
    (
        "dW",
        r"\mathrm dW_i = \mathrm dZ_i\, A_{i-1}^\top",
        lambda c, g: theorem_5_4(c, g).W,
        taped("W"),
    ),
    (
        "db",
        rf"\mathrm db_i = {COLUMNS} \mathrm dZ_i",
        lambda c, g: theorem_5_4(c, g).b,
        taped("b"),
    ),
):
    wrong(
        f"code4-{item}",
        "code 4, with code 1",
        rf"{statement};\quad s \text{{ of code 1, which sums over the samples}}",
        three_layers(N=6),
        printed=along(1, lines),
        engine=truth,
        correction=rf"{statement};\quad s \text{{ with the sum over the classes}}",
        corrected=along(0, lines),
        note="The lines of code 4 are right, but for a name; the softmax of code 1 is not.",
        again="code1-softmax",
    )
holds_if(
    "code4-input",
    "code 4, forward",
    r"A_L = n_{W,b}(X)",
    three_layers(N=6),
    printed=along(0, lambda c, g: flow(c, c.A0, g)[1][3]),
    engine=one_by_one,
    condition=f"{STATED}$A_0$ was set to this $X$",
    without=changed(three_layers(N=6), A0=np.ones((4, 6))),
    note="A comment has it; the argument $X$ is not read. With a softmax over the classes.",
)
for item, statement, correction, note in (
    ("globals", r"L", r"L = \text{the number of layers}", "Read, and set nowhere in the listing."),
    ("data", "(X, y)", "(X, Y)", "In a comment."),
    (
        "colon",
        r"\text{no colon after the line that begins the gradients' function}",
        r"\text{a colon}",
        "",
    ),
    (
        "weights",
        r"\text{another name for the weights in the line of } \mathrm dA_i",
        r"W, \text{ as everywhere else}",
        "",
    ),
):
    misprint(f"code4-{item}", "code 4", statement, correction=correction, note=note)
