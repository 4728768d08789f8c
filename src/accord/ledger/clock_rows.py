"""Rows of clocks: what happened to leads, as clocks need it; clocks, their steps, their messages.

Reads are by lists of leads or by index, never a scan of all clocks. Nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import bindparam as bind

from accord.ledger.bulk import write_columns
from accord.ledger.fact_rows import waits_for_everyone
from accord.ledger.leases import wait_for_turn
from accord.ledger.store import add_rows, chunks, is_among, parsed_json, read_rows
from accord.ledger.tables import (
    clock,
    lead,
    outbox,
    pending,
    rep,
    step,
)
from accord.records import to_us

Rows = list[dict[str, Any]]
ByLead = dict[str, Rows]

_NEED = "clock"
OWNER = "owner"
"""The work of a lead of whose owner something is new: all its clocks are looked at again."""


def by_lead(connection: Connection, query: Select[Any], column: Any, keys: Sequence[str]) -> ByLead:
    """Read rows whose column is one of these keys, by their ``lead_id``."""
    found: ByLead = {}
    for part in chunks(keys):
        for row in read_rows(connection, query.where(is_among(connection, column, part))):
            found.setdefault(row["lead_id"], []).append(row)
    return found


def read_reps(connection: Connection, *, held: bool = False) -> Rows:
    """Read every rep: a company's people, not its leads.

    ``held``: nobody changes them until this transaction ends. What is being written of a rep then
    waits, and finds the clocks that this transaction has made. (SQLite's writers are alone anyway.)
    """
    query = select(rep).order_by(rep.c.rep_id)
    return read_rows(connection, query.with_for_update(read=True) if held else query)


def read_clocks(
    connection: Connection, lead_ids: Sequence[str], *, ended_from: datetime | None = None
) -> ByLead:
    """Read the clocks of these leads: running ones, and those that ended at or after an instant.

    None: all that ended. Terms, pauses and ladders are read as text and parsed once a distinct
    text: thousands of clocks share a few. They are not to be changed.
    """
    query = _clocks()
    if ended_from is not None:
        query = query.where(or_(clock.c.ended_at.is_(None), clock.c.ended_at >= ended_from))
    return _parsed(by_lead(connection, query, clock.c.lead_id, lead_ids))


def read_clocks_of(connection: Connection, clock_ids: Sequence[str]) -> ByLead:
    """Read these clocks, as :func:`read_clocks` does."""
    return _parsed(by_lead(connection, _clocks(), clock.c.clock_id, clock_ids))


def read_past(
    connection: Connection, lead_ids: Sequence[str], *, before: datetime
) -> list[tuple[str, str, int]]:
    """Read which clocks of these leads ended before an instant: lead, clock, cycle."""
    columns = (clock.c.lead_id, clock.c.clock_id, clock.c.cycle)
    found: list[tuple[str, str, int]] = []
    for part in chunks(lead_ids):
        query = select(*columns).where(
            is_among(connection, clock.c.lead_id, part), clock.c.ended_at < before
        )
        found.extend((row[0], row[1], row[2]) for row in connection.execute(query).fetchall())
    return found


def _clocks() -> Select[Any]:
    return select(
        *(
            cast(column, Text).label(column.name) if column.name in _SHARED else column
            for column in clock.c
        )
    )


def _parsed(clocks: ByLead) -> ByLead:
    for row in (row for rows in clocks.values() for row in rows):
        for name in _SHARED:
            row[name] = parsed_json(row[name])
    return clocks


_SHARED = ("calendar_terms", "pauses", "steps")
_INSTANTS = ("started_at", "due_at", "ended_at", "next_step_at")


def write_clocks(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write clocks whole, all rows with the same columns; one that is there is replaced."""
    if not rows:
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    for name in _SHARED:
        columns[name] = _texts(columns[name])
    for name in _INSTANTS:
        columns[name] = [None if at is None else to_us(at) for at in columns[name]]
    write_columns(connection, clock, columns, on_conflict="replace")


def _texts(values: Sequence[Any]) -> list[str]:
    """Return the JSON of each value, made once of what many rows share."""
    texts: dict[int, str] = {}
    return [texts.get(id(one)) or texts.setdefault(id(one), json.dumps(one)) for one in values]


def delete_clocks(connection: Connection, clock_ids: Sequence[str]) -> None:
    """Delete clocks that what is known no longer supports; only ones that never took a step."""
    for part in chunks(clock_ids):
        connection.execute(delete(clock).where(clock.c.clock_id.in_(part)))


def hold_clocks(connection: Connection) -> None:
    """Let nobody else write clocks until this transaction ends; wait for whoever does.

    A sweep must not tell of a clock that is being ended meanwhile, nor the other way round.
    """
    wait_for_turn(connection, "clocks")


def has_work(connection: Connection, *, as_of: datetime, week_end: datetime | None) -> bool:
    """Whether a sweep has anything to do: one statement that looks at indexes only.

    Work is a lead whose clocks want a look, a step that is due, or a week that has ended
    (``week_end``, None where no weekly terms are agreed) without weekly clocks. Only where there
    are none of those is anything else asked: whether any lead is that old.
    """
    known = exists().where(lead.c.lead_id == pending.c.lead_id)
    waiting = select(literal(1)).where(pending.c.need.in_((_NEED, OWNER)), known).exists()
    due = select(literal(1)).where(clock.c.next_step_at <= as_of).exists()
    untold = false() if week_end is None else _is_untold(week_end)
    work, week = connection.execute(select(or_(waiting, due), untold)).one()
    return bool(work or (week and week_end is not None and _is_old(connection, week_end)))


def is_unjudged(connection: Connection, *, week_end: datetime) -> bool:
    """Whether the week that ended at this instant still wants its weekly clocks."""
    untold = connection.execute(select(_is_untold(week_end))).scalar_one()
    return bool(untold and _is_old(connection, week_end))


def _is_untold(week_end: datetime) -> ColumnElement[bool]:
    weekly = and_(clock.c.due_at >= week_end, clock.c.lead_id.is_(None))
    return ~select(literal(1)).select_from(clock).where(weekly).exists()


def _is_old(connection: Connection, week_end: datetime) -> bool:
    """Whether any lead came before that week ended; there is no index on their age."""
    query = select(literal(1)).where(lead.c.created_at < week_end).limit(1)
    return connection.execute(query).first() is not None


def read_due_steps(connection: Connection, *, as_of: datetime) -> Rows:
    """Read the clocks with a ladder step that is due, oldest first, by the index on it."""
    query = select(clock).where(clock.c.next_step_at <= as_of)
    return read_rows(connection, query.order_by(clock.c.next_step_at, clock.c.clock_id))


def find_unplaced(connection: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Return those leads about whom facts are known that are not in their history yet."""
    is_work = pending.c.need.in_(("lifecycle", _NEED, OWNER))
    if waits_for_everyone(connection, is_work):
        return sorted(set(lead_ids))
    found: set[str] = set()
    for part in chunks(lead_ids):
        query = select(pending.c.lead_id).where(is_work, pending.c.lead_id.in_(part))
        found.update(connection.execute(query.distinct()).scalars())
    return sorted(found)


def find_running(
    connection: Connection, lead_ids: Sequence[str], *, until_events: Iterable[str]
) -> list[str]:
    """Return those leads that have a running clock, or a cancelled one until such an event."""
    cancelled = and_(clock.c.ended_by == "cancelled", clock.c.until_event.in_(tuple(until_events)))
    found: set[str] = set()
    for part in chunks(lead_ids):
        query = select(clock.c.lead_id).where(
            clock.c.lead_id.in_(part), or_(clock.c.ended_at.is_(None), cancelled)
        )
        found.update(connection.execute(query.distinct()).scalars())
    return sorted(found)


def note_reps_changed(
    connection: Connection, rep_ids: Sequence[str], *, since: datetime | None = None
) -> None:
    """Let the next sweep look at clocks of these reps: hours or absences may have changed.

    At those that run, that ended after the change, ``since``, and that would have been due after
    it: an absence counts up to there. None: at all of them. Found by the index on owners.
    """
    for part in chunks(rep_ids):
        theirs = select(literal(OWNER), clock.c.lead_id).where(
            clock.c.owner_id.in_(part), clock.c.lead_id.is_not(None)
        )
        found = (
            theirs.distinct()
            if since is None
            else theirs.where(clock.c.ended_at.is_(None)).union(
                theirs.where(clock.c.ended_at > since), theirs.where(clock.c.due_at > since)
            )
        )
        connection.execute(insert(pending).from_select(["need", "lead_id"], found))


def write_steps(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record steps; one that is recorded already stays as it is."""
    add_rows(connection, step, rows)


def count_steps(connection: Connection, clock_ids: Sequence[str]) -> dict[str, int]:
    """Return how many steps of these clocks are recorded; clocks without any are missing."""
    found: dict[str, int] = {}
    for part in chunks(clock_ids):
        query = (
            select(step.c.clock_id, func.max(step.c.step))
            .where(step.c.clock_id.in_(part))
            .group_by(step.c.clock_id)
        )
        found.update({row[0]: row[1] + 1 for row in connection.execute(query)})
    return found


def write_next_steps(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write which step comes next and when: rows of clock_id, next_step, next_step_at."""
    if not rows:
        return
    statement = (
        update(clock)
        .where(clock.c.clock_id == bind("of_clock"))
        .values(next_step=bind("now_step"), next_step_at=bind("now_step_at"))
    )
    connection.execute(
        statement,
        [
            {
                "of_clock": row["clock_id"],
                "now_step": row["next_step"],
                "now_step_at": row["next_step_at"],
            }
            for row in rows
        ],
    )


def read_ended(connection: Connection, clock_ids: Sequence[str]) -> list[str]:
    """Return those of the clocks that have ended."""
    found: list[str] = []
    for part in chunks(clock_ids):
        query = select(clock.c.clock_id).where(
            clock.c.clock_id.in_(part), clock.c.ended_at.is_not(None)
        )
        found += connection.execute(query.order_by(clock.c.clock_id)).scalars()
    return found


_OF_STEPS = ("message", "task")


def withdraw_messages(connection: Connection, clock_ids: Sequence[str], *, why: str) -> int:
    """Withdraw what still waits to be sent for these clocks; how many messages and tasks.

    A step of which nothing has gone out is recorded as skipped. What a deliverer has claimed may
    have gone out: it is left alone.
    """
    withdrawn = 0
    for part in chunks(clock_ids):
        of_clocks = and_(outbox.c.clock_id.in_(part), outbox.c.kind.in_(_OF_STEPS))
        waits = and_(of_clocks, outbox.c.status == "waiting", outbox.c.leased_by.is_(None))
        statement = update(outbox).where(waits).values(status="withdrawn")
        count = connection.execute(statement).rowcount
        withdrawn += count
        if count:
            _skip_withdrawn(connection, part, why=why)
    return withdrawn


def _skip_withdrawn(connection: Connection, clock_ids: Sequence[str], *, why: str) -> None:
    message = and_(outbox.c.clock_id == step.c.clock_id, outbox.c.step == step.c.step)
    withdrawn = exists().where(message, outbox.c.status == "withdrawn")
    out = exists().where(message, outbox.c.status != "withdrawn")
    connection.execute(
        update(step)
        .where(step.c.clock_id.in_(clock_ids), step.c.status == "sent", withdrawn, ~out)
        .values(status="skipped", why=why)
    )


def note_known_late(connection: Connection, ended: Mapping[str, datetime], *, why: str) -> None:
    """Say of steps that were sent in good faith that their clock had already ended by then."""
    if not ended:
        return
    statement = (
        update(step)
        .where(
            step.c.clock_id == bind("of_clock"),
            step.c.due_at > bind("ended", type_=step.c.due_at.type),
            step.c.status == "sent",
        )
        .values(why=why)
    )
    connection.execute(
        statement, [{"of_clock": key, "ended": at} for key, at in sorted(ended.items())]
    )


def read_clock(connection: Connection, clock_id: str) -> dict[str, Any] | None:
    """Read one clock."""
    rows = read_rows(connection, select(clock).where(clock.c.clock_id == clock_id))
    return rows[0] if rows else None


def read_steps(connection: Connection, clock_id: str) -> Rows:
    """Read the recorded steps of one clock, in order."""
    return read_rows(
        connection, select(step).where(step.c.clock_id == clock_id).order_by(step.c.step)
    )


def read_late(connection: Connection, *, as_of: datetime, ended: bool) -> Rows:
    """Read the clocks that had run out unmet at an instant; with ``ended`` those met late too."""
    open_then = or_(clock.c.ended_at.is_(None), clock.c.ended_at > as_of)
    late = and_(clock.c.ended_by == "met", clock.c.ended_at > clock.c.due_at)
    wanted = or_(open_then, late) if ended else open_then
    return read_rows(connection, select(clock).where(clock.c.due_at < as_of, wanted))


def count_states(connection: Connection, *, as_of: datetime) -> Rows:
    """Count the clocks that had started by an instant: side, term, state, is_open, clocks.

    States as in ``accord.sla.State``; which running ones are due soon is not told here.
    """
    over = func.coalesce(clock.c.ended_at <= as_of, false())
    until = case((over, clock.c.ended_at), else_=literal(as_of, type_=clock.c.due_at.type))
    late = until > clock.c.due_at
    state = case(
        (and_(over, clock.c.ended_by != "met"), clock.c.ended_by),
        (late, "breached"),
        (over, "met"),
        else_="running",
    )
    counted = (
        select(clock.c.side, clock.c.term, state.label("state"), over.label("over"))
        .where(clock.c.started_at <= as_of)
        .subquery()
    )
    query = select(*counted.c, func.count().label("clocks")).group_by(*counted.c)
    return read_rows(connection, query)


def read_in_time(connection: Connection, *, as_of: datetime) -> Rows:
    """Read the clocks that ran and had not run out at an instant."""
    open_then = or_(clock.c.ended_at.is_(None), clock.c.ended_at > as_of)
    in_time = and_(clock.c.started_at <= as_of, clock.c.due_at >= as_of)
    return read_rows(connection, select(clock).where(in_time, open_then))
