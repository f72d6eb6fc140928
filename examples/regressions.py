"""Fit linear, logistic and Poisson regression: one layer, and the loss of its family.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag

TRUTH = {"normal": (0.8, -0.5), "bernoulli": (2.0, 0.5), "poisson": (0.7, 0.4)}
"""By family: slope and intercept that the data are drawn from."""

MEANS: dict[str, Callable[[Any], Any]] = {
    "normal": lambda theta: theta,
    "bernoulli": ag.sigmoid,
    "poisson": np.exp,
}


def sample(family: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs and targets, each of shape (2000, 1)."""
    slope, intercept = TRUTH[family]
    x, _ = ag.data.curve(2000, low=-2, high=2, rng=rng)
    mean = MEANS[family](slope * x + intercept)
    if family == "normal":
        return x, rng.normal(mean)
    return x, (rng.binomial(1, mean) if family == "bernoulli" else rng.poisson(mean)).astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    out = parser.parse_args().out
    rng = np.random.default_rng(0)
    fitted = {}
    print("family      slope (truth)   intercept (truth)   largest |gradient - X'(mean - y)/N|")
    for family, truth in TRUTH.items():
        x, y = sample(family, rng)
        model = ag.nn.Linear(1, 1, rng=rng)
        loss = ag.nn.glm_nll(family)
        sgd = ag.optim.SGD(model.parameters(), lr=0.3)
        ag.fit(model, loss, (x, y), optimizer=sgd, epochs=100, batch_size=len(x), rng=rng)
        # Whatever the family, the error at the output is mean - y: the reason for these losses.
        sgd.zero_grad()
        loss(model(x), y).backward()
        error = (MEANS[family](x @ model.W.data + model.b.data) - y) / len(x)
        assert model.W.grad is not None
        difference = np.abs(model.W.grad - x.T @ error).max()
        slope, intercept = model.W.item(), model.b.item()
        fitted[family] = x, y, slope, intercept
        print(
            f"{family:<10} {slope:6.3f} ({truth[0]:4.1f})   {intercept:10.3f} ({truth[1]:4.1f})"
            f"   {difference:.1e}"
        )
    picture(out, fitted)


def picture(out: Path, fitted: dict[str, tuple[np.ndarray, np.ndarray, float, float]]) -> None:
    figure = Figure(figsize=(10, 3), layout="constrained")
    grid = np.linspace(-2, 2, 100)
    for axes, (family, (x, y, slope, intercept)) in zip(
        figure.subplots(1, 3), fitted.items(), strict=True
    ):
        axes.plot(x[:300], y[:300], ".", alpha=0.3)
        axes.plot(grid, MEANS[family](slope * grid + intercept))
        axes.set(title=family, xlabel="x", ylabel="y")
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "regressions.svg")
    print(f"wrote {out / 'regressions.svg'}")


if __name__ == "__main__":
    main()
