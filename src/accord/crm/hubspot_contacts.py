"""Writing the contacts of hand-offs into HubSpot, with the rule of what people have set there.

Who the contact is was found before, as far as it can be: of an address that is only a contact's
second one HubSpot tells when a new contact is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accord.crm.contested import Words, claim
from accord.crm.edits import OWNER as CONTESTED_OWNER
from accord.crm.edits import STAGE as CONTESTED_STAGE
from accord.crm.edits import settle
from accord.crm.hubspot_fields import (
    LEAD,
    OWNER,
    STAGE,
    WRITTEN_OWNER,
    WRITTEN_STAGE,
    contact_properties,
    goes_back,
    identity,
)
from accord.crm.hubspot_match import Contact, Matcher, Owners
from accord.crm.hubspot_send import HubspotSender
from accord.crm.sending import Input, Written
from accord.crm.turns import Turn

HANDOFF = "handoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWriter:
    """Writes contacts in ``words`` of the account; an owner that it refuses is asked for anew."""

    sender: HubspotSender
    matcher: Matcher
    owners: Owners
    words: Words

    def write(self, turn: Turn, found: Mapping[int, Contact]) -> dict[int, str]:
        """Write the hand-offs' contacts; their ids by place, absent where one was not written.

        Those that are there are changed by their ids, the others made by our own.
        """
        leads = turn.open(HANDOFF)
        done = self._change_all(turn, {p: one for p, one in found.items() if p in leads})
        fresh = [self._creation(turn, place) for place in leads if place not in found]
        written = turn.write(fresh, lambda some: self.sender.write("contacts/batch/upsert", some))
        there = self._are_there(written)
        if written.failed:
            self.owners.forget()
        done |= {place: str(one["id"]) for place, one in turn.take(written).items()}
        return done | self._change_all(turn, there)

    def _are_there(self, written: Written) -> dict[int, Contact]:
        """Return the contacts that stood in the way of new ones: those are no failures."""
        if not written.existing:
            return {}
        contacts = self.matcher.by_ids(written.existing.values())
        there = {
            p: contacts[number] for p, number in written.existing.items() if number in contacts
        }
        for place in there:
            del written.failed[place]
        return there

    def _change_all(self, turn: Turn, found: Mapping[int, Contact]) -> dict[int, str]:
        _refuse_claimed(turn, found)
        some = [self._change(turn, p, one) for p, one in found.items() if p not in turn.outcomes]
        self._empty_stages(turn, found, some)
        some = [one for one in some if one.place not in turn.outcomes]
        done = self._update(turn, some)
        return {place: str(one["id"]) for place, one in turn.take(done).items()}

    def _update(self, turn: Turn, inputs: Sequence[Input]) -> Written:
        return turn.write(inputs, lambda some: self.sender.write("contacts/batch/update", some))

    def _creation(self, turn: Turn, place: int) -> Input:
        item = turn.items[place]
        wanted = self._wanted(turn, place)
        said = identity(item) | contact_properties(item) | _contested(wanted, wanted)
        name = {"idProperty": LEAD, "id": str(item.payload["lead_id"])}
        return Input(place=place, body=name | {"properties": said})

    def _change(self, turn: Turn, place: int, contact: Contact) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        standing = {CONTESTED_OWNER: contact.owner, CONTESTED_STAGE: contact.stage}
        what = settle(wanted, standing, read_at=item.read_at, say=self.words.say)
        turn.kept[place] = what.kept
        said = contact_properties(item) | _contested(what.write, wanted)
        return Input(place=place, body={"id": contact.contact_id, "properties": said})

    def _empty_stages(
        self, turn: Turn, found: Mapping[int, Contact], there: Sequence[Input]
    ) -> None:
        """Empty the stages that HubSpot would not let us set back; and what we say we wrote."""
        nothing = {STAGE: "", WRITTEN_STAGE: ""}
        back = [
            Input(place=one.place, body={"id": one.body["id"], "properties": nothing})
            for one in there
            if STAGE in one.body["properties"]
            and goes_back(one.body["properties"][STAGE], there=found[one.place].stage.value)
        ]
        turn.take(self._update(turn, back))

    def _wanted(self, turn: Turn, place: int) -> dict[str, str | None]:
        return self.words.wanted(turn.items[place].payload, turn.owners.get(place) or ())


def _refuse_claimed(turn: Turn, found: Mapping[int, Contact]) -> None:
    """Refuse those whose contact is another lead's, of two in one turn the second."""
    first: dict[str, str] = {}
    for place, contact in found.items():
        item, record = turn.items[place], f"contact {contact.contact_id}"
        bears = first.setdefault(contact.contact_id, str(item.payload["lead_id"]))
        error = claim(item, record=record, bears=contact.bears) or claim(
            item, record=record, bears=bears
        )
        if error is not None:
            turn.refuse(place, error)


def _contested(write: Mapping[str, str | None], wanted: Mapping[str, str | None]) -> dict[str, str]:
    """Return contested properties with what we say we wrote; nothing of those that are kept."""
    names = {CONTESTED_OWNER: (OWNER, WRITTEN_OWNER), CONTESTED_STAGE: (STAGE, WRITTEN_STAGE)}
    return {there: write[one] or "" for one in wanted if one in write for there in names[one]}
