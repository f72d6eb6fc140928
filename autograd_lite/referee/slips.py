"""The slips of hand-written backpropagation, each as a change to the rules of a tape."""

# ruff: noqa: ARG001, ARG005  # a rule takes what the sweep gives it, a slip what `changes` does

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from ..op import Each, Op
from ..rules.neural import sigmoid, softmax
from .network import Network, births
from .replay import Record, Rule, rule_of, with_rules

__all__ = ["MESSAGES", "Change", "changes", "silenced"]

MESSAGES = {
    "value for derivative": "the activation f(z) itself stands where its derivative f'(z) belongs",
    "derivative at the output": (
        "the derivative is taken at the output f(z) where it belongs at the pre-activation z"
    ),
    "output formula at the input": (
        "the formula of the derivative that takes the output a = f(z), such as 1 - a**2 or "
        "a * (1 - a), was given the pre-activation z"
    ),
    "pre-activation for derivative": "the pre-activation z stands where f'(z) belongs",
    "derivative missing": "the cotangent is not multiplied by the derivative f'(z)",
    "mask missing": "the cotangent is not multiplied by the mask z > 0 of the relu",
    "mask of the cotangent": (
        "the cotangent is cut where it is negative itself; the mask is where z > 0"
    ),
    "square missing": "1 - a stands where 1 - a**2 (tanh) or a * (1 - a) (sigmoid) belongs",
    "another activation's derivative": "this is the derivative of another activation",
    "wrong layer": "a value of another layer is used where this layer's own belongs",
    "softmax axis": (
        "the softmax is normalized along the wrong axis; its sums run over the classes, "
        "one for each sample"
    ),
    "softmax Jacobian": (
        "only the diagonal of the softmax's Jacobian is used, p * (1 - p); every logit moves "
        "every probability, and with the cross-entropy that makes P - Y"
    ),
    "targets missing": "P stands where P - Y belongs",
    "derivative twice": (
        "the derivative of the output's activation is multiplied in once more; the loss of the "
        "logits has it already (P - Y)"
    ),
    "sign of one term": (
        "one of the two terms of the cross-entropy has the wrong sign: "
        "-y / p + (1 - y) / (1 - p), and by the logits P - Y"
    ),
    "not transposed": "a matrix is used as it is where its transpose belongs",
    "pre-activation for activation": (
        "the layer's input is its activation a = f(z), and the pre-activation z was used"
    ),
    "not summed over the batch": (
        "the gradient is that of one sample; sum over the batch, "
        "np.sum(dZ, axis=...) along the axis of the samples"
    ),
    "one sample only": (
        "only one sample of the batch counts; add up the gradients of all (+=, not =)"
    ),
}
"""What each slip of a rule is, in words; `factors` has those of multiples."""

Changes: TypeAlias = Iterator[tuple[str, Record]]


@dataclass(frozen=True)
class Change:
    """Altered records: a slip that a backward pass can be run with, or a part of the loss silenced.

    Attributes
    ----------
    kind : {"rule", "factor", "penalty", "part"}
        A slip with a message, a named factor in the rules, or the silence of a penalty or of
        another part.
    where : str
    records : dict of int to Record
        Replace those of the same birth.
    name : str
        Of the slip or factor.
    """

    kind: Literal["rule", "factor", "penalty", "part"]
    where: str
    records: dict[int, Record]
    name: str = ""


def changes(network: Network) -> Iterator[Change]:
    """Go through the slips: each everywhere in the network at once, then in one place."""
    for kind in _KINDS:
        found: dict[str, dict[int, Record]] = {}
        alone = []
        for record in network.path:
            for name, altered in kind(network, record):
                found.setdefault(name, {}).setdefault(altered.birth, altered)
                alone.append(Change("rule", network.where(record), {record.birth: altered}, name))
        for name, records in found.items():
            if len(records) > 1:
                alone.insert(0, Change("rule", f"all {len(records)} places", records, name))
        for change in alone:
            if change.name == "softmax axis":  # what the forward pass had, and all that follows
                change = replace(change, records=network.tape.replayed(change.records))
            yield change
    for name, c in network.factors.items():
        steps = {birth: _scaled(record, c) for birth, record in network.activations.items()}
        if len(steps) > 1:
            yield Change("factor", "the step through every activation", steps, name)


