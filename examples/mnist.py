"""Train on MNIST from a file, or on the bundled digits, and show what is taken for what.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--data", type=Path, help="mnist.npz, or a folder with four IDX files")
    parser.add_argument("--hidden", type=int, default=128, metavar="N")
    parser.add_argument("--epochs", type=int, default=15, metavar="N")
    options = parser.parse_args()
    if options.data is None:
        print("no --data: training on the digits that come with the package")
    X, y, X_test, y_test = ag.data.load_mnist(options.data) if options.data else ag.data.digits()
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([X.shape[1], options.hidden, 10], rng=rng)
    adam = ag.optim.Adam(model.parameters(), lr=2e-3)
    history = ag.fit(
        model, ag.nn.cross_entropy, (X, y), optimizer=adam, epochs=options.epochs, rng=rng
    )
    print(f"loss {history.loss[0]:.3f} -> {history.loss[-1]:.3f}")
    print(f"test accuracy {ag.accuracy(model, X_test, y_test):.2%} of {len(y_test):,} images")
    with ag.no_grad():
        guessed = np.argmax(model(X_test).data, axis=1)
    picture(options.out, X_test, y_test, guessed)


def picture(out: Path, X: np.ndarray, y: np.ndarray, guessed: np.ndarray) -> None:
    figure = Figure(figsize=(8, 2), layout="constrained")
    wrong = np.flatnonzero(guessed != y)[:8]
    figure.suptitle("Taken for (in truth)")
    side = round(X.shape[1] ** 0.5)
    for axes, i in zip(figure.subplots(1, 8), wrong, strict=False):
        axes.imshow(X[i].reshape(side, side), cmap="gray_r")
        axes.set(title=f"{guessed[i]} ({y[i]})", xticks=[], yticks=[])
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "mnist.svg")
    print(f"wrote {out / 'mnist.svg'}")


if __name__ == "__main__":
    main()
