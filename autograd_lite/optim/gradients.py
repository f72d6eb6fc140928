"""Gradients that are too large, made smaller between `backward` and the step."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    params: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0
) -> float:
    """Scale all gradients by the same number, so that their common norm is at most `max_norm`.

    Parameters
    ----------
    params : Tensor or iterable of Tensor
        Those without a gradient are passed over.
    max_norm : float
    norm_type : float
        The p of the norm; ``inf`` for the largest element.

    Returns
    -------
    float
        The norm before. If it is NaN or infinite, the gradients become NaN or 0.

    Raises
    ------
    ValueError
        For a `max_norm` that is not positive.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), algorithm 1; the 1e-6 in the quotient is PyTorch's.
    """
    given = _with_gradient(params, "clip_grad_norm_: max_norm", max_norm)
    norms = [np.linalg.norm(np.ravel(p.grad), norm_type) for p in given]
    norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
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
    for p in _with_gradient(params, "clip_grad_value_: clip_value", clip_value):
        p.grad = np.clip(p.grad, -clip_value, clip_value)


def _with_gradient(params: Tensor | Iterable[Tensor], name: str, limit: float) -> list[Tensor]:
    """List the parameters that a limit applies to, after a check of it."""
    if not limit > 0:
        raise ValueError(f"{name} must be positive, not {limit}")
    listed = [params] if isinstance(params, Tensor) else params
    return [p for p in listed if p.grad is not None]
