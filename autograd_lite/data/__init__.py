"""Data to learn from: bundled, made up, or read from a file, whole or in batches."""

from .batching import batches
from .images import digits, load_mnist
from .toys import circles, curve, moons, spirals

__all__ = ["batches", "circles", "curve", "digits", "load_mnist", "moons", "spirals"]
