"""When a review is due: ``at`` is ``[mon..sun or 1..28] HH:MM`` in the agreement's zone.

``every: N months`` counts from January. No review stands between 01:00 and 03:00, so each of its
times exists once on every day, also where clocks change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accord.agreement.model import Review

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_LONGEST = 366 + 31  # days between two reviews: every 12 months, on a day of one of them


def last_due(review: Review, zone: str, at: datetime) -> datetime:
    """Return the newest instant, not after another, at which a review was due.

    >>> from accord.agreement import Review
    >>> monday = Review(at="mon 07:00", what="week", to=("cmo",))
    >>> str(last_due(monday, "America/New_York", datetime(2026, 11, 24, tzinfo=UTC)))
    '2026-11-23 12:00:00+00:00'
    """
    day = at.astimezone(ZoneInfo(zone)).date()
    days = (day - place * _DAY for place in range(_LONGEST + 1))
    dues = (_due(review, zone, one) for one in days if _is_day(review, one))
    return next(due for due in dues if due <= at)


def next_due(review: Review, zone: str, at: datetime) -> datetime:
    """Return the first instant after another at which a review is due."""
    day = at.astimezone(ZoneInfo(zone)).date()
    days = (day + place * _DAY for place in range(_LONGEST + 1))
    dues = (_due(review, zone, one) for one in days if _is_day(review, one))
    return next(due for due in dues if due > at)


def _is_day(review: Review, day: date) -> bool:
    on = review.at.rpartition(" ")[0]
    if on in _WEEKDAYS:
        return day.weekday() == _WEEKDAYS.index(on)
    if not on:
        return True
    every = 1 if review.every is None else int(review.every.split()[0])
    return day.day == int(on) and (day.month - 1) % every == 0


def _due(review: Review, zone: str, day: date) -> datetime:
    clock = time.fromisoformat(review.at.rpartition(" ")[2])
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)
