"""What followed: stages, scores, hand-overs and whose turn it is."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant

# One row a move of a lead. ``retracts`` names a change that no longer holds: append-only.
stage_change = Table(
    "stage_change",
    metadata,
    Column("change_id", String(64), primary_key=True),
    Column("lead_id", KEY, nullable=False),
    Column("from_stage", String(16)),
    Column("to_stage", String(16), nullable=False),
    Column("step", String(32)),
    Column("programme", String(16)),
    Column("cycle", Integer, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("position", Integer, nullable=False),  # order among changes of one lead at one instant
    Column("known_at", Instant, nullable=False),
    Column("origin", String(16), nullable=False),  # decided (ours), observed
    Column("inferred", Boolean, nullable=False),
    Column("cause", Text, nullable=False),  # the fact: "decision:crm:17", "score", "wake", ...
    Column("reason", Text),
    Column("until", Instant),  # when a deferred lead wakes
    Column("version", KEY),  # of the agreement it was decided under
    Column("retracts", String(64)),
    Index(None, "lead_id"),
    Index(None, "retracts"),
    Index(None, "occurred_at"),
    Index(
        "ix_stage_change_sent_back",  # what became of those is told for two years, of few leads
        "occurred_at",
        sqlite_where=text("to_stage = 'nurture'"),
        postgresql_where=text("to_stage = 'nurture'"),
    ),
)

# One row a lead: its scores in whole tenths and why.
score = Table(
    "score",
    metadata,
    Column("lead_id", KEY, primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("engagement", Integer, nullable=False),
    Column("intent", Integer, nullable=False),
    Column("position", String(16)),
    Column("reasons", JSON, nullable=False),
    Column("qualifies", JSON, nullable=False),  # which of engaged, target, mql, hot hold now
    Column("crossed", String(16)),  # a crossing upwards seen and not acted on: engaged, target, mql
    Column("scored_at", Instant, nullable=False),
    Column("version", KEY, nullable=False),
    Index(None, "crossed"),
    Index(None, "scored_at"),
)

# One row a change of a lead's scores or of the thresholds they hold, append-only.
score_change = Table(
    "score_change",
    metadata,
    Column("lead_id", KEY, primary_key=True),
    Column("scored_at", Instant, primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("engagement", Integer, nullable=False),
    Column("intent", Integer, nullable=False),
    Column("version", KEY, nullable=False),
)

# One row a hand-over: at most one a lead, cycle and role (law L4).
handoff = Table(
    "handoff",
    metadata,
    Column("handoff_id", String(64), primary_key=True),
    Column("lead_id", KEY, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("stage", String(16), nullable=False),  # mql, sql
    Column("origin", String(16), nullable=False),  # decided, observed
    Column("segment", KEY),
    Column("channel", Text),
    Column("campaign", Text),
    Column("team", KEY),
    Column("rep_id", KEY),
    Column("hot", Boolean, nullable=False),
    Column("forced", Boolean, nullable=False),  # over capacity after hold_at_most
    Column("kept", Boolean, nullable=False),  # kept with its account's or its former rep
    Column("queued_at", Instant, nullable=False),
    Column("assigned_at", Instant),  # null while it waits in the queue
    Column("ended_at", Instant),
    # converted, deferred, returned, disqualified; merged and overtaken: another one counts
    Column("outcome", String(16)),
    Column("waits_for", Text),  # why it waits: "capacity", "no rep in team emea", "approval", ...
    Column("fit", Integer),
    Column("engagement", Integer),
    Column("intent", Integer),
    Column("version", KEY),
    UniqueConstraint("lead_id", "cycle", "stage"),
    Index(None, "rep_id", "assigned_at"),
    Index(None, "assigned_at"),
    Index(None, "origin", "ended_at", "stage", "rep_id"),  # who has open leads
)

# One row each time an owner is set for a hand-off; the newest is the owner. What a source says of
# owners is written anew when it says otherwise; what we set stays.
handoff_owner = Table(
    "handoff_owner",
    metadata,
    Column("handoff_id", String(64), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("rep_id", KEY),
    Column("team", KEY),
    Column("why", String(32), nullable=False),  # assigned, reassigned, observed, crm
    Index(None, "since"),
    Index(None, "rep_id"),  # what was a rep's once, whoever's it is now
)

# One row a rep, team and kind of lead: the turns taken in the present stretch of availability, and
# what the rep had taken beyond (or short of) a fair share when that stretch began.
turn = Table(
    "turn",
    metadata,
    Column("team", KEY, primary_key=True),
    Column("hot", Boolean, primary_key=True),
    Column("rep_id", KEY, primary_key=True),
    Column("taken", Integer, nullable=False),  # leads in the present stretch
    Column("carried", Float, nullable=False),  # leads a weight beyond the fair share, before it
    Column("weight", Text, nullable=False),  # exact, as a fraction: 3/2
    Column("stretch", Text, nullable=False),  # names the stretch; empty: not available in it
    Column("last_at", Instant, nullable=False),  # when the team last took a turn
)

# One row a run of the hand-off that saw something new: how many it decided to hand over.
handoff_run = Table(
    "handoff_run",
    metadata,
    Column("as_of", Instant, primary_key=True, autoincrement=False),
    Column("decided", Integer, nullable=False),
)

# One row each time a person let hand-offs go on that waited for approval.
approval = Table(
    "approval",
    metadata,
    Column("approved_at", Instant, primary_key=True),
    Column("approved_by", Text, primary_key=True),
    Column("handoffs", Integer, nullable=False),
)
