"""When somebody is open, in words: hours of the week, holidays, closures, openings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from accord.agreement.written.words import say_all

_DAYS: Mapping[str, str] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def say_calendar(entry: Mapping[str, Any]) -> str:
    """Say when a calendar is open, as it was written (``calendars`` of the agreement)."""
    return "; ".join(_clauses(entry)) + f". Times are those of {entry['timezone']}."


def say_day(day: Any) -> str:
    """Say a date as it is written; text is taken for one."""
    return day.isoformat() if isinstance(day, date) else str(day)


def say_weekdays(key: str) -> str:
    """Say the days of a key such as ``mon-fri``.

    >>> say_weekdays("mon-fri"), say_weekdays("sat")
    ('Monday to Friday', 'Saturday')
    """
    first, _, last = key.partition("-")
    return f"{_DAYS[first]} to {_DAYS[last]}" if last else _DAYS[first]


def say_hours(intervals: Sequence[str]) -> str:
    """Say the hours of a day; none of them is closed."""
    if not intervals:
        return "closed"
    return say_all(str(one).replace("-", " to ") for one in intervals)


def _clauses(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, intervals in entry["hours"].items():
        yield f"{say_weekdays(str(key))} {say_hours(intervals)}"
    if entry.get("holidays") is not None:
        yield f"closed on the public holidays of {entry['holidays']}, observed days included"
    if entry.get("closed"):
        yield f"closed on {say_all(say_day(day) for day in entry['closed'])}"
    for day, intervals in (entry.get("open") or {}).items():
        yield f"on {say_day(day)} open {say_hours(intervals)}, whatever else is said of that day"
