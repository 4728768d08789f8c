"""What was put in: money spent for leads, and rows taken from sources."""

from __future__ import annotations

from dataclasses import replace

from accord.metrics.definition import Direction, Metric, Part, Placing, Unit
from accord.metrics.definitions.funnel import NEW_LEADS, entered
from accord.records import Side

_SPEND = Part(frame="spend", at="at_us", value="amount_cents")
_QUARTER_SPEND = replace(_SPEND, placing=Placing.COHORT)
_QUARTER_REVENUE = Part(
    frame="deals",
    at="closed_us",
    where={"state": ("won",)},
    value="amount_cents",
    placing=Placing.COHORT,
)
_LED_REVENUE = replace(_QUARTER_REVENUE, where={"state": ("won",), "from_lead": (True,)})
_WON = Part(frame="deals", at="closed_us", where={"state": ("won",)})


def _cost(name: str, title: str, per: str, requirement: str, denominator: Part) -> Metric:
    return Metric(
        name=name,
        title=title,
        formula=f"spend of the period / {per} of the period",
        grain=per.removesuffix("s"),
        unit=Unit.MONEY,
        owner=Side.MARKETING,
        direction=Direction.DOWN,
        requirements=(requirement,),
        numerator=_SPEND,
        denominator=denominator,
        weekly=("campaign", "marketing_team"),
    )


def _rows(column: str, title: str, formula: str, direction: Direction) -> Metric:
    return Metric(
        name=f"rows_{column.removeprefix('rows_')}",
        title=title,
        formula=formula,
        grain="row of a batch",
        unit=Unit.COUNT,
        owner=Side.MARKETING,
        direction=direction,
        requirements=("L1",),
        numerator=Part(frame="batches", at="at_us", value=column),
        weekly=("source",),
    )


RESOURCES = (
    Metric(
        name="spend",
        title="Marketing spend",
        formula="sum of spend, by the day it was spent on",
        grain="item of spend",
        unit=Unit.MONEY,
        owner=Side.MARKETING,
        direction=Direction.NONE,
        requirements=("A124",),
        numerator=_SPEND,
        weekly=("campaign", "marketing_team"),
    ),
    _cost("cost_per_lead", "Cost per lead", "new leads", "A127", NEW_LEADS),
    _cost("cost_per_mql", "Cost per MQL", "entries into mql", "A127", entered("mql")),
    _cost("cost_per_customer", "Cost per customer", "deals won", "A117", _WON),
    Metric(
        name="marketing_roi",
        title="Return on marketing spend",
        formula=(
            "(revenue of deals that came from a lead - spend) / spend, both of the quarter up to"
            " the period's end"
        ),
        grain="item of spend",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A128", "A135"),
        numerator=_LED_REVENUE,
        less=(_QUARTER_SPEND,),
        denominator=_QUARTER_SPEND,
        weekly=("campaign", "marketing_team"),
    ),
    Metric(
        name="cost_of_business",
        title="Cost of doing business",
        formula=(
            "(spend + the costs that deals won state) / revenue, of the quarter up to the period's"
            " end"
        ),
        grain="deal",
        unit=Unit.SHARE,
        owner=Side.SALES,
        direction=Direction.DOWN,
        requirements=("A135",),
        numerator=_QUARTER_SPEND,
        plus=(replace(_QUARTER_REVENUE, value="cost_cents"),),
        denominator=_QUARTER_REVENUE,
    ),
    _rows("rows_in", "Rows in", "rows of the batches taken or held", Direction.NONE),
    _rows("accepted", "Rows accepted", "rows that passed, flagged ones too", Direction.UP),
    _rows("quarantined", "Rows quarantined", "rows set aside with their reasons", Direction.DOWN),
    _rows("duplicates", "Rows known already", "rows that said nothing new", Direction.NONE),
    _rows("held", "Rows held", "rows of batches that wait for a person", Direction.DOWN),
    Metric(
        name="quarantine_share",
        title="Share of rows quarantined",
        formula="rows quarantined / rows in",
        grain="row of a batch",
        unit=Unit.SHARE,
        owner=Side.MARKETING,
        direction=Direction.DOWN,
        requirements=("L1", "A031"),
        numerator=Part(frame="batches", at="at_us", value="quarantined"),
        denominator=Part(frame="batches", at="at_us", value="rows_in"),
        weekly=("source",),
    ),
    Metric(
        name="rule_failures",
        title="Rows that fail a rule",
        formula="rows that failed a quality rule about rows, flagged and tolerated ones too;"
        " a row that fails two counts in each",
        grain="row of a batch and rule",
        unit=Unit.COUNT,
        owner=Side.MARKETING,
        direction=Direction.DOWN,
        requirements=("L1", "A031"),
        numerator=Part(frame="failings", at="at_us", value="failing"),
        weekly=("rule", "source"),
    ),
)
