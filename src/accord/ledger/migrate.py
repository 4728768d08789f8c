"""Bringing a ledger to the newest schema."""

from __future__ import annotations

from sqlalchemy import Engine

from accord.ledger.tables import metadata


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables."""
    metadata.create_all(engine)
