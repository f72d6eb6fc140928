"""The price of the tape: one value and gradient of an MLP against hand-written backpropagation.

Run with ``python benchmarks/mlp.py``; ``--json FILE`` writes the figures.
"""

from __future__ import annotations

import os

# One BLAS thread: it must be said before NumPy is imported.
for _library in ("OPENBLAS", "MKL", "OMP", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.timing import paired_ratio

ROWS = [
    # inputs, hidden, outputs, batch, dtype, the ratio aimed for
    (2, 16, 2, 4, "float64", 3.0),
    (64, 32, 10, 32, "float64", 2.2),
    (784, 30, 10, 32, "float64", 1.8),
    (784, 128, 10, 64, "float32", 1.3),
    (784, 512, 10, 256, "float32", 1.05),
]

Arrays = tuple[np.ndarray, ...]


def closed_form(
    X: np.ndarray, Y: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> tuple[Any, Arrays]:
    """The loss and its gradients as one writes them by hand, stable for any logits."""
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    Z = Z2 - Z2.max(axis=1, keepdims=True)
    E = np.exp(Z)
    S = E.sum(axis=1, keepdims=True)
    P = E / S
    loss = (np.log(S[:, 0]) - (Z * Y).sum(axis=1)).mean()
    dZ2 = (P - Y) / len(X)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return loss, (dW1, db1, dW2, db2)


def on_tape(X: np.ndarray, Y: np.ndarray, *parameters: ag.Tensor) -> tuple[Any, Arrays]:
    """The same on the tape, as a training loop has it."""
    W1, b1, W2, b2 = parameters
    for p in parameters:
        p.grad = None
    A1 = ag.relu(ag.linear(X, W1, b1))
    loss = ag.softmax_cross_entropy(ag.linear(A1, W2, b2), Y)
    loss.backward()
    return loss.data, tuple(p.grad for p in parameters)


def prepare(
    n: int, hidden: int, k: int, batch: int, dtype: str
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Make both functions on the same random data, and check that they agree."""
    rng = np.random.default_rng(0)
    shapes = [(n, hidden), (hidden,), (hidden, k), (k,)]
    arrays = [(rng.standard_normal(s) / np.sqrt(s[0])).astype(dtype) for s in shapes]
    X = rng.standard_normal((batch, n)).astype(dtype)
    Y = np.eye(k, dtype=dtype)[rng.integers(k, size=batch)]
    tensors = [ag.Tensor(a, requires_grad=True) for a in arrays]
    value, gradients = on_tape(X, Y, *tensors)
    expected, formulas = closed_form(X, Y, *arrays)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(value, expected, rtol=tolerance)
    for a, b in zip(gradients, formulas, strict=True):
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max(), "the gradients differ"
    return (lambda: on_tape(X, Y, *tensors)), (lambda: closed_form(X, Y, *arrays))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--pairs", type=int, default=60, help="interleaved measurements of each")
    arguments = parser.parse_args()
    machine = {
        "machine": platform.machine(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "blas_threads": 1,
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(
        f"{'network':<12} {'batch':>5} {'dtype':<8} {'tape':>10} {'by hand':>10} {'ratio':>6}  aim"
    )
    rows = []
    for n, hidden, k, batch, dtype, aim in ROWS:
        ratio, tape, hand = paired_ratio(*prepare(n, hidden, k, batch, dtype), arguments.pairs)
        network = f"{n}-{hidden}-{k}"
        print(
            f"{network:<12} {batch:>5} {dtype:<8} {tape * 1e6:>7.1f} us {hand * 1e6:>7.1f} us "
            f"{ratio:>6.2f}  {aim}"
        )
        rows.append(
            {
                "network": network,
                "batch": batch,
                "dtype": dtype,
                "tape_seconds": tape,
                "by_hand_seconds": hand,
                "ratio": ratio,
                "aim": aim,
            }
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
