"""The rule that is drawn is the rule: its text, evaluated, gives what the sweep sends."""

import numpy as np
import pytest
from drawings import parameter, rules

import autograd_lite as ag
from autograd_lite.drawing import draw
from autograd_lite.drawing.backward import backward
from autograd_lite.drawing.spell import made_code, rule_code
from autograd_lite.op import OPS, Each, Joint
from autograd_lite.selfcheck import CASES
from autograd_lite.tree import flatten

UNPRINTED = {"cumprod", "prod", "svd"}
"""Ops with rules that are too long for one expression, for some of their arguments."""


@pytest.fixture(scope="module")
def drawn():
    """Every step of every expression of the self-check: what is not printed, and what is wrong."""
    tried, unprinted, wrong = set(), set(), []
    for case in CASES:
        with np.errstate(all="ignore"):
            outputs = flatten(case.function(*(parameter(a) for a in case.inputs())))
            for step in (step for output in outputs for step in steps(output)):
                made, g, value = step
                tried.add((made.op, value[0]))
                try:
                    code = rule_code(made, value[0])
                except ValueError:
                    unprinted.add(made.op.name)
                    continue
                got = code(g, made.data, *made.values)
                if not (
                    np.shape(got) == value[1].shape
                    and np.allclose(got, value[1], 1e-9, 1e-12, equal_nan=True)
                ):
                    wrong.append((case.text, made.op.name, code.code))
    return tried, unprinted, wrong


def steps(output):
    swept = backward(output)
    for step in swept.steps:
        yield step.made, swept.gradients[step.made.birth], (step.position, step.value)


def test_the_text_of_every_rule_gives_what_the_sweep_sends(drawn):
    _, _, wrong = drawn
    assert wrong == []


def test_every_op_has_its_rules_tried(drawn):
    tried, _, _ = drawn
    missing = set()
    for op in OPS.values():
        if not op.flat:
            many = isinstance(op.vjps, (Each, Joint))
            wanted = {0} if many else {i for i, rule in enumerate(op.vjps) if rule is not None}
            missing |= {(op.name, i) for i in wanted if (op, i) not in tried}
    # These refuse a derivative by their order.
    assert missing == {(name, 0) for name in ("polygamma", "jv", "yv", "iv", "kv", "ive")}


def test_what_is_not_printed_is_known(drawn):
    _, unprinted, _ = drawn
    assert unprinted == UNPRINTED


def test_what_is_not_printed_is_named():
    x = parameter([1.0, 2.0, 3.0, 4.0], "x")
    assert rules(draw(np.sum(np.cumprod(x))))[2] == "rule of cumprod"


def x_and_more():
    x, y = parameter([[0.5, 2.0], [3.0, 1.0]], "x"), parameter([1.0, 2.0], "y")
    return x, y, parameter(2.0, "s")


@pytest.mark.parametrize(
    ("compute", "position", "text"),
    [
        (lambda x, y, s: x @ y, 1, "x.T @ g"),
        (lambda x, y, s: x + y, 1, "g.sum(0)"),
        (lambda x, y, s: x * s, 1, "(g * x).sum((0, 1))"),
        (lambda x, y, s: np.tanh(x), 0, "g * (1 - out**2)"),
        (lambda x, y, s: x**3, 0, "g * 3 * x**2"),
        (lambda x, y, s: x.mean(), 0, "np.full((2, 2), g / 4)"),
        (lambda x, y, s: x.mean(axis=0), 0, "np.broadcast_to(g.reshape((1, 2)) / 2, (2, 2))"),
        (lambda x, y, s: 1 / x, 0, None),
        (lambda x, y, s: np.exp(s), 0, "g * out"),
        (lambda x, y, s: s * s, 0, "g * s"),
        (lambda x, y, s: np.stack([y, y])[1], 0, None),
        (lambda x, y, s: ag.softmax_cross_entropy(x, np.array([0, 1])), 0, None),
        (lambda x, y, s: x.T.reshape(4), 0, "g.reshape((2, 2))"),
    ],
)
def test_rules_read_as_a_student_would_write_them(compute, position, text):
    given = x_and_more()
    made = compute(*given)
    names = [x.name or "v" if isinstance(x, ag.Tensor) else str(x) for x in made.inputs]
    written = rule_code(made, position).text(["g", "out", *names])
    if text is not None:
        assert written == text
    assert "np.broadcast_to(np" not in written


def test_a_constant_array_is_written_out_while_it_is_short():
    x = parameter(np.arange(6.0), "x")
    assert made_code(x[np.array([0, 2])]).text(["x"]) == "x[np.array([0, 2])]"
    long = made_code(x[np.arange(20) % 6])
    assert long.text(["x"]) == "x[c1]"
    assert np.array_equal(long(np.arange(6.0)), np.arange(20) % 6)


def test_numbers_are_put_into_rules_with_parentheses_where_negative():
    x, y = parameter(-2.0), parameter(3.0)
    code = rule_code(x * y, 1)
    assert code.text(["1.00", "-6.00", "-2.00", "3.00"]) == "1.00 * (-2.00)"
    code = rule_code(np.exp(x), 0)
    assert code.text(["-1.00", "0.14", "-2.00"]) == "(-1.00) * 0.14"


def test_an_argument_without_a_rule_is_refused():
    condition = ag.Tensor([True, False])
    with pytest.raises(ValueError, match="where has no derivative by its argument 0"):
        rule_code(np.where(condition, parameter([1.0, 2.0]), 0.0), 0)


def test_a_rule_that_leaves_the_tape_is_named_not_printed_wrong():
    def twice(x):
        return 2 * x

    op = ag.function(twice, lambda g, y, x: np.asarray(getattr(g, "data", g)) * 2.0)
    with pytest.raises(ValueError, match="twice"):
        rule_code(op(parameter([1.0, 2.0])), 0)
    assert rules(draw(op(parameter([1.0, 2.0], "x"))))[1] == "rule of twice"
