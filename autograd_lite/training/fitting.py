"""`fit`: training by mini-batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data import batches
from ..errors import ShapeError
from ..files import File
from ..mode import no_grad
from ..nn import Module, predict
from ..optim import Optimizer, clip_grad_norm_
from ..tensor import plain
from .history import History
from .state import Generators, copied, go_on_from, put_back, write
from .steps import Data, Loss, Step

__all__ = ["accuracy", "fit"]

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
    patience: int | None = None,
    checkpoint: File | None = None,
    resume: bool = False,
    derived: bool = True,
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
        ``metric(outputs, labels)`` of all validation data, as arrays; a number. One called
        accuracy takes the place of ours.
    callbacks : iterable of callable
        Called with the history after each epoch. One that returns True ends the training. What
        has `state_dict` and `load_state_dict`, such as a schedule, is part of a checkpoint.
    clip_grad_norm : float, optional
        The most that the norm of all gradients may be: that of `optim.clip_grad_norm_`.
    patience : int, optional
        Stop after so many epochs in a row whose loss of the validation data was no smaller than
        the least before, and give the model the weights of that best epoch at the end.
    checkpoint : str or path, optional
        A file ``.npz`` or ``.safetensors`` to go on from, written after each epoch as a whole or
        not at all.
    resume : bool
        Go on from the `checkpoint` if that file is there, to the same bits as without a break;
        `epochs` counts those before it too. Everything else has to be given as before.
    derived : bool
        Whether to run a derived program where it can be; False records each batch anew. A program
        keeps what `forward` reads apart from Tensors: with callbacks that change such things, say
        False.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        For samples and labels that differ in number, or hold NaN or infinity, for settings that
        contradict each other, or a checkpoint that is damaged or of another training.
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
    if not isinstance(train, (tuple, list)) or len(train) != 2:
        raise TypeError("fit: the data are a pair of samples and labels; write fit(..., (X, y))")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: the optimizer is one of ag.optim, not {optimizer!r}; write "
            "optimizer=ag.optim.Adam(model.parameters(), lr=1e-3)"
        )
    X, y = map(np.asarray, train)
    example = next(batches(X, y, batch_size, rng=0))
    for name, values in {"samples": X, "labels": y}.items():
        if wrong := np.argwhere(~np.isfinite(values)).tolist():
            raise ValueError(
                f"fit: the {name} hold {len(wrong)} values that are NaN or infinite, the first at "
                f"{tuple(wrong[0])}; leave those rows out, or fill them with np.nan_to_num"
            )
    if epochs < 1 or (patience is not None and patience < 1):
        raise ValueError(f"fit: epochs={epochs} and patience={patience} must be positive")
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True goes on from checkpoint=path")
    if taken := {"epoch", "loss", "lr"} & set(metrics or ()):
        raise ValueError(f"fit: metrics cannot be named {', '.join(sorted(taken))}")
    if valid is None and (patience or metrics):
        raise ValueError("fit: patience and metrics are measured on valid=(X, y)")
    if not {id(p) for p in model.parameters()} & {id(p) for p in optimizer.parameters}:
        raise ValueError(
            "fit: the optimizer has no parameter of this model; make it from model.parameters()"
        )
    callbacks, rng, history = list(callbacks), np.random.default_rng(rng), History()
    generators = Generators([rng, *model.generators()])
    stateful = [callback for callback in callbacks if hasattr(callback, "state_dict")]
    parts = [model, optimizer, history, generators, *stateful]
    if checkpoint is not None:
        if resume and Path(checkpoint).exists():
            go_on_from(checkpoint, parts)
        write(checkpoint, copied(parts))  # what cannot be written is known now

    model.train()
    step = Step(model, loss, generators, example, derived)
    history.derived = step.derived
    bar = _bar(history, epochs, -(-len(X) // batch_size))
    finished = copied(parts)
    try:
        while history.epochs < epochs and not history.stopped:
            model.train()
            total, lr = 0.0, optimizer.lr
            for number, batch in enumerate(batches(X, y, batch_size, rng), start=1):
                optimizer.zero_grad()
                value = step(*batch)
                if not np.isfinite(value):
                    when = f"epoch {history.epochs + 1}, batch {number}"
                    raise FloatingPointError(
                        f"the loss became {value} in {when}: {step.origin(*batch)}; try a smaller "
                        "learning rate, clip_grad_norm=1.0, or a stable form of the loss"
                    )
                if clip_grad_norm is not None:
                    clip_grad_norm_(optimizer.parameters, clip_grad_norm)
                optimizer.step()
                total += value * len(batch[0])
                if bar:
                    bar.update()
            row = {"loss": total / len(X), "lr": lr}
            if valid is not None:
                row |= _measured(model, loss, valid, metrics or {})
            history.add(row)
            if patience:
                history.keep_best(model, patience)
            finished = copied(parts)  # an interrupted callback does not undo the epoch
            for callback in callbacks:
                if callback(history) is True:
                    history.stopped = f"by a callback after epoch {history.epochs}"
            finished = copied(parts)
            if checkpoint is not None:
                write(checkpoint, finished)
            if bar:
                bar.set_postfix_str(f"epoch {history.epochs}/{epochs}, {history.last()}")
    except KeyboardInterrupt:
        put_back(parts, finished)
        history.stopped = f"interrupted after epoch {history.epochs}"
    finally:
        model.eval()
        if bar:
            bar.close()
    if history.best_weights is not None:
        model.load_state_dict(history.best_weights)
    return history


def accuracy(model: Callable[[Any], Any], X: np.ndarray, y: np.ndarray) -> float:
    """Share of the samples whose largest output is at their class.

    Parameters
    ----------
    model : callable
        Is put into the mode of `eval` meanwhile.
    X : ndarray, shape (N, ...)
    y : ndarray of int, shape (N,)

    Raises
    ------
    ShapeError
        For classes of another shape than that of the samples.
    """
    outputs = predict(model, X)
    if np.shape(y) != outputs.shape[:-1]:
        raise ShapeError(f"accuracy: classes of shape {np.shape(y)} for {outputs.shape[:-1]}")
    return _hits(outputs, y)


def _hits(outputs: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.argmax(outputs, axis=-1) == y))


def _measured(model: Module, loss: Loss, valid: Data, metrics: Metrics) -> dict[str, float]:
    """The loss of the validation data, metrics, and the accuracy where that means something."""
    X, y = map(np.asarray, valid)
    outputs = predict(model, X)
    measures = {"valid_loss": loss, **metrics}
    if y.dtype.kind in "iu" and getattr(outputs, "shape", ())[:-1] == y.shape:
        measures.setdefault("accuracy", _hits)
    with no_grad():
        return {name: float(plain(of(outputs, y))) for name, of in measures.items()}


def _bar(history: History, epochs: int, batches: int) -> Any:
    """A bar that counts batches, where somebody can see it."""
    if not sys.stderr.isatty():
        return None
    way = f"training {'by a derived program' if history.derived else 'on the tape'}"
    try:
        from tqdm import tqdm
    except ImportError:
        print(f"{way}; for a bar: pip install 'autograd-lite[progress]'", file=sys.stderr)
        return None
    done = history.epochs * batches
    return tqdm(desc=way, total=epochs * batches, initial=done, unit="batch", dynamic_ncols=True)
