"""Networks with backpropagation written by hand, and slips to plant in it."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.referee.check import check_backprop


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = {"relu": lambda z: np.maximum(z, 0), "sigmoid": sigmoid, "tanh": np.tanh}
SLOPES = {
    "relu": lambda z, a: (z > 0) * 1.0,
    "sigmoid": lambda z, a: a * (1 - a),
    "tanh": lambda z, a: 1 - a**2,
}


@dataclass
class Network:
    """A network, its loss for the tape, and backpropagation by hand with one slip."""

    hidden: tuple
    activation: str
    head: str
    columns: bool
    l2: float
    samples: int
    seed: int = 0
    dtype: Any = np.float64

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        sizes = [4, *self.hidden, 3]
        N = self.samples
        self.W = [rng.normal(0.1, 0.7, s).astype(self.dtype) for s in itertools.pairwise(sizes)]
        self.b = [rng.normal(0.1, 0.4, s).astype(self.dtype) for s in sizes[1:]]
        self.X = rng.normal(size=(N, 4)).astype(self.dtype)
        one_hot = np.eye(3)[rng.integers(3, size=N)]
        Y = {
            "squared": rng.normal(size=(N, 3)),
            "softmax": one_hot,
            "fused softmax": one_hot,
            "sigmoid": rng.integers(2, size=(N, 3)),
            "squared sigmoid": rng.uniform(size=(N, 3)),
        }
        self.Y = Y[self.head].astype(self.dtype)
        if self.columns:
            self.W = [w.T.copy() for w in self.W]
            self.b = [b[:, None] for b in self.b]
            self.X, self.Y = self.X.T.copy(), self.Y.T.copy()
        self.args = self.W, self.b
        self.classes = 0 if self.columns else 1

    def layer(self, a, W, b):
        return W @ a + b if self.columns else a @ W + b

    def loss(self, W, b):
        a, N = self.X, self.samples
        for w, c in zip(W[:-1], b[:-1], strict=True):
            a = ACTIVATIONS[self.activation](self.layer(a, w, c))
        z = self.layer(a, W[-1], b[-1])
        if self.head == "squared":
            total = np.sum((z - self.Y) ** 2) / N
        elif self.head == "squared sigmoid":
            total = np.sum((ag.sigmoid(z) - self.Y) ** 2) / N
        elif self.head == "softmax":
            total = -np.sum(self.Y * np.log(softmax(z, self.classes))) / N
        elif self.head == "fused softmax":
            z, Y = (z.T, self.Y.T) if self.columns else (z, self.Y)
            total = ag.softmax_cross_entropy(z, Y)
        else:
            total = ag.sigmoid_cross_entropy(z, self.Y)
        return total + self.l2 * sum(np.sum(w * w) for w in W) if self.l2 else total

    def backprop(self, W, b, slip=""):
        N, K = self.samples, 3
        slope = {
            "value": lambda z, a: a,
            "output": lambda z, a: SLOPES[self.activation](a, ACTIVATIONS[self.activation](a)),
            "formula": lambda z, a: SLOPES[self.activation](z, z),
            "missing": lambda z, a: 1.0,
        }.get(slip, SLOPES[self.activation])
        Z, A = [], [self.X]
        for w, c in zip(W, b, strict=True):
            Z.append(self.layer(A[-1], w, c))
            A.append(ACTIVATIONS[self.activation](Z[-1]))
        axis = 1 - self.classes if slip == "axis" else self.classes
        if self.head == "squared":
            dZ = 2 * (Z[-1] - self.Y) / N
        elif self.head == "squared sigmoid":
            P = sigmoid(Z[-1])
            dZ = 2 * (P - self.Y) / N * (1 if slip == "head slope" else P * (1 - P))
        elif self.head == "sigmoid":
            P = sigmoid(Z[-1])
            dZ = (P - self.Y) / (N * K)
            if slip == "head twice":
                dZ = dZ * P * (1 - P)
        else:
            P = softmax(Z[-1], axis)
            dZ = (P - self.Y) / N
            if slip == "head twice":
                dZ = dZ * P * (1 - P)
        dZ = dZ * {"2": 2, "half": 0.5, "no N": N, "N twice": 1 / N, "sign": -1, "c": 3.7}.get(
            slip, 1
        )
        lam = 2 * self.l2 * {"no l2": 0, "l2 twice": 2, "l2 half": 0.5}.get(slip, 1)
        batch = 1 if self.columns else 0
        dW, db = [], []
        for i in reversed(range(len(W))):
            dw = dZ @ A[i].T if self.columns else A[i].T @ dZ
            if slip == "Z for A" and i:
                dw = dZ @ Z[i - 1].T if self.columns else Z[i - 1].T @ dZ
            dw = dw + np.asarray(lam, dw.dtype) * W[i]
            dW.append(dw.T if slip == "transposed" else dw)
            if slip == "no sum":
                db.append(dZ)
            elif slip == "first":
                db.append(np.take(dZ, 0, axis=batch).reshape(b[i].shape))
            elif slip == "mean":
                db.append(dZ.mean(axis=batch).reshape(b[i].shape))
            else:
                db.append(dZ.sum(axis=batch).reshape(b[i].shape))
            if i:
                dA = W[i].T @ dZ if self.columns else dZ @ W[i].T
                dZ = (dA * slope(Z[i - 1], A[i])).astype(self.dtype)
        return dW[::-1], db[::-1]


NO_SUM = "not summed over the batch"
NAMES = {
    "2": "factor 2",
    "half": "factor 1/2",
    "no N": "missing 1/N",
    "N twice": "1/N twice",
    "sign": "sign",
    "c": "constant factor",
    "transposed": "transposed",
    "no sum": NO_SUM,
    "first": NO_SUM,
    "mean": NO_SUM,
    "value": "value for derivative",
    "output": "derivative at the output",
    "formula": "output formula at the input",
    "missing": "derivative missing",
    "axis": "softmax axis",
    "head slope": "derivative missing",
    "head twice": "derivative twice",
    "no l2": "penalty missing",
    "l2 twice": "penalty doubled",
    "l2 half": "penalty halved",
    "Z for A": "pre-activation for activation",
}


def applies(slip, net):
    """Whether the slip changes anything in this network."""
    by_batch = {"no N", "N twice", "first", "mean", "no sum", "axis"}
    of_relu = {"output", "formula"}  # relu' is the same at all three places
    return not (
        (net.samples == 1 and slip in by_batch)
        or (net.activation == "relu" and slip in of_relu)
        or (slip == "axis" and "softmax" not in net.head)
        or (slip == "head slope" and net.head != "squared sigmoid")
        or (slip == "head twice" and net.head.startswith("squared"))
        or ("l2" in slip and not net.l2)
    )


EXAMPLES = [
    Network(hidden, activation, head, columns, l2, samples)
    for k, (hidden, activation, head) in enumerate(
        itertools.product(
            [(5,), (5, 6), (5, 6, 7)],
            ["relu", "sigmoid", "tanh"],
            ["squared", "softmax", "fused softmax", "sigmoid", "squared sigmoid"],
        )
    )
    for columns, l2, samples in [
        (bool(k % 2), 0.0, (1, 5, 9)[k // 2 % 3]),
        (not k % 2, 0.05, (5, 9, 1)[k // 2 % 3]),
    ]
]
PLANTED = [(slip, net) for net in EXAMPLES for slip in NAMES if applies(slip, net)]


def check(net, slip=""):
    return check_backprop(lambda W, b: net.backprop(W, b, slip), net.loss, *net.args)


def names(report):
    return [s.slip for s in report.slips]
