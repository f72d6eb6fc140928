"""Train a small convolutional network on MNIST, or on the bundled digits, and show what it sees.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag

DTYPE = np.float32  # half the memory, and twice the speed of the matrix products


def network(side: int, rng: np.random.Generator) -> ag.nn.Sequential:
    """Two convolutions; each pooling halves the side of the images."""
    drawn: dict[str, Any] = {"init": ag.nn.init.kaiming_normal, "rng": rng, "dtype": DTYPE}
    return ag.nn.Sequential(
        ag.nn.Conv2d(1, 8, 5, padding=2, **drawn),
        ag.nn.MaxPool2d(2),
        ag.relu,
        ag.nn.Conv2d(8, 16, 3, padding=1, **drawn),
        ag.nn.MaxPool2d(2),
        ag.relu,
        ag.nn.Flatten(),
        ag.nn.Linear(16 * (side // 4) ** 2, 10, rng=rng, dtype=DTYPE),
    )


def moved(images: np.ndarray) -> np.ndarray:
    """Images (N, 1, side, side), then the same moved by a pixel in each direction.

    A digit stays the same digit. The network is not told so, and learns it from five times the
    examples.
    """
    side = images.shape[-1]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return np.concatenate([framed[:, :, i : i + side, j : j + side] for i, j in corners])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--data", type=Path, help="mnist.npz, or a folder with four IDX files")
    parser.add_argument("--epochs", type=int, default=4, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if options.data is None:
        print("no --data: training on the digits that come with the package")
    data = ag.data.load_mnist(options.data, DTYPE) if options.data else ag.data.digits()
    side = round(data[0].shape[1] ** 0.5)
    X, X_test = (rows.astype(DTYPE).reshape(-1, 1, side, side) for rows in data[::2])
    y, y_test = data[1::2]
    X, y = moved(X), np.tile(y, 5)

    rng = np.random.default_rng(options.seed)
    model = network(side, rng)
    print(model.summary(X.shape[1:]))
    adam = ag.optim.Adam(model.parameters(), lr=3e-3)
    start = time.perf_counter()
    history = ag.fit(
        model,
        ag.nn.cross_entropy,
        (X, y),
        optimizer=adam,
        epochs=options.epochs,
        batch_size=50,
        rng=rng,
        callbacks=[ag.optim.CosineAnnealingLR(adam, options.epochs)],
    )
    print(f"trained on {len(X):,} images, {history.epochs} times each", end="")
    print(f", in {time.perf_counter() - start:.0f} s; loss {history.loss[-1]:.3f}")
    print(f"test accuracy {ag.accuracy(model, X_test, y_test):.2%} of {len(y_test):,} images")
    picture(options.out, model, X_test, y_test)


def picture(out: Path, model: ag.nn.Sequential, X: np.ndarray, y: np.ndarray) -> None:
    """The kernels of the first layer, what each makes of a digit, and what is taken for what."""
    first: Any = model[0]
    kernels = first.W.data[:, 0]
    with ag.no_grad():
        seen = ag.relu(first(X[:1])).data[0]
        guessed = np.argmax(model(X).data, axis=1)
    wrong = np.flatnonzero(guessed != y)[: len(kernels)]
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots(3, 1 + len(kernels))
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, words in zip(axes[:, 0], ("kernels", "what they\nfind", "mistakes"), strict=True):
        ax.text(0, 0.5, words, va="center", transform=ax.transAxes)
    most = np.abs(kernels).max()
    for above, middle, kernel, found in zip(axes[0, 1:], axes[1, 1:], kernels, seen, strict=True):
        above.imshow(kernel, cmap="PRGn", vmin=-most, vmax=most)
        middle.imshow(found, cmap="gray_r")
    for ax, i in zip(axes[2, 1:], wrong, strict=False):
        ax.imshow(X[i, 0], cmap="gray_r")
        ax.set_title(f"{guessed[i]} for {y[i]}", fontsize=10)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "convolution.svg")
    print(f"wrote {out / 'convolution.svg'}")


if __name__ == "__main__":
    main()
