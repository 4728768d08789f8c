"""Deals: opened, won, lost, what they bring and how long they take."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

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


_OPENED = Part(frame="deals", at="opened_us", placing=Placing.COHORT)
_QUARTER = replace(_closed("won", value="amount_cents"), placing=Placing.COHORT)
_QUARTER_BEFORE = replace(_QUARTER, earlier=True)
_EVER_WON = replace(_closed("won"), placing=Placing.STOCK)
_CUSTOMERS = Part(frame="customers", at="won_us", placing=Placing.STOCK)


def _deal(name: str, *, direction: Direction = Direction.UP, **terms: Any) -> Metric:
    """Return a metric of sales that counts deals; ``terms`` as :class:`Metric` has them."""
    return Metric(name=name, grain="deal", owner=Side.SALES, direction=direction, **terms)


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
        weekly=("rep", "reason"),
    ),
    _deal(
        "win_rate",
        title="Win rate",
        formula="deals won / (deals won + deals lost), by the day they closed",
        unit=Unit.SHARE,
        requirements=("A122",),
        aliases=("bid_to_win",),
        numerator=_closed("won"),
        denominator=_closed(*_CLOSED),
        weekly=("team", "rep", "product"),
    ),
    _deal(
        "revenue",
        title="Revenue",
        formula="sum of the amounts of deals won, by the day they closed",
        unit=Unit.MONEY,
        requirements=("A123",),
        numerator=_closed("won", value="amount_cents"),
        weekly=("team", "rep", "campaign", "marketing_team", "product"),
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
    _deal(
        "revenue_growth",
        title="Growth of revenue",
        formula="(revenue of the quarter up to the period's end - that of the quarter before)"
        " / that of the quarter before",
        unit=Unit.SHARE,
        requirements=("A135",),
        numerator=_QUARTER,
        less=(_QUARTER_BEFORE,),
        denominator=_QUARTER_BEFORE,
    ),
    _deal(
        "opportunity_growth",
        title="Growth of opportunities",
        formula="(deals opened in the quarter up to the period's end - in the quarter before)"
        " / in the quarter before",
        unit=Unit.SHARE,
        requirements=("A135",),
        numerator=_OPENED,
        less=(replace(_OPENED, earlier=True),),
        denominator=replace(_OPENED, earlier=True),
    ),
    _deal(
        "customer_profit",
        title="Profit of deals won",
        formula="sum of (amount - cost) of deals won that state both, by the day they closed",
        unit=Unit.MONEY,
        requirements=("A125",),
        numerator=_closed("won", value="margin_cents", costed=(True,)),
        weekly=("rep", "campaign", "product"),
    ),
    _deal(
        "profit_margin",
        title="Margin of deals won",
        formula="sum of (amount - cost) / sum of amounts, of deals won that state both",
        unit=Unit.SHARE,
        requirements=("A125",),
        numerator=_closed("won", value="margin_cents", costed=(True,)),
        denominator=_closed("won", value="amount_cents", costed=(True,)),
    ),
    _deal(
        "customers_won",
        title="Customers won",
        formula="customers by the day of their first won deal; a customer is the account that its"
        " deals name, else their lead, else the deal itself",
        unit=Unit.COUNT,
        requirements=("A117", "A126"),
        numerator=Part(frame="customers", at="won_us"),
    ),
    _deal(
        "deals_per_customer",
        title="Deals per customer",
        formula="deals won up to the period's end / customers up to then",
        unit=Unit.MEAN,
        requirements=("A126",),
        numerator=_EVER_WON,
        denominator=_CUSTOMERS,
    ),
    _deal(
        "lifetime_value",
        title="Customer lifetime value",
        formula="(amounts of all deals won up to the period's end - the costs that they state)"
        " / customers up to then: what a customer has brought so far, nothing foretold;"
        " = average deal x deals per customer, less cost",
        unit=Unit.MONEY,
        requirements=("A126",),
        numerator=replace(_EVER_WON, value="amount_cents"),
        less=(replace(_EVER_WON, value="cost_cents"),),
        denominator=_CUSTOMERS,
    ),
)
