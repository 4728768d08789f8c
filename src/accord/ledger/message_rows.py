"""Rows of messages to people: which are due, who was told when, claiming those that go together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import clock, outbox

_AT_ONCE = 5_000  # entries looked at in one run; who has more waiting is told of them in the next
_PART = 500  # what one statement names
_LEASE = timedelta(minutes=5)
_WAITS = and_(outbox.c.status == "waiting", outbox.c.kind == "message")


def read_due_messages(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Read the messages that may go by their own time, or wait to be tried again; oldest first."""
    due = or_(outbox.c.not_before <= as_of, outbox.c.attempts > 0)
    query = select(outbox).where(_WAITS, due).order_by(outbox.c.outbox_id)
    return read_rows(connection, query.limit(_AT_ONCE))


def read_last_told(
    connection: Connection, recipients: Sequence[str], *, since: datetime
) -> dict[str, datetime]:
    """Read when these people were told last: recipient -> instant; none before ``since``."""
    found: dict[str, datetime] = {}
    for part in chunks(recipients):
        query = (
            select(outbox.c.recipient, func.max(outbox.c.sent_at))
            .where(outbox.c.recipient.in_(part), outbox.c.sent_at > since)
            .group_by(outbox.c.recipient)
        )
        found.update({row[0]: row[1] for row in connection.execute(query)})
    return found


def claim_messages(
    connection: Connection, outbox_ids: Sequence[int], *, as_of: datetime, holder: str
) -> list[dict[str, Any]]:
    """Lease those of the entries that still wait, and return them as they stood, oldest first.

    ``leased_by`` of a row says who had it before: None unless it may have gone out already.
    """
    rows: list[dict[str, Any]] = []
    for start in range(0, len(outbox_ids), _PART):
        part = outbox_ids[start : start + _PART]
        named = select(outbox).where(_WAITS, outbox.c.outbox_id.in_(part))
        rows += read_rows(connection, named.with_for_update())  # none is withdrawn in between
        held = update(outbox).where(_WAITS, outbox.c.outbox_id.in_(part))
        connection.execute(held.values(leased_by=holder, leased_until=as_of + _LEASE))
    return sorted(rows, key=lambda row: int(row["outbox_id"]))


def give_back(connection: Connection, rows: Sequence[Row]) -> None:
    """Undo the claim of entries that did not go: they are held by whom they were before."""
    for row in rows:
        one = outbox.c.outbox_id == row["outbox_id"]
        connection.execute(update(outbox).where(one).values(leased_by=row["leased_by"]))


def read_clocks_of(connection: Connection, clock_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read clocks by id; one that is gone is missing."""
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(clock_ids):
        rows = read_rows(connection, select(clock).where(clock.c.clock_id.in_(part)))
        found.update({row["clock_id"]: row for row in rows})
    return found
