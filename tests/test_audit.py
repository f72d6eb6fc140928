"""The claims of the papers: each has its verdict, and each check can fail."""

import json
import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lite.audit.claim import AGREES, DIFFERS, TRIALS, Paper, audit, distance, judge
from autograd_lite.audit.claims import PAPERS
from autograd_lite.audit.tables import as_json, as_markdown, as_table
from autograd_lite.cli import main

CLAIMS = [claim for paper in PAPERS for claim in paper]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_verdict_is_the_one_on_record(claim):
    finding = judge(claim)
    assert finding.expected, finding


class Watched(SimpleNamespace):
    """Notes which of its ingredients are read."""

    def __getattribute__(self, name):
        if not name.startswith("_"):
            vars(self)["_read"].add(name)
        return super().__getattribute__(name)


def off_by_a_thousandth(ingredient):
    if callable(ingredient):
        return lambda *args, **kwargs: off_by_a_thousandth(ingredient(*args, **kwargs))
    if isinstance(ingredient, (list, tuple)):
        return type(ingredient)(map(off_by_a_thousandth, ingredient))
    if isinstance(ingredient, dict):
        return {key: off_by_a_thousandth(value) for key, value in ingredient.items()}
    if isinstance(ingredient, (int, np.integer)):
        return ingredient + 1  # a width or a position
    return np.asarray(ingredient) * 1.001


def draws(claim):
    return [claim.given(np.random.default_rng(seed)) for seed in range(TRIALS)]


def error_with(claim, side, name):
    """The distance of a side that is given one ingredient that is off."""
    errors = []
    for c in draws(claim):
        expected = claim.engine(c)
        off = SimpleNamespace(**{**vars(c), name: off_by_a_thousandth(getattr(c, name))})
        try:
            errors.append(distance(side(off), expected))
        except (ValueError, IndexError):  # a width that is off fits nothing
            errors.append(1.0)
    return max(errors)


@pytest.mark.parametrize(
    "claim", [claim for claim in CLAIMS if claim.printed], ids=lambda claim: claim.id
)
def test_what_holds_reacts_to_each_function_and_label_off_by_a_thousandth(claim):
    side = claim.corrected or claim.printed
    c = draws(claim)[0]
    watched = Watched(_read=set(), **vars(c))
    side(watched)
    errors = {name: error_with(claim, side, name) for name in sorted(watched._read)}
    assert any(error >= DIFFERS for error in errors.values()), errors
    decisive = {name for name in errors if callable(getattr(c, name)) or name in ("Y", "y")}
    assert not {name for name in decisive if errors[name] < DIFFERS}, errors


def magnitude(value):
    if isinstance(value, (tuple, list)):
        return max(map(magnitude, value))
    return np.abs(value).max(initial=0)


VANISHING = [claim for claim in CLAIMS if claim.id.startswith("whitehill/8-")]
"""Section 8 is about gradients that are zero, and curvatures that are never negative."""


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS if c.printed and c not in VANISHING], ids=lambda claim: claim.id
)
def test_no_claim_only_compares_zeros(claim):
    assert max(magnitude(claim.engine(c)) for c in draws(claim)) > 1e-3


def test_ids_are_unique_and_name_their_paper():
    assert not [key for key, n in Counter(claim.id for claim in CLAIMS).items() if n > 1]
    assert all(claim.paper == paper.name for paper in PAPERS for claim in paper)
    assert len(CLAIMS) > 300


NUMBERED = {"park": 39, "matrix_form": 42, "menon": 4}


@pytest.mark.parametrize("paper", NUMBERED)
def test_every_numbered_equation_has_a_row(paper):
    labels = " ".join(claim.label for claim in CLAIMS if claim.paper == paper)
    covered = set()
    for first, last in re.findall(r"\((\d+)\)(?:(?:-|\u2013| to )\((\d+)\))?", labels):
        covered |= set(range(int(first), int(last or first) + 1))
    assert set(range(1, NUMBERED[paper] + 1)) <= covered


def judged(printed, engine=lambda c: c.x, **more):
    paper = Paper("a", "A paper", "None.")
    verb = more.pop("verb", "holds")
    given = lambda rng: SimpleNamespace(x=rng.standard_normal(3))  # noqa: E731
    getattr(paper, verb)("eq1", "eq. (1)", "x", given=given, printed=printed, engine=engine, **more)
    (claim,) = paper
    return judge(claim)


def test_nothing_falls_between_the_thresholds_unnoticed():
    assert judged(lambda c: c.x * (1 + 1e-10)).verdict == "holds"
    between = judged(lambda c: c.x * (1 + 1e-8))
    assert between.verdict == "undecided"
    assert AGREES < between.error < DIFFERS
    assert judged(lambda c: c.x * 2).verdict == "undecided"


