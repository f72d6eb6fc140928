"""`fit`: training by mini-batches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data import batches
from ..mode import no_grad
from ..nn import Module
from ..optim import Optimizer, clip_grad_norm_, clip_grad_value_
from ..tensor import plain
from .history import History
from .predicting import hits, predict
from .state import State, read, write
from .steps import Derived, Eager, Loss, origin, step_for

__all__ = ["fit"]

Data = tuple[np.ndarray, np.ndarray]
Metrics = Mapping[str, Callable[[Any, Any], Any]]


def fit(
    model: Module,
    loss: Loss,
    train: Data,
    *,
    optimizer: Optimizer,
    valid: Data | None = None,
    epochs: int = 20,
    batch_size: int = 32,
    rng: np.random.Generator | int | None = None,
    metrics: Metrics | None = None,
    callbacks: Iterable[Callable[[History], object]] = (),
    clip_grad_norm: float | None = None,
    clip_grad_value: float | None = None,
    patience: int | None = None,
    monitor: str = "valid_loss",
    keep_best: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    derived: bool | None = None,
) -> History:
    """Train a model by mini-batches in random order.

    Progress is shown while it runs where standard error is a terminal. The loss and its gradient
    are computed by a program derived from the model, where its course does not depend on data.
    Ctrl-C keeps the last finished epoch, and returns.

    Parameters
    ----------
    model : Module
        Is in the mode of `train` for the steps, and left in that of `eval`.
    loss : callable
        Takes the outputs for a batch and its labels, returns a Tensor of one number.
    train : tuple of ndarray
        Samples, shape (N, ...), and labels, shape (N, ...).
    optimizer : Optimizer
    valid : tuple of ndarray, optional
        Samples and labels to measure on after each epoch: the loss, the accuracy where the labels
        are classes, and the `metrics`.
    epochs, batch_size : int
    rng : numpy.random.Generator or int, optional
        Draws the order of the samples.
    metrics : dict of str to callable, optional
        ``metric(outputs, labels)`` of all validation data, as arrays; a number.
    callbacks : iterable of callable
        Called with the history after each epoch. One that returns True ends the training. What
        has `state_dict` and `load_state_dict`, such as a schedule, is part of a checkpoint.
    clip_grad_norm, clip_grad_value : float, optional
        As of `optim.clip_grad_norm_` and `optim.clip_grad_value_`, in this order.
    patience : int, optional
        Stop after so many epochs in a row that were no better than the best one before.
    monitor : {"valid_loss", "accuracy"}
        What is better: a smaller loss or a larger accuracy of the validation data.
    keep_best : bool, optional
        Give the model the weights of its best epoch at the end; by default where there is a
        `patience`.
    checkpoint : str or path, optional
        An ``.npz`` file, written after each epoch as a whole or not at all, to go on from.
    resume : bool
        Go on from the `checkpoint` if that file is there, to the same bits as without a break;
        `epochs` counts those before it too. Everything else has to be given as before.
    derived : bool, optional
        Whether to run a derived program: True insists on it, False records each batch anew; by
        default it is used where it can be. It keeps what `forward` reads apart from Tensors:
        with callbacks that change such things, say False.

    Returns
    -------
    History

    Raises
    ------
    DataDependentError
        With ``derived=True``, for a model whose course depends on its data.
    ValueError
        For samples and labels that differ in number, or that hold NaN or infinity, for settings
        that contradict each other, or a checkpoint that is damaged or of another training.
    FloatingPointError
        If the loss becomes NaN or infinite; it names the op and the line it comes from.

    References
    ----------
    Prechelt (1998), "Early stopping - but when?", criterion UP, with the weights of the best epoch.

    Examples
    --------
    >>> from autograd_lite import nn, optim
    >>> X = np.linspace(-1, 1, 64).reshape(64, 1)
    >>> train, valid = (X[::2], X[::2] ** 2), (X[1::2], X[1::2] ** 2)
    >>> model = nn.MLP([1, 16, 1], "tanh", rng=0)
    >>> adam = optim.Adam(model.parameters(), lr=0.05)
    >>> history = fit(
    ...     model, nn.mse, train, optimizer=adam, valid=valid, epochs=50, patience=10, rng=0
    ... )
    >>> history.derived, history.valid_loss[history.best] < 0.01
    (True, True)
    """
    data = _checked("train", train)
    if valid is not None:
        valid = _checked("valid", valid)
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"fit: epochs={epochs} and batch_size={batch_size} must be positive")
    if patience is not None and patience < 1:
        raise ValueError(f"fit: patience={patience} must be positive")
    if monitor not in ("valid_loss", "accuracy"):
        raise ValueError(f"fit: monitor={monitor!r} is neither 'valid_loss' nor 'accuracy'")
    keep_best = patience is not None if keep_best is None else keep_best
    if valid is None and (keep_best or patience or metrics):
        raise ValueError("fit: patience, keep_best and metrics are measured on valid=(X, y)")
    if taken := {"epoch", *History.__dataclass_fields__} & set(metrics or ()):
        raise ValueError(f"fit: metrics cannot be named {', '.join(sorted(taken))}")
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True goes on from checkpoint=path")
    if checkpoint is not None and Path(checkpoint).suffix != ".npz":
        raise ValueError(f"fit: checkpoint={os.fspath(checkpoint)!r} must end in .npz")
    if not {id(p) for p in model.parameters()} & {id(p) for p in optimizer.parameters}:
        raise ValueError(
            "fit: the optimizer has no parameter of this model; make it from model.parameters()"
        )
    callbacks, rng, history = list(callbacks), np.random.default_rng(rng), History()
    state = State(model, optimizer, rng, callbacks, history)
    if checkpoint is not None and not Path(checkpoint).exists():
        write(checkpoint, state.copy())  # what cannot be written is known now
    elif checkpoint is not None and resume:
        _resume(state, checkpoint)

    model.train()
    drawn = state.draws()
    step = step_for(model, loss, data[0][:batch_size], data[1][:batch_size], derived)
    state.redraw(drawn)  # the attempt to derive may have drawn
    history.derived = isinstance(step, Derived)
    bar = _bar(history, epochs, -(-len(data[0]) // batch_size))
    finished = state.copy()
    try:
        while history.epochs < epochs and not history.stopped:
            if patience and history.epochs and history.waited(monitor) >= patience:
                history.stopped = f"no better {monitor} in {patience} epochs"
                break
            row = {"lr": optimizer.lr}
            model.train()
            clips = clip_grad_norm, clip_grad_value
            row["loss"] = _epoch(state, step, loss, batches(*data, batch_size, rng), clips, bar)
            if valid is not None:
                row |= _measured(model, loss, valid, metrics or {})
            if (keep_best or patience) and monitor not in row:
                raise ValueError(
                    "fit: monitor='accuracy' needs classes in valid, an integer for each sample"
                )
            history.add(row)
            if keep_best and history.waited(monitor) == 0:
                state.best, history.best = model.state_dict(), history.epochs - 1
            finished = state.copy()  # an interrupted callback does not undo the epoch
            for callback in callbacks:
                if callback(history) is True:
                    history.stopped = f"by a callback after epoch {history.epochs}"
            finished = state.copy()
            if checkpoint is not None:
                write(checkpoint, finished)
            if bar:
                bar.set_postfix_str(f"epoch {history.epochs}/{epochs}, {history.last()}")
    except KeyboardInterrupt:
        state.restore(finished)
        history.stopped = f"interrupted after epoch {history.epochs}"
    finally:
        model.eval()
        if bar:
            bar.close()
    if state.best is not None:
        model.load_state_dict(state.best)
    return history


def _epoch(
    state: State, step: Eager, loss: Loss, batches: Any, clips: tuple[Any, Any], bar: Any
) -> float:
    """Take a step for each batch; return the mean loss of a sample."""
    model, optimizer = state.model, state.optimizer
    total, n = 0.0, 0
    for number, (X, y) in enumerate(batches, start=1):
        drawn = state.draws()
        optimizer.zero_grad()
        value = step(X, y)
        if not np.isfinite(value):
            state.redraw(drawn)
            raise FloatingPointError(
                f"the loss became {value} in epoch {state.history.epochs + 1}, batch {number}: "
                f"{origin(model, loss, X, y)}; try a smaller learning rate, clip_grad_norm=1.0, "
                "or a stable form of the loss, such as nn.cross_entropy of logits"
            )
        if clips[0] is not None:
            clip_grad_norm_(optimizer.parameters, clips[0])
        if clips[1] is not None:
            clip_grad_value_(optimizer.parameters, clips[1])
        optimizer.step()
        total, n = total + value * len(X), n + len(X)
        if bar:
            bar.update()
    return total / n


def _measured(model: Module, loss: Loss, valid: Data, metrics: Metrics) -> dict[str, float]:
    """The loss of the validation data, their accuracy where that means something, and metrics."""
    X, y = valid
    outputs = predict(model, X)
    with no_grad():
        row = {"valid_loss": float(plain(loss(outputs, y)))}
        if y.dtype.kind in "iu" and np.shape(outputs)[:-1] == y.shape and np.ndim(outputs) > y.ndim:
            row["accuracy"] = hits(outputs, y)
        return row | {name: float(plain(of(outputs, y))) for name, of in metrics.items()}


def _resume(state: State, path: str | os.PathLike[str]) -> None:
    copy = read(path)
    try:
        state.restore(copy)
    except Exception as error:
        raise ValueError(
            f"fit: {os.fspath(path)} is no checkpoint of this training: {error}"
        ) from error


def _checked(what: str, data: Data) -> Data:
    X, y = (np.asarray(part) for part in data)
    if len(X) != len(y):
        raise ValueError(f"fit, {what}: {len(X)} samples, but {len(y)} labels")
    if len(X) == 0:
        raise ValueError(f"fit, {what}: there are no samples")
    for name, a in (("samples", X), ("labels", y)):
        wrong = np.argwhere(~np.isfinite(a))
        if len(wrong):
            at = tuple(int(i) for i in wrong[0])
            raise ValueError(
                f"fit, {what}: the {name} hold {len(wrong)} values that are NaN or infinite, the "
                f"first at {at}; leave those rows out, or fill them with np.nan_to_num"
            )
    return X, y


def _bar(history: History, epochs: int, batches: int) -> Any:
    """A bar that counts batches, where somebody can see it."""
    if not sys.stderr.isatty():
        return None
    way = f"training {'by a derived program' if history.derived else 'on the tape'}"
    try:
        from tqdm import tqdm
    except ImportError:
        print(
            f"{way} for {epochs} epochs; for a bar: pip install 'autograd-lite[progress]'",
            file=sys.stderr,
        )
        return None
    done = history.epochs * batches
    return tqdm(desc=way, total=epochs * batches, initial=done, unit="batch", dynamic_ncols=True)
