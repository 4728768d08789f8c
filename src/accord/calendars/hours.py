"""A calendar as it is written: zone, hours a weekday, holidays, closures and openings.

Reading it reports every fault at once. What follows from it in time is in the table beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from accord.calendars.faults import CalendarError, Faults

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = ("timezone", "hours", "holidays", "closed", "open")
_INTERVAL = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
_MIDNIGHT = 24 * 60
_SHAPE = "write HH:MM-HH:MM, such as 09:00-17:30"

Interval: TypeAlias = tuple[int, int]
"""From (included) until (excluded), minutes of the local day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a calendar is open, in local time; ``week`` from Monday to Sunday."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    holidays: str | None
    closed: frozenset[date]
    opened: tuple[tuple[date, tuple[Interval, ...]], ...]


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the name is a zone of the IANA data, such as ``Europe/Berlin``."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=4096)
def holidays_of(code: str, year: int) -> frozenset[date]:
    """Return the public holidays of a year, observed days included.

    ``code`` is a country or country-subdivision code of the holidays library (``US``, ``DE-BE``);
    KeyError if it knows no such.
    """
    import holidays  # a tenth of a second that only calendars with holidays pay

    country, dash, subdivision = code.partition("-")
    if not country.isupper() or (dash and not subdivision):
        raise KeyError(code)  # the library takes its classes' names as well, and no subdivision
    try:
        days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:
        raise KeyError(code) from None
    return frozenset(days)


def read_hours(entry: Mapping[str, Any]) -> Hours:
    """Read one entry of ``calendars:``; CalendarError with every fault if it cannot be used."""
    faults = Faults()
    for key in entry:
        if key not in _KEYS:
            faults.add("unknown_key", str(key), "is no key of a calendar", f"use {_listed(_KEYS)}")
    hours = Hours(
        zone=_read_zone(entry.get("timezone"), faults),
        week=_read_week(entry.get("hours"), faults),
        holidays=_read_code(entry.get("holidays"), faults),
        closed=frozenset(_read_dates(entry.get("closed", ()), "closed", faults)),
        opened=_read_openings(entry.get("open", {}), faults),
    )
    if not faults.found and not any(hours.week) and not any(day for _, day in hours.opened):
        faults.add("never_open", "hours", "this calendar is never open", "give it hours")
    if faults.found:
        raise CalendarError(faults=faults.found)
    return hours


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _read_zone(value: Any, faults: Faults) -> str:
    if isinstance(value, str) and is_zone(value):
        return value
    if value is None:
        faults.add("no_zone", "timezone", "is missing", "write a zone such as Europe/Berlin")
    else:
        sentence = f"{value!r} is no known zone"
        faults.add("unknown_zone", "timezone", sentence, "write a zone such as Europe/Berlin")
    return "UTC"


def _codes_like(value: Any) -> str:
    """Return what to write instead: of a country that is known, with its subdivisions."""
    import holidays

    country = str(value).partition("-")[0]
    known = holidays.list_supported_countries().get(country)
    if not known:
        return "write a country or country-subdivision code such as US or DE-BE"
    return f"write {country}, or {country}- and one of {_listed(known)}"


def _read_code(value: Any, faults: Faults) -> str | None:
    if value is None:
        return None
    try:
        holidays_of(value if isinstance(value, str) else repr(value), 2026)
    except KeyError:
        sentence = f"{value!r} is no code of the holidays library"
        faults.add("unknown_holidays", "holidays", sentence, _codes_like(value))
        return None
    return str(value)


def _read_week(value: Any, faults: Faults) -> tuple[tuple[Interval, ...], ...]:
    week: dict[str, tuple[Interval, ...]] = {}
    if not isinstance(value, Mapping):
        remedy = 'write weekdays and their hours, such as {mon-fri: ["09:00-17:00"]}'
        faults.add("no_hours", "hours", "is missing or no map", remedy)
        return ((),) * 7
    for key, intervals in value.items():
        opened = _read_day(intervals, f"hours.{key}", faults)
        for day in _read_days(str(key), faults):
            if day in week:
                sentence = f"{day} is named twice"
                faults.add("day_twice", f"hours.{key}", sentence, "name each day once")
            week[day] = opened
    return tuple(week.get(day, ()) for day in WEEKDAYS)


def _read_days(key: str, faults: Faults) -> Sequence[str]:
    first, dash, last = key.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        remedy = f"write one of {_listed(WEEKDAYS)}, or a range such as mon-fri"
        faults.add("unknown_day", f"hours.{key}", f"{key!r} is no weekday", remedy)
        return ()
    low, high = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
    if high < low:
        remedy = "write two ranges, one up to sun and one from mon"
        faults.add("day_wrap", f"hours.{key}", "runs over the end of the week", remedy)
        return ()
    return WEEKDAYS[low : high + 1]


def _read_day(value: Any, path: str, faults: Faults) -> tuple[Interval, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        faults.add("no_list", path, f"{value!r} is no list of hours", f"{_SHAPE}, in a list")
        return ()
    found = [_read_interval(each, f"{path}[{at}]", faults) for at, each in enumerate(value)]
    intervals = sorted(each for each in found if each is not None)
    for (_, end), (start, _) in pairwise(intervals):
        if start < end:
            sentence = f"hours overlap at {start // 60:02}:{start % 60:02}"
            faults.add("overlap", path, sentence, "let one end where the next begins")
    return tuple(intervals)


def _read_interval(value: Any, path: str, faults: Faults) -> Interval | None:
    match = _INTERVAL.match(value) if isinstance(value, str) else None
    if match is None:
        faults.add("no_interval", path, f"{value!r} is no interval", _SHAPE)
        return None
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start >= _MIDNIGHT or end > _MIDNIGHT:
        remedy = "24:00 stands only as an end, and nothing is later"
        faults.add("no_interval", path, f"{value!r} leaves the day", remedy)
        return None
    if end <= start:
        remedy = "end it at 24:00 and go on at 00:00 of the next day"
        faults.add("over_midnight", path, f"{value!r} ends no later than it begins", remedy)
        return None
    return start, end


def _read_date(value: Any, path: str, faults: Faults) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    faults.add("no_date", path, f"{value!r} is no date", "write a date such as 2026-12-24")
    return None


def _read_dates(value: Any, key: str, faults: Faults) -> list[date]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        faults.add("no_list", key, f"{value!r} is no list of dates", "write [2026-12-24, ...]")
        return []
    found = [_read_date(each, f"{key}[{at}]", faults) for at, each in enumerate(value)]
    return [each for each in found if each is not None]


def _read_openings(value: Any, faults: Faults) -> tuple[tuple[date, tuple[Interval, ...]], ...]:
    if not isinstance(value, Mapping):
        remedy = 'write dates and their hours, such as {2026-12-05: ["10:00-14:00"]}'
        faults.add("no_map", "open", f"{value!r} is no map", remedy)
        return ()
    found: dict[date, tuple[Interval, ...]] = {}
    for key, intervals in value.items():
        path = f"open.{key}"
        day, opened = _read_date(key, path, faults), _read_day(intervals, path, faults)
        if day is not None and day in found:
            faults.add("day_twice", path, f"{day} is named twice", "name each day once")
        if day is not None:
            found[day] = opened
    return tuple(sorted(found.items()))
