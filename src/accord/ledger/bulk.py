"""Writing many rows at once, column by column, in the ledger's own connection and transaction.

SQLAlchemy prepares every value of every row by itself, which for a million rows takes longer than
the store does. Here values come in the form that both stores nearly share, and only what differs
is prepared: SQLite by executemany, PostgreSQL by executemany or, for many rows, COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Column, Connection, Date, Table, literal, select
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from accord.ledger.types import Instant, Money
from accord.records import from_us

MANY = 1_000
"""Rows from which on a temporary table, COPY or the driver by itself cost less than they save."""

ROWID = "rowid"
"""SQLite's own number of a row, which may be given like a column to rows of an empty table."""

_MOST_INDEXED = 50_000  # rows: fewer are indexed one by one, also in an empty table

Columns = Mapping[str, Sequence[Any]]
"""Column name -> values, all of one length.

An instant is whole microseconds since 1970 UTC, money whole hundredths, JSON its text, a day a
``datetime.date``; everything else as Python has it; None is null.
"""


def write_columns(
    connection: Connection,
    table: Table,
    columns: Columns,
    *,
    on_conflict: Literal["replace", "keep"] | None = None,
    key: Sequence[str] = (),
) -> None:
    """Write rows given by columns; on a key that is there, replace the row's columns or keep it.

    ``key`` names a unique key that is not the primary one. With ``on_conflict`` no key may stand
    twice among the rows. Columns that are not named keep what they hold; in a new row they get the
    table's default, or null.
    """
    count = len(next(iter(columns.values()), ()))
    if not count:
        return
    postgres = connection.dialect.name == "postgresql"
    whole = {**_given(table, columns), **_defaults(table, columns, count)}
    fixed = {} if postgres or count < MANY else _fixed(whole)
    bound = {name: values for name, values in whole.items() if name not in fixed}
    rows = zip(*_prepared(table, bound, postgres=postgres), strict=True)
    key = key or [column.name for column in table.primary_key]
    conflict = _conflict(tuple(columns), key, on_conflict)
    if postgres and count >= MANY:
        _copy(connection, table, tuple(whole), rows, conflict=conflict)
        return
    mark = "%s" if postgres else "?"
    marks = ", ".join(str(fixed.get(name, mark)) for name in whole)
    statement = f"INSERT INTO {_name(table)} ({_names(whole)}) VALUES ({marks}){conflict}"  # noqa: S608 - names of our own tables
    with _indexed_later(connection, table, count):
        if postgres or count < MANY:
            connection.exec_driver_sql(statement, list(rows))
            return
        if not connection.in_transaction():
            connection.begin()
        driver: Any = connection.connection.driver_connection
        driver.executemany(statement, rows)  # as they come: a list of them is half a gigabyte


@contextmanager
def _indexed_later(connection: Connection, table: Table, count: int) -> Iterator[None]:
    """Fill an empty table of SQLite before its indexes: a third of the time for a million rows.

    There a change of the schema is part of the transaction, and no reader waits for it; on
    PostgreSQL it would lock them out.
    """
    if (
        connection.dialect.name != "sqlite"
        or count < _MOST_INDEXED
        or not is_empty(connection, table)
    ):
        yield
        return
    for index in table.indexes:
        index.drop(connection)
    yield
    for index in table.indexes:
        index.create(connection)


def is_empty(connection: Connection, table: Table) -> bool:
    """Whether a table has no row."""
    return connection.execute(select(literal(1)).select_from(table).limit(1)).first() is None


def _given(table: Table, columns: Columns) -> Columns:
    """Leave out the columns that hold nothing, which takes a third of the time off wide tables.

    A row gets null there without being told, and so does ``excluded`` where a key is replaced.
    """
    return {
        name: values
        for name, values in columns.items()
        if name == ROWID or table.c[name].primary_key or values.count(None) < len(values)
    }


