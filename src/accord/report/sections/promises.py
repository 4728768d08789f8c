"""Clocks of both sides, and those that ran out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from accord.agreement import SlaTerm
from accord.metrics import Number, Status, clock_metric, percent, quotient, spelled, spoken
from accord.records import Side, from_us
from accord.report.asked import short_label
from accord.report.cells import count, instant, marked, member, minutes, proportion, text
from accord.report.charts import bars, lines
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import MARKETING, SALES, SALES_SOFT
from accord.report.view import View

_US_PER_MINUTE = 60_000_000
_COLORS = {"marketing": MARKETING, "sales": SALES}


def clocks(view: View) -> Section:
    """Make the section on clocks kept, both sides."""
    sides = [view.number(clock_metric(side, "sla_met_share")) for side in Side]
    met = sum(int(one.numerator or 0) for one in sides if one is not None)
    all_ = sum(int(one.denominator or 0) for one in sides if one is not None)
    lead = f"No clock was met or ran out {view.words.this}."
    if all_:
        lead = f"{met:,} of {all_:,} clocks that were decided {view.words.this} were met in time."
    return Section(
        name="sla",
        title="Service levels, both sides",
        lead=lead,
        charts=_chart(view),
        tables=(_by_term(view), _by_rep(view)),
    )


def _terms(view: View) -> list[tuple[Side, str, SlaTerm]]:
    sla = view.agreement.sla
    return [
        (side, name, term)
        for side, terms in ((Side.SALES, sla.sales), (Side.MARKETING, sla.marketing))
        for name, term in terms.items()
        if isinstance(term, SlaTerm)
    ]


def _by_term(view: View) -> Table:
    rows = []
    for side, name, term in _terms(view):
        kept = clock_metric(side, "sla_met_share")
        number = view.number(kept, "term", name)
        before = view.before and view.number(kept, "term", name, period=view.before)
        clock = "open time" if term.clock == "business" else "wall clock"
        rows.append(
            (
                member(name),
                text(side.value),
                Cell(shown=f"{spelled(term.within)}, {clock}", raw=f"{term.within} {term.clock}"),
                view.cell(clock_metric(side, "clocks_met"), "term", name),
                view.cell(clock_metric(side, "clocks_breached"), "term", name),
                _in_time(number),
                *(() if view.asked.is_span else (proportion(before or None),)),
                view.cell(clock_metric(side, "clocks_running"), "term", name),
                view.cell(clock_metric(side, "clocks_overdue"), "term", name),
            )
        )
    return Table(
        name="sla",
        caption=f"Every term of the agreement, {view.words.this}",
        columns=(
            Column(title="Term", numeric=False),
            Column(title="Owed by", numeric=False),
            Column(title="Within", numeric=False),
            Column(title="Met in time"),
            Column(title="Ran out"),
            Column(title="In time"),
            *_before(view),
            Column(title="Running now"),
            Column(title="Overdue now"),
        ),
        rows=tuple(rows),
        empty="The agreement has no terms.",
    )


def _before(view: View) -> tuple[Column, ...]:
    last = view.words.last
    return (Column(title=last.capitalize()),) if last else ()


def _in_time(number: Number | None) -> Cell:
    """The share met in time, marked: one late clock is a promise not kept."""
    if number is None or not number.denominator:
        return marked(Status.NOTHING, Status.NOTHING.value)
    kept = number.numerator == number.denominator
    return replace(proportion(number), status=Status.KEPT if kept else Status.MISSED)


def _by_rep(view: View) -> Table:
    rows = []
    numbers = view.here("sla_met_share", "rep")
    numbers.sort(key=lambda one: (one.member == "", one.value or Decimal(0), one.member))
    for one in numbers:
        late = (one.denominator or 0) - (one.numerator or 0)
        name = view.rep_name(one.member) if one.member else "(nobody named)"
        rows.append(
            (
                Cell(shown=name, raw=one.member),
                count(one.denominator),
                count(one.numerator),
                count(late),
                proportion(one),
                view.cell("first_touch_met_share", "rep", one.member),
                view.cell("qualify_met_share", "rep", one.member),
            )
        )
    return Table(
        name="sla_by_rep",
        caption=f"Clocks decided {view.words.this}, by owner, lowest share first",
        columns=(
            Column(title="Owner", numeric=False),
            Column(title="Decided"),
            Column(title="Met in time"),
            Column(title="Ran out"),
            Column(title="In time"),
            Column(title="First touch"),
            Column(title="Qualify"),
        ),
        rows=tuple(rows),
        empty=f"No clock was decided {view.words.this}.",
    )


def _chart(view: View) -> tuple[Chart, ...]:
    rows = []
    for side, name, _term in _terms(view):
        number = view.number(clock_metric(side, "sla_met_share"), "term", name)
        if number is not None and number.value is not None:
            shown = f"{percent(number.value)} of {int(number.denominator or 0)}"
            label = name.replace("_", " ")
            row = {"label": label, "value": float(number.value), "shown": shown}
            rows.append({**row, "color": _COLORS[side.value]})
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Clocks met in time {view.words.this}, by term"
    return (bars("chart-sla", rows, title=title, says=says), *_share_chart(view))


def _share_chart(view: View) -> tuple[Chart, ...]:
    """Draw the share met in time by week, of the two terms with the most late clocks."""
    terms = {name: clock_metric(side, "sla_met_share") for side, name, _term in _terms(view)}
    late = {
        name: sum(
            int((number.denominator or 0) - (number.numerator or 0))
            for (_, member_), number in view.numbers(kept, "term").items()
            if member_ == name
        )
        for name, kept in terms.items()
    }
    chosen = sorted(late, key=lambda name: -late[name])[:2]
    rows = []
    for name in chosen:
        for label in view.labels:
            number = view.number(terms[name], "term", name, period=label)
            if number is not None and number.value is not None:
                row = {"label": short_label(label), "part": spoken(name)}
                rows.append({**row, "value": float(number.value)})
    if not rows:
        return ()
    says = "Share met in time: " + "; ".join(
        f"{row['label']} {row['part']} {row['value']:.0%}" for row in rows
    )
    colors = dict(zip(map(spoken, chosen), (SALES, SALES_SOFT), strict=False))
    title = f"Share met in time by {view.each}"
    form = "%"
    return (lines("chart-sla-weeks", rows, title=title, says=says, colors=colors, form=form),)


def breaches(view: View) -> Section:
    """Make the section that lists this week's breaches, by ids only."""
    late = _late(view)
    still = int(late["open"].sum()) if len(late) else 0
    lead = f"No clock ran out {view.words.this}."
    if len(late):
        lead = (
            f"{len(late):,} clocks ran out {view.words.this}; {still:,} of them are still not met."
        )
    return Section(
        name="breaches", title="Breaches", lead=lead, tables=(_breach_table(view, late),)
    )


