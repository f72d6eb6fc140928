"""The note "Back-propagation derivation" in matrix form, eq. (1) to (42)."""

from __future__ import annotations

from types import SimpleNamespace as Draw

import numpy as np

from ...derivatives import grad
from ...operators import jacobian
from ...rules.neural import log_softmax, relu, softmax_cross_entropy
from ..claim import STATED, Paper, shape, shape_of
from ..hand import cross_entropy, d_relu, normal, one_hot, softmax

__all__ = ["PAPER"]

PAPER = Paper(
    "matrix_form",
    "Back-propagation derivation (course notes, no author or year)",
    r"One sample is a column, $N$ samples are the rows of a matrix; $w_{i,j}$ leads from unit $i$ "
    r"to unit $j$. $E$, which the note does not define, is the mean of $e$ over the samples, and "
    r"$\Delta$ is not divided by $N$. Labels sum to 1; the derivative of relu at 0 is 0.",
)
holds, holds_if, wrong, misprint = PAPER.holds, PAPER.holds_if, PAPER.wrong, PAPER.misprint

EXTRACTION = (
    "Extraction: $j$ may have been read as $i$; it is so in the denominators of four fractions, "
    "before (13) and in (13), (23) and (37)."
)


def complex_steps(f, x):
    """The Jacobian of f at x by complex steps: exact to rounding, and without a tape."""
    steps = 1e-30j * np.eye(x.size).reshape(-1, *x.shape)
    partials = np.stack([np.imag(f(x + step)) / 1e-30 for step in steps], axis=-1)
    return partials.reshape(*partials.shape[:-1], *x.shape)


def theta(s):
    """The rectifier; a complex step from 0 does not count as positive."""
    return np.where(np.real(s) > 0, s, 0 * s)


def loss_of_logits(s, y):
    """The loss of softmax(s), summed over the rows."""
    return cross_entropy(softmax(s, axis=-1), y)


def rectified(rng, below, width):
    """Weights and bias of a layer; over positive inputs its first units are at 0, on, and off."""
    W, b = normal(rng, (below, width), width)
    W[:, 0] = b[0] = 0
    W[:, 1], b[1] = abs(W[:, 1]), abs(b[1])
    W[:, 2], b[2] = -abs(W[:, 2]), -abs(b[2])
    return W, b


def output(rng, *n):
    """The last layer for one sample, or for n in rows: s and p before and after the softmax."""
    x, W, b = normal(rng, (*n, 4), (4, 3), 3)
    s, y = x @ W + b, one_hot(rng, *(n or (1,)), 3).reshape(*n, 3)
    delta = complex_steps(lambda s: loss_of_logits(s, y), s)
    p = softmax(s, axis=-1)
    return Draw(x=x, W=W, b=b, s=s, p=p, y=y, e=loss_of_logits, delta=delta, K=3)


def hidden(rng, *n):
    """A hidden layer, another above it, and the last above that, which is V."""
    (W, b), (W_above, b_above) = rectified(rng, 2, 4), rectified(rng, 4, 5)
    x, V, v = normal(rng, (*n, 2), (5, 3), 3)
    x = abs(x)
    s, y = x @ W + b, one_hot(rng, *(n or (1,)), 3).reshape(*n, 3)

    def e_above(s):
        return loss_of_logits(theta(s) @ V + v, y)

    def e(s):
        return e_above(theta(s) @ W_above + b_above)

    out = theta(s)
    s_above = out @ W_above + b_above
    delta, delta_above = complex_steps(e, s), complex_steps(e_above, s_above)
    layer = Draw(x=x, W=W, b=b, s=s, e=e, delta=delta, theta=theta, d_theta=d_relu, d_below=2, d=4)
    above = Draw(out=out, W_above=W_above, b_above=b_above, s_above=s_above, e_above=e_above)
    last = Draw(delta_above=delta_above, V=V, v=v, y=y, K=3)
    return Draw(**vars(layer), **vars(above), **vars(last))


VECTORS = ("x", "s", "p", "y", "b", "delta", "delta_above")


def in_columns(make):
    """One sample whose vectors are columns, as in table 1."""

    def draw(rng):
        c = vars(make(rng))
        return Draw(**{name: v[:, None] if name in VECTORS else v for name, v in c.items()})

    return draw


def in_rows(make):
    """N samples, the rows of matrices with capital letters; the bias is a row too."""

    def draw(rng):
        c = vars(make(rng, 6))
        matrices = {name.capitalize(): np.atleast_2d(c.pop(name)) for name in VECTORS if name in c}
        return Draw(**c, **matrices, ones=np.ones((1, 6)), N=6)

    return draw


