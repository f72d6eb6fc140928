"""Pictures of training: its curves, decision boundaries, weights and norms of gradients.

Each function returns a Matplotlib `Figure` that belongs to nobody else: pyplot is never touched, so
nothing pops up, nothing has to be closed, and a machine without a screen will do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ShapeError
from .files import replace_file
from .nn import Module, predict
from .tensor import Tensor, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["GradientNorms", "draw_boundary", "draw_gradient_norms", "draw_training", "draw_weights"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A")
"""Okabe and Ito's, which everybody can tell apart; yellow is left out, for paper is white."""
_MARKS, _DASHES = "os^Dv*P", ("-", "--", "-.", ":", (0, (6, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)))
_INK, _QUIET = "#1A1A1A", "#4B5563"
Where = str | os.PathLike[str] | None


def draw_training(history: Any, *, path: Where = None) -> Figure:
    """Draw what each epoch measured.

    Parameters
    ----------
    history : History
        What `fit` returned. Losses are drawn together, accuracies too, whatever else alone.
    path : optional
        A file to write as well: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If nothing was measured.
    """
    panels: dict[str, dict[str, list[float]]] = {}
    for name, values in history.columns().items():
        if name == "lr" and len(set(values)) == 1:  # no schedule, no curve
            continue
        kind = next((kind for kind in ("loss", "accuracy") if kind in name), name)
        panels.setdefault(kind, {})[name] = values
    if not panels:
        raise ValueError("draw_training: this history holds no epoch yet")
    figure = _figure(4.8 * len(panels), 3.4)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (kind, curves) in zip(grid, panels.items(), strict=True):
        lines = []
        for values, (colour, dash) in zip(curves.values(), _styles(len(curves)), strict=True):
            epochs = range(1, len(values) + 1)
            mark = "o" if len(values) <= 30 else ""
            lines += ax.plot(epochs, values, color=colour, ls=dash, marker=mark, ms=4, lw=1.8)
        names = [*curves]
        if history.best is not None:
            lines.append(ax.axvline(history.best + 1, color=_QUIET, ls=":", lw=1.2))
            names.append("best epoch")
        _count(ax, "epoch")
        if kind == "accuracy":
            ax.set_ylim(0, 1.02)
        elif min(map(min, curves.values())) >= 0:
            ax.set_ylim(bottom=0)
        last = ", ".join(f"{values[-1]:.3g}" for values in curves.values())
        _tidy(ax, f"{kind.replace('_', ' ')}, at last {last}")
        if len(names) > 1:
            _legend(ax, lines, names)
    return _done(figure, path)