def _late(view: View) -> pd.DataFrame:
    clocks = view.frames["clocks"]
    start, end = view.bounds_us
    ran_out = (clocks["verdict"] == "breached") & clocks["settled_us"].between(start, end - 1)
    late = clocks[ran_out.fillna(value=False)].copy()
    late["open"] = (late["ended_us"].isna() | (late["ended_us"] >= end)).to_numpy(bool)
    late["late_us"] = late["ended_us"].mask(late["open"], view.at_us) - late["due_us"]
    order = ["open", "late_us", "clock_id"]
    return late.sort_values(order, ascending=[False, False, True], ignore_index=True)


def _breach_table(view: View, late: pd.DataFrame) -> Table:
    return Table(
        name="breaches",
        caption=f"Clocks that ran out {view.words.this}: open ones first, longest (by the wall"
        " clock) first",
        columns=(
            Column(title="Lead", numeric=False),
            Column(title="Term", numeric=False),
            Column(title="Team", numeric=False),
            Column(title="Owner", numeric=False),
            Column(title="Due", numeric=False),
            Column(title="Ended", numeric=False),
            Column(title="Late by"),
            Column(title="", numeric=False),
        ),
        rows=tuple(_breach_row(view, row) for row in late.to_dict("records")),
        empty=f"No clock ran out {view.words.this}.",
        limit=15,
    )


def _breach_row(view: View, row: dict[Any, Any]) -> tuple[Cell, ...]:
    zone = view.agreement.timezone
    still = bool(row["open"])
    how = "" if pd.isna(row["ended_by"]) else str(row["ended_by"])
    state = "still open" if still else "met late" if how == "met" else how
    return (
        text(_known(row["lead_id"])),
        member(str(row["term"])),
        text(_known(row["team"])),
        text(_known(row["rep"])),
        instant(_at(row["due_us"]), zone),
        instant(None if still else _at(row["ended_us"]), zone),
        minutes(quotient(int(row["late_us"]), _US_PER_MINUTE)),
        marked(Status.MISSED if still else Status.RUNNING, state),
    )


def _known(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _at(us: Any) -> datetime | None:
    return None if pd.isna(us) else from_us(int(us))
