"""Show what J. Whitehill's notes, section 8, claim of starting a network with zeros.

Claim 1: where all parameters are 0, every gradient is 0 and the network never learns. Claim 2:
where only those of the last layer are 0, it learns to good accuracy. The tape says that the first
is wrong for the last bias, which learns how frequent each class is, and no more.
"""

import argparse
from pathlib import Path

import numpy as np

import autograd_lite as ag

STARTS = {
    "all zero (claim 1)": ("layers.0.W", "layers.0.b", "layers.2.W", "layers.1.b"),
    "last layer zero (claim 2)": ("layers.2.W", "layers.1.b"),
    "random": (),
}
NAMES = {
    "layers.0.W": "W(1)",
    "layers.0.b": "b(1)",
    "layers.2.W": "W(2)",
    "layers.2.b": "b(2)",
}


def unbalanced() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Take the digits 0, 1 and 2, and of the 1 and 2 a half and a quarter only."""
    X, y, X_test, y_test = ag.data.digits()
    rank = np.array([np.sum(y[:i] == label) for i, label in enumerate(y)])
    kept = (y < 3) & (rank % 2 ** np.minimum(y, 2) == 0)
    return X[kept], y[kept], X_test[y_test < 3], y_test[y_test < 3]


def train(zeros: tuple[str, ...], steps: int) -> dict[str, np.ndarray]:
    """Descend on all samples; the norm of each gradient, the accuracy and the outputs."""
    X, y, X_test, y_test = unbalanced()
    model = ag.nn.MLP([64, 16, 3], rng=0)
    state = model.state_dict()
    # Biases start at 0 by default, and claim 2 wants those of layer 1 to be something else.
    state["layers.0.b"] += 0.1
    model.load_state_dict({k: 0 * v if k in zeros else v for k, v in state.items()})
    sgd = ag.optim.SGD(model.parameters(), lr=0.3)
    norms, accuracies = [], []
    for _ in range(steps):
        sgd.zero_grad()
        ag.nn.cross_entropy(model(X), y).backward()
        norms.append([np.linalg.norm(p.grad) for p in model.parameters() if p.grad is not None])
        accuracies.append(ag.accuracy(model, X_test, y_test))
        sgd.step()
    outputs = ag.softmax(model(X[:1])).data[0]
    return {"norms": np.array(norms), "accuracy": np.array(accuracies), "outputs": outputs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--steps", type=int, default=150, metavar="N")
    options = parser.parse_args()
    found = {start: train(zeros, options.steps) for start, zeros in STARTS.items()}
    print(f"{'norm of the first gradient by':<30}{''.join(f'{n:>9}' for n in NAMES.values())}")
    for start, of in found.items():
        first = "".join(f"{norm:9.3f}" for norm in of["norms"][0])
        print(f"{start:<30}{first}   then {of['accuracy'][-1]:.1%} accuracy")
    frequencies = np.bincount(unbalanced()[1]) / len(unbalanced()[1])
    print("frequencies of the classes      ", np.round(frequencies, 3))
    print("what all zero learns to answer  ", np.round(found["all zero (claim 1)"]["outputs"], 3))
    picture(options.out, found)


def picture(out: Path, found: dict[str, dict[str, np.ndarray]]) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("no picture without matplotlib: pip install 'autograd-lite[plot]'")
        return
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots(2, 3, sharex=True, sharey="row")
    for (above, below), (start, of) in zip(axes.T, found.items(), strict=True):
        for name, norms in zip(NAMES.values(), of["norms"].T, strict=True):
            above.plot(norms, label=name)
        below.plot(of["accuracy"])
        above.set(title=start)
        below.set(xlabel="step")
    axes[0, 0].set(ylabel="norm of the gradient")
    axes[1, 0].set(ylabel="test accuracy")
    axes[0, 0].legend()
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "initialisation.svg")
    print(f"wrote {out / 'initialisation.svg'}")


if __name__ == "__main__":
    main()
