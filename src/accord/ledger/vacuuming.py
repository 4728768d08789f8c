"""Leaving no byte of what was deleted in the ledger's own files.

SQLite overwrites what it deletes (``secure_delete``), but pages keep copies of rows that moved, and
the write-ahead log keeps pages as they were: the file is written anew and the log cut to nothing.
PostgreSQL keeps old row versions until a table is written anew. Its own write-ahead log, replicas
and backups are the server's to age out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from accord.errors import LeaseHeldError

_PATIENCE_MS = 60_000


def write_anew(engine: Engine, tables: Iterable[str]) -> None:
    """Write the tables anew without what was deleted; on SQLite the whole file.

    LeaseHeldError if another connection reads an older state for longer than a minute.
    """
    if engine.dialect.name == "postgresql":
        _write_tables(engine, sorted(set(tables)))
    else:
        _write_file(engine)


def _write_tables(engine: Engine, tables: list[str]) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        preparer = engine.dialect.identifier_preparer
        connection.execute(text(f"SET lock_timeout = {_PATIENCE_MS}"))
        try:
            for table in tables:
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {preparer.quote(table)}"))
        except OperationalError:
            raise _busy() from None
        finally:
            connection.execute(text("RESET lock_timeout"))


def _write_file(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        cursor: Any = raw.cursor()
        _cut_log(cursor)
        cursor.execute("VACUUM")
        _cut_log(cursor)
        cursor.close()
    finally:
        raw.close()


def _cut_log(cursor: Any) -> None:
    """Bring the write-ahead log into the file and cut it to nothing."""
    busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise _busy()


def _busy() -> LeaseHeldError:
    return LeaseHeldError(name="the ledger's tables", holder="another reader")
