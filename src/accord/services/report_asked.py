"""Which time a report is asked for: a week, a month, a span of days; how far it looks back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.metric_rows import read_since
from accord.metrics import Cut, Period, Periods, cut, midnight, week_named, week_of, window
from accord.report import Asked, Kind
from accord.services.measure import bound

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)
_QUARTER = timedelta(weeks=Cut.WEEK.span)
_WEEKS_SHOWN, _MONTHS_SHOWN = 10, 12
_WEEKLY_UP_TO = timedelta(weeks=26)  # a longer span is shown by month


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for: one of a week, a month, days from and to, everything; or nothing.

    Nothing is the week of the day before: on a Monday the one that has just closed.
    """

    week: str | None = None
    month: str | None = None
    since: str | None = None
    until: str | None = None
    everything: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """The options given."""
        given = (
            ("--week", self.week is not None),
            ("--month", self.month is not None),
            ("--from/--to", self.since is not None or self.until is not None),
            ("--all", self.everything),
        )
        return tuple(name for name, is_given in given if is_given)


def resolve(connection: Connection, wanted: Wanted, *, zone: str, as_of: datetime) -> Asked:
    """Return the time that is wanted; InputError if two are, or if it has not begun."""
    if len(wanted.named) > 1:
        raise InputError(
            where=wanted.named[1],
            found=f"{' and '.join(wanted.named)} at once",
            expected="one of --week, --month, --from/--to, --all",
            remedy="leave all but one out",
        )
    if wanted.week is not None:
        return _begun(_week(week_named(wanted.week, zone), zone), wanted.week, as_of)
    if wanted.month is not None:
        return _begun(_month(parse_month(wanted.month), zone), wanted.month, as_of)
    if wanted.named:
        return _begun(_span(connection, wanted, zone=zone, as_of=as_of), wanted.named[0], as_of)
    return present_week(as_of, zone)


def present_week(as_of: datetime, zone: str) -> Asked:
    """Return the week that people talk of at an instant: that of the day before."""
    return _week(week_of(as_of - _DAY, zone), zone)


def present_month(as_of: datetime, zone: str) -> str:
    """Name the month that people talk of at an instant: that of the day before."""
    return f"{(as_of - _DAY).astimezone(ZoneInfo(zone)):%Y-%m}"


def parse_month(label: str) -> date:
    """Return the first day of a month; InputError if there is no such month."""
    match = _MONTH.fullmatch(label)
    if match is None or not int(match[1]):
        raise InputError(
            where="month",
            found=f"{label!r} is no month",
            expected="a year and a month",
            remedy="write it as 2026-11",
        )
    return date(int(match[1]), int(match[2]), 1)


def row_of(asked: Asked, since: datetime | None, *, at: datetime) -> Periods:
    """Cut the periods shown, and a quarter before them, from which their cohorts come."""
    start = asked.period.start
    back = _months_back(asked) if asked.cut is Cut.MONTH else _weeks_back(asked)
    first = start if since is None else min(max(since, back), start)
    return cut(asked.cut, first=first, as_of=at, zone=asked.zone)


def _weeks_back(asked: Asked) -> datetime:
    weeks = timedelta(0) if asked.is_span else timedelta(weeks=asked.shown)
    return asked.period.start - weeks - _QUARTER


def _months_back(asked: Asked) -> datetime:
    months = Cut.MONTH.span + (0 if asked.is_span else asked.shown)
    return midnight(months_before(asked.first_day, months), asked.zone)


def base_of(asked: Asked, *, at: datetime) -> Periods:
    """Return the longer time that ends with the one asked for, as one window."""
    end = asked.period.end
    match asked.kind:
        case Kind.WEEK:
            return window(end - _QUARTER, end, as_of=at)
        case Kind.MONTH:
            first = months_before(asked.first_day, Cut.MONTH.span - 1)
            return window(midnight(first, asked.zone), end, as_of=at)
        case Kind.SPAN if asked.everything:
            return window(None, None, as_of=at)
        case Kind.SPAN:
            return window(asked.period.start, end, as_of=at)


def months_before(day: date, count: int) -> date:
    """Return the first day of the month that many months before a day's.

    >>> months_before(date(2026, 2, 17), 3)
    datetime.date(2025, 11, 1)
    """
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _week(period: Period, zone: str) -> Asked:
    return Asked(kind=Kind.WEEK, period=period, cut=Cut.WEEK, shown=_WEEKS_SHOWN, zone=zone)


def _month(first: date, zone: str) -> Asked:
    after = months_before(first, -1)
    period = Period(label=f"{first:%Y-%m}", start=midnight(first, zone), end=midnight(after, zone))
    return Asked(kind=Kind.MONTH, period=period, cut=Cut.MONTH, shown=_MONTHS_SHOWN, zone=zone)


def _span(connection: Connection, wanted: Wanted, *, zone: str, as_of: datetime) -> Asked:
    """A span of whole days, both included; from the first fact, to this day if not given."""
    today = as_of.astimezone(ZoneInfo(zone)).date()
    start = bound(wanted.since, "--from", zone) or _first_day(connection, as_of, zone)
    until = bound(wanted.until, "--to", zone, whole_day=True)
    end = until or midnight(today + _DAY, zone)
    if end <= start:
        raise InputError(
            where="--to", found=f"{wanted.until or today} is before the first day",
            expected="the last day, not before the first",
        )  # fmt: skip
    label = "all" if wanted.everything else _span_label(start, end, zone)
    is_short = end - start <= _WEEKLY_UP_TO
    period = Period(label=label, start=start, end=end)
    kind = Cut.WEEK if is_short else Cut.MONTH
    at = min(as_of, end - timedelta(microseconds=1))
    shown = len(cut(kind, first=start, as_of=at, zone=zone).labels)
    return Asked(
        kind=Kind.SPAN, period=period, cut=kind, shown=shown, zone=zone,
        everything=wanted.everything,
    )  # fmt: skip


def _span_label(start: datetime, end: datetime, zone: str) -> str:
    first = start.astimezone(ZoneInfo(zone)).date()
    last = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    return f"{first}-to-{last}"


def _first_day(connection: Connection, as_of: datetime, zone: str) -> datetime:
    """Return when the day of the first fact begins; this day without facts."""
    since = read_since(connection)
    first = as_of if since is None else min(since, as_of)
    return midnight(first.astimezone(ZoneInfo(zone)).date(), zone)


def _begun(asked: Asked, name: str, as_of: datetime) -> Asked:
    if asked.period.start > as_of:
        what = asked.kind.value
        raise InputError(where=what, found=f"{name} has not begun", expected=f"a {what} up to now")
    return asked
