"""Batches: which are taken, what of them was set aside or flagged, and the work they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.store import Row, chunks, insert_rows, read_rows
from accord.ledger.tables import batch, flag, pending, quarantine


def read_taken(connection: Connection, batch_ids: Sequence[str]) -> set[str]:
    """Return which of these batches the ledger has decided on: taken or held."""
    found: set[str] = set()
    for part in chunks(batch_ids):
        query = select(batch.c.batch_id).where(batch.c.batch_id.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def write_batch(
    connection: Connection, row: Row, *, set_aside: Sequence[Row], flags: Sequence[Row]
) -> None:
    """Write a batch with its rows set aside and its flags."""
    insert_rows(connection, batch, [row])
    insert_rows(connection, quarantine, set_aside)
    insert_rows(connection, flag, flags)


def add_pending(connection: Connection, needs: Iterable[tuple[str, str]]) -> None:
    """Add work: pairs of need (score, lifecycle, clock) and lead; each pair once."""
    rows = [{"need": need, "lead_id": lead_id} for need, lead_id in sorted(set(needs))]
    insert_rows(connection, pending, rows)


def list_quarantine(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """List rows set aside, newest first: where they stood and why, without their content."""
    columns = [column for column in quarantine.c if column.name != "row"]
    order = (quarantine.c.set_aside_at.desc(), quarantine.c.batch_id, quarantine.c.row_number)
    return read_rows(connection, select(*columns).order_by(*order).limit(limit))


def show_quarantine(
    connection: Connection, batch_id: str, row_number: int
) -> dict[str, Any] | None:
    """Read one row set aside, whole; the batch may be named by the first letters of its id."""
    query = (
        select(quarantine)
        .where(quarantine.c.batch_id.startswith(batch_id, autoescape=True))
        .where(quarantine.c.row_number == row_number)
    )
    rows = read_rows(connection, query)
    return rows[0] if len(rows) == 1 else None
