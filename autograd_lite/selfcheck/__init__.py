"""The laws every rule must obey, and the expressions they are tried on."""

from .case import Case
from .cases import CASES as _TEXTS
from .inputs import INPUTS
from .laws import BrokenLaw, check, uncovered

__all__ = ["CASES", "INPUTS", "BrokenLaw", "Case", "check", "uncovered"]

CASES = tuple(case if isinstance(case, Case) else Case(case) for case in _TEXTS)
