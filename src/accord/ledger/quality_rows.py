"""Results of quality: what rules found in which batch, and what of it waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

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


def is_held(connection: Connection, batch_id: str) -> bool:
    """Say whether a batch is held: nothing of it was taken."""
    query = select(batch.c.batch_id).where(batch.c.batch_id == batch_id, batch.c.status == "held")
    return connection.execute(query).first() is not None


def forget_held(connection: Connection, batch_id: str) -> None:
    """Forget that a batch was held, since it is taken now, in the same transaction."""
    if not is_held(connection, batch_id):
        return
    connection.execute(delete(quality).where(quality.c.batch_id == batch_id))
    connection.execute(delete(batch).where(batch.c.batch_id == batch_id))


def find_batches(connection: Connection, prefix: str) -> list[dict[str, Any]]:
    """Read the batches whose id begins so; more than one is ambiguous."""
    query = select(batch).where(batch.c.batch_id.startswith(prefix, autoescape=True))
    return read_rows(connection, query.order_by(batch.c.batch_id).limit(2))


def list_batches(
    connection: Connection, *, source: str | None, status: str | None, limit: int
) -> list[dict[str, Any]]:
    """List batches, newest first, without their profiles."""
    columns = [column for column in batch.c if column.name != "profile"]
    query = select(*columns).order_by(batch.c.taken_at.desc(), batch.c.batch_id).limit(limit)
    if source is not None:
        query = query.where(batch.c.source == source)
    if status is not None:
        query = query.where(batch.c.status == status)
    return read_rows(connection, query)


def read_results(connection: Connection, batch_id: str) -> list[dict[str, Any]]:
    """Read what the rules found in a batch, most failing first."""
    order = (quality.c.failing.desc(), quality.c.rule)
    return read_rows(
        connection, select(quality).where(quality.c.batch_id == batch_id).order_by(*order)
    )
