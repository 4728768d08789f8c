"""Reps: what each was handed against what they can take; and the hot leads in their hands."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from accord.metrics import Status, duration, quotient
from accord.records import from_us
from accord.report.asked import Kind
from accord.report.cells import blank, count, instant, marked, share, tenths, text
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import SALES
from accord.report.view import View

_WORKING = ("sdr", "ae")


def load(view: View) -> Section:
    """Make the section on reps' load."""
    reps = _working(view)
    handed = sum(_handed(view, rep) for rep in reps["rep"])
    room = sum(_capacity(view, rep) for rep in reps.to_dict("records"))
    lead = "No reps are known."
    if len(reps):
        who = f"{len(reps)} reps {view.words.this}"
        lead = f"{handed:,} leads went to {who}, who together can take {room:,}."
    waiting = view.number("waiting")
    if waiting is not None and waiting.value:
        lead += f" {int(waiting.value):,} wait for a rep."
    return Section(
        name="load",
        title="Load",
        lead=lead,
        charts=_chart(view, reps),
        tables=(_table(view, reps),),
    )


def _working(view: View) -> pd.DataFrame:
    """Development reps and executives, busiest first."""
    reps = view.reps[view.reps["role"].isin(_WORKING)].copy()
    reps["handed"] = [_handed(view, rep) for rep in reps["rep"]]
    order = ["role", "handed", "rep"]
    return reps.sort_values(order, ascending=[False, False, True], ignore_index=True)


def _handed(view: View, rep: str) -> int:
    handoffs = view.frames["handoffs"]
    start, end = view.bounds_us
    own = (handoffs["rep"] == rep) & handoffs["assigned_us"].between(start, end - 1)
    return int(own.fillna(value=False).sum())


def _held(view: View, rep: str) -> int:
    handoffs = view.frames["handoffs"]
    end = view.bounds_us[1]
    assigned = (handoffs["assigned_us"] < end).fillna(value=False)
    ended = (handoffs["ended_us"] < end).fillna(value=False)
    return int(((handoffs["rep"] == rep) & assigned & ~ended).sum())


def _capacity(view: View, rep: dict[Any, Any]) -> int:
    """What a rep can take: in a week as stated, in a longer time on the days of being there."""
    if view.asked.kind is not Kind.WEEK:
        use = view.number("capacity_use", "rep", rep["rep"])
        return int(use.denominator or 0) if use is not None else 0
    own = rep["per_week"]
    return view.agreement.handoff.capacity.per_week if pd.isna(own) else int(own)


def _table(view: View, reps: pd.DataFrame) -> Table:
    rows = []
    for rep in reps.to_dict("records"):
        capacity, handed = _capacity(view, rep), int(rep["handed"])
        use = quotient(handed, capacity) if capacity else None
        rows.append(
            (
                Cell(shown=view.rep_name(rep["rep"]), raw=str(rep["rep"])),
                text(None if pd.isna(rep["team"]) else str(rep["team"])),
                count(handed),
                count(capacity),
                _use(use),
                count(_held(view, rep["rep"])),
                view.cell("touches", "rep", rep["rep"]),
                view.cell("speed_to_lead_business", "rep", rep["rep"]),
                view.cell("first_touch_met_share", "rep", rep["rep"]),
            )
        )
    return Table(
        name="load",
        caption=f"Reps {view.words.this}",
        columns=(
            Column(title="Rep", numeric=False),
            Column(title="Team", numeric=False),
            Column(title="Handed over"),
            Column(title="Capacity"),
            Column(title="Use"),
            Column(title="In hand now"),
            Column(title="Touches"),
            Column(title="Median first touch"),
            Column(title="In time"),
        ),
        rows=tuple(rows),
        empty="No reps are known: a source of reps says who can take leads.",
    )


def _use(use: Decimal | None) -> Cell:
    cell = share(use)
    over = use is not None and use > 1
    return replace(cell, status=Status.MISSED) if over else cell


def _chart(view: View, reps: pd.DataFrame) -> tuple[Chart, ...]:
    rows = []
    for rep in reps.head(14).to_dict("records"):
        handed, capacity = int(rep["handed"]), _capacity(view, rep)
        label = view.rep_name(rep["rep"])
        rows.append({"label": label, "value": handed, "shown": str(handed), "mark": capacity})
    if not rows or not any(row["value"] for row in rows):
        return ()
    says = "; ".join(f"{row['label']} {row['shown']} of {row['mark']}" for row in rows)
    title = f"Handed over {view.words.this}, and capacity (tick)"
    return (
        bars("chart-load", rows, title=title, says=says, color=SALES, marks=True),
        *_speed_chart(view, reps),
    )


def _speed_chart(view: View, reps: pd.DataFrame) -> tuple[Chart, ...]:
    rows = []
    for rep in reps.head(14)["rep"]:
        number = view.number("speed_to_lead_business", "rep", rep)
        if number is not None and number.value is not None:
            row = {"label": view.rep_name(rep), "value": float(number.value)}
            rows.append({**row, "shown": duration(number.value)})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Median first touch {view.words.this}, open time"
    return (bars("chart-rep-speed", rows, title=title, says=says, color=SALES),)


def hot_leads(view: View) -> Section:
    """Make the section on hot leads that are in sales' hands, by ids only."""
    hot = _hot(view)
    waiting = int(hot["assigned_us"].isna().sum())
    lead = "No hot lead is in sales' hands."
    if len(hot):
        lead = f"{len(hot):,} hot leads are in sales' hands"
        lead += f"; {waiting:,} of them wait for a rep." if waiting else ", each with an owner."
    rows = tuple(_hot_row(view, row) for row in hot.to_dict("records"))
    return Section(name="hot", title="Hot leads", lead=lead, tables=(_hot_table(rows),))


def _hot(view: View) -> pd.DataFrame:
    handoffs = view.frames["handoffs"]
    end = view.bounds_us[1]
    begun = (handoffs["queued_us"] < end).fillna(value=False)
    ended = (handoffs["ended_us"] < end).fillna(value=False)
    rows = handoffs[handoffs["hot"].fillna(value=False).astype(bool) & begun & ~ended].copy()
    order = ["intent", "queued_us", "lead_id"]
    return rows.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _hot_row(view: View, row: dict[Any, Any]) -> tuple[Cell, ...]:
    zone = view.agreement.timezone
    at = None if pd.isna(row["assigned_us"]) else from_us(int(row["assigned_us"]))
    owner = None if pd.isna(row["rep"]) else str(row["rep"])
    return (
        text(str(row["lead_id"])),
        text(None if pd.isna(row["segment"]) else str(row["segment"])),
        text(str(row["stage"])),
        text(owner),
        instant(at, zone),
        *(_score(row[name]) for name in ("fit", "engagement", "intent")),
        marked(Status.RUNNING, "waits for a rep") if at is None else blank(),
    )


def _score(score: Any) -> Cell:
    """A score at hand-over: stored in whole tenths, shown as decided on."""
    return tenths(None if pd.isna(score) else Decimal(int(score)) / 10)


def _hot_table(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table(
        name="hot_leads",
        caption="Hot leads, highest intent at hand-over first",
        columns=(
            Column(title="Lead", numeric=False),
            Column(title="Segment", numeric=False),
            Column(title="Stage", numeric=False),
            Column(title="Owner", numeric=False),
            Column(title="Assigned", numeric=False),
            Column(title="Fit"),
            Column(title="Engagement"),
            Column(title="Intent"),
            Column(title="", numeric=False),
        ),
        rows=rows,
        empty="No hot lead is in sales' hands.",
        limit=15,
    )
