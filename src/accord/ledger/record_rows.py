"""What sources said: leads and their versions, facts of sales, reps, spend, merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, Table, insert, literal, literal_column, select

from accord.ledger.bulk import MANY, ROWID, Columns, is_empty, write_columns
from accord.ledger.store import chunks, is_among
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
        query = select(key, table.c.row_hash).where(is_among(connection, key, part))
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def read_former_leads(connection: Connection, entity: Entity, keys: Sequence[str]) -> set[str]:
    """Return the leads that known records of an entity are about; none where it names no lead."""
    table = TABLES[entity]
    found: set[str] = set()
    if entity is Entity.LEAD or "lead_id" not in table.c:
        return found
    for part in chunks(keys):
        among = is_among(connection, table.c[SCHEMAS[entity].key], part)
        query = select(table.c.lead_id).where(among)
        found.update(lead_id for lead_id in connection.execute(query).scalars() if lead_id)
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
        among = is_among(connection, lead.c.lead_id, part)
        query = select(lead.c.lead_id, lead.c.created_at).where(among)
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def write_records(
    connection: Connection, entity: Entity, *, newest: Columns, versions: Columns
) -> None:
    """Write records' newest content (no key twice) and, of entities that keep them, versions.

    A column that is not named keeps what it holds: a lead's stage and cycle.
    """
    table, kept = TABLES[entity], VERSIONS.get(entity)
    if kept is not None and _are_copies(connection, table, newest, versions):
        numbered = {**newest, ROWID: versions["row_number"]}
        write_columns(connection, table, numbered)
        _copy_versions(connection, table, kept, versions)
        return
    write_columns(connection, table, newest, on_conflict="replace")
    if kept is not None:
        write_columns(connection, kept, versions)


def _are_copies(connection: Connection, table: Table, newest: Columns, versions: Columns) -> bool:
    """Whether the versions are those of the first rows of all, of which each key stands once."""
    count = len(next(iter(versions.values())))
    return (
        connection.dialect.name == "sqlite"
        and count >= MANY
        and count == len(next(iter(newest.values())))
        and is_empty(connection, table)
    )


def _copy_versions(connection: Connection, table: Table, kept: Table, versions: Columns) -> None:
    """Make versions of the rows just written, whose ``rowid`` is the number in the batch.

    The store copies a row in half the time that it takes to bring it in again.
    """
    (batch_id,) = set(versions["batch_id"])
    shared = [name for name in versions if name not in ("batch_id", "row_number")]
    columns = [*(table.c[name] for name in shared), literal(batch_id), literal_column(ROWID)]
    statement = insert(kept).from_select([*shared, "batch_id", "row_number"], select(*columns))
    connection.execute(statement)
