"""How far each pulled source has been taken: one row a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.store import upsert_rows
from accord.ledger.tables import batch, sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """Where a source stands: ``number`` counts its pulls, ``asked`` names what they asked for.

    ``cursor`` is what the next pull begins from; empty, it begins from the start.
    """

    number: int = 0
    asked: str = ""
    cursor: Mapping[str, Any]


def read_sync(connection: Connection, source: str) -> Sync:
    """Read where a source stands; one that was never taken stands at the start."""
    query = select(sync.c.cursor).where(sync.c.source == source)
    stored = connection.execute(query).scalar_one_or_none()
    return Sync(cursor={}) if stored is None else Sync(**stored)


def move_sync(
    connection: Connection, source: str, to: Sync, *, batch_id: str, at: datetime
) -> None:
    """Move a source on, never back: an older pull that is decided on late moves nothing."""
    if to.number <= read_sync(connection, source).number:
        return
    cursor = {"number": to.number, "asked": to.asked, "cursor": dict(to.cursor)}
    row = {"source": source, "cursor": cursor, "batch_id": batch_id, "synced_at": at}
    upsert_rows(connection, sync, [row])


def read_batch_status(connection: Connection, batch_id: str) -> str | None:
    """Return what the ledger has decided on a batch, taken or held; None if nothing yet."""
    query = select(batch.c.status).where(batch.c.batch_id == batch_id)
    return connection.execute(query).scalar_one_or_none()
