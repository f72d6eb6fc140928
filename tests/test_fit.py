"""Training: what is measured, stopped, kept, written and gone on with."""

import csv
import io
import json
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, optim
from autograd_lite.training import state as states

rng = np.random.default_rng(0)
X = rng.standard_normal((50, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
TRAIN, VALID = (X[:33], y[:33]), (X[33:], y[33:])


class Noisy(nn.Module):
    """Dropout, a generator of its own, and a constant that `forward` changes."""

    def __init__(self):
        self.inner = nn.Sequential(
            nn.Linear(3, 8, rng=0), np.tanh, nn.Dropout(0.3, rng=1), nn.Linear(8, 2, rng=2)
        )
        self.seen = ag.Tensor(0.0)

    def forward(self, x):
        if self.training:
            self.seen.data = self.seen.data + len(x)
        return self.inner(x)


def setting(noisy=False, kind=optim.Adam, **settings):
    model = Noisy() if noisy else nn.MLP([3, 8, 2], "tanh", rng=0)
    optimizer = kind(model.parameters(), **{"lr": 0.05, **settings})
    schedule = optim.CosineAnnealingLR(optimizer, T_max=8)
    return model, optimizer, schedule


def fit(model, optimizer, callbacks=(), **settings):
    given = {"valid": VALID, "epochs": 8, "batch_size": 8, "rng": np.random.default_rng(5)}
    return ag.fit(
        model, nn.cross_entropy, TRAIN, optimizer=optimizer, callbacks=callbacks,
        **{**given, **settings},
    )  # fmt: skip


def assert_same(a, b):
    for (name, x), z in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        np.testing.assert_array_equal(x, z, err_msg=name)


def test_each_epoch_is_measured():
    model, adam, schedule = setting()
    history = fit(
        model, adam, [schedule], metrics={"error": lambda z, y: np.mean(z.argmax(axis=1) != y)}
    )
    assert history.derived
    assert history.stopped == ""
    columns = history.columns()
    assert list(columns) == ["loss", "valid_loss", "accuracy", "lr", "error"]
    assert {len(values) for values in columns.values()} == {8} == {history.epochs}
    assert history.valid_loss[-1] == nn.cross_entropy(model(VALID[0]), VALID[1]).item()
    assert history.accuracy[-1] == ag.accuracy(model, *VALID)
    assert history.metrics["error"][-1] == pytest.approx(1 - history.accuracy[-1])
    assert history.lr[0] == 0.05
    assert history.lr[4] == pytest.approx(0.025)
    assert repr(history).startswith("<History of 8 epochs by a derived program; loss 0.")
    assert all(type(x) is float for values in columns.values() for x in values)


def test_the_loss_of_an_epoch_is_that_of_a_sample():
    model, _, _ = setting()
    expected = nn.cross_entropy(model(TRAIN[0]), TRAIN[1]).item()
    frozen = optim.SGD(model.parameters(), lr=1e-300)
    history = fit(model, frozen, epochs=1, valid=None)
    assert history.loss[0] == pytest.approx(expected, rel=1e-14)
    assert list(history.columns()) == ["loss", "lr"]


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("derived", [True, False])
def test_the_same_seed_gives_the_same_bits(noisy, derived):
    (a, adam, _), (b, other, _) = setting(noisy), setting(noisy)
    assert fit(a, adam, derived=derived) == fit(b, other, derived=derived)
    assert_same(a, b)


def test_the_derived_program_goes_where_the_tape_does():
    (a, adam, _), (b, other, _) = setting(), setting()
    on_tape, by_program = fit(a, adam, derived=False), fit(b, other, derived=True)
    assert (on_tape.derived, by_program.derived) == (False, True)
    np.testing.assert_allclose(by_program.loss, on_tape.loss, rtol=1e-10)


def test_the_last_smaller_batch_is_recorded_once(monkeypatch):
    calls = []

    def loss(z, y):
        calls.append(len(y))
        return nn.cross_entropy(z, y)

    model, adam, _ = setting()
    history = ag.fit(model, loss, TRAIN, optimizer=adam, epochs=5, batch_size=8, rng=0)
    assert history.derived
    # A program is recorded on the example, three times on other data, and with more samples.
    assert Counter(calls) == {8: 4, 9: 1, 1: 4, 4: 1}


def test_a_constant_tensor_may_change_between_epochs():
    class Scaled(nn.Module):
        def __init__(self):
            self.inner, self.scale = nn.Linear(3, 2, rng=0), ag.Tensor(np.array(1.0))

        def forward(self, x):
            return self.inner(x) * self.scale

    def trained(derived):
        model = Scaled()

        def cool(history):
            model.scale.data = model.scale.data / 2

        history = fit(model, optim.SGD(model.parameters(), 0.1), [cool], derived=derived)
        assert history.derived is derived
        return history

    np.testing.assert_allclose(trained(True).loss, trained(False).loss, rtol=1e-12)


def test_the_model_trains_in_one_mode_and_is_left_in_the_other():
    modes = []

    class Watched(nn.Module):
        def __init__(self):
            self.inner = nn.Sequential(nn.Dropout(0.5, rng=0), nn.Linear(3, 2, rng=0))

        def forward(self, x):
            modes.append((len(x), self.inner.layers[0].training))
            return self.inner(x)

    model = Watched()
    sgd = optim.SGD(model.parameters(), 0.1)
    fit(model, sgd, [lambda _: model.eval()], derived=False, epochs=2)
    assert set(modes) == {(8, True), (1, True), (17, False)}
    assert not model.training
    assert not model.inner.layers[0].training
    np.testing.assert_array_equal(model(X[:4]).data, model(X[:4]).data)
    model.train()
    model.inner.layers[0].eval()
    ag.accuracy(model, *VALID)
    assert model.training
    assert not model.inner.layers[0].training


def test_predictions_in_portions_are_those_of_all_samples():
    model, _, _ = setting()
    whole, parts = nn.predict(model, X), nn.predict(model, X, batch_size=7)
    np.testing.assert_allclose(parts, whole, rtol=1e-13)
    assert isinstance(parts, np.ndarray)
    both = nn.predict(lambda x: {"a": x, "b": [x[:, 0]]}, X, batch_size=7)
    np.testing.assert_array_equal(both["b"][0], X[:, 0])
    assert nn.predict(model, X[:0]).shape == (0, 2)


# Early stopping and the best weights.


def test_training_stops_when_nothing_gets_better_and_keeps_the_best():
    model, _, _ = setting()
    wild = optim.SGD(model.parameters(), lr=3.0)
    weights = []
    history = fit(
        model, wild, [lambda _: weights.append(model.state_dict())], epochs=60, patience=4
    )
    assert history.epochs < 60
    assert history.stopped == "no better valid_loss in 4 epochs"
    assert history.best == int(np.argmin(history.valid_loss)) == history.epochs - 5
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, weights[history.best][name])
    assert nn.cross_entropy(model(VALID[0]), VALID[1]).item() == min(history.valid_loss)


@pytest.mark.parametrize(
    ("losses", "best"),
    [([3.0, 2.0, 2.0], 1), ([np.nan, 2.0, np.nan], 1), ([np.inf, np.nan], 0), ([np.nan] * 3, 0)],
)
def test_the_first_of_the_least_losses_is_the_best_and_nan_is_worse_than_any(losses, best):
    model, _, _ = setting()
    history = ag.History()
    for loss in losses:
        history.add({"loss": 0.0, "valid_loss": loss})
        history.keep_best(model, patience=len(losses) - best)
    assert history.best == best
    assert history.stopped == ""
    history.add({"loss": 0.0, "valid_loss": np.nan})
    history.keep_best(model, patience=len(losses) - best)
    assert history.stopped == f"no better valid_loss in {len(losses) - best} epochs"


def test_a_metric_called_accuracy_takes_the_place_of_ours():
    model, adam, _ = setting()
    history = fit(model, adam, epochs=2, metrics={"accuracy": lambda z, y: 0.25})
    assert history.columns()["accuracy"] == history.accuracy == [0.25, 0.25]


def test_a_callback_that_returns_true_ends_the_training():
    model, adam, _ = setting()
    history = fit(model, adam, [lambda h: h.loss[-1] < 1e9 and h.epochs == 3, lambda h: 1])
    assert history.epochs == 3
    assert history.stopped == "by a callback after epoch 3"


# Ctrl-C.


class Interrupted(nn.Module):
    """Raises KeyboardInterrupt in a forward of its own choice."""

    def __init__(self, at):
        self.inner, self.left = Noisy(), [at]

    def forward(self, x):
        self.left[0] -= self.training
        if self.left[0] < 0:
            raise KeyboardInterrupt
        return self.inner(x)


def test_ctrl_c_within_an_epoch_keeps_the_last_finished_one():
    model = Interrupted(at=3 * 5 + 2)
    adam = optim.Adam(model.parameters(), lr=0.05)
    schedule = optim.CosineAnnealingLR(adam, T_max=8)
    seeded = np.random.default_rng(5)
    history = fit(model, adam, [schedule], derived=False, rng=seeded)
    assert history.epochs == 3
    assert history.stopped == "interrupted after epoch 3"
    assert not model.training
    other, expected, scheduled = setting(noisy=True)
    again = fit(other, expected, [scheduled], derived=False, epochs=3)
    assert history.loss == again.loss
    assert_same(model.inner, other)
    assert adam.lr == expected.lr
    model.left[0] = 10**6  # all of it is where it was: one can go on
    rest = fit(model, adam, [schedule], derived=False, rng=seeded, epochs=5)
    whole, adam, schedule = setting(noisy=True)
    assert history.loss + rest.loss == fit(whole, adam, [schedule], derived=False).loss
    assert_same(model.inner, whole)


def test_ctrl_c_in_a_callback_keeps_the_epoch_before_it():
    def interrupt(history):
        if history.epochs == 4:
            raise KeyboardInterrupt

    (a, adam, _), (b, other, _) = setting(), setting()
    history = fit(a, adam, [interrupt])
    assert (history.epochs, history.stopped) == (4, "interrupted after epoch 4")
    assert history.loss == fit(b, other, epochs=4).loss
    assert_same(a, b)


def test_ctrl_c_in_the_first_epoch_leaves_the_model_as_it_was():
    model = Interrupted(at=2)
    before = model.state_dict()
    history = fit(model, optim.SGD(model.parameters(), 1.0), derived=False)
    assert history.epochs == 0
    assert "stopped: interrupted after epoch 0" in repr(history)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


# Checkpoints.

KINDS = {
    "sgd": lambda ps: optim.SGD(ps, 0.05, momentum=0.9, nesterov=True),
    "adam": lambda ps: optim.AdamW(ps, 0.05, betas=(0.8, 0.95)),
    "rmsprop": lambda ps: optim.RMSprop(ps, 0.01, momentum=0.5),
}


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generator", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_interrupted_and_resumed_is_uninterrupted_to_the_bit(tmp_path, noisy, kind, generator):
    def trained(epochs, at=10**6, **settings):
        model, _, _ = setting(noisy)
        optimizer = KINDS[kind](model.parameters())
        schedule = optim.CosineAnnealingLR(optimizer, 6, warm_up=4)

        def crash(history):
            if history.epochs == at:
                raise ZeroDivisionError

        history = fit(
            model, optimizer, [schedule, crash], epochs=epochs, patience=99,
            rng=np.random.Generator(getattr(np.random, generator)(3)), **settings,
        )  # fmt: skip
        return model, optimizer, history

    path = {"checkpoint": tmp_path / "run.npz"}
    model, optimizer, history = trained(9)
    trained(3, **path)
    with pytest.raises(ZeroDivisionError):  # the file is that of the epoch before
        trained(9, at=6, resume=True, **path)
    again, other, resumed = trained(9, resume=True, **path)
    assert resumed == history
    assert_same(again, model)
    assert str(other.state_dict()) == str(optimizer.state_dict())
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
    finished, _, nothing = trained(9, resume=True, **path)  # no epoch is left
    assert nothing == history
    assert_same(finished, model)


class Jitter(nn.Module):
    """Draws with a generator of its own, and now and then something no root can be taken of."""

    def __init__(self, share=0.0):
        self.last, self.rng, self.share = nn.Linear(3, 2, rng=0), np.random.default_rng(1), share

    def forward(self, x):
        z = self.last(x) + self.rng.standard_normal((len(x), 2))
        return z + np.sqrt(0 * z + 1 - 2 * (self.rng.random() < self.share))


def test_an_attempt_to_derive_draws_nothing(tmp_path):
    def trained(epochs, **settings):
        model = Jitter()
        return fit(model, optim.SGD(model.parameters(), 0.1), epochs=epochs, **settings), model

    path = {"checkpoint": tmp_path / "run.npz", "resume": True}
    trained(2, **path)
    (history, model), (whole, other) = trained(5, **path), trained(5)
    assert history == whole
    assert not history.derived
    assert_same(model, other)


def test_a_training_that_waits_goes_on_waiting(tmp_path):
    def trained(epochs, **settings):
        model, _, _ = setting()
        wild = optim.SGD(model.parameters(), lr=3.0)
        return fit(model, wild, epochs=epochs, patience=4, **settings)

    path = {"checkpoint": tmp_path / "run.npz", "resume": True}
    whole = trained(60)
    trained(whole.epochs - 2, **path)
    assert trained(60, **path) == whole == trained(60, **path)


def test_a_file_that_is_no_checkpoint_of_this_training_changes_nothing(tmp_path):
    path = tmp_path / "run.npz"
    model, adam, schedule = setting()
    fit(model, adam, [schedule], epochs=2, checkpoint=path)

    def refused(text, model, optimizer, callbacks=(), generator=None):
        before = str(model.state_dict()), str(optimizer.state_dict())
        seeded = generator or np.random.default_rng(5)
        drawn = seeded.bit_generator.state
        with pytest.raises(ValueError, match=text):
            fit(model, optimizer, callbacks, checkpoint=path, resume=True, rng=seeded)
        assert before == (str(model.state_dict()), str(optimizer.state_dict()))
        assert str(seeded.bit_generator.state) == str(drawn)

    other = nn.MLP([3, 4, 2], rng=0)
    no = r"run\.npz is no checkpoint of this training: .*"
    damage = no + "is damaged, or no file of arrays"
    refused(no + "wrong shapes: layers.0.W", other, optim.Adam(other.parameters()), [schedule])
    model, sgd, schedule = setting(kind=optim.SGD)
    refused(no + "load_state_dict: SGD has no betas, ", model, sgd, [schedule])
    model, adam, schedule = setting()
    refused(no, model, adam)  # without its schedule
    mersenne = np.random.Generator(np.random.MT19937(0))
    refused(no + "MT19937", model, adam, [schedule], mersenne)
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:-100],
        whole[:100],
        b"PK\3\4" + bytes(99),
        whole.replace(b"a", b"b"),
    ):
        path.write_bytes(damaged)
        refused(no, model, adam, [schedule])
    nn.save(model, path)
    refused(damage, model, adam, [schedule])
    for hostile in ({}, 3, [], [{}, {}, {}, {}, {}]):
        states.write(path, hostile)
        refused(no, model, adam, [schedule])
    np.savez(path, text=np.array([{}], dtype=object))  # pickled: never loaded
    refused(damage, model, adam, [schedule])


