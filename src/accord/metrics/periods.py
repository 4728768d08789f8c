"""Periods of time in the agreement's zone: ISO weeks, months, days, or one window.

A period holds the instants from its start (included) to its end (excluded). The running period
ends, for counting, at ``as_of`` (included).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from accord.errors import InputError
from accord.records import to_us

_LONG_AGO_US = -(2**62)
_WEEK = re.compile(r"^(\d{4})-W(\d{2})$")


class Cut(StrEnum):
    """How time is cut."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def span(self) -> int:
        """How many such periods make about a quarter."""
        return {Cut.DAY: 91, Cut.WEEK: 13, Cut.MONTH: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period: its label (``2026-W46``, ``2026-11``, ``2026-11-21``) and instants."""

    label: str
    start: datetime
    end: datetime

    def is_partial(self, as_of: datetime) -> bool:
        """Whether it has not ended at ``as_of``; at its very end it has."""
        return as_of < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Periods that follow one another without a gap, in microseconds.

    ``edges_us`` has one entry more than ``labels``. ``horizons_us`` is where each stops to count:
    its end, or just after ``as_of``. ``span`` is how many periods a stored cohort covers: about a
    quarter. ``followed`` judges what became of a cohort at ``as_of`` instead (one window);
    ``undated`` counts facts without an instant too (one window over everything).
    """

    labels: tuple[str, ...]
    edges_us: tuple[int, ...]
    as_of: datetime
    span: int = 1
    followed: bool = False
    undated: bool = False

    @property
    def horizons_us(self) -> tuple[int, ...]:
        """The first instant that no longer counts, of each period."""
        last = to_us(self.as_of) + 1
        return tuple(min(edge, last) for edge in self.edges_us[1:])

    @property
    def last_us(self) -> tuple[int, int]:
        """Where the last period begins, and the first instant that no longer counts in it."""
        return self.edges_us[-2], self.horizons_us[-1]

    @property
    def judged_us(self) -> tuple[int, ...]:
        """The first instant too late for what became of a cohort, of each period."""
        last = to_us(self.as_of) + 1
        return (last,) * len(self.labels) if self.followed else self.horizons_us

    @property
    def partial(self) -> tuple[bool, ...]:
        """Whether each period has not ended."""
        now = to_us(self.as_of)
        return tuple(now < edge for edge in self.edges_us[1:])


def week_label(day: date) -> str:
    """Return the ISO week of a day.

    >>> week_label(date(2026, 11, 9))
    '2026-W46'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def parse_week(label: str) -> date:
    """Return the Monday of an ISO week; InputError if there is no such week."""
    match = _WEEK.match(label)
    try:
        if match is None:
            raise ValueError(label)  # noqa: TRY301  caught below, where the answer is given
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise InputError(
            where="week",
            found=f"{label!r} is no ISO week",
            expected="a year and a week",
            remedy="write it as 2026-W46",
        ) from None


def week_of(at: datetime, zone: str) -> Period:
    """Return the ISO week that an instant lies in, cut in that zone."""
    return week_named(week_label(at.astimezone(ZoneInfo(zone)).date()), zone)


def week_named(label: str, zone: str) -> Period:
    """Return the ISO week of that label, cut in that zone."""
    monday = parse_week(label)
    return Period(
        label=label, start=midnight(monday, zone), end=midnight(monday + timedelta(days=7), zone)
    )


def midnight(day: date, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def cut(kind: Cut, *, first: datetime, as_of: datetime, zone: str) -> Periods:
    """Cut the time from ``first`` to ``as_of`` into whole days, weeks or months of a zone."""
    tz = ZoneInfo(zone)
    last = max(first, as_of).astimezone(tz).date()
    starts = list(_starts(kind, first.astimezone(tz).date(), last))
    labels = tuple(_label(kind, day) for day in starts[:-1])
    edges = tuple(to_us(midnight(day, zone)) for day in starts)
    return Periods(labels=labels, edges_us=edges, as_of=as_of, span=kind.span)


def _starts(kind: Cut, first: date, last: date) -> Iterator[date]:
    day = _floor(kind, first)
    while day <= last:
        yield day
        day = _next(kind, day)
    yield day


def _floor(kind: Cut, day: date) -> date:
    match kind:
        case Cut.DAY:
            return day
        case Cut.WEEK:
            return day - timedelta(days=day.weekday())
        case Cut.MONTH:
            return day.replace(day=1)


def _next(kind: Cut, day: date) -> date:
    match kind:
        case Cut.DAY:
            return day + timedelta(days=1)
        case Cut.WEEK:
            return day + timedelta(days=7)
        case Cut.MONTH:
            return (day + timedelta(days=31)).replace(day=1)


def _label(kind: Cut, day: date) -> str:
    match kind:
        case Cut.DAY:
            return day.isoformat()
        case Cut.WEEK:
            return week_label(day)
        case Cut.MONTH:
            return f"{day:%Y-%m}"


WINDOW = "window"
"""The label of the one period that a window is."""


def window(
    since: datetime | None, until: datetime | None, *, as_of: datetime, before: bool = False
) -> Periods:
    """Return one period from ``since`` (included) to ``until`` (excluded), open where not given.

    ``before`` puts a period of the same length before it, for what is compared with that.
    """
    start = _LONG_AGO_US if since is None else to_us(since)
    end = to_us(as_of) + 1 if until is None else max(start, to_us(until))
    whole = since is None and until is None
    earlier = (("before", 2 * start - end),) if before and since is not None else ()
    return Periods(
        labels=(*(label for label, _ in earlier), WINDOW),
        edges_us=(*(edge for _, edge in earlier), start, end),
        as_of=as_of,
        followed=True,
        undated=whole,
    )
