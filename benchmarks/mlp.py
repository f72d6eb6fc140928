"""One value and gradient of an MLP: the tape and derived programs against formulas by hand.

Run with ``python benchmarks/mlp.py``; ``--json FILE`` writes the figures.
"""

from __future__ import annotations

import os

# One BLAS thread: it must be said before NumPy is imported.
for _library in ("OPENBLAS", "MKL", "OMP", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import contextlib
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.timing import paired_ratio

ROWS = [
    # inputs, hidden, outputs, batch, dtype, the ratios aimed for: tape, derived, with Numba
    (2, 16, 2, 4, "float64", 3.0, 0.85, 0.25),
    (64, 32, 10, 32, "float64", 2.2, 0.85, 0.75),
    (784, 30, 10, 32, "float64", 1.8, 1.0, None),
    (784, 128, 10, 64, "float32", 1.3, 1.0, None),
    (784, 512, 10, 256, "float32", 1.05, 1.0, None),
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


def loss(X: np.ndarray, Y: np.ndarray, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """What the derived programs are derived from."""
    A1 = ag.relu(X @ W1 + b1)
    return ag.softmax_cross_entropy(A1 @ W2 + b2, Y)


def prepare(
    n: int, hidden: int, k: int, batch: int, dtype: str
) -> tuple[dict[str, Callable[[], Any]], Callable[[], Any]]:
    """Make every way to compute, and the formulas, on the same data; check that they agree."""
    rng = np.random.default_rng(0)
    shapes = [(n, hidden), (hidden,), (hidden, k), (k,)]
    arrays = [(rng.standard_normal(s) / np.sqrt(s[0])).astype(dtype) for s in shapes]
    X = rng.standard_normal((batch, n)).astype(dtype)
    Y = np.eye(k, dtype=dtype)[rng.integers(k, size=batch)]
    data = (X, Y, *arrays)
    tensors = [ag.Tensor(a, requires_grad=True) for a in arrays]
    ways: dict[str, Callable[[], Any]] = {"tape": lambda: on_tape(X, Y, *tensors)}
    step = ag.derive(loss, *data, argnums=(2, 3, 4, 5))
    ways["derived"] = lambda: step(*data)
    with contextlib.suppress(ImportError):
        jitted = ag.derive(loss, *data, argnums=(2, 3, 4, 5), backend="numba")
        ways["numba"] = lambda: jitted(*data)
    expected, formulas = closed_form(X, Y, *arrays)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for name, way in ways.items():
        value, gradients = way()
        np.testing.assert_allclose(value, expected, rtol=tolerance, err_msg=name)
        for a, b in zip(gradients, formulas, strict=True):
            assert np.abs(a - b).max() <= tolerance * np.abs(b).max(), f"{name}: gradients differ"
    return ways, (lambda: closed_form(X, Y, *arrays))


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
    heads = "".join(f"{way:>10} {'/ hand':>6}  aim  " for way in ("tape", "derived", "numba"))
    print(f"{'network':<11} {'batch':>5} {'dtype':<8}{'by hand':>9}  {heads}")
    rows = []
    for n, hidden, k, batch, dtype, *aims in ROWS:
        ways, formulas = prepare(n, hidden, k, batch, dtype)
        row: dict[str, Any] = {"network": f"{n}-{hidden}-{k}", "batch": batch, "dtype": dtype}
        cells = []
        for (name, way), aim in zip(ways.items(), aims, strict=False):
            ratio, seconds, by_hand = paired_ratio(way, formulas, arguments.pairs)
            row |= {f"{name}_seconds": seconds, f"{name}_ratio": ratio, f"{name}_aim": aim}
            row["by_hand_seconds"] = by_hand
            cells.append(f"{seconds * 1e6:>7.1f} us {ratio:>6.2f} {aim or '':>4}  ")
        microseconds = f"{row['by_hand_seconds'] * 1e6:>6.1f} us"
        print(f"{row['network']:<11} {batch:>5} {dtype:<8}{microseconds}  {''.join(cells)}")
        rows.append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
