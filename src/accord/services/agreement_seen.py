"""Versions and contents of the agreement that the ledger keeps, and which of them was agreed.

Of one version several contents may have been seen: a file is edited. What a version *says* is
decided here alone, by :func:`content_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import Connection, select

from accord.agreement import Agreement, loads
from accord.ledger import Ledger, tables
from accord.records import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One version and content that the ledger has seen, without its text."""

    version: str
    fingerprint: str
    effective_from: date
    seen_at: datetime


def read_seen(connection: Connection) -> tuple[Seen, ...]:
    """Read every version and content that was ever seen, in no order."""
    table = tables.agreement
    query = select(table.c.version, table.c.fingerprint, table.c.effective_from, table.c.seen_at)
    return tuple(Seen(**row) for row in connection.execute(query).mappings())


def read_stored(ledger: Ledger, one: Seen) -> Agreement:
    """Read the agreement of a version and content that was seen; each text is parsed once."""
    table = tables.agreement
    query = select(table.c.document).where(
        table.c.version == one.version, table.c.fingerprint == one.fingerprint
    )
    with ledger.read() as connection:
        return _load_text(one.version, connection.execute(query).scalar_one())


@lru_cache(maxsize=1_000)  # more versions than any company has: to parse one takes long
def _load_text(version: str, text: str) -> Agreement:
    return loads(text, where=f"version {version} in the ledger")


def read_agreed(
    connection: Connection, seen: Iterable[Seen], *, as_of: datetime
) -> tuple[Seen, ...]:
    """Return what both sides have signed as it stands, by ``as_of``."""
    table = tables.signature
    rows = connection.execute(select(table).where(table.c.signed_at <= as_of)).all()
    signed = {(row.version, row.side, row.fingerprint) for row in rows}
    return tuple(
        one
        for one in seen
        if all((one.version, side.value, one.fingerprint) in signed for side in Side)
    )


def read_agreed_versions(connection: Connection, *, as_of: datetime) -> frozenset[str]:
    """Name the versions of which both sides have signed a content, by ``as_of``."""
    agreed = read_agreed(connection, read_seen(connection), as_of=as_of)
    return frozenset(one.version for one in agreed)


def content_of(contents: Sequence[Seen], *, agreed: Collection[Seen], in_force: str | None) -> Seen:
    """Return the content that a version stands for, of those that were seen of it.

    The one both sides have signed; else the one in force, named by its fingerprint; else the one
    seen last.
    """
    return max(
        contents,
        key=lambda one: (
            one in agreed,
            one.fingerprint == in_force,
            one.seen_at,
            one.fingerprint,
        ),
    )
