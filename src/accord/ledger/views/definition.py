"""What a view is: its name, what a row of it is, and its columns, each with what it is made of.

A column is written once. What differs between the stores, which keep instants and money each in
their own way, follows from its kind; what else cannot be said alike in both is a ``ByStore``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never

Store: TypeAlias = Literal["sqlite", "postgresql"]


class Kind(StrEnum):
    """What a column holds, as a reader sees it."""

    TEXT = "text"
    COUNT = "whole number"
    NUMBER = "number"
    SCORE = "score"
    MONEY = "money"
    FLAG = "flag"
    INSTANT = "instant"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByStore:
    """An expression that the two stores spell differently."""

    sqlite: str
    postgresql: str

    def on(self, store: Store) -> str:
        """Return the spelling of that store."""
        return self.sqlite if store == "sqlite" else self.postgresql


Sql: TypeAlias = str | ByStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a view: what it is made of, as the tables hold it, and what it says."""

    name: str
    kind: Kind
    of: Sql
    says: str

    def shown(self, store: Store) -> str:
        """Return the expression that shows it readably on that store."""
        raw = spelled(self.of, store)
        return _on_sqlite(self.kind, raw) if store == "sqlite" else _on_postgres(self.kind, raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view: ``source`` is all from FROM on, ``grain`` says what one row is."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    source: Sql
    note: str = ""

    def statements(self, store: Store) -> Iterator[str]:
        """Yield what makes it on that store; PostgreSQL keeps the descriptions beside it."""
        shown = ",\n  ".join(f"{column.shown(store)} AS {column.name}" for column in self.columns)
        query = f"SELECT\n  {shown}\n{spelled(self.source, store)}"
        yield f"CREATE VIEW {self.name} AS\n{query}"
        if store == "postgresql":
            yield f"COMMENT ON VIEW {self.name} IS {quoted(f'One row {self.grain}.')}"
            for column in self.columns:
                where = f"{self.name}.{column.name}"
                yield f"COMMENT ON COLUMN {where} IS {quoted(column.says)}"


def spelled(sql: Sql, store: Store) -> str:
    """Return an expression as that store spells it."""
    return sql if isinstance(sql, str) else sql.on(store)


def quoted(words: str) -> str:
    """Return a text as SQL writes it.

    >>> quoted("the lead's")
    "'the lead''s'"
    """
    return "'" + words.replace("'", "''") + "'"


def seconds_between(start: str, end: str) -> ByStore:
    """Return the seconds from one instant to another, exact to the microsecond."""
    return ByStore(
        sqlite=f"({end} - {start}) / 1000000.0",
        postgresql=f"EXTRACT(EPOCH FROM ({end} - {start}))",
    )


def holds_word(column: str, word: str) -> ByStore:
    """Return whether a list of words, kept as JSON, holds a word; null where there is no list."""
    return ByStore(
        sqlite=f"instr({column}, '\"{word}\"') > 0",
        postgresql=f"position('\"{word}\"' IN CAST({column} AS text)) > 0",
    )


# An instant may lie before 1970, where SQLite's division would round towards it: what is left over
# of a second is taken as a positive number.
_SQLITE_INSTANT = (
    "strftime('%Y-%m-%d %H:%M:%S', ({raw} - ({left})) / 1000000, 'unixepoch')"
    " || printf('.%06d', {left})"
)
_LEFT = "(({raw}) % 1000000 + 1000000) % 1000000"


def _on_sqlite(kind: Kind, raw: str) -> str:
    match kind:
        case Kind.INSTANT:
            return _SQLITE_INSTANT.format(raw=raw, left=_LEFT.format(raw=raw))
        case Kind.MONEY:
            return f"{raw} / 100.0"
        case Kind.SCORE:
            return f"{raw} / 10.0"
        case Kind.NUMBER:
            return f"CAST({raw} AS REAL)"
        case Kind.TEXT | Kind.COUNT | Kind.FLAG | Kind.DATE:
            return raw
        case _:
            assert_never(kind)


def _on_postgres(kind: Kind, raw: str) -> str:
    match kind:
        case Kind.SCORE:
            return f"CAST({raw} / 10.0 AS numeric(8, 1))"
        case Kind.NUMBER:
            return f"CAST({raw} AS numeric)"
        case Kind.TEXT | Kind.COUNT | Kind.FLAG | Kind.DATE | Kind.INSTANT | Kind.MONEY:
            return raw
        case _:
            assert_never(kind)
