"""Draw the pictures that teach backpropagation: a network, a neuron, a value used again."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import autograd_lite as ag


def network() -> ag.Tensor:
    """Compute the loss of two tanh layers on three samples."""
    X = ag.Tensor([[0.5, -1.0], [1.5, 2.0], [-1.0, 0.5]], name="X")
    y = ag.Tensor([[1.0], [0.0], [-1.0]], name="y")
    model = ag.nn.MLP([2, 3, 1], activation="tanh", rng=np.random.default_rng(0))
    error = model(X) - y
    error.name = "error"
    loss: ag.Tensor = (error**2).mean()
    loss.name = "loss"
    return loss


def neuron(w1: Any, x1: Any, w2: Any, x2: Any, b: Any) -> Any:
    o = np.tanh(w1 * x1 + w2 * x2 + b)
    return o  # noqa: RET504  # its name is drawn


def reused(x: Any) -> Any:
    a = x * x
    c = a * x
    d = a + c
    return d  # noqa: RET504  # its name is drawn


def pictures(theme: str) -> dict[str, ag.Drawing]:
    """Draw them all, by name."""
    return {
        "network": ag.draw(network(), title="Two layers and a squared error", theme=theme),
        "neuron": ag.draw(
            neuron,
            *(-0.44, ag.Tensor(1.0), 0.51, ag.Tensor(-2.0), 0.3),
            title="One neuron: o = tanh(w1 x1 + w2 x2 + b)",
            theme=theme,
        ),
        "accumulation": ag.draw(
            reused, 3.0, title="A value that is used again: its gradients add up", theme=theme
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, metavar="DIR")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    drawn = pictures(options.theme)
    for name, picture in drawn.items():
        path = options.out / f"{name}.svg"
        picture.save(path)
        print(f"wrote {path}")
    path = options.out / "frames.svg"
    path.write_text(drawn["accumulation"].frames().strip(), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
