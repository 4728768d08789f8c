"""The person who is erased: their records, and how a row of unknown origin is told to be theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.clock_rows import read_reps
from accord.ledger.erase_person import read_contacts, read_fact_ids
from accord.services.erase_spellings import Needles, is_searchable, needles_of
from accord.services.erased import plain_mailbox
from accord.services.workspace import Workspace
from accord.sources import Source, read_sources

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person, or several who are erased at once: all their leads, and what tells them.

    ``values`` are e-mails, names and phones in every spelling that sources gave; ``mailboxes``
    maps each e-mail to the lead whose it is. What no file can be searched for (a name of one short
    word) is not among them, nor what somebody who works for us is called.
    """

    lead_ids: tuple[str, ...]
    values: tuple[str, ...]
    mailboxes: Mapping[str, str]
    fact_ids: frozenset[str]

    @property
    def needles(self) -> Needles:
        """What is looked for, prepared."""
        return needles_of(self.values)


def read_person(
    connection: Connection, lead_ids: Sequence[str], *, also: Sequence[str] = ()
) -> Person:
    """Gather what the ledger knows of the people behind these leads; ``also`` are more needles."""
    contacts = read_contacts(connection, lead_ids)
    staff = {
        str(rep[name]).casefold()
        for rep in read_reps(connection)
        for name in ("name", "email")
        if rep.get(name)
    }
    known = sorted({*contacts.emails, *contacts.names, *contacts.phones, *also})
    mailboxes = {plain_mailbox(one): lead_ids[0] for one in known if "@" in one}
    return Person(
        lead_ids=tuple(lead_ids),
        values=tuple(one for one in known if is_searchable(one) and one.casefold() not in staff),
        mailboxes={**mailboxes, **contacts.mailboxes},
        fact_ids=frozenset(read_fact_ids(connection, lead_ids)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """Tells whether a row as a source gave it is about the person.

    By the lead id, where its source's mapping says which column that is; by an e-mail or a phone
    in any column. A name alone tells nobody: others may have it.
    """

    person: Person
    needles: Needles
    sources: Mapping[str, Source]

    @classmethod
    def of(cls, workspace: Workspace, person: Person) -> Recognition:
        """Prepare it with the deployment's sources; without a readable file, rows tell alone."""
        return cls(person=person, needles=person.needles, sources=_sources(workspace))

    def is_theirs(self, source: str, row: Row) -> bool:
        """Whether a row of a source is about the person."""
        if self._lead_of(source, row) in self.person.lead_ids:
            return True
        return self.needles.names_person(json.dumps(dict(row), ensure_ascii=False, default=str))

    def is_aside(self, row: Row) -> bool:
        """Whether a row of the quarantine is about the person."""
        key = row["record_key"]
        if key is not None and key in self.person.fact_ids:
            return True
        return self.is_theirs(row["source"], row["row"] or {})

    def is_flagged(self, row: Row) -> bool:
        """Whether a flag is about the person."""
        if row["record_key"] in self.person.fact_ids:
            return True
        return bool(self.needles.found_in(row["sentence"].encode(errors="replace")))

    def cut(self, value: Any) -> Any:
        """Return a text, or JSON value, with the person cut out."""
        if isinstance(value, str):
            return self.needles.cut_from(value.encode(errors="replace")).decode(errors="replace")
        if isinstance(value, list):
            return [self.cut(one) for one in value]
        if isinstance(value, dict):
            return {self.cut(name): self.cut(one) for name, one in value.items()}
        return value

    def cut_payload(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is told of another lead with the person cut out.

        The other's own name and addresses stay as they are: a namesake keeps their name.
        """
        return {
            name: value if name == "lead" else self.cut(value) for name, value in payload.items()
        }

    def cut_column(self, column: str, value: Any) -> Any:
        """Return a value of the ledger that may quote the person, with the person cut out."""
        if column == "payload" and isinstance(value, dict):
            return self.cut_payload(value)
        return self.cut(value)

    def _lead_of(self, source: str, row: Row) -> str | None:
        found = self.sources.get(source)
        mapping = found.fields.get("lead_id") if found is not None else None
        if found is None or mapping is None or mapping.column is None:
            return None
        value = row.get(mapping.column)
        if value is None:
            return None
        prefix = found.prefix if mapping.system is None else mapping.system
        return f"{prefix}:{str(value).strip()}" if prefix else str(value).strip()


def _sources(workspace: Workspace) -> dict[str, Source]:
    try:
        read = read_sources(workspace.settings.sources, os.environ)
    except InputError:
        return {}
    return {source.name: source for source in read.sources}
