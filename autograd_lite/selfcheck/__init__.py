"""The laws every rule must obey, and the expressions they are tried on."""

from .case import Case
from .cases import CASES
from .inputs import INPUTS
from .laws import BrokenLaw, check, uncovered

__all__ = ["CASES", "INPUTS", "BrokenLaw", "Case", "check", "uncovered"]
