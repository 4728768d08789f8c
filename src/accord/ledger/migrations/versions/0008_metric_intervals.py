"""A share of few says how sure it is: the limits of its interval stand beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; numbers stored before have none until their week is computed again."""
    op.add_column("metric", sa.Column("low", sa.Text(), nullable=True))
    op.add_column("metric", sa.Column("high", sa.Text(), nullable=True))
