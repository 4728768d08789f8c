"""Bringing the clocks of leads up to date with what is known of them, in the caller's transaction.

Derive all clocks of the leads from their events, compare with the stored ones, write what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger import chunks
from accord.ledger.clock_rows import hold_clocks, read_reps
from accord.ledger.erase_rows import without_erased
from accord.ledger.posting_rows import read_postings
from accord.ledger.stage_rows import Moves
from accord.ledger.weekly_clock_rows import first_handoff_at
from accord.services.agreement_eras import Eras, read_eras
from accord.services.clock_books import books_of
from accord.services.clock_changes import Changes, Differs, compare, write
from accord.services.clock_events import with_activities
from accord.services.clock_known import Known, read_known
from accord.services.clock_records import SharedTerms, has_moved, is_otherwise, reps_of
from accord.services.clock_segments import Segments
from accord.services.workspace import Workspace
from accord.sla import (
    ACTIVITY_EVENTS,
    Answers,
    Began,
    Books,
    Clock,
    Ended,
    LeadEvents,
    Rep,
    Started,
    Watch,
    derive_clocks,
    needs_activities,
)

Row = Mapping[str, Any]

_NO_ROWS: Mapping[str, Row] = {}
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What holds for all leads of one call."""

    workspace: Workspace
    eras: Eras
    books: Books
    reps: Mapping[str, Rep]
    as_of: datetime
    reread: bool

    @property
    def watches(self) -> set[Watch]:
        """The terms of any agreement there was."""
        return {term.watch for book in self.books.books for term in book.terms}

    @property
    def kinds(self) -> frozenset[str]:
        """The activities that score points under any agreement there was."""
        return frozenset().union(*(book.kinds for book in self.books.books))


def sync_clocks(
    connection: Connection,
    workspace: Workspace,
    *,
    agreement: Agreement,
    lead_ids: Sequence[str],
    as_of: datetime,
    reread: bool = False,
) -> int:
    """Bring all clocks of these leads up to date; how many were written.

    New clocks take the terms of the agreement that was in force when they began (``agreement`` is
    that of now), others keep those they were started with. Activities are read from the log only
    for leads with a clock that needs them and is new or has moved; ``reread`` reads them for every
    such clock that is not met, where new activities are known.
    """
    context = _context(connection, workspace, agreement, as_of=as_of, reread=reread)
    return _sync(connection, context, lead_ids, news=_NOTHING, moves=_NOTHING)


def sync_news(
    connection: Connection,
    workspace: Workspace,
    *,
    agreement: Agreement,
    news: Mapping[str, int],
    moves: Mapping[str, Moves],
    as_of: datetime,
) -> int:
    """Bring clocks up to date with what happens at ``as_of``; how many were written.

    ``news``: lead_id -> the cycle in which it happens. Clocks of earlier cycles that ended before
    are left as they are: no entry or owner of now changes them. ``moves``: the whole standing
    histories of leads, where the caller has them at hand.
    """
    context = _context(connection, workspace, agreement, as_of=as_of)
    return _sync(connection, context, list(news), news=news, moves=moves)


def derive_anew(
    connection: Connection,
    workspace: Workspace,
    *,
    agreement: Agreement,
    lead_ids: Sequence[str],
    as_of: datetime,
) -> Changes:
    """Derive all clocks of these leads from events alone, as if none had ever been started.

    What would have to be written for the stored ones to be the same to the bit. Writes nothing, and
    holds nobody up: a caller who is going to write lets clocks wait before.
    """
    context = _context(connection, workspace, agreement, as_of=as_of, held=False)
    known = read_known(connection, lead_ids, news=_NOTHING, moves=_NOTHING, as_of=as_of)
    derive = _deriving(connection, context, known, started=_NOTHING)
    clocks = derive(_with_activities(context, known, set(known.events)))
    return _compared(connection, context, known, clocks, differs=is_otherwise)


def _context(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    *,
    as_of: datetime,
    reread: bool = False,
    held: bool = True,
) -> _Context:
    if held:
        hold_clocks(connection)
    eras = read_eras(connection, workspace.ledger, agreement, as_of=as_of)
    return _Context(
        workspace=workspace,
        eras=eras,
        books=books_of(eras),
        reps=reps_of(read_reps(connection, held=held), read_postings(connection)),
        as_of=as_of,
        reread=reread,
    )


