"""The derivative rules, a file a family; importing this registers them."""

from . import assignment, elementwise, indexing, linalg, neural, reductions, shaping

__all__ = ["assignment", "elementwise", "indexing", "linalg", "neural", "reductions", "shaping"]
