"""What both teams agreed: versions of the agreement, and who signed which."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table, Text

from accord.ledger.tables.base import KEY, metadata
from accord.ledger.types import Instant

# One row a version of the agreement and content seen; the newest seen content of a version counts.
agreement = Table(
    "agreement",
    metadata,
    Column("version", KEY, primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("effective_from", Date, nullable=False),
    Column("document", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# One row a version and side that signed; the fingerprint is what they signed.
signature = Table(
    "signature",
    metadata,
    Column("version", KEY, primary_key=True),
    Column("side", String(16), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
)
