"""When clocks run out, and when the steps of their ladders come: on the term's own time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

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
    base = Calendar.parse(terms.calendar_terms) if terms.business else ALWAYS_OPEN
    return _paused(base, _absences(terms, rep))


def business_calendar(terms: ClockTerms, rep: Rep | None) -> Calendar:
    """Return the working hours beside a clock, by which its business time is told."""
    return _paused(Calendar.parse(terms.calendar_terms), _absences(terms, rep))


def _absences(terms: ClockTerms, rep: Rep | None) -> tuple[Span, ...]:
    return rep.absences if rep is not None and OWNER_AWAY in terms.pauses else ()


@lru_cache(maxsize=1024)
def _paused(base: Calendar, absences: tuple[Span, ...]) -> Calendar:
    return base.without(absences)


def due_times(
    clocks: Sequence[tuple[datetime, ClockTerms, Rep | None]],
) -> tuple[datetime, ...]:
    """Return when each clock (start, terms, owner) runs out, many at once."""
    due: list[datetime] = [start for start, _, _ in clocks]
    for calendar, rows in _by_calendar(clocks).items():
        if calendar == ALWAYS_OPEN:
            for row in rows:
                due[row] = clocks[row][0].astimezone(UTC) + clocks[row][1].within
            continue
        starts = np.array([to_us(clocks[row][0]) for row in rows], np.int64)
        withins = np.array([clocks[row][1].within // _MICROSECOND for row in rows], np.int64)
        found = calendar.due_many(starts.view("M8[us]"), withins.view("m8[us]"))
        for row, at in zip(rows, found.astype(np.int64).tolist(), strict=True):
            due[row] = from_us(at)
    return tuple(due)


def _by_calendar(
    clocks: Sequence[tuple[datetime, ClockTerms, Rep | None]],
) -> Mapping[Calendar, list[int]]:
    names: dict[tuple[str, tuple[Span, ...]], list[int]] = {}
    for row, (_, terms, rep) in enumerate(clocks):
        text = json.dumps(terms.calendar_terms) if terms.business else ""
        names.setdefault((text, _absences(terms, rep)), []).append(row)
    return {clock_calendar(*clocks[rows[0]][1:]): rows for rows in names.values()}


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
        return calendar.due(start, int(within // _MICROSECOND * at.share) * _MICROSECOND)
    return calendar.due(due, at.after) if at.after else due