def test_a_checkpoint_is_whole_or_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    model, adam, _ = setting()
    fit(model, adam, epochs=1, checkpoint=path)
    before = path.read_bytes()

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        fit(model, adam, epochs=2, checkpoint=path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_first_epoch(tmp_path):
    model, adam, _ = setting()
    before = model.state_dict()
    with pytest.raises(FileNotFoundError):
        fit(model, adam, checkpoint=tmp_path / "missing" / "run.npz")

    class Odd:
        def __call__(self, history):
            pass

        def state_dict(self):
            return {"what": object()}

    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        fit(model, adam, [Odd()], checkpoint=tmp_path / "run.npz")
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(model.state_dict()["layers.0.W"], before["layers.0.W"])


def test_any_state_of_numbers_arrays_and_texts_comes_back(tmp_path):
    state = {
        "a": [1, 2.5, float("inf"), None, True, "ü", 2**200],
        "b": {"x": np.arange(6, dtype=np.float32).reshape(2, 3).T, "y": {"": np.array(1 + 2j)}},
        "c": np.float32(0.1),
    }
    states.write(tmp_path / "s.npz", state)
    found = states.read(tmp_path / "s.npz")
    assert found["a"] == state["a"]
    np.testing.assert_array_equal(found["b"]["x"], state["b"]["x"])
    assert found["b"]["x"].dtype == np.float32
    assert found["b"]["y"][""] == 1 + 2j
    assert found["c"] == np.float32(0.1)
    with zipfile.ZipFile(tmp_path / "s.npz") as archive:  # what anybody can look into
        content = archive.read("text.npy")
    assert json.loads(content[content.index(b'{"a"') :])["a"][1] == 2.5


# Numbers that are not finite.


def overflowing(z, y):
    return np.mean(np.exp(z * z * 1e6).sum(axis=1)) - np.mean(y)


def test_a_loss_that_is_not_finite_names_the_op_and_the_line():
    for derived in (True, False):
        model, adam, _ = setting()
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as error:
            ag.fit(model, overflowing, TRAIN, optimizer=adam, derived=derived, rng=0)
        line = overflowing.__code__.co_firstlineno + 1
        text = str(error.value)
        assert text.startswith("the loss became inf in epoch 1, batch 1: the first value that is")
        assert f"not finite is an infinity from exp, {__file__}:{line}, of arguments from" in text
        assert "try a smaller learning rate, clip_grad_norm=1.0" in text


def test_parameters_that_are_not_finite_are_named():
    model, _, _ = setting()
    sgd = optim.SGD(model.parameters(), lr=1e200)
    text = r"epoch 1, batch 2: W1 of shape \(3, 8\) holds"
    with pytest.raises(FloatingPointError, match=text), np.errstate(all="ignore"):
        ag.fit(model, lambda z, y: np.sum(z) * 1e200, TRAIN, optimizer=sgd, derived=False, rng=0)


def test_what_was_drawn_is_drawn_again_to_find_the_op():
    model = Jitter(share=0.05)
    with pytest.raises(FloatingPointError, match="NaN from sqrt"), np.errstate(invalid="ignore"):
        fit(model, optim.SGD(model.parameters(), 1e-3), epochs=50, valid=None)


def test_the_module_of_the_op_is_named():
    class Root(nn.Module):
        def forward(self, x):
            return np.sqrt(x - 0.5)

    class Model(nn.Module):
        def __init__(self):
            self.drop, self.last, self.root = nn.Dropout(0.5, rng=0), nn.Linear(3, 2, rng=0), Root()

        def forward(self, x):
            return self.root(self.drop(self.last(x)))

    model = Model()
    text = r"nan in epoch 1, batch \d+: .* is NaN from sqrt in Model\.root, .*test_fit\.py:\d+"
    with pytest.raises(FloatingPointError, match=text), np.errstate(invalid="ignore"):
        fit(model, optim.SGD(model.parameters(), 1e-3))


# What is refused.


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"epochs": 0}, "epochs=0 and patience=None must be positive"),
        ({"patience": 0}, "patience=0 must be positive"),
        ({"metrics": {"epoch": max, "lr": max}}, "metrics cannot be named epoch, lr"),
        ({"resume": True}, "resume=True goes on from checkpoint=path"),
        ({"valid": None, "patience": 2}, "measured on valid="),
        ({"valid": None, "metrics": {"a": max}}, "measured on valid="),
        ({"batch_size": 0}, "size=0 must be positive"),
        ({"checkpoint": "run.pkl"}, r"'run.pkl': a file of arrays ends in \.npz or"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, text):
    model, adam, _ = setting()
    with pytest.raises(ValueError, match=text):
        fit(model, adam, **settings)


