"""Rows of identity: records by mailbox, merges and who was told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select, update

from accord.ledger.store import Row, chunks, is_among, read_rows, upsert_rows
from accord.ledger.tables import apart, lead, merge

HAND = "hand"

_RECORD = (lead.c.lead_id, lead.c.mailbox, lead.c.created_at)


def read_records(connection: Connection, lead_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Read these records as identity compares them: lead_id, mailbox, created_at."""
    query = select(*_RECORD)
    return _read_parts(connection, query, lead.c.lead_id, lead_ids)


def read_peers(connection: Connection, mailboxes: Iterable[str]) -> list[dict[str, Any]]:
    """Read the records of these mailboxes: lead_id, mailbox, created_at."""
    return _read_parts(connection, select(*_RECORD), lead.c.mailbox, mailboxes)


def read_shared(connection: Connection) -> list[dict[str, Any]]:
    """Read all records whose mailbox another record has too: lead_id, mailbox, created_at."""
    shared = select(lead.c.mailbox).group_by(lead.c.mailbox).having(func.count() > 1)
    return read_rows(connection, select(*_RECORD).where(lead.c.mailbox.in_(shared)))


def read_links(
    connection: Connection, lead_ids: Iterable[str] | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read merges in force or made by hand, and pairs told apart, that name these leads (or all).

    Merges: lead_id, into_lead_id, merged_at, why, undone_at. Pairs: lead_id, other_id.
    """
    merges = select(merge).where(or_(merge.c.undone_at.is_(None), merge.c.why == HAND))
    pairs = select(apart.c.lead_id, apart.c.other_id)
    if lead_ids is None:
        return read_rows(connection, merges), read_rows(connection, pairs)
    wanted = sorted(lead_ids)
    found: list[dict[str, Any]] = []
    for column in (merge.c.lead_id, merge.c.into_lead_id):
        found.extend(_read_parts(connection, merges, column, wanted))
    told: list[dict[str, Any]] = []
    for column in (apart.c.lead_id, apart.c.other_id):
        told.extend(_read_parts(connection, pairs, column, wanted))
    return found, told


def _read_parts(
    connection: Connection, query: Select[Any], column: Any, keys: Iterable[str]
) -> list[dict[str, Any]]:
    listed = keys if isinstance(keys, Sequence) else sorted(keys)
    return [
        row
        for part in chunks(listed)
        for row in read_rows(connection, query.where(is_among(connection, column, part)))
    ]


def read_named(connection: Connection) -> list[dict[str, Any]]:
    """Read the leads that stand for themselves and have a name: lead_id, name, domain, key."""
    merged = select(merge.c.lead_id).where(merge.c.undone_at.is_(None))
    query = select(lead.c.lead_id, lead.c.name, lead.c.domain, lead.c.company_key).where(
        lead.c.name.is_not(None), lead.c.lead_id.not_in(merged)
    )
    return read_rows(connection, query.order_by(lead.c.lead_id))


def write_apart(connection: Connection, pairs: Iterable[tuple[str, str]], *, at: datetime) -> None:
    """Record that these records are not one person."""
    rows = [
        {"lead_id": one, "other_id": other, "decided_at": at}
        for one, other in (sorted(pair) for pair in pairs)
    ]
    upsert_rows(connection, apart, rows)


def clear_apart(connection: Connection, some: Sequence[str], others: Sequence[str]) -> None:
    """Take back that any of ``some`` and any of ``others`` were told apart."""
    for one, other in ((some, others), (others, some)):
        connection.execute(
            delete(apart).where(apart.c.lead_id.in_(one), apart.c.other_id.in_(other))
        )


def list_merges(connection: Connection, *, lead_id: str | None, limit: int) -> list[dict[str, Any]]:
    """Read merges in force and undone, the newest first; of one lead and its survivor if named."""
    query = select(merge).order_by(merge.c.merged_at.desc(), merge.c.lead_id).limit(limit)
    if lead_id is not None:
        query = query.where(or_(merge.c.lead_id == lead_id, merge.c.into_lead_id == lead_id))
    return read_rows(connection, query)


def read_merges_as_of(
    connection: Connection,
    at: datetime,
    *,
    lead_ids: Iterable[str] | None = None,
    into: Iterable[str] | None = None,
) -> dict[str, str]:
    """Map each lead that was merged into another at an instant, as was known then, to that one.

    All of them, or only those of ``lead_ids``, or those that were merged ``into`` some leads.
    """
    query = select(merge.c.lead_id, merge.c.into_lead_id).where(
        merge.c.merged_at <= at, or_(merge.c.undone_at.is_(None), merge.c.undone_at > at)
    )
    if lead_ids is None and into is None:
        return {row[0]: row[1] for row in connection.execute(query)}
    column, keys = (merge.c.lead_id, lead_ids) if into is None else (merge.c.into_lead_id, into)
    found = _read_parts(connection, query, column, sorted(keys or ()))
    return {row["lead_id"]: row["into_lead_id"] for row in found}


def write_merges(
    connection: Connection, begun: Sequence[Row], *, ended: Iterable[str], at: datetime
) -> None:
    """End the merges in force of the leads ``ended``, then record new ones, all as of ``at``.

    ``begun`` are rows of lead_id, into_lead_id and why. Two merges of one lead within one instant
    are one: what held at the end of it.
    """
    leads = sorted(set(ended))
    if leads:
        statement = (
            update(merge)
            .where(merge.c.lead_id == bindparam("of_lead"), merge.c.undone_at.is_(None))
            .values(undone_at=at)
        )
        connection.execute(statement, [{"of_lead": lead_id} for lead_id in leads])
    rows = [{**row, "merged_at": at, "undone_at": None} for row in begun]
    upsert_rows(connection, merge, rows)
