"""The tables of the ledger: the system of record for all that is decided.

Grain and key stand above each table. What a source said (``lead_version touch decision
handoff_report opportunity_version spend rep``) and what followed (``stage_change handoff clock
step outbox``) are apart, so what followed can be derived again. History is append-only: a change
that no longer holds is taken back by a row that names it, never edited.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from accord.ledger.types import Instant, Money

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Key = String(200)

EVERYONE = " everyone"
"""Stands for all leads; ids of leads are trimmed, so none begins with a blank."""

# One row a version of the agreement and content seen; the newest seen content of a version counts.
agreement = Table(
    "agreement",
    metadata,
    Column("version", _Key, primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("effective_from", Date, nullable=False),
    Column("document", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# One row a version and side that signed; the fingerprint is what they signed.
signature = Table(
    "signature",
    metadata,
    Column("version", _Key, primary_key=True),
    Column("side", String(16), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
)

# One row a batch: the hash of a file's content and of its mapping.
# rows_in = accepted + quarantined + duplicates + held (law L1); flagged ones are accepted.
batch = Table(
    "batch",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("source", _Key, nullable=False),
    Column("entity", String(16), nullable=False),
    Column("place", Text, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),  # taken, held
    Column("rows_in", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("profile", JSON),  # what it measures as a whole: {"rows": 12, "null_share:email": 0.1}
    Index(None, "taken_at"),
    Index(None, "source", "taken_at"),
)

# One row a quality rule that was asked of a batch: how many rows fail it, and what follows.
quality = Table(
    "quality",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("rule", _Key, primary_key=True),
    Column("severity", String(16), nullable=False),  # flag, quarantine, hold
    Column("checked", Integer, nullable=False),  # rows looked at; of a rule about the batch: 0
    Column("failing", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),  # passed, tolerated, acted
    Column("sentence", Text),
)

# One row a source that is pulled (SQL, a CRM): how far it has been read.
sync = Table(
    "sync",
    metadata,
    Column("source", _Key, primary_key=True),
    Column("cursor", JSON, nullable=False),
    Column("batch_id", String(64)),  # the last batch taken
    Column("synced_at", Instant, nullable=False),
)

# One row a failing row of a batch, whole, with every reason.
quarantine = Table(
    "quarantine",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("row_number", Integer, primary_key=True),  # 1 is the first data row of the file
    Column("source", _Key, nullable=False),
    Column("entity", String(16), nullable=False),
    Column("record_key", Text),
    Column("row", JSON, nullable=False),  # column of the file -> text as given
    Column("reasons", JSON, nullable=False),  # [{"rule": ..., "sentence": ...}, ...]
    Column("status", String(16), nullable=False),  # open, released, discarded, erased
    Column("set_aside_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("released_as", String(64)),  # the batch that its release made
    Index(None, "status"),
)

# One row a rule that flagged an accepted record.
flag = Table(
    "flag",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("rule", _Key, primary_key=True),
    Column("entity", String(16), nullable=False),
    Column("record_key", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("flagged_at", Instant, nullable=False),
)

_LEAD_ATTRIBUTES = (
    ("email", Text),
    ("name", Text),
    ("phone", Text),
    ("title", Text),
    ("company", Text),
    ("industry", Text),
    ("country", Text),
    ("employees", BigInteger),
    ("budget", Money),
    ("authority", Boolean),
    ("need", Text),
    ("timeline_days", BigInteger),
    ("channel", Text),
    ("campaign", Text),
    ("stage", String(16)),
    ("stage_at", Instant),
)

# One row a lead: its newest attributes. ``segment`` is by the agreement in force when written.
lead = Table(
    "lead",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("created_at", Instant, nullable=False),
    *(Column(name, kind) for name, kind in _LEAD_ATTRIBUTES),
    Column("domain", Text),
    Column("mailbox", Text),  # the e-mail as identity compares it; personal like the e-mail
    Column("company_key", Text),  # the company's name as identity compares it
    Column("inferred", JSON),  # names of attributes taken from the company's other leads
    Column("segment", _Key),
    Column("current_stage", String(16)),  # the fold of stage_change, kept beside it for reading
    Column("cycle", Integer, nullable=False, default=0),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "current_stage"),
    Index(None, "domain"),
    Index(None, "mailbox"),
)

# One row a version of a lead as a source gave it, append-only.
lead_version = Table(
    "lead_version",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("known_at", Instant, primary_key=True),
    Column("batch_id", String(64), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("created_at", Instant, nullable=False),
    *(Column(name, kind) for name, kind in _LEAD_ATTRIBUTES),
    Column("inferred", JSON),  # names of attributes taken from the company's other leads
)

# One row a merge of a person's records into the oldest, append-only; undone by ``undone_at``.
merge = Table(
    "merge",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("into_lead_id", _Key, nullable=False),
    Column("merged_at", Instant, primary_key=True),
    Column("why", String(16)),  # mailbox, source_id, hand
    Column("undone_at", Instant),
    Index(None, "into_lead_id"),
)

# One row a pair of records that a person has told apart: they are never merged again.
apart = Table(
    "apart",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("other_id", _Key, primary_key=True),
    Column("decided_at", Instant, nullable=False),
)

# One row a lead that was erased: its id, no content.
erasure = Table(
    "erasure",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("certificate_id", String(64), nullable=False),
    Column("erased_at", Instant, nullable=False),
    Column("why", String(16), nullable=False),  # asked, retention
)

# One row an e-mail of a person who asked to be erased: it is known again by a keyed digest alone.
erased_mailbox = Table(
    "erased_mailbox",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("lead_id", _Key, nullable=False),
)

# One row a secret that the ledger has made for itself: the key of its digests.
secret = Table(
    "secret",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("value", Text, nullable=False),
)

# One row a certificate: what an erasure removed and what it left, in counts.
certificate = Table(
    "certificate",
    metadata,
    Column("certificate_id", String(64), primary_key=True),
    Column("erased_at", Instant, nullable=False),
    Column("content", JSON, nullable=False),
)

rep = Table(
    "rep",
    metadata,
    Column("rep_id", _Key, primary_key=True),
    Column("name", Text),
    Column("email", Text),
    Column("role", String(16), nullable=False),
    Column("team", _Key),
    Column("manager_id", _Key),
    Column("calendar", _Key),
    Column("weight", Float),
    Column("per_week", BigInteger),
    Column("per_month", BigInteger),
    Column("absences", Text),
    Column("left_at", Instant),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
)

# One row a piece of work that something new has made for a lead: ``need`` is score, lifecycle or
# clock. A stage takes the rows up to the highest id it has read and deletes them in the transaction
# that stores its work; a fact whose lead is unknown waits here until the lead arrives.
# ``EVERYONE`` in place of a lead stands for all that are known when the row is read.
pending = Table(
    "pending",
    metadata,
    Column("pending_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("need", String(16), nullable=False),
    Column("lead_id", _Key, nullable=False),
    Index(None, "need", "pending_id"),
)

# The facts of sales: one row a record, its newest content.
touch = Table(
    "touch",
    metadata,
    Column("touch_id", _Key, primary_key=True),
    Column("lead_id", _Key, nullable=False),
    Column("rep_id", _Key),
    Column("channel", String(16), nullable=False),
    Column("touched_at", Instant, nullable=False),
    Column("outcome", String(16)),
    Column("automatic", Boolean),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

decision = Table(
    "decision",
    metadata,
    Column("decision_id", _Key, primary_key=True),
    Column("lead_id", _Key, nullable=False),
    Column("rep_id", _Key),
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
    Column("handoff_id", _Key, primary_key=True),
    Column("lead_id", _Key, nullable=False),
    Column("handed_at", Instant, nullable=False),
    Column("stage", String(16)),
    Column("rep_id", _Key),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

_OPPORTUNITY_ATTRIBUTES = (
    ("lead_id", _Key),
    ("rep_id", _Key),
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
    Column("opportunity_id", _Key, primary_key=True),
    *(Column(name, kind) for name, kind in _OPPORTUNITY_ATTRIBUTES),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "lead_id"),
)

# One row a version of a deal as a source gave it, append-only.
opportunity_version = Table(
    "opportunity_version",
    metadata,
    Column("opportunity_id", _Key, primary_key=True),
    Column("known_at", Instant, primary_key=True),
    Column("batch_id", String(64), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    *(Column(name, kind) for name, kind in _OPPORTUNITY_ATTRIBUTES),
    Index(None, "lead_id"),
)

spend = Table(
    "spend",
    metadata,
    Column("spend_id", _Key, primary_key=True),
    Column("spent_on", Date, nullable=False),
    Column("amount", Money, nullable=False),
    Column("channel", Text),
    Column("campaign", Text),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
)

# One row a move of a lead. ``retracts`` names a change that no longer holds: append-only.
stage_change = Table(
    "stage_change",
    metadata,
    Column("change_id", String(64), primary_key=True),
    Column("lead_id", _Key, nullable=False),
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
    Column("version", _Key),  # of the agreement it was decided under
    Column("retracts", String(64)),
    Index(None, "lead_id"),
    Index(None, "retracts"),
    Index(None, "occurred_at"),
)

# One row a lead: its scores in whole tenths and why.
score = Table(
    "score",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("engagement", Integer, nullable=False),
    Column("intent", Integer, nullable=False),
    Column("position", String(16)),
    Column("reasons", JSON, nullable=False),
    Column("qualifies", JSON, nullable=False),  # which of engaged, target, mql, hot hold now
    Column("crossed", String(16)),  # a crossing upwards seen and not acted on: engaged, target, mql
    Column("scored_at", Instant, nullable=False),
    Column("version", _Key, nullable=False),
    Index(None, "crossed"),
    Index(None, "scored_at"),
)

# One row a change of a lead's scores or of the thresholds they hold, append-only.
score_change = Table(
    "score_change",
    metadata,
    Column("lead_id", _Key, primary_key=True),
    Column("scored_at", Instant, primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("engagement", Integer, nullable=False),
    Column("intent", Integer, nullable=False),
    Column("version", _Key, nullable=False),
)

# One row a hand-over: at most one a lead, cycle and role (law L4).
handoff = Table(
    "handoff",
    metadata,
    Column("handoff_id", String(64), primary_key=True),
    Column("lead_id", _Key, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("stage", String(16), nullable=False),  # mql, sql
    Column("origin", String(16), nullable=False),  # decided, observed
    Column("segment", _Key),
    Column("channel", Text),
    Column("campaign", Text),
    Column("team", _Key),
    Column("rep_id", _Key),
    Column("hot", Boolean, nullable=False),
    Column("forced", Boolean, nullable=False),  # over capacity after hold_at_most
    Column("kept", Boolean, nullable=False),  # kept with its account's or its former rep
    Column("queued_at", Instant, nullable=False),
    Column("assigned_at", Instant),  # null while it waits in the queue
    Column("ended_at", Instant),
    Column("outcome", String(16)),  # converted, deferred, returned, disqualified
    Column("waits_for", Text),  # why it waits: "capacity", "no rep in team emea", "approval", ...
    Column("fit", Integer),
    Column("engagement", Integer),
    Column("intent", Integer),
    Column("version", _Key),
    UniqueConstraint("lead_id", "cycle", "stage"),
    Index(None, "rep_id", "assigned_at"),
    Index(None, "assigned_at"),
)

# One row each time an owner is set for a hand-off, append-only; the newest is the owner.
handoff_owner = Table(
    "handoff_owner",
    metadata,
    Column("handoff_id", String(64), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("rep_id", _Key),
    Column("team", _Key),
    Column("why", String(32), nullable=False),  # assigned, reassigned, observed
)

# One row a rep, team and kind of lead: the turns taken in the present stretch of availability, and
# what the rep had taken beyond (or short of) a fair share when that stretch began.
turn = Table(
    "turn",
    metadata,
    Column("team", _Key, primary_key=True),
    Column("hot", Boolean, primary_key=True),
    Column("rep_id", _Key, primary_key=True),
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

# One row a clock. It keeps the term it was started with.
clock = Table(
    "clock",
    metadata,
    Column("clock_id", String(64), primary_key=True),
    Column("lead_id", _Key),  # null for marketing's weekly terms
    Column("handoff_id", String(64)),
    Column("term", _Key, nullable=False),
    Column("side", String(16), nullable=False),
    Column("from_event", String(32), nullable=False),
    Column("until_event", String(32), nullable=False),
    Column("segment", _Key),
    Column("cycle", Integer, nullable=False),
    Column("owner_id", _Key),  # rep; null when nobody is named
    Column("team", _Key),
    Column("started_at", Instant, nullable=False),
    Column("within_us", BigInteger, nullable=False),
    Column("business", Boolean, nullable=False),
    Column("calendar", _Key),
    Column("calendar_terms", JSON),  # the calendar's entry as it was at the start, wall clocks too
    Column("pauses", JSON, nullable=False),
    Column("escalation", _Key, nullable=False),
    Column("steps", JSON, nullable=False),  # [{"at": "80%", "notify": ["rep"]}, ...]
    Column("due_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(16)),  # met, transferred, cancelled
    Column("next_step", Integer),
    Column("next_step_at", Instant),  # null when no step is left or the clock has ended
    Column("origin", String(16), nullable=False),  # of its hand-off; observed ones never escalate
    Column("version", _Key, nullable=False),
    Index(None, "next_step_at"),
    Index(None, "lead_id"),
    Index(None, "due_at"),
    Index(None, "started_at"),
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
    Column("key", _Key, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # handoff, message
    Column("lead_id", _Key),
    Column("clock_id", String(64)),
    Column("step", Integer),
    Column("payload", JSON, nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),  # waiting, sent, dead, withdrawn, superseded
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_by", _Key),
    Column("leased_until", Instant),
    Column("sent_at", Instant),
    Column("error", Text),
    Index(None, "status", "not_before"),
    Index(None, "status", "outbox_id"),
    Index(None, "lead_id"),
    Index(None, "clock_id"),
)

# One row a period, metric, dimension values and revision; the highest revision counts.
metric = Table(
    "metric",
    metadata,
    Column("period", String(16), primary_key=True),  # 2026-W46, 2026-11, 2026-11-21
    Column("metric", _Key, primary_key=True),
    Column("dimension", String(32), primary_key=True),  # all, segment, channel, ...
    Column("member", _Key, primary_key=True),  # the dimension's value; "" for all and for none
    Column("revision", Integer, primary_key=True),
    Column("numerator", Text),  # exact decimal text; null is missing, 0 is zero
    Column("denominator", Text),
    Column("value", Text),
    Column("partial", Boolean, nullable=False),
    Column("computed_at", Instant, nullable=False),
)
