"""Every registered rule obeys the laws, and a wrong one is caught."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.op import OPS
from autograd_lite.selfcheck import CASES, BrokenLaw, check, uncovered

SHIPPED = list(OPS.values())


@pytest.mark.parametrize("text", CASES)
def test_expression_obeys_the_laws(text):
    check(text)


def test_no_registered_rule_is_left_out():
    covered = set().union(*(check(text, order=1) for text in CASES))
    assert uncovered(covered, SHIPPED) == []


def test_a_rule_without_a_case_is_reported():
    assert "tanh, argument 0" in uncovered(set())


@pytest.mark.parametrize(
    ("fn", "wrong", "text"),
    [
        (np.tanh, (lambda g, y, x: g * (1 - y),), "np.tanh(x)"),
        (np.multiply, (lambda g, y, a, b: g * b, lambda g, y, a, b: g), "x * y"),
        (np.sum, (lambda g, y, x, axis=None, keepdims=False: g,), "np.sum(x, axis=0)"),
        (np.exp, (lambda g, y, x: ag.stop_gradient(g * y),), "np.exp(x)"),
        (np.exp, (lambda g, y, x: (g * y).astype(float),), "np.exp(x)"),
        (np.negative, (lambda g, y, x: -1.000002 * g,), "np.negative(x)"),
    ],
    ids=[
        "dropped square",
        "wrong factor",
        "not spread",
        "flat at second order",
        "dtype",
        "2e-6 off",
    ],
)
def test_a_planted_error_breaks_a_law(monkeypatch, fn, wrong, text):
    monkeypatch.setattr(OPS[fn], "vjps", wrong)
    if text == "np.exp(x)" and "astype" in wrong[0].__code__.co_names:
        check(text)  # the engine itself casts a cotangent back to its argument's dtype
    else:
        with pytest.raises(BrokenLaw, match=r"order|shape|cotangent"):
            check(text)


def test_a_rule_that_writes_into_its_argument_is_caught(monkeypatch):
    def forward(x):
        x += 1
        return np.exp(x)

    monkeypatch.setattr(OPS[np.exp], "forward", forward)
    with pytest.raises(BrokenLaw):
        check("np.exp(x)")
