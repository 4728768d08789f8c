"""Rows that a cadence is followed by: who had which hand-over when, and the attempts made.

Nothing is decided here. Without leads, all are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Select, or_, select

from accord.ledger.clock_event_rows import select_owners
from accord.ledger.merged_rows import is_own
from accord.ledger.store import chunks, is_among, read_rows
from accord.ledger.tables import handoff, handoff_owner, lead, rep, touch

Rows = list[dict[str, Any]]


def read_owned(
    connection: Connection,
    *,
    lead_ids: Sequence[str] | None = None,
    rep_id: str | None = None,
    running_at: datetime | None = None,
) -> Rows:
    """Read the hand-overs that count, one row an owner: of these leads, once this rep's, running.

    lead_id, handoff_id, cycle, stage, origin, segment, ended_at; since, rep_id, team. All owners of
    a hand-over are there, whoever's it was once.
    """
    query = (
        select_owners(handoff.c.ended_at)
        .where(is_own())
        .order_by(handoff.c.lead_id, handoff.c.handoff_id, handoff_owner.c.since)
    )
    if rep_id is not None:
        theirs = select(handoff_owner.c.handoff_id).where(handoff_owner.c.rep_id == rep_id)
        query = query.where(handoff.c.handoff_id.in_(theirs))
    if running_at is not None:
        query = query.where(or_(handoff.c.ended_at.is_(None), handoff.c.ended_at > running_at))
    return _read(connection, query, handoff.c.lead_id, lead_ids)


def read_attempts(connection: Connection, lead_ids: Sequence[str] | None = None) -> Rows:
    """Read the touches of these leads, automatic ones left out.

    lead_id, touched_at, rep_id, channel, outcome.
    """
    columns = (touch.c.lead_id, touch.c.touched_at, touch.c.rep_id, touch.c.channel)
    query = select(*columns, touch.c.outcome).where(touch.c.automatic.is_not(True))
    return _read(connection, query, touch.c.lead_id, lead_ids)


def is_known(connection: Connection, what: str, name: str) -> bool:
    """Whether there is such a ``lead``, ``rep`` or ``team``."""
    queries = (select(column).where(column == name).limit(1) for column in _NAMED[what])
    return any(connection.execute(query).first() is not None for query in queries)


_NAMED: Mapping[str, tuple[Column[Any], ...]] = MappingProxyType(
    {
        "lead": (lead.c.lead_id,),
        "rep": (rep.c.rep_id, handoff_owner.c.rep_id),
        "team": (rep.c.team, handoff_owner.c.team),
    }
)


def _read(
    connection: Connection, query: Select[Any], column: Any, lead_ids: Sequence[str] | None
) -> Rows:
    if lead_ids is None:
        return read_rows(connection, query)
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(connection, query.where(is_among(connection, column, part)))
    ]
