"""Hand-offs a week under each agreement, against what reps can take."""

from __future__ import annotations

from fractions import Fraction

from accord.evaluation import Comparison, Week
from accord.report.cells import count, tenths
from accord.report.comparison.pair import NOW, THEN, to_colors, to_labels, to_rows
from accord.report.comparison.words import count_over
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.pairs import paired_columns


def weeks(found: Comparison) -> Section:
    """Make the section."""
    return Section(
        name="weeks",
        title="Hand-offs and capacity",
        lead=_lead(found),
        charts=_chart(found),
        tables=(_table(found.weeks),),
    )


def _lead(found: Comparison) -> str:
    if not _handed(found):
        return "No lead would have been handed over in these weeks under either agreement."
    number = len(found.weeks)
    now = tenths(Fraction(sum(week.now for week in found.weeks), number)).shown
    then = tenths(Fraction(sum(week.then for week in found.weeks), number)).shown
    many = f"Over {number} weeks {then} leads a week would have been handed over instead of {now}"
    if all(week.capacity is None for week in found.weeks):
        return f"{many}. The agreement names no capacity to hold them against."
    over_now, over_then = count_over(found)
    if not over_now and not over_then:
        return f"{many}; never more than reps can take."
    often = f"in {over_then or 'none'} of them more than reps can take"
    return f"{many}; {often}, instead of in {over_now or 'none'}."


def _handed(found: Comparison) -> bool:
    return any(week.now or week.then for week in found.weeks)


def _chart(found: Comparison) -> tuple[Chart, ...]:
    if not _handed(found):
        return ()
    now, then = to_labels(found)
    values = ((_short(one), _column(one, one.now), _column(one, one.then)) for one in found.weeks)
    said = (f"{_short(week)} {week.now:,} and {week.then:,}{_of(week)}" for week in found.weeks)
    return (
        paired_columns(
            "chart-weeks",
            to_rows(found, values),
            title="Hand-offs per week, and what reps can take (line)",
            says=f"{now} and {then}: " + "; ".join(said),
            colors=to_colors(found),
        ),
    )


def _column(week: Week, handed: int) -> dict[str, int | None]:
    return {"value": handed, "mark": week.capacity}


def _short(week: Week) -> str:
    """Return a week without its year."""
    return week.week.rpartition("-")[2]


def _of(week: Week) -> str:
    return "" if week.capacity is None else f" of {week.capacity:,}"


def _table(found: tuple[Week, ...]) -> Table:
    return Table(
        name="weeks",
        caption="Hand-offs per week",
        columns=(
            Column(title="Week", numeric=False),
            Column(title="Begins", numeric=False),
            Column(title=NOW),
            Column(title=THEN),
            Column(title="Capacity"),
            Column(title=f"Too many, {NOW.lower()}"),
            Column(title=f"Too many, {THEN.lower()}"),
        ),
        rows=tuple(_row(week) for week in found[::-1]),
        empty="No week lies behind.",
    )


def _row(week: Week) -> tuple[Cell, ...]:
    return (
        Cell(shown=week.week, raw=week.week),
        Cell(shown=f"{week.starts_on.day} {week.starts_on:%b}", raw=week.starts_on.isoformat()),
        count(week.now),
        count(week.then),
        count(week.capacity),
        *(count(_too_many(of, week.capacity)) for of in (week.now, week.then)),
    )


def _too_many(handed: int, capacity: int | None) -> int | None:
    return None if capacity is None else max(0, handed - capacity)
