"""Every example runs, prints what it should and draws; the notebook shows what it computes."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from drawings import renders
from nbclient import NotebookClient

from autograd_lite.data import digits

FOLDER = Path(__file__).parent.parent / "examples"
TOUR = FOLDER / "tour.ipynb"

EXAMPLES = {
    "characters": (
        ["--epochs", "4"],
        r" 1 +0\.0000 +(0\.\d{4})\n.*the sum of 12 gradients\n"
        r"largest difference: (0\.0e\+00|[0-9.]+e-1[5-9])",
        {"characters.svg", "characters-tape.svg"},
    ),
    "convolution": (
        ["--epochs", "1"],
        r"trained on 7,210 images(.|\n)*test accuracy 9\d\.\d+% of 355 images",
        {"convolution.svg"},
    ),
    "digits": (
        ["--epochs", "15"],
        r"of another network: \d\.\d+%\nwith the weights from the file:   9[678]",
        {"digits.npz", "digits-graph.svg", "digits-training.svg", "digits-weights.svg"},
    ),
    "initialisation": (
        ["--epochs", "6"],
        r"all zero \(claim 1\) +0\.000 +0\.000 +0\.000 +0\.190   then 10\.1%(.|\n)*"
        r"first layer zero +0\.000 +0\.000 +0\.000 +0\.187   then 10\.1%(.|\n)*"
        r"relu'\(0\) = 1 +0\.757 +0\.169 +0\.000 +0\.187   then [4-9]\d\.(.|\n)*"
        r"last layer zero \(claim 2\) +0\.000 +0\.000 +0\.393 +0\.190   then [4-9]\d\.(.|\n)*"
        r"three layers: between two solutions the loss rises 0\.[1-9]\d+ above(.|\n)*"
        r"softmax regression: between two solutions the loss rises 0\.000 above",
        {"initialisation.svg", "initialisation-convexity.svg"},
    ),
    "mnist": ([], r"test accuracy 9[6-9]\.\d+% of 355 images", {"mnist.svg"}),
    "newton": ([], r"frequency  (1\.99|2\.0)\d+ \+- 0\.0040   truth 2\.0", {"newton.svg"}),
    "regressions": (
        [],
        r"normal +0\.(7[6-9]|8[0-4])\d \( 0\.8\)(.|\n)*"  # three standard errors
        r"poisson +0\.(6[5-9]|7[0-4])\d \( 0\.7\) +0\.(3[5-9]|4[0-4])\d \( 0\.4\) .*e-1\d",
        {"regressions.svg"},
    ),
    "teaching": (
        [],
        r"wrote .*accumulation\.svg",
        {"network.svg", "neuron.svg", "accumulation.svg", "frames.svg"},
    ),
}
"""By name: options that make it short, what it prints, and what it writes."""


def run(name, *options):
    """Run an example as a student does, with warnings as errors; return what it prints."""
    command = [sys.executable, "-W", "error", str(FOLDER / f"{name}.py"), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_example_is_forgotten():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(EXAMPLES)
    assert list(FOLDER.glob("*.ipynb")) == [TOUR]


@renders
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_draws(name, tmp_path):
    options, told, files = EXAMPLES[name]
    out = run(name, "--out", tmp_path / "new", *options)
    assert re.search(told, out), out
    written = {path.name: path for path in (tmp_path / "new").iterdir()}
    assert set(written) == files
    for path in written.values():
        assert path.suffix != ".svg" or path.read_text().rstrip().endswith("</svg>")


@renders
def test_the_pictures_of_the_readme_are_those_that_are_drawn_now(tmp_path):
    """By their words: where they stand depends on the version of Graphviz."""
    run("teaching", "--out", tmp_path)
    for new in tmp_path.iterdir():
        shown, drawn = (
            sorted(re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text()))
            for path in (FOLDER / new.name, new)
        )
        assert shown == drawn, f"{new.name}: run examples/teaching.py --out examples"


@pytest.mark.parametrize("name", ["convolution", "initialisation", "mnist"])
def test_an_example_learns_from_a_file(name, tmp_path):
    X, y, X_test, y_test = digits()
    file = tmp_path / "some.npz"
    np.savez(file, x_train=X[:200], y_train=y[:200], x_test=X_test[:50], y_test=y_test[:50])
    out = run(name, "--out", tmp_path, "--epochs", 1, "--data", file)
    assert "no --data" not in out
    assert re.search(r"1,000 images|of 50 images|then [\d.]+% accuracy", out), out


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def same(found, shown):
    """Whether two texts have the same words, and the same numbers to what is printed of them."""
    numbers = [[float(x) for x in NUMBER.findall(text)] for text in (found, shown)]
    words = [NUMBER.sub("#", text).split() for text in (found, shown)]
    return words[0] == words[1] and np.allclose(*numbers, rtol=1e-3, atol=1e-6)


def text(cell):
    """What a cell prints and returns, apart from pictures."""
    data = [o.get("data", {"text/plain": o.get("text")}) for o in cell.outputs]
    return "".join(each.get("text/latex", each["text/plain"]) for each in data)


def pictures(cell):
    """How many pictures a cell shows."""
    kinds = {"image/png", "image/svg+xml"}
    return sum(bool(kinds & set(output.get("data", ()))) for output in cell.outputs)


def executed(notebook, folder):
    """Run all cells in a kernel of their own."""
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@renders
def test_the_notebook_shows_what_it_computes(tmp_path):
    shown = [cell for cell in nbformat.read(TOUR, as_version=4).cells if cell.cell_type == "code"]
    found = executed(nbformat.read(TOUR, as_version=4), tmp_path)
    assert sum(map(pictures, shown)) == 5
    for a, b in zip(found, shown, strict=True):
        assert pictures(a) == pictures(b)
        if "timing" not in b.metadata.get("tags", ()):
            assert same(text(a), text(b)), f"{text(a)}\n--- but it shows\n{text(b)}"


def test_a_wrong_rule_changes_what_the_notebook_shows(tmp_path):
    notebook = nbformat.read(TOUR, as_version=4)
    (neuron,) = [cell for cell in notebook.cells if "o.backward" in cell.source]
    at = notebook.cells.index(neuron)
    shown = text(neuron)
    wrong = "ag.OPS[np.tanh].vjps = (lambda g, y, x: g * (1 - y),)"
    notebook.cells[at].source = f"{wrong}\n{neuron.source}"
    del notebook.cells[at + 1 :]
    found = text(executed(notebook, tmp_path)[-1])
    assert "as by hand: False" in found
    assert not same(found, shown)


def test_the_notebook_names_no_machine_and_is_small():
    source = TOUR.read_text()
    assert len(source) < 300_000
    assert not re.search(r"/tmp|/home|/root|/usr|ipykernel_|site-packages|[A-Z]:\\\\", source)
    for cell in nbformat.read(TOUR, as_version=4).cells:
        assert set(cell.metadata) <= {"tags"}
        for output in cell.get("outputs", ()):
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
