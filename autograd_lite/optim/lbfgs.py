"""Minimisation of a function of arrays by SciPy, from their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..derivatives import value_and_grad
from ..tensor import plain
from ..tree import flatten, flatten_like, map_leaves, replaced

__all__ = ["minimize"]


def minimize(
    f: Callable[..., Any],
    params: Any,
    *,
    method: str = "L-BFGS-B",
    jac: bool = False,
    **settings: Any,
) -> Any:
    """Minimise a function of all its data at once: `scipy.optimize.minimize` with its gradient.

    Parameters
    ----------
    f : callable
        ``f(params)`` returns one real number; with ``jac=True`` also its gradient, as the
        programs of `ag.derive` do.
    params : array or nested structure of arrays
        Where to start; floating-point.
    method : str
        Any of SciPy's that uses a gradient and no Hessian: "L-BFGS-B", "BFGS", "CG".
    jac : bool
        Whether `f` returns its gradient too; by default it is differentiated.
    **settings
        What else `scipy.optimize.minimize` takes: ``tol=1e-9``, ``options={"maxiter": 100}``.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x` has the structure, shapes and dtypes of `params`; whether the method converged is in
        `success` and `message`, the gradient, flat, in `jac`.

    Raises
    ------
    ImportError
        Without SciPy.
    TypeError
        For parameters that are not floating-point.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu (1995): L-BFGS-B.

    Examples
    --------
    >>> def rosenbrock(p):
    ...     return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2
    >>> found = minimize(rosenbrock, {"x": -1.0, "y": 2.0})
    >>> found.success, bool(abs(found.x["x"] - 1) < 1e-4)
    (True, True)
    """
    try:
        import scipy.optimize
    except ImportError as error:
        raise ImportError(
            "optim.minimize is SciPy's L-BFGS: pip install 'autograd-lite[scipy]'"
        ) from error
    params = map_leaves(lambda x: np.asarray(plain(x)), params)
    leaves = flatten(params)
    ends = np.cumsum([x.size for x in leaves])[:-1]
    both = f if jac else value_and_grad(f)

    def structured(flat: np.ndarray) -> Any:
        parts = zip(np.split(flat, ends), leaves, strict=True)
        return replaced(params, [part.reshape(x.shape).astype(x.dtype) for part, x in parts])

    def value_and_flat_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = both(structured(flat))
        return float(plain(value)), _flat(flatten_like(params, gradient, "minimize: the gradient"))

    result = scipy.optimize.minimize(
        value_and_flat_gradient, _flat(leaves), method=method, jac=True, **settings
    )
    result.x = structured(result.x)
    return result


def _flat(leaves: list[Any]) -> np.ndarray:
    """All elements in a row, as SciPy takes them: float64."""
    return np.concatenate([np.ravel(plain(x)) for x in leaves]).astype(np.float64)
