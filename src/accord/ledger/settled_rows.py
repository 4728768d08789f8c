"""Rows of hand-overs as the histories settle them: observed ones, their cycles, how they ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, update
from sqlalchemy import bindparam as bind

from accord.ledger.store import Row, chunks, upsert_rows
from accord.ledger.tables import handoff, handoff_owner


def write_observed(connection: Connection, rows: Sequence[Row], owners: Sequence[Row]) -> None:
    """Write observed hand-overs with their owners; one that is there is placed anew.

    How it ended stays. Owners that no source states any more go.
    """
    upsert_rows(connection, handoff, rows)
    _delete(connection, handoff_owner, [row["handoff_id"] for row in rows])
    upsert_rows(connection, handoff_owner, owners)


def delete_observed(connection: Connection, handoff_ids: Iterable[str]) -> None:
    """Delete observed hand-overs that no source states any more, with their owners."""
    gone = sorted(handoff_ids)
    _delete(connection, handoff_owner, gone)
    _delete(connection, handoff, gone)


def _delete(connection: Connection, table: Any, handoff_ids: Sequence[str]) -> None:
    for part in chunks(handoff_ids):
        connection.execute(delete(table).where(table.c.handoff_id.in_(part)))


def renumber(connection: Connection, cycles: Mapping[str, int]) -> None:
    """Give hand-overs the numbers that their cycles have now: handoff_id -> cycle.

    By way of negative numbers, since two may change places and no number stands twice.
    """
    for sign in (-1, 1):
        _write_each(
            connection,
            [{"handoff_id": key, "cycle": sign * cycle} for key, cycle in cycles.items()],
            names=("cycle",),
        )


def end_handoffs(connection: Connection, rows: Sequence[Row]) -> None:
    """Write how hand-overs ended: rows of handoff_id, ended_at and outcome."""
    _write_each(connection, rows, names=("ended_at", "outcome"))


def _write_each(connection: Connection, rows: Sequence[Row], *, names: Sequence[str]) -> None:
    if not rows:
        return
    statement = (
        update(handoff)
        .where(handoff.c.handoff_id == bind("of_handoff"))
        .values({name: bind(f"now_{name}") for name in names})
    )
    values = [
        {"of_handoff": row["handoff_id"], **{f"now_{name}": row[name] for name in names}}
        for row in rows
    ]
    connection.execute(statement, values)
