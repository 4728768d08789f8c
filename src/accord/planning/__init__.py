"""Planning: from the goal back to MQLs, from MQLs forward to deals, and whether the mix is right.

Pure arithmetic on fractions; figures are rounded half up, once, where they are shown.
"""

from accord.planning.funnel import (
    PLAN_STAGES,
    Period,
    Plan,
    SegmentPlan,
    forward,
    period_days,
    plan,
    round_half_up,
    weekly_share,
)
from accord.planning.levelled import period_end, period_start, share_of_day
from accord.planning.mix import ON_GOAL, Mix, MixLine, mix

__all__ = [
    "ON_GOAL",
    "PLAN_STAGES",
    "Mix",
    "MixLine",
    "Period",
    "Plan",
    "SegmentPlan",
    "forward",
    "mix",
    "period_days",
    "period_end",
    "period_start",
    "plan",
    "round_half_up",
    "share_of_day",
    "weekly_share",
]
