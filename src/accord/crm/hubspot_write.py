"""The adapter ``hubspot``: hand-offs as contacts with a task for their owner, messages as tasks.

A task carries the effect's key as a unique property and is written last, with its association:
where it is, the whole effect is. Everything before it may be written again without a trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from accord.crm.contested import Words
from accord.crm.hubspot_contacts import ContactWriter
from accord.crm.hubspot_fields import CALL, HASH, KEY, OWNER, STAGES, TYPE, task
from accord.crm.hubspot_match import Matcher, Owners
from accord.crm.hubspot_send import AT_ONCE, VARIABLE, HubspotSender
from accord.crm.hubspot_setup import check_properties, check_stages
from accord.crm.opening import CrmSettings, words_of
from accord.crm.port import Item, Landed, Outcome
from accord.crm.sending import Input, Record, Written
from accord.crm.turns import Turn, others_of, send_in_turns
from accord.crm.wording import people
from accord.errors import InputError
from accord.killpoints import reach

_NOBODY: Mapping[str, str] = MappingProxyType({})


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
        self._batch = min(batch, AT_ONCE)
        self._stages = stages
        self._matcher = Matcher(sender=sender, source=source)
        self._owners = Owners(sender=sender, source=source)
        self._contacts = ContactWriter(
            sender=sender,
            matcher=self._matcher,
            owners=self._owners,
            words=Words(source=source, stages=stages),
        )
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
        self._owners.begin()
        return send_in_turns(
            items, at_once=self._batch, send=lambda turn: self._send(turn, sent_at=sent_at)
        )

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return those of the keys whose task is there; it is what is written last."""
        tasks = self._tasks([*dict.fromkeys(keys)])
        contacts = self.sender.contacts_of([str(one["id"]) for one in tasks.values()])
        about = {key: contacts.get(str(one["id"])) for key, one in tasks.items()}
        others = self._others({key: about[key] for key, one in tasks.items() if not _is_call(one)})
        return {
            key: _landed(one, about[key], others.get(key, _NOBODY)) for key, one in tasks.items()
        }

    def _send(self, turn: Turn, *, sent_at: datetime) -> None:
        self.prepare()
        turn.find_there(self.read_back([item.key for item in turn.items.values()]))
        self._find_owners(turn)
        found = self._matcher.contacts(turn.open())
        contacts = {place: contact.contact_id for place, contact in found.items()}
        contacts |= self._contacts.write(turn, found)
        reach("crm.between_records")
        self._write_tasks(turn, contacts, sent_at=sent_at)

    def _others(self, about: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
        """Return the tasks of a message's other recipients by its key, owner -> task.

        They are looked for at the contact whom it is about; only there they could be taken for
        what somebody did with the lead.
        """
        contacts = sorted({contact for contact in about.values() if contact is not None})
        tasks = self.sender.tasks_of(contacts) if contacts else ()
        found: dict[str, dict[str, str]] = {}
        for one in self.sender.batch_read("tasks", tasks, properties=[KEY]):
            key, _, owner = str(one["properties"].get(KEY) or "").rpartition(":")
            if key in about:
                found.setdefault(key, {})[owner] = str(one["id"])
        return found

    def _tasks(self, keys: Sequence[str]) -> dict[str, Record]:
        wanted = {key.casefold(): key for key in keys}
        read = [KEY, HASH, TYPE]
        found = self.sender.batch_read("tasks", keys, idProperty=KEY, properties=read)
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
        for place, one in turn.take(self._create(turn, own)).items():
            known, told = turn.items[place].payload_hash, turn.others.get(place, _NOBODY)
            turn.end(place, _landed(one, contacts.get(place), told, known))

    def _create(self, turn: Turn, inputs: Sequence[Input]) -> Written:
        return turn.write(inputs, lambda some: self.sender.write("tasks/batch/create", some))

    def _write_others(self, turn: Turn, inputs: Sequence[Input]) -> None:
        """Write those that are not there from an earlier attempt; one at a place at a time."""
        keys = {str(one.body["properties"][KEY]): one for one in inputs}
        there = self._tasks([*keys]) if keys else {}
        for key, record in there.items():
            _note(turn, keys[key], record)
        waiting = [one for key, one in keys.items() if key not in there]
        while waiting:
            now = {one.place: one for one in reversed(waiting)}
            for place, record in turn.take(self._create(turn, [*now.values()])).items():
                _note(turn, now[place], record)
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


def _note(turn: Turn, written: Input, record: Record) -> None:
    """Keep the id of the task of one of a message's others."""
    owner = str(written.body["properties"][OWNER])
    turn.others.setdefault(written.place, {})[owner] = str(record["id"])


def _is_call(task: Record) -> bool:
    """Say whether a task is a hand-off's: it has no others."""
    return (task.get("properties") or {}).get(TYPE) == CALL


def _landed(
    record: Record, contact: str | None, others: Mapping[str, str], known: str | None = None
) -> Landed:
    created = record.get("createdAt")
    ids = {"task": str(record["id"])} | ({} if contact is None else {"contact": contact})
    return Landed(
        payload_hash=(record.get("properties") or {}).get(HASH) or known or None,
        written_at=None if created is None else datetime.fromisoformat(created),
        remote=ids | others_of(others),
    )
