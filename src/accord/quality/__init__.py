"""Quality: every batch passes its rules before anything else sees it.

Rules are data (``quality.yaml``, read by :func:`parse_policy`), run by Great Expectations. What
becomes of a failing row is the service's business.
"""

from accord.quality.check import check_piece
from accord.quality.checked import Leads, Piece, Surroundings
from accord.quality.lists import LISTS, lists_of
from accord.quality.model import FEWEST, BatchRule, Rule, Severity
from accord.quality.policy import Policy, Suite
from accord.quality.profile import Measures
from accord.quality.reading import parse_policy
from accord.quality.verdict import Failing, Verdict
from accord.quality.whole import Measured, Past, check_batch, needs_past
from accord.quality.wording import batch_sentence_of

__all__ = [
    "FEWEST",
    "LISTS",
    "BatchRule",
    "Failing",
    "Leads",
    "Measured",
    "Measures",
    "Past",
    "Piece",
    "Policy",
    "Rule",
    "Severity",
    "Suite",
    "Surroundings",
    "Verdict",
    "batch_sentence_of",
    "check_batch",
    "check_piece",
    "lists_of",
    "needs_past",
    "parse_policy",
]
