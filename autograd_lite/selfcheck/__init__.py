"""The laws every rule must obey, and the expressions they are tried on."""

from .cases import CASES, INPUTS
from .laws import BrokenLaw, Case, check, uncovered

__all__ = ["CASES", "INPUTS", "BrokenLaw", "Case", "check", "uncovered"]
