"""The derivative rules, a file a family; importing this registers them."""

from . import elementwise, indexing, linalg, neural, reductions, shaping

__all__ = ["elementwise", "indexing", "linalg", "neural", "reductions", "shaping"]
