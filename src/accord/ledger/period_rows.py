"""The leads that can count in a period, by index: of whom something happened since, or goes on.

Metrics are counted from all that is known of a lead, so leads are what is narrowed, not rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Select, func, literal_column, or_, select

from accord.ledger.tables import (
    clock,
    handoff,
    handoff_owner,
    lead,
    opportunity,
    stage_change,
    touch,
)
from accord.records import Origin, Stage

BEGINNINGS: Mapping[str, Column[Any]] = MappingProxyType(
    {
        "lead": lead.c.created_at,
        "move": stage_change.c.occurred_at,
        "owner": handoff_owner.c.since,
        "clock": clock.c.started_at,
        "touch": touch.c.touched_at,
    }
)
"""When the facts of leads began, by table, each with an index of its own."""

_INSTANT = timedelta(microseconds=1)  # a clock counts as breached so much after it was due
# As text: of a parameter SQLite cannot know that it is what the index of them is of.
_SENT_BACK = stage_change.c.to_stage == literal_column(f"'{Stage.NURTURE.value}'")
_ACCEPTED = stage_change.c.to_stage == Stage.SAL.value
_DEALT = (opportunity.c.opened_at, opportunity.c.closed_at, opportunity.c.stage_at)
_ORIGINS = handoff.c.origin.in_([origin.value for origin in Origin])  # the index begins with it


def read_leads_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads of whom a fact is dated at or after an instant, or of whom one goes on.

    An open deal goes on too, but all that is counted of it is its own: :func:`read_dealt_leads`.
    """
    return {
        lead_id
        for query in _since(since)
        for lead_id in connection.execute(query).scalars()
        if lead_id is not None
    }


def read_dealt_leads(connection: Connection) -> set[str]:
    """Return the leads of all deals: whose they are is told of each, however old."""
    named = opportunity.c.lead_id.is_not(None)
    query = select(opportunity.c.lead_id).where(named)
    return set(connection.execute(query).scalars())


def read_begun_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads that were created, or moved, at or after an instant."""
    begun = (BEGINNINGS[name] for name in ("lead", "move"))
    queries = (_leads_of(column).where(column >= since) for column in begun)
    return {one for query in queries for one in connection.execute(query).scalars()}


def _since(since: datetime) -> Iterator[Select[Any]]:
    for column in BEGINNINGS.values():
        yield _leads_of(column).where(column >= since)
    handed, clocks = select(handoff.c.lead_id), select(clock.c.lead_id)
    yield handed.where(handoff.c.assigned_at >= since)
    yield handed.where(_ORIGINS, handoff.c.ended_at >= since)
    yield handed.where(_ORIGINS, handoff.c.ended_at.is_(None))
    yield clocks.where(clock.c.due_at >= since - _INSTANT)
    yield clocks.where(clock.c.ended_at >= since)
    yield clocks.where(clock.c.ended_at.is_(None))
    yield select(opportunity.c.lead_id).where(or_(*(at >= since for at in _DEALT)))


def read_sent_back_since(connection: Connection, since: datetime) -> set[str]:
    """Return the leads that entered a nurture programme at or after an instant.

    What became of those is told for longer than of others.
    """
    columns = stage_change.c
    query = select(columns.lead_id).where(columns.occurred_at >= since, _SENT_BACK)
    return set(connection.execute(query).scalars())


def read_first_leads(connection: Connection, *, limit: int) -> set[str]:
    """Return the leads of the first facts of each of :data:`BEGINNINGS`, and those first accepted.

    The first accepted tell that something had been earned.
    """
    at = stage_change.c.occurred_at
    accepted = select(stage_change.c.lead_id).where(_ACCEPTED).order_by(at).limit(limit)
    first = (_leads_of(at).order_by(at).limit(limit) for at in BEGINNINGS.values())
    queries = (*first, accepted)
    found = (one for query in queries for one in connection.execute(query).scalars())
    return {lead_id for lead_id in found if lead_id is not None}


def had_begun(connection: Connection, table: str, before: datetime) -> bool:
    """Whether one of :data:`BEGINNINGS`, ``handoff`` or ``accepted`` has a fact before an instant.

    Without an index of when hand-overs were queued: the first that was tells, and where none was
    they are all of the time since.
    """
    others = {"handoff": handoff.c.queued_at, "accepted": stage_change.c.occurred_at}
    at = others[table] if table in others else BEGINNINGS[table]
    query = select(at).where(at < before).limit(1)
    if table == "accepted":
        query = query.where(_ACCEPTED)
    return connection.execute(query).first() is not None


def count_leads(connection: Connection) -> int:
    """Count all leads."""
    return connection.execute(select(func.count()).select_from(lead)).scalar_one()


def _leads_of(column: Column[Any]) -> Select[Any]:
    if column.table is handoff_owner:
        same = handoff_owner.c.handoff_id == handoff.c.handoff_id
        return select(handoff.c.lead_id).join(handoff_owner, same)
    return select(column.table.c.lead_id)
