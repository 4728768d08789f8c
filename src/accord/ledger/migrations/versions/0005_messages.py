"""Messages go to one person each; what the CRM was given of ladder steps is a task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add whom a message tells; entries until now went to the CRM, so they are tasks."""
    op.add_column("outbox", sa.Column("recipient", sa.String(length=200), nullable=True))
    named = sa.text("recipient IS NOT NULL")
    op.create_index(
        op.f("ix_outbox_recipient_sent_at"),
        "outbox",
        ["recipient", "sent_at"],
        sqlite_where=named,
        postgresql_where=named,
    )
    op.execute("UPDATE outbox SET kind = 'task' WHERE kind = 'message'")
