"""Rows of approvals: the hand-offs that wait for a person, and who let them go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, select, update

from accord.ledger.store import upsert_rows
from accord.ledger.tables import approval, handoff

APPROVAL = "approval"
"""What a hand-off waits for if its run was unusually large."""
APPROVED = "approved"

_WAITS = and_(
    handoff.c.assigned_at.is_(None), handoff.c.ended_at.is_(None), handoff.c.waits_for == APPROVAL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unapproved:
    """How many hand-offs wait for a person, and when the first of them was decided at mql."""

    handoffs: int
    since: datetime | None


def read_unapproved(connection: Connection) -> Unapproved:
    """Read how many hand-offs wait for a person.

    One at sql is queued since its lead entered sql, so it does not say when its run was.
    """
    at_mql = case((handoff.c.stage == "mql", handoff.c.queued_at))
    query = select(func.count(), func.min(at_mql)).where(_WAITS)
    count, since = connection.execute(query).one()
    return Unapproved(handoffs=count, since=since)


def approve_waiting(connection: Connection) -> int:
    """Let hand-offs that wait for approval go on; how many."""
    statement = update(handoff).where(_WAITS).values(waits_for=APPROVED)
    return connection.execute(statement).rowcount


def write_approval(connection: Connection, *, at: datetime, by: str, handoffs: int) -> None:
    """Note that a person let so many hand-offs go on."""
    row = {"approved_at": at, "approved_by": by, "handoffs": handoffs}
    upsert_rows(connection, approval, [row])
