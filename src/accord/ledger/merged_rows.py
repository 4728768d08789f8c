"""Hand-overs of records that have become part of another: ended, taken over, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from accord.ledger.store import Row, add_rows, chunks, read_rows, upsert_rows
from accord.ledger.tables import handoff, handoff_owner, outbox
from accord.lifecycle import OVERTAKEN

MERGED = "merged"
"""How a hand-over ends whose lead has become part of another that has its own."""


def is_own() -> ColumnElement[bool]:
    """Whether a hand-over counts: no other has it instead, of another lead or of a later cycle."""
    return or_(handoff.c.outcome.is_(None), handoff.c.outcome.not_in((MERGED, OVERTAKEN)))


def read_owners(connection: Connection, handoff_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read the owners of hand-overs: handoff_id, since, rep_id, team, why."""
    return [
        row
        for part in chunks(handoff_ids)
        for row in read_rows(
            connection, select(handoff_owner).where(handoff_owner.c.handoff_id.in_(part))
        )
    ]


def write_taken_over(
    connection: Connection, handoffs: Sequence[Row], owners: Sequence[Row]
) -> None:
    """Write hand-overs as another lead's, whole rows, with their owners."""
    upsert_rows(connection, handoff, handoffs)
    add_rows(connection, handoff_owner, owners)


def write_owner(connection: Connection, row: Row, *, since: datetime) -> None:
    """Set the owner of a hand-over: a row of handoff_id, rep_id and team."""
    statement = update(handoff).where(handoff.c.handoff_id == row["handoff_id"])
    connection.execute(statement.values(rep_id=row["rep_id"], team=row["team"]))
    owner = {name: row[name] for name in ("handoff_id", "rep_id", "team")}
    upsert_rows(connection, handoff_owner, [{**owner, "since": since, "why": MERGED}])


def end_merged(connection: Connection, handoff_ids: Iterable[str], *, at: datetime) -> None:
    """End hand-overs as merged; one that had ended before keeps its time."""
    for part in chunks(sorted(handoff_ids)):
        ended = func.coalesce(handoff.c.ended_at, literal(at, handoff.c.ended_at.type))
        connection.execute(
            update(handoff)
            .where(handoff.c.handoff_id.in_(part))
            .values(ended_at=ended, outcome=MERGED, waits_for=None)
        )


def withdraw_handoffs(connection: Connection, lead_ids: Iterable[str]) -> None:
    """Withdraw what waits to tell the CRM of these leads' hand-overs.

    What a deliverer has claimed may have gone out: it is left alone.
    """
    for part in chunks(sorted(lead_ids)):
        connection.execute(
            update(outbox)
            .where(
                outbox.c.lead_id.in_(part),
                outbox.c.kind == "handoff",
                outbox.c.status == "waiting",
                outbox.c.leased_by.is_(None),
            )
            .values(status="withdrawn")
        )
