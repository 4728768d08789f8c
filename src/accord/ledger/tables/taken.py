"""What came in: batches, what their rules said, rows set aside, cursors, and the work they make."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant

# One row a batch: the hash of a file's content and of its mapping.
# rows_in = accepted + quarantined + duplicates + held (law L1); flagged ones are accepted.
batch = Table(
    "batch",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("source", KEY, nullable=False),
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
    Column("rule", KEY, primary_key=True),
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
    Column("source", KEY, primary_key=True),
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
    Column("source", KEY, nullable=False),
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
    Column("rule", KEY, primary_key=True),
    Column("entity", String(16), nullable=False),
    Column("record_key", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("flagged_at", Instant, nullable=False),
)

# One row a piece of work that something new has made for a lead: ``need`` is score, lifecycle,
# clock, or owner (all its clocks, since something is new of one of its owners). A stage takes the
# rows up to the highest id it has read and deletes them in the transaction that stores its work; a
# fact whose lead is unknown waits here until the lead arrives.
# ``EVERYONE`` in place of a lead stands for all that are known when the row is read.
pending = Table(
    "pending",
    metadata,
    Column("pending_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("need", String(16), nullable=False),
    Column("lead_id", KEY, nullable=False),
    Index(None, "need", "pending_id"),
)
