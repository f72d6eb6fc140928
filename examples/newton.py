"""Fit a swinging pendulum with the Hessian: Newton's method beside gradient descent.

Pictures need Matplotlib: pip install 'autograd-lite[plot]'
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autograd_lite as ag

TRUTH = np.array([1.0, 0.25, 2.0, 0.3])
"""Amplitude, damping, frequency and phase."""

START = np.array([0.8, 0.4, 2.15, 0.1])
TIMES = np.linspace(0, 8, 80)


def swing(p: Any, t: Any) -> Any:
    """Say where a damped oscillator is at times `t`."""
    return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3])


def newton(loss: Any, p: np.ndarray, steps: int) -> tuple[np.ndarray, list[float]]:
    """Solve H d = g for each step; halve it until the loss falls."""
    gradients = []
    for _ in range(steps):
        value, g = ag.value_and_grad(loss)(p)
        gradients.append(float(np.linalg.norm(g)))
        H = ag.hessian(loss)(p)
        # A Hessian with a negative eigenvalue would lead uphill; its absolute value does not.
        eigenvalues, V = np.linalg.eigh(H)
        d = V @ ((V.T @ g) / np.maximum(np.abs(eigenvalues), 1e-8))
        rate = 1.0
        while loss(p - rate * d) > value and rate > 1e-4:
            rate /= 2
        p = p - rate * d
    return p, gradients


def descent(loss: Any, p: np.ndarray, steps: int, lr: float = 0.3) -> list[float]:
    step = ag.derive(loss, p)
    gradients = []
    for _ in range(steps):
        _, g = step(p)
        gradients.append(float(np.linalg.norm(g)))
        p = p - lr * g
    return gradients


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    out = parser.parse_args().out
    noise = 0.02
    seen = swing(TRUTH, TIMES) + noise * np.random.default_rng(0).standard_normal(TIMES.shape)

    def loss(p: Any) -> Any:
        return np.mean((swing(p, TIMES) - seen) ** 2) / 2

    p, by_newton = newton(loss, START, 12)
    by_descent = descent(loss, START, 1000)
    print("norm of the gradient, Newton:  ", " ".join(f"{g:.0e}" for g in by_newton))
    print(f"after 1000 steps of descent:    {by_descent[-1]:.0e}")
    # The inverse of the Hessian of the negative log-likelihood is the covariance of the estimate.
    spread = noise * np.sqrt(np.diag(np.linalg.inv(len(TIMES) * ag.hessian(loss)(p))))
    for name, x, s, truth in zip(
        ("amplitude", "damping", "frequency", "phase"), p, spread, TRUTH, strict=True
    ):
        print(f"{name:<10} {x:.4f} +- {s:.4f}   truth {truth}")
    picture(out, seen, p, by_newton, by_descent)


def picture(
    out: Path, seen: np.ndarray, p: np.ndarray, by_newton: list[float], by_descent: list[float]
) -> None:
    figure = Figure(figsize=(10, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(TIMES, seen, ".", label="measured")
    left.plot(TIMES, swing(START, TIMES), "--", label="start")
    left.plot(TIMES, swing(p, TIMES), label="Newton")
    left.set(xlabel="time", ylabel="angle")
    left.legend()
    right.loglog(range(1, len(by_newton) + 1), by_newton, ".-", label="Newton")
    right.loglog(range(1, len(by_descent) + 1), by_descent, label="gradient descent")
    right.set(xlabel="step", ylabel="norm of the gradient")
    right.legend()
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "newton.svg")
    print(f"wrote {out / 'newton.svg'}")


if __name__ == "__main__":
    main()
