"""The tape against the papers' formulas, the formulas against finite differences."""

import itertools
from collections.abc import Iterable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograd_lite.audit import compare, compare_all
from autograd_lite.audit.networks import NETWORKS, arranged
from autograd_lite.closed_form import matrix_form, menon, park, rao, whitehill
from autograd_lite.closed_form._functions import (
    Array,
    binary_cross_entropy,
    categorical_cross_entropy,
    d_sigmoid,
    sigmoid,
    squared_error,
)

TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
COVERED = [
    (paper, hidden, head)
    for paper, network in NETWORKS.items()
    for hidden in network.formulas.HIDDEN
    for head in network.formulas.HEADS
]


def network(
    head: str = "softmax", hidden_layers: int = 2, samples: int = 9, dtype: Any = np.float64
) -> tuple[list[Array], list[Array], Array, Array]:
    """Weights, biases, samples and targets; no two sizes are the same."""
    rng = np.random.default_rng(0)
    sizes = [5, *(7, 4, 6, 8)[:hidden_layers], 3]
    # Positive on the whole, so that no layer of relus is silent throughout.
    W = [rng.normal(0.2, 0.5, size) for size in itertools.pairwise(sizes)]
    b = [rng.normal(0.2, 0.3, size) for size in sizes[1:]]
    X = rng.normal(size=(samples, 5))
    if head == "softmax":
        Y = np.eye(3)[rng.integers(0, 3, samples)]
    elif head == "sigmoid":
        Y = rng.integers(0, 2, (samples, 3)).astype(float)
    else:
        Y = rng.normal(size=(samples, 3))
    return (
        [w.astype(dtype) for w in W],
        [c.astype(dtype) for c in b],
        X.astype(dtype),
        Y.astype(dtype),
    )


def arrays_of(gradients: Iterable[Iterable[Array]]) -> list[Array]:
    return [array for arrays in gradients for array in arrays]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("samples", [1, 9])
@pytest.mark.parametrize("hidden_layers", [1, 2, 3, 4])
@pytest.mark.parametrize(("paper", "hidden", "head"), COVERED)
def test_tape_agrees_with_every_closed_form(
    paper: str, hidden: str, head: str, hidden_layers: int, samples: int, dtype: Any
) -> None:
    arrays = network(head, hidden_layers, samples, dtype)
    comparison = compare(paper, *arrays, hidden, head)
    assert comparison.error <= TOLERANCE[dtype]
    assert comparison.loss_difference <= TOLERANCE[dtype]
    first_weights = NETWORKS[paper].formulas.gradients(
        *arranged(paper, *arrays), hidden=hidden, head=head
    )[1][0]
    assert np.any(first_weights), "a silent network would agree with anything"


@pytest.mark.parametrize("head", rao.HEADS)
@pytest.mark.parametrize("penalties", [{"l1": 0.3}, {"l2": (0.1, 0.0, 0.7)}])
def test_penalties_agree_with_the_tape(head: str, penalties: Any) -> None:
    comparison = compare("rao", *network(head), "tanh", head, **penalties)
    assert comparison.error <= 1e-12
    assert comparison.loss_difference <= 1e-12


@pytest.mark.parametrize(("paper", "hidden", "head"), COVERED)
def test_closed_form_agrees_with_central_differences_of_its_own_loss(
    paper: str, hidden: str, head: str
) -> None:
    *parameters, X, Y = arranged(paper, *network(head))
    options = {"l1": 0.05, "l2": (0.1, 0.2, 0.3)} if paper == "rao" else {}
    gradients = partial(
        NETWORKS[paper].formulas.gradients, *parameters, X, Y, hidden=hidden, head=head, **options
    )
    _, *closed = gradients()
    scale = max(np.max(np.abs(g)) for g in arrays_of(closed))
    h = 1e-5
    for values, g in zip(arrays_of(parameters), arrays_of(closed), strict=True):
        for at in np.ndindex(values.shape):
            here = values[at]
            values[at] = here + h
            above = gradients()[0]
            values[at] = here - h
            below = gradients()[0]
            values[at] = here
            assert abs((above - below) / (2 * h) - g[at]) <= 1e-6 * scale