def bias_as_row(make):
    """One sample in columns, but for the bias."""

    def draw(rng):
        c = in_columns(make)(rng)
        c.b = c.b.T
        return c

    return draw


def labels(total):
    """The last layer with labels that are all positive and have this sum."""

    def draw(rng):
        c = output(rng)
        c.y = total * rng.dirichlet(np.ones(3))
        return c

    return draw


def loss(c, s):
    """The loss of one sample on the tape, from the pre-activations of the layer drawn."""
    s = np.ravel(s)
    if hasattr(c, "V"):
        s = relu(relu(s) @ c.W_above + c.b_above) @ c.V + c.v
    return softmax_cross_entropy(s, np.ravel(c.y))


def mean_loss(c, S):
    """The same for N samples."""
    if hasattr(c, "V"):
        S = relu(relu(S) @ c.W_above + c.b_above) @ c.V + c.v
    return softmax_cross_entropy(S, c.Y)


def e_by_s(c):
    """The derivative of the loss by the pre-activations, from the tape; s is of any shape."""
    return grad(lambda s: loss(c, s))(c.s)


def e_by_w(c):
    """The same by the weights."""
    return grad(lambda W: loss(c, W.T @ c.x + c.b))(c.W)


def e_by_b(c):
    """The same by the bias, in the shape it has."""
    return grad(lambda b: loss(c, np.ravel(c.W.T @ c.x) + np.ravel(b)))(c.b)


def N_E_by_S(c):
    """The derivative of the sum of the losses by the pre-activations of N samples."""
    return c.N * grad(lambda S: mean_loss(c, S))(c.S)


def E_by_W(c):
    """The derivative of the mean loss by the weights."""
    return grad(lambda W: mean_loss(c, c.X @ W + c.B))(c.W)


def E_by_B(c):
    """The same by the bias, a row."""
    return grad(lambda B: mean_loss(c, c.X @ c.W + B))(c.B)


def e_by_x(c):
    """The derivative of the loss by the activations of a hidden layer, from the tape."""

    def e(x):
        return softmax_cross_entropy(relu(x @ c.W_above + c.b_above) @ c.V + c.v, c.y)

    return grad(e)(relu(c.s))


def s_by_b(c):
    """The derivative of each pre-activation by its own bias, from the tape."""
    return np.diagonal(jacobian(lambda b: c.x @ c.W + b)(c.b))


def two_hidden_layers(rng):
    """Two hidden layers, the last one, and N samples."""
    (W1, b1), (W2, b2) = rectified(rng, 2, 4), rectified(rng, 4, 5)
    X, W3, B3 = normal(rng, (6, 2), (5, 3), (1, 3))
    parameters = Draw(W1=W1, W2=W2, W3=W3, B1=b1[None], B2=b2[None], B3=B3)
    functions = Draw(theta=theta, d_theta=d_relu, softmax=lambda S: softmax(S, axis=1))
    data = Draw(X=abs(X), Y=one_hot(rng, 6, 3), ones=np.ones((1, 6)), N=6)
    return Draw(**vars(parameters), **vars(functions), **vars(data))


def note_by_hand(c):
    """The gradient of `two_hidden_layers`: (10), (34) twice, (9), (33), (17) and (41)."""
    S1 = c.X @ c.W1 + c.B1
    S2 = c.theta(S1) @ c.W2 + c.B2
    X = [c.X, c.theta(S1), c.theta(S2)]
    D3 = c.softmax(X[2] @ c.W3 + c.B3) - c.Y
    D2 = (c.d_theta(S2).T * (c.W3 @ D3.T)).T
    D1 = (c.d_theta(S1).T * (c.W2 @ D2.T)).T
    D = [D1, D2, D3]
    return *(x.T @ d / c.N for x, d in zip(X, D, strict=True)), *(c.ones @ d / c.N for d in D)


def note_on_tape(c):
    """The same from the tape."""

    def E(W1, W2, W3, B1, B2, B3):
        X2 = relu(relu(c.X @ W1 + B1) @ W2 + B2)
        return softmax_cross_entropy(X2 @ W3 + B3, c.Y)

    return grad(E, argnums=range(6))(c.W1, c.W2, c.W3, c.B1, c.B2, c.B3)


def dimension(name, statement, given, printed, engine, note=""):
    """Record an entry of the table of dimensions that is right."""
    holds(f"table1-{name}", "table 1", statement, given, printed=printed, engine=engine, note=note)