def draw_boundary(
    model: Callable[[Any], Any],
    X: Any,
    y: Any,
    *,
    threshold: float = 0.0,
    ax: Axes | None = None,
    path: Where = None,
) -> Figure:
    """Draw which class a model of two features gives to each point of the plane.

    Samples that it gets wrong have a ring around them.

    Parameters
    ----------
    model : callable
        Takes points, shape (N, 2). Returns an output for each class, shape (N, K), of which the
        largest wins; or one, shape (N,) or (N, 1), which is above the `threshold` for the second
        of two classes. A `Module` predicts in its mode for that.
    X, y : array, shape (N, 2) and (N,) or (N, 1)
        Samples and their classes: from 0 to K-1, or any two numbers for a model of one output.
    threshold : float
        0 is for scores; for probabilities, it is 0.5.
    ax, path : optional
        Matplotlib axes to draw on, instead of a figure's own; a file to write as well.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ShapeError
        If the samples do not have two features, or labels or outputs do not fit them.
    ValueError
        For outputs that are NaN, and labels that are no classes of the model.
    """
    X, y = np.asarray(plain(X)), np.asarray(plain(y))
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ShapeError(f"draw_boundary: samples of shape {X.shape} are not points of a plane")
    if y.shape not in ((len(X),), (len(X), 1)):
        raise ShapeError(f"draw_boundary: labels of shape {y.shape} for samples {X.shape}")
    low, high = X.min(0).astype(float), X.max(0).astype(float)
    margin = np.where(high > low, 0.12 * (high - low), 1.0)
    low, high = low - margin, high + margin
    across, up = np.linspace(low[0], high[0], 240), np.linspace(low[1], high[1], 240)
    points = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    points = points.astype(np.result_type(X.dtype, np.float32))
    outputs = _outputs(model, np.concatenate([points, X.astype(points.dtype)]), threshold)
    names, y = _classes(y.ravel(), outputs.shape[1])
    wrong = X[outputs[len(points) :].argmax(1) != y]
    figure, ax = _on(ax, 5.6, 4.2)
    samples = []
    for k in range(len(names)):
        colour, mine = _COLOURS[k % 7], X[y == k]
        rest = np.delete(outputs[: len(points)], k, 1).max(1)
        lead = (outputs[: len(points), k] - rest).reshape(len(up), len(across))
        if lead.max() > 0:
            ax.contourf(across, up, lead, [0, lead.max()], colors=[colour], alpha=0.22, zorder=0)
        if lead.min() < 0 < lead.max():
            ax.contour(across, up, lead, [0], colors=[_INK], linewidths=1.2, zorder=1)
        look: dict[str, Any] = {
            "marker": _MARKS[k % 7],
            "s": 24,
            "color": colour,
            "edgecolors": "white",
        }
        samples.append(ax.scatter(mine[:, 0], mine[:, 1], **look, linewidths=0.5, zorder=3))
    ring: dict[str, Any] = {"s": 90, "facecolors": "none", "edgecolors": _INK, "linewidths": 1.2}
    samples.append(ax.scatter(wrong[:, 0], wrong[:, 1], **ring, zorder=4))
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="feature 0", ylabel="feature 1")
    _tidy(ax, f"{len(wrong)} of {len(X)} samples wrong", grid=False)
    _legend(ax, samples, [*(f"class {name}" for name in names), "wrong"])
    return _done(figure, path)


def draw_weights(
    W: Any,
    shape: tuple[int, int] | None = None,
    *,
    most: int = 64,
    ax: Axes | None = None,
    path: Where = None,
) -> Figure:
    """Draw what each unit of a first layer looks for in an image.

    All images share one scale of colours, with white at 0.

    Parameters
    ----------
    W : Tensor or array, shape (inputs, units) or (kernels, channels, height, width)
        The `W` of a `Linear`, of which each column is an image, or that of a `Conv2d`, of which
        each channel of each kernel is.
    shape : tuple of int, optional
        Height and width of the images that a `Linear` sees; by default they are square.
    most : int
        How many images to draw: those of the first units.
    ax, path : optional
        Matplotlib axes to draw on, instead of a figure's own; a file to write as well.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ShapeError
        If the weights do not make images of that shape.
    """
    W = np.asarray(plain(W))
    if W.ndim == 4:
        images = W.reshape(-1, *W.shape[2:])
    elif W.ndim == 2:
        side = round(len(W) ** 0.5)
        height, width = shape or (side, side)
        if height * width != len(W):
            raise ShapeError(
                f"draw_weights: {len(W)} inputs are no image of {height} by {width}; say which "
                "with shape=(height, width)"
            )
        images = W.T.reshape(-1, height, width)
    else:
        raise ShapeError(f"draw_weights: weights of shape {W.shape} are not those of a layer")
    shown = images[:most]
    laid = _mosaic(shown, columns=int(np.ceil(np.sqrt(len(shown)))))
    figure, ax = _on(ax, 5.6, 0.5 + 4.6 * min(laid.shape[0] / laid.shape[1], 2.0))
    top = float(np.abs(shown).max()) or 1.0
    picture = ax.imshow(laid, cmap="PRGn", vmin=-top, vmax=top)
    ax.set_axis_off()
    bar = figure.colorbar(picture, ax=ax, shrink=0.8)
    bar.outline.set_visible(False)
    of = f"{len(shown)} of {len(images)}" if len(shown) < len(images) else len(images)
    ax.set_title(f"weights as {of} images of {shown.shape[1]} by {shown.shape[2]}", fontsize=11)
    return _done(figure, path)


