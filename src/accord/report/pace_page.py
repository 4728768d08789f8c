"""The page of a day: how close the goals are, what came yesterday, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from accord.agreement import Agreement
from accord.metrics import METRICS, Number, Unit, quotient
from accord.planning import GoalPace, PaceLine
from accord.report.cells import money, of, tenths
from accord.report.model import Cell, Column, Figure, PacePage, Section, Standing, Table
from accord.report.sections.pace import pace_section

YESTERDAY = ("new_leads", "mqls", "accepted", "sqls", "opportunities", "won", "revenue")
"""The metrics that are told of the day itself."""

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_NAMES = ("now", "then")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceDay:
    """What the page is made of: the paces of a day, and the numbers of the days up to it.

    ``numbers`` are by metric and day (2026-11-21); ``means`` by metric, of a day of the four weeks.
    """

    agreement: Agreement
    on: date
    paces: tuple[GoalPace, ...]
    numbers: Mapping[tuple[str, str], Number]
    means: Mapping[str, Decimal | None]
    signed: bool


def build_pace(day: PaceDay) -> PacePage:
    """Make the page."""
    periods = list(dict.fromkeys(pace.period for pace in day.paces))
    return PacePage(
        name=f"{day.on:%a} {day.on.day} {day.on:%b %Y}",
        strap=("Pace", f"Agreement {day.agreement.version}" + _signed(day.signed)),
        folder=f"pace-{day.on}",
        headline=_headline(day.paces),
        state=f"Up to the end of {day.on:%A} {day.on.day} {day.on:%B}",
        standings=tuple(
            _standing(name, [pace for pace in day.paces if pace.period == period])
            for name, period in zip(_NAMES, periods, strict=False)
        ),
        findings=tuple(finding for pace in day.paces for finding in pace.findings),
        sections=(pace_section(day.paces), _yesterday(day)),
        facts=(
            ("Day", f"{day.on}, in {day.agreement.timezone}"),
            ("Plan", f"levelled over the days of the {day.agreement.targets.period}"),
            ("Agreement", f"{day.agreement.version}, {day.agreement.fingerprint[:12]}"),
            ("Currency", day.agreement.currency),
        ),
    )


def _signed(signed: bool) -> str:
    return ", signed by both sides" if signed else ", not signed by both sides"


def _headline(paces: Sequence[GoalPace]) -> str:
    """Say how MQLs and revenue of the longest period stand."""
    longest = {pace.metric: pace for pace in paces}
    said = [_said(pace) for pace in longest.values()]
    if not said:
        return "The agreement has no goals"
    period = next(iter(longest.values())).period
    return f"{' and '.join(said)} of the {period}'s plan to date"


def _said(pace: GoalPace) -> str:
    what = "MQLs" if pace.metric == "mqls" else "revenue"
    return f"{what} at {pace.total.percent}"


def _standing(name: str, paces: Sequence[GoalPace]) -> Standing:
    first = paces[0]
    left = first.total.left
    return Standing(
        name=name,
        title=f"This {first.period}",
        note=f"day {first.total.elapsed} of {first.total.days}, {left} left",
        figures=tuple(_figure(pace, line) for pace in paces for line in (pace.total, *pace.lines)),
    )


def _figure(pace: GoalPace, line: PaceLine) -> Figure:
    what = "MQLs" if pace.metric == "mqls" else "Revenue"
    filled = None if line.share is None else min(quotient(line.share, 1), Decimal(1))
    return Figure(
        title=what if line is pace.total else f"{what}, {line.name}",
        shown=_amount(pace, line.actual),
        of=f"of {_amount(pace, line.planned)} by now, {_amount(pace, line.goal)} in all",
        sure=f"{line.percent} of plan; expected {_amount(pace, line.expected)}, from"
        f" {_amount(pace, line.low)} to {_amount(pace, line.high)}",
        filled=filled,
    )


def _amount(pace: GoalPace, value: Fraction) -> str:
    exact = quotient(value, 1)
    return tenths(exact).shown if pace.metric == "mqls" else money(exact).shown


def _yesterday(day: PaceDay) -> Section:
    return Section(
        name="yesterday",
        title="The day",
        lead=f"What came on {day.on:%A}, beside the day before, the same day a week before, and"
        " the mean day of four weeks.",
        tables=(_numbers(day),),
    )


def _numbers(day: PaceDay) -> Table:
    days = (day.on, day.on - _DAY, day.on - _WEEK)
    rows = []
    for name in YESTERDAY:
        metric = METRICS[name]
        cells = [of(day.numbers.get((name, one.isoformat())), metric.unit) for one in days]
        mean = day.means.get(name)
        whole = money(mean) if metric.unit is Unit.MONEY else tenths(mean)
        rows.append((Cell(shown=metric.title, raw=name), *cells, whole))
    return Table(
        name="day",
        caption=f"Numbers of {day.on:%A} {day.on.day} {day.on:%B}",
        columns=(
            Column(title="Number", numeric=False),
            Column(title="The day"),
            Column(title="Day before"),
            Column(title="A week before"),
            Column(title="Mean of 28 days"),
        ),
        rows=tuple(rows),
        empty="Nothing has been counted yet.",
    )
