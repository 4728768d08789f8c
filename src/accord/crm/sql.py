"""The adapter ``sql``: a row a lead and a row an effect, in any database that SQLAlchemy knows.

A call is one transaction with a savepoint an item: an item that the database refuses leaves the
others, and what an error before the commit leaves is nothing at all. No message of a driver
reaches an error, since it may hold the address or values of rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
)
from sqlalchemy import text as sql_text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    SQLAlchemyError,
)

from accord.crm.port import Item, Landed, Outcome, Result
from accord.crm.sql_erase import Cut, erase_rows, write_anew
from accord.crm.sql_rows import Known, name_of, read_landed, write_item
from accord.crm.sql_tables import effect, lead, metadata
from accord.errors import DeliveryError, InputError
from accord.killpoints import reach

if TYPE_CHECKING:
    from accord.crm.opening import CrmSettings

_VARIABLE = "ACCORD_CRM_URL"
_TARGET = "crm sql"
_EXPECTED = "an SQLAlchemy URL such as postgresql+psycopg://user@host/name or sqlite:///path/crm.db"


class _CommitError(Exception):
    """The commit itself failed: nobody knows whether it happened."""


@dataclass(slots=True)
class SqlCrm:
    """A CRM that is two tables, made where they are missing; ``engine`` is where."""

    engine: Engine
    timeout_seconds: float = 30.0
    _is_ready: bool = field(default=False, repr=False)

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Write what is not there yet, in one transaction, each item under its own savepoint.

        UNKNOWN for all of them where the commit did not answer. DeliveryError if the database
        cannot be reached or its tables cannot be used: nothing was written then.
        """
        if not items:
            return ()
        try:
            with self._begun() as connection:
                known = Known.of(connection, items)
                outcomes = [write_item(connection, item, known, sent_at=sent_at) for item in items]
                landed = read_landed(connection, [item.key for item in items])
        except _CommitError as error:
            return tuple(
                Outcome(key=item.key, result=Result.UNKNOWN, error=str(error)) for item in items
            )
        return tuple(_told(outcome, landed) for outcome in outcomes)

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return which of the keys have their row; lead and effect are written together."""
        if not keys:
            return {}
        try:
            with self._begun() as connection:
                return read_landed(connection, keys)
        except _CommitError as error:
            raise DeliveryError(target=_TARGET, found=str(error)) from None

    def missing_tables(self, *, create: bool = False) -> tuple[str, ...]:
        """Return which of our tables are not there; ``create`` makes them.

        DeliveryError if the database does not answer, or has one of another shape.
        """
        with _explained(), self.engine.begin() as connection:
            there = set(inspect(connection).get_table_names())
            missing = tuple(name for name in metadata.tables if name not in there)
            if create:
                metadata.create_all(connection)
            _check_columns(connection)
        return missing

    def erase(
        self, *, names: Mapping[str, str], keys: frozenset[str], cut: Cut, dry_run: bool = False
    ) -> int:
        """Empty a person's rows and cut them out of others'; how many (see ``erase_rows``).

        ``dry_run`` counts and changes nothing; tables that are not there are not made.
        """
        try:
            with self._begun(make=False) as connection:
                found = erase_rows(connection, names=names, keys=keys, cut=cut, dry_run=dry_run)
            if not dry_run:
                reach("crm.erase_committed")
                with _explained():
                    write_anew(self.engine)
        except _CommitError as error:
            raise DeliveryError(target=_TARGET, found=str(error)) from None
        return found

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def _begun(self, *, make: bool = True) -> Iterator[Connection]:
        """One transaction on tables that are there; what the database says becomes our errors."""
        with _explained(), self.engine.connect() as connection:
            transaction = connection.begin()
            self._prepare(connection, make=make)
            yield connection
            reach("crm.before_commit")
            try:
                transaction.commit()
            except SQLAlchemyError as error:
                raise _CommitError(f"the commit did not answer ({name_of(error)})") from None
            self._is_ready = self._is_ready or make
            reach("crm.after_commit")

    def _prepare(self, connection: Connection, *, make: bool) -> None:
        if connection.dialect.name == "postgresql":
            milliseconds = math.ceil(self.timeout_seconds * 1000)
            connection.execute(sql_text(f"SET LOCAL statement_timeout = {milliseconds}"))
        if make and not self._is_ready:
            metadata.create_all(connection)
            _check_columns(connection)


def open_sql(settings: CrmSettings) -> SqlCrm:
    """Make the adapter of ``settings.url``; InputError if that is no URL of a database here."""
    if not settings.url:
        raise InputError(where=_VARIABLE, found="is not set", expected=_EXPECTED)
    try:
        url = make_url(settings.url)
        return SqlCrm(engine=_engine_of(url, settings), timeout_seconds=settings.timeout_seconds)
    except (SQLAlchemyError, ImportError, ValueError):
        remedy = "the driver must be installed"
        raise InputError(
            where=_VARIABLE, found="is no URL of a database here", expected=_EXPECTED, remedy=remedy
        ) from None


def _engine_of(url: URL, settings: CrmSettings) -> Engine:
    seconds = settings.timeout_seconds
    backend = url.get_backend_name()
    if backend == "postgresql":
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        waits = (
            {"connect_timeout": max(1, math.ceil(seconds))} if "psycopg" in url.drivername else {}
        )
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=waits)
    if backend == "sqlite":
        return _sqlite_engine(url, seconds)
    return create_engine(url, pool_pre_ping=True, hide_parameters=True)


def _sqlite_engine(url: URL, seconds: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise InputError(
            where=_VARIABLE,
            found="names no file, so nothing would stay",
            expected="sqlite:///path/crm.db",
        )
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": seconds})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: we do, below

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _told(outcome: Outcome, landed: Mapping[str, Landed]) -> Outcome:
    if outcome.result is not Result.TAKEN:
        return outcome
    return replace(outcome, landed=landed.get(outcome.key))


def _check_columns(connection: Connection) -> None:
    """Refuse tables of another shape with the columns that are missing."""
    looked = inspect(connection)
    for table in (lead, effect):
        if not looked.has_table(table.name):
            continue
        there = {column["name"] for column in looked.get_columns(table.name)}
        missing = [column.name for column in table.columns if column.name not in there]
        if missing:
            found = f"the table {table.name} lacks {', '.join(missing)}: add the columns"
            raise DeliveryError(target=_TARGET, found=f"{found}, or rename it")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the database says into one error that tells no secret and no row."""
    try:
        yield
    except SQLAlchemyError as error:
        found = (
            f"the database cannot be used ({name_of(error)}); check that it runs, and {_VARIABLE}"
        )
        raise DeliveryError(target=_TARGET, found=found) from None
