"""How long things take, divided by the time of what one types by hand."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.op import OPS
from autograd_lite.tensor import apply

from . import least, networks
from .measure import Figure, Run, Setting, Ways, clock, contest, race, spreads, without_collector
from .peers import Peer

MLPS = (
    # inputs, hidden, outputs, batch, dtype, the ratio that backward() and value_and_grad aim for
    (2, 16, 2, 4, "float64", 2.0),
    (64, 32, 10, 32, "float64", 1.6),
    (784, 30, 10, 32, "float64", 1.3),
    (784, 128, 10, 64, "float32", 1.12),
    (784, 512, 10, 256, "float32", 1.0),
)
EAGER_PEERS = ("HIPS autograd", "MyGrad", "PyTorch", "advect")


def mlp(setting: Setting) -> Iterator[Figure]:
    """One value and gradient of a network with one hidden layer / the formulas typed by hand.

    Eager: ahead of the figures aimed for and of every eager peer. Derived: ahead of JAX's code.
    """
    for row in MLPS[::3] if setting.quick else MLPS:
        yield from _mlp(setting, *row)


def _mlp(
    setting: Setting, n: int, hidden: int, k: int, batch: int, dtype: str, aim: float
) -> Iterator[Figure]:
    X, Y, parameters = networks.data((n, hidden, k), batch, dtype)
    ways: Ways = {
        "by hand": partial(networks.by_hand, X, Y, *parameters),
        "backward()": networks.on_tape(X, Y, parameters),
        "backward(), X @ W + b": networks.on_tape(X, Y, parameters, networks.linear),
        "value_and_grad": networks.as_function(X, Y, parameters),
        "derive": networks.derived(X, Y, parameters),
        "least tape": least.mlp(X, Y, parameters),
    }
    if _numba_installed():
        ways["derive, Numba"] = networks.derived(X, Y, parameters, "numba")

    def aims(ratios: dict[str, float]) -> dict[str, float]:
        eager = min(aim, *(ratios.get(peer, aim) for peer in EAGER_PEERS))
        return {
            **dict.fromkeys(("backward()", "value_and_grad"), eager),
            **dict.fromkeys(("derive", "derive, Numba"), ratios.get("JAX, jit", 1.0)),
        }

    yield from contest(
        f"{n}-{hidden}-{k}, batch {batch}, {dtype}",
        ways,
        setting,
        peers=lambda peer: peer.mlp(X, Y, parameters),
        aims=aims,
        rtol=1e-10 if dtype == "float64" else 1e-4,
    )


# Chains: what is written with an array namespace, and the same by hand.


def scale_and_shift(np: Any, x: Any, n: int) -> Any:
    y = x
    for _ in range(n // 2):
        y = y * 0.999 + 0.001
    return np.sum(y)


def scale_and_shift_by_hand(x: Any, n: int) -> Any:
    y = x
    for _ in range(n // 2):
        y = y * 0.999 + 0.001
    g = np.ones_like(x)
    for _ in range(n // 2):
        g = g * 0.999
    return g


def tanh(np: Any, x: Any, n: int) -> Any:
    y = x
    for _ in range(n):
        y = np.tanh(y)
    return np.sum(y)


def tanh_by_hand(x: Any, n: int) -> Any:
    values = [x]
    for _ in range(n):
        values.append(np.tanh(values[-1]))
    g = np.ones_like(x)
    for y in reversed(values[1:]):
        g = g * (1 - y * y)
    return g


def multiply(np: Any, x: Any, n: int) -> Any:
    y = x
    for _ in range(n):
        y = y * x
    return np.sum(y)


def multiply_by_hand(x: Any, n: int) -> Any:
    values = [x]
    for _ in range(n):
        values.append(values[-1] * x)
    g, dx = np.ones_like(x), np.zeros_like(x)
    for y in reversed(values[:-1]):
        dx = dx + g * y
        g = g * x
    return dx + g


def add(np: Any, x: Any, n: int) -> Any:
    y = x
    for _ in range(n):
        y = y + x
    return np.sum(y)


def add_by_hand(x: Any, n: int) -> Any:
    y = x
    for _ in range(n):
        y = y + x
    g = dx = np.ones_like(x)
    for _ in range(n):
        dx = dx + g
    return dx


def gradient(f: Callable[..., Any], x: Any, n: int) -> Run:
    """The gradient of a chain on our tape."""
    leaf = ag.Tensor(x, requires_grad=True)

    def run() -> Any:
        leaf.grad = None
        f(np, leaf, n).backward()
        return leaf.grad

    return run


def chain(
    f: Callable[..., Any], hand: Callable[..., Any], x: Any, n: int, setting: Setting, case: str
) -> Iterator[Figure]:
    """Race a chain of n ops against the same typed by hand."""

    def aims(ratios: dict[str, float]) -> dict[str, float]:
        shares = {"PyTorch": 1.0, "HIPS autograd": 0.25}
        ahead = [ratios[peer] * share for peer, share in shares.items() if peer in ratios]
        return {"backward()": min(ahead)} if ahead else {}

    yield from contest(
        case,
        {
            "by hand": partial(hand, x, n),
            "backward()": gradient(f, x, n),
            "least tape": least.gradient(f, x, n),
        },
        setting,
        peers=lambda peer: _affordable(peer.gradient(lambda x: f(peer.np, x, n), x), n),
        per=n,
        aims=aims,
    )


def _affordable(ways: Ways, n: int) -> Ways:
    """Leave out what takes nearly a millisecond an op, where there are many."""
    if n > 10_000 and any("op by op" in name for name in ways):
        raise NotImplementedError(f"{n:,} ops would take minutes")
    return ways


def ops(setting: Setting) -> Iterator[Figure]:
    """Forward and backward of a chain of 1,000 ops / the same typed by hand; seconds are of one op.

    Aim: less than PyTorch's, and a quarter of HIPS autograd's.
    """
    chains = (
        ("y * 0.999 + 0.001", scale_and_shift, scale_and_shift_by_hand),
        ("np.tanh(y)", tanh, tanh_by_hand),
        ("y * x", multiply, multiply_by_hand),
    )
    for (text, f, hand), shape in itertools.product(chains, ((), (8, 8))):
        x = np.random.default_rng(0).uniform(0.999, 1.001, shape) * np.ones(())
        case = f"{text}, {'8x8' if shape else '0-d'}"
        yield from chain(f, hand, np.asarray(x), 1000, setting, case)


def deep(setting: Setting) -> Iterator[Figure]:
    """A chain of n ops on a number / the same typed by hand; seconds are of one op."""
    yield from _lengths(
        scale_and_shift, scale_and_shift_by_hand, setting, 4 if setting.quick else 6
    )


def wide(setting: Setting) -> Iterator[Figure]:
    """One number used n times / the same typed by hand; seconds are of one use."""
    yield from _lengths(add, add_by_hand, setting, 4 if setting.quick else 5)


def _lengths(
    f: Callable[..., Any], hand: Callable[..., Any], setting: Setting, largest: int
) -> Iterator[Figure]:
    x = np.asarray(0.5)
    lengths = [10**k for k in range(3, largest + 1)]
    for n in lengths:
        yield from chain(f, hand, x, n, setting, f"n = {n:,}")
    label = "/ at n = 1,000"
    for way, collector, said, aim in (
        (gradient, contextlib.nullcontext, f"backward() {label}", 1.3),
        # Python's cycle collector goes through a growing tape again and again.
        (gradient, without_collector, f"backward() {label}, collector off", 1.3),
        (least.gradient, contextlib.nullcontext, f"least tape {label}", None),
    ):
        ways = {f"n = {n:,}": way(f, x, n) for n in lengths}
        with collector():
            measured = race(ways, setting, dict(zip(ways, lengths, strict=True)))
        for (case, spread), n in zip(measured.items(), lengths, strict=True):
            yield spread.figure(case, said, aim=aim if n == lengths[-1] else None)


def protocol(setting: Setting) -> Iterator[Figure]:
    """Recording an op by its NumPy name / by its operator, method or a direct call."""
    for shape in ((), (8, 8)):
        for case, ways in _by_name_and_directly(np.ones(shape)).items():
            label = f"{case}, {'8x8' if shape else '0-d'}"
            yield race(ways, setting)["by name"].figure(label, "by name", aim=1.5)


def _by_name_and_directly(data: Any) -> dict[str, Ways]:
    x: Any = ag.Tensor(data, requires_grad=True)
    op = OPS[np.tanh]
    return {
        "np.multiply(x, x) / x * x": {
            "directly": lambda: x * x,
            "by name": lambda: np.multiply(x, x),
        },
        "np.negative(x) / -x": {"directly": lambda: -x, "by name": lambda: np.negative(x)},
        "np.sum(x) / x.sum()": {"directly": lambda: x.sum(), "by name": lambda: np.sum(x)},
        "np.tanh(x) / apply(op, (x,), {})": {
            "directly": lambda: apply(op, (x,), {}),
            "by name": lambda: np.tanh(x),
        },
    }


def imports(setting: Setting) -> Iterator[Figure]:
    """Importing the package in a fresh interpreter / importing NumPy alone."""
    times: dict[str, list[float]] = {"numpy": [], "autograd_lite": []}
    with tempfile.TemporaryDirectory() as compiled:
        for module in times:
            _import_seconds(module, compiled)  # compiles it, and reads it from the disk
        for _ in range(3 if setting.quick else setting.rounds):
            for module, taken in times.items():
                taken.append(_import_seconds(module, compiled))
    for module, spread in spreads(times).items():
        aim = 1.3 if module == "autograd_lite" else None
        yield spread.figure("import", module, aim=aim)


def _import_seconds(module: str, compiled: str) -> float:
    """Import in a new process that keeps what it compiles, whatever the environment says."""
    code = "import time; start = time.process_time(); "
    code += f"import {module}; print(time.process_time() - start)"
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
    return float(subprocess.check_output([sys.executable, "-c", code], text=True, env=env))


def derive(setting: Setting) -> Iterator[Figure]:
    """Deriving a program, and running it / a step on the tape."""
    for sizes in ((64, 32, 10), (64, *[32] * 10, 10))[: 1 if setting.quick else 2]:
        X, Y, parameters = networks.data(sizes, 32)
        case = f"{len(sizes) - 1} layers"
        ways: Ways = {
            "backward()": networks.on_tape(X, Y, parameters),
            "the program": networks.derived(X, Y, parameters),
        }
        yield from contest(case, ways, setting)
        ways["deriving it"] = partial(networks.derived, X, Y, parameters)
        yield race(ways, setting)["deriving it"].figure(case, "deriving it")
        if _numba_installed():
            start = clock()
            networks.derived(X, Y, parameters, "numba")()
            yield Figure(case, "compiling it, Numba", seconds=clock() - start)


def _numba_installed() -> bool:
    return importlib.util.find_spec("numba") is not None


# Derivatives of functions of 100 variables.

_SIZE = 100
_x = np.random.default_rng(0).standard_normal(_SIZE)
_A = np.random.default_rng(1).standard_normal((_SIZE, _SIZE)) / np.sqrt(_SIZE)


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's function, in what all peers have."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_by_hand(x: Any) -> Any:
    d = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    g[1:] += 200 * d
    return rosenbrock(x), g


def rosenbrock_hessian_by_hand(x: Any) -> Any:
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    beside = -400 * x[:-1]
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def jacobian_by_hand(x: Any) -> Any:
    return (1 - np.tanh(_A @ x) ** 2)[:, None] * _A


def derivatives(setting: Setting) -> Iterator[Figure]:
    """All derivatives of functions of 100 variables / the formulas typed by hand."""

    def jacobian(peer: Peer) -> Ways:
        A = peer.np.asarray(_A) if peer.name in ("PyTorch", "JAX") else _A
        return peer.jacobian(lambda x: peer.np.tanh(A @ x), _x)

    yield from contest(
        "Jacobian of tanh(A @ x), A 100 x 100",
        {
            "by hand": partial(jacobian_by_hand, _x),
            "ag.jacobian": partial(ag.jacobian(lambda x: np.tanh(_A @ x)), _x),
        },
        setting,
        peers=jacobian,
    )
    yield from contest(
        "Hessian of Rosenbrock's function",
        {
            "by hand": partial(rosenbrock_hessian_by_hand, _x),
            "ag.hessian": partial(ag.hessian(rosenbrock), _x),
        },
        setting,
        peers=lambda peer: peer.hessian(rosenbrock, _x),
    )


def minimize(setting: Setting) -> Iterator[Figure]:
    """Minimising Rosenbrock's function of 100 variables by L-BFGS / with its gradient by hand."""
    with contextlib.suppress(ImportError):
        from scipy.optimize import minimize

        start = np.full(_SIZE, 1.3)
        program = ag.derive(rosenbrock, start)
        many = {"maxfun": 10**6, "maxiter": 10**4, "ftol": 1e-14}  # differences ask often

        def scipy(f: Callable[..., Any], jac: bool | None) -> Any:
            return minimize(f, start, jac=jac, method="L-BFGS-B", options=many).x

        yield from contest(
            "from 1.3 everywhere",
            {
                "gradient by hand": partial(scipy, rosenbrock_by_hand, True),
                "ag.optim.minimize": lambda: ag.optim.minimize(rosenbrock, start, options=many).x,
                "ag.optim.minimize, derived": lambda: (
                    ag.optim.minimize(program, start, jac=True, options=many).x
                ),
                "differences": partial(scipy, rosenbrock, None),
            },
            setting,
            rtol=1e-4,
        )
        return
    yield Figure("from 1.3 everywhere", "not installed", note="SciPy")
