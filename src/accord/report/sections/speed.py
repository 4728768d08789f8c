"""Speed to lead: how long a lead waited for a rep, and then for the rep's first touch."""

from __future__ import annotations

import pandas as pd

from accord.metrics import BUCKETS, count_buckets, duration, spelled
from accord.report.asked import short_label
from accord.report.cells import count, minutes, proportion
from accord.report.charts import bars, lines
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import SALES, SALES_SOFT
from accord.report.view import View

_OPEN, _OPEN_P90 = "speed_to_lead_business", "speed_to_lead_business_p90"
_WALL, _WALL_P90 = "speed_to_lead", "speed_to_lead_p90"
_MEASURES = tuple(
    Column(title=title)
    for title in (
        "First touches",
        "Median, open time",
        "p90, open time",
        "Median, wall clock",
        "p90, wall clock",
        "In time",
    )
)
_PARTS = (
    ("System delay: arrival to assignment", "system_delay"),
    ("Rep delay: assignment to first touch", "rep_delay"),
    ("Response: arrival to first touch", "lead_response"),
)
_SPLIT = ("Leads", "Median, open time", "p90, open time", "Median, wall clock", "p90, wall clock")
_WAITS = (
    ("Waited for a rep, wall clock", "system_us", "assigned_us"),
    ("Waited for a rep, open time", "system_open_us", "assigned_us"),
    ("Waited for a touch, wall clock", "rep_us", "touched_us"),
    ("Waited for a touch, open time", "rep_open_us", "touched_us"),
)


def speed(view: View) -> Section:
    """Make the section."""
    return Section(
        name="speed",
        title="Speed to lead",
        lead=_lead(view),
        charts=(*_line_chart(view), *_bucket_chart(view)),
        tables=(_by_part(view), _by_bucket(view), _by_week(view), _by_team(view)),
    )


def _lead(view: View) -> str:
    median, p90 = view.number(_OPEN), view.number(_OPEN_P90)
    term = view.agreement.sla.sales.get("first_touch")
    agreed = f" The agreement gives {spelled(term.within)}." if term else ""
    wall = view.number(_WALL)
    if wall is None or not wall.denominator:
        return f"No assigned lead was touched for the first time {view.words.this}." + agreed
    counted = f"{int(wall.denominator)} leads were touched for the first time {view.words.this}: "
    if median is None or median.value is None or p90 is None:
        return f"{counted}half of them within {duration(wall.value)} by the wall clock.{agreed}"
    return (
        f"{counted}half within {duration(median.value)} of open time, nine in ten within"
        f" {duration(p90.value)}.{agreed}"
    )


def _by_week(view: View) -> Table:
    rows = []
    for label in view.labels[::-1]:
        wall = view.number(_WALL, period=label)
        if wall is None or not wall.denominator:
            continue
        metrics = (_OPEN, _OPEN_P90, _WALL, _WALL_P90)
        numbers = [view.number(metric, period=label) for metric in metrics]
        met = view.number("first_touch_met_share", period=label)
        rows.append(
            (
                Cell(shown=label, raw=label),
                count(wall.denominator),
                *(minutes(number.value if number else None) for number in numbers),
                proportion(met),
            )
        )
    return Table(
        name="speed",
        caption=f"First touches by {view.each}, from assigned to touched",
        columns=(Column(title=view.each.capitalize(), numeric=False), *_MEASURES),
        rows=tuple(rows),
        empty="No assigned lead has been touched yet.",
    )


def _by_team(view: View) -> Table:
    rows = []
    for team in view.members(_WALL, "team", base=False):
        wall = view.number(_WALL, "team", team)
        if wall is None:
            continue
        row = (
            Cell(shown=team.replace("_", " ") or "(none)", raw=team),
            count(wall.denominator),
            *(view.cell(metric, "team", team) for metric in (_OPEN, _OPEN_P90, _WALL, _WALL_P90)),
        )
        rows.append((*row, view.cell("first_touch_met_share", "team", team)))
    return Table(
        name="speed_by_team",
        caption=f"First touches of {view.words.noun} by team",
        columns=(Column(title="Team", numeric=False), *_MEASURES),
        rows=tuple(rows),
        empty=f"No assigned lead was touched for the first time {view.words.this}.",
    )


def _line_chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for part, metric in (("median", _OPEN), ("90th percentile", _OPEN_P90)):
        for label in view.labels:
            number = view.number(metric, period=label)
            if number is not None and number.value:
                rows.append(
                    {"label": short_label(label), "part": part, "value": float(number.value)}
                )
    if not rows:
        return ()
    says = f"Open minutes to first touch by {view.each}: " + "; ".join(
        f"{row['label']} {row['part']} {row['value']:.1f}" for row in rows
    )
    colors = {"median": SALES, "90th percentile": SALES_SOFT}
    title = f"Open minutes to first touch, by {view.each} (log scale)"
    return (lines("chart-speed", rows, title=title, says=says, colors=colors),)


def _bucket_chart(view: View) -> tuple[Chart, ...]:
    waits = _waits(view, "rep_open_us", "touched_us")
    if not any(waits.values()):
        return ()
    rows = [{"label": label, "value": here, "shown": str(here)} for label, here in waits.items()]
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"First touches of {view.words.noun}, by open time waited since assigned"
    return (bars("chart-waits", rows, title=title, says=says, color=SALES),)


def _waits(view: View, column: str, at: str) -> dict[str, int]:
    """Count this week's waits by bucket, every bucket named; a wait that is unknown is in none."""
    speeds = view.frames["speeds"]
    start, end = view.bounds_us
    within: pd.Series[bool] = (speeds[at] >= start) & (speeds[at] < end)
    waits = speeds.loc[within.fillna(value=False), column].dropna()
    return count_buckets([int(wait) for wait in waits])


def _by_part(view: View) -> Table:
    rows = []
    for title, metric in _PARTS:
        whole = view.number(metric)
        if whole is None or not whole.denominator:
            continue
        names = (f"{metric}_business", f"{metric}_business_p90", metric, f"{metric}_p90")
        cells = (view.cell(name) for name in names)
        rows.append((Cell(shown=title, raw=metric), count(whole.denominator), *cells))
    return Table(
        name="speed_split",
        caption=f"What {view.words.own} leads waited for",
        columns=(Column(title="Part", numeric=False), *(Column(title=one) for one in _SPLIT)),
        rows=tuple(rows),
        empty=f"No lead was assigned or touched for the first time {view.words.this}.",
    )


def _by_bucket(view: View) -> Table:
    waits = [_waits(view, column, at) for _, column, at in _WAITS]
    labels = [label for label, _ in BUCKETS] if any(any(each.values()) for each in waits) else []
    return Table(
        name="speed_buckets",
        caption=f"{view.words.own.capitalize()} leads by how long they waited, for a rep and then"
        " for a touch",
        columns=(
            Column(title="Wait", numeric=False),
            *(Column(title=title) for title, _, _ in _WAITS),
        ),
        rows=tuple(
            (Cell(shown=label, raw=label), *(count(each[label]) for each in waits))
            for label in labels
        ),
        empty=f"No lead was assigned or touched for the first time {view.words.this}.",
    )
