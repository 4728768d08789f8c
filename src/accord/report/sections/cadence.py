"""The cadence: which steps of the playbook were kept, by whom, and how leads are tried."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd

from accord.metrics import METRICS, Number, percent, shown
from accord.records import Channel
from accord.report.cells import count, member, of, share
from accord.report.charts import bars
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.palette import SALES
from accord.report.view import View

_KEPT = "cadence_on_time_share"
_ENOUGH = 10  # steps due, from which on a rep's share is compared with that of others
_STATES = ("on time", "late", "missed")


def cadence(view: View) -> Section:
    """Make the section."""
    return Section(
        name="cadence",
        title="Cadence",
        lead=_lead(view),
        charts=_chart(view),
        tables=(_by_step(view), _by_rep(view), _by_week(view), _attempts(view)),
    )


def _lead(view: View) -> str:
    kept = view.number(_KEPT)
    if kept is None or not kept.denominator:
        return f"No step of the cadence was due {view.words.this}."
    lead = (
        f"{int(kept.denominator):,} steps were due {view.words.this}; {percent(kept.value)} of them"
    )
    lead += " were done on time."
    spread = _spread(_shares(view, None))
    if spread is not None:
        low, high = spread
        lead += f" Over {view.words.base} the reps kept between {percent(low)} and"
        lead += f" {percent(high)} of theirs: {_points(high - low).shown} lie between them."
    close = view.over_base("contact_to_close_days")
    if close is not None and close.value is not None:
        days = shown(close.value, 1)
        lead += f" Half of the deals won closed within {days:f} days of the first contact."
    return lead


def _shares(view: View, label: str | None) -> Iterator[Number]:
    """Yield each rep's share of a week, or of the quarter, where enough of theirs was due."""
    numbers = view.numbers(_KEPT, "rep", base=label is None)
    for (period, rep), number in numbers.items():
        asked = label is None or period == label
        if asked and rep and (number.denominator or 0) >= _ENOUGH:
            yield number


def _spread(numbers: Iterator[Number]) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest share; None where there are not two to compare."""
    shares = sorted(number.value for number in numbers if number.value is not None)
    return (shares[0], shares[-1]) if len(shares) > 1 else None


def _points(difference: Decimal) -> Cell:
    """A difference of shares, in percentage points."""
    return Cell(shown=f"{shown(difference * 100, 0):f} points", raw=f"{difference:f}")


def _settled(view: View) -> pd.DataFrame:
    """The steps whose fate was settled in this week, each with what had become of it by its end."""
    steps = view.frames["followups"]
    start, end = view.bounds_us
    rows = steps[steps["settled_us"].between(start, end - 1)]
    late = (rows["done_us"] < end).fillna(value=False)
    state = pd.Series("missed", index=rows.index, dtype="str").mask(late, "late")
    return rows.assign(state=state.mask(rows["verdict"] == "kept", "on time"))


def _in_order(step: str) -> tuple[bool, int]:
    """Steps stand as in the playbook: until the lead is reached first, then by number."""
    branch, number, _ = step.split()
    return (branch == "connected", int(number))


def _by_step(view: View) -> Table:
    settled = _settled(view)
    counted = settled.groupby(["step", "state"]).size()
    rows = []
    for step in sorted(settled["step"].unique(), key=_in_order):
        states = [int(counted.get((step, state), 0)) for state in _STATES]
        cells = (count(sum(states)), *(count(each) for each in states))
        rows.append((member(step), *cells, view.cell(_KEPT, "step", step)))
    return Table(
        name="cadence_steps",
        caption=f"Steps due {view.words.this}",
        columns=(
            Column(title="Step", numeric=False),
            *(Column(title=title) for title in ("Due", "On time", "Late", "Missed", "Kept")),
        ),
        rows=tuple(rows),
        empty=f"No step of the cadence was due {view.words.this}.",
    )


def _by_rep(view: View) -> Table:
    rows = [
        (
            Cell(shown=view.rep_name(rep) if rep else "(none)", raw=rep),
            _due(view.number(_KEPT, "rep", rep)),
            view.cell(_KEPT, "rep", rep),
            *_longer(view, rep),
            view.base_cell("attempts_per_handoff", "rep", rep),
            view.base_cell("contact_to_close_days", "rep", rep),
        )
        for rep in _reps(view)
    ]
    longer = () if view.asked.is_span else (f"Due, {view.words.base}", f"Kept, {view.words.base}")
    titles = ("Due", "Kept", *longer, "Attempts a hand-over")
    return Table(
        name="cadence_reps",
        caption="Reps, those who keep most first",
        columns=(
            Column(title="Rep", numeric=False),
            *(Column(title=title) for title in (*titles, "Days from contact to close")),
        ),
        rows=tuple(rows),
        empty="No rep has owed a step of the cadence yet.",
    )


def _longer(view: View, rep: str) -> tuple[Cell, ...]:
    if view.asked.is_span:
        return ()
    return (_due(view.over_base(_KEPT, "rep", rep)), view.base_cell(_KEPT, "rep", rep))


def _due(number: Number | None) -> Cell:
    return count(0 if number is None else number.denominator)


def _reps(view: View) -> tuple[str, ...]:
    return view.members(_KEPT, "rep")


def _by_week(view: View) -> Table:
    rows = []
    for label in view.labels[::-1]:
        kept = view.number(_KEPT, period=label)
        if kept is None or not kept.denominator:
            continue
        spread = _spread(_shares(view, label))
        low, high = (None, None) if spread is None else spread
        between = Cell(shown="", raw="") if low is None or high is None else _points(high - low)
        cells = (count(kept.denominator), of(kept, METRICS[_KEPT].unit), share(low), share(high))
        rows.append((Cell(shown=label, raw=label), *cells, between))
    return Table(
        name="cadence",
        caption=f"Cadence by {view.each}, and how far reps with at least {_ENOUGH} steps due lie"
        " apart",
        columns=(
            Column(title=view.each.capitalize(), numeric=False),
            *(Column(title=title) for title in ("Due", "Kept", "Lowest", "Highest", "Apart")),
        ),
        rows=tuple(rows),
        empty="No step of the cadence has been due yet.",
    )


def _attempts(view: View) -> Table:
    rows = []
    for channel in Channel:
        made = view.number("touches", "kind", channel.value)
        reached = view.number("connect_rate", "kind", channel.value)
        if made is not None and made.value:
            cells = (count(made.value), view.cell(f"{channel.value}_share"))
            rows.append((member(channel.value), *cells, of(reached, METRICS["connect_rate"].unit)))
    return Table(
        name="attempts",
        caption=f"Attempts of {view.words.noun} by kind",
        columns=(
            Column(title="Kind", numeric=False),
            *(Column(title=title) for title in ("Attempts", "Share", "Reached the lead")),
        ),
        rows=tuple(rows),
        empty=f"Nobody tried to reach a lead {view.words.this}.",
    )


def _chart(view: View) -> tuple[Chart, ...]:
    rows: list[dict[str, Any]] = []
    for rep in _reps(view)[:14]:
        number = view.over_base(_KEPT, "rep", rep)
        if rep and number is not None and number.value is not None:
            words = percent(number.value)
            row = {"label": view.rep_name(rep), "value": float(number.value), "shown": words}
            rows.append(row)
    if not rows:
        return ()
    says = "; ".join(f"{row['label']} {row['shown']}" for row in rows)
    title = f"Steps of the cadence kept, {view.words.base}, by rep"
    return (bars("chart-cadence", rows, title=title, says=says, color=SALES),)
