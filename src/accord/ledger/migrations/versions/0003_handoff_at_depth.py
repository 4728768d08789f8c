"""What became of an entry in the CRM, and who approved hand-offs that waited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.ledger.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("outbox", sa.Column("written_at", Instant(), nullable=True))
    op.add_column("outbox", sa.Column("remote", sa.JSON(), nullable=True))
    op.add_column("outbox", sa.Column("kept", sa.JSON(), nullable=True))
    op.drop_index(op.f("ix_outbox_lead_id"), "outbox")
    of_a_lead = ["lead_id", "status", "outbox_id"]
    op.create_index(op.f("ix_outbox_lead_id_status_outbox_id"), "outbox", of_a_lead)
    op.create_index(op.f("ix_handoff_owner_since"), "handoff_owner", ["since"])
    open_leads = ["origin", "ended_at", "stage", "rep_id"]
    op.create_index(op.f("ix_handoff_origin_ended_at_stage_rep_id"), "handoff", open_leads)
    op.create_table(
        "approval",
        sa.Column("approved_at", Instant(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("handoffs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("approved_at", "approved_by", name=op.f("pk_approval")),
    )
