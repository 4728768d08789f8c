"""Pipeline: deals opened, won and lost, what they bring and what is still open."""

from __future__ import annotations

from accord.metrics import Unit, percent, worded
from accord.report.asked import short_label
from accord.report.cells import member
from accord.report.charts import columns
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING_MID, SALES
from accord.report.view import View

_COLUMNS = (
    ("Opened", "opportunities"),
    ("Won", "won"),
    ("Lost", "lost"),
    ("Win rate", "win_rate"),
    ("Revenue", "revenue"),
    ("Average deal", "average_deal"),
    ("Open deals", "open_deals"),
    ("Open pipeline", "open_pipeline"),
)
_PEOPLE = (*_COLUMNS[:6], ("Sales cycle, days", "sales_cycle_days"))


def pipeline(view: View) -> Section:
    """Make the section."""
    return Section(
        name="pipeline",
        title="Pipeline",
        lead=_lead(view),
        charts=_charts(view),
        tables=(_by_week(view), _by_rep(view), *_by_product(view)),
    )


def _lead(view: View) -> str:
    deals, value = view.number("open_deals"), view.number("open_pipeline")
    rate = view.over_base("win_rate")
    said = []
    if deals is not None and deals.value is not None:
        currency = view.agreement.currency
        worth = worded(value.value if value else None, Unit.MONEY, currency=currency)
        said.append(f"{int(deals.value):,} deals are open, worth {worth}.")
    if rate is not None and rate.denominator:
        closed, won = int(rate.denominator), percent(rate.value)
        said.append(f"Of {closed:,} deals closed in {view.words.base}, {won} were won.")
    return " ".join(said) or "No deal is known yet."


def _by_week(view: View) -> Table:
    rows = [
        (
            Cell(shown=label, raw=label),
            *(view.cell(metric, period=label) for _, metric in _COLUMNS),
        )
        for label in view.labels[::-1]
    ]
    numbers = (view.number(metric) for metric in ("opportunities", "won", "lost"))
    known = any(number is not None and number.value is not None for number in numbers)
    return Table(
        name="pipeline",
        caption=f"Deals by {view.each}; money in {view.agreement.currency}",
        columns=(
            Column(title=view.each.capitalize(), numeric=False),
            *(Column(title=title) for title, _ in _COLUMNS),
        ),
        rows=tuple(rows) if known else (),
        empty="No deal is known yet.",
    )


def _by_rep(view: View) -> Table:
    rows = []
    for rep in view.members("opportunities", "rep"):
        name = view.rep_name(rep) if rep else "(nobody named)"
        cells = (view.base_cell(metric, "rep", rep) for _, metric in _PEOPLE)
        rows.append((Cell(shown=name, raw=member(rep).raw), *cells))
    return Table(
        name="deals_by_rep",
        caption=f"Deals by owner, {view.words.base}; money in {view.agreement.currency}",
        columns=(
            Column(title="Owner", numeric=False),
            *(Column(title=title) for title, _ in _PEOPLE),
        ),
        rows=tuple(rows),
        empty=f"No deal was opened in {view.words.these}.",
        limit=25,
    )


def _by_product(view: View) -> tuple[Table, ...]:
    """Deals by what they are about; nothing where no deal names a product."""
    names = [name for name in view.members("opportunities", "product") if name]
    if not names:
        return ()
    rows = [
        (member(name), *(view.base_cell(metric, "product", name) for _, metric in _PEOPLE))
        for name in names
    ]
    return (
        Table(
            name="deals_by_product",
            caption=f"Deals by product, {view.words.base}; money in {view.agreement.currency}",
            columns=(
                Column(title="Product", numeric=False),
                *(Column(title=title) for title, _ in _PEOPLE),
            ),
            rows=tuple(rows),
            empty="No deal names a product.",
            limit=25,
        ),
    )


def _charts(view: View) -> tuple[Chart, ...]:
    currency = view.agreement.currency
    drawn = (
        ("revenue", "chart-revenue", f"Revenue by {view.each}, {currency}", SALES),
        (
            "open_pipeline",
            "chart-open",
            f"Open pipeline at the {view.each}'s end, {currency}",
            MARKETING_MID,
        ),
    )
    charts = []
    for metric, name, title, color in drawn:
        numbers = [(label, view.number(metric, period=label)) for label in view.labels]
        rows = [
            {"label": short_label(label), "value": float(number.value)}
            for label, number in numbers
            if number is not None and number.value is not None
        ]
        if any(row["value"] for row in rows):
            says = f"{title}: " + "; ".join(f"{row['label']} {row['value']:,.0f}" for row in rows)
            charts.append(columns(name, rows, title=title, says=says, color=color, form="~s"))
    return tuple(charts)
