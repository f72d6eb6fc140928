"""Toy sets, MNIST files, and batches."""

import gzip
import pickle
import struct

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import data, nn, optim

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(256, size=(6, 4, 3), dtype=np.uint8), np.array([0, 2, 1, 2, 0, 1])
FILES = {
    "train-images-idx3-ubyte": IMAGES[:4],
    "train-labels-idx1-ubyte": LABELS[:4],
    "t10k-images-idx3-ubyte": IMAGES[4:],
    "t10k-labels-idx1-ubyte": LABELS[4:],
}
KERAS = {
    "x_train": IMAGES[:4],
    "y_train": LABELS[:4],
    "x_test": IMAGES[4:],
    "y_test": LABELS[4:],
}


def idx(array):
    header = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    for i, (name, array) in enumerate(FILES.items()):
        if i % 2:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (tmp_path / name).write_bytes(idx(array))
    return tmp_path


@pytest.fixture
def archive(tmp_path):
    np.savez(tmp_path / "a.npz", **KERAS)
    return tmp_path / "a.npz"


SETS = {"moons": data.moons, "circles": data.circles, "spirals": data.spirals}


@pytest.mark.parametrize("make", SETS.values(), ids=SETS)
def test_the_classes_of_a_toy_set_are_as_large_as_each_other_and_mixed(make):
    X, y = make(301, rng=0)
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((301, 2), np.float64, (301,), np.int64)
    assert np.ptp(np.bincount(y)) <= 1
    assert set(y[:20]) == set(y)


@pytest.mark.parametrize("make", [*SETS.values(), data.curve], ids=[*SETS, "curve"])
def test_the_seed_decides_a_toy_set(make):
    for a, b, c in zip(make(rng=3), make(rng=np.random.default_rng(3)), make(rng=4), strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()


def test_without_noise_the_points_are_where_the_formulas_say():
    X, y = data.moons(50, noise=0, rng=0)
    centres = np.array([[0, 0], [1, 0.5]])[y]
    np.testing.assert_allclose(np.linalg.norm(X - centres, axis=1), 1, rtol=1e-14)
    assert ((X - centres)[:, 1] * (1 - 2 * y) >= 0).all()
    X, y = data.circles(50, factor=0.3, noise=0, rng=0)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), np.array([1, 0.3])[y], rtol=1e-14)
    X, y = data.spirals(50, classes=5, turns=2, noise=0, rng=0)
    r = np.linalg.norm(X, axis=1)
    turned = np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi) - 2 * r - y / 5
    np.testing.assert_allclose(turned, np.round(turned), atol=1e-12)
    x, y = data.curve(50, np.exp, low=1, high=2, noise=0, rng=0)
    np.testing.assert_array_equal(y, np.exp(x))
    assert x.shape == (50, 1)
    assert 1 <= x.min() < x.max() < 2


def test_noise_is_a_standard_deviation():
    x, y = data.curve(20_000, noise=0.3, rng=0)
    assert np.std(y - np.sin(x)) == pytest.approx(0.3, rel=0.02)
    X, _ = data.circles(20_000, factor=1 - 1e-9, noise=0.01, rng=0)
    assert np.std(np.linalg.norm(X, axis=1)) == pytest.approx(0.01, rel=0.02)


def test_two_moons_are_told_apart():
    X, y = data.moons(1000, rng=0)
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 32, 2], rng=rng)
    adam = optim.Adam(model.parameters(), lr=0.01)
    ag.fit(model, nn.cross_entropy, (X[:500], y[:500]), optimizer=adam, epochs=60, rng=rng)
    assert ag.accuracy(model, X[500:], y[500:]) >= 0.99


def test_batches_have_each_sample_once_with_its_label():
    X, y = np.arange(20).reshape(10, 2), np.arange(10)
    parts = list(data.batches(X, y, size=4, rng=0))
    assert [len(b) for b, _ in parts] == [4, 4, 2]
    seen = np.concatenate([labels for _, labels in parts])
    assert sorted(seen) == list(range(10))
    assert list(seen) != list(range(10))
    np.testing.assert_array_equal(np.concatenate([b for b, _ in parts]), X[seen])


