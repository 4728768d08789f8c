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
from accord.records import Origin, TouchOutcome

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
        is_open, ends_later = handoff.c.ended_at.is_(None), handoff.c.ended_at > running_at
        query = query.where(or_(_OF_ANY_ORIGIN & is_open, _OF_ANY_ORIGIN & ends_later))
    return _read(connection, query, handoff.c.lead_id, lead_ids)


# There is an index of when hand-overs of an origin ended, and none of when they ended alone.
_OF_ANY_ORIGIN = handoff.c.origin.in_([origin.value for origin in Origin])


def read_ended_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads of which a hand-over ended at or after an instant."""
    query = select(handoff.c.lead_id).where(_OF_ANY_ORIGIN, handoff.c.ended_at >= since)
    return set(connection.execute(query).scalars())


def read_owned_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads of which a hand-over got an owner at or after an instant."""
    query = select(handoff.c.lead_id).join(
        handoff_owner, handoff_owner.c.handoff_id == handoff.c.handoff_id
    )
    return set(connection.execute(query.where(handoff_owner.c.since >= since)).scalars())


def read_reached_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads that somebody reached at or after an instant, merged ones as they were."""
    query = select(touch.c.lead_id).where(
        touch.c.touched_at >= since, touch.c.outcome == TouchOutcome.CONNECTED
    )
    return set(connection.execute(query).scalars())


def read_first_owned(connection: Connection, since: datetime | None, *, limit: int) -> Rows:
    """Read the first owners of hand-overs that count, at or after an instant if one is given.

    lead_id, handoff_id, queued_at of the hand-over.
    """
    query = (
        select(handoff.c.lead_id, handoff.c.handoff_id, handoff.c.queued_at)
        .join(handoff_owner, handoff_owner.c.handoff_id == handoff.c.handoff_id)
        .where(is_own())
        .order_by(handoff_owner.c.since)
        .limit(limit)
    )
    return read_rows(
        connection, query if since is None else query.where(handoff_owner.c.since >= since)
    )


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
