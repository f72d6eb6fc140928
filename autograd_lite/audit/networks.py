"""The tape's gradients of a network against the closed forms of five papers.

Each network is written down again in the paper's orientation and with its constants, as a reader
of the paper would write its forward pass; only the gradient comes from the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..closed_form import matrix_form, menon, park, rao, whitehill
from ..derivatives import value_and_grad
from ..rules.neural import log_softmax, logsumexp, relu, sigmoid, softmax_cross_entropy

__all__ = [
    "NETWORKS",
    "Comparison",
    "Network",
    "arranged",
    "compare",
    "compare_all",
    "loss_on_tape",
]

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """How far the tape is from a closed form.

    Attributes
    ----------
    paper, head, hidden : str
        What was compared.
    error : float
        The largest difference between entries of the two gradients, divided by the largest
        magnitude in the closed form's.
    worst : str
        Where that is: ``"dW[0]"`` for the weights of the first layer, ``"db[0]"`` for its bias.
    loss_difference : float
        The difference between the two losses, divided by the closed form's.
    """

    paper: str
    head: str
    hidden: str
    error: float
    worst: str
    loss_difference: float


@dataclass(frozen=True)
class Network:
    """A paper's formulas, and what it takes to write its network on the tape.

    `arrange` brings weights, bias and data from the common layout to the paper's, `layer` maps an
    input and one layer's parameters to pre-activations, and each of `losses` maps the last ones
    and the targets to a number.
    """

    formulas: ModuleType
    arrange: Callable[[Any, Any, Any, Any], tuple[tuple[list[Array], ...], Array, Array]]
    layer: Callable[..., Any]
    losses: Mapping[str, Callable[[Any, Array], Any]]
    relu_slope_at_zero: int = 0


def _rows(W: Any, b: Any, X: Any, Y: Any) -> tuple[tuple[list[Array], ...], Array, Array]:
    return ([*W], [b_l[None] for b_l in b]), X, Y


def _columns(W: Any, b: Any, X: Any, Y: Any) -> tuple[tuple[list[Array], ...], Array, Array]:
    return ([W_l.T for W_l in W], [b_l[:, None] for b_l in b]), X.T, Y.T


def _bias_in_last_column(
    W: Any, b: Any, X: Any, Y: Any
) -> tuple[tuple[list[Array], ...], Array, Array]:
    return ([np.hstack([W_l.T, b_l[:, None]]) for W_l, b_l in zip(W, b, strict=True)],), X, Y


def _layer_of_column_inputs(a: Any, W: Any, b: Any) -> Any:
    return W @ a + b


def _layer_of_row_inputs(a: Any, W: Any, b: Any) -> Any:
    return a @ W + b


def _layer_of_augmented_inputs(a: Any, W: Any) -> Any:
    return np.concatenate([a, np.ones((len(a), 1), a.dtype)], axis=1) @ W.T


def _squared_error(z: Any, y: Array) -> Any:
    return np.sum((z - y) ** 2)


def _binary_cross_entropy(z: Any, y: Array) -> Any:
    zero_and_z = np.concatenate([np.zeros((1, *z.shape), z.dtype), z[None]])
    return np.sum(logsumexp(zero_and_z, axis=0) - y * z)


def _categorical_cross_entropy(z: Any, y: Array, axis: int) -> Any:
    return -np.sum(y * log_softmax(z, axis=axis))


_by_column = partial(_categorical_cross_entropy, axis=0)

NETWORKS: dict[str, Network] = {
    "rao": Network(
        rao,
        _bias_in_last_column,
        _layer_of_augmented_inputs,
        {
            "identity": _squared_error,
            "softmax": partial(_categorical_cross_entropy, axis=1),
            "sigmoid": _binary_cross_entropy,
        },
    ),
    "park": Network(
        park,
        _columns,
        _layer_of_column_inputs,
        {
            "identity": lambda z, y: _squared_error(z, y) / (2 * y.shape[1]),
            "sigmoid": lambda z, y: _binary_cross_entropy(z, y) / y.shape[1],
            "softmax": lambda z, y: _by_column(z, y) / y.shape[1],
        },
        relu_slope_at_zero=1,
    ),
    "matrix_form": Network(
        matrix_form, _rows, _layer_of_row_inputs, {"softmax": softmax_cross_entropy}
    ),
    "whitehill": Network(
        whitehill,
        _columns,
        _layer_of_column_inputs,
        {"softmax": lambda z, y: _by_column(z, y) / y.shape[1]},
    ),
    "menon": Network(
        menon,
        _columns,
        _layer_of_column_inputs,
        {
            "relu": lambda z, y: _squared_error(relu(z), y) / len(y),
            "sigmoid": _binary_cross_entropy,
            "softmax": _by_column,
        },
    ),
}


def arranged(
    paper: str, W: Sequence[Array], b: Sequence[Array], X: Array, Y: Array
) -> tuple[Any, ...]:
    """Bring a network and its data into a paper's orientation.

    Parameters
    ----------
    paper : {"rao", "park", "matrix_form", "whitehill", "menon"}
    W : sequence of arrays, shape (in, out)
    b : sequence of arrays, shape (out,)
    X : array, shape (N, d)
    Y : array, shape (N, K)

    Returns
    -------
    tuple
        The arguments of the paper's ``gradients``: W, b, X, Y, or W, X, Y for rao.

    Raises
    ------
    ValueError
        For an unknown paper.
    """
    parameters, X, Y = _find(paper).arrange(W, b, X, Y)
    return *parameters, X, Y


def loss_on_tape(
    paper: str,
    X: Array,
    Y: Array,
    hidden: str = "relu",
    head: str = "softmax",
    l1: Any = 0.0,
    l2: Any = 0.0,
) -> Callable[..., Any]:
    """Write down a paper's network and loss for the tape.

    Parameters
    ----------
    paper : {"rao", "park", "matrix_form", "whitehill", "menon"}
    X, Y : array
        As `arranged` returns them.
    hidden, head : str
        Activations of the hidden layers and of the output.
    l1, l2 : float or sequence of float
        Penalties, one for all layers or one for each.

    Returns
    -------
    callable
        The loss, a function of the parameters as `arranged` returns them.

    Raises
    ------
    ValueError
        For an unknown paper.
    """
    network = _find(paper)
    activations: dict[str, Callable[[Any], Any]] = {
        "relu": partial(relu, at_zero=network.relu_slope_at_zero),
        "sigmoid": sigmoid,
        "tanh": np.tanh,
        "identity": np.positive,
    }

    def loss(*parameters: Any) -> Any:
        *below, last = zip(*parameters, strict=True)
        a = X
        for layer in below:
            a = activations[hidden](network.layer(a, *layer))
        total = network.losses[head](network.layer(a, *last), Y)
        coefficients = (np.broadcast_to(c, len(parameters[0])).tolist() for c in (l1, l2))
        for W, c1, c2 in zip(parameters[0], *coefficients, strict=True):
            total = total + c1 * np.sum(np.abs(W)) + c2 * np.sum(W * W)
        return total

    return loss


def compare(
    paper: str,
    W: Sequence[Array],
    b: Sequence[Array],
    X: Array,
    Y: Array,
    hidden: str = "relu",
    head: str = "softmax",
    **options: Any,
) -> Comparison:
    """Compare the tape's gradient of a network with the closed form of one paper.

    Parameters
    ----------
    paper : {"rao", "park", "matrix_form", "whitehill", "menon"}
    W : sequence of arrays, shape (in, out)
        The weights of each layer, in one layout for all papers.
    b : sequence of arrays, shape (out,)
    X : array, shape (N, d)
    Y : array, shape (N, K)
    hidden, head : str
        Activations of the hidden layers and of the output; the paper's module lists them in
        ``HIDDEN`` and ``HEADS``.
    **options
        For rao, the penalties `l1` and `l2`.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        For an unknown paper, an activation it does not cover, or targets that do not fit.
    """
    network = _find(paper)
    parameters, X, Y = network.arrange(W, b, X, Y)
    loss, *gradients = network.formulas.gradients(
        *parameters, X, Y, hidden=hidden, head=head, **options
    )
    loss_of = loss_on_tape(paper, X, Y, hidden, head, **options)
    tape_loss, tape_gradients = value_and_grad(loss_of, tuple(range(len(parameters))))(*parameters)
    names, differences, scales = [], [], []
    for name, found, expected in zip(("dW", "db"), tape_gradients, gradients, strict=False):
        for i, (g, e) in enumerate(zip(found, expected, strict=True)):
            names.append(f"{name}[{i}]")
            differences.append(np.max(np.abs(g - e)))
            scales.append(np.max(np.abs(e)))
    worst = int(np.argmax(differences))  # a NaN counts as the largest
    return Comparison(
        paper,
        head,
        hidden,
        error=_relative(differences[worst], np.max(scales)),
        worst=names[worst],
        loss_difference=_relative(abs(tape_loss - loss), abs(loss)),
    )


def compare_all(W: Sequence[Array], b: Sequence[Array], X: Array, Y: Array) -> Iterator[Comparison]:
    """Compare one relu network with each paper, once for every head the paper covers.

    Parameters
    ----------
    W : sequence of arrays, shape (in, out)
    b : sequence of arrays, shape (out,)
    X : array, shape (N, d)
    Y : array, shape (N, K)
        One-hot rows: classes for softmax, K yes-or-no targets for sigmoid, K numbers for squared
        errors.

    Yields
    ------
    Comparison
    """
    for paper, network in NETWORKS.items():
        for head in network.formulas.HEADS:
            yield compare(paper, W, b, X, Y, "relu", head)


def _find(paper: str) -> Network:
    if paper not in NETWORKS:
        raise ValueError(f"paper={paper!r}: there are {', '.join(map(repr, NETWORKS))}")
    return NETWORKS[paper]


def _relative(difference: Any, scale: Any) -> float:
    return float(difference / scale) if scale else float(difference)
