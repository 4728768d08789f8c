"""What was printed of closed weeks and is no longer so: numbers restated since the last print."""

from __future__ import annotations

from decimal import Decimal

from accord.metrics import ALL, METRICS, NONE, titled
from accord.report.cells import in_unit, instant, text
from accord.report.model import Cell, Column, Section, Table
from accord.report.view import RestatedNumber, View


def restated(view: View) -> Section:
    """Make the section."""
    return Section(
        name="restated",
        title="What changed since last week's print",
        lead=_lead(view),
        tables=(_table(view),),
    )


def _lead(view: View) -> str:
    since = view.restated.since
    if since is None:
        return "No week before this one was closed and printed yet."
    when = instant(since, view.agreement.timezone).shown
    numbers = view.restated.numbers
    if not numbers:
        return f"Nothing: every number of a closed week stands as it was on {when}."
    weeks = len({one.period for one in numbers})
    many = "1 number" if len(numbers) == 1 else f"{len(numbers):,} numbers"
    of = "1 closed week" if weeks == 1 else f"{weeks:,} closed weeks"
    verb = "was" if len(numbers) == 1 else "were"
    return f"{many} of {of} {verb} restated since {when}, because something was told late."


def _table(view: View) -> Table:
    return Table(
        name="restated",
        caption="Numbers of closed weeks that are no longer what they were, whole ones first",
        columns=(
            Column(title="Metric", numeric=False),
            Column(title="Week", numeric=False),
            Column(title="Of", numeric=False),
            Column(title="Was"),
            Column(title="Is"),
        ),
        rows=tuple(_row(view, one) for one in sorted(view.restated.numbers, key=_whole_first)),
        empty="No number of a closed week was restated.",
        limit=20,
    )


def _whole_first(one: RestatedNumber) -> tuple[bool, int, str, str, str, str]:
    """Whole numbers before those of a part, the newest week first."""
    newest = -int(one.period.replace("-W", ""))
    return (one.dimension != ALL, newest, one.period, one.metric, one.dimension, one.member)


def _row(view: View, one: RestatedNumber) -> tuple[Cell, ...]:
    metric = METRICS[one.metric]
    return (
        Cell(shown=metric.title, raw=one.metric),
        text(one.period),
        _of(view, one),
        _value(one.was, one.metric),
        _value(one.now, one.metric),
    )


def _of(view: View, one: RestatedNumber) -> Cell:
    if one.dimension == ALL:
        return Cell(shown="all", raw=ALL)
    name = view.rep_name(one.member) if one.dimension == "rep" else one.member.replace("_", " ")
    shown = f"{titled(one.dimension).lower()} {name or NONE}"
    return Cell(shown=shown, raw=f"{one.dimension}={one.member}")


def _value(value: Decimal | None, metric: str) -> Cell:
    return in_unit(value, METRICS[metric].unit)
