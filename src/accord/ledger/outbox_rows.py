"""Rows of the outbox: adding, claiming in order, marking, and what a person may do with them.

An entry that is leased but not marked was claimed by a process that died, or ended in an unknown
outcome: whether it reached the CRM must be read back before it is sent again. Lists of ids are at
most a batch long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects import postgresql, sqlite

from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import lead, outbox

_WAITING = "waiting"
_LEASE = timedelta(minutes=5)
_SHOWN = tuple(column for column in outbox.c if column.name != "payload")


def add_entries(connection: Connection, rows: Sequence[Row]) -> None:
    """Add entries (see ``accord.outbox.Entry.row``); a key that is there already stays as it is."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(outbox).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(statement, [dict(row) for row in rows])


def _due(as_of: datetime) -> Select[Any]:
    """Select entries that may go now: due, and no earlier entry of their lead holds them up.

    An earlier entry holds a later one up if it is due or is being tried again, or if both belong
    to one clock. One that was only planned for later (quiet hours) does not.
    """
    earlier = outbox.alias("earlier")
    begun = or_(earlier.c.not_before <= as_of, earlier.c.attempts > 0)
    held_up = (
        select(earlier.c.outbox_id)
        .where(
            earlier.c.lead_id == outbox.c.lead_id,
            earlier.c.status == _WAITING,
            earlier.c.outbox_id < outbox.c.outbox_id,
            or_(begun, earlier.c.clock_id == outbox.c.clock_id),
        )
        .exists()
    )
    return select(outbox).where(outbox.c.status == _WAITING, outbox.c.not_before <= as_of, ~held_up)


def has_due(connection: Connection, *, as_of: datetime) -> bool:
    """Whether anything may be due: one look at the index."""
    query = select(outbox.c.outbox_id).where(
        outbox.c.status == _WAITING, outbox.c.not_before <= as_of
    )
    return connection.execute(query.limit(1)).first() is not None


def claim_entries(
    connection: Connection, *, as_of: datetime, holder: str, after: int, limit: int
) -> list[dict[str, Any]]:
    """Lease the next entries that may go, at most one a lead, oldest first; return them as found.

    Only entries whose ``outbox_id`` is above ``after`` are looked at. ``leased_by`` of a returned
    row says who had it before: None unless its outcome is unknown.
    """
    query = _due(as_of).where(outbox.c.outbox_id > after)
    rows = read_rows(connection, query.order_by(outbox.c.outbox_id).limit(limit))
    if rows:
        connection.execute(
            update(outbox)
            .where(outbox.c.outbox_id.in_([row["outbox_id"] for row in rows]))
            .values(leased_by=holder, leased_until=as_of + _LEASE)
        )
    return rows


def supersede_older(connection: Connection, *, as_of: datetime) -> int:
    """Give up due hand-offs that a newer one of the same lead replaces; how many.

    An entry whose outcome is unknown is left alone: it may have been sent.
    """
    newer = outbox.alias("newer")
    replaced = (
        select(newer.c.outbox_id)
        .where(
            newer.c.lead_id == outbox.c.lead_id,
            newer.c.kind == "handoff",
            newer.c.status.in_((_WAITING, "sent")),
            newer.c.outbox_id > outbox.c.outbox_id,
        )
        .exists()
    )
    old = and_(outbox.c.status == _WAITING, outbox.c.not_before <= as_of)
    statement = update(outbox).where(
        old, outbox.c.kind == "handoff", outbox.c.leased_by.is_(None), replaced
    )
    return connection.execute(statement.values(status="superseded")).rowcount


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


def read_known_until(connection: Connection, lead_ids: Sequence[str]) -> dict[str, datetime]:
    """Read up to when we know what stands about leads in the CRM: lead_id -> instant.

    The later of what was last taken of the lead and what was last written of it. An unknown lead
    is left out.
    """
    found: dict[str, datetime] = {}
    written = func.max(func.coalesce(outbox.c.written_at, outbox.c.sent_at))
    for part in chunks(lead_ids):
        taken = select(lead.c.lead_id, lead.c.known_at).where(lead.c.lead_id.in_(part))
        sent = (
            select(outbox.c.lead_id, written)
            .where(outbox.c.lead_id.in_(part), outbox.c.status == "sent")
            .group_by(outbox.c.lead_id)
        )
        for query in (taken, sent):
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
    """Read the ids of all dead entries, oldest first."""
    query = select(outbox.c.outbox_id).where(outbox.c.status == "dead")
    return list(connection.execute(query.order_by(outbox.c.outbox_id)).scalars())


def retry_outbox(connection: Connection, outbox_id: int, *, as_of: datetime) -> bool:
    """Let a dead entry wait again, from its first attempt on; False if it is not dead.

    One of unknown outcome is read back first, as ever.
    """
    return _set_by_hand(
        connection,
        outbox_id,
        stands=("dead",),
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


def _set_by_hand(
    connection: Connection, outbox_id: int, *, stands: Sequence[str], values: Row
) -> bool:
    statement = (
        update(outbox)
        .where(outbox.c.outbox_id == outbox_id, outbox.c.status.in_(stands))
        .values(**values)
    )
    return connection.execute(statement).rowcount == 1