class GradientNorms:
    """Records how large the gradient of each parameter is, step by step.

    Call it after each ``backward()``; it ignores arguments, so that it serves as a callback, too.

    Parameters
    ----------
    model : Module or mapping of str to Tensor
        Whose parameters to watch, first layer first.

    Attributes
    ----------
    norms : dict of str to list of (float or None)
        Of each parameter, the Euclidean norms; None where it had no gradient.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> model = ag.nn.MLP([2, 3, 1], rng=0)
    >>> norms = GradientNorms(model)
    >>> (model(np.ones((4, 2))) ** 2).mean().backward()
    >>> norms()
    >>> [len(of) for of in norms.norms.values()]
    [1, 1, 1, 1]
    """

    def __init__(self, model: Module | Mapping[str, Tensor]) -> None:
        named = model.named_parameters() if isinstance(model, Module) else model.items()
        self._parameters = dict(named)
        self.norms: dict[str, list[float | None]] = {name: [] for name in self._parameters}

    def __call__(self, *_: Any, **__: Any) -> None:
        """Append the norms of the gradients as they are now."""
        for name, p in self._parameters.items():
            self.norms[name].append(None if p.grad is None else _norm(plain(p.grad)))

    def __repr__(self) -> str:
        steps = max(map(len, self.norms.values()), default=0)
        return f"GradientNorms({len(self.norms)} parameters, {steps} steps)"


def draw_gradient_norms(
    norms: GradientNorms | Mapping[str, Sequence[float | None]],
    *,
    ax: Axes | None = None,
    path: Where = None,
) -> Figure:
    """Draw how large each parameter's gradient is over the steps, on a logarithmic scale.

    Curves that lie decades apart, the first layers lowest, are gradients that vanish on their way
    back; curves that climb by decades are gradients that explode. More than seven run from dark to
    light. A 0 is a triangle at the lower edge, infinity or NaN one at the upper edge.

    Parameters
    ----------
    norms : GradientNorms or mapping of str to sequence of (float or None)
    ax, path : optional
        Matplotlib axes to draw on, instead of a figure's own; a file to write as well.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If nothing was recorded.
    """
    curves = dict(norms.norms if isinstance(norms, GradientNorms) else norms)
    known = [x for values in curves.values() for x in values if x is not None]
    if not known:
        raise ValueError("draw_gradient_norms: no norm was recorded; call it after backward()")
    usual = [x for x in known if np.isfinite(x) and x > 0] or [1.0]
    floor, roof = min(usual) / 3, max(usual) * 3
    figure, ax = _on(ax, 6.8, 3.8)
    ax.set_yscale("log")
    lines = []
    for values, (colour, dash) in zip(curves.values(), _styles(len(curves)), strict=True):
        steps = np.arange(1, len(values) + 1)
        y = np.array([np.nan if x is None else x for x in values], float)
        there = np.array([x is not None for x in values], bool)
        seen = np.isfinite(y) & (y > 0)
        mark = "o" if len(values) <= 30 else ""
        line = np.where(seen, y, np.nan)
        lines += ax.plot(steps, line, color=colour, ls=dash, marker=mark, ms=3.5, lw=1.6)
        for at, sign, lost in ((floor, "v", y == 0), (roof, "^", there & ~np.isfinite(y))):
            if lost.any():
                ax.plot(steps[lost], np.full(lost.sum(), at), sign, color=colour, clip_on=False)
    ax.set_ylim(floor, roof)
    _count(ax, "step")
    _tidy(ax, _spread(curves))
    ax.set_ylabel("norm of the gradient")
    some = sorted({round(i * (len(curves) - 1) / 7) for i in range(8)})
    _legend(ax, [lines[i] for i in some], [[*curves][i] for i in some])
    return _done(figure, path)