misprint(
    "1-tables",
    "section 1",
    r"\text{Tables 1 and 2}",
    correction=r"\text{Table 1}",
    note="There is one table. It promises all vectors and leaves out the bias.",
)
holds(
    "eq1",
    "eq. (1)",
    r"\frac{\partial e}{\partial w_{i,j}^{(L)}} = \frac{\partial e}{\partial s_j^{(L)}}"
    r"\frac{\partial s_j^{(L)}}{\partial w_{i,j}^{(L)}}",
    output,
    printed=lambda c: np.einsum(
        "j,jij->ij",
        complex_steps(lambda s: c.e(s, c.y), c.s),
        complex_steps(lambda W: c.x @ W + c.b, c.W),
    ),
    engine=e_by_w,
    note="The two factors by complex steps; so in every chain rule below.",
)
misprint(
    "1.0.1-sum",
    "before (2)",
    r"s_j^{(L)} = b_j^{(L)} + \sum_{k=1}^{d^{(l-1)}} w_{k,j}^{(L)} x_k^{(L-1)}",
    correction=r"s_j^{(L)} = b_j^{(L)} + \sum_{k=1}^{d^{(L-1)}} w_{k,j}^{(L)} x_k^{(L-1)}",
    note="$l$ is not bound here, and is a hidden layer later. Section 1.0.2 has the right limit.",
)
holds(
    "eq2",
    "eq. (2)",
    r"\frac{\partial s_j^{(L)}}{\partial w_{i,j}^{(L)}} = x_i^{(L-1)}",
    output,
    printed=lambda c: np.einsum("i,jk->jik", c.x, np.eye(c.K)),
    engine=lambda c: jacobian(lambda W: c.x @ W + c.b)(c.W),
)
holds(
    "eq3-line1",
    "eq. (3), line 1",
    r"e = -\sum_{k=1}^{K} y_k \log x_k^{(L)}",
    output,
    printed=lambda c: -np.sum(c.y * np.log(c.p)),
    engine=lambda c: softmax_cross_entropy(c.s, c.y),
)
holds(
    "eq3-line2",
    "eq. (3), line 2",
    r"e = -\sum_{k=1}^{K} y_k \log \frac{e^{s_k^{(L)}}}{\sum_{m=1}^{K} e^{s_m^{(L)}}}",
    output,
    printed=lambda c: -np.sum(c.y * np.log(np.exp(c.s) / np.sum(np.exp(c.s)))),
    engine=lambda c: softmax_cross_entropy(c.s, c.y),
)
misprint(
    "eq3-index",
    "eq. (3), lines 2 to 4",
    r"\sum_{k=1}^{K} y_k \log \frac{e^{s_k^{(L)}}}{\sum_{k=1}^{K} e^{s_k^{(L)}}}",
    correction=r"\sum_{k=1}^{K} y_k \log \frac{\exp(s_k^{(L)})}{\sum_{m=1}^{K} \exp(s_m^{(L)})}",
    note="$k$ counts both sums, one inside the other, also in the derivative after it; and $e$ is "
    "the loss and the base of the exponential. The other rows take two indices.",
)
holds(
    "eq3-line3",
    "eq. (3), line 3",
    r"e = -\sum_{k=1}^{K} y_k \left(s_k^{(L)} - \log \sum_{m=1}^{K} e^{s_m^{(L)}}\right)",
    output,
    printed=lambda c: -np.sum(c.y * (c.s - np.log(np.sum(np.exp(c.s))))),
    engine=lambda c: softmax_cross_entropy(c.s, c.y),
)
holds(
    "eq3-line4",
    "eq. (3), line 4",
    r"e = -\sum_{k=1}^{K} y_k s_k^{(L)} + \sum_{k=1}^{K} y_k \log \sum_{m=1}^{K} e^{s_m^{(L)}}",
    output,
    printed=lambda c: -np.sum(c.y * c.s) + np.sum(c.y * np.log(np.sum(np.exp(c.s)))),
    engine=lambda c: softmax_cross_entropy(c.s, c.y),
)
holds(
    "eq4-line1",
    "before (4), line 1",
    r"\frac{\partial e}{\partial s_j^{(L)}} = -y_j + \sum_{k=1}^{K} y_k"
    r"\frac{e^{s_j^{(L)}}}{\sum_{m=1}^{K} e^{s_m^{(L)}}}",
    labels(2),
    printed=lambda c: -c.y + np.sum(c.y) * np.exp(c.s) / np.sum(np.exp(c.s)),
    engine=lambda c: grad(lambda s: -np.sum(c.y * log_softmax(s)))(c.s),
    note="For labels of any sum; here it is 2.",
)
holds(
    "eq4-line2",
    "before (4), line 2",
    r"\frac{\partial e}{\partial s_j^{(L)}} = -y_j + \sum_{k=1}^{K} y_k x_j^{(L)}",
    labels(2),
    printed=lambda c: -c.y + np.sum(c.y) * c.p,
    engine=lambda c: grad(lambda s: -np.sum(c.y * log_softmax(s)))(c.s),
    note="For labels of any sum; here it is 2.",
)
holds_if(
    "eq4",
    "eq. (4)",
    r"\frac{\partial e}{\partial s_j^{(L)}} = x_j^{(L)} - y_j",
    labels(1),
    printed=lambda c: c.p - c.y,
    engine=lambda c: grad(lambda s: -np.sum(c.y * log_softmax(s)))(c.s),
    condition=f"{STATED}the labels sum to 1; they need not be one-hot",
    without=labels(2),
)
holds(
    "eq5",
    "eq. (5)",
    r"\frac{\partial e}{\partial w_{i,j}^{(L)}} = x_i^{(L-1)} \delta_j^{(L)}",
    output,
    printed=lambda c: np.einsum("i,j->ij", c.x, c.delta),
    engine=e_by_w,
)
holds(
    "eq6",
    "eq. (6)",
    r"\delta_j^{(L)} = x_j^{(L)} - y_j",
    output,
    printed=lambda c: c.p - c.y,
    engine=e_by_s,
)
holds(
    "eq7",
    "eq. (7)",
    r"\frac{\partial e}{\partial W^{(L)}} = \mathbf{x}^{(L-1)} \mathbf{\delta}^{(L)\top}",
    in_columns(output),
    printed=lambda c: c.x @ c.delta.T,
    engine=e_by_w,
)
holds(
    "eq8",
    "eq. (8)",
    r"\mathbf{\delta}^{(L)} = \mathbf{x}^{(L)} - \mathbf{y}",
    in_columns(output),
    printed=lambda c: c.p - c.y,
    engine=e_by_s,
)
holds(
    "eq9",
    "eq. (9)",
    r"\frac{\partial E}{\partial W^{(L)}} = \frac{1}{N} X^{(L-1)\top} \Delta^{(L)}",
    in_rows(output),
    printed=lambda c: c.X.T @ c.Delta / c.N,
    engine=E_by_W,
)
holds(
    "eq10",
    "eq. (10)",
    r"\Delta^{(L)} = X^{(L)} - Y",
    in_rows(output),
    printed=lambda c: c.P - c.Y,
    engine=N_E_by_S,
)

