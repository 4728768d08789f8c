"""What is owed and told: clocks and their steps, the outbox, the numbers."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant

# One row a clock. It keeps the term it was started with.
clock = Table(
    "clock",
    metadata,
    Column("clock_id", String(64), primary_key=True),
    Column("lead_id", KEY),  # null for marketing's weekly terms
    Column("handoff_id", String(64)),
    Column("term", KEY, nullable=False),
    Column("side", String(16), nullable=False),
    Column("from_event", String(32), nullable=False),
    Column("until_event", String(32), nullable=False),
    Column("segment", KEY),
    Column("cycle", Integer, nullable=False),
    Column("owner_id", KEY),  # rep; null when nobody is named
    Column("team", KEY),
    Column("started_at", Instant, nullable=False),
    Column("within_us", BigInteger, nullable=False),
    Column("business", Boolean, nullable=False),
    Column("calendar", KEY),  # its name at the start
    Column("calendar_terms", JSON),  # its entry then, wall clocks too; parts if it changed
    Column("follows_owner", Boolean),  # the calendar is the owner's, and changes with them
    Column("pauses", JSON, nullable=False),
    Column("escalation", KEY, nullable=False),
    Column("steps", JSON, nullable=False),  # [{"at": "80%", "notify": ["rep"]}, ...]
    Column("due_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(16)),  # met, transferred, cancelled
    Column("next_step", Integer),
    Column("next_step_at", Instant),  # null when no step is left or the clock has ended
    Column("origin", String(16), nullable=False),  # of its hand-off; observed ones never escalate
    Column("version", KEY, nullable=False),
    Index(None, "next_step_at"),
    Index(None, "lead_id"),
    Index(None, "due_at"),
    Index(None, "started_at"),
    Index(None, "ended_at"),
    Index(None, "owner_id", "ended_at"),  # an owner's clocks, when something is new of the owner
)

# One row a ladder step that came due: at most one a clock and step (law L6).
step = Table(
    "step",
    metadata,
    Column("clock_id", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("swept_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),  # sent, skipped
    Column("why", Text),
)

# One row an effect that must reach the world. ``key`` is the idempotency key.
outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", KEY, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # handoff, task, message
    Column("lead_id", KEY),
    Column("clock_id", String(64)),
    Column("step", Integer),
    Column("recipient", KEY),  # whom a message tells; null for what goes to the CRM
    Column("payload", JSON, nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),  # waiting, sent, dead, withdrawn, superseded
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_by", KEY),
    Column("leased_until", Instant),
    Column("sent_at", Instant),
    Column("written_at", Instant),  # when the CRM says that it wrote it, by the CRM's clock
    Column("remote", JSON),  # what it became there: {"contact": "501", "task": "77"}
    Column("kept", JSON),  # what people had changed there and we left: [{"field": "owner", ...}]
    Column("error", Text),
    Index(None, "status", "not_before"),
    Index(None, "status", "outbox_id"),
    Index(None, "lead_id", "status", "outbox_id"),  # what goes before an entry of its lead
    Index(None, "clock_id"),
    # when somebody was told last; partial, so that hand-offs do not pay for it
    Index(
        "ix_outbox_recipient_sent_at",
        "recipient",
        "sent_at",
        sqlite_where=text("recipient IS NOT NULL"),
        postgresql_where=text("recipient IS NOT NULL"),
    ),
)

# One row a period, metric, dimension values and revision; the highest revision counts.
metric = Table(
    "metric",
    metadata,
    Column("period", String(16), primary_key=True),  # 2026-W46, 2026-11, 2026-11-21
    Column("metric", KEY, primary_key=True),
    Column("dimension", String(32), primary_key=True),  # all, segment, channel, ...
    Column("member", KEY, primary_key=True),  # the dimension's value; "" for all and for none
    Column("revision", Integer, primary_key=True),
    Column("numerator", Text),  # exact decimal text; null is missing, 0 is zero
    Column("denominator", Text),
    Column("value", Text),
    Column("low", Text),  # of a share of counted things: its Wilson interval of 95 %
    Column("high", Text),
    Column("partial", Boolean, nullable=False),
    Column("computed_at", Instant, nullable=False),
)

# One row a kind of fact and day (in UTC, since 1970): the facts that the stored weekly numbers were
# counted from. What differs from it now is new, changed or gone.
counted = Table(
    "counted",
    metadata,
    Column("source", KEY, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("facts", BigInteger, nullable=False),
    Column("first_us", BigInteger, nullable=False),  # the earliest instant among them
    Column("digest", Text, nullable=False),  # the same facts in any order have the same
)
