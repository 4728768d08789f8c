"""When clocks run out, and when the steps of their ladders come: on the term's own time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from accord.agreement import StepAt
from accord.calendars import ALWAYS_OPEN, Calendar, Span
from accord.records import from_us, to_us
from accord.sla.model import OWNER_AWAY, ClockTerms, Rep, Rung

_MICROSECOND = timedelta(microseconds=1)


def parse_absences(text: str | None) -> tuple[Span, ...]:
    """Read the absences of a rep record: ``from/until`` pairs of instants, joined by ``;``.

    >>> parse_absences("2026-12-01T00:00Z/2026-12-08T00:00Z")[0][1].day
    8
    """
    pairs = [pair.split("/") for pair in (text or "").split(";") if pair.strip()]
    return tuple((_instant(start), _instant(end)) for start, end in pairs)


def _instant(text: str) -> datetime:
    """Read one bound; without an offset it is UTC."""
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def clock_calendar(terms: ClockTerms, rep: Rep | None) -> Calendar:
    """Return the open time that a clock runs on: its pauses are closed, wall time never is."""
    base = _parsed(Same(terms.calendar_terms)) if terms.business else ALWAYS_OPEN
    return _paused(base, _absences(terms, rep))


def business_calendar(terms: ClockTerms, rep: Rep | None) -> Calendar:
    """Return the working hours beside a clock, by which its business time is told."""
    return _paused(_parsed(Same(terms.calendar_terms)), _absences(terms, rep))


class Same:
    """A key that is equal only to itself: for what thousands of clocks share, and nobody changes.

    It holds on to what it stands for, so that no other object takes its place.
    """

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


@lru_cache(maxsize=1024)
def _parsed(entry: Same) -> Calendar:
    return Calendar.parse(entry.it)


def _absences(terms: ClockTerms, rep: Rep | None) -> tuple[Span, ...]:
    return rep.absences if rep is not None and OWNER_AWAY in terms.pauses else ()


@lru_cache(maxsize=1024)
def _paused(base: Calendar, absences: tuple[Span, ...]) -> Calendar:
    return base.without(absences)


def due_times(
    clocks: Sequence[tuple[datetime, ClockTerms, Rep | None]],
) -> tuple[datetime, ...]:
    """Return when each clock (start, terms, owner) runs out, many at once."""
    due = [start.astimezone(UTC) + terms.within for start, terms, _ in clocks]
    for calendar, rows in _by_calendar(clocks):
        starts = np.array([to_us(clocks[row][0]) for row in rows], np.int64)
        withins = np.array([clocks[row][1].within // _MICROSECOND for row in rows], np.int64)
        found = calendar.due_many(starts.view("M8[us]"), withins.view("m8[us]"))
        for row, at in zip(rows, found.astype(np.int64).tolist(), strict=True):
            due[row] = from_us(at)
    return tuple(due)


def _by_calendar(
    clocks: Sequence[tuple[datetime, ClockTerms, Rep | None]],
) -> Iterator[tuple[Calendar, list[int]]]:
    """Yield each calendar with the places of its clocks; time never stops for those left out."""
    places: dict[tuple[Same | None, tuple[Span, ...]], list[int]] = {}
    for place, (_, terms, rep) in enumerate(clocks):
        absences = _absences(terms, rep)
        if terms.business or absences:
            hours = Same(terms.calendar_terms) if terms.business else None
            places.setdefault((hours, absences), []).append(place)
    for rows in places.values():
        yield clock_calendar(*clocks[rows[0]][1:]), rows


def rung_times(
    rungs: Iterable[Rung], calendar: Calendar, *, start: datetime, within: timedelta, due: datetime
) -> Iterator[datetime]:
    """Yield when each step of a ladder comes, on the calendar the clock runs on.

    A share of the term is cut to the microsecond below.
    """
    for rung in rungs:
        yield _rung_time(rung.at, calendar, start=start, within=within, due=due)


def _rung_time(
    at: StepAt, calendar: Calendar, *, start: datetime, within: timedelta, due: datetime
) -> datetime:
    if at.share is not None:
        return _due(calendar, start, int(within // _MICROSECOND * at.share) * _MICROSECOND)
    return _due(calendar, due, at.after) if at.after else due


@lru_cache(maxsize=4096)
def _due(calendar: Calendar, start: datetime, within: timedelta) -> datetime:
    """Hand-offs of one run start together: what one clock asks, thousands ask."""
    return calendar.due(start, within)