dimension(
    "x",
    r"\mathbf{x}^{(l)}: d^{(l)} \times 1",
    in_columns(hidden),
    lambda c: shape(c.d, 1),
    lambda c: shape_of(relu(c.W.T @ c.x + c.b)),
)
wrong(
    "table1-y",
    "table 1",
    r"\mathbf{y}: d^{(l)} \times 1",
    hidden,
    printed=lambda c: shape(c.d, 1),
    engine=lambda c: shape_of(c.V.T @ relu(c.s_above)[:, None] + c.v[:, None]),
    correction=r"\mathbf{y}: K \times 1",
    corrected=lambda c: shape(c.K, 1),
    note="The labels have the size of the last layer alone; $Y$ has it right.",
)
dimension(
    "X",
    r"X^{(l)}: N \times d^{(l)}",
    in_rows(hidden),
    lambda c: shape(c.N, c.d),
    lambda c: shape_of(relu(c.X @ c.W + c.B)),
)
dimension(
    "Y",
    r"Y: N \times K",
    in_rows(output),
    lambda c: shape(c.N, c.K),
    lambda c: shape_of(c.X @ c.W + c.B),
)
dimension(
    "W",
    r"W^{(l)}: d^{(l-1)} \times d^{(l)}",
    in_columns(hidden),
    lambda c: shape(c.d_below, c.d),
    lambda c: shape_of(e_by_w(c)),
)
dimension(
    "s",
    r"\mathbf{s}^{(l)}: d^{(l)} \times 1",
    in_columns(hidden),
    lambda c: shape(c.d, 1),
    lambda c: shape_of(c.W.T @ c.x + c.b),
)
dimension(
    "delta",
    r"\mathbf{\delta}^{(l)}: d^{(l)} \times 1",
    in_columns(hidden),
    lambda c: shape(c.d, 1),
    lambda c: shape_of(e_by_s(c)),
)
dimension(
    "S",
    r"S^{(l)}: N \times d^{(l)}",
    in_rows(hidden),
    lambda c: shape(c.N, c.d),
    lambda c: shape_of(c.X @ c.W + c.B),
)
dimension(
    "Delta",
    r"\Delta^{(l)}: N \times d^{(l)}",
    in_rows(hidden),
    lambda c: shape(c.N, c.d),
    lambda c: shape_of(N_E_by_S(c)),
)
dimension(
    "ones",
    r"\vec{1}: 1 \times N",
    in_rows(hidden),
    lambda c: shape(1, c.N),
    lambda c: shape_of(jacobian(lambda D: D.sum(axis=0, keepdims=True))(c.Delta)[:, 0, :, 0]),
    note="Against the derivative of the sum over the samples, for one unit.",
)

