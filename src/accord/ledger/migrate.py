"""Bringing a ledger to the newest schema, by Alembic, and to the newest views, in one transaction.

A ledger that has both already is seen without importing Alembic: a command starts fast. Views would
hinder changes of the tables under them, so they go before and are made anew after. The version
stands in a table of our own name, so that a ledger may share its database with another tool that
uses Alembic.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from accord.ledger.leases import hold_lease
from accord.ledger.views import are_newest, create_views, drop_views

VERSION_TABLE = "accord_version"
_FOLDER = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """Return the newest revision: files in ``migrations/versions`` are named by their order."""
    return max(path.stem.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables; two processes that open an empty ledger at once take turns."""
    if _is_newest(engine):
        return
    with hold_lease(engine, "migrate", wait_seconds=60):
        if not _is_newest(engine):
            _upgrade(engine)


def _is_newest(engine: Engine) -> bool:
    """Whether views are there that this code made, and under them its newest tables."""
    with engine.connect() as connection:
        return are_newest(connection) and _revision(connection) == newest_revision()


def current_revision(engine: Engine) -> str | None:
    """Return the revision a ledger is at; None if it has no tables yet."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
    return connection.execute(query).scalar_one_or_none()


def _upgrade(engine: Engine) -> None:
    behind = current_revision(engine) != newest_revision()
    writing = engine.execution_options(accord_write=True)
    with writing.connect() as connection, connection.begin():
        grants = drop_views(connection)
        if behind:
            _upgrade_tables(connection)
        create_views(connection, grants)


def _upgrade_tables(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
