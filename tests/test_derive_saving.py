"""A saved program runs alone, and computes what the step does."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.derivation import derive
from autograd_lite.derivation.saving import save

_RUN = """
import runpy, sys
import numpy as np
sys.modules["autograd_lite"] = None
with np.load(sys.argv[2]) as inputs:
    args = [inputs[name] for name in inputs]
value, grads = runpy.run_path(sys.argv[1])["step"](*args)
np.savez(sys.argv[3], value, *grads)
"""


def _computed_alone(folder, args):
    np.savez(folder / "in.npz", *args)
    files = [folder / "saved.py", folder / "in.npz", folder / "out.npz"]
    subprocess.run([sys.executable, "-I", "-c", _RUN, *files], check=True)
    with np.load(folder / "out.npz") as results:
        return [results[name] for name in results]


def _mlp(scale):
    def loss(W1, b1, W2, X, Y):
        A1 = ag.sigmoid(X @ W1 + b1)
        return ag.softmax_cross_entropy((A1 * scale) @ W2, Y)

    return loss


def _data(rng, n=8):
    parameters = [rng.standard_normal(shape) for shape in ((4, 5), (5,), (5, 3))]
    return [*parameters, rng.standard_normal((n, 4)), np.eye(3)[rng.integers(3, size=n)]]


def test_a_saved_program_computes_the_same_without_autograd_lite(tmp_path):
    rng = np.random.default_rng(0)
    step = derive(_mlp(rng.standard_normal((8, 5))), *_data(rng), argnums=(0, 1, 2))
    assert step.captured
    save(step.source, step.captured, tmp_path / "saved.py", of="loss", shapes={"X": "(8, 4) float"})
    args = _data(rng)
    value, grads = step(*args)
    found = _computed_alone(tmp_path, args)
    for mine, alone in zip([value, *grads], found, strict=True):
        np.testing.assert_allclose(alone, mine, rtol=1e-13)
    assert {file.name for file in tmp_path.iterdir()} == {
        "saved.py", "saved.npz", "in.npz", "out.npz",
    }  # fmt: skip


def test_a_program_without_captured_arrays_is_one_file(tmp_path):
    rng = np.random.default_rng(1)
    step = derive(_mlp(2.0), *_data(rng), argnums=(0, 1, 2))
    save(step.source, step.captured, tmp_path / "saved.py")
    assert [file.name for file in tmp_path.iterdir()] == ["saved.py"]
    args = _data(rng)
    np.testing.assert_allclose(_computed_alone(tmp_path, args)[0], step(*args)[0], rtol=1e-13)


def test_the_docstring_says_of_what_and_runs_nothing(tmp_path):
    hostile = 'f"""\nimport os\n\\" \\N{x}\x00\u2028'
    save("def step(x):\n    return x", {}, tmp_path / "saved.py", of=hostile, shapes={"x": "(3,)"})
    tree = ast.parse((tmp_path / "saved.py").read_text())
    assert [type(x) for x in tree.body] == [ast.Expr, ast.Import, ast.FunctionDef]
    docstring = ast.get_docstring(tree)
    assert 'f"""?import os?\\" \\N{x}' in docstring
    assert "x : (3,)" in docstring


_WITH_ONE = "def step(x, constants):\n    c, = constants\n    return x + c, []"


def test_arrays_of_another_program_are_refused(tmp_path):
    save(_WITH_ONE, {"c": np.arange(3)}, tmp_path / "saved.py")
    (tmp_path / "kept.npz").write_bytes((tmp_path / "saved.npz").read_bytes())
    save(_WITH_ONE, {"c": np.arange(4)}, tmp_path / "saved.py")
    (tmp_path / "kept.npz").replace(tmp_path / "saved.npz")
    namespace = {"__file__": str(tmp_path / "saved.py"), "__name__": "saved"}
    with pytest.raises(RuntimeError, match="not saved together"):
        exec((tmp_path / "saved.py").read_text(), namespace)


@pytest.mark.parametrize("name", ["file", "allow_pickle", "c1", "µ"])
@pytest.mark.parametrize(
    "array", [np.arange(3), np.float32(2), np.zeros((0, 2)), np.array(["a"]), np.ones(2) * 1j]
)
def test_arrays_return_as_they_were(tmp_path, name, array):
    source = f"def step(constants):\n    {name}, = constants\n    return {name}"
    save(source, {name: array}, tmp_path / "saved.py")
    namespace = {"__file__": str(tmp_path / "saved.py"), "__name__": "saved"}
    exec((tmp_path / "saved.py").read_text(encoding="utf-8"), namespace)
    found = namespace["step"]()
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def test_what_cannot_be_saved_leaves_the_files_as_they_were(tmp_path):
    path = tmp_path / "saved.py"
    save(_WITH_ONE, {"c": np.arange(3)}, path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(TypeError, match="captured c is of type Generator"):
        save(_WITH_ONE, {"c": np.random.default_rng()}, path)
    with pytest.raises(ValueError, match="needs helper"):
        save("def step(x):\n    return helper(x)", {}, path)
    with pytest.raises(ValueError, match="no parameter"):
        save("def step():\n    return 1", {"c": np.arange(3)}, path)
    with pytest.raises(ValueError, match=r"must end in \.py"):
        save(_WITH_ONE, {"c": np.arange(3)}, tmp_path / "saved.txt")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_same_program_is_the_same_files(tmp_path):
    for name in ("a", "b"):
        save(_WITH_ONE, {"c": np.arange(3)}, tmp_path / f"{name}.py")
    assert (tmp_path / "a.py").read_bytes() == (tmp_path / "b.py").read_bytes()
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
