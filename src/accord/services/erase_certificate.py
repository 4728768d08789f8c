"""The certificate of an erasure: what was removed and what stays, in ids and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from accord.ledger import erase_rows as rows
from accord.records import to_text
from accord.services.erased import pseudonym_of
from accord.services.workspace import Workspace

OUTSIDE = (
    "source files and systems that the data came from",
    "the CRM and the mailboxes that received hand-offs and messages",
    "backups, replicas and write-ahead archives of the database and of the disk",
)
"""What no erasure of ours reaches; every certificate says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What an erasure removed and what it left, in ids and counts; it holds nothing personal.

    ``removed`` counts by place: rows of tables, activities, sent entries, report files.
    ``kept`` counts the rows that stay with ids and times only. ``left`` names files under the home
    folder that hold the person and are not ours to change. ``shared_with`` are other leads of the
    same mailbox that somebody told apart: other persons, who stay. ``crm_records`` names what the
    CRM holds of the person, for somebody to delete there: a kind of record and its id, or the key
    that it carries.
    """

    certificate_id: str
    erased_at: datetime
    why: str
    request: str = ""
    state: str = rows.BEGUN
    leads: tuple[str, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    activities_by_batch: Mapping[str, int] = field(default_factory=dict)
    renamed_ids: int = 0
    shared_with: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    crm_records: tuple[str, ...] = ()
    outside: tuple[str, ...] = OUTSIDE

    def content(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        plain = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        return {**plain, "erased_at": to_text(self.erased_at)}


def certificate_of(workspace: Workspace, lead_id: str) -> Certificate | None:
    """Return the certificate under which a lead was erased, or is being; None if it was not."""
    with workspace.ledger.read() as connection:
        found = rows.read_certificate_of(connection, lead_id)
        key = rows.read_key(connection)
        if found is None and key is not None:
            found = rows.read_certificate_of(connection, pseudonym_of(lead_id, key=key))
    return None if found is None else certificate_in(found)


def certificate_in(row: Mapping[str, Any]) -> Certificate:
    """Read a certificate from its row of the ledger."""
    content = row["content"]
    known = {one.name: content[one.name] for one in fields(Certificate) if one.name in content}
    known |= {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    return Certificate(**{**known, "erased_at": row["erased_at"]})


def read_certificates(workspace: Workspace) -> tuple[Certificate, ...]:
    """Return every certificate, the newest first."""
    with workspace.ledger.read() as connection:
        return tuple(certificate_in(row) for row in rows.read_certificates(connection))
