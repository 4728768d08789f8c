"""Whom it is about: leads and who is who among them, what was erased, and our own reps."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant, Money

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
    Column("lead_id", KEY, primary_key=True),
    Column("created_at", Instant, nullable=False),
    *(Column(name, kind) for name, kind in _LEAD_ATTRIBUTES),
    Column("domain", Text),
    Column("mailbox", Text),  # the e-mail as identity compares it; personal like the e-mail
    Column("company_key", Text),  # the company's name as identity compares it
    Column("inferred", JSON),  # names of attributes taken from the company's other leads
    Column("segment", KEY),
    Column("current_stage", String(16)),  # the fold of stage_change, kept beside it for reading
    Column("cycle", Integer, nullable=False, default=0),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
    Index(None, "created_at"),
    Index(None, "current_stage"),
    Index(None, "domain"),
    Index(None, "mailbox"),
)

# One row a version of a lead as a source gave it, append-only.
lead_version = Table(
    "lead_version",
    metadata,
    Column("lead_id", KEY, primary_key=True),
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
    Column("lead_id", KEY, primary_key=True),
    Column("into_lead_id", KEY, nullable=False),
    Column("merged_at", Instant, primary_key=True),
    Column("why", String(16)),  # mailbox, source_id, hand
    Column("undone_at", Instant),
    Index(None, "into_lead_id"),
)

# One row a pair of records that a person has told apart: they are never merged again.
apart = Table(
    "apart",
    metadata,
    Column("lead_id", KEY, primary_key=True),
    Column("other_id", KEY, primary_key=True),
    Column("decided_at", Instant, nullable=False),
)

# One row a lead that was erased: its id, no content.
erasure = Table(
    "erasure",
    metadata,
    Column("lead_id", KEY, primary_key=True),
    Column("certificate_id", String(64), nullable=False),
    Column("erased_at", Instant, nullable=False),
    Column("why", String(16), nullable=False),  # asked, retention
)

# One row an e-mail of a person who asked to be erased: it is known again by a keyed digest alone.
erased_mailbox = Table(
    "erased_mailbox",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("lead_id", KEY, nullable=False),
)

# One row a secret that the ledger has made for itself: the key of its digests.
secret = Table(
    "secret",
    metadata,
    Column("name", KEY, primary_key=True),
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
    Column("rep_id", KEY, primary_key=True),
    Column("name", Text),
    Column("email", Text),
    Column("role", String(16), nullable=False),
    Column("team", KEY),
    Column("manager_id", KEY),
    Column("calendar", KEY),
    Column("since", Instant),  # since when team and calendar hold, if the source says so
    Column("weight", Float),
    Column("per_week", BigInteger),
    Column("per_month", BigInteger),
    Column("absences", Text),
    Column("left_at", Instant),
    Column("known_at", Instant, nullable=False),
    Column("row_hash", String(32), nullable=False),
)

# One row a statement of a rep's team and calendar, append-only. What holds when follows from all of
# a rep's rows (``accord.sla.postings_of``); the first known one holds from the beginning of time.
posting = Table(
    "posting",
    metadata,
    Column("rep_id", KEY, primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("known_at", Instant, primary_key=True),
    Column("stated", Boolean, nullable=False),  # a source said since when; else when we learnt it
    Column("team", KEY),
    Column("calendar", KEY),
)
