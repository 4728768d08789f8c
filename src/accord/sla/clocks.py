"""From the events of leads to their clocks: the one door that services use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from accord.records import Origin, Side, Stage
from accord.sla.due import due_times
from accord.sla.events import ACTIVITY_EVENTS, ENTERED
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


def _segment_of(lead: LeadEvents, _: datetime) -> str | None:
    return lead.segment


def _never() -> datetime | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What only few clocks ask for, and what answers them.

    ``segment_at``: the segment of a lead at an instant, where no hand-over says it. ``ours_since``:
    when we first handed anything over ourselves, None if we never have.
    """

    segment_at: Callable[[LeadEvents, datetime], str | None] = _segment_of
    ours_since: Callable[[], datetime | None] = _never


_NONE: Started = MappingProxyType({})
_BEFORE_SALES = frozenset(
    {"activity", *(f"{ENTERED}{stage}" for stage in (Stage.NEW_NAME, Stage.ENGAGED, Stage.TARGET))}
)


def derive_clocks(
    leads: Iterable[LeadEvents],
    *,
    books: Books,
    reps: Mapping[str, Rep],
    started: Mapping[str, Started] = MappingProxyType({}),
    settled: Mapping[str, Container[str]] = MappingProxyType({}),
    answers: Answers = Answers(),
) -> tuple[Clock, ...]:
    """Return every clock of these leads, running and ended.

    A clock that is among ``started`` (lead_id -> clock_id) and begins when it did keeps the terms
    it was started with, also if no agreement has them; any other takes those of the book that was
    in force when it began, if that has the term. Those that are ``settled`` (lead_id -> clock_ids)
    are not asked for. A clock on its owner's hours follows them where they change. One of a lead
    that was never handed over climbs its ladder if we handed others over already when it began:
    what was before is history. The same events give the same clocks to the bit, in any order of
    arrival, at once or one after the other.
    """
    hours = OwnersHours(books, reps)
    terms = _Terms(books, reps, answers)
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


class _Terms:
    """Finds the periods of leads, and the terms that each is held to."""

    def __init__(self, books: Books, reps: Mapping[str, Rep], answers: Answers) -> None:
        self._books = books
        self._reps = reps
        self._segment_at = answers.segment_at
        self._ours_since = cache(answers.ours_since)
        shapes: dict[tuple[object, ...], Shapes] = {}
        self._readings = {id(book): _Reading(book, shapes) for book in books.books}
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
        for shapes in dict.fromkeys(reading.shapes for reading in readings):
            for period in shapes.periods(lead, former.get(shapes, ())):
                key = clock_key(lead.lead_id, period)
                if key in done or key in taken:
                    continue
                terms = self._terms(lead, readings, shapes, period, kept.get(key))
                if terms is not None:
                    taken.add(key)
                    yield key, self._as_ours(period, terms), terms

    def _readings_of(self, lead: LeadEvents) -> tuple[_Reading, ...]:
        if len(self._books.books) == 1:
            return tuple(self._readings.values())
        instants = lead.instants
        over = self._books.over(min(instants), max(instants)) if instants else ()
        return tuple(self._readings[id(book)] for book in over or self._books.books[-1:])

    def _terms(
        self,
        lead: LeadEvents,
        readings: tuple[_Reading, ...],
        shapes: Shapes,
        period: Period,
        kept: Began | None,
    ) -> ClockTerms | None:
        """Return the terms of a period, None if it is not for these shapes to say."""
        if kept is not None and kept.at == period.started_at:
            home = _home(kept, readings, self._books)
            is_told = home.shapes is shapes and kept.terms.watch == period.watch
            return kept.terms if is_told else None
        reading = readings[0]
        if len(readings) > 1:
            reading = self._readings[id(self._books.in_force(period.started_at))]
        if reading.shapes is not shapes or period.watch not in reading.terms:
            return None
        return self._start(lead, reading, period)

    def _as_ours(self, period: Period, terms: ClockTerms) -> Period:
        """Return the period of a lead that marketing answers for as ours, if it is to climb.

        It was a source that stated the lead, but nobody else is to be told: there is no hand-over
        whose origin could say so.
        """
        alone = period.handoff_id is None and period.watch.from_event in _BEFORE_SALES
        if not (alone and terms.rungs and period.watch.side is Side.MARKETING):
            return period
        since = self._ours_since()
        if since is None or period.started_at < since:
            return period
        return replace(period, origin=Origin.DECIDED)

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
    """One book, made ready for many leads; books that seek the same share the shapes."""

    def __init__(self, book: TermBook, shapes: dict[tuple[object, ...], Shapes]) -> None:
        self.book = book
        self.terms = {term.watch: term for term in book.terms}
        watches = tuple(self.terms)
        sought = (frozenset(watches), book.kinds)
        self.shapes = shapes.setdefault(sought, Shapes(watches, kinds=book.kinds))


def _home(kept: Began, readings: tuple[_Reading, ...], books: Books) -> _Reading:
    """Return who reads a stored clock: the book it was started under, else the last."""
    if len(readings) == 1:
        return readings[0]
    book = books.of_version(kept.terms.version)
    return next((each for each in readings if each.book is book), readings[-1])


def _former(
    kept: Started, readings: tuple[_Reading, ...], books: Books
) -> dict[Shapes, tuple[Watch, ...]]:
    """Return the terms of stored clocks that the book that reads them does not have."""
    found: dict[Shapes, dict[Watch, None]] = {}
    for each in kept.values():
        reading = _home(each, readings, books)
        if each.terms.watch not in reading.terms:
            found.setdefault(reading.shapes, {})[each.terms.watch] = None
    return {shapes: tuple(watches) for shapes, watches in found.items()}


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
