"""What erasing a person asks of the outbox: records that the CRM made of them, hashes of the cut.

An entry's hash is the digest of what goes out. Where an entry has surely not gone, it follows the
payload that is left; where it has, or may have, it stays what the CRM was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from accord.ledger.store import chunks, read_rows
from accord.ledger.tables import outbox
from accord.records import payload_hash

_AT_ONCE = 500


def read_gone(connection: Connection, lead_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Read what has reached the CRM about leads, or may have: key, status and remote, oldest first.

    ``remote`` is what it became there, kind of record -> its id; None where nobody has said.
    """
    columns = (outbox.c.outbox_id, outbox.c.key, outbox.c.status, outbox.c.remote)
    sent = or_(outbox.c.status == "sent", outbox.c.leased_by.is_not(None))
    gone = and_(sent, outbox.c.kind != "message")  # those went to our own people, ids only
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(
            connection,
            select(*columns).where(outbox.c.lead_id.in_(part), gone).order_by(outbox.c.outbox_id),
        )
    ]


def hash_anew(connection: Connection, outbox_ids: Sequence[int]) -> int:
    """Write the hashes of those of these entries that have surely not gone out; how many."""
    found = 0
    for start in range(0, len(outbox_ids), _AT_ONCE):
        part = outbox_ids[start : start + _AT_ONCE]
        query = select(outbox.c.outbox_id, outbox.c.payload).where(
            outbox.c.outbox_id.in_(part),
            outbox.c.status != "sent",
            outbox.c.leased_by.is_(None),
            outbox.c.payload_hash != "",  # emptied: an erased person's own
        )
        for outbox_id, payload in connection.execute(query).all():
            one = outbox.c.outbox_id == outbox_id
            statement = update(outbox).where(one).values(payload_hash=payload_hash(payload))
            found += connection.execute(statement).rowcount
    return found
