"""Pace: how MQLs and revenue stand against the levelled plan of the month and of its period."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from accord.metrics import Status, quotient
from accord.planning import GoalPace, PaceLine
from accord.report.cells import count, member, money, share, tenths, text
from accord.report.model import Cell, Chart, Column, Section, Table
from accord.report.pace_chart import pace_chart, says
from accord.report.view import View

_TITLES = {"mqls": "MQLs", "revenue": "Revenue"}


def pace(view: View) -> Section:
    """Make the section of a report."""
    return pace_section(view.paces)


def pace_section(paces: tuple[GoalPace, ...]) -> Section:
    """Make the section of the paces of one day."""
    return Section(
        name="pace",
        title="Pace",
        lead=_lead(paces),
        charts=tuple(_chart(one) for one in paces),
        tables=tuple(_table(one) for one in paces),
    )


def title_of(pace: GoalPace) -> str:
    """Return what a pace is called: MQLs of the quarter."""
    return f"{_TITLES[pace.metric]} of the {pace.period}"


def _lead(paces: tuple[GoalPace, ...]) -> str:
    longest = [one for one in paces if one.metric == "mqls"][-1:]
    if not longest:
        return "The agreement has no targets."
    found = [finding.sentence for one in longest for finding in one.findings]
    return " ".join([says(longest[0]), *found])


def _chart(pace: GoalPace) -> Chart:
    title = f"{title_of(pace)}: sum by day, and the plan (dashed)"
    return pace_chart(pace, name=f"chart-pace-{pace.metric}-{pace.period}", title=title)


def _table(pace: GoalPace) -> Table:
    lines = (*pace.lines, pace.total)
    unit = "" if pace.metric == "mqls" else f"; {pace.what}"
    return Table(
        name=f"pace_{pace.metric}_{pace.period}",
        caption=(
            f"{title_of(pace)} against the levelled plan, up to {pace.on:%A} {pace.on.day}"
            f" {pace.on:%B}{unit}"
        ),
        columns=(
            Column(title="Segment", numeric=False),
            Column(title="Goal"),
            Column(title="Plan to date"),
            Column(title="Came"),
            Column(title="Of plan", numeric=False),
            Column(title="Expected end"),
            Column(title="From"),
            Column(title="To"),
            Column(title="Back on plan"),
            Column(title="Needed a week"),
            Column(title="Now a week"),
        ),
        rows=tuple(tuple(_cells(pace, line)) for line in lines),
        empty="The agreement has no targets.",
        has_total=True,
    )


def _cells(pace: GoalPace, line: PaceLine) -> Iterator[Cell]:
    amount = _amount if pace.metric == "revenue" else tenths
    is_total = line is pace.total
    yield Cell(shown="All segments", raw="total") if is_total else member(line.name)
    yield amount(line.goal)
    yield amount(line.planned)
    yield amount(line.actual) if pace.metric == "revenue" else count(int(line.actual))
    yield _standing(line)
    yield amount(line.expected)
    yield amount(line.low)
    yield amount(line.high)
    yield _back(line)
    yield amount(None if line.needed_a_day is None else line.needed_a_day * 7)
    yield amount(line.rate * 7)


def _standing(line: PaceLine) -> Cell:
    """The share of the plan to date, with its mark: kept from 0.98 on."""
    if line.share is None:
        return share(None)
    value = quotient(line.share, 1)
    status = Status.KEPT if line.is_on_goal else Status.MISSED
    return Cell(shown=share(value).shown, raw=f"{value:f}", status=status)


def _back(line: PaceLine) -> Cell:
    days = line.days_to_recover
    if days == 0:
        return text("on plan")
    if days is None or not line.recovers:
        return Cell(shown="not in time", raw="" if days is None else str(days))
    return Cell(shown=f"in {days} days" if days > 1 else "in 1 day", raw=str(days))


def _amount(value: Fraction | None) -> Cell:
    if value is None:
        return money(None)
    cents = Decimal((200 * value.numerator + value.denominator) // (2 * value.denominator))
    return money(cents / 100)


__all__ = ["pace", "pace_section", "title_of"]