def test_a_loop_over_batches_is_what_fit_does():
    X, y, *_ = data.digits()
    models = [nn.MLP([64, 8, 10], rng=0) for _ in range(2)]
    sgds = [optim.SGD(model.parameters(), lr=0.1) for model in models]
    ag.fit(models[0], nn.cross_entropy, (X, y), optimizer=sgds[0], epochs=2, rng=5, derived=False)
    rng = np.random.default_rng(5)
    for _ in range(2):
        for X_batch, y_batch in data.batches(X, y, 32, rng):
            sgds[1].zero_grad()
            nn.cross_entropy(models[1](X_batch), y_batch).backward()
            sgds[1].step()
    for p, q in zip(*(model.parameters() for model in models), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_batches_refuse_bad_arguments_before_the_first_one():
    with pytest.raises(ValueError, match="batches: 3 samples, but 2 labels"):
        data.batches(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="size=0 must be positive"):
        data.batches(np.ones(3), np.ones(3), size=0)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_mnist_is_read_from_both_formats(kind, request):
    X, y, X_test, y_test = data.load_mnist(request.getfixturevalue(kind))
    np.testing.assert_array_equal(X, IMAGES[:4].reshape(4, 12) / 255)
    np.testing.assert_array_equal(X_test, IMAGES[4:].reshape(2, 12) / 255)
    np.testing.assert_array_equal(y, LABELS[:4])
    np.testing.assert_array_equal(y_test, LABELS[4:])
    assert y.dtype == np.int64
    path = str(request.getfixturevalue(kind))
    small = data.load_mnist(path, dtype=np.float32)[0]
    assert small.dtype == np.float32
    np.testing.assert_array_equal(small, IMAGES[:4].reshape(4, 12) / np.float32(255))


def test_floating_point_samples_are_kept(tmp_path):
    np.savez(tmp_path / "a.npz", **{**KERAS, "x_train": IMAGES[:4] * -2.0})
    np.testing.assert_array_equal(
        data.load_mnist(tmp_path / "a.npz")[0], IMAGES[:4].reshape(4, 12) * -2.0
    )


def change(name, edit):
    def apply(folder):
        path = next(folder.glob(f"{name}*"))
        zipped = path.suffix == ".gz"
        content = gzip.decompress(path.read_bytes()) if zipped else path.read_bytes()
        path.write_bytes(gzip.compress(edit(content)) if zipped else edit(content))

    return apply


def cut_gzip(folder):
    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])


DAMAGE = {
    "labels for images": (
        change("train-images", lambda _: idx(LABELS)),
        "the magic number is 0x00000801, and 0x00000803 is that of .* 3 dimensions",
    ),
    "another type": (
        change("t10k-labels", lambda b: b"\0\0\x0d\x01" + b[4:]),
        "t10k-labels.*magic number is 0x00000d01",
    ),
    "empty": (change("train-images", lambda _: b""), "the magic number is 0x,"),
    "header cut": (
        change("train-images", lambda b: b[:10]),
        "cut off in the header, after 10",
    ),
    "cut": (
        change("train-images", lambda b: b[:-1]),
        r"cut off after 47 of 48 bytes, shape \(4, 4, 3",
    ),
    "longer": (
        change("train-images", lambda b: b + b"0"),
        "longer than its header says: 49 of 48 bytes",
    ),
    "cut in the zip": (cut_gzip, "train-labels-idx1-ubyte.gz: cut off or damaged"),
    "huge": (
        change("train-images", lambda b: b[:4] + b"\xff" * 12 + b[16:]),
        "cut off after 48 of 79,228,",
    ),
    "fewer labels": (
        change("train-labels", lambda _: idx(LABELS[:3])),
        r"x_train of shape \(4, 4, 3\) and y_train of shape \(3,\)",
    ),
    "no samples": (
        change("train-images", lambda _: idx(IMAGES[:0])),
        r"x_train of shape \(0, 4, 3\)",
    ),
}


@pytest.mark.parametrize(("damage", "text"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_idx_files_are_refused_by_name(folder, damage, text):
    damage(folder)
    with pytest.raises(ValueError, match=text) as error:
        data.load_mnist(folder)
    assert str(folder) in str(error.value)


def test_a_missing_file_is_named(folder, tmp_path):
    (folder / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte\.gz"):
        data.load_mnist(folder)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        data.load_mnist(tmp_path / "nowhere")


class Attack:
    ran = False

    def __reduce__(self):
        return setattr, (Attack, "ran", True)


def save(**arrays):
    return lambda path: np.savez(path, **{**KERAS, **arrays})


def without_y_test(path):
    np.savez(path, **{name: value for name, value in KERAS.items() if name != "y_test"})


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[content.index(IMAGES[:4].tobytes()) + 5] ^= 255
    path.write_bytes(content)


def lone_array(path):
    with path.open("wb") as file:
        np.save(file, IMAGES)


HOSTILE = {
    "pickled objects": (
        save(x_train=np.array([Attack()], object)),
        "x_train is of object, not of numbers",
    ),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(Attack())), "no file of arrays"),
    "text": (lambda path: path.write_text("hello"), "a.npz"),
    "nothing": (lambda path: path.write_bytes(b""), "a.npz"),
    "a lone array": (lone_array, "no file of arrays"),
    "cut": (cut, "damaged"),
    "a byte flipped": (flipped, "damaged.*Bad CRC"),
    "no y_test": (without_y_test, "no y_test, only x_train, y_train, x_test"),
    "counts": (save(y_test=LABELS[:3]), r"x_test of shape \(2, 4, 3\) and y_test of shape \(3,\)"),
    "strings": (save(x_train=np.full((4, 3), "a")), "x_train is of <U1, not of numbers"),
    "integers": (save(x_test=LABELS[:2].reshape(2, 1)), "bytes or floating-point .* not int64"),
    "real labels": (save(y_train=LABELS[:4] + 0.5), "y_train: classes are whole numbers from 0"),
    "negative labels": (save(y_train=LABELS[:4] - 1), "y_train: classes are whole numbers from 0"),
}


@pytest.mark.parametrize(("damage", "text"), HOSTILE.values(), ids=HOSTILE)
def test_damaged_and_hostile_archives_are_refused_by_name(archive, damage, text):
    damage(archive)
    with pytest.raises(ValueError, match=text) as error:
        data.load_mnist(archive)
    assert str(archive) in str(error.value)
    assert not Attack.ran
