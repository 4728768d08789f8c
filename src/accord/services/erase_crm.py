"""What an erasure does about the CRM: empties the tables of ``sql``, names what others hold.

The tables may stand in the ledger's own file, so they are never touched within a transaction of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from accord.crm import erase_from_crm
from accord.ledger import erase_person as person_rows
from accord.ledger import erase_rows as rows
from accord.ledger.erase_outbox import read_gone
from accord.services.erase_person import Person, Recognition, read_person
from accord.services.erased import pseudonym_of
from accord.services.workspace import Workspace

_OF_TABLES = "sql"
_OURS = frozenset({"file", _OF_TABLES})
"""Adapters whose records an erasure empties itself."""
_EFFECT = "accord_effect"


def count_in_crm(
    workspace: Workspace, lead_ids: Sequence[str], *, also: Sequence[str] = ()
) -> dict[str, int]:
    """Count the rows of the CRM's tables that hold the person, by place; none for other adapters.

    DeliveryError if the database cannot be used: then nothing has been erased yet.
    """
    if workspace.settings.crm != _OF_TABLES:
        return {}
    with workspace.ledger.read() as connection:
        everyone = person_rows.read_people(connection, lead_ids)
        person = read_person(connection, everyone, also=also)
        keys = frozenset(person_rows.read_sent_keys(connection, everyone))
    return {"crm_rows": _erase(workspace, Recognition.of(workspace, person), keys, dry_run=True)}


def erase_in_crm(workspace: Workspace, theirs: Recognition, keys: frozenset[str]) -> int:
    """Take the person out of the CRM's tables; how many rows. Nothing for other adapters."""
    return _erase(workspace, theirs, keys, dry_run=False)


def _erase(
    workspace: Workspace, theirs: Recognition, keys: frozenset[str], *, dry_run: bool
) -> int:
    return erase_from_crm(
        workspace.settings.crm_settings,
        names=_names(workspace, theirs.person),
        keys=keys,
        cut=theirs.cut_payload,
        dry_run=dry_run,
    )


def _names(workspace: Workspace, person: Person) -> dict[str, str]:
    """Return what each of the person's leads is called from now on, as in the ledger.

    Before the first erasure there is no key yet: then any other name will do to count with.
    """
    with workspace.ledger.read() as connection:
        key = rows.read_key(connection) or bytes(32)
    needles = person.needles
    return {
        one: pseudonym_of(one, key=key) if needles.found_in(one.encode()) else one
        for one in person.lead_ids
    }


def records_left(connection: Connection, workspace: Workspace, person: Person) -> tuple[str, ...]:
    """Name what the CRM holds of the person and no erasure of ours reaches, to be deleted there.

    Each is a kind of record and its id as the CRM gave it. Where the CRM has told no ids, or may
    have taken something without our knowing, it is the key that the record carries. An id that
    tells the person is not named: its key is.
    """
    found: dict[str, None] = {}
    adapter = workspace.settings.crm
    for row in read_gone(connection, person.lead_ids):
        told = _told(row["remote"] or {}, adapter)
        safe = [one for one in told if not person.needles.found_in(one.encode())]
        is_theirs = bool(told) or adapter not in _OURS
        if is_theirs and (len(safe) < len(told) or not told):
            safe.append(f"key {row['key']}")
        found |= dict.fromkeys(safe)
    return tuple(found)


def _told(remote: Mapping[str, Any], adapter: str) -> list[str]:
    emptied = {_EFFECT} if adapter == _OF_TABLES else set()
    return [f"{kind} {one}" for kind, one in sorted(remote.items()) if kind not in emptied]
