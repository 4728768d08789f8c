"""What became of one lead, row by row: how its scores changed, its moves, under which agreement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from accord.ledger.store import read_rows
from accord.ledger.tables import agreement, lead_version, score_change, stage_change


def read_score_changes(
    connection: Connection, lead_id: str, *, until: datetime
) -> list[dict[str, Any]]:
    """Read how a lead's scores changed up to an instant, oldest first: one row a change.

    scored_at, fit, engagement, intent in whole tenths, version of the agreement.
    """
    query = select(score_change).where(
        score_change.c.lead_id == lead_id, score_change.c.scored_at <= until
    )
    return read_rows(connection, query.order_by(score_change.c.scored_at))


def read_moves_then(connection: Connection, lead_id: str, *, at: datetime) -> list[dict[str, Any]]:
    """Read a lead's moves up to an instant that stood by what was known then, in their order."""
    query = select(stage_change).where(
        stage_change.c.lead_id == lead_id, stage_change.c.known_at <= at
    )
    rows = read_rows(
        connection, query.order_by(stage_change.c.occurred_at, stage_change.c.position)
    )
    retracted = {row["retracts"] for row in rows}
    return [
        row
        for row in rows
        if row["retracts"] is None
        and row["change_id"] not in retracted
        and row["occurred_at"] <= at
    ]


def read_documents(connection: Connection, versions: Iterable[str]) -> list[dict[str, Any]]:
    """Read all contents seen of these versions, first seen first: version, seen_at, document."""
    columns = (agreement.c.version, agreement.c.seen_at, agreement.c.document)
    query = select(*columns).where(agreement.c.version.in_(sorted(set(versions))))
    return read_rows(connection, query.order_by(agreement.c.seen_at, agreement.c.fingerprint))


def read_first_known(connection: Connection, lead_id: str) -> datetime | None:
    """Read when the ledger first knew of a lead, None if it never did."""
    query = select(func.min(lead_version.c.known_at)).where(lead_version.c.lead_id == lead_id)
    found: datetime | None = connection.execute(query).scalar_one()
    return found
