"""What was put in: money spent for leads, and rows taken from sources."""

from __future__ import annotations

from accord.metrics.definition import Direction, Metric, Part, Unit
from accord.metrics.definitions.funnel import NEW_LEADS, entered
from accord.records import Side

_SPEND = Part(frame="spend", at="at_us", value="amount_cents")
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
        weekly=("campaign",),
    ),
    _cost("cost_per_lead", "Cost per lead", "new leads", "A127", NEW_LEADS),
    _cost("cost_per_mql", "Cost per MQL", "entries into mql", "A127", entered("mql")),
    _cost("cost_per_customer", "Cost per customer", "deals won", "A117", _WON),
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
)
