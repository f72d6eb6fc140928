"""Training by mini-batches: `fit`, what it measures, and where it can go on."""

from .fitting import fit
from .history import History
from .predicting import accuracy, predict

__all__ = ["History", "accuracy", "fit", "predict"]
