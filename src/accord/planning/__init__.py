"""Planning: from the goal back to MQLs, from MQLs forward to deals, the mix, capacity and pace.

Pure arithmetic on fractions; figures are rounded half up, once, where they are shown.
"""

from accord.planning.capacity import CapacityLine, CapacityPlan, capacity_plan, rep_capacity
from accord.planning.funnel import (
    CONVERSIONS,
    PLAN_STAGES,
    Period,
    Plan,
    SegmentPlan,
    agreed_rates,
    forward,
    period_days,
    plan,
    round_half_up,
    weekly_share,
)
from accord.planning.history import (
    ENOUGH,
    History,
    HistoryPlan,
    Seen,
    SegmentHistory,
    plan_from_history,
)
from accord.planning.levelled import period_end, period_start, share_of_day
from accord.planning.mix import ON_GOAL, Mix, MixLine, mix
from accord.planning.pace import SEEN_DAYS, TOTAL, PaceLine, find_pace, total_of

__all__ = [
    "CONVERSIONS",
    "ENOUGH",
    "ON_GOAL",
    "PLAN_STAGES",
    "SEEN_DAYS",
    "TOTAL",
    "CapacityLine",
    "CapacityPlan",
    "History",
    "HistoryPlan",
    "Mix",
    "MixLine",
    "PaceLine",
    "Period",
    "Plan",
    "Seen",
    "SegmentHistory",
    "SegmentPlan",
    "agreed_rates",
    "capacity_plan",
    "find_pace",
    "forward",
    "mix",
    "period_days",
    "period_end",
    "period_start",
    "plan",
    "plan_from_history",
    "rep_capacity",
    "round_half_up",
    "share_of_day",
    "total_of",
    "weekly_share",
]
