"""Since when each rep has had which team and calendar, and which clocks follow their owner's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.ledger.types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and columns; what is known of each rep is the first that was known.

    Clocks that are there keep the calendar they run on: whether a term named it is not known.
    """
    op.create_table(
        "posting",
        sa.Column("rep_id", sa.String(length=200), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("calendar", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("rep_id", "since", "known_at", name=op.f("pk_posting")),
    )
    op.execute(
        "INSERT INTO posting (rep_id, since, known_at, stated, team, calendar)"
        " SELECT rep_id, known_at, known_at, false, team, calendar FROM rep"
    )
    op.add_column("rep", sa.Column("since", Instant(), nullable=True))
    op.add_column("clock", sa.Column("follows_owner", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_clock_owner_id_ended_at"), "clock", ["owner_id", "ended_at"])
