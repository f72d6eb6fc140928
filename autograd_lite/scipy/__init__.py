"""Derivatives of SciPy's functions; importing this imports SciPy and registers them.

SciPy's ufuncs are called by their own names: ``scipy.special.expit(t)``. Its other functions would
turn a Tensor into a plain array, which Tensors refuse; here are some of the same names that take
them: ``special.logsumexp``, ``linalg.expm``, ``stats.norm.logpdf``.

Examples
--------
>>> from autograd_lite import grad
>>> from autograd_lite.scipy import special, stats
>>> grad(special.expit)(0.0)
array(0.25)
>>> grad(stats.norm.logpdf)(1.5)
array(-1.5)
"""

try:
    import scipy  # noqa: F401
except ImportError as error:
    raise ImportError(
        "autograd_lite.scipy needs SciPy: pip install 'autograd-lite[scipy]'"
    ) from error

from . import linalg, special, stats

__all__ = ["linalg", "special", "stats"]
