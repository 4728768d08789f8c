"""Fit, engagement and intent: the rollup's algebra, the scores, their reasons, what they hold.

Written once, as Narwhals expressions over lazy frames, for any engine. Pure: no I/O, no clock.
``reference`` says the same for one lead in plain Python; the frames are held to it.
"""

from accord.scoring.qualification import THRESHOLDS, Threshold, distances, qualified, qualifies
from accord.scoring.reasons import LIMIT, REASON_COLUMNS, explain_lines, reasons
from accord.scoring.reference import LeadScore, score_lead
from accord.scoring.rollup import ROLLUP_COLUMNS, combine, each, roll_up
from accord.scoring.scores import score, sum_up
from accord.scoring.terms import CYCLE, SCORES, ScoreName, kind_terms, to_points, to_tenths
from accord.scoring.workings import Workings, work_out

__all__ = [
    "CYCLE",
    "LIMIT",
    "REASON_COLUMNS",
    "ROLLUP_COLUMNS",
    "SCORES",
    "THRESHOLDS",
    "LeadScore",
    "ScoreName",
    "Threshold",
    "Workings",
    "combine",
    "distances",
    "each",
    "explain_lines",
    "kind_terms",
    "qualified",
    "qualifies",
    "reasons",
    "roll_up",
    "score",
    "score_lead",
    "sum_up",
    "to_points",
    "to_tenths",
    "work_out",
]
