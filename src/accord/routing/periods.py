"""The day, ISO week and month around an instant, in the agreement's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The periods that ``as_of`` lies in, as UTC instants.

    ``days`` are the midnights from today's to that of the next Monday: today and what is left of
    the week lie between neighbours.
    """

    as_of: datetime
    week_start: datetime
    month_start: datetime
    days: tuple[datetime, ...]

    @property
    def day_start(self) -> datetime:
        """Midnight of today."""
        return self.days[0]


def periods_of(as_of: datetime, zone: str) -> Periods:
    """Return the periods around an instant, cut at midnight in the zone.

    >>> periods_of(datetime(2026, 11, 21, 12, tzinfo=UTC), "UTC").week_start.date().isoformat()
    '2026-11-16'
    """
    place = ZoneInfo(zone)
    today = as_of.astimezone(place).date()
    left = _DAYS_A_WEEK - today.weekday()
    return Periods(
        as_of=as_of,
        week_start=_midnight(today - timedelta(days=today.weekday()), place),
        month_start=_midnight(today.replace(day=1), place),
        days=tuple(_midnight(today + timedelta(days=day), place) for day in range(left + 1)),
    )


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), place).astimezone(UTC)