holds(
    "eq11",
    "eq. (11)",
    r"\frac{\partial e}{\partial b_j^{(L)}} = \frac{\partial e}{\partial s_j^{(L)}}"
    r"\frac{\partial s_j^{(L)}}{\partial b_j^{(L)}}",
    output,
    printed=lambda c: (
        complex_steps(lambda s: c.e(s, c.y), c.s)
        * np.diagonal(complex_steps(lambda b: c.x @ c.W + b, c.b))
    ),
    engine=e_by_b,
)
holds(
    "1.0.2-sum",
    "before (12)",
    r"s_j^{(L)} = b_j^{(L)} + \sum_{i=1}^{d^{(L-1)}} x_i^{(L-1)} w_{i,j}^{(L)}",
    output,
    printed=lambda c: c.b + np.sum(c.x[:, None] * c.W, axis=0),
    engine=lambda c: (c.W.T @ c.x[:, None] + c.b[:, None])[:, 0],
)
holds(
    "eq12",
    "eq. (12)",
    r"\frac{\partial s_j^{(L)}}{\partial b_j^{(L)}} = 1",
    output,
    printed=lambda c: np.ones(c.K),
    engine=s_by_b,
)
misprint(
    "1.0.2-eq4",
    "before (13)",
    r"\frac{\partial e}{\partial s_i^{(L)}} = x_j^{(L)} - y_j",
    correction=r"\frac{\partial e}{\partial s_j^{(L)}} = x_j^{(L)} - y_j",
    note="Quoted from (4), which has $j$ on both sides. " + EXTRACTION,
)
misprint(
    "eq13",
    "eq. (13)",
    r"\frac{\partial e}{\partial b_i^{(L)}} = \delta_j^{(L)}",
    correction=r"\frac{\partial e}{\partial b_j^{(L)}} = \delta_j^{(L)}",
    note=EXTRACTION,
)
holds(
    "eq14",
    "eq. (14)",
    r"\delta_j^{(L)} = x_j^{(L)} - y_j",
    output,
    printed=lambda c: c.p - c.y,
    engine=e_by_b,
    note="Against the derivative by the bias, which it is in this section.",
)
holds_if(
    "eq15",
    "eq. (15)",
    r"\frac{\partial e}{\partial B^{(L)}} = \mathbf{\delta}^{(L)}",
    in_columns(output),
    printed=lambda c: c.delta,
    engine=e_by_b,
    condition="the bias is a column",
    without=bias_as_row(output),
    note="(17) and the text after it make the bias a row: then it is the transpose.",
)
holds(
    "eq16",
    "eq. (16)",
    r"\mathbf{\delta}^{(L)} = \mathbf{x}^{(L)} - \mathbf{y}",
    in_columns(output),
    printed=lambda c: c.p - c.y,
    engine=e_by_b,
)
misprint(
    "1.0.2-eq12",
    "before (17)",
    r"\text{the sum of (12)}",
    correction=r"\text{the sum of (13)}",
    note="(12) is 1.",
)
holds(
    "1.0.2-ones",
    "before (17)",
    r"\sum_{n=1}^{N} \Delta_{n,j}^{(L)} = \left(\vec{1} \Delta^{(L)}\right)_j",
    in_rows(output),
    printed=lambda c: c.ones @ c.Delta,
    engine=lambda c: np.sum(c.Delta, axis=0, keepdims=True),
)
holds(
    "eq17",
    "eq. (17)",
    r"\frac{\partial E}{\partial B^{(L)}} = \frac{1}{N} \left(\vec{1} \Delta^{(L)}\right)",
    in_rows(output),
    printed=lambda c: c.ones @ c.Delta / c.N,
    engine=E_by_B,
)
holds(
    "eq18",
    "eq. (18)",
    r"\Delta^{(L)} = X^{(L)} - Y",
    in_rows(output),
    printed=lambda c: c.P - c.Y,
    engine=N_E_by_S,
)
holds(
    "1.0.2-shape",
    "after (18)",
    r"\frac{\partial E}{\partial B^{(L)}}: 1 \times d^{(L)}",
    in_rows(output),
    printed=lambda c: shape(1, c.K),
    engine=lambda c: shape_of(c.ones @ N_E_by_S(c)),
)
misprint(
    "1.0.2-column",
    "after (18)",
    r"1 \times d^{(L)} \text{ column vector}",
    correction=r"1 \times d^{(L)} \text{ row vector}",
)