def test_the_optimizer_of_another_model_is_refused():
    model, _, _ = setting()
    _, adam, _ = setting()
    with pytest.raises(ValueError, match="no parameter of this model"):
        fit(model, adam)


@pytest.mark.parametrize("derived", [True, False])
def test_gradients_are_clipped_before_the_step(derived):
    model, _, _ = setting()
    before = model.state_dict()
    sgd = optim.SGD(model.parameters(), lr=1.0)
    fit(model, sgd, epochs=1, batch_size=33, clip_grad_norm=1e-3, derived=derived)
    moved = [model.state_dict()[name] - x for name, x in before.items()]
    norm = np.linalg.norm(np.concatenate([x.ravel() for x in moved]))
    assert norm == pytest.approx(1e-3, rel=1e-2)


# Tables and pictures.


def test_a_history_is_written_as_a_table_with_exact_numbers(tmp_path):
    model, adam, _ = setting()
    history = fit(model, adam, epochs=3, metrics={"a,b": lambda z, y: 0.1})
    history.to_csv(tmp_path / "h.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "h.csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for name, values in history.columns().items():
        assert [float(row[name]) for row in rows] == values
    assert list(rows[0]) == ["epoch", "loss", "valid_loss", "accuracy", "lr", "a,b"]


def test_a_history_is_drawn_with_its_best_epoch(tmp_path):
    pytest.importorskip("matplotlib")
    model, adam, _ = setting()
    history = fit(model, adam, epochs=20, patience=3)
    figure = history.plot(tmp_path / "h.svg")
    assert "<svg" in (tmp_path / "h.svg").read_text()
    losses, accuracy = figure.axes
    train, valid, best = losses.lines
    assert list(train.get_ydata()) == history.loss
    assert list(valid.get_ydata()) == history.valid_loss
    assert best.get_xdata()[0] == history.best + 1
    names = [text.get_text() for text in losses.get_legend().get_texts()]
    assert names == ["loss", "valid_loss", "best epoch"]
    assert list(accuracy.lines[0].get_ydata()) == history.accuracy


@pytest.mark.parametrize("derived", [True, False])
def test_the_bar_says_how_it_is_computed_and_what_was_measured(monkeypatch, derived):
    pytest.importorskip("tqdm")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    model, adam, _ = setting()
    history = fit(model, adam, epochs=2, derived=derived)
    text = terminal.getvalue()
    way = "training by a derived program" if derived else "training on the tape"
    assert way in text
    assert f"epoch 2/2, {history.last()}" in text
    assert "10/10" in text


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda m, o: ag.fit(m, nn.cross_entropy, TRAIN[0], optimizer=o), r"pair of samples and"),
        (lambda m, o: ag.fit(m, nn.cross_entropy, TRAIN, optimizer="sgd"), r"one of ag\.optim"),
        (lambda m, o: ag.fit(m, lambda z, y: None, TRAIN, optimizer=o), "return"),
        (
            lambda m, o: ag.fit(m, lambda z, y: 1.0, TRAIN, optimizer=o, derived=False),
            r"the loss is a float without a derivative; .*\.item\(\)",
        ),
        (lambda m, o: nn.save("model.npz", m), r"write save\(model, path\)"),
        (lambda m, o: nn.load(m, "model.npz"), r"write load\(path, into=model\)"),
        (lambda m, o: nn.MLP(3), r"widths are a list, as in \[2, 16, 1\]"),
    ],
)
def test_arguments_of_another_kind_are_refused_with_the_form_to_write(call, match):
    model, adam, _ = setting()
    with pytest.raises(TypeError, match=match):
        call(model, adam)


def test_a_probability_outside_of_its_range_is_refused_when_a_layer_is_made():
    with pytest.raises(ValueError, match=r"Dropout: p is a probability .* not -1"):
        nn.Dropout(-1)
