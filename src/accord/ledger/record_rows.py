"""What sources said: leads and their versions, facts of sales, reps, spend, merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, Table, select

from accord.ledger.bulk import Columns, write_columns
from accord.ledger.store import chunks
from accord.ledger.tables import (
    decision,
    handoff_report,
    lead,
    lead_version,
    opportunity,
    opportunity_version,
    rep,
    spend,
    touch,
)
from accord.records import SCHEMAS, Entity

TABLES: Mapping[Entity, Table] = MappingProxyType(
    {
        Entity.LEAD: lead,
        Entity.HANDOFF: handoff_report,
        Entity.TOUCH: touch,
        Entity.DECISION: decision,
        Entity.OPPORTUNITY: opportunity,
        Entity.SPEND: spend,
        Entity.REP: rep,
    }
)
"""Where the newest content of each entity's records stands; activities are in the log."""

VERSIONS: Mapping[Entity, Table] = MappingProxyType(
    {Entity.LEAD: lead_version, Entity.OPPORTUNITY: opportunity_version}
)
"""Where every version of a record is kept, of the entities that keep them."""


def read_hashes(connection: Connection, entity: Entity, keys: Sequence[str]) -> dict[str, str]:
    """Map the keys that are known to the hash of their newest content."""
    table = TABLES[entity]
    key = table.c[SCHEMAS[entity].key]
    found: dict[str, str] = {}
    if connection.execute(select(key).limit(1)).first() is None:
        return found
    for part in chunks(keys):
        query = select(key, table.c.row_hash).where(key.in_(part))
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def read_all_created(connection: Connection) -> tuple[list[str], list[int]]:
    """Return every lead's id and when it was created, in microseconds since 1970 UTC."""
    at = (
        "(extract(epoch FROM created_at) * 1000000)::bigint"
        if connection.dialect.name == "postgresql"
        else "created_at"
    )
    rows = connection.exec_driver_sql(f"SELECT lead_id, {at} FROM lead").fetchall()  # noqa: S608 - constants
    ids, stamps = zip(*rows, strict=True) if rows else ((), ())
    return list(ids), list(stamps)


def read_created(connection: Connection, lead_ids: Sequence[str]) -> dict[str, datetime]:
    """Map the leads that are known to when they were created."""
    found: dict[str, datetime] = {}
    for part in chunks(lead_ids):
        query = select(lead.c.lead_id, lead.c.created_at).where(lead.c.lead_id.in_(part))
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def write_records(
    connection: Connection, entity: Entity, *, newest: Columns, versions: Columns
) -> None:
    """Write records' newest content (no key twice) and, of entities that keep them, versions.

    A column that is not named keeps what it holds: a lead's stage and cycle.
    """
    write_columns(connection, TABLES[entity], newest, on_conflict="replace")
    if entity in VERSIONS:
        write_columns(connection, VERSIONS[entity], versions)