def _sync(
    connection: Connection,
    context: _Context,
    lead_ids: Sequence[str],
    *,
    news: Mapping[str, int],
    moves: Mapping[str, Moves],
) -> int:
    written = 0
    for part in chunks(without_erased(connection, sorted(set(lead_ids)))):
        known = read_known(connection, part, news=news, moves=moves, as_of=context.as_of)
        clocks = _derive(connection, context, known)
        changes = _compared(connection, context, known, clocks, differs=has_moved)
        write(connection, changes, as_of=context.as_of)
        written += len(changes.clocks)
    return written


def _compared(
    connection: Connection,
    context: _Context,
    known: Known,
    clocks: Iterable[Clock],
    *,
    differs: Differs,
) -> Changes:
    return compare(
        connection, known, clocks, reps=context.reps, as_of=context.as_of, differs=differs
    )


def _derive(connection: Connection, context: _Context, known: Known) -> list[Clock]:
    """Derive new leads with their activities; others again with them where their clocks need it."""
    terms = SharedTerms()
    started = {lead_id: _started(terms, lead_id, rows) for lead_id, rows in known.stored.items()}
    derive = _deriving(connection, context, known, started=started)
    new = known.events.keys() - started.keys() - known.settled.keys()
    clocks = derive([lead for lead_id, lead in known.events.items() if lead_id not in new])
    waiting = _waiting(context, known, clocks)
    again = derive(_with_activities(context, known, waiting | new))
    kept = [_as_known(clock, known) for clock in clocks if clock.lead_id not in waiting]
    return [*kept, *again]


def _deriving(
    connection: Connection, context: _Context, known: Known, *, started: Mapping[str, Started]
) -> Callable[[Iterable[LeadEvents]], tuple[Clock, ...]]:
    return partial(
        derive_clocks,
        books=context.books,
        reps=context.reps,
        started=started,
        settled=known.settled,
        answers=Answers(
            segment_at=Segments(connection, context.eras, sorted(known.events)).at,
            ours_since=partial(first_handoff_at, connection),
        ),
    )


def _started(terms: SharedTerms, lead_id: str, rows: Mapping[str, Row]) -> Started:
    """Clocks of a lead that was merged into this one are not this one's."""
    return {
        key: Began(row["started_at"], terms.of(row))
        for key, row in rows.items()
        if row["lead_id"] == lead_id
    }


def _waiting(context: _Context, known: Known, clocks: Iterable[Clock]) -> set[str]:
    """Return the leads whose clocks cannot be told without their activities."""
    if any(watch.from_event in ACTIVITY_EVENTS for watch in context.watches):
        return set(known.events)
    return {
        str(clock.lead_id)
        for clock in clocks
        if needs_activities(clock.terms.watch) and _is_untold(context, known, clock)
    }


def _is_untold(context: _Context, known: Known, clock: Clock) -> bool:
    row = _stored_row(clock, known)
    if row is None or row["started_at"] != clock.period.started_at:
        return True
    if row["calendar_terms"] != clock.terms.calendar_terms:  # up to when it ran: by the log alone
        return True
    return context.reread and row["ended_by"] != Ended.MET


def _stored_row(clock: Clock, known: Known) -> Row | None:
    return known.stored.get(clock.lead_id or "", _NO_ROWS).get(clock.clock_id)


def _as_known(clock: Clock, known: Known) -> Clock:
    """A clock that an activity met stays met where the log was not asked again."""
    if not needs_activities(clock.terms.watch):
        return clock
    row = _stored_row(clock, known)
    if row is None or row["ended_by"] != Ended.MET.value:
        return clock
    return clock.met_at(row["ended_at"])


def _with_activities(context: _Context, known: Known, lead_ids: set[str]) -> tuple[LeadEvents, ...]:
    events = [known.events[lead_id] for lead_id in sorted(lead_ids)]
    if not events or not any(needs_activities(watch) for watch in context.watches):
        return tuple(events)
    return with_activities(
        context.workspace.log,
        events,
        kinds=context.kinds,
        absorbed=known.absorbed,
    )
