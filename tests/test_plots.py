"""Pictures of training show the numbers that there were."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.plots import (
    GradientNorms,
    draw_boundary,
    draw_gradient_norms,
    draw_training,
    draw_weights,
)
from autograd_lite.training import History, fit

pytest.importorskip("matplotlib")
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure


def lines(ax):
    return [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.get_lines()]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def vertices(ax):
    """The points of the boundaries that are drawn as lines."""
    outlines = [c for c in ax.collections if type(c).__name__ == "QuadContourSet" and not c.filled]
    return [np.concatenate([p.vertices for p in c.get_paths()]) for c in outlines]


def rings(ax):
    return ax.collections[-1].get_offsets().tolist()


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]], 20, axis=0)
    return X, np.repeat([0, 1, 2], 20)


# Curves of training.


def test_the_curves_are_the_history():
    history = History(loss=[3.0, 1.0, 0.5], accuracy=[0.25, 0.5, 1.0])
    left, right = draw_training(history).axes
    assert lines(left) == [([1, 2, 3], [3.0, 1.0, 0.5])]
    assert lines(right) == [([1, 2, 3], [0.25, 0.5, 1.0])]
    assert left.get_title(loc="left") == "loss, at last 0.5"
    assert left.get_ylim()[0] == 0
    assert right.get_ylim() == (0, 1.02)


def test_without_validation_there_is_no_panel_for_the_accuracy():
    (ax,) = draw_training(History(loss=[2.0])).axes
    assert lines(ax) == [([1], [2.0])]


def test_whatever_else_was_measured_is_drawn_as_well():
    history = History(loss=[3.0, 1.0], valid_loss=[4.0, 2.0], metrics={"size": [0.1, 0.01]})
    loss, rate = draw_training(history).axes
    assert [y for _, y in lines(loss)] == [[3.0, 1.0], [4.0, 2.0]]
    assert legend(loss) == ["loss", "valid_loss"]
    assert len({line.get_linestyle() for line in loss.get_lines()}) == 2
    assert lines(rate) == [([1, 2], [0.1, 0.01])]


def test_a_history_without_epochs_is_refused():
    with pytest.raises(ValueError, match="this history holds no epoch yet"):
        draw_training(History())


def test_a_history_of_fit_is_drawn(samples):
    model = ag.nn.MLP([2, 4, 3], "tanh", rng=0)
    options = {"optimizer": ag.optim.SGD(model.parameters(), lr=0.1), "valid": samples}
    history = fit(model, ag.nn.cross_entropy, samples, epochs=3, rng=0, **options)
    measured = [history.loss, history.valid_loss, history.accuracy]
    assert [y for ax in draw_training(history).axes for _, y in lines(ax)] == measured
    schedule = ag.optim.StepLR(options["optimizer"], 1)
    history = fit(
        model, ag.nn.cross_entropy, samples, epochs=3, rng=0, callbacks=[schedule], **options
    )
    assert lines(draw_training(history).axes[-1])[0][1] == history.lr
    assert len(set(history.lr)) == 3


# Boundaries.


def test_the_boundary_of_a_linear_model_is_its_line(samples):
    X, y = samples
    w, b = np.array([[2.0], [1.0]]), -3.0
    for shape in ((-1, 1), (-1,)):
        (ax,) = draw_boundary(lambda X: (X @ w + b).reshape(shape), X, y > 0).axes  # noqa: B023
        for line in vertices(ax):
            assert len(line) > 100
            np.testing.assert_allclose(line @ w + b, 0, atol=1e-9)


def test_probabilities_have_another_threshold(samples):
    X, y = samples
    figure = draw_boundary(lambda X: 1 / (1 + np.exp(-X[:, 0])), X, y > 0, threshold=0.5)
    for line in vertices(figure.axes[0]):
        np.testing.assert_allclose(line[:, 0], 0, atol=1e-2)


def test_samples_on_the_wrong_side_have_a_ring():
    X = np.array([[1.0, 0.0], [2.0, 1.0], [-1.0, 2.0], [-2.0, 3.0]])
    (ax,) = draw_boundary(lambda X: X[:, 0], X, [1, -1, -1, -1]).axes
    assert rings(ax) == [[2.0, 1.0]]
    assert ax.get_title(loc="left") == "1 of 4 samples wrong"
    assert legend(ax) == ["class -1", "class 1", "wrong"]


def test_three_classes_have_three_colours_and_marks(samples):
    X, y = samples
    centres = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])

    def nearest(X):
        return -((X[:, None] - centres) ** 2).sum(2)

    (ax,) = draw_boundary(nearest, X, y).axes
    dots = [c for c in ax.collections if isinstance(c, PathCollection)][:-1]
    assert [c.get_offsets().tolist() for c in dots] == [X[y == k].tolist() for k in range(3)]
    assert len({to_hex(c.get_facecolor()[0]) for c in dots}) == 3
    assert len({c.get_paths()[0].vertices.tobytes() for c in dots}) == 3
    for line in vertices(ax):  # between two nearest centres, at the same distance from both
        far = np.sort(-nearest(line), axis=1)
        np.testing.assert_allclose(far[:, 0], far[:, 1], atol=0.1)
    assert rings(ax) == X[nearest(X).argmax(1) != y].tolist()


def test_a_module_predicts_and_stays_as_it_was(samples):
    model = ag.nn.Sequential(ag.nn.Linear(2, 3, rng=0), ag.nn.Dropout(0.5, rng=0))
    seen = []
    model.layers[1].forward = lambda x: (seen.append(model.layers[1].training), x)[1]
    model.layers[0].training = False
    draw_boundary(model, *samples)
    assert set(seen) == {False}
    assert [m.training for _, m in model.named_modules()] == [True, False, True]
    assert all(p.grad is None for p in model.parameters())


def test_a_model_that_sees_one_class_everywhere_has_no_line(samples):
    X, y = samples
    (ax,) = draw_boundary(lambda X: np.ones(len(X)), X, y > 0).axes
    assert vertices(ax) == []
    assert len(rings(ax)) == 20


@pytest.mark.parametrize(
    ("model", "X", "y", "message"),
    [
        (lambda X: X, np.ones((3, 4)), [0, 1, 0], "not points of a plane"),
        (lambda X: X, np.ones((3, 2)), [0, 1], "labels of shape"),
        (lambda X: X[:5], np.ones((3, 2)), [0, 1, 0], "outputs of shape"),
        (lambda X: X * np.nan, np.ones((3, 2)), [0, 1, 0], "outputs are NaN"),
        (lambda X: X, np.ones((3, 2)), [0, 1, 7], "model of 2 classes, but the labels are 0, 1, 7"),
    ],
)
def test_what_makes_no_boundary_is_refused(model, X, y, message):
    with pytest.raises(ValueError, match=message):
        draw_boundary(model, X, y)


# Weights.


def test_each_unit_of_a_linear_layer_is_an_image():
    W = np.arange(-12.0, 12.0).reshape(4, 6)
    ax, _ = draw_weights(ag.Tensor(W, requires_grad=True)).axes
    (image,) = ax.images
    laid = np.ma.filled(image.get_array(), np.nan)
    assert laid.shape == (2 * 3 - 1, 3 * 3 - 1)
    np.testing.assert_array_equal(laid[:2, :2], W[:, 0].reshape(2, 2))
    np.testing.assert_array_equal(laid[3:, 6:], W[:, 5].reshape(2, 2))
    assert np.isnan(laid[2]).all()
    assert image.get_clim() == (-12, 12)  # white is 0


def test_the_channels_of_kernels_are_images():
    W = ag.nn.Conv2d(2, 3, 5, rng=0).W
    ax, _ = draw_weights(W, most=4).axes
    laid = np.ma.filled(ax.images[0].get_array(), np.nan)
    np.testing.assert_array_equal(laid[6:, 6:], W.data[1, 1])
    assert ax.get_title() == "weights as 4 of 6 images of 5 by 5"


def test_images_that_are_not_square_need_a_shape():
    with pytest.raises(ag.ShapeError, match=r"6 inputs are no image .* shape=\(height, width\)"):
        draw_weights(np.ones((6, 2)))
    ax, _ = draw_weights(np.ones((6, 1)), (2, 3)).axes
    assert ax.images[0].get_array().shape == (2, 3)
    with pytest.raises(ag.ShapeError, match="not those of a layer"):
        draw_weights(np.ones(4))


# Norms of gradients.


def test_the_norms_are_those_of_the_gradients():
    model = ag.nn.MLP([2, 3, 1], "tanh", rng=0)
    norms = GradientNorms(model)
    expected = []
    for k in (1, 2):
        for p in model.parameters():
            p.grad = None
        (model(np.ones((4, 2)) * k) ** 2).mean().backward()
        norms("what", callbacks="are", given="is ignored")
        expected.append([float(np.sqrt((p.grad**2).sum())) for p in model.parameters()])
    assert list(norms.norms) == [name for name, _ in model.named_parameters()]
    np.testing.assert_allclose([*zip(*norms.norms.values(), strict=True)], expected, rtol=1e-14)
    assert repr(norms) == "GradientNorms(4 parameters, 2 steps)"
    (ax,) = draw_gradient_norms(norms).axes
    assert lines(ax) == [([1, 2], values) for values in norms.norms.values()]
    assert ax.get_yscale() == "log"
    assert legend(ax) == list(norms.norms)


@pytest.mark.parametrize("size", [1e-200, 1e200, 0.0, np.inf])
def test_a_norm_is_right_where_its_squares_are_not(size):
    p = ag.Tensor(np.ones(2), requires_grad=True)
    norms = GradientNorms({"p": p})
    norms()
    p.grad = np.array([3.0, 4.0]) * size if size else np.zeros(2)
    norms()
    assert norms.norms["p"] == [None, pytest.approx(5 * size)]


def test_vanishing_gradients_lie_decades_apart():
    model = ag.nn.MLP([2, *[8] * 8, 1], "sigmoid", rng=0)
    norms = GradientNorms(model)
    (model(np.ones((4, 2))) ** 2).mean().backward()
    norms()
    (ax,) = draw_gradient_norms(norms).axes
    weights = [values[0] for name, values in norms.norms.items() if name.endswith("W")]
    assert weights[0] < 1e-4 * weights[-1]
    assert "times the norm of layers.0." in ax.get_title(loc="left")
    assert len({to_hex(line.get_color()) for line in ax.get_lines()}) == 18


def test_what_a_logarithm_cannot_show_is_a_triangle_at_the_edge():
    (ax,) = draw_gradient_norms({"W": [1.0, 0.0, None, np.inf, np.nan, 4.0]}).axes
    curve, zeros, overflown = ax.get_lines()
    np.testing.assert_array_equal(curve.get_ydata(), [1, *[np.nan] * 4, 4])
    assert (zeros.get_xdata().tolist(), zeros.get_marker()) == ([2], "v")
    assert (overflown.get_xdata().tolist(), overflown.get_marker()) == ([4, 5], "^")
    assert ax.get_ylim() == (zeros.get_ydata()[0], overflown.get_ydata()[0])


def test_names_are_text_only(tmp_path):
    names = ["_hidden", "$x_$ \\frac{", "W"]
    figure = draw_gradient_norms({name: [1.0, 2.0] for name in names}, path=tmp_path / "norms.png")
    assert legend(figure.axes[0]) == names


def test_without_norms_there_is_no_picture():
    with pytest.raises(ValueError, match="no norm was recorded"):
        draw_gradient_norms(GradientNorms(ag.nn.Linear(2, 2, rng=0)))


# Files, figures and what is imported.


def test_pictures_are_drawn_on_given_axes(samples):
    figure = Figure()
    left, right, last = figure.subplots(1, 3)
    X, y = samples
    assert draw_boundary(lambda X: X[:, 0], X, y > 0, ax=left) is figure
    assert draw_gradient_norms({"W": [1.0]}, ax=right) is figure
    assert draw_weights(np.eye(4), ax=last) is figure
    assert vertices(left)
    assert lines(right) == [([1], [1.0])]
    assert isinstance(last, Axes)
    assert last.images


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_same_picture_is_written_as_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{i}.{suffix}" for i in range(2)]
    for path in paths:
        draw_training(History(loss=[2.0, 1.0]), path=path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert len(first) > 1000


def test_a_file_is_whole_or_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.svg"
    path.write_text("old")
    for wrong in ("a.xyz", "a"):
        with pytest.raises(ValueError, match=r"supported formats: .*svg"):
            draw_training(History(loss=[1.0]), path=tmp_path / wrong)
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        draw_training(History(loss=[1.0]), path=path)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_notebook_shows_the_figure_and_pickle_keeps_it():
    figure = draw_training(History(loss=[2.0, 1.0]))
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert lines(pickle.loads(pickle.dumps(figure)).axes[0]) == [([1, 2], [2.0, 1.0])]


def test_pyplot_is_left_alone_and_matplotlib_waits():
    code = (
        "import sys, autograd_lite.plots as p; print('matplotlib' in sys.modules);"
        "p.draw_gradient_norms({'W': [1.0]})._repr_png_();"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True", "False"]


def test_without_matplotlib_the_message_is_one_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'autograd-lite\[plot\]'"):
        draw_training(History(loss=[1.0]))
