"""What sources said of sales and marketing: one row a record, its newest content."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, Text

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant, Money

# The facts of sales: one row a record, its newest content.
touch = Table(
    "touch",
    metadata,
    Column("touch_id", KEY, primary_key=True),
    Column("lead_id", KEY, nullable=False),
    Column("rep_id", KEY),
    Column("channel", String(16), nullable=False),
    Column("touched_at", Instant, nullable=False),
    Column("outcome", String(16)),
    Column("automatic", Boolean),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
    Index(None, "touched_at"),  # who was reached lately
)

decision = Table(
    "decision",
    metadata,
    Column("decision_id", KEY, primary_key=True),
    Column("lead_id", KEY, nullable=False),
    Column("rep_id", KEY),
    Column("outcome", String(16), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("reason", Text),
    Column("defer_until", Instant),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

handoff_report = Table(
    "handoff_report",
    metadata,
    Column("handoff_id", KEY, primary_key=True),
    Column("lead_id", KEY, nullable=False),
    Column("handed_at", Instant, nullable=False),
    Column("stage", String(16)),
    Column("rep_id", KEY),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

_OPPORTUNITY_ATTRIBUTES = (
    ("lead_id", KEY),
    ("rep_id", KEY),
    ("account", Text),
    ("industry", Text),
    ("country", Text),
    ("product", Text),
    ("stage", String(16)),
    ("step", String(32)),
    ("stage_at", Instant),
    ("opened_at", Instant),
    ("closed_at", Instant),
    ("amount", Money),
    ("cost", Money),
    ("reason", Text),
)

opportunity = Table(
    "opportunity",
    metadata,
    Column("opportunity_id", KEY, primary_key=True),
    *(Column(name, kind) for name, kind in _OPPORTUNITY_ATTRIBUTES),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

# One row a version of a deal as a source gave it, append-only.
opportunity_version = Table(
    "opportunity_version",
    metadata,
    Column("opportunity_id", KEY, primary_key=True),
    Column("known_at", Instant, primary_key=True),
    Column("batch_id", String(64), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    *(Column(name, kind) for name, kind in _OPPORTUNITY_ATTRIBUTES),
    Index(None, "lead_id"),
)

spend = Table(
    "spend",
    metadata,
    Column("spend_id", KEY, primary_key=True),
    Column("spent_on", Date, nullable=False),
    Column("amount", Money, nullable=False),
    Column("channel", Text),
    Column("campaign", Text),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
)
