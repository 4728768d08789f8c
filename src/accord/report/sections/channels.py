"""Channels and campaigns: what came of each, and what it cost."""

from __future__ import annotations

from accord.metrics import Unit, worded
from accord.report.cells import member, short_money
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING, MARKETING_MID
from accord.report.view import View

_COLUMNS = (
    ("Leads", "new_leads"),
    ("MQLs", "mqls"),
    ("Acceptance", "acceptance"),
    ("SQLs", "sqls"),
    ("Won", "won"),
    ("Lead to sale", "lead_to_sale"),
    ("Revenue", "revenue"),
    ("Spend", "spend"),
    ("Cost per lead", "cost_per_lead"),
    ("Cost per MQL", "cost_per_mql"),
)


def channels(view: View) -> Section:
    """Make the section."""
    return Section(
        name="channels",
        title="Channels",
        lead=_lead(view),
        charts=(*_mql_chart(view), *_cost_chart(view)),
        tables=(_table(view, "channel"), _table(view, "campaign")),
    )


def _lead(view: View) -> str:
    spend, cost = view.over_base("spend"), view.over_base("cost_per_mql")
    if spend is None or spend.value is None:
        return "No spend has been reported; what a lead costs cannot be said."
    currency = view.agreement.currency
    money = worded(spend.value, Unit.MONEY, currency=currency)
    if cost is None or cost.value is None:
        return f"{money} were spent in {view.words.base}; no MQL has come of it yet."
    each = f"{currency} {short_money(cost.value)}"
    return f"{money} were spent in {view.words.base}: {each} for each MQL."


def _table(view: View, dimension: str) -> Table:
    found = dict.fromkeys(
        (*view.members("new_leads", dimension), *view.members("spend", dimension))
    )
    rows = [
        (member(name), *(view.base_cell(metric, dimension, name) for _, metric in _COLUMNS))
        for name in sorted(found, key=lambda name: name == "")
    ]
    total = (Cell(shown="All", raw="total"), *(view.base_cell(name) for _, name in _COLUMNS))
    what = dimension.capitalize()
    return Table(
        name=f"{dimension}s",
        caption=f"{what}s, {view.words.base}; money in {view.agreement.currency}",
        columns=(
            Column(title=what, numeric=False),
            *(Column(title=title) for title, _ in _COLUMNS),
        ),
        rows=(*rows, total) if rows else (),
        empty=f"No lead and no spend names a {dimension}.",
        has_total=True,
        limit=25,
    )


def _mql_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for name in view.members("mqls", "channel")[:8]:
        number = view.over_base("mqls", "channel", name)
        if number is not None and number.value:
            label = name.replace("_", " ") or "(none)"
            shown = f"{int(number.value):,}"
            rows.append({"label": label, "value": float(number.value), "shown": shown})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"MQLs by channel, {view.words.base}"
    return (bars("chart-channels", rows, title=title, says=says, color=MARKETING),)


def _cost_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for name in view.members("spend", "channel")[:8]:
        number = view.over_base("cost_per_mql", "channel", name)
        if number is not None and number.value:
            label = name.replace("_", " ") or "(none)"
            shown = short_money(number.value)
            rows.append({"label": label, "value": float(number.value), "shown": shown})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Cost per MQL in {view.agreement.currency}, {view.words.base}"
    return (bars("chart-cost", rows, title=title, says=says, color=MARKETING_MID),)
