"""Marketing's weekly terms: whether a week's volume and acceptance reached what was agreed.

A week is an ISO week in the agreement's zone; both terms are due at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from accord.sla.model import Ended

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One ISO week: from its Monday's midnight (included) until the next one's."""

    monday: date
    start: datetime
    end: datetime


def week_from(monday: date, zone: str) -> Week:
    """Return the week that begins on a Monday, cut in a zone."""
    return Week(monday=monday, start=_midnight(monday, zone), end=_midnight(monday + _WEEK, zone))


def last_week(at: datetime, zone: str) -> Week:
    """Return the newest week that has ended at an instant; at its very end it has."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return week_from(today - timedelta(days=today.weekday()) - _WEEK, zone)


def weeks_until(last: Week, *, since: datetime, in_force: date, zone: str) -> Iterator[Week]:
    """Yield the weeks up to the last that end after ``since`` and began under the agreement."""
    first = since.astimezone(ZoneInfo(zone)).date()
    monday = first - timedelta(days=first.weekday())
    while monday <= last.monday:
        if monday >= in_force:
            yield week_from(monday, zone)
        monday += _WEEK


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def volume_verdict(delivered: int, *, owed: Fraction, at_least: Fraction) -> Ended | None:
    """Return met where what was delivered is at least the agreed share of what was owed.

    None is a breach: it can no longer be met. Where nothing is owed, nothing suffices.
    """
    return Ended.MET if delivered >= owed * at_least else None


def acceptance_verdict(accepted: int, handed: int, *, at_least: Fraction) -> Ended | None:
    """Return met where the accepted share is reached, cancelled where nothing was handed over."""
    if not handed:
        return Ended.CANCELLED
    return Ended.MET if Fraction(accepted, handed) >= at_least else None
