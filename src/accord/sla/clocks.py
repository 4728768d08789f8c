"""From the events of leads to their clocks: the one door that services use."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from accord.sla.due import due_times
from accord.sla.events import ACTIVITY_EVENTS
from accord.sla.model import Clock, ClockTerms, LeadEvents, Period, Rep, Term, Watch
from accord.sla.owners import Books, OwnersHours
from accord.sla.shapes import Shapes
from accord.sla.terms import TermBook

Started = Mapping[str, ClockTerms]
"""The terms that clocks of one lead were started with, by clock_id."""

_NONE: Started = MappingProxyType({})


def derive_clocks(
    leads: Iterable[LeadEvents],
    *,
    book: TermBook,
    reps: Mapping[str, Rep],
    books: Books | None = None,
    started: Mapping[str, Started] = MappingProxyType({}),
    settled: Mapping[str, Container[str]] = MappingProxyType({}),
) -> tuple[Clock, ...]:
    """Return every clock of these leads, running and ended.

    A clock that is among ``started`` (lead_id -> clock_id -> terms) keeps the terms it was started
    with, also if the agreement no longer has them; a new one takes those of the book. Those that
    are ``settled`` (lead_id -> clock_ids) are not asked for. A clock on its owner's hours follows
    them where they change, by the entries of ``books``: the book alone if not given. The same
    events give the same clocks to the bit, in any order of arrival.
    """
    hours = OwnersHours(books or Books.only(book), reps)
    current = {term.watch: term for term in book.terms}
    shapes = Shapes(tuple(current), kinds=book.kinds)
    fresh: dict[tuple[str, str | None, str | None, str | None], ClockTerms] = {}
    found: list[tuple[str, str, Period, ClockTerms]] = []
    for lead in leads:
        kept, done = started.get(lead.lead_id, _NONE), settled.get(lead.lead_id, ())
        former = (terms.watch for terms in kept.values() if terms.watch not in current)
        for period in shapes.periods(lead, tuple(dict.fromkeys(former))):
            key = clock_key(lead.lead_id, period)
            if key in done:
                continue
            terms = kept.get(key)
            if terms is None and period.watch in current:
                alike = (period.watch.name, period.segment, period.team, period.owner_id)
                terms = fresh.get(alike)
                if terms is None:
                    terms = _started(book, current[period.watch], period, reps)
                    fresh[alike] = terms
            if terms is not None and terms.watch == period.watch:
                found.append((lead.lead_id, key, period, hours.over(terms, period)))
    due = due_times(
        [
            (period.started_at, terms, reps.get(period.owner_id or ""))
            for _, _, period, terms in found
        ]
    )
    return tuple(
        Clock(clock_id=key, lead_id=lead_id, period=period, terms=terms, due_at=at)
        for (lead_id, key, period, terms), at in zip(found, due, strict=True)
    )


def _started(book: TermBook, term: Term, period: Period, reps: Mapping[str, Rep]) -> ClockTerms:
    return book.start(term, period, reps.get(period.owner_id or ""))


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
