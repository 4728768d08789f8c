"""Planning: from the goal back to MQLs, from MQLs forward to deals, the mix, capacity and pace.

Pure arithmetic on fractions; figures are rounded half up, once, where they are shown.
"""

from accord.planning.capacity import (
    CapacityLine,
    CapacityPlan,
    TeamLine,
    capacity_plan,
    rep_capacity,
)
from accord.planning.expected import STEPS, Chance, Expected, agreed_chances, expect
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
from accord.planning.goals import GOALS, GoalPace, goal_pace
from accord.planning.history import (
    ENOUGH,
    History,
    HistoryPlan,
    Seen,
    SegmentHistory,
    plan_from_history,
)
from accord.planning.levelled import period_end, period_start, share_of_day
from accord.planning.levelling import LevelWeek, level, peak_to_mean
from accord.planning.mix import ON_GOAL, Mix, MixLine, mix
from accord.planning.outlook import Outlook
from accord.planning.pace import SEEN_DAYS, TOTAL, PaceLine, find_pace, total_of
from accord.planning.spending import Cost, SegmentSpend, SpendNeeded, spend_needed

__all__ = [
    "CONVERSIONS",
    "ENOUGH",
    "GOALS",
    "ON_GOAL",
    "PLAN_STAGES",
    "SEEN_DAYS",
    "STEPS",
    "TOTAL",
    "CapacityLine",
    "CapacityPlan",
    "Chance",
    "Cost",
    "Expected",
    "GoalPace",
    "History",
    "HistoryPlan",
    "LevelWeek",
    "Mix",
    "MixLine",
    "Outlook",
    "PaceLine",
    "Period",
    "Plan",
    "Seen",
    "SegmentHistory",
    "SegmentPlan",
    "SegmentSpend",
    "SpendNeeded",
    "TeamLine",
    "agreed_chances",
    "agreed_rates",
    "capacity_plan",
    "expect",
    "find_pace",
    "forward",
    "goal_pace",
    "level",
    "mix",
    "peak_to_mean",
    "period_days",
    "period_end",
    "period_start",
    "plan",
    "plan_from_history",
    "rep_capacity",
    "round_half_up",
    "share_of_day",
    "spend_needed",
    "total_of",
    "weekly_share",
]
