"""The hours that an owner's clock runs on: their calendar, and where it changes the next one.

A calendar that the term names is not touched by it. Entries are those of the agreement that the
clock was started under; a name that it does not know is taken from the one in force at the change.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from accord.calendars import Calendar
from accord.sla.model import ClockTerms, Period, Posting, Rep
from accord.sla.postings import BEGINNING, joined_hours, postings_over
from accord.sla.terms import TermBook, named_hours

_Known = tuple[ClockTerms, ClockTerms]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The agreements that clocks are counted by, one after the other.

    ``since`` says from when on each of ``books`` is in force, the first from the beginning of time;
    ``named`` are they by version. One that is asked for and is not there counts as the last.
    """

    since: tuple[datetime, ...]
    books: tuple[TermBook, ...]
    named: Mapping[str, TermBook] = field(default_factory=dict)

    @classmethod
    def only(cls, book: TermBook) -> Books:
        """Return books where there was never another agreement."""
        return cls(since=(BEGINNING,), books=(book,))

    def of_version(self, version: str) -> TermBook:
        """Return the book of a version."""
        return self.named.get(version, self.books[-1])

    def in_force(self, at: datetime) -> TermBook:
        """Return the book in force at an instant."""
        return self.books[bisect_right(self.since, at) - 1]

    def over(self, first: datetime, last: datetime) -> tuple[TermBook, ...]:
        """Return the books that were in force between two instants, each once, in order."""
        begin, end = bisect_right(self.since, first) - 1, bisect_right(self.since, last)
        return tuple({id(book): book for book in self.books[begin:end]}.values())


class OwnersHours:
    """The terms of clocks, with the hours that their owners had while they ran."""

    def __init__(self, books: Books, reps: Mapping[str, Rep]) -> None:
        self._books = books
        self._reps = reps
        self._known: dict[tuple[Any, ...], _Known] = {}

    def over(self, terms: ClockTerms, period: Period) -> ClockTerms:
        """Return terms that run on the owner's hours over a period, the same object if they do.

        What changes at the very instant of the start is the start's, and what changes when the
        period ends, or later, is nothing to it.
        """
        rep = self._reps.get(period.owner_id or "")
        if rep is None or not rep.postings or not terms.follows_owner:
            return terms
        held = tuple(postings_over(rep.postings, period.started_at, period.ended_at))
        key = (id(terms), held, period.team)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (terms, self._running_on(terms, held, period.team))
        return known[1]

    def _running_on(
        self, terms: ClockTerms, held: Sequence[Posting], team: str | None
    ) -> ClockTerms:
        name, first = self._hours(terms, held[0], team)
        calendar = joined_hours(
            held, first, lambda each: self._hours(terms, each, team, changed_at=each.since)[1]
        )
        if name == terms.calendar and calendar.terms == terms.calendar_terms:
            return terms
        return replace(terms, calendar=name, calendar_terms=calendar.terms)

    def _hours(
        self,
        terms: ClockTerms,
        posting: Posting,
        team: str | None,
        *,
        changed_at: datetime | None = None,
    ) -> tuple[str, Calendar]:
        """Return name and hours of one part; those the clock was started with stay as they were."""
        books = [self._books.of_version(terms.version)]
        if changed_at is not None:
            books.append(self._books.in_force(changed_at))
        teams = (posting.team, team)
        name, entry = named_hours(books, posting.calendar, teams, side=terms.watch.side)
        calendar = Calendar.parse(terms.calendar_terms if name == terms.calendar else entry)
        return name, calendar.parts[0][1]
