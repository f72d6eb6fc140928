"""Costs that can be counted, and repeat: records, arrays, bytes, objects and calls."""

from functools import partial

import numpy as np
import pytest
from counting import calls

import autograd_lite as ag
from benchmarks import networks, speed
from benchmarks.measure import objects_left, peak_bytes
from benchmarks.memory import record_bytes

SMALL = networks.data((64, 32, 10), 32)
LARGE = networks.data((784, 512, 512, 10), 1024, "float32")


def leaves(parameters):
    return [ag.Tensor(p, requires_grad=True) for p in parameters]


@pytest.mark.parametrize(
    ("layer", "ops"), [(ag.linear, ["linear"]), (networks.linear, ["matmul", "add"])]
)
def test_a_network_makes_one_record_an_op_and_a_leaf(layer, ops):
    X, Y, parameters = SMALL
    records = ag.tape(networks.loss(X, Y, leaves(parameters), layer))
    assert len(records) == len(parameters) + 2 * len(ops) + 3
    made = [t.op.name for t in records if t.op]
    assert made == [*ops, "relu", *ops, "log_softmax", "cross_entropy"]


def test_a_network_keeps_its_data_and_one_array_an_op():
    X, Y, parameters = SMALL
    records = ag.tape(networks.loss(X, Y, leaves(parameters), ag.linear))
    arrays = [array for t in records for array in (t.data, *t.values) if np.ndim(array)]
    names = "X Y W1 b1 W2 b2 Z1 A1 Z2 log_P"
    assert len({id(array) for array in arrays}) == len(names.split())


@pytest.mark.parametrize(
    "step",
    [
        networks.on_tape(*SMALL),
        networks.on_tape(*SMALL, networks.linear),
        networks.as_function(*SMALL),
        networks.derived(*SMALL),
    ],
    ids=["backward", "backward of operators", "value_and_grad", "derive"],
)
def test_a_step_leaves_nothing_to_the_garbage_collector(step):
    assert objects_left(step) == 0


def test_what_is_left_is_counted():
    def make_a_cycle():
        cycle = []
        cycle.append(cycle)

    assert objects_left(make_a_cycle) == 1


def test_a_record_of_an_op_on_numbers_takes_at_most_400_bytes():
    assert 100 < record_bytes() <= 400


@pytest.mark.parametrize(
    ("step", "share"),
    [(networks.on_tape, 0.9), (networks.as_function, 1.0), (networks.derived, 0.6)],
    ids=["backward", "value_and_grad", "derive"],
)
def test_a_step_needs_less_memory_than_the_formulas_typed_by_hand(step, share):
    by_hand = peak_bytes(lambda: partial(networks.three_layers_by_hand, *LARGE))
    assert peak_bytes(lambda: step(*LARGE)) <= share * by_hand


def test_a_step_in_operators_needs_at_most_an_eighth_more():
    by_hand = peak_bytes(lambda: partial(networks.three_layers_by_hand, *LARGE))
    assert peak_bytes(lambda: networks.on_tape(*LARGE, networks.linear)) <= 1.125 * by_hand


def test_the_peak_counts_what_is_freed_again():
    def use_a_mebibyte():
        np.zeros(2**20, np.uint8)

    assert 2**20 <= peak_bytes(lambda: use_a_mebibyte) < 2**20 + 10_000


def test_checkpoints_of_a_chain_hold_a_tenth_of_its_memory():
    W = ag.Tensor(np.eye(64) / 8, requires_grad=True)

    def block(x, W):
        for _ in range(32):
            x = np.tanh(x @ W)
        return x

    def sweep(block):
        W.grad = None
        y = ag.Tensor(np.ones((32, 64)))
        for _ in range(32):
            y = block(y, W)
        y.sum().backward()

    kept, again = partial(sweep, block), partial(sweep, ag.checkpoint(block))
    assert peak_bytes(lambda: again) <= 0.1 * peak_bytes(lambda: kept)


@pytest.mark.parametrize("chain", [speed.scale_and_shift, speed.add, speed.multiply, speed.tanh])
def test_calls_grow_by_at_most_20_an_op_however_deep_or_wide(chain):
    x = np.asarray(0.5)
    runs = [speed.gradient(chain, x, n) for n in (100, 200, 300)]
    runs[0]()  # what is only done once is no part of it
    few, some, many = map(calls, runs)
    assert many - some == some - few
    assert 0 < (some - few) / 100 <= 20


def test_calls_grow_with_the_steps_of_an_unrolled_descent():
    def descent(steps):
        def f(x):
            for _ in range(steps):
                x = x - 0.1 * ag.grad(lambda p: np.sum(p * p))(x)
            return np.sum(x)

        return lambda: ag.grad(f)(np.ones(2))

    few, some, many = (calls(descent(n)) for n in (20, 40, 60))
    assert 0 < many - some <= 1.02 * (some - few)


def test_calls_are_counted():
    assert calls(lambda: [abs(-1) for _ in range(7)]) >= 7
