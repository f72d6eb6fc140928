"""Show what J. Whitehill's notes, section 8, claim of how a three-layer network may start.

The layers are input, hidden and output: 784 pixels (64 of the bundled digits), 30 units of relu,
10 classes under softmax and cross-entropy, trained by SGD. The claims:

1. Where all parameters are 0, all outputs are 1/c; every gradient is 0, if that of relu at 0 is;
   the network never learns.
2. Where only those of the last layer are 0, the outputs are 1/c at first, and the network trains
   to good accuracy.
3. The cost is not convex, that of softmax regression is: SGD may end in different places.

The tape says that the first is wrong for the last bias: it learns how frequent each class is, and
no more. To show that, only every fourth of the digits from 5 up is kept.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag

Params = dict[str, np.ndarray]
Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

NAMES = ("W1", "b1", "W2", "b2")
STARTS: dict[str, tuple[tuple[str, ...], float]] = {
    "all zero (claim 1)": (NAMES, 0),
    "first layer zero": (("W1", "b1"), 0),
    "the same, relu'(0) = 1": (("W1", "b1"), 1),
    "last layer zero (claim 2)": (("W2", "b2"), 0),
    "random": ((), 0),
}
"""By start: which parameters are zero, and the derivative of relu at 0."""


def outputs(p: Params, X: Any, at_zero: float = 0) -> Any:
    """The network, up to its softmax."""
    return ag.relu(X @ p["W1"] + p["b1"], at_zero=at_zero) @ p["W2"] + p["b2"]


def regression(p: Params, X: Any) -> Any:
    """Softmax regression, which has no hidden layer."""
    return X @ p["W"] + p["b"]


def start(sizes: tuple[int, int, int], rng: np.random.Generator) -> Params:
    """Small random numbers, in the biases too: claim 2 wants them other than 0."""
    inputs, hidden, classes = sizes
    return {
        "W1": rng.standard_normal((inputs, hidden)) / np.sqrt(inputs),
        "b1": 0.1 * rng.standard_normal(hidden),
        "W2": rng.standard_normal((hidden, classes)) / np.sqrt(hidden),
        "b2": 0.1 * rng.standard_normal(classes),
    }


def unbalanced(path: Path | None) -> Data:
    """Keep every fourth of the digits from 5 up, among those to learn from."""
    X, y, X_test, y_test = ag.data.load_mnist(path) if path else ag.data.digits()
    rank = np.zeros(len(y), int)
    for digit in range(10):
        rank[y == digit] = np.arange(np.sum(y == digit))
    kept = (y < 5) | (rank % 4 == 0)
    return X[kept], y[kept], X_test, y_test


def train(p: Params, model: Any, data: Data, epochs: int) -> tuple[Params, dict[str, np.ndarray]]:
    """Go down by SGD; before each epoch measure gradient, outputs and accuracy."""
    X, y, X_test, y_test = data
    rng = np.random.default_rng(0)

    def loss(p: Params, X: Any, y: Any) -> Any:
        return ag.softmax_cross_entropy(model(p, X), y)

    step = ag.derive(loss, p, X[:32], y[:32])
    norms, said, accuracies = [], [], []
    for _ in range(epochs):
        whole = ag.grad(loss)(p, X, y)
        norms.append([np.linalg.norm(g) for g in whole.values()])
        said.append(ag.softmax(model(p, X_test)).mean(axis=0))
        accuracies.append(np.mean(model(p, X_test).argmax(axis=1) == y_test))
        for X_batch, y_batch in ag.data.batches(X, y, 32, rng):
            _, gradients = step(p, X_batch, y_batch)
            p = {name: p[name] - 0.1 * gradients[name] for name in p}
    found = {"norms": norms, "outputs": said, "accuracy": accuracies}
    return p, {name: np.array(of) for name, of in found.items()}


def between(a: Params, b: Params, model: Any, data: Data) -> np.ndarray:
    """The loss on the straight line from one solution to another; a convex one sags there."""
    X, y, _, _ = data
    mixes = [{name: (1 - t) * a[name] + t * b[name] for name in a} for t in np.linspace(0, 1, 41)]
    return np.array([ag.softmax_cross_entropy(model(p, X), y) for p in mixes])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--data", type=Path, help="mnist.npz, or a folder with four IDX files")
    parser.add_argument("--epochs", type=int, default=20, metavar="N")
    options = parser.parse_args()
    data = unbalanced(options.data)
    X, y = data[:2]
    sizes = X.shape[1], 30, 10
    random = start(sizes, np.random.default_rng(0))

    found, ends = {}, {}
    print(f"{'norm of the first gradient by':<29}{''.join(f'{name:>9}' for name in NAMES)}")
    for title, (zeros, at_zero) in STARTS.items():
        p = {name: 0 * value if name in zeros else value for name, value in random.items()}
        ends[title], found[title] = train(
            p, lambda p, X, at_zero=at_zero: outputs(p, X, at_zero), data, options.epochs
        )
        first = "".join(f"{norm:9.3f}" for norm in found[title]["norms"][0])
        print(f"{title:<29}{first}   then {found[title]['accuracy'][-1]:.1%} accuracy")
    frequencies = np.bincount(y) / len(y)
    print("frequencies of the classes     ", np.round(frequencies, 2))
    print(
        "what all zero learns to answer ", np.round(found["all zero (claim 1)"]["outputs"][-1], 2)
    )

    other, _ = train(start(sizes, np.random.default_rng(1)), outputs, data, options.epochs)
    lines = {"three layers": between(ends["random"], other, outputs, data)}
    a, b = (
        train({"W": W, "b": np.zeros(10)}, regression, data, options.epochs)[0]
        for W in np.random.default_rng(2).standard_normal((2, X.shape[1], 10))
    )
    lines["softmax regression"] = between(a, b, regression, data)
    for name, line in lines.items():
        chord = np.linspace(line[0], line[-1], len(line))
        above = (line - chord).max()
        print(f"{name}: between two solutions the loss rises {above:.3f} above the chord")
    picture(options.out, found, frequencies, lines)


def picture(
    out: Path,
    found: dict[str, dict[str, np.ndarray]],
    frequencies: np.ndarray,
    lines: dict[str, np.ndarray],
) -> None:
    figure = Figure(figsize=(14, 8), layout="constrained")
    axes = figure.subplots(3, len(found), sharex=True, sharey="row")
    for column, (title, of) in zip(axes.T, found.items(), strict=True):
        column[0].plot(of["norms"], label=NAMES)
        column[0].set_title(title)
        column[1].plot(of["outputs"], color="tab:blue", lw=1)
        for frequency in np.unique(np.round(frequencies, 2)):
            column[1].axhline(frequency, color="0.6", ls=":", zorder=0)
        column[2].plot(of["accuracy"], color="tab:blue")
        column[2].set_xlabel("epoch")
    axes[0, 0].legend()
    for ax, label in zip(
        axes[:, 0], ("norm of the gradient", "mean output of each class", "accuracy"), strict=True
    ):
        ax.set_ylabel(label)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "initialisation.svg")

    figure = Figure(figsize=(8, 3), layout="constrained")
    for ax, (name, line) in zip(figure.subplots(1, 2), lines.items(), strict=True):
        ax.plot(np.linspace(0, 1, len(line)), line)
        ax.plot([0, 1], line[[0, -1]], "o:", color="0.6")
        ax.set(title=name, xlabel="from one solution to another", ylim=(0, 1.1 * line.max()))
    figure.axes[0].set_ylabel("loss")
    figure.savefig(out / "initialisation-convexity.svg")
    for name in ("initialisation", "initialisation-convexity"):
        print(f"wrote {out / name}.svg")


if __name__ == "__main__":
    main()
