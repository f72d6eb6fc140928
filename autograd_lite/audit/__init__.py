"""The tape against formulas that other people derived."""

from .backprop import Comparison, compare, compare_all

__all__ = ["Comparison", "compare", "compare_all"]
