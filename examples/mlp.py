"""Draw the computation graph of a small network: the picture in the README."""

import argparse
from pathlib import Path

import numpy as np

import autograd_lite as ag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, metavar="DIR")
    out = parser.parse_args().out
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([2, 4, 3], rng=rng)
    X = ag.Tensor(rng.standard_normal((5, 2)), name="X")
    loss = ag.nn.cross_entropy(model(X), np.array([0, 1, 2, 1, 0]))
    loss.name = "loss"
    picture = ag.draw(loss, title="A network of two layers")
    picture.save(out / "mlp.svg")
    print(f"wrote {out / 'mlp.svg'}")


if __name__ == "__main__":
    main()
