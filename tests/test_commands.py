"""The commands `train` and `predict`."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_lite import cli, commands, nn, optim
from autograd_lite.data import digits
from autograd_lite.training import History

ROOT = Path(__file__).parent.parent
QUICK = ["train", "--hidden", "16", "--epochs", "2"]


@pytest.fixture
def archive(tmp_path):
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "digits.npz", **dict(zip(names, digits(), strict=True)))
    return tmp_path / "digits.npz"


@pytest.fixture
def model(tmp_path, capsys):
    path = tmp_path / "model.npz"
    assert cli.main([*QUICK, "--activation", "tanh", "--save", str(path)]) == 0
    capsys.readouterr()
    return path


def fails(arguments, capsys):
    """Run a command that has to end with 2 and one line on standard error."""
    assert cli.main(list(map(str, arguments))) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("autograd-lite: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_the_defaults_learn_the_digits(capsys):
    assert cli.main(["train"]) == 0
    text = capsys.readouterr().out
    assert "training 64-256-128-10, relu, on 1,442 samples" in text
    assert float(re.search(r"test accuracy ([\d.]+)% of 355 samples", text)[1]) >= 97.5


@pytest.mark.parametrize("optimizer", commands.OPTIMIZERS)
def test_each_optimizer_learns_at_its_own_rate(optimizer, capsys):
    chosen = ["--optimizer", optimizer, "--hidden", "32", "--epochs", "20"]
    assert cli.main(["train", *chosen]) == 0
    found = re.search(r"test accuracy ([\d.]+)%", capsys.readouterr().out)[1]
    assert float(found) >= 95


def test_ctrl_c_keeps_the_finished_epochs_and_writes_nothing_without_one(
    tmp_path, capsys, monkeypatch
):
    def interrupted(after):
        def interrupt(history):
            if history.epochs == after:
                raise KeyboardInterrupt

        monkeypatch.setattr(optim, "CosineAnnealingLR", lambda *_: interrupt)
        path = tmp_path / f"{after}.npz"
        return cli.main([*QUICK, "--save", str(path)]), path.exists()

    assert interrupted(after=1) == (0, True)
    assert ", 1 epochs; interrupted after epoch 1" in capsys.readouterr().out
    monkeypatch.setattr(commands, "fit", lambda *_, **__: History(stopped="interrupted"))
    assert interrupted(after=0) == (1, False)
    assert capsys.readouterr().err == "autograd-lite train: interrupted\n"


def test_what_was_trained_predicts_as_well_as_it_said(archive, tmp_path, capsys):
    path = tmp_path / "model.npz"
    saved = ["--data", str(archive), "--activation", "tanh", "--save", str(path)]
    assert cli.main([*QUICK, *saved, "--optimizer", "sgd", "--lr", "0.3"]) == 0
    said = re.search(r"accuracy [\d.]+% of 355 samples", capsys.readouterr().out)[0]
    outputs = []
    for file in ("digits", archive):
        assert cli.main(["predict", str(path), str(file)]) == 0
        captured = capsys.readouterr()
        assert captured.err == f"{said}\n"
        outputs.append(captured.out)
    np.save(tmp_path / "rows.npy", digits()[2])
    assert cli.main(["predict", str(path), str(tmp_path / "rows.npy")]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    outputs.append(captured.out)
    assert len(set(outputs)) == 1
    assert len(outputs[0].split()) == 355


def test_the_same_seed_writes_the_same_bytes(tmp_path, capsys):
    files = [tmp_path / f"{i}.npz" for i in range(3)]
    for file, seed in zip(files, "778", strict=True):
        assert cli.main([*QUICK, "--seed", seed, "--save", str(file)]) == 0
    a, b, c = (file.read_bytes() for file in files)
    assert a == b != c


def test_a_model_file_says_what_it_is(model):
    assert nn.read_metadata(model) == {"widths": "[64, 16, 10]", "activation": "tanh"}


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({}, "no model of autograd-lite train: 'widths'"),
        ({"widths": "{"}, "no model of autograd-lite train"),
        ({"widths": "7"}, "no model of autograd-lite train"),
        ({"activation": "swash"}, "activation 'swash' is none of"),
        ({"widths": "[64, 10]"}, "layers.0.W"),
        ({"widths": "[1000000000, 1000000000]"}, "too small for widths"),
    ],
)
def test_a_foreign_model_file_is_refused(model, about, text, capsys):
    whole = {**nn.read_metadata(model), **about} if about else None
    nn.save(nn.MLP([64, 16, 10]), model, metadata=whole)
    assert re.search(text, fails(["predict", model, "digits"], capsys))


def test_a_cut_model_file_is_refused(model, capsys):
    model.write_bytes(model.read_bytes()[:-50])
    assert "damaged" in fails(["predict", model, "digits"], capsys)


def test_samples_that_do_not_fit_are_refused(model, tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.ones((3, 5)))
    text = fails(["predict", model, tmp_path / "a.npy"], capsys)
    assert "W of shape (64, 16) does not fit rows of shape (3, 5)" in text
    np.savez(tmp_path / "a.npz", a=np.ones(1), b=np.ones(1))
    text = fails(["predict", model, tmp_path / "a.npz"], capsys)
    assert "no x_test, x_train, y_test, y_train, only a, b" in text
    (tmp_path / "a.npy").write_bytes(b"")
    assert "No data left in file" in fails(["predict", model, tmp_path / "a.npy"], capsys)
    assert "No such file" in fails(["predict", model, tmp_path / "none"], capsys)
    (tmp_path / "text").write_text("hello")
    assert "no file of arrays" in fails(["predict", model, tmp_path / "text"], capsys)


def test_files_that_cannot_be_written_are_refused_before_any_training(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(commands, "fit", None)
    missing = tmp_path / "none" / "a.npz"
    assert f"cannot write to {missing}" in fails(["train", "--save", missing], capsys)
    assert "it must end in .npz" in fails(["train", "--save", tmp_path / "model.pkl"], capsys)
    text = fails(["train", "--plot", tmp_path / "a.xyz"], capsys)
    assert "it must end in .svg or .png or .pdf" in text
    (tmp_path / "a.png").mkdir()
    assert "it is a folder" in fails(["train", "--plot", tmp_path / "a.png"], capsys)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = fails(["train", "--plot", tmp_path / "a.svg"], capsys)
    assert "pip install 'autograd-lite[plot]'" in text
    assert "No such file" in fails(["train", "--data", tmp_path / "none"], capsys)


def test_a_crash_while_saving_leaves_the_old_file(model, monkeypatch):
    before = model.read_bytes()

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(KeyboardInterrupt):
        cli.main([*QUICK, "--save", str(model)])
    assert model.read_bytes() == before
    assert list(model.parent.iterdir()) == [model]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_loss_that_becomes_infinite_is_exit_code_1_and_writes_nothing(tmp_path, capsys):
    path = tmp_path / "model.npz"
    diverging = ["--optimizer", "sgd", "--lr", "1e200", "--save", str(path)]
    assert cli.main([*QUICK, *diverging]) == 1
    assert "try a smaller learning rate" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_plot_is_written(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "history.svg"
    assert cli.main([*QUICK, "--plot", str(path)]) == 0
    assert "<svg" in path.read_text()


@pytest.mark.parametrize("command", ["train", "predict"])
def test_help_has_examples_and_exit_codes(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "examples:\n  autograd-lite " + command in text
    assert "exit codes: 0" in text
    assert "None" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--hidden", "8,"],
        ["train", "--hidden", "-1"],
        ["train", "--lr", "fast"],
        ["train", "--epochs", "0"],
        ["train", "--activation", "swash"],
        ["train", "--optimizer", "magic"],
        ["predict", "model.npz"],
    ],
)
def test_bad_arguments_are_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--lr", "0"], "AdamW: lr must be positive, not 0.0"),
        (["--lr", "inf"], "lr must be 0 or more, not inf"),
        (["--optimizer", "sgd", "--lr", "nan"], "SGD: lr must be positive, not nan"),
    ],
)
def test_numbers_out_of_their_range_are_exit_code_2(arguments, text, capsys, monkeypatch):
    monkeypatch.setattr(commands, "fit", None)
    assert text in fails(["train", *arguments], capsys)
