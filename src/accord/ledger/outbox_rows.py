"""Rows of the outbox: adding, marking, and what a person may do with them.

An entry that is leased but not marked was claimed by a process that died, or ended in an unknown
outcome: whether it reached the CRM must be read back before it is sent again. Lists of ids are at
most a batch long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    func,
    select,
    true,
    update,
)
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects import postgresql, sqlite

from accord.ledger.bulk import Columns, write_columns
from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import lead, outbox

_WAITING = "waiting"
_SHOWN = tuple(column for column in outbox.c if column.name != "payload")


def add_entries(connection: Connection, rows: Sequence[Row]) -> None:
    """Add entries (see ``accord.outbox.Entry.row``); a key that is there already stays as it is."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(outbox).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(statement, [dict(row) for row in rows])


def read_keys(connection: Connection, *, prefix: str) -> list[str]:
    """Read the keys that begin so, whatever became of their entries."""
    key = outbox.c.key
    query = select(key).where(key >= prefix, key < prefix + "\U0010ffff").order_by(key)
    return list(connection.execute(query).scalars())


def write_entries(connection: Connection, columns: Columns) -> None:
    """Add many entries given by columns, payloads as their text; a key that is there stays."""
    write_columns(connection, outbox, columns, on_conflict="keep", key=("key",))


def has_due(connection: Connection, *, as_of: datetime, kinds: Sequence[str]) -> bool:
    """Whether anything of these kinds may be due: one look at the index."""
    query = select(outbox.c.outbox_id).where(
        outbox.c.status == _WAITING, outbox.c.not_before <= as_of, outbox.c.kind.in_(kinds)
    )
    return connection.execute(query.limit(1)).first() is not None


def release_entries(connection: Connection, outbox_ids: Sequence[int]) -> None:
    """Note that entries of unknown outcome have surely not reached the CRM: they wait as before."""
    connection.execute(
        update(outbox)
        .where(outbox.c.outbox_id.in_(outbox_ids))
        .values(leased_by=None, leased_until=None)
    )


def mark_sent(connection: Connection, rows: Sequence[Row]) -> None:
    """Note that entries have reached the CRM: outbox_id, sent_at, written_at, remote, kept."""
    fixed = {"status": "sent", "leased_by": None, "leased_until": None, "error": None}
    names = ("sent_at", "written_at", "remote", "kept")
    # whatever stands there meanwhile: a person may have dropped it while it was on its way
    _write_each(connection, rows, names, fixed)


def mark_failed(connection: Connection, rows: Sequence[Row]) -> None:
    """Write failed attempts: rows of outbox_id, status, attempts, not_before, leased_by, error."""
    names = ("status", "attempts", "not_before", "leased_by", "error")
    _write_each(connection, rows, names, {}, only=outbox.c.status == _WAITING)


def _write_each(
    connection: Connection,
    rows: Sequence[Row],
    names: Sequence[str],
    fixed: Row,
    *,
    only: ColumnElement[bool] | None = None,
) -> None:
    """Update entries, each by its own values; ``only`` those of which something holds."""
    if not rows:
        return
    statement = (
        update(outbox)
        .where(outbox.c.outbox_id == bind("of_id"), true() if only is None else only)
        .values({name: bind(f"now_{name}") for name in names} | dict(fixed))
    )
    values = [
        {"of_id": row["outbox_id"], **{f"now_{name}": row[name] for name in names}} for row in rows
    ]
    connection.execute(statement, values)


def read_known_until(
    connection: Connection, lead_ids: Sequence[str], *, systems: Sequence[str]
) -> dict[str, datetime]:
    """Read up to when we know what stands about leads in the CRM: lead_id -> instant.

    The later of what was last taken of the lead, if its record is of one of these systems (those
    that read this CRM), and the last hand-off of it that was written there. A lead of which
    neither is known is left out.
    """
    found: dict[str, datetime] = {}
    written = func.max(func.coalesce(outbox.c.written_at, outbox.c.sent_at))
    own = [one for one in lead_ids if one.partition(":")[0] in systems]
    queries = [
        select(lead.c.lead_id, lead.c.known_at).where(lead.c.lead_id.in_(part))
        for part in chunks(own)
    ] + [
        select(outbox.c.lead_id, written)
        .where(outbox.c.lead_id.in_(part), outbox.c.status == "sent", outbox.c.kind == "handoff")
        .group_by(outbox.c.lead_id)
        for part in chunks(lead_ids)
    ]
    for query in queries:
        for lead_id, at in connection.execute(query):
            found[lead_id] = max(at, found.get(lead_id, at))
    return found


def list_outbox(
    connection: Connection,
    *,
    status: str | None = None,
    lead_id: str | None = None,
    edited: bool = False,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """List entries, newest first, without their payloads.

    ``edited`` keeps those at which something in the CRM was left as a person had set it.
    """
    query = select(*_SHOWN).order_by(outbox.c.outbox_id.desc()).limit(limit)
    if status is not None:
        query = query.where(outbox.c.status == status)
    if lead_id is not None:
        query = query.where(outbox.c.lead_id == lead_id)
    if edited:
        query = query.where(cast(outbox.c.kept, Text).like("[{%"))
    return read_rows(connection, query)


def count_outbox(connection: Connection) -> dict[str, int]:
    """Count the entries by status."""
    query = select(outbox.c.status, func.count()).group_by(outbox.c.status)
    return {status: int(count) for status, count in connection.execute(query)}


def show_outbox(connection: Connection, outbox_id: int) -> dict[str, Any] | None:
    """Return one entry with its payload, or None."""
    rows = read_rows(connection, select(outbox).where(outbox.c.outbox_id == outbox_id))
    return rows[0] if rows else None


def read_dead(connection: Connection) -> list[int]:
    """Read the ids of all dead entries that still have their payload, oldest first."""
    query = select(outbox.c.outbox_id).where(outbox.c.status == "dead", _is_whole())
    return list(connection.execute(query.order_by(outbox.c.outbox_id)).scalars())


def retry_outbox(connection: Connection, outbox_id: int, *, as_of: datetime) -> bool:
    """Let a dead entry wait again, from its first attempt on; False if it is not dead.

    One of unknown outcome is read back first, as ever. Nothing is left to send of one whose payload
    was removed by retention or an erasure: False as well.
    """
    return _set_by_hand(
        connection,
        outbox_id,
        stands=("dead",),
        only=_is_whole(),
        values={"status": _WAITING, "attempts": 0, "not_before": as_of},
    )


def drop_outbox(
    connection: Connection, outbox_id: int, *, as_of: datetime, why: str | None = None
) -> bool:
    """Give up an entry that was not sent; False if it was, or is not there."""
    note = f"dropped by a person at {as_of.isoformat()}" + (f": {why}" if why else "")
    return _set_by_hand(
        connection,
        outbox_id,
        stands=(_WAITING, "dead"),
        values={"status": "withdrawn", "error": note, "leased_by": None, "leased_until": None},
    )


def _is_whole() -> ColumnElement[bool]:
    return outbox.c.payload_hash != ""


def _set_by_hand(
    connection: Connection,
    outbox_id: int,
    *,
    stands: Sequence[str],
    values: Row,
    only: ColumnElement[bool] | None = None,
) -> bool:
    statement = (
        update(outbox)
        .where(outbox.c.outbox_id == outbox_id, outbox.c.status.in_(stands))
        .where(true() if only is None else only)
        .values(**values)
    )
    return connection.execute(statement).rowcount == 1
