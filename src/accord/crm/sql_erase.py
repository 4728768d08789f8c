"""Taking a person out of the tables of ``sql``: their rows are emptied, others' texts cut.

Keys, times and owners stay: what was sent is known as sent, and tools that point at rows find them.
The hash of what was sent to others stays too: it names what went out, not what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, inspect, select, text, update

from accord.crm.sql_tables import effect, lead, metadata
from accord.killpoints import reach

_AT_ONCE = 2_000
_PERSONAL = ("name", "email", "phone", "title", "company", "reasons")
_PATIENCE_MS = 60_000

Cut = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def erase_rows(
    connection: Connection,
    *,
    names: Mapping[str, str],
    keys: frozenset[str],
    cut: Cut,
    dry_run: bool = False,
) -> int:
    """Empty a person's rows and cut them out of others' payloads; how many rows hold them.

    ``names`` says of each of the person's leads what it is called from now on (its own id, where
    that tells nobody), ``keys`` what was sent about them; ``cut`` returns a payload without them.
    Tables that are not there hold nobody. Twice is once.
    """
    there = set(inspect(connection).get_table_names())
    found = 0
    if lead.name in there:
        found += _write(connection, lead, list(_leads(connection, names)), dry_run=dry_run)
    if effect.name in there:
        changes = list(_effects(connection, names, keys, cut))
        found += _write(connection, effect, changes, dry_run=dry_run)
    return found


Change = tuple[str, dict[str, Any]]


def _leads(connection: Connection, names: Mapping[str, str]) -> Iterator[Change]:
    """Yield the leads' rows that hold something: the key, and what shall stand there."""
    nothing = dict.fromkeys(_PERSONAL)
    columns = (lead.c.lead_id, *(lead.c[name] for name in _PERSONAL))
    for one in sorted(names):
        for row in connection.execute(select(*columns).where(lead.c.lead_id == one)):
            if names[one] != one or any(value is not None for value in row[1:]):
                yield one, {**nothing, "lead_id": names[one]}


def _effects(
    connection: Connection, names: Mapping[str, str], keys: frozenset[str], cut: Cut
) -> Iterator[Change]:
    """Yield what was sent that holds the person: their own is emptied, others' is cut."""
    query = select(effect.c.key, effect.c.lead_id, effect.c.payload)
    for key, of, payload in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        if key in keys or of in names:
            if payload or names.get(of, of) != of:
                yield key, {"lead_id": names.get(of, of), "payload": {}, "payload_hash": ""}
            continue
        fresh = dict(cut(payload))
        if fresh != payload:
            yield key, {"payload": fresh}


def _write(connection: Connection, table: Table, changes: list[Change], *, dry_run: bool) -> int:
    (key,) = table.primary_key
    for one, values in () if dry_run else changes:
        connection.execute(update(table).where(key == one).values(values))
        reach("crm.erase_within")
    return len(changes)


def write_anew(engine: Engine) -> None:
    """Leave no byte of what was emptied in the database's files, where we know how.

    PostgreSQL writes both tables anew (each is locked for a moment), SQLite its file.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = set(inspect(connection).get_table_names())
            connection.execute(text(f"SET lock_timeout = {_PATIENCE_MS}"))
            for name in sorted(there.intersection(metadata.tables)):
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {name}"))
    elif engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            cursor: Any = raw.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.close()
        finally:
            raw.close()
