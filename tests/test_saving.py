"""Models in files: what is saved comes back, and what is wrong changes nothing."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn


def model(seed=0, **options):
    return nn.MLP([3, 4, 2], rng=seed, **options)


def same(a, b):
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(params=["npz", "safetensors"])
def path(request, tmp_path):
    if request.param == "safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"model.{request.param}"


def test_a_model_comes_back_to_the_bit(path):
    a, b = model(0), model(1)
    nn.save(a, path)
    nn.load(path, into=b)
    assert same(a, b)
    c = model(1, dtype=np.float32)
    nn.load(os.fspath(path), into=c)
    assert c.layers[0].W.dtype == np.float32
    np.testing.assert_allclose(c.layers[0].W.data, a.layers[0].W.data, rtol=1e-7)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_model_is_the_same_bytes_and_numpy_reads_them(tmp_path):
    nn.save(model(), tmp_path / "a.npz")
    nn.save(model(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert list(arrays) == list(model().state_dict())
    np.savez_compressed(tmp_path / "c.npz", **model().state_dict())
    other = model(1)
    nn.load(tmp_path / "c.npz", into=other)
    assert same(other, model())


def test_words_are_kept_beside_the_model(path):
    nn.save(model(), path, metadata={"activation": "relu", "ä": "\n"})
    assert nn.read_metadata(path) == {"activation": "relu", "ä": "\n"}
    other = model(1)
    nn.load(path, into=other)
    assert same(other, model())
    nn.save(model(), path)
    assert nn.read_metadata(path) == {}


def test_parameters_of_any_name_and_kind_are_saved(path):
    class Odd(nn.Module):
        def __init__(self, value):
            self.file = ag.Tensor(np.full((2, 0), value), requires_grad=True)
            self.parts = {"a/../b": ag.Tensor(value), "ü": ag.Tensor(np.arange(3) * int(value))}
            self.turned = ag.Tensor((np.arange(6.0) * value).reshape(2, 3).T, requires_grad=True)

    a, b = Odd(2.0), Odd(3.0)
    nn.save(a, path)
    nn.load(path, into=b)
    assert same(a, b)


def test_the_file_of_another_model_is_refused_with_what_differs(path):
    nn.save(nn.MLP([3, 5, 2, 1], rng=0), path)
    own = model()
    with pytest.raises(KeyError, match=r"load .*model.*unexpected layers.4.W.*wrong shapes"):
        nn.load(path, into=own)
    nn.save(nn.MLP([3, 5, 2], rng=0), path)
    with pytest.raises(ag.ShapeError, match=r"layers.0.W \(3, 5\) for \(3, 4\)"):
        nn.load(path, into=own)
    assert same(own, model())


def test_a_file_cut_short_anywhere_is_refused(path):
    nn.save(model(), path)
    content, own = path.read_bytes(), model(1)
    for n in range(0, len(content), 7):
        path.write_bytes(content[:n])
        with pytest.raises(ValueError, match="is damaged, or no file of arrays"):
            nn.load(path, into=own)
    assert same(own, model(1))


def test_a_file_with_a_changed_byte_is_refused_or_gives_what_was_saved(tmp_path):
    path, own = tmp_path / "model.npz", model(1)
    nn.save(model(), path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for at in rng.choice(len(content), 300, replace=False):
        changed = bytearray(content)
        changed[at] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            nn.load(path, into=own)
        except (ValueError, KeyError):
            assert same(own, model(1))
            refused += 1
        else:
            assert same(own, model())
            own = model(1)
    assert refused > 200


class Dangerous:
    def __reduce__(self):
        return (pytest.fail, ("code in a file was run",))


def npz(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def header(text, version=b"\x01\x00"):
    length = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + length + text


def objects():
    file = io.BytesIO()
    np.savez(file, W=np.array([Dangerous()], dtype=object), b=np.zeros(2))
    return file.getvalue()


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000, 2), }\n"
HOSTILE = {
    "empty": b"",
    "text": b"W = [[1, 2]]",
    "pickle": pickle.dumps({"W": np.ones((3, 2))}),
    "one array": header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n") + b"\0" * 8,
    "objects": objects(),
    "words": npz(W=header(b"{'descr': '<U1', 'fortran_order': False, 'shape': (3, 2), }\n"), b=b""),
    "records": npz(W=header(b"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (), }\n")),
    "no header": npz(W=b"no array", b=b""),
    "code as a header": npz(W=header(b"__import__('os').abort()\n"), b=b""),
    "deep header": npz(W=header(b"(" * 9000 + b")" * 9000)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_foreign_or_hostile_file_is_refused_and_nothing_in_it_runs(case, tmp_path):
    path, own = tmp_path / "model.npz", nn.Linear(3, 2, rng=0)
    path.write_bytes(HOSTILE[case])
    for read in (lambda: nn.load(path, into=own), lambda: nn.read_metadata(path)):
        with pytest.raises(ValueError, match="is damaged, or no file of arrays"):
            read()
    assert same(own, nn.Linear(3, 2, rng=0))


def test_an_array_of_another_size_is_not_read(tmp_path):
    path = tmp_path / "bomb.npz"
    path.write_bytes(npz(W=header(HUGE) + b"\0" * 10_000_000, b=header(HUGE)))
    with pytest.raises(ag.ShapeError, match=r"W \(100000000000, 2\) for \(3, 2\)"):
        nn.load(path, into=nn.Linear(3, 2))


def test_a_header_of_any_length_is_not_read(tmp_path):
    path = tmp_path / "long.npz"
    path.write_bytes(npz(W=header(b" " * 50_000_000, b"\x02\x00"), b=b""))
    with pytest.raises(ValueError, match="W is not an array of numbers"):
        nn.load(path, into=nn.Linear(3, 2))


def test_an_array_longer_than_its_header_says_is_refused(tmp_path):
    path = tmp_path / "long.npz"
    one = header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n") + b"\0" * 9
    path.write_bytes(npz(W=one))
    with pytest.raises(ValueError, match="W is longer than its header says"):
        nn.load(path, into=nn.Linear(1, 1, bias=False))


def test_complex_numbers_are_refused(tmp_path):
    np.savez(tmp_path / "c.npz", W=np.full((3, 2), 1j), b=np.zeros(2))
    own = nn.Linear(3, 2, rng=0)
    with pytest.raises(TypeError, match="W is of complex128, not float64"):
        nn.load(tmp_path / "c.npz", into=own)
    assert same(own, nn.Linear(3, 2, rng=0))


def test_a_hostile_safetensors_file_is_refused(tmp_path):
    pytest.importorskip("safetensors")
    path, own = tmp_path / "model.safetensors", nn.Linear(3, 2, rng=0)
    lie = json.dumps(
        {"W": {"dtype": "F64", "shape": [3, 2], "data_offsets": [0, 1 << 40]}}
    ).encode()
    for content in (b"", b"\xff" * 100, len(lie).to_bytes(8, "little") + lie):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is damaged, or no file of arrays"):
            nn.load(path, into=own)
    assert same(own, nn.Linear(3, 2, rng=0))


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_failure_while_saving_leaves_the_old_file_alone(where, path, monkeypatch):
    nn.save(model(0), path)

    def fail(*args):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, where, fail)
    with pytest.raises(OSError, match="the disk is full"):
        nn.save(model(1), path)
    monkeypatch.undo()
    other = model(2)
    nn.load(path, into=other)
    assert same(other, model(0))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_crash_while_saving_leaves_the_old_file(where, tmp_path):
    path = tmp_path / "model.npz"
    nn.save(model(0), path)
    code = f"""
import os, autograd_lite as ag
os.{where} = lambda *args: os._exit(9)
ag.nn.save(ag.nn.MLP([3, 4, 2], rng=1), {str(path)!r})
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    other = model(2)
    nn.load(path, into=other)
    assert same(other, model(0))


def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        nn.load(tmp_path / "absent.npz", into=model())
    with pytest.raises(FileNotFoundError):
        nn.save(model(), tmp_path / "no folder" / "a.npz")
    for name in ("model.pt", "model", "model.NPZ.bak"):
        with pytest.raises(ValueError, match=r"ends in \.npz or \.safetensors"):
            nn.save(model(), tmp_path / name)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (lambda p: nn.save(model(), p), lambda p: nn.load(p, into=model())):
        with pytest.raises(ImportError, match="pip install safetensors"):
            call(tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())
