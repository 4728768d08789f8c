"""What came against what was agreed: goals, plan, quota, capacity, and what each rep brings.

A day is worth its levelled share of the period's figure, by the agreement in force on it; of a
running period the days that have begun count.
"""

from __future__ import annotations

from dataclasses import replace

from accord.metrics.definition import Direction, Metric, Part, Placing, Reading, Unit
from accord.metrics.definitions.funnel import entered
from accord.records import Side

_WON = Part(frame="deals", at="closed_us", where={"state": ("won",)})
_REVENUE = replace(_WON, value="amount_cents")
_GOAL = Part(frame="goals", at="at_us", value="revenue_cents")
_QUOTA = Part(frame="rep_days", at="at_us", value="quota_cents")
_CAPACITY = Part(frame="rep_days", at="at_us", where={"role": ("sdr",)}, value="capacity_sevenths")
_EXECUTIVES = Part(frame="rep_days", at="at_us", where={"role": ("ae",)}, value="rep_sevenths")
_HANDED = Part(frame="handoffs", at="assigned_us", where={"stage": ("mql",)})
_OPEN_AMOUNT = Part(
    frame="amounts", at="from_us", until="until_us", placing=Placing.STOCK, value="amount_cents"
)
_TARGET = Part(
    frame="targets", at="from_us", until="until_us", placing=Placing.STOCK, value="revenue_cents"
)


def _planned(stage: str) -> Part:
    return Part(frame="goals", at="at_us", value=f"{stage}_micros")


def _goal(  # noqa: PLR0913  one argument a column of the definition
    name: str,
    title: str,
    formula: str,
    *,
    unit: Unit,
    owner: Side,
    requirements: tuple[str, ...],
    numerator: Part,
    denominator: Part | None = None,
    reading: Reading = Reading.QUOTIENT,
    direction: Direction = Direction.UP,
    weekly: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        formula=formula,
        grain="day and segment",
        unit=unit,
        owner=owner,
        direction=direction,
        requirements=requirements,
        numerator=numerator,
        denominator=denominator,
        reading=reading,
        weekly=weekly,
    )


def _of_plan(name: str, stage: str, *, title: str, owner: Side, came: Part) -> Metric:
    return _goal(
        name,
        f"{title} of plan",
        f"{title} of the period / the plan's levelled share of it",
        unit=Unit.SHARE,
        owner=owner,
        requirements=("A101", "A107", "A134"),
        numerator=came,
        denominator=_planned(stage),
    )


_MQLS = entered("mql")

GOALS = (
    _goal(
        "revenue_goal",
        "Revenue goal",
        "the levelled share of the agreed revenue goals of all segments that the period has",
        unit=Unit.MONEY,
        owner=Side.SALES,
        requirements=("A096", "A103", "A123"),
        numerator=_GOAL,
        direction=Direction.NONE,
    ),
    _goal(
        "revenue_of_goal",
        "Revenue of goal",
        "revenue of the period / its share of the revenue goal",
        unit=Unit.SHARE,
        owner=Side.SALES,
        requirements=("A096", "A123"),
        numerator=_REVENUE,
        denominator=_GOAL,
    ),
    _goal(
        "quota",
        "Quota",
        "the levelled share of what each rep of a team with a quota is to win, of the days on which"
        " the rep is there",
        unit=Unit.MONEY,
        owner=Side.SALES,
        requirements=("A112",),
        numerator=_QUOTA,
        direction=Direction.NONE,
        weekly=("team", "rep"),
    ),
    _goal(
        "revenue_of_quota",
        "Revenue of quota",
        "revenue of the period / the reps' share of their quota",
        unit=Unit.SHARE,
        owner=Side.SALES,
        requirements=("A112", "A123"),
        numerator=_REVENUE,
        denominator=_QUOTA,
        weekly=("team", "rep"),
    ),
    _goal(
        "planned_mqls",
        "Planned MQLs",
        "the plan's levelled share of MQLs that the period has",
        unit=Unit.COUNT,
        owner=Side.MARKETING,
        requirements=("A101", "A110"),
        numerator=_planned("mql"),
        direction=Direction.NONE,
    ),
    _of_plan("mqls_of_plan", "mql", title="MQLs", owner=Side.MARKETING, came=_MQLS),
    _of_plan("sqls_of_plan", "sql", title="SQLs", owner=Side.SALES, came=entered("sql")),
    _of_plan(
        "opportunities_of_plan",
        "opportunity",
        title="Opportunities",
        owner=Side.SALES,
        came=Part(frame="deals", at="opened_us"),
    ),
    _of_plan("won_of_plan", "deal", title="Deals won", owner=Side.SALES, came=_WON),
    Metric(
        name="mql_mix",
        title="Mix of MQLs",
        formula="a segment's (or channel's, campaign's) MQLs / all MQLs of the period",
        grain="entry of a lead into a stage",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        direction=Direction.NONE,
        requirements=("A111", "A116"),
        numerator=_MQLS,
        denominator=_MQLS,
        parted_by=("segment", "channel", "campaign", "industry", "country", "marketing_team"),
    ),
    Metric(
        name="planned_mix",
        title="Planned mix of MQLs",
        formula="a segment's planned MQLs / all planned MQLs of the period",
        grain="day and segment",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        direction=Direction.NONE,
        requirements=("A111",),
        numerator=_planned("mql"),
        denominator=_planned("mql"),
        parted_by=("segment",),
    ),
    _goal(
        "revenue_forecast_accuracy",
        "Forecast accuracy, revenue",
        "the smaller of revenue and its planned share / the larger: 1 is as planned, too much"
        " counts like too little",
        unit=Unit.SHARE,
        owner=Side.SALES,
        requirements=("A134",),
        numerator=_REVENUE,
        denominator=_GOAL,
        reading=Reading.CLOSENESS,
    ),
    _goal(
        "mql_forecast_accuracy",
        "Forecast accuracy, MQLs",
        "the smaller of MQLs and their planned share / the larger: 1 is as planned, too many count"
        " like too few",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        requirements=("A134",),
        numerator=_MQLS,
        denominator=_planned("mql"),
        reading=Reading.CLOSENESS,
    ),
    _goal(
        "pipeline_coverage",
        "Pipeline coverage",
        "open pipeline at the period's end / the revenue goal of the month, quarter or year that is"
        " planned for then",
        unit=Unit.MEAN,
        owner=Side.SALES,
        requirements=("A120",),
        numerator=_OPEN_AMOUNT,
        denominator=_TARGET,
    ),
    Metric(
        name="capacity_use",
        title="Use of capacity",
        formula="hand-overs at mql assigned in the period / leads that the development reps who"
        " were there can take in it",
        grain="hand-over at mql",
        unit=Unit.SHARE,
        owner=Side.SALES,
        direction=Direction.NONE,
        requirements=("A113", "A115"),
        numerator=_HANDED,
        denominator=_CAPACITY,
        weekly=("team", "rep"),
    ),
    Metric(
        name="won_per_rep_week",
        title="Deals won per executive and week",
        formula="deals won / weeks of account executives who were there; a day is a seventh",
        grain="deal",
        unit=Unit.MEAN,
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A135",),
        numerator=_WON,
        denominator=_EXECUTIVES,
        weekly=("team", "rep"),
    ),
    Metric(
        name="revenue_per_rep_week",
        title="Revenue per executive and week",
        formula="revenue / weeks of account executives who were there; a day is a seventh",
        grain="deal",
        unit=Unit.MONEY,
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A135",),
        numerator=_REVENUE,
        denominator=_EXECUTIVES,
        weekly=("team", "rep"),
    ),
)
