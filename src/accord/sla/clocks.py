"""From the events of leads to their clocks: the one door that services use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from accord.sla.due import due_times
from accord.sla.events import ACTIVITY_EVENTS
from accord.sla.model import Clock, ClockTerms, LeadEvents, Period, Rep, Watch
from accord.sla.owners import Books, OwnersHours
from accord.sla.shapes import Shapes
from accord.sla.terms import TermBook


class Began(NamedTuple):
    """When a stored clock was known to begin, and the terms it was started with."""

    at: datetime
    terms: ClockTerms


Started = Mapping[str, Began]
"""The stored clocks of one lead, by clock_id."""

SegmentAt = Callable[[LeadEvents, datetime], str | None]
"""The segment of a lead at an instant, asked where no hand-over says it."""

_NONE: Started = MappingProxyType({})


def derive_clocks(
    leads: Iterable[LeadEvents],
    *,
    books: Books,
    reps: Mapping[str, Rep],
    started: Mapping[str, Started] = MappingProxyType({}),
    settled: Mapping[str, Container[str]] = MappingProxyType({}),
    segment_at: SegmentAt | None = None,
) -> tuple[Clock, ...]:
    """Return every clock of these leads, running and ended.

    A clock that is among ``started`` (lead_id -> clock_id) and begins when it did keeps the terms
    it was started with, also if no agreement has them; any other takes those of the book that was
    in force when it began, if that has the term. Those that are ``settled`` (lead_id -> clock_ids)
    are not asked for. A clock on its owner's hours follows them where they change. The same events
    give the same clocks to the bit, in any order of arrival, at once or one after the other.
    """
    hours = OwnersHours(books, reps)
    terms = _Terms(books, reps, segment_at or _segment_of)
    found = [
        (lead.lead_id, key, period, hours.over(agreed, period))
        for lead in leads
        for key, period, agreed in terms.of(
            lead, started.get(lead.lead_id, _NONE), settled.get(lead.lead_id, ())
        )
    ]
    due = due_times(
        [
            (period.started_at, agreed, reps.get(period.owner_id or ""))
            for _, _, period, agreed in found
        ]
    )
    return tuple(
        Clock(clock_id=key, lead_id=lead_id, period=period, terms=agreed, due_at=at)
        for (lead_id, key, period, agreed), at in zip(found, due, strict=True)
    )


def _segment_of(lead: LeadEvents, _: datetime) -> str | None:
    return lead.segment


class _Terms:
    """Finds the periods of leads, and the terms that each is held to."""

    def __init__(self, books: Books, reps: Mapping[str, Rep], segment_at: SegmentAt) -> None:
        self._books = books
        self._reps = reps
        self._segment_at = segment_at
        self._readings = {id(book): _Reading(book) for book in books.books}
        self._fresh: dict[tuple[object, ...], ClockTerms] = {}

    def of(
        self, lead: LeadEvents, kept: Started, done: Container[str]
    ) -> Iterator[tuple[str, Period, ClockTerms]]:
        """Yield the clocks of a lead that are not done: name, period, terms.

        Where two books find a clock of one name, that of the earlier book is it.
        """
        readings = self._readings_of(lead)
        former = _former(kept, readings, self._books)
        taken: set[str] = set()
        for reading in readings:
            for period in reading.shapes.periods(lead, former.get(id(reading), ())):
                key = clock_key(lead.lead_id, period)
                if key in done or key in taken:
                    continue
                terms = self._terms(lead, reading, readings, period, kept.get(key))
                if terms is not None:
                    taken.add(key)
                    yield key, period, terms

    def _readings_of(self, lead: LeadEvents) -> tuple[_Reading, ...]:
        if len(self._books.books) == 1:
            return tuple(self._readings.values())
        instants = lead.instants
        over = self._books.over(min(instants), max(instants)) if instants else ()
        return tuple(self._readings[id(book)] for book in over or self._books.books[-1:])

    def _terms(
        self,
        lead: LeadEvents,
        reading: _Reading,
        readings: tuple[_Reading, ...],
        period: Period,
        kept: Began | None,
    ) -> ClockTerms | None:
        """Return the terms of a period, None if it is not for this book to say."""
        if kept is not None and kept.at == period.started_at:
            is_home = _home(kept, readings, self._books) is reading
            return kept.terms if is_home and kept.terms.watch == period.watch else None
        in_force = len(readings) == 1 or self._books.in_force(period.started_at) is reading.book
        if not in_force or period.watch not in reading.terms:
            return None
        return self._start(lead, reading, period)

    def _start(self, lead: LeadEvents, reading: _Reading, period: Period) -> ClockTerms:
        segment = period.segment or self._segment_at(lead, period.started_at)
        alike = (id(reading), period.watch.name, segment, period.team, period.owner_id)
        terms = self._fresh.get(alike)
        if terms is None:
            rep = self._reps.get(period.owner_id or "")
            term = reading.terms[period.watch]
            terms = reading.book.start(term, period, rep, segment=segment)
            self._fresh[alike] = terms
        return terms


class _Reading:
    """One book, made ready for many leads."""

    def __init__(self, book: TermBook) -> None:
        self.book = book
        self.terms = {term.watch: term for term in book.terms}
        self.shapes = Shapes(tuple(self.terms), kinds=book.kinds)


def _home(kept: Began, readings: tuple[_Reading, ...], books: Books) -> _Reading:
    """Return who reads a stored clock: the book it was started under, else the last."""
    if len(readings) == 1:
        return readings[0]
    book = books.of_version(kept.terms.version)
    return next((each for each in readings if each.book is book), readings[-1])


def _former(
    kept: Started, readings: tuple[_Reading, ...], books: Books
) -> dict[int, tuple[Watch, ...]]:
    """Return the terms of stored clocks that the book that reads them does not have."""
    found: dict[int, dict[Watch, None]] = {}
    for each in kept.values():
        reading = _home(each, readings, books)
        if each.terms.watch not in reading.terms:
            found.setdefault(id(reading), {})[each.terms.watch] = None
    return {place: tuple(watches) for place, watches in found.items()}


def clock_key(lead_id: str, period: Period) -> str:
    """Return the name of a clock: one a lead, term, cycle, owner and turn.

    It does not depend on when the clock starts, so a clock whose start moves because something was
    said late stays the same clock, and no step of its ladder is climbed twice.
    """
    owner, name = period.owner_id or "", period.watch.name
    text = f"{lead_id}\x1f{name}\x1f{period.cycle}\x1f{owner}\x1f{period.turn}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def digest(*parts: object) -> str:
    """Return a short digest that names these parts."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


@lru_cache(maxsize=1024)
def needs_activities(watch: Watch) -> bool:
    """Whether a term can only be followed with the lead's activities at hand."""
    return bool(ACTIVITY_EVENTS & {watch.from_event, watch.until_event})
