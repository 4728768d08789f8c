"""Fit, engagement and intent: the rollup's algebra, the scores, their reasons, what they hold.

Written once, as Narwhals expressions over lazy frames, for any engine. Pure: no I/O, no clock.
``reference`` says the same for one lead in plain Python; the frames are held to it.
"""

from accord.agreement import LIMIT
from accord.scoring.forecast import EvidenceRow, falls_at, weights_at
from accord.scoring.frames import is_kind, to_lazy
from accord.scoring.qualification import (
    THRESHOLDS,
    Threshold,
    condition_of,
    distances,
    qualified,
    qualifies,
)
from accord.scoring.reasons import REASON_COLUMNS, explain_lines, reasons
from accord.scoring.reference import LeadScore, score_lead, shown_by
from accord.scoring.rollup import ROLLUP_COLUMNS, combine, each, roll_up
from accord.scoring.scores import score, sum_up
from accord.scoring.terms import (
    CYCLE,
    SCORES,
    ScoreName,
    half_lives_of,
    kind_terms,
    to_points,
    to_tenths,
)
from accord.scoring.ways import Means, Way, next_threshold, ways_to
from accord.scoring.workings import Workings, work_out

__all__ = [
    "CYCLE",
    "LIMIT",
    "REASON_COLUMNS",
    "ROLLUP_COLUMNS",
    "SCORES",
    "THRESHOLDS",
    "EvidenceRow",
    "LeadScore",
    "Means",
    "ScoreName",
    "Threshold",
    "Way",
    "Workings",
    "combine",
    "condition_of",
    "distances",
    "each",
    "explain_lines",
    "falls_at",
    "half_lives_of",
    "is_kind",
    "kind_terms",
    "next_threshold",
    "qualified",
    "qualifies",
    "reasons",
    "roll_up",
    "score",
    "score_lead",
    "shown_by",
    "sum_up",
    "to_lazy",
    "to_points",
    "to_tenths",
    "ways_to",
    "weights_at",
    "work_out",
]