def silenced(network: Network) -> Iterator[Change]:
    """Go through the parts of the loss whose gradients may be off by a factor, set to 0."""
    if network.penalties:
        together = {r.birth: _scaled(r, 0) for r in network.penalties}
        yield Change("penalty", "the penalty", together)
        for r in network.penalties if len(together) > 1 else ():
            yield Change("penalty", f"the penalty {network.where(r)}", {r.birth: _scaled(r, 0)})
    silent = {}
    for r in network.products:
        rules = {i: rule_of(r, i) for i, birth in enumerate(births(r)) if birth in network.pure}
        silent[r.birth] = with_rules(r, {i: rule and _times_0(rule) for i, rule in rules.items()})
    yield Change("part", "the product that makes each dW", silent)
    for r in reversed(network.path):
        if r.birth not in network.pure and r.birth != network.tape.root:
            yield Change("part", network.where(r), {r.birth: _scaled(r, 0)})


def _times_0(rule: Rule) -> Rule:
    return lambda g, *args, **params: 0 * rule(g, *args, **params)


def _slopes(network: Network, record: Record) -> Changes:
    """The derivative of an activation: another function, or at another point."""
    if record.birth not in network.activations:
        return
    (i,) = network.tape.flowing(record)
    right = rule_of(record, i)
    assert right is not None, "a derivative flows to this input"
    name, forward, params = record.op.name, record.op.forward, record.params
    is_relu = name == "relu"

    def at(xs: tuple[Any, ...], x: Any) -> tuple[Any, ...]:
        return (*xs[:i], x, *xs[i + 1 :])

    rules: dict[str, Callable[..., Any]] = {
        "mask missing" if is_relu else "derivative missing": lambda g, y, *xs: g,
        "value for derivative": lambda g, y, *xs: g * y,
        "derivative at the output": lambda g, y, *xs: right(
            g, forward(*at(xs, y), **params), *at(xs, y), **params
        ),
        "pre-activation for derivative": lambda g, y, *xs: g * xs[i],
        "output formula at the input": lambda g, y, *xs: right(g, xs[i], *xs, **params),
    }
    if is_relu:
        rules["mask of the cotangent"] = lambda g, y, *xs: g * (g > 0)
    if name in ("tanh", "sigmoid"):
        of_sigmoid = lambda g, y, *xs: g * y * (1 - y)  # noqa: E731
        of_tanh = lambda g, y, *xs: g * (1 - y * y)  # noqa: E731
        rules["square missing"] = lambda g, y, *xs: g * (1 - y)
        rules["another activation's derivative"] = of_tanh if name == "sigmoid" else of_sigmoid
    for slip, rule in rules.items():
        yield slip, with_rules(record, {i: _without_params(rule)})
    for r in network.neighbors(record):
        yield "wrong layer", with_rules(record, {i: _at_other(right, r)})


def _without_params(rule: Callable[..., Any]) -> Rule:
    return lambda g, y, *xs, **params: rule(g, y, *xs)


def _at_other(rule: Rule, other: Record) -> Rule:
    return lambda g, y, *xs, **params: rule(g, other.data, *other.values, **params)


def _softmax_axis(network: Network, record: Record) -> Changes:
    """Another axis: in the values alone, or in the values and the sums of the rule."""
    shape = np.shape(record.values[0]) if record.values else ()
    if record.op.name == "logsumexp":
        for axis in range(len(shape)):

            def to_logits(g: Any, y: Any, x: Any, *, axis: int = axis, **params: Any) -> Any:
                kept = np.expand_dims(g, record.params["axis"]) if g.ndim < x.ndim else g
                return kept * softmax(x, axis=axis)

            if record.params.get("axis") is not None:
                rule = _without_params(to_logits)
                yield "softmax axis", with_rules(record, {0: rule})
        return
    if record.op.name not in ("softmax", "log_softmax"):
        return
    right = record.params.get("axis", -1) % len(shape)
    op = record.op
    for axis in set(range(len(shape))) - {right}:
        yield "softmax axis", replace(record, op=_along(op, axis))
        yield "softmax axis", replace(record, params={"axis": axis})


def _along(op: Op, axis: int) -> Op:
    return Op(op.fn, op.vjps, forward=lambda x, **params: op.forward(x, axis=axis))


