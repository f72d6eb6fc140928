"""The least that a tape in Python can do, as a yardstick.

It records, and sweeps back from the youngest record to the oldest: no names, no nesting, no checks,
no errors that explain, no copies (leaves may share a gradient), no NumPy functions called by name
on its values, and only the rules that the benchmarks need. What our tape takes beyond it is the
price of the rest.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_lite.sums import row_sums, sum_of_rows

__all__ = ["gradient", "mlp"]

Rules = Sequence[Callable[..., Any] | None]

_births = itertools.count()


class Value:
    """A value and what it was made from."""

    __slots__ = ("birth", "data", "inputs", "rules", "values")

    data: Any
    birth: int
    inputs: tuple[Any, ...]
    values: list[Any]
    rules: Rules

    def __add__(self, other: Any) -> Value:
        return _record(operator.add, _ADD, (self, other))

    def __mul__(self, other: Any) -> Value:
        return _record(operator.mul, _MULTIPLY, (self, other))


def _leaf(data: Any) -> Value:
    return _value(data, (), [], ())


def _value(data: Any, inputs: tuple[Any, ...], values: list[Any], rules: Rules) -> Value:
    made: Value = object.__new__(Value)
    made.data = data
    made.birth = next(_births)
    made.inputs = inputs
    made.values = values
    made.rules = rules
    return made


def _record(forward: Callable[..., Any], rules: Rules, inputs: tuple[Any, ...]) -> Value:
    values = [x.data if type(x) is Value else x for x in inputs]
    return _value(forward(*values), inputs, values, rules)


def _gradients(y: Value, leaves: Sequence[Value]) -> list[Any]:
    """The cotangents of the leaves, from 1 for a value of one number."""
    reached = {y.birth: [y, y.data.dtype.type(1)]}
    births = [-y.birth]
    while births:
        record, g = reached.pop(-heappop(births))
        args = (g, record.data, *record.values)
        for x, rule in zip(record.inputs, record.rules, strict=True):
            if type(x) is not Value or rule is None:
                continue
            c = rule(*args)
            if x.birth in reached:
                reached[x.birth][1] = reached[x.birth][1] + c
                continue
            reached[x.birth] = [x, c]
            if x.rules:
                heappush(births, -x.birth)
        record.inputs, record.values, record.rules = (), [], ()
    return [reached[x.birth][1] for x in leaves]


_ADD: Rules = (lambda g, y, a, b: g, lambda g, y, a, b: g)
_MULTIPLY: Rules = (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
_TANH: Rules = (lambda g, y, x: g * (1 - y * y),)
_SUM: Rules = (lambda g, y, x: np.broadcast_to(g, x.shape),)
_LINEAR: Rules = (
    lambda g, y, x, W, b: g.dot(W.T),
    lambda g, y, x, W, b: x.T.dot(g),
    lambda g, y, x, W, b: sum_of_rows(g),
)
_RELU: Rules = (lambda g, y, x: g * (y > 0),)
_CROSS_ENTROPY: Rules = (lambda g, y, Z, Y, log_P: (np.exp(log_P) - Y) * (g / len(Z)), None, None)


def _linear(x: Any, W: Any, b: Any) -> Any:
    y = x.dot(W)
    y += b
    return y


def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


def _log_softmax(Z: Any) -> Any:
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(row_sums(np.exp(Z))[:, None])


def _cross_entropy(Z: Any, Y: Any, log_P: Any) -> Any:
    total: Any = np.vdot(Y, log_P)
    return -total / len(Z)


_NUMPY = SimpleNamespace(
    sum=lambda x: _record(np.sum, _SUM, (x,)), tanh=lambda x: _record(np.tanh, _TANH, (x,))
)


def gradient(f: Callable[..., Any], x: Any, n: int) -> Callable[[], Any]:
    """The gradient of a chain of n ops, which is written with a namespace."""

    def run() -> Any:
        leaf = _leaf(x)
        return _gradients(f(_NUMPY, leaf, n), [leaf])[0]

    return run


def mlp(X: Any, Y: Any, parameters: Sequence[Any]) -> Callable[[], Any]:
    """Value and gradients of a network with one hidden layer."""

    def run() -> Any:
        W1, b1, W2, b2 = leaves = [_leaf(p) for p in parameters]
        hidden = _record(_relu, _RELU, (_record(_linear, _LINEAR, (X, W1, b1)),))
        logits = _record(_linear, _LINEAR, (hidden, W2, b2))
        log_P = _record(_log_softmax, (None,), (logits,))
        loss = _record(_cross_entropy, _CROSS_ENTROPY, (logits, Y, log_P))
        return loss.data, tuple(_gradients(loss, leaves))

    return run
