"""Every registered rule obeys the laws, and a wrong one is caught."""

from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import cli, selfcheck
from autograd_lite.op import OPS
from autograd_lite.selfcheck import CASES, BrokenLaw, Case, check, coverage, uncovered
from autograd_lite.selfcheck.coverage import (
    conventions,
    markdown,
    rows,
    survey,
    unrefused,
    versions,
)


@pytest.fixture(scope="module")
def found():
    return survey(CASES)


def test_every_expression_obeys_the_laws(found):
    assert found.broken == []


def test_every_rule_is_tried_and_every_keyword_honoured_or_refused(found):
    assert found.missing == []


def test_a_rule_without_a_case_is_reported():
    assert "tanh, argument 0" in uncovered(set())


@pytest.mark.parametrize(
    ("fn", "wrong", "text"),
    [
        (np.tanh, (lambda g, y, x: g * (1 - y),), "np.tanh(x)"),
        (np.multiply, (lambda g, y, a, b: g * b, lambda g, y, a, b: g), "x * y"),
        (np.sum, (lambda g, y, x, axis=None, keepdims=False: g,), "np.sum(x, axis=0)"),
        (np.exp, (lambda g, y, x: ag.stop_gradient(g * y),), "np.exp(x)"),
        (np.negative, (lambda g, y, x: -1.000002 * g,), "np.negative(x)"),
    ],
    ids=[
        "dropped square",
        "wrong factor",
        "not spread",
        "flat at second order",
        "2e-6 off",
    ],
)
def test_a_planted_error_breaks_a_law(monkeypatch, fn, wrong, text):
    monkeypatch.setattr(OPS[fn], "vjps", wrong)
    with pytest.raises(BrokenLaw, match=r"order|shape|cotangent|mode"):
        check(text)


def test_a_rule_of_another_dtype_is_cast_back_by_the_engine(monkeypatch):
    monkeypatch.setattr(OPS[np.exp], "vjps", (lambda g, y, x: (g * y).astype(float),))
    check("np.exp(x)")


def test_a_rule_that_writes_into_its_argument_is_caught(monkeypatch):
    def forward(x):
        x += 1
        return np.exp(x)

    monkeypatch.setattr(OPS[np.exp], "forward", forward)
    with pytest.raises(BrokenLaw):
        check("np.exp(x)")


def test_the_table_of_coverage_is_up_to_date(found):
    pytest.importorskip("dask.array")
    pytest.importorskip("scipy")
    table = markdown(rows(found.tried, with_dask=True))
    written = (Path(selfcheck.__file__).parent / "COVERAGE.md").read_text()
    if versions() in written:
        again = "run: autograd-lite selfcheck --markdown > autograd_lite/selfcheck/COVERAGE.md"
        assert written == f"{table}\n\n{conventions()}\n", again
    else:  # what NumPy, SciPy and Dask have differs; what ours has does not
        ours = [line for line in table.splitlines() if line.startswith("| `ag.")]
        assert [line.split("|")[1] for line in ours if line.split("|")[1] not in written] == []


def test_at_least_four_hundred_expressions_are_checked():
    assert len({case.text for case in CASES}) >= 400


def test_a_keyword_that_is_ignored_is_found(monkeypatch):
    assert unrefused(np.sum) == []
    monkeypatch.setattr(coverage, "_honoured", lambda fn: set())
    monkeypatch.setattr(coverage, "covered", lambda fn, kwargs, keywords: {})
    assert "axis" in unrefused(np.sum)


def test_the_command_prints_the_table_and_fails_on_a_broken_law(monkeypatch, capsys):
    monkeypatch.setattr(selfcheck, "CASES", tuple(Case(t) for t in ("np.tanh(x)", "x @ M")))
    assert cli.main(["selfcheck"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN  exp, argument 0 is tried by no expression" in out
    assert "2 expressions tried" in out


def test_the_readme_has_the_conventions():
    assert conventions() in (Path(__file__).parent.parent / "README.md").read_text()
