"""The first schema of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.ledger.types import Instant, Money

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - every table once
    """Create every table."""
    op.create_table(
        "agreement",
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("version", "fingerprint", name=op.f("pk_agreement")),
    )
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("rows_in", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_taken_at"), "batch", ["taken_at"], unique=False)
    op.create_table(
        "clock",
        sa.Column("clock_id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=True),
        sa.Column("handoff_id", sa.String(length=64), nullable=True),
        sa.Column("term", sa.String(length=200), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("from_event", sa.String(length=32), nullable=False),
        sa.Column("until_event", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("within_us", sa.BigInteger(), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.String(length=200), nullable=True),
        sa.Column("calendar_terms", sa.JSON(), nullable=True),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("escalation", sa.String(length=200), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.String(length=16), nullable=True),
        sa.Column("next_step", sa.Integer(), nullable=True),
        sa.Column("next_step_at", Instant(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clock")),
    )
    op.create_index(op.f("ix_clock_due_at"), "clock", ["due_at"], unique=False)
    op.create_index(op.f("ix_clock_lead_id"), "clock", ["lead_id"], unique=False)
    op.create_index(op.f("ix_clock_next_step_at"), "clock", ["next_step_at"], unique=False)
    op.create_index(op.f("ix_clock_started_at"), "clock", ["started_at"], unique=False)
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.String(length=200), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("defer_until", Instant(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_lead_id"), "decision", ["lead_id"], unique=False)
    op.create_table(
        "flag",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=16), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("flagged_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "row_number", "rule", name=op.f("pk_flag")),
    )
    op.create_table(
        "handoff",
        sa.Column("handoff_id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("hot", sa.Boolean(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("queued_at", Instant(), nullable=False),
        sa.Column("assigned_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("fit", sa.Integer(), nullable=True),
        sa.Column("engagement", sa.Integer(), nullable=True),
        sa.Column("intent", sa.Integer(), nullable=True),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_handoff")),
        sa.UniqueConstraint(
            "lead_id", "cycle", "stage", name=op.f("uq_handoff_lead_id_cycle_stage")
        ),
    )
    op.create_index(op.f("ix_handoff_assigned_at"), "handoff", ["assigned_at"], unique=False)
    op.create_index(
        op.f("ix_handoff_rep_id_assigned_at"), "handoff", ["rep_id", "assigned_at"], unique=False
    )
    op.create_table(
        "handoff_owner",
        sa.Column("handoff_id", sa.String(length=64), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("handoff_id", "since", name=op.f("pk_handoff_owner")),
    )
    op.create_table(
        "handoff_report",
        sa.Column("handoff_id", sa.String(length=200), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("handed_at", Instant(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_handoff_report")),
    )
    op.create_index(op.f("ix_handoff_report_lead_id"), "handoff_report", ["lead_id"], unique=False)
    op.create_table(
        "handoff_run",
        sa.Column("as_of", Instant(), autoincrement=False, nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("as_of", name=op.f("pk_handoff_run")),
    )
    op.create_table(
        "lead",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("budget", Money(), nullable=True),
        sa.Column("authority", sa.Boolean(), nullable=True),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("timeline_days", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("stage_at", Instant(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("mailbox", sa.Text(), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("current_stage", sa.String(length=16), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_lead")),
    )
    op.create_index(op.f("ix_lead_current_stage"), "lead", ["current_stage"], unique=False)
    op.create_index(op.f("ix_lead_domain"), "lead", ["domain"], unique=False)
    op.create_index(op.f("ix_lead_mailbox"), "lead", ["mailbox"], unique=False)
    op.create_table(
        "lead_version",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("budget", Money(), nullable=True),
        sa.Column("authority", sa.Boolean(), nullable=True),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("timeline_days", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("stage_at", Instant(), nullable=True),
        sa.Column("inferred", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint(
            "lead_id", "known_at", "batch_id", "row_number", name=op.f("pk_lead_version")
        ),
    )
    op.create_table(
        "merge",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("into_lead_id", sa.String(length=200), nullable=False),
        sa.Column("merged_at", Instant(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("lead_id", "merged_at", name=op.f("pk_merge")),
    )
    op.create_index(op.f("ix_merge_into_lead_id"), "merge", ["into_lead_id"], unique=False)
    op.create_table(
        "metric",
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("metric", sa.String(length=200), nullable=False),
        sa.Column("dimension", sa.String(length=32), nullable=False),
        sa.Column("member", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.Text(), nullable=True),
        sa.Column("denominator", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("computed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "period", "metric", "dimension", "member", "revision", name=op.f("pk_metric")
        ),
    )
    op.create_table(
        "opportunity",
        sa.Column("opportunity_id", sa.String(length=200), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=True),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("step", sa.String(length=32), nullable=True),
        sa.Column("stage_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("cost", Money(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_opportunity")),
    )
    op.create_index(op.f("ix_opportunity_lead_id"), "opportunity", ["lead_id"], unique=False)
    op.create_table(
        "opportunity_version",
        sa.Column("opportunity_id", sa.String(length=200), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=True),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=True),
        sa.Column("step", sa.String(length=32), nullable=True),
        sa.Column("stage_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("cost", Money(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "opportunity_id",
            "known_at",
            "batch_id",
            "row_number",
            name=op.f("pk_opportunity_version"),
        ),
    )
    op.create_index(
        op.f("ix_opportunity_version_lead_id"), "opportunity_version", ["lead_id"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column(
            "outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=True),
        sa.Column("clock_id", sa.String(length=64), nullable=True),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(length=200), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_clock_id"), "outbox", ["clock_id"], unique=False)
    op.create_index(op.f("ix_outbox_lead_id"), "outbox", ["lead_id"], unique=False)
    op.create_index(
        op.f("ix_outbox_status_not_before"), "outbox", ["status", "not_before"], unique=False
    )
    op.create_index(
        op.f("ix_outbox_status_outbox_id"), "outbox", ["status", "outbox_id"], unique=False
    )
    op.create_table(
        "pending",
        sa.Column(
            "pending_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("need", sa.String(length=16), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("pending_id", name=op.f("pk_pending")),
    )
    op.create_index(
        op.f("ix_pending_need_pending_id"), "pending", ["need", "pending_id"], unique=False
    )
    op.create_table(
        "quarantine",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=16), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("set_aside_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "row_number", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "rep",
        sa.Column("rep_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("manager_id", sa.String(length=200), nullable=True),
        sa.Column("calendar", sa.String(length=200), nullable=True),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("per_week", sa.BigInteger(), nullable=True),
        sa.Column("per_month", sa.BigInteger(), nullable=True),
        sa.Column("absences", sa.Text(), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("rep_id", name=op.f("pk_rep")),
    )
    op.create_table(
        "score",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("fit", sa.Integer(), nullable=False),
        sa.Column("engagement", sa.Integer(), nullable=False),
        sa.Column("intent", sa.Integer(), nullable=False),
        sa.Column("position", sa.String(length=16), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("qualifies", sa.JSON(), nullable=False),
        sa.Column("crossed", sa.String(length=16), nullable=True),
        sa.Column("scored_at", Instant(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_score")),
    )
    op.create_index(op.f("ix_score_crossed"), "score", ["crossed"], unique=False)
    op.create_index(op.f("ix_score_scored_at"), "score", ["scored_at"], unique=False)
    op.create_table(
        "score_change",
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("scored_at", Instant(), nullable=False),
        sa.Column("fit", sa.Integer(), nullable=False),
        sa.Column("engagement", sa.Integer(), nullable=False),
        sa.Column("intent", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "scored_at", name=op.f("pk_score_change")),
    )
    op.create_table(
        "signature",
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("version", "side", name=op.f("pk_signature")),
    )
    op.create_table(
        "spend",
        sa.Column("spend_id", sa.String(length=200), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("spend_id", name=op.f("pk_spend")),
    )
    op.create_table(
        "stage_change",
        sa.Column("change_id", sa.String(length=64), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("from_stage", sa.String(length=16), nullable=True),
        sa.Column("to_stage", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=True),
        sa.Column("programme", sa.String(length=16), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.Column("retracts", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_stage_change")),
    )
    op.create_index(op.f("ix_stage_change_lead_id"), "stage_change", ["lead_id"], unique=False)
    op.create_index(
        op.f("ix_stage_change_occurred_at"), "stage_change", ["occurred_at"], unique=False
    )
    op.create_index(op.f("ix_stage_change_retracts"), "stage_change", ["retracts"], unique=False)
    op.create_table(
        "step",
        sa.Column("clock_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("swept_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("clock_id", "step", name=op.f("pk_step")),
    )
    op.create_table(
        "touch",
        sa.Column("touch_id", sa.String(length=200), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("rep_id", sa.String(length=200), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("touched_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("touch_id", name=op.f("pk_touch")),
    )
    op.create_index(op.f("ix_touch_lead_id"), "touch", ["lead_id"], unique=False)
    op.create_table(
        "turn",
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("hot", sa.Boolean(), nullable=False),
        sa.Column("rep_id", sa.String(length=200), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("carried", sa.Float(), nullable=False),
        sa.Column("weight", sa.Text(), nullable=False),
        sa.Column("stretch", sa.Text(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("team", "hot", "rep_id", name=op.f("pk_turn")),
    )


def downgrade() -> None:
    """There is nothing before the first schema: a ledger is not emptied by a migration."""
    raise NotImplementedError
