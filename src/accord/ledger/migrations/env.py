"""Alembic's entry: runs the migrations on the connection that the ledger gives it."""

from __future__ import annotations

from alembic import context

from accord.ledger.migrate import VERSION_TABLE
from accord.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
