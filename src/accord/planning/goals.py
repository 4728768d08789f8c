"""The pace of one goal of one period: MQLs or revenue, a line a segment, and their sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from accord.agreement import Agreement
from accord.findings import Finding
from accord.planning.funnel import Period, period_days, plan
from accord.planning.levelled import period_end, period_start
from accord.planning.pace import SEEN_DAYS, PaceLine, find_pace, total_of

GOALS = ("mqls", "revenue")
"""The metrics that have a goal."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPace:
    """One goal of one period: a line a segment, and their sum.

    ``metric`` is mqls or revenue (``what`` is said of its amounts), ``period`` month, quarter or
    year, from ``first`` to ``last``. What came of segments without a goal is in the total.
    """

    metric: str
    what: str
    period: Period
    first: date
    last: date
    on: date
    lines: tuple[PaceLine, ...]
    total: PaceLine

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of it."""
        return find_pace(self.lines, self.total, what=self.what, period=self.period)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "metric": self.metric,
            "period": self.period,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "on": self.on.isoformat(),
            "lines": [_plain(line) for line in (*self.lines, self.total)],
            "findings": [str(finding) for finding in self.findings],
        }


def goal_pace(
    agreement: Agreement,
    metric: str,
    period: Period,
    on: date,
    came: Mapping[date, Mapping[str, Fraction]],
    *,
    known: int = SEEN_DAYS,
) -> GoalPace:
    """Set what came on each day against the goal of the period that holds a day.

    ``came`` holds every day from the earliest one known to ``on``, by segment. A month's goal is
    its levelled share of a quarter's. Of the last ``known`` days something was counted.
    """
    first, last = period_start(period, on), period_end(period, on)
    length = (last - first).days + 1
    goals = _goals(agreement, metric, on=on, days=length)
    others = {name for day in came.values() for name in day} - goals.keys()
    counted = metric == "mqls"

    def line(name: str, goal: Fraction) -> PaceLine:
        return PaceLine(
            name=name,
            goal=goal,
            days=length,
            came=tuple(_values(came, name, first, on)),
            before=tuple(_values(came, name, min(came, default=first), first - _DAY)),
            known=known,
            counted=counted,
        )

    lines = tuple(line(name, goal) for name, goal in goals.items())
    unplanned = tuple(line(name, Fraction(0)) for name in sorted(others))
    return GoalPace(
        metric=metric,
        what="MQLs" if counted else f"{agreement.currency} of revenue",
        period=period,
        first=first,
        last=last,
        on=on,
        lines=lines,
        total=total_of((*lines, *unplanned)),
    )


def _goals(agreement: Agreement, metric: str, *, on: date, days: int) -> dict[str, Fraction]:
    whole = period_days(agreement.targets.period, on)
    if metric == "mqls":
        figures = {one.segment: one.figures["mql"] for one in plan(agreement).segments}
    else:
        targets = agreement.targets.segments
        figures = {name: Fraction(target.revenue) for name, target in targets.items()}
    return {name: figure * days / whole for name, figure in figures.items()}


def _values(
    came: Mapping[date, Mapping[str, Fraction]], name: str, first: date, last: date
) -> Iterator[Fraction]:
    day = first
    while day <= last:
        yield came.get(day, {}).get(name, Fraction(0))
        day += _DAY


def _plain(line: PaceLine) -> dict[str, Any]:
    def number(value: Fraction | None) -> float | None:
        return None if value is None else float(value)

    return {
        "name": line.name or "(none)",
        "goal": number(line.goal),
        "planned": number(line.planned),
        "actual": number(line.actual),
        "share": number(line.share),
        "expected": number(line.expected),
        "low": number(line.low),
        "high": number(line.high),
        "days_left": line.left,
        "days_to_recover": line.days_to_recover,
        "needed_a_week": number(None if line.needed_a_day is None else line.needed_a_day * 7),
        "present_a_week": number(line.rate * 7),
    }
