"""Those who were sent back to nurture are found by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: few moves are in it, and two years of all moves need not be read for them."""
    nurture = sa.text("to_stage = 'nurture'")
    op.create_index(
        "ix_stage_change_sent_back",
        "stage_change",
        ["occurred_at"],
        sqlite_where=nurture,
        postgresql_where=nurture,
    )
