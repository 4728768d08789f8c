"""Since when a rep has had which team and calendar, by all that was ever said of it.

What a source says to hold since an instant is placed there, whenever it is learnt. What it says
without an instant holds from when we learnt it, gives way to a later word that the rep had changed
before that, and voids what was said earlier to hold from a day still to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accord.calendars import Calendar
from accord.sla.model import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing said of a rep: ``since`` when it holds, or when we learnt it if not ``stated``."""

    since: datetime
    known_at: datetime
    stated: bool
    team: str | None
    calendar: str | None

    @property
    def held(self) -> tuple[str | None, str | None]:
        """What it says: team and calendar."""
        return self.team, self.calendar


def postings_of(statements: Iterable[Statement]) -> tuple[Posting, ...]:
    """Return a rep's team and calendar over time, in any order of the statements the same.

    The first known holds from the beginning of time. Of what is said to hold since one instant the
    last known counts. Neighbours differ.

    >>> from datetime import UTC
    >>> monday, friday = (datetime(2026, 11, day, tzinfo=UTC) for day in (23, 27))
    >>> office, berlin = (
    ...     Statement(since=at, known_at=at, stated=False, team="inbound", calendar=name)
    ...     for at, name in ((monday, "office"), (friday, "berlin"))
    ... )
    >>> [(each.since and each.since.day, each.calendar) for each in postings_of([berlin, office])]
    [(None, 'office'), (27, 'berlin')]
    """
    known = sorted(statements, key=lambda each: (each.known_at, each.since, not each.stated))
    return tuple(_differing(_in_order(known))) if known else ()


def posting_at(postings: Sequence[Posting], at: datetime) -> Posting | None:
    """Return what holds at an instant: at that of a change the new one; None if nothing is known.

    ``postings`` as :func:`postings_of` gives them.
    """
    return next(
        (each for each in reversed(postings) if each.since is None or each.since <= at), None
    )


def postings_over(
    postings: Sequence[Posting], start: datetime, end: datetime | None
) -> Iterator[Posting]:
    """Yield what holds at ``start``, and what changes after it and before ``end``, in order."""
    at_start = posting_at(postings, start)
    if at_start is not None:
        yield at_start
    for each in postings:
        if each.since is not None and each.since > start and (end is None or each.since < end):
            yield each


def joined_hours(
    held: Sequence[Posting], first: Calendar, following: Callable[[Posting], Calendar]
) -> Calendar:
    """Return the hours of a time: ``first`` from its start, from each change on ``following``.

    ``held`` as :func:`postings_over` gives them.
    """
    calendar = first
    for each in held[1:]:
        if each.since is not None:
            calendar = calendar.then(each.since, following(each))
    return calendar


def is_news(known: Sequence[Statement], one: Statement) -> bool:
    """Whether a statement says anything that is not known of its rep.

    A repeated one is news as well where something else was said since that it corrects. One that
    does not say since when is news if what held when we learnt it was something else.
    """
    before = postings_of(known)
    if one.stated:
        alike = [each for each in known if each.stated and each.since == one.since]
        last = max(alike, key=lambda each: each.known_at, default=None)
        is_other = last is None or last.held != one.held
    else:
        held = posting_at(before, one.since)
        is_other = held is None or (held.team, held.calendar) != one.held
    return is_other or postings_of((*known, one)) != before


def first_difference(one: Sequence[Posting], other: Sequence[Posting]) -> datetime | None:
    """Return the first instant at which two lines of postings differ, None if they never do.

    ``BEGINNING`` where they differ from the beginning of time.
    """
    marks = {each.since or BEGINNING for each in (*one, *other)}
    return next((at for at in sorted(marks) if _says(one, at) != _says(other, at)), None)


BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before all that can have happened."""


def _says(postings: Sequence[Posting], at: datetime) -> tuple[str | None, str | None] | None:
    held = posting_at(postings, at)
    return None if held is None else (held.team, held.calendar)


def _in_order(known: Sequence[Statement]) -> Iterator[Statement]:
    first = known[0]
    stated = [each for each in known if each.stated and not _is_void(each, known)]
    learnt = (
        each for each in known if not each.stated and not _gives_way(each, stated, first=first)
    )
    placed = {each.since: each for each in (*learnt, *stated) if each is not first or first.stated}
    if not first.stated:
        yield first
    yield from (placed[since] for since in sorted(placed))


def _gives_way(one: Statement, stated: Iterable[Statement], *, first: Statement) -> bool:
    later = (each for each in stated if each.known_at > one.known_at)
    return one is not first and any(each.since <= one.since for each in later)


def _is_void(one: Statement, known: Iterable[Statement]) -> bool:
    """Whether a change to come was given up: a later word, from before it, says something else."""
    return any(
        not each.stated
        and each.known_at > one.known_at
        and each.since < one.since
        and each.held != one.held
        for each in known
    )


def _differing(statements: Iterable[Statement]) -> Iterator[Posting]:
    before: tuple[str | None, str | None] | None = None
    for each in statements:
        if each.held != before:
            since = None if before is None else each.since
            yield Posting(since=since, team=each.team, calendar=each.calendar)
        before = each.held