def _softmax_jacobian(network: Network, record: Record) -> Changes:
    if record.op.name == "softmax":
        diagonal = lambda g, y, x, **params: g * y * (1 - y)  # noqa: E731
    elif record.op.name == "log_softmax":
        diagonal = lambda g, y, x, **params: g * (1 - np.exp(y))  # noqa: E731

        def without_targets(g: Any, y: Any, x: Any, axis: int = -1) -> Any:
            return -np.exp(y) * g.sum(axis=axis, keepdims=True)

        def by_probabilities(g: Any, y: Any, x: Any, **params: Any) -> Any:
            return g * np.exp(-y)

        yield "derivative missing", with_rules(record, {0: by_probabilities})
        yield "targets missing", with_rules(record, {0: without_targets})
    else:
        return
    yield "softmax Jacobian", with_rules(record, {0: diagonal})
    yield "derivative missing", with_rules(record, {0: lambda g, y, x, **params: g})


def _head(network: Network, record: Record) -> Changes:
    """The cotangent of the logits: an extra derivative, or that of one sample."""
    if record is not network.logits:
        return
    z = record.data
    s, t = sigmoid(z), np.tanh(z)
    for slope in (s * (1 - s), 1 - t * t, z > 0):
        yield "derivative twice", _scaled(record, slope)
    for sign in (-1, 1):
        yield "sign of one term", _bent(record, sign)
    for axis, n in enumerate(z.shape):
        if n == (network.samples or 0) > 1:
            for k in (n - 1, 0):
                mask = np.arange(n) == k
                shape = [n if i == axis else 1 for i in range(z.ndim)]
                yield "one sample only", _scaled(record, mask.reshape(shape))
    for axis in range(z.ndim):
        if z.shape[axis] > 1:
            p = softmax(z, axis=axis)
            yield "derivative twice", _scaled(record, p * (1 - p))


def _with_cotangent(record: Record, change: Callable[[Any], Any]) -> Record:
    """The record with its own cotangent changed before any rule sees it."""

    def rule_for(i: int) -> Rule | None:
        rule = rule_of(record, i)
        return rule and (lambda g, *args, **params: rule(change(g), *args, **params))

    op = record.op
    return replace(record, op=Op(op.fn, Each(rule_for), broadcasts=op.broadcasts))


def _scaled(record: Record, factor: Any) -> Record:
    return _with_cotangent(record, lambda g: g * factor)


def _bent(record: Record, sign: int) -> Record:
    return _with_cotangent(record, lambda g: sign * np.abs(g))


def _operands(network: Network, record: Record) -> Changes:
    """What a layer's cotangent is multiplied by: transposed, or of another layer."""
    if record not in network.products:
        return
    for i, k in (0, 1), (1, 0):
        rule, other = rule_of(record, i), record.values[k]
        if i not in network.tape.flowing(record) or rule is None or np.ndim(other) < 2:
            continue
        if other.shape[-1] == other.shape[-2]:
            yield "not transposed", _with_operand(record, i, k, rule, np.swapaxes(other, -1, -2))
        used = network.tape.records.get(births(record)[k])
        if used is None or used.birth not in network.tape.wanted:
            continue
        if used.birth in network.activations:
            z = used.values[network.tape.flowing(used)[0]]
            yield "pre-activation for activation", _with_operand(record, i, k, rule, z)
        for r in network.neighbors(used):
            yield "wrong layer", _with_operand(record, i, k, rule, r.data)


def _with_operand(record: Record, i: int, k: int, rule: Rule, value: Any) -> Record:
    def wrong(g: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return rule(g, y, *xs[:k], value, *xs[k + 1 :], **params)

    return with_rules(record, {i: wrong})


def _one_row(network: Network, record: Record) -> Changes:
    """The first or last sample's cotangent where those of a bias are summed."""
    for i in network.tape.flowing(record):
        rule, shape = rule_of(record, i), np.shape(record.values[i])
        if not record.op.broadcasts or not shape or record.op.name == "matmul":
            continue
        stretched = np.shape(record.data)
        padded = (1,) * (len(stretched) - len(shape)) + shape
        axes = [k for k, (n, m) in enumerate(zip(stretched, padded, strict=True)) if n != m]
        if len(axes) != 1 or rule is None:
            continue
        for k in (0, -1):
            yield (
                "not summed over the batch",
                with_rules(record, {i: _row(rule, axes[0], k, shape)}),
            )


def _row(rule: Rule, axis: int, k: int, shape: tuple[int, ...]) -> Rule:
    def one(g: Any, *args: Any, **params: Any) -> Any:
        return np.take(rule(g, *args, **params), k, axis=axis).reshape(shape)

    return one


_KINDS = (_slopes, _softmax_axis, _softmax_jacobian, _head, _one_row, _operands)
