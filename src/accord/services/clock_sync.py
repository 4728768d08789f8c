"""Bringing the clocks of leads up to date with what is known of them, in the caller's transaction.

Derive all clocks of the leads from their events, compare with the stored ones, write what differs.
A clock that ends takes its waiting messages with it; one that nothing supports any more goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger import chunks
from accord.ledger.clock_rows import (
    count_steps,
    delete_clocks,
    hold_clocks,
    note_known_late,
    read_reps,
    withdraw_messages,
    write_clocks,
    write_steps,
)
from accord.ledger.posting_rows import read_postings
from accord.ledger.stage_rows import Moves
from accord.records import Origin
from accord.services.clock_books import read_books
from accord.services.clock_events import with_activities
from accord.services.clock_known import Known, read_known
from accord.services.clock_records import SharedTerms, has_moved, reps_of, row_of
from accord.services.workspace import Workspace
from accord.sla import (
    ACTIVITY_EVENTS,
    Books,
    Clock,
    Ended,
    LeadEvents,
    Rep,
    Started,
    TermBook,
    clock_calendar,
    derive_clocks,
    missed,
    needs_activities,
    rung_times,
    term_book,
)

Row = Mapping[str, Any]

_NO_ROWS: Mapping[str, Row] = {}
_NOTHING: Mapping[str, Any] = MappingProxyType({})

_UNSWEPT = "its clock ended before a sweep came"
WITHDRAWN = "withdrawn: its clock ended while it waited"
_KNOWN_LATE = "sent before it was known that the clock had ended"
_TOLD_BEFORE = "taken before an earlier beginning of the term was known"
_UNSUPPORTED = "withdrawn: what is known no longer supports its clock"


@dataclass(slots=True, kw_only=True)
class _Changes:
    """What one call writes, gathered first: all rows in bulk at the end."""

    clocks: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    ended: dict[str, datetime] = field(default_factory=dict)
    gone: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What holds for all leads of one call."""

    workspace: Workspace
    book: TermBook
    books: Books
    reps: Mapping[str, Rep]
    as_of: datetime
    reread: bool


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

    New clocks start under ``agreement``, others keep the terms they were started with. Activities
    are read from the log only for leads with a clock that needs them and is new or has moved;
    ``reread`` reads them for every such clock that is not met, where new activities are known.
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


