"""Which leads can count in a period that is asked about is found by index."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(op.f("ix_clock_ended_at"), "clock", ["ended_at"])
    op.create_index(op.f("ix_lead_created_at"), "lead", ["created_at"])
