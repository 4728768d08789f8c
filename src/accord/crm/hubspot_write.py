"""The adapter ``hubspot``: hand-offs as contacts with a task for their owner, messages as tasks.

A task carries the effect's key as a unique property and is written last, with its association:
where it is, the whole effect is. Everything before it may be written again without a trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from accord.crm.edits import OWNER as CONTESTED_OWNER
from accord.crm.edits import STAGE as CONTESTED_STAGE
from accord.crm.edits import settle
from accord.crm.hubspot_fields import (
    HASH,
    KEY,
    LEAD,
    OWNER,
    STAGE,
    STAGES,
    WRITTEN_OWNER,
    WRITTEN_STAGE,
    contact_properties,
    goes_back,
    identity,
    task,
)
from accord.crm.hubspot_match import Contact, Matcher, Owners
from accord.crm.hubspot_send import AT_ONCE, VARIABLE, HubspotSender
from accord.crm.hubspot_setup import check_properties, check_stages
from accord.crm.opening import CrmSettings, words_of
from accord.crm.port import Item, Kept, Landed, Outcome
from accord.crm.sending import Input, Record, Written
from accord.crm.turns import Turn, send_in_turns
from accord.crm.wording import people
from accord.errors import InputError
from accord.killpoints import reach

HANDOFF = "handoff"


class HubspotCrm:
    """One HubSpot account. ``source`` is the name of the source that reads it.

    ``batch`` is how many items go in one request at most; ``stages`` are our stages in its words.
    """

    def __init__(
        self,
        sender: HubspotSender,
        *,
        source: str,
        batch: int = AT_ONCE,
        stages: Mapping[str, str] = STAGES,
    ) -> None:
        self.sender = sender
        self._source = source
        self._batch = min(batch, AT_ONCE)
        self._stages = stages
        self._matcher = Matcher(sender=sender, source=source)
        self._owners = Owners(sender=sender, source=source)
        self._checked = False

    def close(self) -> None:
        """Give back the connection."""
        self.sender.close()

    def prepare(self) -> None:
        """See that the properties we write are there; DeliveryError, naming those that are not."""
        if not self._checked:
            check_properties(self.sender)
            self._checked = True

    def check_stages(self) -> None:
        """See that our stages are stages there; DeliveryError, naming those that are not."""
        check_stages(self.sender, self._stages)

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Write contacts and tasks; items of one lead one after the other.

        DeliveryError where nothing at all could be sent; later, what was not sent is refused.
        """
        return send_in_turns(
            items, at_once=self._batch, send=lambda turn: self._send(turn, sent_at=sent_at)
        )

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return those of the keys whose task is there; it is what is written last."""
        tasks = self._tasks([*dict.fromkeys(keys)])
        contacts = self.sender.contacts_of([str(one["id"]) for one in tasks.values()])
        return {key: _landed(one, contacts.get(str(one["id"]))) for key, one in tasks.items()}

    def _send(self, turn: Turn, *, sent_at: datetime) -> None:
        self.prepare()
        turn.find_there(self.read_back([item.key for item in turn.items.values()]))
        self._find_owners(turn)
        found = self._matcher.contacts(turn.open())
        contacts = {place: contact.contact_id for place, contact in found.items()}
        contacts |= self._write_contacts(turn, found)
        reach("crm.between_records")
        self._write_tasks(turn, contacts, sent_at=sent_at)

    def _tasks(self, keys: Sequence[str]) -> dict[str, Record]:
        wanted = {key.casefold(): key for key in keys}
        found = self.sender.batch_read("tasks", keys, idProperty=KEY, properties=[KEY, HASH])
        said = {str(one["properties"].get(KEY)).casefold(): one for one in found}
        return {wanted[name]: one for name, one in said.items() if name in wanted}

    def _find_owners(self, turn: Turn) -> None:
        """Find who gets each task; whoever has no owner in HubSpot is refused, by our id."""
        for place, item in turn.open().items():
            asked = people(item)
            found = [owner for one in asked if (owner := self._owners.find(one)) is not None]
            if asked and not found:
                names = ", ".join(str(one.get("id")) for one in asked)
                expected = "an active HubSpot owner with the e-mail of our record"
                turn.refuse(place, f"{item.key}: {names} is no owner; expected {expected}")
            else:
                turn.owners[place] = [*dict.fromkeys(found)]

    def _write_contacts(self, turn: Turn, found: Mapping[int, Contact]) -> dict[int, str]:
        """Write the hand-offs' contacts: those that are there by id, the others by our own."""
        leads = turn.open(HANDOFF)
        fresh = [self._creation(turn, place) for place in leads if place not in found]
        there = [self._change(turn, place, found[place]) for place in leads if place in found]
        self._empty_stages(turn, found, there)
        there = [one for one in there if one.place not in turn.outcomes]
        done = turn.take(self._write(turn, "contacts/batch/update", there))
        written = self._write(turn, "contacts/batch/upsert", fresh)
        again = [
            Input(place=place, body={"id": number, "properties": _ours(fresh, place)})
            for place, number in written.existing.items()
        ]
        for one in again:
            del written.failed[one.place]
        if written.failed:
            self._owners.forget()
        done |= turn.take(written)
        done |= turn.take(self._write(turn, "contacts/batch/update", again))
        return {place: str(one["id"]) for place, one in done.items()}

    def _write(self, turn: Turn, rest: str, inputs: Sequence[Input]) -> Written:
        return turn.write(inputs, lambda some: self.sender.write(rest, some))

    def _creation(self, turn: Turn, place: int) -> Input:
        item = turn.items[place]
        wanted = self._wanted(turn, place)
        said = identity(item) | contact_properties(item) | _contested(wanted, wanted)
        name = {"idProperty": LEAD, "id": str(item.payload["lead_id"])}
        return Input(place=place, body=name | {"properties": said})

    def _change(self, turn: Turn, place: int, contact: Contact) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        standing = {CONTESTED_OWNER: contact.owner, CONTESTED_STAGE: contact.stage}
        what = settle(wanted, standing, read_at=item.read_at)
        turn.kept[place] = tuple(self._in_our_words(one) for one in what.kept)
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
        turn.take(self._write(turn, "contacts/batch/update", back))

    def _wanted(self, turn: Turn, place: int) -> dict[str, str | None]:
        """Return what we want in the contested fields, as HubSpot says it."""
        owners = turn.owners.get(place) or []
        stage = self._stages.get(str(turn.items[place].payload.get("stage")))
        said = {CONTESTED_OWNER: owners[0] if owners else None, CONTESTED_STAGE: stage}
        return {name: value for name, value in said.items() if value is not None}

    def _in_our_words(self, kept: Kept) -> Kept:
        """Say owners as the source that reads this account does, and stages as we do."""
        names = {there: here for here, there in self._stages.items()}

        def say(value: str | None) -> str | None:
            if value is None:
                return None
            is_owner = kept.field == CONTESTED_OWNER
            return f"{self._source}:{value}" if is_owner else names.get(value, value)

        return replace(kept, ours=say(kept.ours), theirs=say(kept.theirs))

    def _write_tasks(self, turn: Turn, contacts: Mapping[int, str], *, sent_at: datetime) -> None:
        """Write the tasks of the others whom a message tells, then each effect's own."""

        def make(place: int, owner: str | None, suffix: str = "") -> Input:
            item, contact = turn.items[place], contacts.get(place)
            body = task(item, key=item.key + suffix, owner=owner, contact=contact, sent_at=sent_at)
            return Input(place=place, body=body)

        others = [
            make(place, owner, f":{owner}")
            for place in turn.open()
            for owner in turn.owners[place][1:]
        ]
        self._write_others(turn, others)
        own = [make(place, next(iter(turn.owners[place]), None)) for place in turn.open()]
        for place, one in turn.take(self._write(turn, "tasks/batch/create", own)).items():
            known = turn.items[place].payload_hash
            turn.end(place, _landed(one, contacts.get(place), known))

    def _write_others(self, turn: Turn, inputs: Sequence[Input]) -> None:
        """Write those that are not there from an earlier attempt; one at a place at a time."""
        keys = {str(one.body["properties"][KEY]): one for one in inputs}
        there = self._tasks([*keys]) if keys else {}
        waiting = [one for key, one in keys.items() if key not in there]
        while waiting:
            now = {one.place: one for one in reversed(waiting)}
            turn.take(self._write(turn, "tasks/batch/create", [*now.values()]))
            gone = {id(one) for one in now.values()}
            waiting = [
                one for one in waiting if id(one) not in gone and one.place not in turn.outcomes
            ]