@pytest.mark.parametrize("paper", NETWORKS)
def test_relu_slope_at_zero_is_the_papers_own(paper: str) -> None:
    W, b, X, Y = network()
    W[0][:, 2] = b[0][2] = 0  # the pre-activation of this unit is 0 for every sample
    assert compare(paper, W, b, X, Y).error <= 1e-12
    dW = NETWORKS[paper].formulas.gradients(*arranged(paper, W, b, X, Y))[1][0]
    to_the_unit = dW[:, 2] if paper == "matrix_form" else dW[2]
    assert np.any(to_the_unit) == (paper == "park")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("paper", "hidden", "head"), COVERED)
def test_logits_of_ten_thousand_stay_finite(paper: str, hidden: str, head: str, dtype: Any) -> None:
    W, b, X, Y = network(head, dtype=dtype)
    W[-1] *= 0
    b[-1][:] = 1e4, -1e4, 5e3
    loss, *gradients = NETWORKS[paper].formulas.gradients(
        *arranged(paper, W, b, X, Y), hidden=hidden, head=head
    )
    assert np.isfinite(loss)
    assert all(np.all(np.isfinite(g)) for g in arrays_of(gradients))
    comparison = compare(paper, W, b, X, Y, hidden, head)
    assert comparison.error <= TOLERANCE[dtype]
    assert comparison.loss_difference <= TOLERANCE[dtype]


def test_cross_entropy_of_a_confident_mistake_is_the_distance_of_the_logits() -> None:
    z = np.array([[1e4], [-1e4]])
    wrong, right = np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])
    assert categorical_cross_entropy(z, wrong, axis=0)[0] == 2e4
    assert categorical_cross_entropy(z, right, axis=0)[0] == 0
    assert binary_cross_entropy(z, wrong)[0] == 2e4
    assert binary_cross_entropy(z, right)[0] == 0


