"""Rows that tell what happened around clocks: breaches, steps, who was told, touches.

Reads are by index or by lists of clocks, leads and hand-offs. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from accord.ledger.store import chunks, read_rows
from accord.ledger.tables import clock, handoff, handoff_owner, outbox, stage_change, step, touch

Rows = list[dict[str, Any]]

_MOST = 3  # clocks that one beginning of an id may find before it is too short


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which breaches are asked for; None is any. ``since`` and ``until`` bound the due time.

    ``since`` is included, ``until`` is not. ``is_open`` leaves out those that ended by ``as_of``.
    """

    as_of: datetime
    side: str | None = None
    term: str | None = None
    team: str | None = None
    rep: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_open: bool = True


def read_breached(connection: Connection, wanted: Wanted) -> Rows:
    """Read the clocks that had run out at an instant before they ended, if they did."""
    columns = clock.c
    parts: list[ColumnElement[bool]] = [
        columns.due_at < wanted.as_of,
        or_(columns.ended_at.is_(None), columns.ended_at > columns.due_at),
    ]
    if wanted.is_open:
        parts.append(or_(columns.ended_at.is_(None), columns.ended_at > wanted.as_of))
    if wanted.since is not None:
        parts.append(columns.due_at >= wanted.since)
    if wanted.until is not None:
        parts.append(columns.due_at < wanted.until)
    named = {"side": wanted.side, "term": wanted.term, "team": wanted.team, "owner_id": wanted.rep}
    parts.extend(columns[name] == value for name, value in named.items() if value is not None)
    return read_rows(connection, select(clock).where(*parts))


def find_clocks(connection: Connection, beginning: str) -> list[str]:
    """Return the ids of clocks that begin so: a few of them, where there are many."""
    query = select(clock.c.clock_id).where(clock.c.clock_id.startswith(beginning, autoescape=True))
    return list(connection.execute(query.order_by(clock.c.clock_id).limit(_MOST)).scalars())


def read_clocks_of_leads(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read every clock of these leads, the earliest first."""
    rows = _among(connection, select(clock), clock.c.lead_id, lead_ids)
    return sorted(rows, key=lambda row: (row["started_at"], row["term"], row["clock_id"]))


def read_steps_of(connection: Connection, clock_ids: Sequence[str]) -> Rows:
    """Read the recorded steps of these clocks, in order."""
    rows = _among(connection, select(step), step.c.clock_id, clock_ids)
    return sorted(rows, key=lambda row: (row["clock_id"], row["step"]))


def read_messages_of(connection: Connection, clock_ids: Sequence[str]) -> Rows:
    """Read what of the outbox speaks of these clocks: clock_id, step, status, sent_at, payload."""
    names = ("clock_id", "step", "kind", "status", "not_before", "sent_at", "payload", "key")
    told = or_(outbox.c.kind == "message", outbox.c.key.startswith("message:"))  # until 0005 tasks
    query = select(*(outbox.c[name] for name in names)).where(told)
    rows = _among(connection, query, outbox.c.clock_id, clock_ids)
    return sorted(rows, key=lambda row: str(row["key"]))


def read_touches_of(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read every touch of these leads, automatic ones too, the earliest first."""
    names = ("lead_id", "touch_id", "rep_id", "channel", "touched_at", "outcome", "automatic")
    query = select(*(touch.c[name] for name in names))
    rows = _among(connection, query, touch.c.lead_id, lead_ids)
    return sorted(rows, key=lambda row: (row["touched_at"], row["touch_id"]))


def read_owners_of(connection: Connection, handoff_ids: Sequence[str]) -> Rows:
    """Read who owned these hand-offs since when, with when each was queued."""
    names = ("handoff_id", "since", "rep_id", "team", "why")
    query = select(*(handoff_owner.c[name] for name in names), handoff.c.queued_at).join(
        handoff, handoff.c.handoff_id == handoff_owner.c.handoff_id
    )
    rows = _among(connection, query, handoff_owner.c.handoff_id, handoff_ids)
    return sorted(rows, key=lambda row: (row["handoff_id"], row["since"]))


def read_moves_at(connection: Connection, lead_id: str, instants: Sequence[datetime]) -> Rows:
    """Read the moves of a lead at these instants that stand: at, to_stage, cause, reason."""
    retracted = select(stage_change.c.retracts).where(
        stage_change.c.lead_id == lead_id, stage_change.c.retracts.is_not(None)
    )
    names = ("occurred_at", "position", "to_stage", "programme", "cause", "reason", "origin")
    query = select(*(stage_change.c[name] for name in names)).where(
        stage_change.c.lead_id == lead_id,
        stage_change.c.retracts.is_(None),
        stage_change.c.occurred_at.in_(instants),
        stage_change.c.change_id.not_in(retracted),
    )
    return read_rows(
        connection, query.order_by(stage_change.c.occurred_at, stage_change.c.position)
    )


def _among(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], keys: Sequence[str]
) -> Rows:
    return [
        row
        for part in chunks(sorted(set(keys)))
        for row in read_rows(connection, query.where(column.in_(part)))
    ]
