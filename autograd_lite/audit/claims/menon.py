"""R. Menon, "Deriving backpropagation" (2021), eq. (1) to (4) and sections 2 and 3."""

from __future__ import annotations

from types import SimpleNamespace as Draw

import numpy as np

from ...derivatives import grad, vjp
from ...operators import jacobian
from ...rules import neural
from ..claim import STATED, Paper
from ..hand import (
    ACTIVATIONS,
    binary_cross_entropy,
    cross_entropy,
    d_relu,
    d_sigmoid,
    one_hot,
    sigmoid,
    softmax,
)

__all__ = ["PAPER"]

PAPER = Paper(
    "menon",
    "R. Menon, Deriving backpropagation (2021)",
    r"One sample, a column; $w_{i,k}$ leads from unit $k$ to unit $i$; $\phi$ is the gradient of "
    r"$L$ by $z$; the squared error is the mean over the $n$ outputs, the cross-entropies are sums "
    r"over them; the derivative of relu at 0 is 0; log is read as the natural logarithm.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint

# The only vector that could stand for its derivative holds the diagonal of the Jacobian.
SOFTMAX = (
    lambda z: softmax(z, axis=0),
    lambda z: softmax(z, axis=0) * (1 - softmax(z, axis=0)),
    neural.softmax,
)
# By name: the gradient by the output a by hand, the loss on the tape, and targets for 4 outputs.
COSTS = {
    "squared error": (
        lambda a, y: -2 / len(a) * (y - a),
        lambda a, y: np.mean((y - a) ** 2),
        lambda rng: rng.standard_normal(4),
    ),
    "binary cross-entropy": (
        lambda a, y: -y / a + (1 - y) / (1 - a),
        binary_cross_entropy,
        lambda rng: rng.permutation([0.0, 1.0, 0.0, 1.0]),
    ),
    "categorical cross-entropy": (
        lambda a, y: -y / a,
        cross_entropy,
        lambda rng: one_hot(rng, 1, 4)[0],
    ),
}


def affine(rng, n, below):
    """Draw weights and bias of n units; the first has 0 for both, so z is exactly 0 in it."""
    w, b = rng.standard_normal((n, below)), rng.standard_normal(n)
    w[0], b[0] = 0, 0
    return w, b


def last_layer(activation, loss):
    """Make a draw of the last layer: x below, z, the targets y."""
    sigma, d_sigma, on_tape = activation
    d_loss, loss_on_tape, targets = COSTS[loss]

    def given(rng):
        x, (w, b), y = rng.standard_normal(5), affine(rng, 4, 5), targets(rng)
        z = w @ x + b
        a = sigma(z)
        return Draw(
            x=x, w=w, b=b, z=z, y=y, a=a, phi=d_loss(a, y) * d_sigma(z), n=4,
            dz_dw=np.einsum("li,k->lik", np.eye(4), x), slopes=d_sigma(z),
            sigma=sigma, d_sigma=d_sigma, d_loss=d_loss,
            L=lambda z: loss_on_tape(on_tape(z), y), L_of_a=lambda a: loss_on_tape(a, y),
            on_tape=on_tape,
        )  # fmt: skip

    return given


def hidden_layer(activation):
    """Make a draw of a hidden layer: z, one of them 0, and w, b and phi of the layer above."""
    sigma, d_sigma, on_tape = activation

    def given(rng):
        z, w, b = rng.standard_normal(3), rng.standard_normal((4, 3)), rng.standard_normal(4)
        z[0] = 0
        return Draw(
            z=z, w=w, b=b, phi=rng.standard_normal(4), a=sigma(z), dz_dz=w * d_sigma(z),
            sigma=sigma, d_sigma=d_sigma, above=lambda z: w @ on_tape(z) + b,
        )  # fmt: skip

    return given


def pulled_back(c):
    """Find phi of a hidden layer from phi of the layer above, on the tape."""
    return vjp(c.above, c.z)[1](c.phi)


# The gradients of the last layer's loss, on the tape.
by_logits = lambda c: grad(c.L)(c.z)
by_weights = lambda c: grad(lambda w: c.L(w @ c.x + c.b))(c.w)
by_bias = lambda c: grad(lambda b: c.L(c.w @ c.x + b))(c.b)
by_output = lambda c: grad(c.L_of_a)(c.a)

sigmoid_last = last_layer(ACTIVATIONS["sigmoid"], "binary cross-entropy")
sigmoid_hidden = hidden_layer(ACTIVATIONS["sigmoid"])
relu_last = last_layer(ACTIVATIONS["relu"], "squared error")
relu_hidden = hidden_layer(ACTIVATIONS["relu"])

ELEMENTWISE = "each activation depends on its own pre-activation alone, unlike softmax"
EQ1 = r"\phi^J = \nabla_{a^J} L \odot \sigma'(z^J)"
EQ2 = r"\phi^j = (w^{j+1})^{\top} \phi^{j+1} \odot \sigma'(z^j)"
eq1 = lambda c: c.d_loss(c.sigma(c.z), c.y) * c.d_sigma(c.z)
eq2 = lambda c: c.w.T @ c.phi * c.d_sigma(c.z)

holds_if(
    "eq1",
    "eq. (1)",
    EQ1,
    last_layer(ACTIVATIONS["tanh"], "squared error"),
    printed=eq1,
    engine=by_logits,
    condition=ELEMENTWISE,
    without=last_layer(SOFTMAX, "squared error"),
    note="Said of an activation in general; for softmax the Jacobian is not diagonal.",
)
for name, loss in (
    ("relu", "squared error"),
    ("sigmoid", "squared error"),
    ("sigmoid", "binary cross-entropy"),
):
    holds(
        f"eq1-{name}-{loss.replace(' ', '-')}",
        f"eq. (1), {name} and {loss}",
        EQ1,
        last_layer(ACTIVATIONS[name], loss),
        printed=eq1,
        engine=by_logits,
    )
holds_if(
    "eq2",
    "eq. (2)",
    EQ2,
    hidden_layer(ACTIVATIONS["tanh"]),
    printed=eq2,
    engine=pulled_back,
    condition=ELEMENTWISE,
    without=hidden_layer(SOFTMAX),
    note="Section 3.3 leaves softmax out: it has it in output layers only.",
)
for name in ("relu", "sigmoid"):
    holds(
        f"eq2-{name}",
        f"eq. (2), {name}",
        EQ2,
        hidden_layer(ACTIVATIONS[name]),
        printed=eq2,
        engine=pulled_back,
    )
holds(
    "eq3",
    "eq. (3)",
    r"\nabla_{w^j} L = \phi^j (a^{j-1})^{\top}",
    sigmoid_last,
    printed=lambda c: c.phi[:, None] @ c.x[None, :],
    engine=by_weights,
)
holds(
    "eq4",
    "eq. (4)",
    r"\nabla_{b^j} L = \phi^j",
    sigmoid_last,
    printed=lambda c: c.phi,
    engine=by_bias,
)


# By name: activation of the last layer, the loss, and phi there from z, a and y.
HEADS = {
    "relu": (
        ACTIVATIONS["relu"],
        "squared error",
        lambda z, a, y: -2 / len(a) * (y - a) * d_relu(z),
    ),
    "sigmoid": (
        ACTIVATIONS["sigmoid"],
        "binary cross-entropy",
        lambda z, a, y: (-y / a + (1 - y) / (1 - a)) * d_sigmoid(z),
    ),
    "softmax": (SOFTMAX, "categorical cross-entropy", lambda z, a, y: a - y),
}


def perceptron(activation, head):
    """Make a draw of three layers."""
    sigma, d_sigma, on_tape = activation
    (last_sigma, _, last_on_tape), loss, phi_last = head
    _, loss_on_tape, targets = COSTS[loss]

    def given(rng):
        x, y = rng.standard_normal(5), targets(rng)
        (w1, b1), (w2, b2), (w3, b3) = affine(rng, 3, 5), affine(rng, 6, 3), affine(rng, 4, 6)

        def L(w1, b1, w2, b2, w3, b3):
            a1 = on_tape(w1 @ x + b1)
            return loss_on_tape(last_on_tape(w3 @ on_tape(w2 @ a1 + b2) + b3), y)

        return Draw(
            x=x, y=y, w1=w1, b1=b1, w2=w2, b2=b2, w3=w3, b3=b3,
            sigma=sigma, d_sigma=d_sigma, last=last_sigma, phi_last=phi_last, L=L,
        )  # fmt: skip

    return given


def four_equations(c):
    """Go through three layers and back by eq. (1) to (4)."""
    z1 = c.w1 @ c.x + c.b1
    a1 = c.sigma(z1)
    z2 = c.w2 @ a1 + c.b2
    a2 = c.sigma(z2)
    z3 = c.w3 @ a2 + c.b3
    phi3 = c.phi_last(z3, c.last(z3), c.y)
    phi2 = c.w3.T @ phi3 * c.d_sigma(z2)
    phi1 = c.w2.T @ phi2 * c.d_sigma(z1)
    return np.outer(phi1, c.x), phi1, np.outer(phi2, a1), phi2, np.outer(phi3, a2), phi3


for name in ("relu", "sigmoid"):
    for head in HEADS:
        holds(
            f"2-{name}-{head}",
            f"section 2, all layers, {name} and {head}",
            r"(\nabla_{w^j} L, \nabla_{b^j} L) = (\phi^j (a^{j-1})^{\top}, \phi^j),\ 1 \le j \le J",
            perceptron(ACTIVATIONS[name], HEADS[head]),
            printed=four_equations,
            engine=lambda c: grad(c.L, tuple(range(6)))(c.w1, c.b1, c.w2, c.b2, c.w3, c.b3),
            note="With the sign of section 3.2.1 put right." if head == "sigmoid" else "",
        )

holds_if(
    "2.1-chain",
    "section 2.1, the chain rule",
    r"\nabla_{z^J} L = \nabla_{\hat y} L \odot \nabla_{z^J} \hat y",
    sigmoid_last,
    printed=lambda c: c.d_loss(c.a, c.y) * c.slopes,
    engine=by_logits,
    condition=ELEMENTWISE,
    without=last_layer(SOFTMAX, "categorical cross-entropy"),
    note="The last factor read as the derivatives of each output by its own pre-activation; in "
    "general it is the transposed Jacobian, and a matrix product.",
)
holds(
    "2.1-slope",
    "section 2.1, the gradient of a",
    r"\nabla_{z^J} a^J = \sigma'(z^J)",
    sigmoid_last,
    printed=lambda c: c.d_sigma(c.z),
    engine=lambda c: np.diagonal(jacobian(c.on_tape)(c.z)),
    note="Set as a definition: the diagonal of the Jacobian. Section 2.4 has a matrix for the same "
    "sign.",
)


def own_units(c):
    """Sum over k a term without k; only as many units as both layers have."""
    slopes = np.diagonal(c.dz_dz)
    return sum(c.phi[: len(slopes)] * slopes for _ in c.phi)


def entries(c, assign):
    """Fill a matrix by running through k and i."""
    found = np.zeros(c.w.shape)
    for k, i in np.ndindex(c.w.shape):
        found[assign(k, i)] = c.w[k, i] * c.d_sigma(c.z)[i]
    return found


wrong(
    "2.2-chain",
    "section 2.2, the chain rule",
    r"\phi_i^j = \sum_k \phi_i^{j+1} \frac{\partial z_i^{j+1}}{\partial z_i^j}",
    sigmoid_hidden,
    printed=own_units,
    engine=pulled_back,
    correction=r"\phi_i^j = \sum_k \phi_k^{j+1} \frac{\partial z_k^{j+1}}{\partial z_i^j}",
    corrected=lambda c: np.einsum("k,ki->i", c.phi, c.dz_dz),
    note="No term has the index that is summed; the line before it has the same slip. It runs "
    "through the displays of 2.2, so it is hardly damage of the extraction; eq. (2) is free of it.",
)
wrong(
    "2.2-z",
    "section 2.2, the pre-activation",
    r"z_k^{j+1} = \sum_i w_{k,i}^{j+1} a_i^j + b_i^{j+1}"
    r" = \sum_i w_{k,i}^{j+1} \sigma(z_i^j) + b_i^{j+1}",
    sigmoid_hidden,
    printed=lambda c: np.sum(c.w * c.sigma(c.z) + c.b[: len(c.z)], axis=1),
    engine=lambda c: c.above(c.z),
    correction=r"z_k^{j+1} = \sum_i w_{k,i}^{j+1} \sigma(z_i^j) + b_k^{j+1}",
    corrected=lambda c: np.sum(c.w * c.sigma(c.z), axis=1) + c.b,
    note="With the bias inside the sum, the only place where its index means something.",
)
wrong(
    "2.2-slope",
    "section 2.2, the derivative",
    r"\frac{\partial z_i^{j+1}}{\partial z_i^j} = w_{k,i}^{j+1} \sigma'(z_i^j)",
    sigmoid_hidden,
    printed=lambda c: entries(c, lambda k, i: (i, i)),
    engine=lambda c: jacobian(c.above)(c.z),
    correction=r"\frac{\partial z_k^{j+1}}{\partial z_i^j} = w_{k,i}^{j+1} \sigma'(z_i^j)",
    corrected=lambda c: entries(c, lambda k, i: (k, i)),
    note="Run as printed, for each $k$ and $i$: entry $(i, i)$ is assigned again for each $k$, the "
    "others never. The right-hand side is right.",
    again="2.2-chain",
)
wrong(
    "2.2-components",
    "section 2.2, after the substitution",
    r"\phi_i^j = \sum_k w_{k,i}^{j+1} \phi_i^{j+1} \sigma(z_i^j)",
    sigmoid_hidden,
    printed=lambda c: np.sum(c.w * c.phi[: len(c.a)] * c.a, axis=0),
    engine=pulled_back,
    correction=r"\phi_i^j = \sum_k w_{k,i}^{j+1} \phi_k^{j+1} \sigma'(z_i^j)",
    corrected=lambda c: np.einsum("ki,k,i->i", c.w, c.phi, c.d_sigma(c.z)),
    note="Two slips, the index and the missing prime: the line before it has the prime.",
)
for name in ("relu", "sigmoid"):
    wrong(
        f"2.2-matrix-{name}",
        f"section 2.2, the matrix form, {name}",
        r"\phi^j = (w^{j+1})^{\top} \phi^{j+1} \odot \sigma(z_i^j)",
        hidden_layer(ACTIVATIONS[name]),
        printed=lambda c: c.w.T @ c.phi * c.a,
        engine=pulled_back,
        correction=EQ2,
        corrected=eq2,
        note="Called eq. (2), which has the prime and no index $i$; computed without the index.",
        again="2.2-components",
    )


holds(
    "2.3-chain",
    "section 2.3, the chain rule",
    r"\frac{\partial L}{\partial w_{i,k}^j} = \frac{\partial L}{\partial z_i^j}"
    r" \frac{\partial z_i^j}{\partial w_{i,k}^j}"
    r" = \phi_i^j \frac{\partial z_i^j}{\partial w_{i,k}^j}",
    sigmoid_last,
    printed=lambda c: np.einsum("i,iik->ik", c.phi, c.dz_dw),
    engine=by_weights,
    note="No sum: only one pre-activation depends on this weight.",
)
holds(
    "2.3-z",
    "section 2.3, the pre-activation",
    r"z_i^j = b_i^j + \sum_k w_{i,k}^j a_k^{j-1}",
    sigmoid_last,
    printed=lambda c: c.b + np.einsum("ik,k->i", c.w, c.x),
    engine=lambda c: c.w @ c.x + c.b,
)
holds(
    "2.3-slope",
    "section 2.3, the derivative",
    r"\frac{\partial z_i^j}{\partial w_{i,k}^j} = a_k^{j-1}",
    sigmoid_last,
    printed=lambda c: np.tile(c.x, (c.n, 1)),
    engine=lambda c: np.einsum("iik->ik", jacobian(lambda w: w @ c.x + c.b)(c.w)),
)
holds(
    "2.3-components",
    "section 2.3, after the substitution",
    r"\frac{\partial L}{\partial w_{i,k}^j} = \phi_i^j a_k^{j-1}",
    sigmoid_last,
    printed=lambda c: np.einsum("i,k->ik", c.phi, c.x),
    engine=by_weights,
)


def square_layer(rng):
    """Draw a layer as wide as the one below it: x below, a its own activations."""
    x, w, b = rng.standard_normal(3), rng.standard_normal((3, 3)), rng.standard_normal(3)
    return Draw(x=x, w=w, b=b, a=sigmoid(w @ x + b))


misprint(
    "2.4-chain",
    "section 2.4, the chain rule",
    r"\nabla_{b^j} L = \nabla_{z^j} L \nabla_{b^j} z^j = \phi^j \nabla_{b^j} z^j",
    correction=r"\nabla_{b^j} L = (\nabla_{b^j} z^j)^{\top} \phi^j",
    note="Right for rows; of columns, as in eq. (2) and (3), the shapes do not fit.",
)
wrong(
    "2.4-z",
    "section 2.4, the pre-activation",
    r"z^j = w^j a^j + b^j",
    square_layer,
    printed=lambda c: c.w @ c.a + c.b,
    engine=lambda c: np.einsum("ik,k->i", c.w, c.x) + c.b,
    correction=r"z^j = w^j a^{j-1} + b^j",
    corrected=lambda c: c.w @ c.x + c.b,
    note="Section 1.2 has it right. Computed for a layer as wide as the one below; the shapes of "
    "another do not fit. The derivative by $b$ is the same.",
)
wrong(
    "2.4-ones",
    "section 2.4, the derivative",
    r"\nabla_{b^j} z^j = \mathbf{1} \mathbf{1}^{\top}",
    sigmoid_last,
    printed=lambda c: np.ones((c.n, c.n)),
    engine=lambda c: jacobian(lambda b: c.w @ c.x + b)(c.b),
    correction=r"\nabla_{b^j} z^j = I",
    corrected=lambda c: np.eye(c.n),
    note="Said in words: a matrix of ones. The sign printed for it often stands for the identity.",
)
wrong(
    "2.4-product",
    "section 2.4, after the substitution",
    r"\nabla_{b^j} L = \phi^j \mathbf{1} \mathbf{1}^{\top}",
    sigmoid_last,
    printed=lambda c: c.phi @ np.ones((c.n, c.n)),
    engine=by_bias,
    correction=r"\nabla_{b^j} L = I \phi^j",
    corrected=lambda c: np.eye(c.n) @ c.phi,
    note=r"$\phi$ read as a row: each entry becomes the sum of $\phi$. Eq. (4) follows from the "
    r"identity, or from a vector of ones and the elementwise product of section 2.1.",
    again="2.4-ones",
)
misprint(
    "2.4-L",
    "section 2.4, last line",
    r"\nabla_{b^j} = \phi^j",
    correction=r"\nabla_{b^j} L = \phi^j",
    note="Eq. (4) without its $L$.",
)

holds(
    "3.1-slope",
    "section 3.1, the derivative",
    r"\sigma'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}",
    relu_hidden,
    printed=lambda c: c.d_sigma(c.z),
    engine=lambda c: grad(lambda x: np.sum(neural.relu(x)))(c.z),
    note="With an entry that is 0, where the paper says that it chooses.",
)
holds(
    "3.1.1-loss",
    "section 3.1.1, by the output",
    r"\nabla_{\hat y} \frac{1}{n} \sum_{i=1}^n (y_i - \hat y_i)^2 = -\frac{2}{n} (y - \hat y)"
    r" = -\frac{2}{n} (y - a^J)",
    relu_last,
    printed=lambda c: -2 / c.n * (c.y - c.a),
    engine=by_output,
)
holds(
    "3.1.1-product",
    "section 3.1.1, eq. (1) for relu",
    r"\phi^J = -\frac{2}{n} (y - a^J) \odot"
    r" \begin{cases} 1 & z^J > 0 \\ 0 & z^J \le 0 \end{cases}",
    relu_last,
    printed=lambda c: -2 / c.n * (c.y - c.a) * np.where(c.z > 0, 1, 0),
    engine=by_logits,
)
holds(
    "3.1.1-cases",
    "section 3.1.1, eq. (1) for relu, last line",
    r"\phi^J = \begin{cases} -\frac{2}{n} (y - a^J) & z^J > 0 \\ 0 & z^J \le 0 \end{cases}",
    relu_last,
    printed=lambda c: np.where(c.z > 0, -2 / c.n * (c.y - c.a), 0),
    engine=by_logits,
)
holds(
    "3.1.2-product",
    "section 3.1.2, eq. (2) for relu",
    r"\phi^j = (w^{j+1})^{\top} \phi^{j+1} \odot"
    r" \begin{cases} 1 & z^j > 0 \\ 0 & z^j \le 0 \end{cases}",
    relu_hidden,
    printed=lambda c: c.w.T @ c.phi * np.where(c.z > 0, 1, 0),
    engine=pulled_back,
)
holds(
    "3.1.2-cases",
    "section 3.1.2, eq. (2) for relu, last line",
    r"\phi^j = \begin{cases} (w^{j+1})^{\top} \phi^{j+1} & z^j > 0 \\ 0 & z^j \le 0 \end{cases}",
    relu_hidden,
    printed=lambda c: np.where(c.z > 0, c.w.T @ c.phi, 0),
    engine=pulled_back,
)


def one_logarithm(log, n=4):
    """Make a draw of n outputs between 0 and 1, their targets, 1 for the first, and a logarithm."""
    return lambda rng: Draw(y=np.array([1.0, 0.0, 0.0, 1.0])[:n], a=rng.random(n), log=log)


def logarithm_of_hits(c):
    """Differentiate the terms with y of the cross-entropy by the output, on the tape."""
    return grad(lambda a: -np.sum(c.y * c.log(a)))(c.a)


holds(
    "3.2-slope",
    "section 3.2, the derivative",
    r"\sigma'(x) = \sigma(x) \odot (1 - \sigma(x))",
    sigmoid_hidden,
    printed=lambda c: c.sigma(c.z) * (1 - c.sigma(c.z)),
    engine=lambda c: grad(lambda x: np.sum(neural.sigmoid(x)))(c.z),
)
holds_if(
    "3.2.1-one",
    "section 3.2.1, the loss without the sum",
    r"L = -y_1 \log \hat y_1 - (1 - y_1) \log(1 - \hat y_1)",
    one_logarithm(np.log, n=1),
    printed=lambda c: -c.y[0] * c.log(c.a[0]) - (1 - c.y[0]) * c.log(1 - c.a[0]),
    engine=lambda c: -np.sum(np.log(np.where(c.y == 1, c.a, 1 - c.a))),
    condition=f"{STATED}there is one output, $n = 1$",
    without=one_logarithm(np.log),
)
wrong(
    "3.2.1-logarithms",
    "section 3.2.1, by the output, with log(e)",
    r"\nabla_{\hat y} L = -\frac{y}{\hat y} \log(e) - \frac{1 - y}{1 - \hat y} \log(e)",
    sigmoid_last,
    printed=lambda c: -c.y / c.a * np.log(np.e) - (1 - c.y) / (1 - c.a) * np.log(np.e),
    engine=by_output,
    correction=r"\nabla_{\hat y} L = -\frac{y}{\hat y} \log(e) + \frac{1 - y}{1 - \hat y} \log(e)",
    corrected=lambda c: -c.y / c.a * np.log(np.e) + (1 - c.y) / (1 - c.a) * np.log(np.e),
    note=r"The second logarithm has $1 - \hat y$ in it, whose derivative is $-1$. No harm where "
    r"$y = 1$.",
)
wrong(
    "3.2.1-loss",
    "section 3.2.1, by the output",
    r"\nabla_{a^J} L = -\frac{y}{\hat y} - \frac{1 - y}{1 - \hat y}"
    r" = -\frac{y}{a^J} - \frac{1 - y}{1 - a^J}",
    sigmoid_last,
    printed=lambda c: -c.y / c.a - (1 - c.y) / (1 - c.a),
    engine=by_output,
    correction=r"\nabla_{a^J} L = -\frac{y}{a^J} + \frac{1 - y}{1 - a^J}",
    corrected=lambda c: -c.y / c.a + (1 - c.y) / (1 - c.a),
    note="The same sign.",
    again="3.2.1-logarithms",
)
holds_if(
    "3.2.1-dropped",
    "section 3.2.1, log(e) dropped",
    r"\nabla_{\hat y} (-y \log \hat y) = -\frac{y}{\hat y}",
    one_logarithm(np.log),
    printed=lambda c: -c.y / c.a,
    engine=logarithm_of_hits,
    condition=r"log is the natural logarithm, and then $\log e = 1$ and nothing is dropped",
    without=one_logarithm(np.log2),
    note=r"The paper takes it for a constant to be left out, and in 3.3.1 has $\log e^z = z$.",
)
holds(
    "3.2.1-scale",
    "section 3.2.1, a constant only scales",
    r"\nabla_{\hat y} (-y \log_2 \hat y) = -\frac{y}{\hat y} \log_2(e)",
    one_logarithm(np.log2),
    printed=lambda c: -c.y / c.a * c.log(np.e),
    engine=logarithm_of_hits,
)
wrong(
    "3.2.1-phi",
    "section 3.2.1, eq. (1) for sigmoid",
    r"\phi^J = (-\frac{y}{a^J} - \frac{1 - y}{1 - a^J}) \odot \sigma(z^J) \odot (1 - \sigma(z^J))",
    sigmoid_last,
    printed=lambda c: (-c.y / c.a - (1 - c.y) / (1 - c.a)) * c.sigma(c.z) * (1 - c.sigma(c.z)),
    engine=by_logits,
    correction=r"\phi^J = (-\frac{y}{a^J} + \frac{1 - y}{1 - a^J}) \odot \sigma(z^J)"
    r" \odot (1 - \sigma(z^J)) = a^J - y",
    corrected=lambda c: (-c.y / c.a + (1 - c.y) / (1 - c.a)) * c.sigma(c.z) * (1 - c.sigma(c.z)),
    note="Where $y = 0$ this is $-a$ in place of $a$: descent would drive every output to 1.",
    again="3.2.1-logarithms",
)
misprint(
    "3.2.1-x",
    "section 3.2.1, eq. (1) for sigmoid",
    r"\sigma(x) \odot (1 - \sigma(x))",
    correction=r"\sigma(z^J) \odot (1 - \sigma(z^J))",
    note="The argument in the definition of sigmoid is left; the row before reads $z$.",
)
holds(
    "3.2.2",
    "section 3.2.2, eq. (2) for sigmoid",
    r"\phi^j = (w^{j+1})^{\top} \phi^{j+1} \odot \sigma(z^j) \odot (1 - \sigma(z^j))",
    sigmoid_hidden,
    printed=lambda c: c.w.T @ c.phi * c.sigma(c.z) * (1 - c.sigma(c.z)),
    engine=pulled_back,
    note="Read with $z$, see the next row.",
)
misprint(
    "3.2.2-x",
    "section 3.2.2, eq. (2) for sigmoid",
    r"\sigma(x) \odot (1 - \sigma(x))",
    correction=r"\sigma(z^j) \odot (1 - \sigma(z^j))",
)


def classes(log=np.log, soft=False, total=1.0):
    """Make a draw of z for 4 classes, and labels: one-hot at gamma, or soft, with their sum."""

    def given(rng):
        z, gamma = rng.standard_normal(4), int(rng.integers(3))
        y = total * (rng.dirichlet(np.ones(4)) if soft else np.eye(4)[gamma])
        return Draw(z=z, y=y, gamma=gamma, n=4, softmax=SOFTMAX[0], log=log)

    return given


def one_term(c):
    """Differentiate the loss of class gamma, on the tape."""
    return grad(lambda z: -neural.log_softmax(z)[c.gamma])(c.z)


def one_where_gamma(c):
    """Write the cases: 1 where i is gamma, 0 elsewhere."""
    return np.where(np.arange(c.n) == c.gamma, 1.0, 0.0)


holds(
    "3.3-sum",
    "section 3.3, the sum",
    r"\sum_i \sigma(x)_i = 1",
    classes(),
    printed=lambda c: np.sum(c.softmax(c.z)),
    engine=lambda c: 1.0,
)
for item, label, statement, printed in (
    (
        "3.3.1-L1",
        "section 3.3.1, loss, line 1",
        r"L = -y_\gamma \log \hat y_\gamma",
        lambda c: -c.y[c.gamma] * np.log(c.softmax(c.z)[c.gamma]),
    ),
    (
        "3.3.1-L2",
        "section 3.3.1, loss, line 2",
        r"L = -\log \hat y_\gamma",
        lambda c: -np.log(c.softmax(c.z)[c.gamma]),
    ),
):
    holds_if(
        item,
        label,
        statement,
        classes(),
        printed=printed,
        engine=lambda c: -np.sum(c.y * neural.log_softmax(c.z)),
        condition=f"{STATED}$y$ is one-hot",
        without=classes(soft=True),
    )
for item, label, statement, printed in (
    (
        "3.3.1-L3",
        "section 3.3.1, loss, line 3",
        r"-\log \hat y_\gamma = -\log \frac{e^{z_\gamma}}{\sum_k e^{z_k}}",
        lambda c: -np.log(np.exp(c.z[c.gamma]) / np.sum(np.exp(c.z))),
    ),
    (
        "3.3.1-L4",
        "section 3.3.1, loss, line 4",
        r"-\log \hat y_\gamma = -\log e^{z_\gamma} + \log \sum_k e^{z_k}",
        lambda c: -np.log(np.exp(c.z[c.gamma])) + np.log(np.sum(np.exp(c.z))),
    ),
):
    holds(
        item,
        label,
        statement,
        classes(),
        printed=printed,
        engine=lambda c: -neural.log_softmax(c.z)[c.gamma],
    )
holds_if(
    "3.3.1-L5",
    "section 3.3.1, loss, line 5",
    r"-\log \hat y_\gamma = -z_\gamma + \log \sum_k e^{z_k}",
    classes(),
    printed=lambda c: -c.z[c.gamma] + c.log(np.sum(np.exp(c.z))),
    engine=lambda c: -c.log(neural.softmax(c.z)[c.gamma]),
    condition="log is the natural logarithm",
    without=classes(log=np.log2),
    note="Written log here and ln in the rule that follows.",
)


def ratio(rng):
    """Draw a positive function of one number, with its derivative."""
    s = float(rng.uniform(1, 2))
    return Draw(x=float(rng.normal()), f=lambda x: s + x**2, df=lambda x: 2 * x)


holds(
    "3.3.1-ln",
    "section 3.3.1, derivative of a logarithm",
    r"\frac{d}{dx} \ln f(x) = \frac{1}{f(x)} \frac{d}{dx} f(x)",
    ratio,
    printed=lambda c: c.df(c.x) / c.f(c.x),
    engine=lambda c: grad(lambda x: np.log(c.f(x)))(c.x),
)
holds(
    "3.3.1-exponentials",
    "section 3.3.1, gradient of the sum",
    r"\nabla_{z^J} \sum_k e^{z_k} = e^{z^J}",
    classes(),
    printed=lambda c: np.exp(c.z),
    engine=lambda c: grad(lambda z: np.sum(np.exp(z)))(c.z),
)
holds(
    "3.3.1-one-hot",
    "section 3.3.1, gradient of one entry",
    r"\nabla_{z^J} z_\gamma = \begin{cases} 1 & i = \gamma \\ 0 & i \ne \gamma \end{cases}",
    classes(),
    printed=one_where_gamma,
    engine=lambda c: grad(lambda z: z[c.gamma])(c.z),
)
for item, label, statement, printed in (
    (
        "3.3.1-G1",
        "section 3.3.1, gradient, lines 1 and 2",
        r"\nabla_{z^J} L = \nabla_{z^J} \log \sum_k e^{z_k} - \nabla_{z^J} z_\gamma",
        lambda c: np.exp(c.z - np.log(np.sum(np.exp(c.z)))) - one_where_gamma(c),
    ),
    (
        "3.3.1-G3",
        "section 3.3.1, gradient, line 3",
        r"\nabla_{z^J} L = \frac{1}{\sum_k e^{z_k}} \nabla_{z^J} \sum_k e^{z_k}"
        r" - \nabla_{z^J} z_\gamma",
        lambda c: 1 / np.sum(np.exp(c.z)) * np.exp(c.z) - one_where_gamma(c),
    ),
    (
        "3.3.1-G4",
        "section 3.3.1, gradient, lines 4 and 5",
        r"\nabla_{z^J} L = \frac{e^{z^J}}{\sum_k e^{z_k}}"
        r" - \begin{cases} 1 & i = \gamma \\ 0 & i \ne \gamma \end{cases}",
        lambda c: np.exp(c.z) / np.sum(np.exp(c.z)) - one_where_gamma(c),
    ),
    (
        "3.3.1-G6",
        "section 3.3.1, gradient, line 6",
        r"\nabla_{z^J} L = \hat y - \begin{cases} 1 & i = \gamma \\ 0 & i \ne \gamma \end{cases}",
        lambda c: c.softmax(c.z) - one_where_gamma(c),
    ),
):
    holds(item, label, statement, classes(), printed=printed, engine=one_term)
holds_if(
    "3.3.1-G7",
    "section 3.3.1, gradient, lines 7 and 8",
    r"\nabla_{z^J} (-\log \hat y_\gamma) = \hat y - y = a^J - y",
    classes(),
    printed=lambda c: c.softmax(c.z) - c.y,
    engine=one_term,
    condition=f"{STATED}$y$ is one-hot",
    without=classes(soft=True),
)
misprint(
    "3.3.1-matrix",
    "section 3.3.1, the cases",
    r"\text{a one-hot matrix}",
    correction=r"\text{a one-hot vector}",
)
holds_if(
    "3.3.1-phi",
    "section 3.3.1, phi for softmax",
    r"\phi^J = a^J - y",
    classes(soft=True),
    printed=lambda c: c.softmax(c.z) - c.y,
    engine=lambda c: grad(lambda z: -np.sum(c.y * neural.log_softmax(z)))(c.z),
    condition=f"{STATED}$y$ is one-hot; it is enough that it sums to 1",
    without=classes(total=1.5),
)
wrong(
    "3.3.1-form",
    "section 3.3.1, called a form of eq. (1)",
    r"\nabla_{a^J} L \odot \sigma'(z^J) = a^J - y",
    last_layer(SOFTMAX, "categorical cross-entropy"),
    printed=lambda c: c.d_loss(c.a, c.y) * (c.a * (1 - c.a)),
    engine=by_logits,
    correction=r"(\frac{\partial a^J}{\partial z^J})^{\top} \nabla_{a^J} L = a^J - y",
    corrected=lambda c: (np.diag(c.a) - np.outer(c.a, c.a)).T @ c.d_loss(c.a, c.y),
    note="The paper finds the substitution difficult, but eq. (1) does not apply: its product has "
    "the right entry for the class, and 0 for every other.",
)