@pytest.mark.parametrize(("paper", "hidden", "head"), COVERED)
def test_float32_stays_float32_even_with_integer_targets(
    paper: str, hidden: str, head: str
) -> None:
    *arrays, Y = arranged(paper, *network(head, dtype=np.float32))
    loss, *gradients = NETWORKS[paper].formulas.gradients(
        *arrays, Y.astype(int), hidden=hidden, head=head
    )
    assert loss.dtype == np.float32
    assert {g.dtype for g in arrays_of(gradients)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("paper", NETWORKS)
def test_arguments_are_left_as_they_were(paper: str) -> None:
    *parameters, X, Y = arranged(paper, *network())
    before = [array.copy() for array in [*arrays_of(parameters), X, Y]]
    NETWORKS[paper].formulas.gradients(*parameters, X, Y)
    for now, then in zip([*arrays_of(parameters), X, Y], before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("paper", NETWORKS)
def test_gradients_have_the_shapes_of_the_parameters(paper: str) -> None:
    *parameters, X, Y = arranged(paper, *network())
    _, *gradients = NETWORKS[paper].formulas.gradients(*parameters, X, Y)
    assert [g.shape for g in arrays_of(gradients)] == [p.shape for p in arrays_of(parameters)]


def test_a_flat_bias_has_a_flat_gradient_in_the_matrix_form() -> None:
    W, b, X, Y = network()
    _, _, rows = matrix_form.gradients(W, [c[None] for c in b], X, Y)
    _, _, flat = matrix_form.gradients(W, b, X, Y)
    for row, g in zip(rows, flat, strict=True):
        np.testing.assert_array_equal(row[0], g)


def test_of_parameters_that_are_all_zero_only_the_output_bias_learns() -> None:
    # Whitehill's section 8 has no parameter learn; yhat - y does not vanish, though.
    W, b, x, y = arranged("whitehill", *network())
    W, b = [0 * w for w in W], [0 * c for c in b]
    _, dW, db = whitehill.gradients(W, b, x, y)
    assert not any(np.any(g) for g in [*dW, *db[:-1]])
    assert np.any(db[-1])


def test_compare_all_covers_every_head_of_every_paper() -> None:
    comparisons = list(compare_all(*network()))
    expected = {(paper, head) for paper, _, head in COVERED}
    assert {(c.paper, c.head) for c in comparisons} == expected
    assert len(comparisons) == len(expected)
    assert all(c.hidden == "relu" and c.error <= 1e-12 for c in comparisons)


# Formulas as a paper prints them, or with a factor or a derivative left out.


def _error_doubled(z: Array, y: Array) -> tuple[Any, Array]:
    total, yhat = categorical_cross_entropy(z, y, axis=0)
    return total, 2 * yhat - y


def _sigmoid_head_as_printed(z: Array, y: Array) -> tuple[Any, Array]:
    total, a = binary_cross_entropy(z, y)
    return total, -y * (1 - a) - (1 - y) * a


def _relu_head_without_the_factor(z: Array, y: Array) -> tuple[Any, Array]:
    total, phi = menon._relu(z, y)
    return total, phi / 2


MISTAKES: dict[str, tuple[ModuleType, str, str, Any, str]] = {
    "the factor 2 of regression in classification": (
        rao, "_HEADS", "softmax", (partial(categorical_cross_entropy, axis=1), 2), "tanh"
    ),
    "no factor 2 in regression": (rao, "_HEADS", "identity", (squared_error, 1), "tanh"),
    "the derivative at the output of the layer": (
        rao, "_HIDDEN", "sigmoid", (sigmoid, lambda S: d_sigmoid(sigmoid(S))), "softmax"
    ),
    "softmax across the samples": (
        park, "_HEADS", "softmax", partial(categorical_cross_entropy, axis=1), "relu"
    ),
    "relu with the other slope at zero": (
        park, "_HIDDEN", "relu", (park._HIDDEN["relu"][0], lambda Z: Z > 0), "softmax"
    ),
    "theta for its derivative": (matrix_form, "_THETA", "relu", lambda X: X, "softmax"),
    "a gradient of twice its size": (
        whitehill, "_HEADS", "softmax", _error_doubled, "relu"
    ),
    "sigma for its derivative": (menon, "_HIDDEN", "sigmoid", (sigmoid, sigmoid), "softmax"),
    "minus for plus in the binary head": (
        menon, "_HEADS", "sigmoid", _sigmoid_head_as_printed, "relu"
    ),
    "no factor 2 in the mean squared error": (
        menon, "_HEADS", "relu", _relu_head_without_the_factor, "relu"
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_comparison_catches_a_mistake_in_a_formula(
    mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, table, name, wrong, other = MISTAKES[mistake]
    hidden, head = (other, name) if table == "_HEADS" else (name, other)
    paper = module.__name__.rpartition(".")[2]
    W, b, X, Y = network(head)
    W[0][:, 2] = b[0][2] = 0
    assert compare(paper, W, b, X, Y, hidden, head).error <= 1e-12
    monkeypatch.setitem(getattr(module, table), name, wrong)
    assert compare(paper, W, b, X, Y, hidden, head).error > 1e-3


def test_comparison_names_the_worst_place(monkeypatch: pytest.MonkeyPatch) -> None:
    W, b, X, Y = network("sigmoid")
    monkeypatch.setitem(park._HIDDEN, "relu", (park._HIDDEN["relu"][0], np.ones_like))
    assert compare("park", W, b, X, Y, head="sigmoid").worst in ("dW[0]", "db[0]", "dW[1]", "db[1]")


def test_comparison_lets_no_nan_pass() -> None:
    W, b, X, Y = network()
    X[3, 1] = np.nan
    assert not compare("park", W, b, X, Y).error <= 1e-12


@pytest.mark.parametrize("paper", NETWORKS)
def test_an_error_lists_what_the_paper_covers(paper: str) -> None:
    formulas, arrays = NETWORKS[paper].formulas, arranged(paper, *network())
    covered = ", ".join(map(repr, formulas.HIDDEN))
    with pytest.raises(ValueError, match=f"hidden='gelu': this paper covers {covered}"):
        formulas.gradients(*arrays, hidden="gelu")
    covered = ", ".join(map(repr, formulas.HEADS))
    with pytest.raises(ValueError, match=f"head='hinge': this paper covers {covered}"):
        formulas.gradients(*arrays, head="hinge")


@pytest.mark.parametrize("paper", NETWORKS)
def test_targets_that_would_broadcast_are_refused_with_both_shapes(paper: str) -> None:
    *parameters, X, Y = arranged(paper, *network())
    too_few = Y[:1]
    with pytest.raises(ValueError) as error:
        NETWORKS[paper].formulas.gradients(*parameters, X, too_few)
    assert f"{too_few.shape}" in str(error.value)
    assert f"{Y.shape}" in str(error.value)


def test_an_unknown_paper_is_refused_with_the_list_of_papers() -> None:
    with pytest.raises(ValueError, match="paper='parks': there are 'rao', 'park'"):
        compare("parks", *network())


def test_one_penalty_for_each_layer_or_one_for_all() -> None:
    W, X, Y = arranged("rao", *network())
    with pytest.raises(ValueError, match="shape"):
        rao.gradients(W, X, Y, l2=[0.1, 0.2])