def _outputs(model: Callable[[Any], Any], points: np.ndarray, threshold: float) -> np.ndarray:
    """Ask the model for a score of each class."""
    outputs = np.asarray(predict(model, points))
    if outputs.shape not in ((len(points),), (len(points), *outputs.shape[1:2])):
        raise ShapeError(f"draw_boundary: outputs of shape {outputs.shape} for {points.shape}")
    if np.isnan(outputs).any():
        raise ValueError("draw_boundary: some of the model's outputs are NaN")
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        above = outputs.reshape(-1, 1) - threshold
        return np.concatenate([-above, above], 1)
    return outputs


def _classes(y: np.ndarray, count: int) -> tuple[list[Any], np.ndarray]:
    """Name the classes that a model tells apart, and find which one each label is."""
    labels = np.unique(y)
    if set(labels.tolist()) <= set(range(count)):
        return list(range(count)), y.astype(int)
    if count != 2 or len(labels) != 2:
        few = ", ".join(map(str, labels[:6].tolist()))
        raise ValueError(f"draw_boundary: a model of {count} classes, but the labels are {few}")
    return labels.tolist(), np.searchsorted(labels, y)


def _mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images out in rows, with one empty pixel between them."""
    count, height, width = images.shape
    rows = -(-count // columns)
    laid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        laid[top : top + height, left : left + width] = image
    return laid


def _norm(g: np.ndarray) -> float:
    """The Euclidean norm, also where the squares would vanish or overflow."""
    sizes = np.abs(np.ravel(g)).astype(float)
    top = float(sizes.max(initial=0.0))
    return float(top * np.linalg.norm(sizes / top)) if 0 < top < np.inf else top


def _spread(curves: Mapping[str, Sequence[float | None]]) -> str:
    """Say how far apart the norms are at the last step."""
    last = {name: values[-1] for name, values in curves.items() if len(values)}
    usual = {name: x for name, x in last.items() if x is not None and np.isfinite(x) and x > 0}
    if len(usual) < 2:
        return ""
    low, high = min(usual, key=usual.__getitem__), max(usual, key=usual.__getitem__)
    return f"last step: {high} has {usual[high] / usual[low]:.3g} times the norm of {low}"


def _styles(count: int) -> Iterable[tuple[Any, Any]]:
    """Colours and dashes of curves: more than seven run from dark to light, first to last."""
    from matplotlib import colormaps

    if count <= len(_COLOURS):
        return zip(_COLOURS[:count], _DASHES, strict=False)
    return ((shade, "-") for shade in colormaps["cividis"](np.linspace(0, 0.9, count)))


def _figure(width: float, height: float) -> Figure:
    """Make a figure that notebooks show without pyplot, too."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError(
            "pictures of training need Matplotlib: run  pip install 'autograd-lite[plot]'"
        ) from None
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    figure._repr_png_ = partial(_written, figure, "png")  # type: ignore[attr-defined]
    return figure


def _written(figure: Figure, kind: str) -> bytes:
    """A figure as a file: the same picture, the same bytes."""
    from matplotlib import rc_context

    stamps = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    file = BytesIO()
    with rc_context({"svg.hashsalt": "autograd_lite"}):
        figure.savefig(file, format=kind, metadata=stamps.get(kind))
    return file.getvalue()


def _on(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """The axes to draw on with their figure, both new unless given."""
    if ax is None:
        figure = _figure(width, height)
        return figure, figure.add_subplot()
    return ax.figure.figure, ax


def _tidy(ax: Axes, title: str, grid: bool = True) -> None:
    # A name with two dollar signs is no formula.
    ax.set_title(title, fontsize=11, color=_INK, loc="left", parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=_QUIET)
    if grid:
        ax.grid(alpha=0.25, lw=0.6)
        ax.set_axisbelow(True)


def _count(ax: Axes, what: str) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set_xlabel(what)


def _legend(ax: Axes, shapes: Sequence[Any], names: Sequence[str]) -> None:
    """Write the names beside the axes; they are set later, for some have a meaning to legends."""
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    look = {"frameon": False, "fontsize": 9, "handlelength": 3}
    legend = ax.legend(shapes, ["name"] * len(names), **beside, **look)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)


def _done(figure: Figure, path: Where) -> Figure:
    if path is not None:
        replace_file(path, _written(figure, Path(path).suffix[1:].lower()))
    return figure
