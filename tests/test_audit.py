"""The claims of the papers: each has its verdict, and each check can fail."""

import json
import re
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lite.audit import PAPERS, audit
from autograd_lite.audit.claim import (
    AGREES,
    DIFFERS,
    STATED,
    TRIALS,
    Paper,
    Shape,
    distance,
    judge,
    shape,
    shape_of,
)
from autograd_lite.audit.tables import as_json, as_markdown, as_table, pieces
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


RIGID = {
    "park/code1-d_relu": "the step itself is compared, and has nothing that could be off",
    "whitehill/3-relu": "the step itself is compared, and has nothing that could be off",
    "whitehill/2-tensor": "a number of axes",
    "whitehill/8-logistic": "an inequality: a curvature is not negative",
    "whitehill/8-softmax": "an inequality: a curvature is not negative",
    "whitehill/8-network": "an inequality: a curvature is negative",
    "whitehill/8-2-W2": "an inequality: a gradient is not zero",
    "whitehill/8-2-b2": "an inequality: a gradient is not zero",
    "whitehill/8-2-train": "an accuracy, of six examples",
}
"""Rows that do not react to anything that is off by a thousandth, each with the reason."""


def reactions(claim):
    """The error of the right side for each ingredient that it reads, when that one is off."""
    side = claim.corrected or claim.printed
    watched = Watched(_read=set(), **vars(draws(claim)[0]))
    side(watched)
    return {name: error_with(claim, side, name) for name in sorted(watched._read)}


@pytest.mark.parametrize(
    "claim",
    [claim for claim in CLAIMS if claim.printed and claim.id not in RIGID],
    ids=lambda claim: claim.id,
)
def test_what_is_right_reacts_to_each_function_and_label_off_by_a_thousandth(claim):
    errors = reactions(claim)
    assert any(error >= DIFFERS for error in errors.values()), errors
    c = draws(claim)[0]
    decisive = {name for name in errors if callable(getattr(c, name)) or name in ("Y", "y")}
    assert not {name for name in decisive if errors[name] < DIFFERS}, errors


def test_the_rows_that_do_not_react_are_the_ones_on_record():
    claims = {claim.id: claim for claim in CLAIMS}
    for key, reason in RIGID.items():
        assert not any(error >= DIFFERS for error in reactions(claims[key]).values()), key
        assert reason
        assert claims[key].engine(draws(claims[key])[0]) is not None
    assert len(RIGID) < len(CLAIMS) / 50


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


PLACES = {
    "rao": [
        *(f"section {n}" for n in (2, 3)),
        *(f"appendix {letter}" for letter in "ABC"),
        *("normal", "Bernoulli", "Poisson", "gamma", "inverse-Gaussian", "multinoulli"),
        *("L1", "L2", "bias", "number of parameters"),
    ],
    "park": [
        *(f"section {n}" for n in ("1", "2", "3", "4", "5.1", "5.2", "6.1", "6.2", "6.3")),
        *("Lemma 3.1", "Theorem 4.1", "Theorem 5.1", "Remark 5.2", "Theorem 5.4", "Theorem 6.1"),
        *(f"code {n}" for n in (1, 2, 3, 4)),
        *(f"Theorem 4.1, eq. ({n})" for n in range(7, 11)),
        *(f"Theorem 5.4, eq. ({n})" for n in range(21, 26)),
        *(f"Theorem 6.1, case {n}" for n in (1, 2, 3)),
    ],
    "matrix_form": ["section 1", "table 1"],
    "whitehill": [
        *(f"section {n}" for n in ("1", "2", "3", "4", "5", "6", "7.1", "7.2", "7.2.1")),
        *("section 8", "section 8, claim 1", "section 8, claim 2"),
    ],
    "menon": [
        *(f"section 2.{n}" for n in (1, 2, 3, 4)),
        *(f"section 3.{n}" for n in ("1", "1.1", "1.2", "2", "2.1", "2.2", "3", "3.1")),
    ],
}
TABLE_1 = ("x", "y", "X", "Y", "W", "s", "delta", "S", "Delta", "ones")


@pytest.mark.parametrize("paper", PLACES)
def test_every_theorem_listing_table_and_section_has_a_row(paper):
    labels = [claim.label for claim in CLAIMS if claim.paper == paper]
    for place in PLACES[paper]:
        assert any(re.search(rf"{re.escape(place)}(?![.\w])", label) for label in labels), place


def test_every_entry_of_the_table_of_dimensions_has_a_row():
    ids = {claim.id for claim in CLAIMS}
    assert {f"matrix_form/table1-{name}" for name in TABLE_1} <= ids


def test_what_is_wrong_again_names_an_earlier_row_of_the_slip():
    wrong = {}
    for claim in CLAIMS:
        assert not claim.again or wrong[claim.again].again == "", claim.id
        if claim.verdict == "wrong":
            wrong[claim.id] = claim
        else:
            assert not claim.again


def test_formulas_in_words_are_between_dollar_signs():
    texts = [text for claim in CLAIMS for text in (claim.note, claim.condition)]
    for text in [*texts, *(paper.conventions for paper in PAPERS)]:
        assert text.count("$") % 2 == 0, text
        words = "".join(piece for formula, piece in pieces(text) if not formula)
        assert not re.search(r"[_^\\|{}]|\blambda\b|\btheta\b", words), text


def test_no_line_of_code_of_the_papers_is_repeated():
    for claim in CLAIMS:
        assert "texttt" not in claim.statement + claim.correction + claim.note, claim.id


