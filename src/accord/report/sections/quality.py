"""Quality: what sources delivered, what was taken of it, what failed, and what waits for a person.

Ids, row numbers and counts only: what a row holds is shown by ``accord quarantine show``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accord.metrics import percent, quotient
from accord.report.asked import short_label
from accord.report.cells import count, instant, member, share, text
from accord.report.charts import bars, columns, stacked
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING_MID, MISSED, MUTED
from accord.report.view import View

_COLUMNS = (
    ("Rows in", "rows_in"),
    ("Accepted", "rows_accepted"),
    ("Quarantined", "rows_quarantined"),
    ("Known already", "rows_duplicates"),
    ("Held", "rows_held"),
    ("Quarantined, share", "quarantine_share"),
)
_OF_BATCHES = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
_PREFIX = 12  # letters of a batch's id: enough to name it on the command line
_DAY_SECONDS = 86_400
_BARS = 8


def quality(view: View) -> Section:
    """Make the section."""
    return Section(
        name="quality",
        title="Quality of what came in",
        lead=_lead(view),
        charts=(*_share_chart(view), *_chart(view), *_rules_chart(view)),
        tables=(
            _table(view, "source"),
            _table(view, "entity"),
            _rules(view),
            _batches(view),
            _waiting(view),
            _weeks(view),
        ),
    )


def _lead(view: View) -> str:
    rows, bad = view.number("rows_in"), view.number("quarantine_share")
    waiting = view.quality.open_count
    wait = f" {waiting:,} rows set aside wait for a person." if waiting else ""
    if rows is None or not rows.value:
        return f"No batch was taken {view.words.this}.{wait}"
    held = view.number("rows_held")
    tail = f" {int(held.value):,} rows wait in held batches." if held and held.value else ""
    share = percent(bad.value if bad else None, 1)
    return (
        f"{int(rows.value):,} rows came in {view.words.this}; {share} were set aside.{tail}{wait}"
    )


def _table(view: View, dimension: str) -> Table:
    rows = [
        (member(name), *(view.cell(metric, dimension, name) for _, metric in _COLUMNS))
        for name in view.members("rows_in", dimension, base=False)
        if (found := view.number("rows_in", dimension, name)) and found.value
    ]
    total = (Cell(shown="All", raw="total"), *(view.cell(metric) for _, metric in _COLUMNS))
    what = "source" if dimension == "source" else "kind of record"
    return Table(
        name=f"quality_by_{dimension}",
        caption=f"Rows of {view.words.own} batches by {what}",
        columns=(
            Column(title=what.capitalize(), numeric=False),
            *(Column(title=title) for title, _ in _COLUMNS),
        ),
        rows=(*rows, total) if rows else (),
        empty=f"No batch was taken {view.words.this}.",
        has_total=True,
    )


def _rules(view: View) -> Table:
    return Table(
        name="quality_rules",
        caption=f"Rules that rows failed {view.words.this}, most rows first",
        columns=(
            Column(title="Rule", numeric=False),
            Column(title="Source", numeric=False),
            Column(title="What follows", numeric=False),
            Column(title="Rows"),
            Column(title="Tolerated"),
            Column(title="Batches"),
            Column(title="For example", numeric=False),
            Column(title="Why", numeric=False),
        ),
        rows=tuple(
            (
                text(row["rule"]),
                text(row["source"]),
                text(row["severity"]),
                count(int(row["failing"])),
                count(int(row["tolerated"])),
                count(int(row["batches"])),
                _place(row["batch"], row["row"]),
                text(row["sentence"]),
            )
            for row in view.quality.rules
        ),
        empty=f"No row failed a rule {view.words.this}.",
        limit=15,
    )


def _batches(view: View) -> Table:
    zone = view.agreement.timezone
    return Table(
        name="quality_batches",
        caption=f"Whole batches that a rule spoke of {view.words.noun}, newest first",
        columns=(
            Column(title="Batch", numeric=False),
            Column(title="Source", numeric=False),
            Column(title="When", numeric=False),
            Column(title="Rule", numeric=False),
            Column(title="What follows", numeric=False),
            Column(title="Why", numeric=False),
        ),
        rows=tuple(
            (
                _place(row["batch"], None),
                text(row["source"]),
                instant(row["at"], zone),
                text(row["rule"]),
                text(row["severity"]),
                text(row["sentence"]),
            )
            for row in view.quality.batches
        ),
        empty=f"No rule about a whole batch had anything to say {view.words.this}.",
        limit=15,
    )


def _waiting(view: View) -> Table:
    zone = view.agreement.timezone
    return Table(
        name="quality_waiting",
        caption="Rows set aside that wait longest; released or discarded by accord quarantine",
        columns=(
            Column(title="Row", numeric=False),
            Column(title="Source", numeric=False),
            Column(title="Set aside", numeric=False),
            Column(title="Days"),
            Column(title="Fails", numeric=False),
        ),
        rows=tuple(
            (
                _place(row["batch"], row["row"]),
                text(row["source"]),
                instant(row["at"], zone),
                count(int((view.at - row["at"]).total_seconds()) // _DAY_SECONDS),
                text(row["rules"]),
            )
            for row in view.quality.waiting
        ),
        empty="No row waits for a person.",
        limit=15,
    )


def _weeks(view: View) -> Table:
    titles = ("Rows in", "Accepted", "Quarantined", "Known already", "Held", "Flagged")
    return Table(
        name="quality_weeks",
        caption=f"Rows by {view.each} and source",
        columns=(
            Column(title=view.each.capitalize(), numeric=False),
            Column(title="Source", numeric=False),
            *(Column(title=title) for title in titles),
            Column(title="Quarantined, share"),
        ),
        rows=tuple(
            (
                text(row["week"]),
                member(row["source"]),
                *(count(row[name]) for name in _OF_BATCHES),
                _share(row),
            )
            for row in view.quality.weeks
        ),
        empty=f"No batch was taken in these {view.each}s.",
        limit=24,
    )


def _share(row: Mapping[str, Any]) -> Cell:
    return share(quotient(row["quarantined"], row["rows_in"]) if row["rows_in"] else None)


def _place(batch_id: str, row_number: int | None) -> Cell:
    short = batch_id[:_PREFIX]
    if row_number is None:
        return Cell(shown=short, raw=batch_id)
    return Cell(shown=f"{short} row {row_number}", raw=f"{batch_id} {row_number}")


def _share_chart(view: View) -> tuple[Chart, ...]:
    known = {label: view.number("quarantine_share", period=label) for label in view.labels}
    found = {
        short_label(label): number.value
        for label, number in known.items()
        if number is not None and number.value is not None
    }
    if not any(found.values()):
        return ()
    rows = [{"label": label, "value": float(value)} for label, value in found.items()]
    says = "; ".join(f"{label} {percent(value, 1)}" for label, value in found.items())
    title = f"Share of rows set aside, by {view.each}"
    return (columns("chart-quality-share", rows, title=title, says=says, color=MISSED, form=".1%"),)


def _chart(view: View) -> tuple[Chart, ...]:
    parts = (("quarantined", "rows_quarantined"), ("held", "rows_held"))
    rows = []
    for rank, (part, metric) in enumerate(parts):
        for label in view.labels:
            number = view.number(metric, period=label)
            value = float(number.value or 0) if number else 0.0
            rows.append({"label": short_label(label), "part": part, "value": value, "rank": rank})
    if not any(row["value"] for row in rows):
        return ()
    says = f"Rows not taken by {view.each}: " + "; ".join(
        f"{row['label']} {row['part']} {row['value']:.0f}" for row in rows if row["value"]
    )
    colors = {"quarantined": MISSED, "held": MUTED}
    title = f"Rows not taken, by {view.each}"
    return (stacked("chart-quality", rows, title=title, says=says, colors=colors),)


def _rules_chart(view: View) -> tuple[Chart, ...]:
    """Draw the rules that most rows failed this week; what was only flagged in a paler colour."""
    sums: dict[tuple[str, str], int] = {}
    for row in view.quality.rules:
        key = (row["rule"], row["severity"])
        sums[key] = sums.get(key, 0) + int(row["failing"])
    first = sorted(sums, key=lambda key: (-sums[key], key))[:_BARS]
    rows = [
        {
            "label": rule,
            "value": sums[rule, severity],
            "shown": f"{sums[rule, severity]:,}",
            "color": MARKETING_MID if severity == "flag" else MISSED,
        }
        for rule, severity in first
    ]
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Rows by the rule that they fail, {view.words.this}"
    return (bars("chart-quality-rules", rows, title=title, says=says),)
