"""Train a classifier of handwritten digits, save it, load it again, and show what it does.

Pictures need Graphviz and Matplotlib: pip install 'autograd-lite[draw,plot]'
"""

import argparse
from pathlib import Path

import numpy as np

import autograd_lite as ag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--epochs", type=int, default=30, metavar="N")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)

    # Train. Each fifth image is held out, and nothing is chosen by it: it is the test.
    X, y, X_test, y_test = ag.data.digits()
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([64, 64, 10], rng=rng)
    print(model.summary(64))
    adam = ag.optim.Adam(model.parameters(), lr=3e-3)
    history = ag.fit(
        model,
        ag.nn.cross_entropy,
        (X, y),
        valid=(X_test, y_test),
        optimizer=adam,
        epochs=options.epochs,
        rng=rng,
    )
    print(history)

    # Save, and load into a network that starts elsewhere.
    ag.nn.save(model, out / "digits.npz")
    loaded = ag.nn.MLP([64, 64, 10], rng=1)
    print(f"test accuracy of another network: {ag.accuracy(loaded, X_test, y_test):.2%}")
    ag.nn.load(out / "digits.npz", into=loaded)
    print(f"with the weights from the file:   {ag.accuracy(loaded, X_test, y_test):.2%}")

    # Show: how it learned, what the hidden units look for, and what its tape computes.
    history.plot(out / "digits-training.svg")
    ag.draw_weights(loaded.parameters()[0], path=out / "digits-weights.svg")
    loss = ag.nn.cross_entropy(loaded(ag.Tensor(X_test[:4], name="X")), y_test[:4])
    ag.draw(loss, title="The loss of four digits").save(out / "digits-graph.svg")
    for picture in sorted(out.glob("digits-*.svg")):
        print(f"wrote {picture}")


if __name__ == "__main__":
    main()
