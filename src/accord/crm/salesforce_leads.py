"""Writing the Leads of hand-offs into Salesforce, with the rule of what people have set there.

Who the Lead is was found before. One that was converted is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accord.crm.contested import Words, claim
from accord.crm.edits import OWNER as CONTESTED_OWNER
from accord.crm.edits import STAGE as CONTESTED_STAGE
from accord.crm.edits import settle
from accord.crm.salesforce_fields import (
    LEAD,
    OWNER,
    STAGE,
    WRITTEN_OWNER,
    WRITTEN_STAGE,
    identity,
    lead_fields,
)
from accord.crm.salesforce_match import Owners, Person
from accord.crm.salesforce_send import SalesforceSender
from accord.crm.sending import Input, Written
from accord.crm.turns import Turn

HANDOFF = "handoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadWriter:
    """Writes Leads in ``words`` of the organisation; owners that it refuses are asked for anew."""

    sender: SalesforceSender
    owners: Owners
    words: Words

    def write(self, turn: Turn, found: Mapping[int, Person]) -> dict[int, Mapping[str, str]]:
        """Write the hand-offs' Leads; what their tasks belong to, by place.

        Those that are there are changed by their ids, the others made by our own.
        """
        leads = turn.open(HANDOFF)
        there = {p: found[p] for p in leads if p in found and found[p].lead_id is not None}
        _refuse_claimed(turn, there)
        some = [self._change(turn, p, one) for p, one in there.items() if p not in turn.outcomes]
        fresh = [self._creation(turn, place) for place in leads if place not in found]
        changed = turn.write(some, lambda part: self.sender.update("Lead", part))
        made = self._taken(turn, changed)
        written = turn.write(fresh, lambda part: self.sender.upsert("Lead", LEAD, part))
        return made | self._taken(turn, written)

    def _taken(self, turn: Turn, written: Written) -> dict[int, Mapping[str, str]]:
        if written.failed:
            self.owners.forget()
        return {place: {"WhoId": str(one["id"])} for place, one in turn.take(written).items()}

    def _creation(self, turn: Turn, place: int) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        return Input(place=place, body=identity(item) | lead_fields(item) | _contested(wanted))

    def _change(self, turn: Turn, place: int, person: Person) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        standing = {CONTESTED_OWNER: person.owner, CONTESTED_STAGE: person.stage}
        what = settle(wanted, standing, read_at=item.read_at, say=self.words.say)
        turn.kept[place] = what.kept
        return Input(
            place=place,
            body={"Id": person.lead_id, **lead_fields(item), **_contested(what.write)},
        )

    def _wanted(self, turn: Turn, place: int) -> dict[str, str | None]:
        owners: Sequence[str] = turn.owners.get(place) or ()
        return self.words.wanted(turn.items[place].payload, owners)


def _refuse_claimed(turn: Turn, found: Mapping[int, Person]) -> None:
    """Refuse those whose Lead is another lead's, of two in one turn the second."""
    first: dict[str, str] = {}
    for place, person in found.items():
        item, record = turn.items[place], f"Lead {person.lead_id}"
        bears = first.setdefault(str(person.lead_id), str(item.payload["lead_id"]))
        error = claim(item, record=record, bears=person.bears) or claim(
            item, record=record, bears=bears
        )
        if error is not None:
            turn.refuse(place, error)


def _contested(write: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return contested fields with what we say we wrote; nothing of those that are kept."""
    names = {CONTESTED_OWNER: (OWNER, WRITTEN_OWNER), CONTESTED_STAGE: (STAGE, WRITTEN_STAGE)}
    return {there: value for one, value in write.items() for there in names[one]}
