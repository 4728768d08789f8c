"""Who is who in HubSpot: the contact of a lead, and the owner of a rep.

Reads only. A contact is one that we wrote for the lead, else the record that the lead's id names,
else the one that has its address: so a lead never becomes a second contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accord.crm.edits import Standing
from accord.crm.hubspot_fields import LEAD, OWNER, STAGE, WRITTEN_OWNER, WRITTEN_STAGE
from accord.crm.hubspot_send import HubspotSender
from accord.crm.port import Item

_HISTORIES_AT_ONCE = 50  # HubSpot reads half as many records where it gives their history
_ADDRESS = "email"
_READ = (_ADDRESS, LEAD, OWNER, STAGE, WRITTEN_OWNER, WRITTEN_STAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact that is there, and what stands in its contested fields.

    ``bears`` is the lead that we wrote it for, where the contact was known by an address alone.
    """

    contact_id: str
    owner: Standing
    stage: Standing
    bears: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Finds contacts; ``source`` names the source that reads this account."""

    sender: HubspotSender
    source: str

    def contacts(self, items: Mapping[int, Item]) -> dict[int, Contact]:
        """Return the contact of each item's lead, by place; absent where there is none."""
        leads = {place: item for place, item in items.items() if item.payload.get("lead_id")}
        found: dict[int, Contact] = {}
        for unique, names in self._ways(leads):
            open_ = {place: name for place, name in names.items() if place not in found}
            records = self._read(unique, open_.values())
            found |= {
                place: contact
                for place, name in open_.items()
                if (contact := records.get(name.casefold())) is not None
            }
        return found

    def by_ids(self, contact_ids: Iterable[str]) -> dict[str, Contact]:
        """Return contacts that an address of theirs led to, by their ids."""
        records = self._records(None, contact_ids)
        return {str(one["id"]): _contact(one, by_address=True) for one in records}

    def _ways(self, leads: Mapping[int, Item]) -> list[tuple[str | None, dict[int, str]]]:
        """Return the ways to know a contact, the surest first: property, and value by place."""
        ours = {place: str(item.payload["lead_id"]) for place, item in leads.items()}
        records = {
            place: number
            for place, name in ours.items()
            if (number := own_id(name, self.source)) is not None
        }
        addresses = {
            place: str(email).strip()
            for place, item in leads.items()
            if (email := (item.payload.get("lead") or {}).get("email"))
        }
        return [(LEAD, ours), (None, records), (_ADDRESS, addresses)]

    def _read(self, unique: str | None, names: Iterable[str]) -> dict[str, Contact]:
        by_address = unique == _ADDRESS
        return {
            _name(one, unique).casefold(): _contact(one, by_address=by_address)
            for one in self._records(unique, names)
        }

    def _records(self, unique: str | None, names: Iterable[str]) -> list[Any]:
        terms: dict[str, Any] = {"properties": [*_READ], "propertiesWithHistory": [OWNER, STAGE]}
        if unique is not None:
            terms["idProperty"] = unique
        asked = [*dict.fromkeys(names)]
        return self.sender.batch_read("contacts", asked, at_once=_HISTORIES_AT_ONCE, **terms)


@dataclass(slots=True, kw_only=True)
class Owners:
    """The owners of an account by e-mail; each is asked for once, those not found once a call."""

    sender: HubspotSender
    source: str
    _known: dict[str, str] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)

    def find(self, person: Mapping[str, Any]) -> str | None:
        """Return the owner's id of somebody with ``id`` and ``email``; None if there is none.

        An id that this account gave is the owner's own.
        """
        number = own_id(str(person.get("id") or ""), self.source)
        if number is not None:
            return number
        email = str(person.get("email") or "").strip().casefold()
        if email and email not in self._known and email not in self._missing:
            self._ask(email)
        return self._known.get(email)

    def begin(self) -> None:
        """Ask anew for those who were not found: they may be owners by now."""
        self._missing.clear()

    def forget(self) -> None:
        """Ask anew from now on: an owner that was known may be gone."""
        self._known.clear()

    def _ask(self, email: str) -> None:
        self._missing.add(email)
        for one in self.sender.get("owners", email=email, limit="100"):
            if str(one.get("email", "")).casefold() == email and not one.get("archived"):
                self._known[email] = str(one["id"])
                self._missing.discard(email)


def own_id(name: str, source: str) -> str | None:
    """Return the CRM's own id in one of ours; None if another system gave it.

    >>> own_id("hubspot:501", "hubspot"), own_id("web:501", "hubspot")
    ('501', None)
    """
    system, _, number = name.partition(":")
    return number if system == source and number.isdecimal() else None


def _name(record: Mapping[str, Any], unique: str | None) -> str:
    if unique is None:
        return str(record["id"])
    return str((record.get("properties") or {}).get(unique) or "")


def _contact(record: Mapping[str, Any], *, by_address: bool) -> Contact:
    values, history = record.get("properties") or {}, record.get("propertiesWithHistory") or {}
    return Contact(
        contact_id=str(record["id"]),
        owner=_standing(values, history, OWNER, values.get(WRITTEN_OWNER)),
        stage=_standing(values, history, STAGE, values.get(WRITTEN_STAGE)),
        bears=values.get(LEAD) or None if by_address else None,
    )


def _standing(
    values: Mapping[str, Any], history: Mapping[str, Any], name: str, written: str | None
) -> Standing:
    """Return what stands in a property since its newest version.

    Empty and never written is nothing that somebody set; empty after we filled it is.
    """
    versions = [one for one in history.get(name) or () if one.get("timestamp")]
    stamps = [datetime.fromisoformat(one["timestamp"]) for one in versions]
    return Standing(
        value=values.get(name) or None,
        since=max(stamps, default=None),
        written=written or None,
    )
