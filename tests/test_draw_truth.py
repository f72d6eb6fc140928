"""A picture says nothing false: names, values and expressions are those of the computation."""

import numpy as np

import autograd_lite as ag
from autograd_lite.drawing.backward import backward
from autograd_lite.drawing.names import names_of


def parameter(value, name=None):
    return ag.Tensor(np.asarray(value, float), requires_grad=True, name=name)


def test_no_two_values_have_one_name():
    x = parameter(3.0, "v1")
    text = str(ag.explain(x * 2 * x))
    assert "v1 = 2" not in text
    a, b = ag.nn.MLP([2, 2], rng=0), ag.nn.MLP([2, 2], rng=1)
    loss = (a(np.ones((1, 2))) + b(np.ones((1, 2)))).sum()
    names = names_of(backward(loss).records, {})
    assert len(set(names.values())) == len(names)
    assert "W1_2" in names.values()


def test_values_are_those_that_were_computed_with():
    w = parameter(2.0, "w")
    loss = w * w
    loss.backward(retain_graph=True)
    w.data = np.array(-7.0)
    text = str(ag.explain(loss))
    assert "-7.00" not in text
    assert "= 2.00 * 2.00" in text


def test_a_value_used_twice_has_two_arrows():
    drawing = ag.draw(lambda x: (x * x).sum(), np.ones(2))
    edges = [line for line in drawing.source.splitlines() if "e0-1" in line]
    assert len(edges) == 2
    assert edges[0].split("id=")[0] != edges[1].split("id=")[0]


def test_expressions_are_what_was_written():
    Q, K = parameter(np.ones((2, 3)), "Q"), parameter(np.ones((2, 3)), "K")
    text = str(ag.explain((Q @ K.T / np.sqrt(3)).sum()))
    assert "K.T" in text
    assert "0.577" not in text.partition("Backward")[0]
    x = parameter(1.5, "x")
    assert "x * 0.001" in str(ag.explain(x * 1e-3))
