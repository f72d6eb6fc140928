"""A. Rao's note on the gradient of a dense feed-forward network, section 2 to appendix C."""

from __future__ import annotations

import math
from types import SimpleNamespace as Draw

import numpy as np

from ...derivatives import grad, vjp
from ...operators import jacobian
from ...rules.neural import relu as tape_relu
from ...rules.neural import sigmoid as tape_sigmoid
from ...rules.neural import softmax as tape_softmax
from ...rules.neural import softmax_cross_entropy, stop_gradient
from ..claim import STATED, Paper, shape, shape_of
from ..hand import (
    ACTIVATIONS,
    binary_cross_entropy,
    cross_entropy,
    d_relu,
    d_tanh,
    one_hot,
    relu,
    sigmoid,
    softmax,
    squared_error,
)

__all__ = ["PAPER"]

PAPER = Paper(
    "rao",
    "A. Rao, Recursive formulation of the gradient in a dense feed-forward deep neural network "
    "(no year)",
    r"One data point, a vector; $W_l$ has a row for each output of layer $l = 0, \ldots, L$, and "
    r"$S_l = W_l I_l$ (our letter) is the pre-activation. The squared error has no factor "
    r"$\frac12$, the penalties are $\lambda \sum W^2$ and $\lambda \sum |W|$, with "
    r"$\operatorname{sign}(0) = 0$. No equation is numbered. The paper names no activation; "
    r"$\operatorname{relu}'(0) = 0$ here unless a row says otherwise.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint
outer = np.multiply.outer


def leaky(z):
    """The larger of z and z / 10."""
    return np.where(z > 0, z, 0.1 * z)


UNITS = {
    "identity": (np.positive, np.ones_like, np.positive),
    **ACTIVATIONS,
    "leaky-relu": (leaky, lambda z: np.where(z > 0, 1, 0.1), leaky),
    "softplus": (lambda z: np.log(1 + np.exp(z)), sigmoid, lambda z: np.logaddexp(0, z)),
}
RELU_1 = (relu, lambda z: d_relu(z, 1.0), lambda z: tape_relu(z, at_zero=1))


def vector_softmax(z):
    """The softmax of a vector."""
    return softmax(z, axis=-1)


def dense(first, second=None, head="regression"):
    """Three layers, L = 2, and one point; the first unit's pre-activation is 0."""
    second = second or first

    def given(rng):
        outputs = 1 if head == "regression" else 3
        W0, W1, W2 = (rng.standard_normal(shape) for shape in ((5, 4), (6, 5), (outputs, 6)))
        W0[0] = 0
        c = Draw(X=rng.standard_normal(4), W0=W0, W1=W1, W2=W2, lam=rng.uniform(0.1, 0.9, 3))
        c.A0, c.dA0, c.rule0 = first
        c.A1, c.dA1, c.rule1 = second
        if head == "regression":
            c.Y, c.output, c.loss = rng.standard_normal(1), np.positive, squared_error
        else:
            c.Y, c.output, c.loss = one_hot(rng, 1, 3)[0], vector_softmax, softmax_cross_entropy
        return c

    return given


def proxy_errors(c, at_output=False):
    """P_l and I_l, with A'_l at the pre-activation S_l, or at the output O_l as printed."""
    S0 = c.W0 @ c.X
    O0 = c.A0(S0)
    S1 = c.W1 @ O0
    O1 = c.A1(S1)
    P2 = c.output(c.W2 @ O1) - c.Y
    P1 = (P2 @ c.W2) * c.dA1(O1 if at_output else S1)
    P0 = (P1 @ c.W1) * c.dA0(O0 if at_output else S0)
    return (P0, P1, P2), (c.X, O0, O1)


def outer_products(c, factor=2):
    """Factor times P_l (x) I_l for each layer."""
    return tuple(
        factor * outer(error, below) for error, below in zip(*proxy_errors(c), strict=True)
    )


def penalised(c, slope, factor=2):
    """The same and lambda_l times the slope of each layer's penalty."""
    penalties = (lam * slope(W) for lam, W in zip(c.lam, (c.W0, c.W1, c.W2), strict=True))
    return tuple(dW + extra for dW, extra in zip(outer_products(c, factor), penalties, strict=True))


def taped_loss(c, W, shifts=(0, 0, 0)):
    """The loss of the network, for the tape, with each pre-activation shifted."""
    O0 = c.rule0(W[0] @ c.X + shifts[0])
    O1 = c.rule1(W[1] @ O0 + shifts[1])
    return c.loss(W[2] @ O1 + shifts[2], c.Y)


def taped_slopes(c):
    """The derivative of the loss by each pre-activation."""
    shifts = (np.zeros(5), np.zeros(6), np.zeros(len(c.W2)))
    return grad(lambda s: taped_loss(c, (c.W0, c.W1, c.W2), s))(shifts)


def taped_gradient(c, penalty=lambda W: 0.0):
    """The derivative of the loss by each layer's parameters."""
    return grad(
        lambda W: taped_loss(c, W) + sum(c.lam[i] * np.sum(penalty(W[i])) for i in range(3))
    )((c.W0, c.W1, c.W2))


def two_layer(name, points=None, **more):
    """Appendix A's network, V below and W above, on one point or on several; V X = 0 for one."""

    def given(rng):
        A, dA, rule = UNITS[name]
        V, shape = rng.standard_normal((4, 3)), () if points is None else (points,)
        V[0] = 0
        c = Draw(V=V, W=rng.standard_normal(4), b=rng.standard_normal(4), w0=rng.standard_normal())
        c.X, c.Y = rng.standard_normal((*shape, 3)), rng.standard_normal(shape)
        return Draw(**vars(c), A=A, dA=dA, rule=rule, l1=0.3, l2=0.7, **more)

    return given


def by_hand(c, V, X, Y):
    """The gradients 2 P (x) I of appendix A's network, without penalties."""
    H = c.A(V @ X)
    E = c.W @ H - Y
    return 2 * outer(E * c.W * c.dA(V @ X), X), 2 * E * H


def summed(c):
    """The same over all points."""
    pairs = (by_hand(c, c.V, x, y) for x, y in zip(c.X, c.Y, strict=True))
    return tuple(map(sum, zip(*pairs, strict=True)))


def taped_two_layer(c, l1=0, l2=0, over=1):
    """The tape's gradients of appendix A's loss, summed over points and divided by `over`."""

    def loss(V, W):
        errors = c.rule(c.X @ V.T) @ W - c.Y
        return np.sum(errors**2) / over + l1 * np.sum(V**2) + l2 * np.sum(W**2)

    return grad(loss, (0, 1))(c.V, c.W)


LINE = np.linspace(-15, 15, 301), np.full(301, 0.1)
HALF_LINE = np.exp(np.linspace(-30, 6, 361)), 0.1 * np.exp(np.linspace(-30, 6, 361))
COUNTS = np.arange(60.0), np.ones(60)

gamma = np.vectorize(math.gamma)


def gamma_nll(t, y, d):
    """The gamma density with mean -1 / t and shape 1 / d, as its negative logarithm."""
    k, mean = 1 / d, -1 / t
    return k * np.log(mean / k) - (k - 1) * np.log(y) + k * y / mean + math.lgamma(k)


def inverse_gaussian_nll(t, y, d):
    """The inverse Gaussian density with mean (-2 t)^(-1/2) and shape 1 / d, the same."""
    mean = 1 / np.sqrt(-2 * t)
    return 0.5 * np.log(2 * np.pi * d * y**3) + (y - mean) ** 2 / (2 * d * mean**2 * y)


def poisson_nll(t, y, d):
    """The Poisson probability with mean e^t, the same."""
    mean = np.exp(t)
    return mean - y * np.log(mean) + np.log(gamma(y + 1))


# A, g and h of appendix C by hand, what the canonical link is, the textbook's density, where it
# lives and with what weights it sums or integrates, and a draw from there.
FAMILIES = {
    "normal": Draw(
        latex=(r"\theta^2/2", r"\theta"),
        A=lambda t: t**2 / 2,
        g=np.positive,
        link=np.positive,
        h=lambda y, d: np.exp(-(y**2) / (2 * d)) / np.sqrt(2 * np.pi * d),
        nll=lambda t, y, d: 0.5 * np.log(2 * np.pi * d) + (y - t) ** 2 / (2 * d),
        support=LINE,
        outcome=lambda rng: rng.standard_normal(),
    ),
    "Bernoulli": Draw(
        latex=(r"\log(1+e^{\theta})", r"\frac{1}{1+e^{-\theta}}"),
        A=lambda t: np.log(1 + np.exp(t)),
        g=sigmoid,
        link=lambda m: np.log(m / (1 - m)),
        h=lambda y, d: np.ones(np.shape(y)),
        nll=lambda t, y, d: -y * np.log(tape_sigmoid(t)) - (1 - y) * np.log(tape_sigmoid(-t)),
        support=(np.arange(2.0), np.ones(2)),
        outcome=lambda rng: float(rng.integers(2)),
    ),
    "Poisson": Draw(
        latex=(r"e^{\theta}", r"e^{\theta}"),
        A=lambda t: np.exp(t),
        g=lambda t: np.exp(t),
        link=lambda m: np.log(m),
        h=lambda y, d: 1 / gamma(y + 1),
        nll=poisson_nll,
        support=COUNTS,
        outcome=lambda rng: float(rng.integers(1, 5)),
    ),
    "gamma": Draw(
        latex=(r"-\log(-\theta)", r"-1/\theta"),
        A=lambda t: -np.log(-t),
        g=lambda t: -1 / t,
        link=lambda m: -1 / m,
        h=lambda y, d: (1 / d) ** (1 / d) * y ** (1 / d - 1) / math.gamma(1 / d),
        nll=gamma_nll,
        support=HALF_LINE,
        outcome=lambda rng: rng.uniform(0.5, 2),
    ),
    "inverse-Gaussian": Draw(
        latex=(r"-\sqrt{-2\theta}", r"\frac{1}{\sqrt{-2\theta}}"),
        A=lambda t: -np.sqrt(-2 * t),
        g=lambda t: 1 / np.sqrt(-2 * t),
        link=lambda m: -1 / (2 * m**2),
        h=lambda y, d: np.exp(-1 / (2 * d * y)) / np.sqrt(2 * np.pi * d * y**3),
        nll=inverse_gaussian_nll,
        support=HALF_LINE,
        outcome=lambda rng: rng.uniform(0.5, 2),
    ),
    "multinoulli": Draw(
        latex=(r"\log\sum_k e^{\theta_k}", r"\operatorname{softmax}(\theta)"),
        A=lambda t: np.log(np.sum(np.exp(t))),
        g=vector_softmax,
        link=lambda m: np.log(m),
        h=lambda y, d: np.ones(len(y)),
        nll=lambda t, y, d: softmax_cross_entropy(t, y),
        support=(np.eye(3), np.ones(3)),
        outcome=lambda rng: one_hot(rng, 1, 3)[0],
    ),
}
SCALED = ("normal", "gamma", "inverse-Gaussian")  # the others have d = 1
NEGATIVE = ("gamma", "inverse-Gaussian")  # where theta must be


def glm(name, d=None):
    """The output layer of appendix C, H below and theta = H . W; theta and W as the family needs.

    A hidden layer H = act(V X) is below it.
    """

    def given(rng):
        family, rows = FAMILIES[name], (3,) if name == "multinoulli" else ()
        W = 0.5 * rng.standard_normal((*rows, 5))
        if name in NEGATIVE:
            W = -np.abs(W)
        c = Draw(X=rng.standard_normal(4), V=rng.standard_normal((5, 4)), W=W)
        c.act, c.dact, c.rule = UNITS["sigmoid"]
        c.H = c.act(c.V @ c.X)
        c.theta, c.Y = np.dot(W, c.H), family.outcome(rng)
        c.d = d or (rng.uniform(0.3, 0.8) if name in SCALED else 1.0)
        c.A, c.g, c.h, c.nll = family.A, family.g, family.h, family.nll
        c.points, c.step = family.support
        return c

    return given


def glm_gradient(c, factor):
    """The outer product of output error and H, times a factor."""
    return factor * outer(c.g(np.dot(c.W, c.H)) - c.Y, c.H)


def taped_glm(c):
    """The derivative of the negative log-likelihood by the output layer's parameters."""
    return grad(lambda W: c.nll(W @ c.H, c.Y, c.d))(c.W)


def classifier(K, **more):
    """The output layer of appendix B for one point, Y one-hot; a is alpha e^(-S)."""

    def given(rng):
        H, W, Y = rng.standard_normal(5), rng.standard_normal((K, 5)), one_hot(rng, 1, K)[0]
        S = W @ H
        c = Draw(H=H, W=W, S=S, R=vector_softmax(S), a=alpha(S) * np.exp(-S), Y=Y)
        return Draw(**vars(c), softmax=vector_softmax, **more)

    return given


def several_labels(rng):
    """The same, where Y has two ones."""
    c = classifier(4)(rng)
    c.Y = np.array([1.0, 0, 1, 0])
    return c


def taped_head(loss):
    """The tape's gradient of a loss of the softmax by the output layer's parameters."""
    return lambda c: grad(lambda W: loss(tape_softmax(W @ c.H), c.Y))(c.W)


def alpha(S):
    """For each k the sum of e^S_i over i other than k."""
    return np.sum(np.exp(S)) - np.exp(S)


def dL_dR(c):
    """What appendix B has for the derivative of its loss by R."""
    return -c.Y / c.R + (1 - c.Y) / (1 - c.R)


def full_chain(c, dR):
    """The chain rule with every R_i: dR, times the Jacobian of the softmax, times H."""
    return outer(dR @ (np.diag(c.R) - outer(c.R, c.R)), c.H)


def one_layer(rng):
    """A layer's parameters and input, and the error of its outputs."""
    W, H, P = rng.standard_normal((3, 5)), rng.standard_normal(5), rng.standard_normal(3)
    return Draw(W=W, H=H, P=P, outputs=3, inputs=5)


misprint(
    "sec2-layers",
    "section 2, layers",
    r"L\text{ layers: }l = 0, 1, \dots, L",
    correction=r"L + 1\text{ layers}",
    note="The two layers of appendix A are $L = 1$.",
)
holds(
    "sec2-sum",
    "section 2, several points",
    r"\nabla\sum_n Loss_n = \sum_n \nabla Loss_n",
    two_layer("tanh", points=4),
    printed=summed,
    engine=taped_two_layer,
)
holds_if(
    "sec2-sum-penalty",
    "section 2, several points",
    r"\nabla Loss = \sum_n (2P_l^{(n)} \otimes I_l^{(n)} + 2\lambda_l W_l)",
    two_layer("tanh", points=4, penalties=4),
    printed=lambda c: tuple(
        dW + len(c.X) * 2 * lam * W
        for dW, lam, W in zip(summed(c), (c.l1, c.l2), (c.V, c.W), strict=True)
    ),
    engine=lambda c: taped_two_layer(c, c.penalties * c.l1, c.penalties * c.l2),
    condition="the penalty is meant once for each point; of one penalty for all points it is $N$ "
    "times the gradient",
    without=two_layer("tanh", points=4, penalties=1),
)
holds_if(
    "sec2-mean",
    "section 3 and appendix A, with section 2",
    r"\nabla MSE = \sum_n 2P_l^{(n)} \otimes I_l^{(n)}",
    two_layer("tanh", points=1),
    printed=summed,
    engine=lambda c: taped_two_layer(c, over=len(c.X)),
    condition=STATED + r"there is one point; for $N$ points the mean squared error has "
    r"$\frac{1}{N}$ of it",
    without=two_layer("tanh", points=4),
    note="The paper says mean-squared-error; its loss is the squared error and takes no mean.",
)


def of_class(target):
    """A classifier's outputs, the class k, and a target made from that."""
    return lambda rng: Draw(O=vector_softmax(rng.standard_normal(4)), k=2, Y=target(2))


holds_if(
    "sec2-E",
    "section 2, E",
    r"(O_L - Y)^{(r)} = O_L^{(r)} - 1\text{ for }r = k,\; O_L^{(r)}\text{ for }r \neq k",
    of_class(lambda k: np.eye(4)[k]),
    printed=lambda c: c.O - c.Y,
    engine=lambda c: np.where(np.arange(4) == c.k, c.O - 1, c.O),
    condition="$Y$ is one-hot; section 2 lets $Y$ be the class $k$ itself",
    without=of_class(lambda k: k + 1.0),
    note="Appendix B introduces the one-hot $Y$.",
)
holds(
    "sec2-shape",
    "section 2, shape",
    r"W_l \in \mathbb{R}^{|O_l| \times |I_l|}",
    one_layer,
    printed=lambda c: shape(c.outputs, c.inputs),
    engine=lambda c: shape_of(jacobian(lambda H: np.tanh(c.W @ H))(c.H)),
)
holds(
    "sec2-bias-first",
    "section 2, bias",
    r"\frac{\partial Loss}{\partial [W_0\; b_0]} = 2P_0 \otimes [X\; 1]",
    two_layer("tanh"),
    printed=lambda c: by_hand(c, np.column_stack([c.V, c.b]), np.append(c.X, 1), c.Y)[0],
    engine=lambda c: np.column_stack(
        grad(lambda V, b: (c.W @ c.rule(V @ c.X + b) - c.Y) ** 2, (0, 1))(c.V, c.b)
    ),
    note="A penalty of the layer then falls on its bias too.",
)
wrong(
    "sec2-bias-all",
    "section 2, bias; appendix A",
    r"W_1 A_0(W_0 X + b_0) + b_1 = W_1 A_0([W_0\; b_0][X\; 1])",
    two_layer("tanh"),
    printed=lambda c: c.W @ c.A(np.column_stack([c.V, c.b]) @ np.append(c.X, 1)),
    engine=lambda c: c.W @ c.rule(c.V @ c.X + c.b) + c.w0,
    correction=r"[W_1\; b_1][A_0([W_0\; b_0][X\; 1])\; 1]",
    corrected=lambda c: (
        np.append(c.W, c.w0) @ np.append(c.A(np.column_stack([c.V, c.b]) @ np.append(c.X, 1)), 1)
    ),
    note="A 1 appended to $X$ alone gives biases to layer 0 only; every $I_l$ must have one.",
)

misprint(
    "sec3-range",
    "section 3, recursion",
    r"P_l = (P_{l+1} \cdot W_{l+1}) \circ A'_l(O_l),\; l = 0, 1, \dots, L",
    correction=r"l = 0, 1, \dots, L - 1",
    note="There are no $P_{L+1}$ and $W_{L+1}$; the next formula gives $P_L$.",
)
RECURSION = r"P_l = (P_{l+1} \cdot W_{l+1}) \circ A'_l(O_l),\; P_L = O_L - Y"
CORRECT_RECURSION = r"P_l = (P_{l+1} \cdot W_{l+1}) \circ A'_l(S_l)"
for name, activation in UNITS.items():
    row = {
        "given": dense(activation),
        "printed": lambda c: proxy_errors(c, at_output=True)[0],
        "engine": lambda c: tuple(slope / 2 for slope in taped_slopes(c)),
    }
    place = f"sec3-recursion-{name}", f"section 3, recursion, {name}"
    if name == "identity":
        holds(*place, RECURSION, **row)
    elif name == "leaky-relu":
        holds(
            *place, RECURSION, **row, note="$O_l$ has the signs of $S_l$, and zeros where it has."
        )
    elif name == "relu":
        holds_if(
            *place,
            RECURSION,
            **row,
            condition="the derivative of relu at 0 is taken to be 0; if 1, every unit that is off "
            "passes its error on",
            without=dense(RELU_1),
        )
    else:
        wrong(
            *place,
            RECURSION,
            **row,
            correction=CORRECT_RECURSION,
            corrected=lambda c: proxy_errors(c)[0],
            note="Appendix A, which is said to prove it, has the derivative at $S_l$.",
            again="" if name == "sigmoid" else "sec3-recursion-sigmoid",
        )


def elementwise(dA, rule):
    """Pre-activations of a layer, and a vector of errors of its outputs."""
    return lambda rng: Draw(S=rng.standard_normal(5), v=rng.standard_normal(5), dA=dA, rule=rule)


holds(
    "sec3-inner",
    "section 3, inner product",
    r"P_{l+1} \cdot W_{l+1} = \left(\frac{\partial S_{l+1}}{\partial O_l}\right)^{\top} P_{l+1} "
    r"\in \mathbb{R}^{|O_l|}",
    one_layer,
    printed=lambda c: (c.P @ c.W, shape(c.inputs)),
    engine=lambda c: (vjp(lambda H: c.W @ H, c.H)[1](c.P), shape_of(c.H)),
)
holds_if(
    "sec3-elementwise",
    "section 3, Hadamard product",
    r"\left(\frac{\partial O_l}{\partial S_l}\right)^{\top} v = v \circ A'_l,\; "
    r"A'_l \in \mathbb{R}^{|O_l|}",
    elementwise(d_tanh, np.tanh),
    printed=lambda c: c.v * c.dA(c.S),
    engine=lambda c: vjp(c.rule, c.S)[1](c.v),
    condition="the activation works on each unit alone; that of a hidden softmax is a matrix",
    without=elementwise(lambda S: vector_softmax(S) * (1 - vector_softmax(S)), tape_softmax),
)
GRADIENT = r"\frac{\partial Loss}{\partial W_l} = 2P_l \otimes I_l"
for name, activation in UNITS.items():
    holds(
        f"sec3-gradient-{name}",
        f"section 3, gradient, regression, {name}",
        GRADIENT,
        dense(activation),
        printed=outer_products,
        engine=taped_gradient,
        note="With $A'_l$ at $S_l$.",
    )
wrong(
    "sec3-gradient-softmax",
    "section 3, gradient, classification",
    GRADIENT,
    dense(UNITS["tanh"], head="classification"),
    printed=outer_products,
    engine=taped_gradient,
    correction=r"P_l \otimes I_l",
    corrected=lambda c: outer_products(c, factor=1),
    note="The 2 is that of the squared error. With $A'_l$ at $S_l$.",
)
holds_if(
    "sec3-gradient-appB",
    "section 3, gradient, the loss of appendix B",
    r"\frac{\partial Loss}{\partial W_L} = 2(O_L - Y) \otimes I_L",
    classifier(2),
    printed=lambda c: 2 * outer(c.softmax(c.W @ c.H) - c.Y, c.H),
    engine=taped_head(binary_cross_entropy),
    condition="there are $K = 2$ classes",
    without=classifier(3),
    note="Two classes count each term of the printed loss twice.",
)
for name in ("normal", "Bernoulli", "Poisson", "gamma", "inverse-Gaussian"):
    row = {
        "given": glm(name, d=0.5 if name in SCALED else None),
        "printed": lambda c: glm_gradient(c, 2),
        "engine": taped_glm,
    }
    place = f"sec3-gradient-{name}-likelihood", f"section 3, gradient, {name}"
    statement = r"\frac{\partial Loss}{\partial W_L} = 2(O_L - Y) \otimes I_L"
    if name in SCALED:
        holds_if(
            *place,
            statement,
            **row,
            condition=r"$d = \frac12$; the factor is $\frac1d$",
            without=glm(name, d=0.8),
        )
    else:
        wrong(
            *place,
            statement,
            **row,
            correction=r"(O_L - Y) \otimes I_L",
            corrected=lambda c: glm_gradient(c, 1),
            note=r"By appendix C the factor is $\frac1d$, and $d = 1$.",
            again="sec3-gradient-softmax",
        )
holds(
    "sec3-gradient-shape",
    "section 3, outer product",
    r"P_l \otimes I_l \in \mathbb{R}^{|O_l| \times |I_l|}",
    one_layer,
    printed=lambda c: shape(c.outputs, c.inputs),
    engine=lambda c: shape_of(grad(lambda W: c.P @ (W @ c.H))(c.W)),
)
PENALTIES = {
    "L2": (r"2\lambda_l W_l", lambda W: 2 * W, np.square),
    "L1": (r"\lambda_l \operatorname{sign}(W_l)", np.sign, np.abs),
}
for name, (latex, slope, penalty) in PENALTIES.items():
    row = {
        "printed": lambda c, slope=slope: penalised(c, slope),
        "engine": lambda c, penalty=penalty: taped_gradient(c, penalty),
    }
    statement = rf"{GRADIENT} + {latex}"
    holds(
        f"sec3-{name}-regression",
        f"section 3, {name}, regression",
        statement,
        dense(UNITS["relu"]),
        **row,
        note="Some weights are 0. With $A'_l$ at $S_l$.",
    )
    wrong(
        f"sec3-{name}-classification",
        f"section 3, {name}, classification",
        statement,
        dense(UNITS["relu"], head="classification"),
        **row,
        correction=rf"P_l \otimes I_l + {latex}",
        corrected=lambda c, slope=slope: penalised(c, slope, factor=1),
        note="The penalty's term is right.",
        again="sec3-gradient-softmax",
    )

wrong(
    "appA-count",
    "appendix A, number of parameters",
    r"mn + m",
    lambda rng: Draw(m=3, n=5, V=rng.standard_normal((5, 3)), W=rng.standard_normal(5)),
    printed=lambda c: c.m * c.n + c.m,
    engine=lambda c: sum(
        g.size for g in grad(lambda V, W: np.sum(W @ np.tanh(V)), (0, 1))(c.V, c.W)
    ),
    correction=r"mn + n",
    corrected=lambda c: c.m * c.n + c.n,
    note="There is an output weight for each of the $n$ hidden units, not of the $m$ features.",
)
holds(
    "appA-loss",
    "appendix A, loss",
    r"Loss = \left(\sum_j W_j g\left(\sum_i X_i W_{ji}\right) - Y\right)^2 "
    r"+ \lambda_1 \sum_j \sum_i W_{ji}^2 + \lambda_2 \sum_j W_j^2",
    two_layer("sigmoid"),
    printed=lambda c: (
        (sum(c.W[j] * c.A(sum(c.X[i] * c.V[j, i] for i in range(3))) for j in range(4)) - c.Y) ** 2
        + c.l1 * sum(c.V[j, i] ** 2 for j in range(4) for i in range(3))
        + c.l2 * sum(c.W[j] ** 2 for j in range(4))
    ),
    engine=lambda c: (
        (c.W @ c.rule(c.V @ c.X) - c.Y) ** 2
        + c.l1 * np.linalg.norm(c.V) ** 2
        + c.l2 * np.linalg.norm(c.W) ** 2
    ),
    note=r"The $\lambda_0$ and $\lambda_1$ of section 3 are $\lambda_1$ and $\lambda_2$ here.",
)
misprint(
    "appA-index",
    "appendix A, both gradients",
    r"\frac{\partial Loss}{\partial W_j} = 2\left(\sum_{j=1}^n W_j g(\dots) - Y\right) \dots",
    correction=r"\sum_{k=1}^n W_k g(\dots)",
    note="The $j$ of the sum is not the $j$ of the derivative; the rows below read $k$.",
)
holds(
    "appA-output-1",
    "appendix A, output layer, line 1",
    r"\frac{\partial Loss}{\partial W_j} = 2(O - Y)\, g\left(\sum_i X_i W_{ji}\right) "
    r"+ 2\lambda_2 W_j",
    two_layer("sigmoid"),
    printed=lambda c: (
        2 * (c.W @ c.A(c.V @ c.X) - c.Y) * c.A(np.einsum("i,ji->j", c.X, c.V)) + 2 * c.l2 * c.W
    ),
    engine=lambda c: taped_two_layer(c, c.l1, c.l2)[1],
)
holds(
    "appA-output-2",
    "appendix A, output layer, line 2",
    r"\frac{\partial Loss}{\partial W_1} = 2P_1 \otimes I_1 + 2\lambda_2 W_1",
    two_layer("sigmoid"),
    printed=lambda c: (
        outer(2 * (c.W[None] @ c.A(c.V @ c.X) - c.Y), c.A(c.V @ c.X)) + 2 * c.l2 * c.W[None]
    ),
    engine=lambda c: taped_two_layer(c, c.l1, c.l2)[1][None],
    note="$W_1$ as a matrix of one row.",
)
for name in UNITS:
    holds(
        f"appA-hidden-1-{name}",
        f"appendix A, hidden layer, line 1, {name}",
        r"\frac{\partial Loss}{\partial W_{ji}} = 2(O - Y)\, W_j\, "
        r"g'\left(\sum_i X_i W_{ji}\right) X_i + 2\lambda_1 W_{ji}",
        two_layer(name),
        printed=lambda c: (
            2 * (c.W @ c.A(c.V @ c.X) - c.Y) * np.einsum("j,j,i->ji", c.W, c.dA(c.V @ c.X), c.X)
            + 2 * c.l1 * c.V
        ),
        engine=lambda c: taped_two_layer(c, c.l1, c.l2)[0],
    )
holds(
    "appA-hidden-2",
    "appendix A, hidden layer, lines 2 and 3",
    r"\frac{\partial Loss}{\partial W_0} = 2((P_1 \cdot W_1) \circ g'(S_0)) \otimes I_0 "
    r"+ 2\lambda_1 W_0",
    two_layer("tanh"),
    printed=lambda c: (
        outer(2 * ((c.W[None] @ c.A(c.V @ c.X) - c.Y) @ c.W[None]) * c.dA(c.V @ c.X), c.X)
        + 2 * c.l1 * c.V
    ),
    engine=lambda c: taped_two_layer(c, c.l1, c.l2)[0],
)
holds(
    "appA-deeper",
    "appendix A, more hidden layers",
    rf"{GRADIENT},\; {CORRECT_RECURSION}",
    dense(UNITS["sigmoid"], UNITS["tanh"]),
    printed=outer_products,
    engine=taped_gradient,
    note="Each layer with an activation of its own.",
)

CROSS_ENTROPY = r"-\sum_k (Y_k \log R_k + (1 - Y_k) \log(1 - R_k))"
for K, again, note in (
    (
        4,
        "",
        r"That of $K$ independent yes-or-no outputs, and not the likelihood of appendix C. So the "
        r"derivative by $R_k$ after it has a second term; the cross-entropy's is $-Y_k / R_k$.",
    ),
    (2, "appB-loss-4", "For two classes it is exactly twice the cross-entropy."),
):
    wrong(
        f"appB-loss-{K}",
        f"appendix B, loss, K = {K}",
        rf"CE(Y, R) = {CROSS_ENTROPY}",
        classifier(K),
        printed=lambda c: binary_cross_entropy(c.softmax(c.W @ c.H), c.Y),
        engine=lambda c: softmax_cross_entropy(c.W @ c.H, c.Y),
        correction=r"-\sum_k Y_k \log R_k",
        corrected=lambda c: cross_entropy(c.softmax(c.W @ c.H), c.Y),
        note=note,
        again=again,
    )
DR = r"\frac{\partial Loss}{\partial R_k}"
holds(
    "appB-dR-1",
    "appendix B, derivative by R, first form",
    rf"{DR} = -\frac{{Y_k}}{{R_k}} + \frac{{1 - Y_k}}{{1 - R_k}}",
    classifier(4),
    printed=dL_dR,
    engine=lambda c: grad(lambda R: binary_cross_entropy(R, c.Y))(c.R),
    note="Of the loss as printed, every $R_k$ free.",
)
holds(
    "appB-dR-2",
    "appendix B, derivative by R, second form",
    rf"{DR} = \frac{{R_k - Y_k}}{{R_k (1 - R_k)}}",
    classifier(4),
    printed=lambda c: (c.R - c.Y) / (c.R * (1 - c.R)),
    engine=lambda c: grad(lambda R: binary_cross_entropy(R, c.Y))(c.R),
)
holds(
    "appB-alpha",
    "appendix B, R by alpha",
    r"R_k = \frac{1}{1 + \alpha e^{-S_k}},\; \alpha = \sum_{i \neq k} e^{S_i}",
    classifier(4),
    printed=lambda c: 1 / (1 + alpha(c.S) * np.exp(-c.S)),
    engine=lambda c: tape_softmax(c.S),
)
holds(
    "appB-alpha-constant",
    "appendix B, alpha",
    r"\frac{\partial \alpha_k}{\partial S_i} = 0\text{ for }i = k,\; "
    r"e^{S_i}\text{ for }i \neq k",
    classifier(4),
    printed=lambda c: np.exp(c.S) * (1 - np.eye(4)),
    engine=lambda c: jacobian(alpha)(c.S),
    note="The paper states the zero; the rest is what its chain rule leaves out.",
)
FORMS = {
    r"\frac{\alpha e^{-S_k}}{(1 + \alpha e^{-S_k})^2}": lambda c: c.a / (1 + c.a) ** 2,
    r"\frac{1}{1 + \alpha e^{-S_k}} \cdot \frac{\alpha e^{-S_k}}{1 + \alpha e^{-S_k}}": (
        lambda c: 1 / (1 + c.a) * (c.a / (1 + c.a))
    ),
    r"\frac{1}{1 + \alpha e^{-S_k}} \left(1 - \frac{1}{1 + \alpha e^{-S_k}}\right)": (
        lambda c: 1 / (1 + c.a) * (1 - 1 / (1 + c.a))
    ),
    r"R_k (1 - R_k)": lambda c: c.R * (1 - c.R),
}
for i, (latex, form) in enumerate(FORMS.items(), 1):
    holds(
        f"appB-dS-{i}",
        f"appendix B, derivative by S, form {i}",
        rf"\frac{{\partial R_k}}{{\partial S_k}} = {latex}",
        classifier(4),
        printed=form,
        engine=lambda c: np.diag(jacobian(tape_softmax)(c.S)),
    )
holds(
    "appB-dW",
    "appendix B, derivative by W",
    r"\frac{\partial S_k}{\partial W_{kj}} = H_j",
    classifier(4),
    printed=lambda c: np.tile(c.H, (4, 1)),
    engine=lambda c: np.einsum("kkj->kj", jacobian(lambda W: W @ c.H)(c.W)),
)
CHAIN_OF_B = (
    r"\frac{\partial Loss}{\partial W_{kj}} = \frac{\partial Loss}{\partial R_k} "
    r"\frac{\partial R_k}{\partial S_k} \frac{\partial S_k}{\partial W_{kj}}"
)
FULL_CHAIN = (
    r"\sum_i \frac{\partial Loss}{\partial R_i} \frac{\partial R_i}{\partial S_k} "
    r"\frac{\partial S_k}{\partial W_{kj}}"
)
wrong(
    "appB-chain",
    "appendix B, chain rule",
    CHAIN_OF_B,
    classifier(4),
    printed=lambda c: outer(dL_dR(c) * c.R * (1 - c.R), c.H),
    engine=taped_head(binary_cross_entropy),
    correction=FULL_CHAIN,
    corrected=lambda c: full_chain(c, dL_dR(c)),
    note="$S_k$ moves the other $R_i$ too. Of the loss as printed.",
)
holds_if(
    "appB-product",
    "appendix B, result, the product",
    rf"{CHAIN_OF_B} = \frac{{R_k - Y_k}}{{R_k (1 - R_k)}} R_k (1 - R_k) H_j",
    classifier(4, hold=stop_gradient),
    printed=lambda c: outer((c.R - c.Y) / (c.R * (1 - c.R)) * c.R * (1 - c.R), c.H),
    engine=lambda c: grad(
        lambda W: binary_cross_entropy(1 / (1 + c.hold(alpha(W @ c.H)) * np.exp(-(W @ c.H))), c.Y)
    )(c.W),
    condition=r"every $\alpha$ is held constant, as for $K$ sigmoids; in a softmax it is not",
    without=classifier(4, hold=np.positive),
)
RESULT = r"\frac{\partial Loss}{\partial W_{kj}} = (R_k - Y_k) H_j"
holds_if(
    "appB-result-categorical",
    "appendix B, result, cross-entropy",
    RESULT,
    classifier(4),
    printed=lambda c: outer(c.softmax(c.W @ c.H) - c.Y, c.H),
    engine=taped_head(cross_entropy),
    condition=f"{STATED}$Y$ is one-hot; it is enough that it sums to 1",
    without=several_labels,
    note="The superfluous terms of the loss and the missing ones of the chain rule cancel.",
)
wrong(
    "appB-result-printed",
    "appendix B, result, its loss",
    RESULT,
    classifier(4),
    printed=lambda c: outer(c.R - c.Y, c.H),
    engine=taped_head(binary_cross_entropy),
    correction=r"\left(\frac{R_k - Y_k}{1 - R_k} - R_k \sum_i \frac{R_i - Y_i}{1 - R_i}\right) H_j",
    corrected=lambda c: outer((c.R - c.Y) / (1 - c.R) - c.R * np.sum((c.R - c.Y) / (1 - c.R)), c.H),
    again="appB-chain",
)
wrong(
    "appB-result-printed-2",
    "appendix B, result, its loss, K = 2",
    RESULT,
    classifier(2),
    printed=lambda c: outer(c.R - c.Y, c.H),
    engine=taped_head(binary_cross_entropy),
    correction=r"2(R_k - Y_k) H_j",
    corrected=lambda c: 2 * outer(c.R - c.Y, c.H),
    again="appB-chain",
)
wrong(
    "appB-same",
    "appendix B, same as regression",
    r"\frac{\partial Loss}{\partial W_1} = 2(O - Y) \otimes H\text{ for both}",
    classifier(4),
    printed=lambda c: 2 * outer(c.softmax(c.W @ c.H) - c.Y, c.H),
    engine=taped_head(cross_entropy),
    correction=r"(R - Y) \otimes H\text{ for classification}",
    corrected=lambda c: outer(c.softmax(c.W @ c.H) - c.Y, c.H),
    note="The same up to the factor 2 of the squared error, as section 3 has it.",
    again="sec3-gradient-softmax",
)
holds(
    "appB-hidden",
    "appendix B, hidden layers",
    rf"\frac{{\partial Loss}}{{\partial W_l}} = P_l \otimes I_l,\; {CORRECT_RECURSION}",
    dense(UNITS["relu"], UNITS["tanh"], head="classification"),
    printed=lambda c: outer_products(c, factor=1),
    engine=taped_gradient,
    note="With the factor 1 of the result.",
)

misprint(
    "appC-link-outcome",
    "appendix C, link",
    r"g(X \cdot \beta) = Y",
    correction=r"g(X \cdot \beta) = E[Y]",
    note="$Y$ is a random variable; the next formula has its mean.",
)


def density(c):
    """The standard form at all points of the support."""
    return c.h(c.points, c.d) * np.exp((np.dot(c.points, c.theta) - c.A(c.theta)) / c.d)


def expectation(c):
    """The mean of Y, summed or integrated."""
    return np.dot(density(c) * c.step, c.points)


def covariance(c):
    """The variance of Y, for a vector its covariances."""
    centred = c.points - expectation(c)
    return np.dot(density(c) * c.step * centred.T, centred)


def of_link(name, inverse=True):
    """Some theta, with g the inverse of the canonical link, or the link itself."""
    family = FAMILIES[name]
    sign, shape = -1 if name in NEGATIVE else 1, 3 if name == "multinoulli" else None
    return lambda rng: Draw(
        theta=sign * rng.uniform(0.2, 0.8, shape),
        A=family.A,
        g=family.g if inverse else family.link,
    )


NOTES = {
    "gamma": r"$\theta = H \cdot W$ must be negative.",
    "inverse-Gaussian": r"$\theta = H \cdot W$ must be negative.",
    "multinoulli": r"$\theta$ and $Y$ are vectors, which the printed form does not provide for.",
}
for name, family in FAMILIES.items():
    note = NOTES.get(name, "")
    log_normaliser, mean = family.latex
    holds(
        f"appC-density-{name}",
        f"appendix C, standard form, {name}",
        rf"\int h(Y, \tau)\, e^{{(\theta Y - A(\theta))/d(\tau)}}\, dY = 1,\; "
        rf"A(\theta) = {log_normaliser}",
        glm(name),
        printed=lambda c: (density(c), np.dot(density(c), c.step)),
        engine=lambda c: (np.exp([-c.nll(c.theta, y, c.d) for y in c.points]), 1.0),
        note=f"And it is the textbook's density. {note}".strip(),
    )
    row = {
        "given": of_link(name),
        "printed": lambda c: c.g(c.theta),
        "engine": lambda c: grad(c.A)(c.theta),
    }
    place = f"appC-link-{name}", f"appendix C, canonical link, {name}"
    statement = rf"g(\theta) = A'(\theta),\; g(\theta) = {mean}"
    if name in ("normal", "gamma"):
        holds(*place, statement, **row, note="This link is its own inverse.")
    else:
        holds_if(
            *place,
            statement,
            **row,
            condition="$g$ is the inverse of the canonical link; the paper calls $g$ the link",
            without=of_link(name, inverse=False),
            note=r"Others call the link what takes the mean to $\theta$.",
        )
    holds(
        f"appC-mean-{name}",
        f"appendix C, mean, {name}",
        r"E[Y] = A'(\theta)",
        glm(name),
        printed=expectation,
        engine=lambda c: grad(c.A)(c.theta),
    )
    holds(
        f"appC-variance-{name}",
        f"appendix C, variance, {name}",
        r"\operatorname{Var}[Y] = A''(\theta)\, d(\tau)",
        glm(name),
        printed=covariance,
        engine=lambda c: jacobian(grad(c.A))(c.theta) * c.d,
        note="All covariances, and $A''$ the Hessian." if name == "multinoulli" else "",
    )
holds(
    "appC-loss",
    "appendix C, loss, gamma",
    r"-\log f = -\log\left(h(Y, \tau)\, e^{(\theta Y - A(\theta))/d(\tau)}\right) "
    r"= -\log h(Y, \tau) + \frac{A(\theta) - \theta Y}{d(\tau)},\; \theta = H \cdot W",
    glm("gamma"),
    printed=lambda c: (
        -np.log(c.h(c.Y, c.d) * np.exp((c.H @ c.W * c.Y - c.A(c.H @ c.W)) / c.d)),
        -np.log(c.h(c.Y, c.d)) + (c.A(c.H @ c.W) - c.H @ c.W * c.Y) / c.d,
    ),
    engine=lambda c: (c.nll(c.H @ c.W, c.Y, c.d),) * 2,
)
misprint(
    "appC-lower-case",
    "appendix C, loss",
    r"-\log(h(y, \tau))",
    correction=r"-\log(h(Y, \tau))",
    note="Twice; there is no $y$.",
)
for name in FAMILIES:
    note = NOTES.get(name, "")
    holds(
        f"appC-dtheta-{name}",
        f"appendix C, derivative by theta, {name}",
        r"\frac{\partial Loss}{\partial \theta} = \frac{\mu - Y}{d(\tau)} "
        r"= \frac{g(\theta) - Y}{d(\tau)}",
        glm(name),
        printed=lambda c: (c.g(c.theta) - c.Y) / c.d,
        engine=lambda c: grad(lambda t: c.nll(t, c.Y, c.d))(c.theta),
    )
    holds(
        f"appC-gradient-{name}",
        f"appendix C, gradient, {name}",
        r"\nabla_W Loss = \frac{\partial Loss}{\partial \theta} \nabla_W \theta "
        r"= \frac{g(H \cdot W) - Y}{d(\tau)} \otimes H",
        glm(name),
        printed=lambda c: glm_gradient(c, 1 / c.d),
        engine=taped_glm,
        note=note,
    )
holds(
    "appC-hidden",
    "appendix C, hidden layer, gamma",
    r"\frac{\partial Loss}{\partial W_0} = "
    r"\frac{1}{d(\tau)} (((O_1 - Y) \cdot W_1) \circ A'_0(S_0)) \otimes X",
    glm("gamma"),
    printed=lambda c: outer(
        (c.g(c.act(c.V @ c.X) @ c.W) - c.Y) / c.d * c.W * c.dact(c.V @ c.X), c.X
    ),
    engine=lambda c: grad(lambda V: c.nll(c.rule(V @ c.X) @ c.W, c.Y, c.d))(c.V),
    note=r"With the factor $\frac1d$ of appendix C.",
)
holds_if(
    "appC-regression",
    "appendix C, regression",
    r"(\theta - Y)^2 = -\log f(Y | \theta, \tau) + \text{const},\; f\text{ normal}",
    glm("normal", d=0.5),
    printed=lambda c: (c.g(c.theta) - c.Y) ** 2 - c.Y**2,
    engine=lambda c: c.nll(c.theta, c.Y, c.d) - c.nll(0, c.Y, c.d),
    condition=r"$d = \frac12$, the variance",
    without=glm("normal", d=0.8),
    note="The constant is removed by subtracting both sides' values at $\\theta = 0$.",
)
