"""Quality: every batch passes its entity's rules before anything else sees it.

Rules are data (:mod:`accord.quality.rules`), run by Great Expectations. What becomes of a failing
row is the service's business.
"""

from accord.quality.check import Reason, Verdict, check_batch
from accord.quality.checked import Surroundings
from accord.quality.rules import RULES, Rule, Severity

__all__ = [
    "RULES",
    "Reason",
    "Rule",
    "Severity",
    "Surroundings",
    "Verdict",
    "check_batch",
]