holds(
    "eq19",
    "eq. (19)",
    r"\frac{\partial e}{\partial w_{i,j}^{(l)}} = \frac{\partial e}{\partial s_j^{(l)}}"
    r"\frac{\partial s_j^{(l)}}{\partial w_{i,j}^{(l)}}",
    hidden,
    printed=lambda c: np.einsum(
        "j,jij->ij", complex_steps(c.e, c.s), complex_steps(lambda W: c.x @ W + c.b, c.W)
    ),
    engine=e_by_w,
)
holds(
    "eq20",
    "eq. (20)",
    r"s_j^{(l)} = b_j^{(l)} + \sum_{i=1}^{d^{(l-1)}} x_i^{(l-1)} w_{i,j}^{(l)}",
    hidden,
    printed=lambda c: c.b + np.sum(c.x[:, None] * c.W, axis=0),
    engine=lambda c: (c.W.T @ c.x[:, None] + c.b[:, None])[:, 0],
)
holds(
    "eq21",
    "eq. (21)",
    r"\frac{\partial s_j^{(l)}}{\partial w_{i,j}^{(l)}} = x_i^{(l-1)}",
    hidden,
    printed=lambda c: np.einsum("i,jk->jik", c.x, np.eye(c.d)),
    engine=lambda c: jacobian(lambda W: c.x @ W + c.b)(c.W),
)
holds(
    "eq22",
    "eq. (22)",
    r"\frac{\partial e}{\partial s_j^{(l)}} = \frac{\partial e}{\partial x_j^{(l)}}"
    r"\frac{\partial x_j^{(l)}}{\partial s_j^{(l)}}",
    hidden,
    printed=lambda c: (
        complex_steps(lambda x: c.e_above(x @ c.W_above + c.b_above), c.theta(c.s))
        * np.diagonal(complex_steps(c.theta, c.s))
    ),
    engine=e_by_s,
    note="One term, since each unit has its own activation; a softmax would need their sum.",
)
holds(
    "eq23",
    "eq. (23)",
    r"\theta'(s_j^{(l)}) = \begin{cases} 0 & s_j^{(l)} \le 0 \\ 1 & s_j^{(l)} > 0 \end{cases}",
    hidden,
    printed=lambda c: c.d_theta(c.s),
    engine=lambda c: np.diagonal(jacobian(relu)(c.s)),
    note="At 0 there is no derivative: 0 is a convention.",
)
misprint(
    "eq23-index",
    "eq. (23)",
    r"\frac{\partial x_j^{(l)}}{\partial s_i^{(l)}} = \theta'(s_j^{(l)})",
    correction=r"\frac{\partial x_j^{(l)}}{\partial s_j^{(l)}} = \theta'(s_j^{(l)})",
    note="With $i$ the derivative is 0 unless $i = j$. " + EXTRACTION,
)
holds(
    "eq24",
    "eq. (24)",
    r"\frac{\partial e}{\partial x_j^{(l)}} = \sum_{k=1}^{d^{(l+1)}}"
    r"\frac{\partial e}{\partial s_k^{(l+1)}} \frac{\partial s_k^{(l+1)}}{\partial x_j^{(l)}}",
    hidden,
    printed=lambda c: np.einsum(
        "k,kj->j",
        complex_steps(c.e_above, c.s_above),
        complex_steps(lambda x: x @ c.W_above + c.b_above, c.out),
    ),
    engine=e_by_x,
)
holds(
    "eq25",
    "eq. (25)",
    r"s_k^{(l+1)} = b_k^{(l+1)} + \sum_{i=1}^{d^{(l)}} x_i^{(l)} w_{i,k}^{(l+1)}",
    hidden,
    printed=lambda c: c.b_above + np.sum(c.out[:, None] * c.W_above, axis=0),
    engine=lambda c: (c.W_above.T @ relu(c.s)[:, None] + c.b_above[:, None])[:, 0],
)
holds(
    "eq26",
    "eq. (26)",
    r"\frac{\partial s_k^{(l+1)}}{\partial x_j^{(l)}} = w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: c.W_above.T,
    engine=lambda c: jacobian(lambda x: x @ c.W_above + c.b_above)(relu(c.s)),
)
holds(
    "eq27",
    "eq. (27)",
    r"\frac{\partial e}{\partial s_j^{(l)}} = \theta'(s_j^{(l)}) \sum_{k=1}^{d^{(l+1)}}"
    r"\frac{\partial e}{\partial s_k^{(l+1)}} w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: (
        c.d_theta(c.s) * np.einsum("k,jk->j", complex_steps(c.e_above, c.s_above), c.W_above)
    ),
    engine=e_by_s,
)
holds(
    "eq28",
    "eq. (28)",
    r"\frac{\partial e}{\partial w_{i,j}^{(l)}} = x_i^{(l-1)} \theta'(s_j^{(l)})"
    r"\sum_{k=1}^{d^{(l+1)}} \frac{\partial e}{\partial s_k^{(l+1)}} w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: np.einsum(
        "i,j,k,jk->ij", c.x, c.d_theta(c.s), complex_steps(c.e_above, c.s_above), c.W_above
    ),
    engine=e_by_w,
)
holds(
    "eq29",
    "eq. (29)",
    r"\frac{\partial e}{\partial w_{i,j}^{(l)}} = x_i^{(l-1)} \delta_j^{(l)}",
    hidden,
    printed=lambda c: np.einsum("i,j->ij", c.x, c.delta),
    engine=e_by_w,
)
holds(
    "eq30",
    "eq. (30)",
    r"\delta_j^{(l)} = \theta'(s_j^{(l)}) \sum_{k=1}^{d^{(l+1)}}"
    r"\delta_k^{(l+1)} w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: c.d_theta(c.s) * np.einsum("k,jk->j", c.delta_above, c.W_above),
    engine=e_by_s,
)
holds(
    "eq31",
    "eq. (31)",
    r"\frac{\partial e}{\partial W^{(l)}} = \mathbf{x}^{(l-1)} \mathbf{\delta}^{(l)\top}",
    in_columns(hidden),
    printed=lambda c: c.x @ c.delta.T,
    engine=e_by_w,
)
holds(
    "eq32",
    "eq. (32)",
    r"\mathbf{\delta}^{(l)} = \theta'(\mathbf{s}^{(l)}) \odot W^{(l+1)} \mathbf{\delta}^{(l+1)}",
    in_columns(hidden),
    printed=lambda c: c.d_theta(c.s) * (c.W_above @ c.delta_above),
    engine=e_by_s,
)
misprint(
    "eq32-layer",
    "eq. (32), (34)",
    r"W^{l+1}",
    correction=r"W^{(l+1)}",
    note="A power, as printed; so is the $s$ of the text between them.",
)
holds(
    "1.0.3-shape",
    "after (32)",
    r"\theta'(\mathbf{s}^{(l)}): d^{(l)} \times 1",
    in_columns(hidden),
    printed=lambda c: shape(c.d, 1),
    engine=lambda c: shape_of(grad(lambda s: np.sum(relu(s)))(c.s)),
)
holds(
    "eq33",
    "eq. (33)",
    r"\frac{\partial E}{\partial W^{(l)}} = \frac{1}{N} X^{(l-1)\top} \Delta^{(l)}",
    in_rows(hidden),
    printed=lambda c: c.X.T @ c.Delta / c.N,
    engine=E_by_W,
)
holds(
    "eq34",
    "eq. (34)",
    r"\Delta^{(l)} = \left[\theta'(S^{(l)})^{\top} \odot W^{(l+1)} \Delta^{(l+1)\top}"
    r"\right]^{\top}",
    in_rows(hidden),
    printed=lambda c: (c.d_theta(c.S).T * (c.W_above @ c.Delta_above.T)).T,
    engine=N_E_by_S,
    note="The matrix product comes first; from left to right the shapes do not fit.",
)

