"""Training by mini-batches: `fit`, what it measures, and where it can go on."""

from .fitting import accuracy, fit
from .history import History

__all__ = ["History", "accuracy", "fit"]