def _fixed(columns: Columns) -> dict[str, int]:
    """Return the columns that say one whole number for all rows: it is said once."""
    return {
        name: values[0]
        for name, values in columns.items()
        if type(values[0]) is int and values.count(values[0]) == len(values)
    }


def _defaults(table: Table, columns: Columns, count: int) -> Columns:
    """Return the columns that are not named and have a plain default."""
    return {
        column.name: [column.default.arg] * count
        for column in table.columns
        if column.name not in columns and isinstance(column.default, ScalarElementColumnDefault)
    }


def change_columns(connection: Connection, table: Table, columns: Columns, *, key: str) -> None:
    """Change rows that are there: their ``key`` and the columns to change; each key stands once."""
    count = len(columns[key])
    if not count:
        return
    postgres = connection.dialect.name == "postgresql"
    rest = [name for name in columns if name != key]
    bound = {name: columns[name] for name in (*rest, key)}
    rows = zip(*_prepared(table, bound, postgres=postgres), strict=True)
    if postgres and count >= MANY:
        with _copied(connection, table, tuple(bound), rows) as copied:
            changes = ", ".join(f'"{name}" = {copied}."{name}"' for name in rest)
            connection.exec_driver_sql(
                f"UPDATE {_name(table)} SET {changes} FROM {copied} "  # noqa: S608 - our own names
                f'WHERE {_name(table)}."{key}" = {copied}."{key}"'
            )
        return
    mark = "%s" if postgres else "?"
    changes = ", ".join(f'"{name}" = {mark}' for name in rest)
    statement = f'UPDATE {_name(table)} SET {changes} WHERE "{key}" = {mark}'  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, list(rows))


def _copy(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    conflict: str,
) -> None:
    """Bring rows in by COPY; where keys may be there already, through a temporary table."""
    if not conflict:
        _stream(connection, _name(table), names, rows)
        return
    with _copied(connection, table, names, rows) as copied:
        connection.exec_driver_sql(
            f"INSERT INTO {_name(table)} ({_names(names)}) "  # noqa: S608 - our own names
            f"SELECT {_names(names)} FROM {copied}{conflict}"
        )


@contextmanager
def _copied(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> Iterator[str]:
    """Keep rows, these columns of ``table``, in a temporary table for as long as a block."""
    name = f'"copied_{table.name}"'
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS "  # noqa: S608 - our own names
        f"SELECT {_names(names)} FROM {_name(table)} WITH NO DATA"
    )
    _stream(connection, name, names, rows)
    yield name
    connection.exec_driver_sql(f"DROP TABLE {name}")


def _stream(
    connection: Connection, target: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {target} ({_names(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _conflict(
    names: Sequence[str], key: Sequence[str], on_conflict: Literal["replace", "keep"] | None
) -> str:
    if on_conflict is None:
        return ""
    rest = [name for name in names if name not in key]
    if on_conflict == "keep" or not rest:
        return f" ON CONFLICT ({_names(key)}) DO NOTHING"
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    return f" ON CONFLICT ({_names(key)}) DO UPDATE SET {changes}"


def _name(table: Table) -> str:
    return f'"{table.name}"'


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _prepared(table: Table, columns: Columns, *, postgres: bool) -> list[Iterable[Any]]:
    return [
        values
        if name == ROWID
        else _converted(values, _converter(table.c[name], postgres=postgres))
        for name, values in columns.items()
    ]


def _converted(values: Sequence[Any], convert: Callable[[Any], Any] | None) -> Iterable[Any]:
    if convert is None:
        return values
    return (None if value is None else convert(value) for value in values)


def _converter(column: Column[Any], *, postgres: bool) -> Callable[[Any], Any] | None:
    """Return what turns a value into the store's own form, None where it is that already."""
    if isinstance(column.type, Instant):
        return from_us if postgres else None
    if isinstance(column.type, Money):
        return _to_decimal if postgres else None
    if isinstance(column.type, Date):
        return None if postgres else _to_iso
    return None


def _to_decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _to_iso(day: Any) -> str:
    text: str = day.isoformat()
    return text
