"""Negative log-likelihoods of generalized linear models with their canonical links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import as_array, plain
from .activations import softplus, with_targets
from .neural import logsumexp

__all__ = ["FAMILIES", "glm_nll"]

FAMILIES: dict[str, Callable[[Any], Any]] = {
    "normal": lambda theta: theta * theta / 2,
    "bernoulli": softplus,
    "poisson": np.exp,
    "gamma": lambda theta: -np.log(-theta),
    "inverse_gaussian": lambda theta: -np.sqrt(-2 * theta),
    "multinoulli": lambda theta: logsumexp(theta, axis=-1, keepdims=True),
}
"""By name: the log-normaliser A of a family, whose derivative is the mean."""

_OF_NEGATIVE = ("gamma", "inverse_gaussian")
_DISPERSED = ("normal", *_OF_NEGATIVE)

_SUPPORTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "bernoulli": ("from 0 to 1", lambda y: (y >= 0) & (y <= 1)),
    "multinoulli": ("from 0 to 1", lambda y: (y >= 0) & (y <= 1)),
    "poisson": ("0 or more", lambda y: y >= 0),
    "gamma": ("positive", lambda y: y > 0),
    "inverse_gaussian": ("positive", lambda y: y > 0),
}
"""By name of a family: what its targets are, where they cannot be any number."""


def glm_nll(family: str, dispersion: float = 1.0) -> Callable[[Any, Any], Any]:
    """Make the loss of a generalized linear model, a function of natural parameters and targets.

    Parameters
    ----------
    family : {"normal", "bernoulli", "poisson", "gamma", "inverse_gaussian", "multinoulli"}
    dispersion : float
        d: the variance of a normal, one over the shape of a gamma distribution, one over that of
        an inverse Gaussian. The others have none, and 1 is what they take.

    Returns
    -------
    callable
        ``loss(theta, y)`` for two arrays of shape (N, K) or (N,), the output of a model without an
        activation and the targets: the mean over all entries, for ``"multinoulli"`` over all
        rows, of ``(A(theta) - theta * y) / d``. That is the negative log-likelihood without the
        term that depends on `y` and d alone. With (N, K), a row of ``"multinoulli"`` is one
        sample of K classes and `y` one-hot; else its entries are independent.

    Raises
    ------
    ValueError
        For an unknown family, and for a dispersion that is not positive or that the family does not
        have. From the function made, for ``theta >= 0`` where the family needs it negative (gamma,
        inverse Gaussian), and for targets that the family cannot bring forth.
    ShapeError
        From the function made, for targets of another shape.

    References
    ----------
    Rao, Recursive formulation of the gradient, appendix C: the derivative by theta is
    ``(mean - y) / d``, where the mean is the derivative of A.

    Examples
    --------
    >>> loss = glm_nll("poisson")
    >>> float(loss(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
    0.359140914229...
    """
    if family not in FAMILIES:
        raise ValueError(f"glm_nll: family {family!r} is none of {', '.join(FAMILIES)}")
    if not dispersion > 0:
        raise ValueError(f"glm_nll: the dispersion must be positive, not {dispersion}")
    if dispersion != 1 and family not in _DISPERSED:
        raise ValueError(
            f"glm_nll: the dispersion of {family} is 1, not {dispersion}; only "
            f"{', '.join(_DISPERSED)} have one of their own"
        )
    log_normaliser = FAMILIES[family]

    def loss(theta: Any, y: Any) -> Any:
        given, (theta, y) = y, with_targets("glm_nll", theta, y)
        if family in _OF_NEGATIVE and np.any(plain(theta) >= 0):
            raise ValueError(
                f"glm_nll: the natural parameter of {family} is negative, and the largest given "
                f"is {np.max(plain(theta))}; let the model return -exp(...) or -softplus(...)"
            )
        if family in _SUPPORTS:
            _check_support(family, plain(as_array(given)))
        if family == "multinoulli":
            each = log_normaliser(theta) - np.sum(theta * y, axis=-1, keepdims=True)
        else:
            each = log_normaliser(theta) - theta * y
        return np.mean(each) / dispersion

    return loss


def _check_support(family: str, y: Any) -> None:
    what, supported = _SUPPORTS[family]
    wrong = np.unique(y[~supported(y)])
    if wrong.size:
        values = ", ".join(map(str, wrong[:3].tolist())) + ", ..." * (wrong.size > 3)
        raise ValueError(f"glm_nll: the targets of {family} are {what}, not {values}")
