"""Programs of plain NumPy derived from functions: value and gradient, as one would write them."""

from .step import Step, derive

__all__ = ["Step", "derive"]
