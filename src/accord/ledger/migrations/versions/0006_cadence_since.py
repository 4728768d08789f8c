"""What a cadence can have owed since an instant, and to whom, is found by index."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(op.f("ix_touch_touched_at"), "touch", ["touched_at"])
    op.create_index(op.f("ix_handoff_owner_rep_id"), "handoff_owner", ["rep_id"])
