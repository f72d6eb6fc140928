"""Gradients that are too large, made smaller between `backward` and the step."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    params: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients by the same number, so that their common norm is at most `max_norm`.

    Parameters
    ----------
    params : Tensor or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float
    norm_type : float
        The p of the norm; ``inf`` for the largest element.
    error_if_nonfinite : bool
        Refuse a norm that is NaN or infinite; else the gradients become NaN or 0.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    ValueError
        For a `max_norm` that is not positive.
    FloatingPointError
        For a norm that is not finite, if asked for.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), algorithm 1; the 1e-6 in the quotient is PyTorch's.
    """
    if not max_norm > 0:
        raise ValueError(f"clip_grad_norm_: max_norm must be positive, not {max_norm}")
    given = [p for p in _listed(params) if p.grad is not None]
    norms = [np.linalg.norm(np.ravel(p.grad), norm_type) for p in given]
    norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if error_if_nonfinite and not np.isfinite(norm):
        raise FloatingPointError(f"clip_grad_norm_: the norm of the gradients is {norm}")
    scale = float(np.minimum(1.0, max_norm / (norm + 1e-6)))  # NaN stays NaN
    for p in given:
        p.grad = p.grad * scale
    return norm


def clip_grad_value_(params: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit each element of the gradients to the interval from -clip_value to clip_value.

    Raises
    ------
    ValueError
        For a `clip_value` that is not positive.
    """
    if not clip_value > 0:
        raise ValueError(f"clip_grad_value_: clip_value must be positive, not {clip_value}")
    for p in _listed(params):
        if p.grad is not None:
            p.grad = np.clip(p.grad, -clip_value, clip_value)


def _listed(params: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [params] if isinstance(params, Tensor) else list(params)
