"""Opening the ledger and its transactions.

One :class:`Ledger` a process and URL. Every write happens inside :meth:`Ledger.begin`; on SQLite a
transaction begins IMMEDIATE, so that two writers queue and neither fails half-way.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    any_,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from accord.errors import InputError
from accord.ledger.leases import acquire, hold_lease

_BUSY_MS = 60_000
_CHUNK = 5_000
_CACHE_KIB = 64 * 1024  # SQLite's own 2 MB make a bulk load write the same pages again and again
_LARGE_CACHE_KIB = 512 * 1024

Row = Mapping[str, Any]


class Ledger:
    """The system of record for all that is decided."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Open the ledger at an SQLAlchemy URL, migrated to the newest schema.

        ``sqlite:///path/ledger.db`` (the folder is made) or ``postgresql+psycopg://...``.
        InputError if the URL is neither.
        """
        from accord.ledger.migrate import migrate  # alembic is slow to import, and only needed here

        ledger = cls(_engine_of(url))
        try:
            migrate(ledger.engine)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @contextmanager
    def begin(self, *, large: bool = False) -> Iterator[Connection]:
        """One transaction: all of it or nothing.

        ``large``: it writes very many rows, which takes a quarter less time where SQLite may keep
        half a gigabyte of its pages in memory.
        """
        writing = self.engine.execution_options(accord_write=True)
        with (
            writing.connect() as connection,
            _roomy(connection) if large else nullcontext(),
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with; nothing written on it stays."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def lease(self, name: str, *, wait_seconds: float = 5.0) -> Iterator[None]:
        """Hold the named lease while the block runs; LeaseHeldError if another process has it."""
        with hold_lease(self.engine, name, wait_seconds=wait_seconds):
            yield

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


@contextmanager
def _roomy(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA cache_size={-_LARGE_CACHE_KIB}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size={-_CACHE_KIB}")


def _engine_of(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InputError(
            where="ACCORD_DATABASE_URL",
            found="is no database URL",
            expected="sqlite:///path/ledger.db or postgresql+psycopg://user@host/name",
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return _postgres_engine(parsed.set(drivername="postgresql+psycopg"))
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return _sqlite_engine(url)
    raise InputError(
        where="ACCORD_DATABASE_URL",
        found=f"names {parsed.get_backend_name()!r}",
        expected="a SQLite file or a PostgreSQL database",
        remedy="use sqlite:///path/ledger.db or postgresql+psycopg://user@host/name",
    )


def _postgres_engine(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # A plan made for any list of ids takes a list for ten: it then compares each row with each
        # of twenty thousand, where a plan for the list at hand looks them up.
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.commit()

    return engine


def _sqlite_engine(url: str) -> Engine:
    # An error's text would name the values of its rows, and they are people's.
    engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: we do, below
        cursor = connection.cursor()
        acquire(lambda: _in_wal_mode(cursor), "journal mode", _BUSY_MS / 1000)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA cache_size={-_CACHE_KIB}")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("accord_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _in_wal_mode(cursor: sqlite3.Cursor) -> bool:
    """Put a file into WAL mode, unless another is writing in it.

    It stays in that mode, so this happens to a new ledger alone; and there SQLite refuses at once,
    however long its busy timeout is.
    """
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows (all with the same keys), in bulk, in the connection's transaction."""
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those whose primary key is there; the last of equal keys wins."""
    _insert_on_conflict(connection, table, rows, replace=True)


def add_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose primary key is not there yet; leave the others as they are."""
    _insert_on_conflict(connection, table, rows, replace=False)


def _insert_on_conflict(
    connection: Connection, table: Table, rows: Sequence[Row], *, replace: bool
) -> None:
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    rest = {name: statement.excluded[name] for name in rows[0] if name not in key}
    if replace and rest:
        statement = statement.on_conflict_do_update(index_elements=key, set_=rest)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    connection.execute(statement, [dict(row) for row in rows])


def read_rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """Read a query as a list of dicts, one a row."""
    result = connection.execute(query)
    names = tuple(result.keys())  # asked once: a mapping of each row would ask again
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]  # one by one is slow


def read_frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    """Read a query as a frame: columns as selected, instants as UTC datetimes, money as Decimal."""
    result = connection.execute(query)
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


@lru_cache(maxsize=1024)
def parsed_json(text: str | None) -> Any:
    """Return what a JSON text says, parsed once: thousands of rows share a few. Not to be changed.

    For columns that are selected as text.
    """
    return None if text is None else json.loads(text)


def is_among(connection: Connection, column: Any, keys: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column of text holds one of these keys, all of them given as one value.

    For long lists: the stores bind it once, where ``in_`` spells out a parameter a key.
    """
    if connection.dialect.name == "postgresql":
        listed = literal(list(keys), type_=postgresql.ARRAY(Text))
        equal: ColumnElement[bool] = column == any_(listed)
        return equal
    given = func.json_each(json.dumps(list(keys), ensure_ascii=False)).table_valued("value")
    held: ColumnElement[bool] = column.in_(select(given.c.value))
    return held


def chunks(keys: Sequence[str], size: int = _CHUNK) -> Iterator[Sequence[str]]:
    """Cut a list of keys into pieces that fit the stores' limits on bound parameters."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
