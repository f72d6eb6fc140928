"""What is kept, and for how long."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag

from . import networks
from .measure import Figure, Setting, bytes_kept, objects_left, peak_bytes, race

MIB = 2**20

TRAINING = """
import resource, sys
import numpy as np
import autograd_lite as ag
steps = int(sys.argv[1])
rng = np.random.default_rng(0)
X, y = rng.standard_normal((32, 64)), rng.integers(10, size=32)
model = ag.nn.MLP([64, 32, 10], rng=rng)
adam = ag.optim.Adam(model.parameters(), lr=1e-3)
for step in range(steps):
    if step == steps // 10:
        early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    adam.zero_grad()
    ag.nn.cross_entropy(model(X), y).backward()
    adam.step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / early)
"""


def memory(setting: Setting) -> Iterator[Figure]:
    """Memory that a step takes / that of the formulas typed by hand, and what is left behind."""
    data = networks.data((784, 512, 512, 10), 1024, "float32")
    case = "peak of 784-512-512-10, batch 1,024, float32"
    hand = peak_bytes(lambda: partial(networks.three_layers_by_hand, *data))
    yield Figure(f"{case}: by hand", "", hand / MIB, unit="MiB")
    for way, make in {
        "backward()": partial(networks.on_tape, *data),
        "backward(), X @ W + b": partial(networks.on_tape, *data, networks.linear),
        "value_and_grad": partial(networks.as_function, *data),
        "derive": partial(networks.derived, *data),
    }.items():
        yield Figure(case, way, peak_bytes(make) / hand, aim=1.10)
    step = networks.on_tape(*networks.data((64, 32, 10), 32))
    left = objects_left(step)
    yield Figure("left after a step, gc off", "backward()", left, unit="objects", aim=0)
    yield Figure("record of y * 0.999", "tape", record_bytes(), unit="bytes", aim=400)
    yield training(1000 if setting.quick else 10_000)
    yield from checkpoints(setting)


def record_bytes(n: int = 1000) -> int:
    """What one op on a number keeps: its record, its value and its place in the chain."""
    x = ag.Tensor(0.5, requires_grad=True)

    def chain() -> Any:
        y = x
        for _ in range(n):
            y = y * 0.999
        return y

    return round(bytes_kept(chain) / n)


def training(steps: int) -> Figure:
    """Resident memory at its largest, after all steps against after the first tenth of them."""
    case = f"resident after {steps:,} training steps / {steps // 10:,}"
    command = [sys.executable, "-c", TRAINING, str(steps)]
    try:
        growth = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except subprocess.CalledProcessError as error:  # Windows has no such measure
        return Figure(case, "backward()", note=error.stderr.strip().splitlines()[-1])
    return Figure(case, "backward()", growth, aim=1.01)


def checkpoints(setting: Setting) -> Iterator[Figure]:
    """A long chain of layers, kept whole and in about as many segments as one of them has.

    Running it again costs its forward once more, which is more than half of a step where the
    forward is dearer than the backward, as that of tanh is: the third figure.
    """
    rng = np.random.default_rng(0)
    orthogonal = np.linalg.qr(rng.standard_normal((64, 64)))[0]
    yield from _checkpoints(
        "relu(x @ W)", lambda x, W: ag.relu(x @ W), np.sqrt(2) * orthogonal, setting, aim=1.5
    )
    yield from _checkpoints("tanh(x @ W)", lambda x, W: np.tanh(x @ W), orthogonal, setting)


def _checkpoints(
    text: str,
    layer: Callable[[Any, Any], Any],
    weight: np.ndarray,
    setting: Setting,
    aim: float | None = None,
) -> Iterator[Figure]:
    layers, segment = 1000, 32
    W = ag.Tensor(weight, requires_grad=True)
    X = np.random.default_rng(1).standard_normal((64, 64))

    def block(x: Any, W: Any, n: int) -> Any:
        for _ in range(n):
            x = layer(x, W)
        return x

    def sweep(block: Callable[..., Any]) -> Any:
        W.grad = None
        y: Any = ag.Tensor(X)
        for start in range(0, layers, segment):
            y = block(y, W, min(segment, layers - start))
        y.sum().backward()
        return W.grad

    @ag.no_grad()
    def forward() -> Any:
        return block(ag.Tensor(X), W, layers)

    kept, again = partial(sweep, block), partial(sweep, ag.checkpoint(block))
    np.testing.assert_allclose(again(), kept(), rtol=1e-10)
    case = f"ag.checkpoint, {layers:,} layers {text} / everything kept"
    yield Figure(case, "memory", peak_bytes(lambda: again) / peak_bytes(lambda: kept), aim=0.10)
    measured = race({"kept": kept, "again": again, "forward": forward}, setting)
    yield measured["again"].figure(case, "time", aim=aim)
    yield measured["forward"].figure(case, "time of the forward alone")