holds(
    "eq35",
    "eq. (35)",
    r"\frac{\partial e}{\partial b_j^{(l)}} = \frac{\partial e}{\partial s_j^{(l)}}"
    r"\frac{\partial s_j^{(l)}}{\partial b_j^{(l)}}",
    hidden,
    printed=lambda c: (
        complex_steps(c.e, c.s) * np.diagonal(complex_steps(lambda b: c.x @ c.W + b, c.b))
    ),
    engine=e_by_b,
)
holds(
    "1.0.4-sum",
    "after (35)",
    r"s_j^{(l)} = b_j^{(l)} + \sum_{i=1}^{d^{(l-1)}} w_{i,j}^{(l)} x_i^{(l-1)}",
    hidden,
    printed=lambda c: c.b + np.sum(c.W * c.x[:, None], axis=0),
    engine=lambda c: (c.W.T @ c.x[:, None] + c.b[:, None])[:, 0],
)
holds(
    "1.0.4-one",
    "before (36)",
    r"\frac{\partial s_j^{(l)}}{\partial b_j^{(l)}} = 1",
    hidden,
    printed=lambda c: np.ones(c.d),
    engine=s_by_b,
)
holds(
    "eq36",
    "eq. (36)",
    r"\frac{\partial e}{\partial s_j^{(l)}} = \delta_j^{(l)} = \theta'(s_j^{(l)})"
    r"\sum_{k=1}^{d^{(l+1)}} \delta_k^{(l+1)} w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: (c.delta, c.d_theta(c.s) * (c.W_above @ c.delta_above)),
    engine=lambda c: (e_by_s(c), e_by_s(c)),
)
misprint(
    "eq37",
    "eq. (37)",
    r"\frac{\partial e}{\partial b_i^{(l)}} = \delta_j^{(l)}",
    correction=r"\frac{\partial e}{\partial b_j^{(l)}} = \delta_j^{(l)}",
    note=EXTRACTION,
)
holds(
    "eq38",
    "eq. (38)",
    r"\delta_j^{(l)} = \theta'(s_j^{(l)}) \sum_{k=1}^{d^{(l+1)}}"
    r"\delta_k^{(l+1)} w_{j,k}^{(l+1)}",
    hidden,
    printed=lambda c: c.d_theta(c.s) * np.einsum("k,jk->j", c.delta_above, c.W_above),
    engine=e_by_b,
    note="Against the derivative by the bias, which it is in this section.",
)
holds_if(
    "eq39",
    "eq. (39)",
    r"\frac{\partial e}{\partial B^{(l)}} = \mathbf{\delta}^{(l)}",
    in_columns(hidden),
    printed=lambda c: c.delta,
    engine=e_by_b,
    condition="the bias is a column",
    without=bias_as_row(hidden),
    note="(41) makes it a row: then it is the transpose.",
)
holds(
    "eq40",
    "eq. (40)",
    r"\mathbf{\delta}^{(l)} = \theta'(\mathbf{s}^{(l)}) \odot W^{(l+1)} \mathbf{\delta}^{(l+1)}",
    in_columns(hidden),
    printed=lambda c: c.d_theta(c.s) * (c.W_above @ c.delta_above),
    engine=e_by_b,
)
holds(
    "1.0.4-axis",
    "before (41)",
    r"\frac{\partial E}{\partial b_j^{(l)}} = \frac{1}{N} \sum_{n=1}^{N} \Delta_{n,j}^{(l)}",
    in_rows(hidden),
    printed=lambda c: np.sum(c.Delta, axis=0, keepdims=True) / c.N,
    engine=E_by_B,
    note="Over axis 0, as the text has it. It leaves the factor $\\frac{1}{N}$ to (41).",
)
holds(
    "eq41",
    "eq. (41)",
    r"\frac{\partial E}{\partial B^{(l)}} = \frac{1}{N} \vec{1} \Delta^{(l)}",
    in_rows(hidden),
    printed=lambda c: c.ones @ c.Delta / c.N,
    engine=E_by_B,
)
holds(
    "eq42",
    "eq. (42)",
    r"\Delta^{(l)} = \left[\theta'(S^{(l)\top}) \odot W^{(l+1)} \Delta^{(l+1)\top}\right]^{\top}",
    in_rows(hidden),
    printed=lambda c: (c.d_theta(c.S.T) * (c.W_above @ c.Delta_above.T)).T,
    engine=N_E_by_S,
    note="The transpose is inside the function here and outside in (34): all the same.",
)
holds(
    "1-whole",
    "section 1, together",
    r"\frac{\partial E}{\partial W^{(l)}}, \frac{\partial E}{\partial B^{(l)}}, \quad l = 1, 2, 3",
    two_hidden_layers,
    printed=note_by_hand,
    engine=note_on_tape,
    note="(10), then (34) twice, gives the errors; (9), (17), (33) and (41) the gradient.",
)