def _context(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    *,
    as_of: datetime,
    reread: bool = False,
) -> _Context:
    hold_clocks(connection)
    book = term_book(agreement)
    return _Context(
        workspace=workspace,
        book=book,
        books=read_books(workspace, book, as_of=as_of),
        reps=reps_of(read_reps(connection, held=True), read_postings(connection)),
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
    for part in chunks(sorted(set(lead_ids))):
        known = read_known(connection, part, news=news, moves=moves, as_of=context.as_of)
        changes = _compare(connection, context, known, _derive(context, known))
        _write(connection, changes, as_of=context.as_of)
        written += len(changes.clocks)
    return written


def _derive(context: _Context, known: Known) -> list[Clock]:
    """Derive new leads with their activities; others again with them where their clocks need it."""
    terms = SharedTerms()
    started = {lead_id: _started(terms, lead_id, rows) for lead_id, rows in known.stored.items()}
    derive = partial(
        derive_clocks,
        book=context.book,
        books=context.books,
        reps=context.reps,
        started=started,
        settled=known.settled,
    )
    new = known.events.keys() - started.keys() - known.settled.keys()
    clocks = derive([lead for lead_id, lead in known.events.items() if lead_id not in new])
    waiting = _waiting(context, known, clocks)
    again = derive(_with_activities(context, known, waiting | new))
    kept = [_as_known(clock, known) for clock in clocks if clock.lead_id not in waiting]
    return [*kept, *again]


def _started(terms: SharedTerms, lead_id: str, rows: Mapping[str, Row]) -> Started:
    """Clocks of a lead that was merged into this one are not this one's."""
    return {key: terms.of(row) for key, row in rows.items() if row["lead_id"] == lead_id}


def _waiting(context: _Context, known: Known, clocks: Iterable[Clock]) -> set[str]:
    """Return the leads whose clocks cannot be told without their activities."""
    if any(term.watch.from_event in ACTIVITY_EVENTS for term in context.book.terms):
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
    terms = (term.watch for term in context.book.terms)
    if not events or not any(needs_activities(watch) for watch in terms):
        return tuple(events)
    return with_activities(
        context.workspace.log,
        events,
        kinds=context.book.kinds,
        absorbed=known.absorbed,
    )


def _compare(
    connection: Connection, context: _Context, known: Known, clocks: Iterable[Clock]
) -> _Changes:
    changes = _Changes()
    moved: list[tuple[Clock, dict[str, Any], Row | None]] = []
    gone = {key: row for rows in known.stored.values() for key, row in rows.items()}
    for clock in clocks:
        stored = gone.pop(clock.clock_id, None)
        if stored is None or has_moved(clock, stored, context.reps):
            moved.append((clock, row_of(clock, context.reps), stored))
    changes.gone.extend(gone.values())
    taken = _taken(connection, context, moved)
    later = (clock for clock, _, stored in moved if stored is None and clock.period.turn)
    former = _former(known, later)
    climbed = count_steps(connection, sorted(former.values())) if former else {}
    for clock, row, stored in moved:
        behind = taken.get(clock.clock_id, 0)
        carried = min(climbed.get(former.get(clock.clock_id, ""), 0), len(clock.terms.rungs))
        changes.steps.extend(_carried_steps(context, clock, range(behind, carried)))
        _place(context, changes, clock, row, stored, max(behind, carried))
    return changes


def _former(known: Known, clocks: Iterable[Clock]) -> dict[str, str]:
    """Return by clock the name it had before: an earlier turn of its owner came to be known.

    Its steps stand under that name, and are not to be told again.
    """
    return {
        clock.clock_id: row["clock_id"]
        for clock in clocks
        for row in known.stored.get(clock.lead_id or "", _NO_ROWS).values()
        if row["started_at"] == clock.period.started_at
        and (row["lead_id"], row["term"], row["cycle"], row["owner_id"])
        == (clock.lead_id, clock.terms.watch.name, clock.period.cycle, clock.period.owner_id)
    }


def _carried_steps(context: _Context, clock: Clock, indexes: range) -> Iterator[dict[str, Any]]:
    for index, at in zip(indexes, _times(context, clock, indexes.start), strict=False):
        yield _skipped_step(clock, index, at, context.as_of, why=_TOLD_BEFORE)


def _taken(
    connection: Connection,
    context: _Context,
    moved: Iterable[tuple[Clock, dict[str, Any], Row | None]],
) -> dict[str, int]:
    """Return how many steps of clocks are behind them; those that never had one are not asked.

    A clock that is not stored may have had some if it started before now: it is made again.
    """
    unsure = [
        clock.clock_id
        for clock, row, stored in moved
        if row["steps"]
        and (row["started_at"] < context.as_of if stored is None else stored["next_step"] != 0)
    ]
    return count_steps(connection, unsure) if unsure else {}


def _place(
    context: _Context,
    changes: _Changes,
    clock: Clock,
    row: dict[str, Any],
    stored: Row | None,
    taken: int,
) -> None:
    """Note how a clock is written: with the step that comes next, or with what it ends."""
    ended_at = clock.period.ended_at
    climbs = bool(clock.terms.rungs) and clock.period.origin is Origin.DECIDED
    times = _times(context, clock, taken) if climbs else iter(())
    if ended_at is not None:
        for index, at in enumerate(missed(times, ended_at=ended_at), taken):
            changes.steps.append(_skipped_step(clock, index, at, context.as_of))
        if stored is not None and taken:
            changes.ended[clock.clock_id] = ended_at
    following = next(times, None) if ended_at is None else None
    row["next_step"] = None if following is None else taken
    row["next_step_at"] = following
    changes.clocks.append(row)


def _times(context: _Context, clock: Clock, taken: int) -> Iterator[datetime]:
    """Yield when the steps still to come are due; each is worked out only if it is asked for."""
    rep = context.reps.get(clock.period.owner_id or "")
    return rung_times(
        clock.terms.rungs[taken:],
        clock_calendar(clock.terms, rep),
        start=clock.period.started_at,
        within=clock.terms.within,
        due=clock.due_at,
    )


def _skipped_step(
    clock: Clock, index: int, due_at: datetime, as_of: datetime, *, why: str = _UNSWEPT
) -> dict[str, Any]:
    return {
        "clock_id": clock.clock_id,
        "step": index,
        "at": str(clock.terms.rungs[index].at),
        "due_at": due_at,
        "swept_at": as_of,
        "status": "skipped",
        "why": why,
    }


def _write(connection: Connection, changes: _Changes, *, as_of: datetime) -> None:
    write_clocks(connection, changes.clocks)
    write_steps(connection, changes.steps)
    if changes.ended:
        withdraw_messages(connection, sorted(changes.ended), why=WITHDRAWN)
        note_known_late(connection, changes.ended, why=_KNOWN_LATE)
    _let_go(connection, changes.gone, as_of=as_of)


def _let_go(connection: Connection, gone: Sequence[Row], *, as_of: datetime) -> None:
    """Delete clocks that nothing supports; one whose ladder was climbed ends and stays as proof."""
    if not gone:
        return
    keys = [row["clock_id"] for row in gone]
    climbed = count_steps(connection, keys)
    delete_clocks(connection, [key for key in keys if key not in climbed])
    withdraw_messages(connection, sorted(climbed), why=_UNSUPPORTED)
    write_clocks(
        connection,
        [
            {
                **row,
                "ended_at": as_of,
                "ended_by": Ended.CANCELLED.value,
                "next_step": None,
                "next_step_at": None,
            }
            for row in gone
            if row["clock_id"] in climbed and row["ended_at"] is None
        ],
    )
