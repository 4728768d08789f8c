"""Quality results, pulled sources, merges that can be undone, erasures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.ledger.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns."""
    op.add_column("batch", sa.Column("profile", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_batch_source_taken_at"), "batch", ["source", "taken_at"])
    op.add_column("quarantine", sa.Column("decided_at", Instant(), nullable=True))
    op.add_column("quarantine", sa.Column("released_as", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_quarantine_status"), "quarantine", ["status"])
    op.add_column("lead", sa.Column("company_key", sa.Text(), nullable=True))
    op.add_column("lead", sa.Column("inferred", sa.JSON(), nullable=True))
    op.add_column("merge", sa.Column("why", sa.String(length=16), nullable=True))
    _create_quality()
    _create_sync()
    _create_erasure()


def _create_quality() -> None:
    op.create_table(
        "quality",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("failing", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "rule", name=op.f("pk_quality")),
    )


def _create_sync() -> None:
    op.create_table(
        "sync",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("synced_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sync")),
    )


def _create_erasure() -> None:
    op.create_table(
        "apart",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("other_id", sa.String(length=200), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "other_id", name=op.f("pk_apart")),
    )
    op.create_table(
        "erasure",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "erased_mailbox",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_mailbox")),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.String(length=64), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate")),
    )