def test_what_is_wrong_needs_a_correction_that_is_right():
    wrong = {"verb": "wrong", "correction": "x"}
    assert judged(lambda c: 2 * c.x, corrected=lambda c: c.x, **wrong).verdict == "wrong"
    assert judged(lambda c: 2 * c.x, corrected=lambda c: 3 * c.x, **wrong).verdict == "undecided"
    assert judged(lambda c: c.x, corrected=lambda c: c.x, **wrong).verdict == "undecided"


def test_a_condition_must_matter():

    def positive(rng):
        return SimpleNamespace(x=rng.uniform(1, 2, 3))

    def any_sign(rng):
        return SimpleNamespace(x=rng.standard_normal(3))

    for without, verdict in ((any_sign, "holds if"), (positive, "undecided")):
        paper = Paper("a", "A paper", "None.")
        paper.holds_if(
            "eq1",
            "eq. (1)",
            "x",
            "x > 0",
            positive,
            without,
            printed=lambda c: np.abs(c.x),
            engine=lambda c: c.x,
        )
        assert judge(paper.claims[0]).verdict == verdict


def test_shapes_and_nan_count_as_far_apart():
    x = np.ones((2, 1))
    assert distance(x, x.T) == 1.0
    assert distance(x * np.nan, x) == 1.0
    assert distance((x, x), (x,)) == 1.0
    assert distance(x, (x, x)) == 1.0
    assert distance((x, 2 * x), [x, x]) == 0.5
    assert distance(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0
    assert distance(1e-17, 0.0) < AGREES


def test_json_rows_have_the_documented_keys(capsys):
    assert main(["audit", "--paper", "menon", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    keys = "id paper label statement condition error verdict correction correction_error"
    assert all(list(row) == keys.split() for row in rows)
    assert {row["paper"] for row in rows} == {"menon"}
    for row in rows:
        assert (row["error"] is None) == (row["verdict"] == "misprint")
        assert (row["correction_error"] is not None) == (row["verdict"] == "wrong")


def test_the_table_says_what_is_printed_and_what_is_right(capsys):
    assert main(["audit", "--paper", "park", "--only", "wrong"]) == 0
    out = capsys.readouterr().out
    assert "printed" in out
    assert "correct" in out
    assert "  holds  " not in out
    assert re.search(r"park: \d+ claims: \d+ are wrong\n", out)


def test_a_verdict_that_is_not_on_record_is_exit_code_1(monkeypatch, capsys):
    paper = Paper("menon", "A paper", "None.")
    given = lambda rng: SimpleNamespace(x=rng.standard_normal(3))  # noqa: E731
    paper.holds("eq1", "eq. (1)", "x", given, lambda c: 2 * c.x, lambda c: c.x)
    monkeypatch.setattr("autograd_lite.audit.claims.PAPERS", (paper,))
    assert main(["audit"]) == 1
    assert "menon/eq1: on record 'holds', found 'undecided'" in capsys.readouterr().err


def test_unknown_papers_and_verdicts_are_refused(capsys):
    for arguments in (["--paper", "goodfellow"], ["--only", "true"], ["--format", "pdf"]):
        with pytest.raises(SystemExit, match="2"):
            main(["audit", *arguments])
    assert "menon" in capsys.readouterr().err


def test_markdown_tables_have_no_stray_bars():
    for line in as_markdown(audit(PAPERS)).splitlines():
        if line.startswith("|"):
            assert line.count("|") == 6, line


def test_the_page_typesets_every_formula_and_filters_by_verdict():
    from xml.dom import minidom

    from autograd_lite.audit.page import as_html

    found = audit(PAPERS)
    html = as_html(found)
    assert html.count('<article class="row') == len(CLAIMS)
    verdicts = Counter(claim.verdict for claim in CLAIMS)
    for verdict, n in verdicts.items():
        key = verdict.replace(" ", "-")
        assert f'id="only-{key}"' in html
        assert html.count(f'class="row {key}"') == n
    assert "<script" not in html
    assert not re.findall(r"(?:src|href)=(?!\"#)", html)
    for formula in re.findall(r"<math.*?</math>", html):
        minidom.parseString(formula)
        assert "\\" not in formula, formula


def test_the_page_names_what_it_needs(monkeypatch):
    import sys

    from autograd_lite.audit.page import as_html

    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[html\]'"):
        as_html(audit(PAPERS[:1]))


def test_totals_are_counted_in_every_form():
    found = audit(PAPERS, only="wrong")
    n = sum(claim.verdict == "wrong" for claim in CLAIMS)
    assert as_table(found).splitlines()[-1] == f"{n} claims: {n} are wrong"
    assert len(json.loads(as_json(found))) == n
