"""The pace of the goals: each day's sum of MQLs and of revenue against the levelled plan.

Of the month and of the agreement's own period, per segment and in total, up to and with a day that
has ended. Reads and writes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from accord import planning
from accord.agreement import Agreement
from accord.errors import InputError
from accord.findings import Finding
from accord.ledger.metric_rows import read_since
from accord.metrics import METRICS, Cube, Cut, compute, cut, midnight, quotient
from accord.planning import Period
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_COUNTED = ("mqls", "revenue")
"""The metrics that have a goal."""


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
    lines: tuple[planning.PaceLine, ...]
    total: planning.PaceLine

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of it."""
        return planning.find_pace(self.lines, self.total, what=self.what, period=self.period)

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


def read_goal_pace(
    workspace: Workspace, *, as_of: datetime, on: date | None = None
) -> tuple[GoalPace, ...]:
    """Tell the pace of MQLs and of revenue, of the month and of the period that plans are made for.

    ``on`` is the last day that counts, whole; without it the one before ``as_of``. InputError on a
    day that has not ended at ``as_of``.
    """
    agreement = workspace.agreement(as_of)
    zone = ZoneInfo(agreement.timezone)
    yesterday = as_of.astimezone(zone).date() - _DAY
    if on is not None and on > yesterday:
        raise InputError(
            where="--on", found=f"{on} has not ended", expected=f"a day up to {yesterday}"
        )
    day = on or yesterday
    return tuple(_paces(workspace, agreement, day))


def _paces(workspace: Workspace, agreement: Agreement, day: date) -> Iterator[GoalPace]:
    own = agreement.targets.period
    periods: tuple[Period, ...] = ("month", own) if own != "month" else ("month",)
    first = min(planning.period_start(period, day) for period in periods)
    since = midnight(first - planning.SEEN_DAYS * _DAY, agreement.timezone)
    with workspace.ledger.read() as connection:
        known = read_since(connection)
    until = midnight(day + _DAY, agreement.timezone) - _INSTANT
    frames = read_facts(workspace, agreement, ("entries", "deals"), as_of=until, since=since)
    for metric in _COUNTED:
        came = _came(frames, metric, since=since, until=until, zone=agreement.timezone)
        for period in periods:
            yield goal_pace(agreement, metric, period, day, came, known=_days_known(known, until))


def _days_known(since: datetime | None, until: datetime) -> int:
    """Count the days of which anything can be known."""
    return 0 if since is None else max((until - since) // _DAY + 1, 0)


def _came(
    frames: Mapping[str, pd.DataFrame], metric: str, *, since: datetime, until: datetime, zone: str
) -> dict[date, dict[str, Fraction]]:
    """Return what came on each day, by segment; facts without one are under ""."""
    periods = cut(Cut.DAY, first=since, as_of=until, zone=zone)
    found: dict[date, dict[str, Fraction]] = {
        date.fromisoformat(label): {} for label in periods.labels
    }
    for number in compute(Cube(frames, periods), METRICS[metric], "segment"):
        day = found[date.fromisoformat(number.period)]
        day[number.member] = Fraction(number.value or 0)
    return found


def goal_pace(
    agreement: Agreement,
    metric: str,
    period: Period,
    on: date,
    came: Mapping[date, Mapping[str, Fraction]],
    *,
    known: int = planning.SEEN_DAYS,
) -> GoalPace:
    """Set what came on each day against the goal of the period that holds a day.

    ``came`` holds every day from the earliest one known to ``on``, by segment. A month's goal is
    its levelled share of a quarter's. Of the last ``known`` days something was counted.
    """
    first, last = planning.period_start(period, on), planning.period_end(period, on)
    length = (last - first).days + 1
    goals = _goals(agreement, metric, on=on, days=length)
    others = {name for day in came.values() for name in day} - goals.keys()
    counted = metric == "mqls"

    def line(name: str, goal: Fraction) -> planning.PaceLine:
        return planning.PaceLine(
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
        total=planning.total_of((*lines, *unplanned)),
    )


def _goals(agreement: Agreement, metric: str, *, on: date, days: int) -> dict[str, Fraction]:
    whole = planning.period_days(agreement.targets.period, on)
    if metric == "mqls":
        plan = planning.plan(agreement)
        figures = {one.segment: one.figures["mql"] for one in plan.segments}
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


def _plain(line: planning.PaceLine) -> dict[str, Any]:
    def number(value: Fraction | None) -> float | None:
        return None if value is None else float(quotient(value, 1))

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
