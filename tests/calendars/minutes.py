"""Open time counted minute by minute, by asking the zone for the local time of each minute.

Independent of the tables: no cumulative sums, no merging, no offsets of our own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


class MinuteCalendar:
    def __init__(self, entry: dict[str, Any], holidays: frozenset[date] = frozenset()) -> None:
        self.zone = ZoneInfo(entry["timezone"])
        self.week = {}
        for key, intervals in entry["hours"].items():
            first, _, last = key.partition("-")
            for day in DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]:
                self.week[day] = [_minutes(each) for each in intervals]
        self.closed = {date.fromisoformat(str(day)) for day in entry.get("closed", [])} | holidays
        self.opened = {
            date.fromisoformat(str(day)): [_minutes(each) for each in intervals]
            for day, intervals in entry.get("open", {}).items()
        }

    def is_open(self, minute: datetime) -> bool:
        local = minute.astimezone(self.zone)
        day = local.date()
        if day in self.opened:
            intervals = self.opened[day]
        elif day in self.closed:
            intervals = []
        else:
            intervals = self.week.get(DAYS[day.weekday()], [])
        at = local.hour * 60 + local.minute
        return any(start <= at < end for start, end in intervals)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta(0)
        minute = _floor(start)
        while minute < end:
            if self.is_open(minute):
                total += min(end, minute + MINUTE) - max(start, minute)
            minute += MINUTE
        return total

    def due(self, start: datetime, within: timedelta, *, horizon: timedelta) -> datetime | None:
        left = within
        minute = _floor(start)
        while minute < start + horizon:
            if self.is_open(minute):
                begin = max(start, minute)
                room = minute + MINUTE - begin
                if left <= room and (left or not within):
                    return begin + left
                left -= room
            minute += MINUTE
        return None


def _minutes(interval: str) -> tuple[int, int]:
    start, end = interval.split("-")
    return _of_day(start), _of_day(end)


def _of_day(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _floor(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
