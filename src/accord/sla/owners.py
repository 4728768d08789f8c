"""The hours that an owner's clock runs on: their calendar, and where it changes the next one.

A calendar that the term names is not touched by it. Entries are those of the agreement that the
clock was started under; a name that it does not know is taken from the one in force at the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accord.calendars import Calendar
from accord.sla.model import ClockTerms, Period, Posting, Rep
from accord.sla.postings import joined_hours, postings_over
from accord.sla.terms import TermBook, named_hours

_Known = tuple[ClockTerms, ClockTerms]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The agreements that a clock's hours are read from.

    ``of_version`` gives that of a version, ``in_force`` the one in force at an instant.
    """

    of_version: Callable[[str], TermBook]
    in_force: Callable[[datetime], TermBook]

    @classmethod
    def only(cls, book: TermBook) -> Books:
        """Return books where there was never another agreement."""
        return cls(of_version=lambda _: book, in_force=lambda _: book)


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
