"""The pace of the goals: each day's sum of MQLs and of revenue against the levelled plan.

Of the month and of the agreement's own period, per segment and in total, up to and with a day that
has ended. Reads and writes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pandas as pd

from accord import planning
from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.metric_rows import read_since
from accord.metrics import METRICS, Cube, Cut, compute, cut, midnight
from accord.planning import Period
from accord.services.measure import read_facts
from accord.services.workspace import Workspace

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def read_goal_pace(
    workspace: Workspace, *, as_of: datetime, on: date | None = None
) -> tuple[planning.GoalPace, ...]:
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
    with workspace.ledger.read() as connection:
        known = read_since(connection)
    until = midnight(day + _DAY, agreement.timezone) - _INSTANT
    since = paced_since(agreement, day)
    frames = read_facts(workspace, agreement, ("entries", "deals"), as_of=until, since=since)
    return tuple(paces_of(agreement, frames, on=day, known=known))


def paces_of(
    agreement: Agreement, frames: Mapping[str, pd.DataFrame], *, on: date, known: datetime | None
) -> Iterator[planning.GoalPace]:
    """Tell the paces up to and with a day, from the frames of entries and deals.

    These hold all facts from :func:`paced_since` on; ``known`` is the first instant that any fact
    speaks of.
    """
    zone = agreement.timezone
    since, until = paced_since(agreement, on), midnight(on + _DAY, zone) - _INSTANT
    days = _days_known(known, until)
    for metric in planning.GOALS:
        came = _came(frames, metric, since=since, until=until, zone=zone)
        for period in _periods(agreement):
            yield planning.goal_pace(agreement, metric, period, on, came, known=days)


def paced_since(agreement: Agreement, on: date) -> datetime:
    """Return from when on facts are needed to tell the paces of a day."""
    first = min(planning.period_start(period, on) for period in _periods(agreement))
    return midnight(first - planning.SEEN_DAYS * _DAY, agreement.timezone)


def _periods(agreement: Agreement) -> tuple[Period, ...]:
    own = agreement.targets.period
    return ("month",) if own == "month" else ("month", own)


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
