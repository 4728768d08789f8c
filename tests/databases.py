"""Databases on the tests' PostgreSQL server: made for a test, those with a ledger used again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text

from accord.ledger import Ledger
from accord.ledger.migrate import VERSION_TABLE

_RELATIONS = text("""
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relkind IN ('r', 'v', 'm', 'i', 'S') ORDER BY relname""")
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
_SEQUENCES = text("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
_END_OTHERS = text("""
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()""")


class Databases:
    """Makes databases on one server.

    To make one costs the server half a second of a busy machine, to empty one some milliseconds: so
    a ledger's database is emptied after use and given to the next test.
    """

    def __init__(self, server: str) -> None:
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count()
        self._template = ""
        self._shape: Sequence[str] = ()
        self._empty: list[str] = []
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")  # no test kills the server itself
        self._run("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Let go of the server; its databases go with it."""
        self._admin.dispose()

    @contextmanager
    def new(self, *, like: str = "template1") -> Iterator[str]:
        """Make a database, a copy of another one, for as long as a block; gives its URL."""
        name = f"accord_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{like}" STRATEGY file_copy')
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """Give the URL of an empty, migrated ledger for as long as a block."""
        name = self._empty.pop() if self._empty else self._new_ledger()
        try:
            yield self._url(name)
        finally:
            if self._emptied(name):
                self._empty.append(name)
            else:
                self._drop(name)

    def _new_ledger(self) -> str:
        if not self._template:
            self._template = f"accord_{os.getpid()}_template"
            self._run(f'CREATE DATABASE "{self._template}"')
            Ledger.open(self._url(self._template)).close()
            with self._connected(self._template) as connection:
                self._shape = connection.execute(_RELATIONS).scalars().all()
        name = f"accord_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY file_copy')
        return name

    def _emptied(self, name: str) -> bool:
        """Empty a ledger, unless a test has changed its shape; what still runs on it is ended."""
        with self._connected(name) as connection:
            connection.execute(_END_OTHERS)
            if connection.execute(_RELATIONS).scalars().all() != self._shape:
                return False
            connection.exec_driver_sql("; ".join(_emptying(connection)))
        return True

    @contextmanager
    def _connected(self, name: str) -> Iterator[Connection]:
        engine: Engine = create_engine(self._url(name), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _drop(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return self._admin.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, command: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(command))


def _emptying(connection: Connection) -> Sequence[str]:
    tables = connection.execute(_TABLES).scalars()
    sequences = connection.execute(_SEQUENCES).scalars()
    return [
        *(f'DELETE FROM "{name}"' for name in tables if name != VERSION_TABLE),
        *(f'ALTER SEQUENCE "{name}" RESTART' for name in sequences),
    ]
