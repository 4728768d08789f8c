"""Who is who in Salesforce: the Lead of a lead (or the Contact it became), the User of a rep.

Reads only. A Lead is one that we wrote for the lead, else the record that the lead's id names,
else the oldest unconverted one that has its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accord.crm.edits import Standing
from accord.crm.port import Item
from accord.crm.salesforce_fields import LEAD, OWNER, STAGE, WRITTEN_OWNER, WRITTEN_STAGE
from accord.crm.salesforce_send import SalesforceSender

_FIELDS = (
    f"Id, {LEAD}, Email, {OWNER}, Owner.Type, {STAGE}, {WRITTEN_OWNER}, {WRITTEN_STAGE},"
    " IsConverted, ConvertedContactId, ConvertedOpportunityId, CreatedDate, CreatedById,"
    " LastModifiedDate"
)
_CONTACT_PREFIX = "003"
_USER_PREFIX = "005"
_LEAD_PREFIX = "00Q"
_ADDRESS = "Email"
_NOTHING = Standing()
_SAME = 15  # the rest of an id of 18 only says which of its letters are capitals
_LENGTHS = (_SAME, _SAME + 3)
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a lead is there: a Lead that can be written, or the Contact it became.

    ``about`` is what a task belongs to. ``bears`` is the lead that we wrote the Lead for, where it
    was known by its address alone.
    """

    about: Mapping[str, str]
    lead_id: str | None
    owner: Standing = _NOTHING
    stage: Standing = _NOTHING
    bears: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Finds people; ``source`` names the source that reads this organisation."""

    sender: SalesforceSender
    source: str

    def people(self, items: Mapping[int, Item]) -> dict[int, Person]:
        """Return who each item's lead is, by place; absent where there is nobody."""
        names = {p: str(one.payload["lead_id"]) for p, one in items.items() if _has_lead(one)}
        found = {
            place: Person(about={"WhoId": number}, lead_id=None)
            for place, name in names.items()
            if (number := own_id(name, self.source, _CONTACT_PREFIX)) is not None
        }
        for where, asked in self._ways(items, names):
            open_ = {place: name for place, name in asked.items() if place not in found}
            records = self._read(where, open_.values())
            found |= {
                place: _person(records[_same(where, name)], by_address=where == _ADDRESS)
                for place, name in open_.items()
                if _same(where, name) in records
            }
        return found

    def _ways(
        self, items: Mapping[int, Item], names: Mapping[int, str]
    ) -> list[tuple[str, dict[int, str]]]:
        """Return the ways to know a Lead, the surest first: field, and value by place."""
        records = {
            place: number
            for place, name in names.items()
            if (number := own_id(name, self.source, _LEAD_PREFIX)) is not None
        }
        addresses = {
            place: str(email).strip()
            for place in names
            if (email := (items[place].payload.get("lead") or {}).get("email"))
        }
        return [(LEAD, dict(names)), ("Id", records), (_ADDRESS, addresses)]

    def _read(self, where: str, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Return records by what they were asked for; of several, the one made first."""
        only = " AND IsConverted = false" if where == _ADDRESS else ""
        soql = f"SELECT {_FIELDS} FROM Lead WHERE {where} IN ({{}}){only} ORDER BY CreatedDate"  # noqa: S608 - our own names, quoted values
        found: dict[str, Mapping[str, Any]] = {}
        for record in self.sender.select(soql, names):
            found.setdefault(_same(where, str(record[where])), record)
        return found


@dataclass(slots=True, kw_only=True)
class Owners:
    """The active users by e-mail; each is asked for once, those not found each time."""

    sender: SalesforceSender
    source: str
    _known: dict[str, str] = field(default_factory=dict)

    def learn(self, people: Iterable[Mapping[str, Any]]) -> None:
        """Ask for all of them at once."""
        asked = {_email(one) for one in people} - {"", *self._known}
        if not asked:
            return
        soql = "SELECT Id, Email FROM User WHERE Email IN ({}) AND IsActive = true ORDER BY Id"
        found: dict[str, list[str]] = {}
        for record in self.sender.select(soql, sorted(asked)):
            found.setdefault(_email({"email": record["Email"]}), []).append(str(record["Id"]))
        self._known |= {email: ids[0] for email, ids in found.items() if len(ids) == 1}

    def find(self, person: Mapping[str, Any]) -> str | None:
        """Return a user's id; None if there is none, or more than one with that address.

        An id that this organisation gave is the user's own.
        """
        number = own_id(str(person.get("id") or ""), self.source, _USER_PREFIX)
        return number if number is not None else self._known.get(_email(person))

    def forget(self) -> None:
        """Ask anew from now on: a user that was known may be gone."""
        self._known.clear()


def own_id(name: str, source: str, prefix: str) -> str | None:
    """Return Salesforce's own id in one of ours, whole; None if another system or object gave it.

    >>> own_id("salesforce:00Q5g00000AbCdE", "salesforce", "00Q")
    '00Q5g00000AbCdEEAV'
    """
    system, _, number = name.partition(":")
    is_id = number.isalnum() and number.isascii() and len(number) in _LENGTHS
    return whole_id(number) if system == source and is_id and number.startswith(prefix) else None


def whole_id(number: str) -> str:
    """Bring an id of 15 characters, as reports have it, to the 18 that the API answers.

    The three more tell, five letters each, which of them are capitals, the first the lowest bit.
    """
    if len(number) != _SAME:
        return number
    parts = (number[start : start + 5] for start in range(0, _SAME, 5))
    bits = (sum(one.isupper() << place for place, one in enumerate(part)) for part in parts)
    return number + "".join(_CAPITALS[one] for one in bits)


def _has_lead(item: Item) -> bool:
    return bool(item.payload.get("lead_id"))


def _email(person: Mapping[str, Any]) -> str:
    return str(person.get("email") or "").strip().casefold()


def _same(where: str, name: str) -> str:
    """Bring a value to the form in which Salesforce finds it equal."""
    if where == "Id":
        return name[:_SAME]
    return name.casefold() if where == _ADDRESS else name


def _person(record: Mapping[str, Any], *, by_address: bool) -> Person:
    if record.get("IsConverted"):
        ends = {"WhoId": "ConvertedContactId", "WhatId": "ConvertedOpportunityId"}
        about = {name: str(record[end]) for name, end in ends.items() if record.get(end)}
        return Person(about=about, lead_id=None)
    since = datetime.fromisoformat(record["LastModifiedDate"])
    written = whole_id(record.get(WRITTEN_OWNER) or "") or None
    if written is None and not _is_taken(record):
        owner = stage = _NOTHING
    else:
        owner = Standing(value=record.get(OWNER), since=since, written=written)
        said = record.get(WRITTEN_STAGE) or None
        stage = Standing(value=record.get(STAGE), since=since, written=said)
    return Person(
        about={"WhoId": str(record["Id"])},
        lead_id=str(record["Id"]),
        owner=owner,
        stage=stage,
        bears=record.get(LEAD) or None if by_address else None,
    )


def _is_taken(record: Mapping[str, Any]) -> bool:
    """Say whether somebody seems to have taken a Lead that we never wrote.

    In a queue, with whoever or whatever made it, or never touched since, it is nobody's choice.
    """
    if (record.get("Owner") or {}).get("Type") == "Queue":
        return False
    made = record.get(OWNER) == record.get("CreatedById")
    return not made and record["LastModifiedDate"] != record["CreatedDate"]
