"""Rows of erasing: who was erased, by which certificate, and the key of the digests.

What is taken out of the other tables stands in :mod:`accord.ledger.erase_person`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from accord.ledger.store import add_rows, chunks, is_among, read_rows, upsert_rows
from accord.ledger.tables import certificate, erased_mailbox, erasure, secret

BEGUN, CLEARED, DONE = "begun", "cleared", "done"
"""The states of a certificate: planned, nothing left in the stores but to tidy up, finished."""

_KEY = "digest"


def is_erased(lead_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say in a query whether a lead was erased."""
    return exists().where(erasure.c.lead_id == lead_id)


def without_erased(connection: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Leave out those of these leads that were erased; the order stays."""
    erased: set[str] = set()
    for part in chunks(lead_ids):
        query = select(erasure.c.lead_id).where(is_among(connection, erasure.c.lead_id, part))
        erased.update(connection.execute(query).scalars())
    return [lead_id for lead_id in lead_ids if lead_id not in erased]


def make_key(connection: Connection) -> bytes:
    """Return the key of this ledger's digests; it is made the first time."""
    fresh = {"name": _KEY, "value": secrets.token_hex(32)}
    add_rows(connection, secret, [fresh])
    key = read_key(connection)
    return key if key is not None else bytes.fromhex(fresh["value"])


def read_key(connection: Connection) -> bytes | None:
    """Return the key of this ledger's digests, None while nobody was erased."""
    value = connection.execute(select(secret.c.value).where(secret.c.name == _KEY)).scalar()
    return None if value is None else bytes.fromhex(value)


def write_erased(
    connection: Connection,
    lead_ids: Iterable[str],
    *,
    certificate_id: str,
    digests: Mapping[str, str],
    at: datetime,
    why: str,
) -> None:
    """Note who is erased; ``digests`` maps the digest of an e-mail to the lead that had it."""
    row = {"certificate_id": certificate_id, "erased_at": at, "why": why}
    add_rows(connection, erasure, [{"lead_id": lead_id, **row} for lead_id in sorted(lead_ids)])
    rows = [{"digest": digest, "lead_id": digests[digest]} for digest in sorted(digests)]
    add_rows(connection, erased_mailbox, rows)


def read_erased(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """Return which of these leads were erased."""
    count = connection.execute(select(func.count()).select_from(erasure)).scalar_one()
    if count <= len(lead_ids):
        return set(connection.execute(select(erasure.c.lead_id)).scalars()) & set(lead_ids)
    found: set[str] = set()
    for part in chunks(lead_ids):
        query = select(erasure.c.lead_id).where(erasure.c.lead_id.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def has_erased(connection: Connection, *, prefix: str = "") -> bool:
    """Whether anybody was erased (whose id, as it is kept, begins with ``prefix``)."""
    query = select(erasure.c.lead_id).where(erasure.c.lead_id.startswith(prefix, autoescape=True))
    return connection.execute(query.limit(1)).first() is not None


def read_digests(connection: Connection) -> set[str]:
    """Return the digests of the e-mails that must not come back."""
    return set(connection.execute(select(erased_mailbox.c.digest)).scalars())


def read_certificate_of(connection: Connection, lead_id: str) -> dict[str, Any] | None:
    """Return the certificate under which a lead was erased, or None."""
    query = select(certificate).join(
        erasure, erasure.c.certificate_id == certificate.c.certificate_id
    )
    rows = read_rows(connection, query.where(erasure.c.lead_id == lead_id))
    return rows[0] if rows else None


def read_certificates(connection: Connection) -> list[dict[str, Any]]:
    """Return every certificate, the newest first."""
    order = (certificate.c.erased_at.desc(), certificate.c.certificate_id)
    return read_rows(connection, select(certificate).order_by(*order))


def read_unfinished(connection: Connection) -> list[dict[str, Any]]:
    """Return the certificates of erasures that were begun and not brought to their end."""
    found = [row for row in read_certificates(connection) if row["content"]["state"] != DONE]
    return list(reversed(found))


def write_certificate(
    connection: Connection, certificate_id: str, *, at: datetime, content: Mapping[str, Any]
) -> None:
    """Write a certificate, or what it says now."""
    row = {"certificate_id": certificate_id, "erased_at": at, "content": dict(content)}
    upsert_rows(connection, certificate, [row])


def erased_activities(connection: Connection) -> tuple[dict[str, int], set[str]]:
    """Count the accepted activities of each batch that were erased since.

    Also the batches of which an erasure that has not come to its end is taking some: what the log
    holds of those is not settled.
    """
    counted: Counter[str] = Counter()
    unsettled: set[str] = set()
    for content in connection.execute(select(certificate.c.content)).scalars():
        by_batch = content["activities_by_batch"]
        counted.update(by_batch)
        if content["state"] == BEGUN:
            unsettled.update(by_batch)
    return dict(counted), unsettled
