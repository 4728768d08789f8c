"""Deals: opened, won, lost, what they bring and how long they take."""

from __future__ import annotations

from decimal import Decimal

from accord.metrics.definition import Direction, Metric, Part, Placing, Unit
from accord.records import Side

_CLOSED = ("won", "lost")
_HALF = Decimal("0.5")


def _closed(*states: str, value: str | None = None, **where: tuple[object, ...]) -> Part:
    return Part(frame="deals", at="closed_us", where={"state": states, **where}, value=value)


_OPEN = Part(frame="deals", at="opened_us", until="closed_us", placing=Placing.STOCK)
_OPEN_AMOUNT = Part(
    frame="amounts",
    at="from_us",
    until="until_us",
    placing=Placing.STOCK,
    value="amount_cents",
)


def _deal(  # noqa: PLR0913  one argument a column of the definition
    name: str,
    *,
    title: str,
    formula: str,
    unit: Unit,
    requirements: tuple[str, ...],
    numerator: Part,
    denominator: Part | None = None,
    quantile: Decimal | None = None,
    direction: Direction = Direction.UP,
    weekly: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        formula=formula,
        grain="deal",
        unit=unit,
        owner=Side.SALES,
        direction=direction,
        requirements=requirements,
        numerator=numerator,
        denominator=denominator,
        quantile=quantile,
        weekly=weekly,
    )


DEALS = (
    _deal(
        "opportunities",
        title="Opportunities",
        formula="deals opened; over all time, deals without an opening date too",
        unit=Unit.COUNT,
        requirements=("A007", "A121"),
        numerator=Part(frame="deals", at="opened_us"),
        weekly=("rep",),
    ),
    _deal(
        "won",
        title="Won",
        formula="deals won, by the day they closed",
        unit=Unit.COUNT,
        requirements=("A008",),
        numerator=_closed("won"),
        weekly=("rep",),
    ),
    _deal(
        "lost",
        title="Lost",
        formula="deals lost, by the day they closed",
        unit=Unit.COUNT,
        requirements=("A122",),
        numerator=_closed("lost"),
        direction=Direction.DOWN,
        weekly=("rep",),
    ),
    _deal(
        "win_rate",
        title="Win rate",
        formula="deals won / (deals won + deals lost), by the day they closed",
        unit=Unit.SHARE,
        requirements=("A122",),
        numerator=_closed("won"),
        denominator=_closed(*_CLOSED),
        weekly=("rep",),
    ),
    _deal(
        "revenue",
        title="Revenue",
        formula="sum of the amounts of deals won, by the day they closed",
        unit=Unit.MONEY,
        requirements=("A123",),
        numerator=_closed("won", value="amount_cents"),
        weekly=("rep",),
    ),
    _deal(
        "average_deal",
        title="Average deal",
        formula="revenue / deals won that state an amount",
        unit=Unit.MONEY,
        requirements=("A132",),
        numerator=_closed("won", value="amount_cents"),
        denominator=_closed("won", priced=(True,)),
    ),
    _deal(
        "open_deals",
        title="Open deals",
        formula="deals opened and neither won nor lost, at the period's end",
        unit=Unit.COUNT,
        requirements=("A120",),
        numerator=_OPEN,
    ),
    _deal(
        "open_pipeline",
        title="Open pipeline",
        formula="sum of the amounts, as known at the period's end, of deals opened and neither won"
        " nor lost by then",
        unit=Unit.MONEY,
        requirements=("A120",),
        numerator=_OPEN_AMOUNT,
    ),
    _deal(
        "sales_cycle_days",
        title="Sales cycle (median)",
        formula="median of days from a deal's opening to its closing, of deals won",
        unit=Unit.DAYS,
        requirements=("A131",),
        numerator=_closed("won", value="cycle_us"),
        quantile=_HALF,
        direction=Direction.DOWN,
    ),
    _deal(
        "days_to_close",
        title="Days from lead to close (median)",
        formula="median of days from the lead's entry into the database to the closing,"
        " of deals won that came from a lead",
        unit=Unit.DAYS,
        requirements=("A131",),
        numerator=_closed("won", value="lead_us"),
        quantile=_HALF,
        direction=Direction.DOWN,
    ),
    _deal(
        "marketing_sourced_share",
        title="Revenue from leads",
        formula="revenue of deals that came from a lead / revenue",
        unit=Unit.SHARE,
        requirements=("A133",),
        numerator=_closed("won", value="amount_cents", from_lead=(True,)),
        denominator=_closed("won", value="amount_cents"),
    ),
)
