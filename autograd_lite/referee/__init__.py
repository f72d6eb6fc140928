"""A hand-written backward pass against the tape: which gradient is off, and by which slip."""

from .check import check_backprop
from .report import BackpropReport

__all__ = ["BackpropReport", "check_backprop"]
