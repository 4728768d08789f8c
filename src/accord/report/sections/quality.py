"""Quality: what sources delivered and what was taken of it."""

from __future__ import annotations

from accord.metrics import percent
from accord.report.cells import member
from accord.report.charts import stacked
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MISSED, MUTED
from accord.report.view import View

_COLUMNS = (
    ("Rows in", "rows_in"),
    ("Accepted", "rows_accepted"),
    ("Quarantined", "rows_quarantined"),
    ("Known already", "rows_duplicates"),
    ("Held", "rows_held"),
    ("Quarantined, share", "quarantine_share"),
)


def quality(view: View) -> Section:
    """Make the section."""
    return Section(
        name="quality",
        title="Quality of what came in",
        lead=_lead(view),
        charts=_chart(view),
        tables=(_table(view, "source"), _table(view, "entity")),
    )


def _lead(view: View) -> str:
    rows, bad = view.number("rows_in"), view.number("quarantine_share")
    if rows is None or not rows.value:
        return "No batch was taken this week."
    held = view.number("rows_held")
    tail = f" {int(held.value):,} rows wait in held batches." if held and held.value else ""
    share = percent(bad.value if bad else None, 1)
    return f"{int(rows.value):,} rows came in this week; {share} were set aside.{tail}"


def _table(view: View, dimension: str) -> Table:
    rows = [
        (member(name), *(view.cell(metric, dimension, name) for _, metric in _COLUMNS))
        for name in view.members("rows_in", dimension, quarter=False)
        if (found := view.number("rows_in", dimension, name)) and found.value
    ]
    total = (Cell(shown="All", raw="total"), *(view.cell(metric) for _, metric in _COLUMNS))
    what = "source" if dimension == "source" else "kind of record"
    return Table(
        name=f"quality_by_{dimension}",
        caption=f"Rows of this week's batches by {what}",
        columns=(
            Column(title=what.capitalize(), numeric=False),
            *(Column(title=title) for title, _ in _COLUMNS),
        ),
        rows=(*rows, total) if rows else (),
        empty="No batch was taken this week.",
        has_total=True,
    )


def _chart(view: View) -> tuple[Chart, ...]:
    parts = (("quarantined", "rows_quarantined"), ("held", "rows_held"))
    rows = []
    for rank, (part, metric) in enumerate(parts):
        for label in view.labels:
            number = view.number(metric, period=label)
            value = float(number.value or 0) if number else 0.0
            rows.append({"label": label[5:], "part": part, "value": value, "rank": rank})
    if not any(row["value"] for row in rows):
        return ()
    says = "Rows not taken by week: " + "; ".join(
        f"{row['label']} {row['part']} {row['value']:.0f}" for row in rows if row["value"]
    )
    colors = {"quarantined": MISSED, "held": MUTED}
    title = "Rows not taken, by week"
    return (stacked("chart-quality", rows, title=title, says=says, colors=colors),)