def test_importing_the_package_does_not_read_the_claims():
    code = "import sys, autograd_lite; print([m for m in sys.modules if '_lite.audit' in m])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


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
    finding = judged(lambda c: c.x, corrected=lambda c: c.x, **wrong)
    assert finding.verdict == "holds"
    assert not finding.expected


def test_a_condition_must_matter():

    def positive(rng):
        return SimpleNamespace(x=rng.uniform(1, 2, 3))

    def any_sign(rng):
        return SimpleNamespace(x=rng.standard_normal(3))

    for without, verdict in ((any_sign, "holds if"), (positive, "holds")):
        paper = Paper("a", "A paper", "None.")
        paper.holds_if(
            "eq1",
            "eq. (1)",
            "x",
            positive,
            printed=lambda c: np.abs(c.x),
            engine=lambda c: c.x,
            condition="$x > 0$",
            without=without,
        )
        assert judge(paper.claims[0]).verdict == verdict


def test_a_shape_is_right_or_not_whatever_the_widths():
    assert shape_of(np.ones((2, 3))) == shape(2, 3)
    assert isinstance(shape(2, 3), Shape)
    assert distance(shape(1000, 1), shape(1001, 1)) == 1.0
    assert distance((shape(2), shape(3, 1)), [shape(2), shape(3, 1)]) == 0.0
    shapes = judged(lambda c: shape(3), engine=lambda c: shape_of(c.x))
    assert shapes.of_shapes
    assert shapes.error == 0.0
    assert not judged(lambda c: c.x).of_shapes
    (finding,) = audit(PAPERS, prefix="park/1-activation")[0][1]
    assert (finding.verdict, finding.error, finding.of_shapes) == ("wrong", 1.0, True)


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
    assert re.search(r"park: \d+ claims: \d+ are wrong \(\d+ slips\)\n", out)
    assert " 1 shape  section 1\n" in out


def test_a_verdict_that_is_not_on_record_is_exit_code_1(monkeypatch, capsys):
    paper = Paper("menon", "A paper", "None.")
    given = lambda rng: SimpleNamespace(x=rng.standard_normal(3))  # noqa: E731
    paper.holds("eq1", "eq. (1)", "x", given, printed=lambda c: 2 * c.x, engine=lambda c: c.x)
    monkeypatch.setattr("autograd_lite.audit.PAPERS", (paper,))
    assert main(["audit"]) == 1
    assert "menon/eq1: on record 'holds', found 'undecided'" in capsys.readouterr().err


@pytest.mark.parametrize("verdict", ["holds if", "holds-if"])
def test_a_verdict_of_two_words_is_asked_for_with_a_hyphen_or_a_space(verdict, capsys):
    assert main(["audit", "--paper", "rao", "--only", verdict, "--format", "json"]) == 0
    assert {row["verdict"] for row in json.loads(capsys.readouterr().out)} == {"holds if"}


def test_rows_are_found_by_the_beginning_of_their_id(capsys):
    assert main(["audit", "--id", "rao/sec3-gradient", "--format", "json"]) == 0
    ids = [row["id"] for row in json.loads(capsys.readouterr().out)]
    assert ids == [claim.id for claim in CLAIMS if claim.id.startswith("rao/sec3-gradient")]
    assert main(["audit", "--id", "park/eq39"]) == 0
    out = capsys.readouterr().out
    assert "printed" in out
    assert out.endswith("\n2 claims: 2 hold\n")
    assert main(["audit", "--id", "rao/eq1"]) == 1
    assert "no claim is like this" in capsys.readouterr().err


def test_unknown_papers_and_verdicts_are_refused(capsys):
    for arguments in (["--paper", "goodfellow"], ["--only", "true"], ["--format", "pdf"]):
        with pytest.raises(SystemExit, match="2"):
            main(["audit", *arguments])
    assert "menon" in capsys.readouterr().err


def test_markdown_tables_have_no_stray_bars():
    for line in as_markdown(audit(PAPERS)).splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6, line


def test_a_bar_is_escaped_in_words_and_a_command_in_formulas():
    paper = Paper("a", "A paper", "None.")
    note = "as $|x|$ | or not"
    paper.misprint("eq1", "eq. (1)", "|x|", correction="x", note=note)
    row = as_markdown(audit([paper])).splitlines()[-1]
    assert r"$\vert x\vert $" in row
    assert r"as $\vert x\vert $ \| or not" in row


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
    assert "$" not in html
    assert not re.findall(r"(?:src|href)=(?!\"#)", html)
    for formula in re.findall(r"<math.*?</math>", html):
        minidom.parseString(formula)
        assert "\\" not in formula, formula


def test_the_page_names_what_it_needs(monkeypatch):
    from autograd_lite.audit.page import as_html

    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[html\]'"):
        as_html(audit(PAPERS[:1]))


def test_totals_are_counted_in_every_form():
    found = audit(PAPERS, only="wrong")
    n = sum(claim.verdict == "wrong" for claim in CLAIMS)
    slips = sum(claim.verdict == "wrong" and not claim.again for claim in CLAIMS)
    last_line = as_table(found).splitlines()[-1]
    assert last_line == f"{n} claims: {n} are wrong ({slips} slips)"
    assert len(json.loads(as_json(found))) == n
    stated = sum(claim.condition.startswith(STATED) for claim in CLAIMS)
    last_line = as_table(audit(PAPERS, only="holds if")).splitlines()[-1]
    assert last_line.endswith(f"hold under a condition (stated for {stated})")
