"""Hand-offs a week under each agreement, against what reps can take under it."""

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
    if all(one is None for week in found.weeks for one in _capacities(week)):
        return f"{many}. {_unknown(found)}"
    over_now, over_then = count_over(found)
    if not over_now and not over_then:
        return f"{many}; never more than reps can take."
    often = f"in {over_then or 'none'} of them more than reps can take"
    return f"{many}; {often}, instead of in {over_now or 'none'}."


def _unknown(found: Comparison) -> str:
    if found.is_limited:
        return (
            "They are hand-offs of some leads only, and reps have to take the others too:"
            " no capacity is held against them."
        )
    return "No development rep is known whose capacity they could be held against."


def _handed(found: Comparison) -> bool:
    return any(week.now or week.then for week in found.weeks)


def _chart(found: Comparison) -> tuple[Chart, ...]:
    if not _handed(found):
        return ()
    now, then = to_labels(found)
    values = ((_short(one), _column(one, one.now), _column(one, one.then)) for one in found.weeks)
    said = (f"{_short(week)} {_both(week)}" for week in found.weeks)
    line = ", and what reps can take (line)" if any(map(_agreed, found.weeks)) else ""
    return (
        paired_columns(
            "chart-weeks",
            to_rows(found, values),
            title=f"Hand-offs per week{line}",
            says=f"{now} and {then}: " + "; ".join(said),
            colors=to_colors(found),
        ),
    )


def _column(week: Week, handed: int) -> dict[str, int | None]:
    return {"value": handed, "mark": _agreed(week)}


def _capacities(week: Week) -> tuple[int | None, int | None]:
    return week.capacity_now, week.capacity_then


def _agreed(week: Week) -> int | None:
    """Return the capacity that is the same under both: one line cannot show two."""
    return week.capacity_now if week.capacity_now == week.capacity_then else None


def _short(week: Week) -> str:
    """Return a week without its year."""
    return week.week.rpartition("-")[2]


def _both(week: Week) -> str:
    if _agreed(week) is not None:
        return f"{week.now:,} and {week.then:,}{_of(_agreed(week))}"
    return f"{week.now:,}{_of(week.capacity_now)} and {week.then:,}{_of(week.capacity_then)}"


def _of(capacity: int | None) -> str:
    return "" if capacity is None else f" of {capacity:,}"


def _table(found: tuple[Week, ...]) -> Table:
    return Table(
        name="weeks",
        caption="Hand-offs per week",
        columns=(
            Column(title="Week", numeric=False),
            Column(title="Begins", numeric=False),
            Column(title=NOW),
            Column(title=THEN),
            Column(title=f"Capacity, {NOW.lower()}"),
            Column(title=f"Capacity, {THEN.lower()}"),
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
        *map(count, _capacities(week)),
        count(_too_many(week.now, week.capacity_now)),
        count(_too_many(week.then, week.capacity_then)),
    )


def _too_many(handed: int, capacity: int | None) -> int | None:
    return None if capacity is None else max(0, handed - capacity)
