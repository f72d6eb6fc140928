"""The main job and the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import cli, demo, timing
from autograd_lite.drawing import RendererNotFound


def test_the_demo_learns_compares_draws_and_times(tmp_path, capsys):
    assert cli.main(["demo", "--out", str(tmp_path / "new")]) == 0
    text = capsys.readouterr().out
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report["test_accuracy"] >= 0.96
    assert {row["paper"] for row in report["comparisons"]} == {
        "rao",
        "park",
        "matrix_form",
        "whitehill",
        "menon",
    }
    assert all(row["error"] <= 1e-12 for row in report["comparisons"])
    assert report["tape_over_closed_form"] > 0
    assert report["derived_over_closed_form"] > 0
    assert re.search(r"dZ2 = \(P - Y\) / N +\(10\)\n", text)
    assert "def step(parameters, X, Y):" in (tmp_path / "new" / "step.py").read_text()
    pictures = [f.name for f in (tmp_path / "new").iterdir() if f.name.startswith("graph.")]
    assert len(pictures) == 1
    assert pictures[0] in text.splitlines()[-1]
    assert "every comparison held" in text


def test_a_wrong_formula_fails_the_demo(tmp_path, capsys, monkeypatch):
    right = ag.closed_form.park.gradients

    def wrong(*args, **kwargs):
        loss, dW, db = right(*args, **kwargs)
        return loss, [1.0001 * g for g in dW], db

    monkeypatch.setattr(ag.closed_form.park, "gradients", wrong)
    assert cli.main(["demo", "--out", str(tmp_path), "--epochs", "1"]) == 1
    assert "SOME COMPARISONS FAILED" in capsys.readouterr().out


def test_without_a_renderer_the_demo_writes_dot_and_says_how_to_get_the_picture(
    tmp_path, capsys, monkeypatch
):
    save = ag.Drawing.save

    def no_renderer(self, path, *args, **kwargs):
        if Path(path).suffix == ".svg":
            raise RendererNotFound("pip install 'autograd-lite[draw]'")
        return save(self, path, *args, **kwargs)

    monkeypatch.setattr(ag.Drawing, "save", no_renderer)
    assert cli.main(["demo", "--out", str(tmp_path), "--epochs", "1"]) == 0
    assert (tmp_path / "graph.dot").read_text().startswith("digraph")
    assert not (tmp_path / "graph.svg").exists()
    assert "pip install 'autograd-lite[draw]'" in capsys.readouterr().out


def test_an_output_folder_that_cannot_be_written_is_refused_at_once(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("kept")
    monkeypatch.setattr(demo, "fit", None)  # nothing is trained before the refusal
    assert cli.main(["demo", "--out", str(tmp_path / "file")]) == 2
    captured = capsys.readouterr()
    assert f"cannot write to {tmp_path / 'file'}" in captured.err
    assert captured.out == ""
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("arguments", [["demo", "--epochs", "0"], ["demo", "--hidden", "x"], []])
def test_bad_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: autograd-lite" in capsys.readouterr().err


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "autograd_lite", "demo", "--help"]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--epochs" in out.stdout


def test_paired_ratios_tell_a_slow_function_from_a_fast_one(monkeypatch):
    clock = [0.0]

    def lasting(seconds):
        def run():
            clock[0] += seconds

        return run

    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    ratio, slow, fast = timing.paired_ratio(lasting(0.004), lasting(0.001), pairs=5)
    assert ratio == pytest.approx(4.0)
    assert (slow, fast) == (pytest.approx(0.004), pytest.approx(0.001))
