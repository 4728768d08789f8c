"""Commission and attribution as tables: what each team is paid, line by line, deal by deal.

Ids only, to the cent. The page of a period and the files of the command line have the same ones.
"""

from __future__ import annotations

from decimal import Decimal

from accord.metrics import (
    MISSING,
    AttributedDeal,
    Attribution,
    Earned,
    FirstTouch,
    Line,
    NoTouch,
    Statement,
    Subtotal,
    plain,
)
from accord.report.cells import blank, count, instant, member, tenths, text
from accord.report.model import Cell, Column, Table

_KINDS = {Earned.ACCEPTED_MQL: "accepted MQL", Earned.WON_REVENUE: "won revenue"}
_ALL = Cell(shown="All", raw="total")


def exact(value: Decimal | None) -> Cell:
    """An amount to the cent, on the page too: it is paid."""
    if value is None:
        return Cell(shown=MISSING, raw="")
    return Cell(shown=f"{value:,.2f}", raw=f"{value:.2f}")


def handed_over(handoff_id: str) -> Cell:
    """A hand-off's id: enough of it to find it on the page, whole in the CSV."""
    return Cell(shown=handoff_id[:12], raw=handoff_id)


def teams_table(statement: Statement, *, name: str = "commission") -> Table:
    """What each marketing team is paid for the period; the last row is the total."""
    rows = [(member(one.member), *_sums(one)) for one in statement.by("marketing_team")]
    return Table(
        name=name,
        caption=f"Commission by marketing team, {statement.period.label}; {statement.currency}",
        columns=(
            Column(title="Marketing team", numeric=False),
            Column(title="Accepted MQLs"),
            Column(title="Deals won"),
            Column(title="Revenue"),
            Column(title="Commission"),
        ),
        rows=(*rows, (_ALL, *_sums(statement.whole))) if rows else (),
        empty="Nothing was accepted or won that marketing is paid for.",
        has_total=True,
    )


def _sums(one: Subtotal) -> tuple[Cell, ...]:
    return count(one.accepted), count(one.won), exact(one.revenue), exact(one.amount)


def lines_table(
    statement: Statement, *, zone: str, name: str = "commission_lines", limit: int = 12
) -> Table:
    """Every line of the statement, in the order in which it was earned."""
    named = ("Hand-off", "Deal", "Marketing team", "Channel", "Campaign", "Agreement")
    return Table(
        name=name,
        caption=f"Lines of the statement, {statement.period.label}; {statement.currency}",
        columns=(
            *(Column(title=title, numeric=False) for title in ("Earned", "For")),
            *(Column(title=title) for title in ("Rate", "Of", "Commission")),
            *(Column(title=title, numeric=False) for title in named),
        ),
        rows=tuple(_line(line, zone=zone) for line in statement.lines),
        empty="Nothing was accepted or won that marketing is paid for.",
        limit=limit,
    )


def _line(line: Line, *, zone: str) -> tuple[Cell, ...]:
    is_deal = line.kind is Earned.WON_REVENUE
    rate = f"{plain(line.rate * 100):f} %" if is_deal else f"{line.rate:,f}"
    return (
        instant(line.at, zone),
        Cell(shown=_KINDS[line.kind], raw=line.kind.value),
        Cell(shown=rate, raw=f"{line.rate:f}"),
        exact(line.base) if is_deal else Cell(shown="1", raw="1"),
        exact(line.amount),
        handed_over(line.handoff_id),
        text(line.deal_id) if is_deal else blank(),
        member(line.marketing_team or ""),
        member(line.channel or ""),
        member(line.campaign or ""),
        text(line.version),
    )


def deals_table(attribution: Attribution, *, zone: str, name: str = "attribution") -> Table:
    """Every won deal with what led to it; what is not traced says why."""
    titles = (
        *("Closed", "Deal", "Lead", "Hand-off at mql", "Hand-off at sql", "Marketing team"),
        *("Channel", "Campaign", "Segment", "Owner"),
    )
    firsts = ("First activity", "First touch by sales")
    return Table(
        name=name,
        caption=f"Won deals and where they came from; amounts in {attribution.currency}",
        columns=(
            *(Column(title=title, numeric=False) for title in titles),
            *(column for title in firsts for column in _first_columns(title)),
            *(Column(title=title) for title in ("Amount", "Cost")),
            Column(title="Untraced", numeric=False),
        ),
        rows=tuple(_deal(deal, zone=zone) for deal in attribution.deals),
        empty="No deal was won.",
    )


def _first_columns(title: str) -> tuple[Column, ...]:
    days = Column(title=f"Days from {title[0].lower()}{title[1:]}")
    return (Column(title=title, numeric=False), Column(title=f"{title} at", numeric=False), days)


def _first(touch: FirstTouch | NoTouch, *, zone: str) -> tuple[Cell, ...]:
    """What it was, or why there is none; when; and how long before the closing."""
    if isinstance(touch, NoTouch):
        return (member(touch.value), instant(None, zone), tenths(None))
    return (member(touch.kind), instant(touch.at, zone), tenths(touch.days))


def _deal(deal: AttributedDeal, *, zone: str) -> tuple[Cell, ...]:
    told = (deal.marketing_team, deal.channel, deal.campaign, deal.segment, deal.rep)
    return (
        instant(deal.closed_at, zone),
        text(deal.deal_id),
        text(deal.lead_id),
        *(blank() if one is None else handed_over(one.handoff_id) for one in (deal.mql, deal.sql)),
        *(member(value or "") for value in told),
        *_first(deal.marketing_touch, zone=zone),
        *_first(deal.sales_touch, zone=zone),
        exact(deal.amount),
        exact(deal.cost),
        blank() if deal.why is None else member(deal.why.value),
    )
