"""Results of quality: what rules found in which batch, and what of it waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.store import Row, insert_rows, read_rows
from accord.ledger.tables import batch, quality

RELEASED = "released:"
"""How the place of a batch begins that is made of rows released from the quarantine."""

_MOST_PAST = 500  # batches: what a median or a distribution of a source's past is made of


def write_results(connection: Connection, batch_id: str, results: Sequence[Row]) -> None:
    """Write what the rules found in a batch; one row a rule."""
    insert_rows(connection, quality, [{"batch_id": batch_id, **row} for row in results])


def read_past(connection: Connection, source: str, *, since: datetime) -> list[dict[str, Any]]:
    """Read the source's batches taken since, newest first: taken_at, rows_in, profile.

    Held ones and those of released rows say nothing of what is usual.
    """
    query = (
        select(batch.c.taken_at, batch.c.rows_in, batch.c.profile)
        .where(
            batch.c.source == source,
            batch.c.taken_at >= since,
            batch.c.status == "taken",
            batch.c.place.not_like(f"{RELEASED}%"),
        )
        .order_by(batch.c.taken_at.desc(), batch.c.batch_id)
        .limit(_MOST_PAST)
    )
    return read_rows(connection, query)
