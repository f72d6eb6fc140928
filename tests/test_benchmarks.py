"""The benchmarks measure what they say, and say what they could not measure."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from benchmarks import measure, networks, peers, report, speed
from benchmarks.__main__ import SUITES, main
from benchmarks.measure import Figure, Setting, contest, race

ROOT = Path(__file__).parents[1]
BRIEF = Setting(**measure.QUICK)


@pytest.fixture
def lasting(monkeypatch):
    """Functions that take exactly as long as they are told to."""
    now = [0.0]
    monkeypatch.setattr(measure, "clock", lambda: now[0])

    def make(*seconds):
        turns = iter(range(10**6))

        def run():
            now[0] += seconds[next(turns) % len(seconds)]
            return 1.0

        return run

    return make


def test_a_race_divides_each_round_by_its_first_way(lasting):
    found = race({"fast": lasting(0.001), "slow": lasting(0.004)}, Setting())
    assert found["fast"].value == 1
    slow = found["slow"]
    np.testing.assert_allclose([slow.value, slow.low, slow.high, slow.seconds], [4, 4, 4, 0.004])


def test_the_spread_of_a_race_is_that_of_its_rounds(lasting):
    # The first call says how often one is repeated: not at all here.
    uneven = race({"even": lasting(1), "uneven": lasting(1, 2, 3, 4)}, BRIEF)["uneven"]
    assert (uneven.low, uneven.value, uneven.high) == (2.5, 3.0, 3.5)


def test_a_slower_machine_meets_both_ways_of_a_round(lasting):
    slow = race({"fast": lasting(1, 5, 3, 9), "slow": lasting(2, 10, 6, 18)}, BRIEF)["slow"]
    assert (slow.low, slow.value, slow.high) == (2, 2, 2)


def test_times_can_be_those_of_one_operation(lasting):
    ways = {"10 ops": lasting(0.010), "1,000 ops": lasting(1.3)}
    long = race(ways, BRIEF, {"10 ops": 10, "1,000 ops": 1000})["1,000 ops"]
    assert long.value == pytest.approx(1.3)
    assert long.seconds == pytest.approx(0.0013)


def test_a_way_that_computes_something_else_is_not_timed():
    ways = {"right": lambda: np.ones(3), "wrong": lambda: np.array([1, 1, 1.001])}
    with pytest.raises(AssertionError, match="three ones: wrong"):
        list(contest("three ones", ways, BRIEF))


def test_a_gradient_that_is_missing_is_a_wrong_one():
    with pytest.raises(ValueError, match="zip"):
        list(contest("two", {"both": lambda: (1.0, 2.0), "one": lambda: (1.0,)}, BRIEF))


class Scalars(peers.Peer):
    name = package = "scalars"


def test_a_peer_that_cannot_take_part_is_named_with_its_reason(lasting):
    def recurses():
        return recurses()

    def refuses():
        raise NotImplementedError("has no tanh")

    figures = contest(
        "chain",
        {"by hand": lasting(0.001), "deep": recurses, "poor": refuses},
        Setting([Scalars()], ["JAX", "PyTorch"], **measure.QUICK),
        peers=lambda peer: peer.jacobian(abs, 1.0),
    )
    assert {f.way: f.note for f in figures} == {
        "by hand": "",
        "deep": "recurses deeper than Python lets it",
        "poor": "has no tanh",
        "scalars": "has no Jacobian",
        "not installed": "JAX, PyTorch",
    }


def test_peers_that_cannot_be_imported_are_missing(monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(peers, "import_module", refuse)
    assert peers.installed() == ([], [peer.name for peer in peers.PEERS])


def test_an_aim_may_depend_on_what_was_measured(lasting):
    ways = {"by hand": lasting(0.001), "ours": lasting(0.003), "theirs": lasting(0.002)}
    figures = contest("", ways, BRIEF, aims=lambda ratios: {"ours": ratios["theirs"]})
    ours = next(f for f in figures if f.way == "ours")
    assert ours.aim == pytest.approx(2.0)
    assert not ours.reached


def test_the_formulas_typed_by_hand_are_those_of_the_tape():
    def check(expected, found):
        for a, b in zip(ag.tree.flatten(expected), ag.tree.flatten(found), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)

    X, Y, parameters = networks.data((4, 5, 3), 6)
    check(networks.by_hand(X, Y, *parameters), networks.as_function(X, Y, parameters)())
    X, Y, parameters = networks.data((4, 5, 6, 3), 6)
    check(networks.three_layers_by_hand(X, Y, parameters), networks.on_tape(X, Y, parameters)())
    x = np.linspace(-1, 2, 100)
    check(speed.rosenbrock_by_hand(x), ag.value_and_grad(speed.rosenbrock)(x))
    check(speed.rosenbrock_hessian_by_hand(x), ag.hessian(speed.rosenbrock)(x))
    for name in ("scale_and_shift", "tanh", "multiply", "add"):
        by_hand = getattr(speed, f"{name}_by_hand")
        check(by_hand(x, 6), speed.gradient(getattr(speed, name), x, 6)())


PLANTED = [
    Figure("steady", "tape", 2.0, 1.9, 2.1, 1e-3),
    Figure("noisy", "tape", 2.0, 1.5, 2.5, 1e-3),
    Figure("a little", "tape", 2.0, 1.999, 2.001, 1e-3),
    Figure("records", "tape", 99, unit="records"),
    Figure("peak", "tape", 1.0),
    Figure("refused", "peer", note="has no tanh"),
]


def test_comparing_names_what_got_slower_beyond_its_spread():
    later = [
        Figure("steady", "tape", 2.4, 2.3, 2.5, 1e-3),
        Figure("noisy", "tape", 2.6, 2.4, 2.8, 1e-3),  # the quartiles meet
        Figure("a little", "tape", 2.02, 2.01, 2.03, 1e-3),  # 1 %
        Figure("records", "tape", 100, unit="records"),
        Figure("peak", "tape", 1.2),
        Figure("refused", "peer", 1.0),
        Figure("new", "tape", 1.0),
    ]
    assert report.slower({"s": PLANTED}, {"s": later}) == [
        "s, steady, tape: 2.00 -> 2.40",
        "s, records, tape: 99 -> 100 records",
        "s, peak, tape: 1.00 -> 1.20",
    ]
    assert report.slower({"s": later}, {"s": PLANTED}) == []
    assert report.slower({"s": PLANTED}, {"s": PLANTED}) == []


def test_what_is_saved_reads_back_the_same():
    text = json.dumps(report.to_json({"numpy": "2"}, {"s": PLANTED}))
    assert report.from_json(json.loads(text)) == {"s": PLANTED}


def test_a_line_says_whether_an_aim_was_reached():
    good, bad = (Figure("net", "tape", value, 1.9, 2.5, 2e-5, aim=2.0) for value in (2.0, 2.4))
    assert " ".join(report.line(good, "").split()) == (
        "net tape 2.00 1.90 - 2.50 20 us aim 2.00: reached"
    )
    assert report.line(bad, "net").strip().endswith("aim 2.00: not reached")
    assert "net" not in report.line(bad, "net")
    assert report.line(PLANTED[-1], "").split(maxsplit=2)[2] == "has no tanh"
    assert report.summary({"mlp": [good, bad]}).splitlines() == [
        "1 of 2 aims reached",
        "  mlp, net, tape: aim 2.00, measured 2.40: not reached",
    ]


def test_the_table_has_a_row_a_case_and_a_column_a_way():
    figures = [Figure(case, way, 2.0) for case in ("a", "b") for way in ("tape", "peer")]
    assert report.markdown(figures[:-1]).splitlines() == [
        "|  | tape | peer |",
        "| --- | --- | --- |",
        "| a | 2.00 | 2.00 |",
        "| b | 2.00 |  |",
    ]
    assert report.markdown(figures[:2]) == ""


def test_each_suite_is_drawn(tmp_path):
    one_way = [Figure(case, "backward", 2.0, 1.9, 2.1, aim=3.0) for case in ("exp", "log")]
    paths = report.plot({"mlp": PLANTED, "rules": one_way, "none": PLANTED[-1:]}, tmp_path)
    assert [path.name for path in paths] == ["mlp.svg", "rules.svg"]
    assert all("<svg" in path.read_text() for path in paths)


def test_drawing_without_matplotlib_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[plot\]'"):
        report.plot({"s": PLANTED}, tmp_path)


def test_the_command_lists_its_suites(capsys):
    main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SUITES)


def test_a_suite_that_there_is_not_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speeed"])
    assert "no suite speeed; there are mlp, ops" in capsys.readouterr().err


def test_the_command_prints_saves_draws_and_compares(tmp_path):
    new, old = tmp_path / "new.json", tmp_path / "old.json"
    command = [sys.executable, "-m", "benchmarks", "protocol", "--quick", "--json", str(new)]
    run = partial(subprocess.run, capture_output=True, text=True, check=True, cwd=ROOT)
    printed = run(command).stdout
    saved = json.loads(new.read_text())
    assert saved["machine"]["numpy"] == np.__version__
    figures = saved["suites"]["protocol"]
    assert all(figure["case"] in printed for figure in figures)
    for peer in peers.PEERS:
        assert peer.name in printed

    for figure in figures:  # as if all of it had been twenty times as fast
        for key in ("value", "low", "high"):
            figure[key] /= 20
    old.write_text(json.dumps(saved))
    printed = run([*command, "--compare", str(old), "--plot", str(tmp_path)]).stdout
    assert f"{len(figures)} figures are worse than in {old}" in printed
    assert (tmp_path / "protocol.svg").exists()
