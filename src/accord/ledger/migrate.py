"""Bringing a ledger to the newest schema, by Alembic, in one transaction.

A ledger that is at the newest revision already is seen by one query, without importing Alembic: a
command starts fast. The version stands in a table of our own name, so that a ledger may share its
database with another tool that uses Alembic.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from accord.ledger.leases import hold_lease

VERSION_TABLE = "accord_version"
_FOLDER = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """Return the newest revision: files in ``migrations/versions`` are named by their order."""
    return max(path.stem.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables; two processes that open an empty ledger at once take turns."""
    if current_revision(engine) == newest_revision():
        return
    with hold_lease(engine, "migrate", wait_seconds=60):
        if current_revision(engine) != newest_revision():
            _upgrade(engine)


def current_revision(engine: Engine) -> str | None:
    """Return the revision a ledger is at; None if it has no tables yet."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
        return connection.execute(query).scalar_one_or_none()


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    writing = engine.execution_options(accord_write=True)
    with writing.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
