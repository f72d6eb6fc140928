"""The tape against formulas that other people derived.

`audit` judges what the papers assert, row by row: ``audit(PAPERS)``. `compare` holds the tape's
gradient of a whole network against their formulas in `closed_form`.
"""

from .claim import Claim, Finding, audit
from .claims import PAPERS
from .networks import Comparison, compare, compare_all

__all__ = ["PAPERS", "Claim", "Comparison", "Finding", "audit", "compare", "compare_all"]
