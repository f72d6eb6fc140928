"""Five papers' closed forms of backpropagation, in their own notation and in NumPy alone."""

from . import matrix_form, menon, park, rao, whitehill

__all__ = ["matrix_form", "menon", "park", "rao", "whitehill"]
