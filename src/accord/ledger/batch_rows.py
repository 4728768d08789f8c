"""Batches: which are taken, what of them was set aside or flagged, and the work they make."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, select

from accord.ledger.bulk import Columns, write_columns
from accord.ledger.store import Row, chunks, insert_rows
from accord.ledger.tables import EVERYONE, batch, flag, lead, pending, quarantine

_MANY = 20_000  # leads: from here on it is asked whether most of them are concerned


def read_taken(connection: Connection, batch_ids: Sequence[str]) -> set[str]:
    """Return which of these batches the ledger has decided on: taken or held."""
    found: set[str] = set()
    for part in chunks(batch_ids):
        query = select(batch.c.batch_id).where(batch.c.batch_id.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def read_places(connection: Connection, places: Sequence[str]) -> set[str]:
    """Return from which of these places a batch was taken or held."""
    found: set[str] = set()
    for part in chunks(places):
        query = select(batch.c.place).distinct().where(batch.c.place.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def write_batch(connection: Connection, row: Row) -> None:
    """Write that a batch is decided on: taken or held."""
    insert_rows(connection, batch, [row])


def write_set_aside(connection: Connection, rows: Columns, *, flags: Columns) -> None:
    """Write a batch's rows set aside, whole, and the flags of those that were taken."""
    write_columns(connection, quarantine, rows)
    write_columns(connection, flag, flags)


def add_pending(
    connection: Connection,
    needs: Sequence[str],
    lead_ids: Collection[str],
    *,
    unknown: Collection[str] | None = None,
) -> None:
    """Add work: each need (score, lifecycle, clock) of each lead.

    It is added although some of it may wait already: a stage that is at work deletes what it has
    read, and must not delete what came since. Where most of the known leads are concerned, one row
    says so for all of them. ``unknown`` are those that the ledger does not know; None: look.
    """
    leads: Collection[str] = lead_ids
    if len(leads) >= _MANY and 2 * len(leads) >= _count_leads(connection):
        if unknown is None:
            known = connection.exec_driver_sql("SELECT lead_id FROM lead").fetchall()
            unknown = set(leads).difference(lead_id for (lead_id,) in known)
        leads = {EVERYONE, *unknown}
    ordered = sorted(set(leads))
    kinds = [need for need in needs for _ in ordered]
    write_columns(connection, pending, {"need": kinds, "lead_id": ordered * len(needs)})


def _count_leads(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(lead)).scalar_one())
