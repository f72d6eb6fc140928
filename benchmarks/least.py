"""The least that a tape in Python can do: how far the price of automation can fall.

It records, and sweeps back in the order of the records: no checks, no names, no nesting, no dtypes
looked at, no NumPy functions on its values, and rules for what the benchmarks need alone. What
our tape takes beyond it is the price of the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_lite.sums import row_sums, sum_of_rows

__all__ = ["gradients", "leaf", "linear", "namespace", "relu", "softmax_cross_entropy"]

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
        return _record(np.add, _ADD, (self, other))

    def __mul__(self, other: Any) -> Value:
        return _record(np.multiply, _MULTIPLY, (self, other))


def leaf(data: Any) -> Value:
    """A value that was made from nothing."""
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


def gradients(y: Value, leaves: Sequence[Value]) -> list[Any]:
    """The cotangents of the leaves, from 1 for a value of one number."""
    reached = {y.birth: [y, y.data.dtype.type(1)]}
    births = [-y.birth]
    while births:
        record, g = reached.pop(-heappop(births))
        args = (g, record.data, *record.values)
        for x, value, rule in zip(record.inputs, record.values, record.rules, strict=True):
            if type(x) is not Value or rule is None:
                continue
            c = rule(*args)
            assert c.shape == value.shape
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

namespace = SimpleNamespace(
    sum=lambda x: _record(np.sum, _SUM, (x,)), tanh=lambda x: _record(np.tanh, _TANH, (x,))
)


def linear(x: Any, W: Value, b: Value) -> Value:
    """A layer."""
    return _record(_linear, _LINEAR, (x, W, b))


def _linear(x: Any, W: Any, b: Any) -> Any:
    y = x.dot(W)
    y += b
    return y


def relu(x: Value) -> Value:
    """Set negative numbers to 0."""
    return _record(lambda x: np.maximum(x, 0), _RELU, (x,))


def softmax_cross_entropy(Z: Value, Y: Any) -> Value:
    """The mean cross-entropy of logits and one-hot rows."""
    log_P = _record(_log_softmax, (None,), (Z,))
    return _record(_cross_entropy, _CROSS_ENTROPY, (Z, Y, log_P))


def _log_softmax(Z: Any) -> Any:
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(row_sums(np.exp(Z))[:, None])


def _cross_entropy(Z: Any, Y: Any, log_P: Any) -> Any:
    total: Any = np.vdot(Y, log_P)
    return -total / len(Z)
