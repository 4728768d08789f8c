"""Results of a month: revenue against its goal, MQLs against the plan, and their mix."""

from __future__ import annotations

from decimal import Decimal

from accord.metrics import ALL, Number, Unit, percent, worded
from accord.report.cells import count, in_unit, member
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING, SALES
from accord.report.view import View

_REVENUE = (
    ("Revenue", "revenue"),
    ("Goal", "revenue_goal"),
    ("Of goal", "revenue_of_goal"),
    ("Won", "won"),
    ("Average deal", "average_deal"),
)
_MQLS = (
    ("MQLs", "mqls"),
    ("Plan", "planned_mqls"),
    ("Of plan", "mqls_of_plan"),
    ("Mix", "mql_mix"),
    ("Planned mix", "planned_mix"),
)


def results(view: View) -> Section:
    """Make the section."""
    return Section(
        name="results",
        title="Results",
        lead=_lead(view),
        charts=(*_revenue_chart(view), *_mql_chart(view)),
        tables=(_table(view, "results_revenue", _REVENUE), _table(view, "results_mqls", _MQLS)),
    )


def _lead(view: View) -> str:
    return f"{_revenue_words(view)} {_mql_words(view)}"


def _revenue_words(view: View) -> str:
    revenue, goal = view.number("revenue"), view.number("revenue_goal")
    if revenue is None or revenue.value is None:
        return "No deal is known yet."
    currency = view.agreement.currency
    said = worded(revenue.value, Unit.MONEY, currency=currency)
    if goal is None or not goal.value:
        return f"{said} were won; no goal was agreed for these days."
    of = view.number("revenue_of_goal")
    wanted = worded(goal.value, Unit.MONEY, currency=currency)
    return f"{said} were won of a goal of {wanted}: {percent(of.value if of else None)}."


def _mql_words(view: View) -> str:
    came, plan = view.number("mqls"), view.number("planned_mqls")
    if came is None or came.value is None:
        return "No MQL is known yet."
    if plan is None or not plan.value:
        return f"{int(came.value):,} MQLs came; no plan was agreed for these days."
    of = view.number("mqls_of_plan")
    wanted = in_unit(plan.value, Unit.MEAN).shown
    share = percent(of.value if of else None)
    return f"{int(came.value):,} MQLs came of {wanted} planned: {share}."


def _segments(view: View, *metrics: str) -> list[str]:
    """Name the agreed segments, then what has none and yet a number."""
    names = [segment.name for segment in view.agreement.segments]
    known = {one.member for metric in metrics for one in view.here(metric, "segment")}
    return [*names, *sorted(known - set(names), key=lambda name: (name == "", name))]


def _table(view: View, name: str, columns: tuple[tuple[str, str], ...]) -> Table:
    first = columns[0][1]
    last = view.words.last
    rows = [
        (member(segment), *_cells(view, columns, "segment", segment))
        for segment in _segments(view, first)
    ]
    total = (Cell(shown="All segments", raw="total"), *_cells(view, columns, ALL, ""))
    money = f"; money in {view.agreement.currency}" if first == "revenue" else ""
    what = "Revenue" if first == "revenue" else "MQLs"
    return Table(
        name=name,
        caption=f"{what} {view.words.this} per segment, against the days that have begun{money}",
        columns=(
            Column(title="Segment", numeric=False),
            *(Column(title=title) for title, _ in columns),
            *((Column(title=last.capitalize()),) if last else ()),
        ),
        rows=(*rows, total),
        empty="The agreement has no segments.",
        has_total=True,
    )


def _cells(
    view: View, columns: tuple[tuple[str, str], ...], dimension: str, segment: str
) -> tuple[Cell, ...]:
    own = tuple(_cell(view, metric, dimension, segment) for _, metric in columns)
    if not view.words.last:
        return own
    before = view.before
    metric = columns[0][1]
    return (*own, view.cell(metric, dimension, segment, period=before) if before else count(None))


def _cell(view: View, metric: str, dimension: str, segment: str) -> Cell:
    """A planned count is not whole."""
    if metric == "planned_mqls":
        number = view.number(metric, dimension, segment)
        return in_unit(number.value if number else None, Unit.MEAN)
    return view.cell(metric, dimension, segment)


def _revenue_chart(view: View) -> tuple[Chart, ...]:
    currency = view.agreement.currency
    title = f"Revenue {view.words.this} and its goal (tick), {currency}"
    return _chart(view, ("revenue", "revenue_goal"), "chart-results-revenue", title, SALES)


def _mql_chart(view: View) -> tuple[Chart, ...]:
    title = f"MQLs {view.words.this} and their plan (tick)"
    return _chart(view, ("mqls", "planned_mqls"), "chart-results-mqls", title, MARKETING)


def _chart(
    view: View, metrics: tuple[str, str], name: str, title: str, color: str
) -> tuple[Chart, ...]:
    rows = []
    for segment in _segments(view, metrics[0]):
        came, goal = (_value(view.number(metric, "segment", segment)) for metric in metrics)
        shown = view.cell(metrics[0], "segment", segment).shown
        label = segment.replace("_", " ") or "(none)"
        rows.append({"label": label, "value": came, "shown": shown, "mark": goal})
    if not any(row["value"] or row["mark"] for row in rows):
        return ()
    says = "; ".join(f"{row['label']} {row['shown']} of {row['mark']:,.1f}" for row in rows)
    return (bars(name, rows, title=title, says=says, color=color, marks=True),)


def _value(number: Number | None) -> float:
    return float(number.value or Decimal(0)) if number is not None else 0.0