def open_hubspot(settings: CrmSettings) -> HubspotCrm:
    """Return the adapter; InputError, naming the variable, if the token is not set."""
    if not settings.hubspot_token:
        raise InputError(
            where=VARIABLE,
            found="is not set",
            expected="the token of a private app that may write contacts and read owners",
            remedy=f"set {VARIABLE} in the environment",
        )
    sender = HubspotSender.open(
        url=settings.hubspot_url,
        token=settings.hubspot_token,
        timeout_seconds=settings.timeout_seconds,
        version=settings.hubspot_version,
    )
    return HubspotCrm(
        sender,
        source=settings.hubspot_source,
        batch=settings.batch,
        stages=words_of(STAGES, settings.hubspot_stages),
    )


def _contested(write: Mapping[str, str | None], wanted: Mapping[str, str | None]) -> dict[str, str]:
    """Return contested properties with what we say we wrote; nothing of those that are kept."""
    names = {CONTESTED_OWNER: (OWNER, WRITTEN_OWNER), CONTESTED_STAGE: (STAGE, WRITTEN_STAGE)}
    return {there: write[one] or "" for one in wanted if one in write for there in names[one]}


def _ours(fresh: Sequence[Input], place: int) -> dict[str, str]:
    """Return a creation's properties without who the contact is: it turned out to be there."""
    body = next(one.body for one in fresh if one.place == place)
    return {
        name: value
        for name, value in body["properties"].items()
        if name.startswith("accord_") or name in (OWNER, STAGE)
    }


def _landed(record: Record, contact: str | None, known: str | None = None) -> Landed:
    created = record.get("createdAt")
    ids = {"task": str(record["id"])} | ({} if contact is None else {"contact": contact})
    return Landed(
        payload_hash=(record.get("properties") or {}).get(HASH) or known or None,
        written_at=None if created is None else datetime.fromisoformat(created),
        remote=ids,
    )
