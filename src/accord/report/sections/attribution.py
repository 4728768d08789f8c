"""Attribution and commission: what was won, where it came from, what marketing is paid for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from accord.metrics import Statement, percent, quotient, state_commission
from accord.records import from_us
from accord.report.cells import instant, member, money, share
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING
from accord.report.statements import exact, handed_over, lines_table, teams_table
from accord.report.view import View

_TRACED = "traced_revenue"


def attribution(view: View) -> Section:
    """Make the section."""
    statement = _statement(view)
    return Section(
        name="attribution",
        title="Attribution and commission",
        lead=_lead(view, statement),
        charts=_chart(view),
        tables=(
            _by_campaign(view),
            _won_deals(view),
            teams_table(statement),
            lines_table(statement, zone=view.agreement.timezone),
        ),
    )


def _statement(view: View) -> Statement:
    return state_commission(
        view.frames["earnings"], view.period, as_of=view.at, currency=view.agreement.currency
    )


def _lead(view: View, statement: Statement) -> str:
    so_far = " so far" if view.partial else ""
    whole, currency = statement.whole, statement.currency
    paid = (
        f"Marketing is paid {currency} {whole.amount:,.2f}{so_far},"
        f" for accepted MQLs: {whole.accepted:,}; for deals won: {whole.won:,}."
        f"{_unsigned(view, statement)}"
    )
    revenue = _value(view, "revenue")
    if not revenue:
        return f"Nothing was won {view.words.this}{so_far}. {paid}"
    traced = _share(_value(view, _TRACED), revenue)
    return (
        f"{currency} {revenue:,.2f} were won {view.words.this}{so_far}; {percent(traced)} leads"
        f" back to what marketing handed over, {percent(1 - traced)} does not. {paid}"
    )


def _unsigned(view: View, statement: Statement) -> str:
    """Say at which rates is paid though both sides have not signed them."""
    versions = [one for one in statement.versions if one not in view.signed_versions]
    if not versions:
        return ""
    return f" The rates of version {', '.join(versions)} are not signed by both sides."


def _value(view: View, metric: str, *, base: bool = False) -> Decimal:
    number = view.over_base(metric) if base else view.number(metric)
    return Decimal(0) if number is None or number.value is None else number.value


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return quotient(Fraction(part), Fraction(whole))


def _by_campaign(view: View) -> Table:
    found = dict.fromkeys((*view.members(_TRACED, "campaign"), *view.members("spend", "campaign")))
    rows = [_campaign(view, name) for name in sorted(found, key=lambda name: name == "")]
    revenue, traced, spend = (
        _value(view, name, base=True) for name in ("revenue", _TRACED, "spend")
    )
    untraced = (Cell(shown="(untraced)", raw="untraced"), money(revenue - traced))
    total = (Cell(shown="All", raw="total"), money(revenue), money(spend), _return(revenue, spend))
    return Table(
        name="won_by_campaign",
        caption=f"What was won, by the campaign that it leads back to, {view.words.base};"
        f" money in {view.agreement.currency}; return is (revenue - spend) / spend",
        columns=(
            Column(title="Campaign", numeric=False),
            *(Column(title=title) for title in ("Revenue", "Spend", "Return")),
        ),
        rows=(*rows, (*untraced, money(None), share(None)), total) if rows or revenue else (),
        empty="Nothing was won, and no spend has been reported.",
        has_total=True,
    )


def _campaign(view: View, name: str) -> tuple[Cell, ...]:
    numbers = (view.over_base(metric, "campaign", name) for metric in (_TRACED, "spend"))
    revenue, spend = (None if one is None else one.value for one in numbers)
    return member(name), money(revenue), money(spend), _return(revenue, spend)


def _return(revenue: Decimal | None, spend: Decimal | None) -> Cell:
    return share(None if revenue is None or not spend else _share(revenue - spend, spend))


def _won_deals(view: View) -> Table:
    """The deals won in the period; `accord attribution` says why one leads nowhere."""
    named = ("Hand-off", "Marketing team", "Channel", "Campaign")
    return Table(
        name="won_deals",
        caption=f"Deals won, {view.period.label}; amounts in {view.agreement.currency}",
        columns=(
            *(Column(title=title, numeric=False) for title in ("Closed", "Deal")),
            Column(title="Amount"),
            *(Column(title=title, numeric=False) for title in named),
        ),
        rows=tuple(_deal(view, row) for row in _won(view).to_dict("records")),
        empty="No deal was won.",
        limit=15,
    )


def _won(view: View) -> pd.DataFrame:
    deals, earned = view.frames["deals"], view.frames["earnings"]
    within = deals["closed_us"].between(view.bounds_us[0], view.at_us)
    won = deals[(deals["state"] == "won") & within.fillna(value=view.asked.everything).astype(bool)]
    columns = ["deal_id", "handoff_id", "marketing_team", "channel", "campaign"]
    traces = earned.loc[earned["deal_id"].notna(), columns]
    told = won[["deal_id", "closed_us", "amount_cents"]].merge(traces, on="deal_id", how="left")
    return told.sort_values(["closed_us", "deal_id"])


def _deal(view: View, row: Mapping[Any, Any]) -> tuple[Cell, ...]:
    cents, closed_us, handoff_id = row["amount_cents"], row["closed_us"], row["handoff_id"]
    closed = None if pd.isna(closed_us) else from_us(int(closed_us))
    is_traced = not pd.isna(handoff_id)
    told = (row[name] for name in ("marketing_team", "channel", "campaign"))
    untraced = Cell(shown="(untraced)", raw="")
    return (
        instant(closed, view.agreement.timezone),
        Cell(shown=str(row["deal_id"]), raw=str(row["deal_id"])),
        exact(None if pd.isna(cents) else Decimal(int(cents)).scaleb(-2)),
        handed_over(str(handoff_id)) if is_traced else untraced,
        *(member("" if pd.isna(value) else str(value)) for value in told),
    )


def _chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for name in view.members(_TRACED, "campaign")[:8]:
        number = view.over_base(_TRACED, "campaign", name)
        if number is not None and number.value:
            label, shown = name.replace("_", " ") or "(none)", money(number.value).shown
            rows.append({"label": label, "value": float(number.value), "shown": shown})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Won revenue by campaign in {view.agreement.currency}, {view.words.base}"
    return (bars("chart-attribution", rows, title=title, says=says, color=MARKETING),)
