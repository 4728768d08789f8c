"""The adapter ``salesforce``: hand-offs as Leads with a Task for their owner, messages as Tasks.

A Task carries the effect's key as an external id and is written last: where it is, the whole
effect is. A lead that was converted is left as it is; its Task goes to the Contact and the
Opportunity that it became.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from accord.crm.edits import OWNER as CONTESTED_OWNER
from accord.crm.edits import STAGE as CONTESTED_STAGE
from accord.crm.edits import settle
from accord.crm.opening import CrmSettings, words_of
from accord.crm.patience import Patience
from accord.crm.port import Item, Kept, Landed, Outcome
from accord.crm.salesforce_fields import (
    FIELDS,
    HASH,
    KEY,
    LEAD,
    OWNER,
    STAGE,
    STAGES,
    WRITTEN_OWNER,
    WRITTEN_STAGE,
    identity,
    lead_fields,
    task,
)
from accord.crm.salesforce_http import Login, SalesforceHttp
from accord.crm.salesforce_match import Matcher, Owners, Person
from accord.crm.salesforce_send import AT_ONCE, TARGET, SalesforceSender
from accord.crm.sending import Input, Record, Written
from accord.crm.turns import Turn, send_in_turns
from accord.crm.wording import people
from accord.errors import DeliveryError, InputError
from accord.killpoints import reach

HANDOFF = "handoff"

_TASKS = f"SELECT Id, {KEY}, {HASH}, WhoId, CreatedDate FROM Task WHERE {KEY} IN ({{}})"  # noqa: S608 - our own names, quoted values
_ONCE = Patience(tries=1, wait_seconds=0)
_BY_APP = "ACCORD_SALESFORCE_CLIENT_ID and ACCORD_SALESFORCE_CLIENT_SECRET"
_BY_USER = (
    "ACCORD_SALESFORCE_USERNAME, ACCORD_SALESFORCE_PASSWORD and ACCORD_SALESFORCE_SECURITY_TOKEN"
)


class SalesforceCrm:
    """One Salesforce organisation. ``source`` is the name of the source that reads it.

    ``batch`` is how many items go in one request at most; ``stages`` are our stages in its words.
    """

    def __init__(
        self,
        sender: SalesforceSender,
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

    def missing_fields(self) -> dict[str, tuple[str, ...]]:
        """Return the names of our fields that the user cannot write, by object."""
        missing = {kind: _missing(self.sender.describe(kind), kind) for kind in FIELDS}
        return {kind: names for kind, names in missing.items() if names}

    def prepare(self) -> None:
        """See that the fields we write are there; DeliveryError, naming those that are not."""
        if self._checked:
            return
        missing = self.missing_fields()
        if missing:
            listing = "; ".join(
                f"{kind}.{name}: {FIELDS[kind][name]}"
                for kind, names in missing.items()
                for name in names
            )
            remedy = "create them in Setup > Object Manager and let the user edit them"
            found = f"the organisation lacks fields that hand-offs need ({listing}); {remedy}"
            raise DeliveryError(target=TARGET, found=found)
        self._checked = True

    def check_stages(self) -> None:
        """See that our stages are lead statuses there; DeliveryError, naming those that are not."""
        values = self.sender.describe("Lead").get(STAGE, {}).get("picklistValues") or ()
        known = [str(one.get("value")) for one in values if one.get("active") is not False]
        wrong = [f"{ours}: {there!r}" for ours, there in self._stages.items() if there not in known]
        if known and wrong:
            found = f"the organisation has no lead status of that name ({', '.join(wrong)})"
            remedy = f"set ACCORD_SALESFORCE_STAGES: it has {', '.join(known)}"
            raise DeliveryError(target=TARGET, found=f"{found}; {remedy}")

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Write Leads and Tasks; items of one lead one after the other.

        DeliveryError where nothing at all could be sent; later, what was not sent is refused.
        """
        return send_in_turns(
            items, at_once=self._batch, send=lambda turn: self._send(turn, sent_at=sent_at)
        )

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Return those of the keys whose Task is there; it is what is written last."""
        return {str(one[KEY]): _landed_before(one) for one in self.sender.select(_TASKS, keys)}

    def _send(self, turn: Turn, *, sent_at: datetime) -> None:
        self.prepare()
        turn.find_there(self.read_back([item.key for item in turn.items.values()]))
        self._find_owners(turn)
        found = self._matcher.people(turn.open())
        about = {place: one.about for place, one in found.items()}
        about |= self._write_leads(turn, found)
        reach("crm.between_records")
        self._write_tasks(turn, about, sent_at=sent_at)

    def _find_owners(self, turn: Turn) -> None:
        """Find who gets each task; whoever is no user in Salesforce is refused, by our id."""
        everybody = {place: people(item) for place, item in turn.open().items()}
        self._owners.learn(one for several in everybody.values() for one in several)
        for place, several in everybody.items():
            found = [owner for one in several if (owner := self._owners.find(one)) is not None]
            if several and not found:
                names = ", ".join(str(one.get("id")) for one in several)
                expected = "exactly one active user with the e-mail of our record"
                key = turn.items[place].key
                turn.refuse(place, f"{key}: {names} is no owner; expected {expected}")
            else:
                turn.owners[place] = [*dict.fromkeys(found)]

    def _write_leads(self, turn: Turn, found: Mapping[int, Person]) -> dict[int, Mapping[str, str]]:
        """Write the hand-offs' Leads: those that are there by id, the others by our own."""
        leads = turn.open(HANDOFF)
        there = [
            self._change(turn, place, found[place])
            for place in leads
            if place in found and found[place].lead_id is not None
        ]
        fresh = [self._creation(turn, place) for place in leads if place not in found]
        changed = turn.write(there, lambda some: self.sender.update("Lead", some))
        self._forget_owners(changed)
        done = turn.take(changed)
        made = turn.write(fresh, lambda some: self.sender.upsert("Lead", LEAD, some))
        self._forget_owners(made)
        done |= turn.take(made)
        return {place: {"WhoId": str(one["id"])} for place, one in done.items()}

    def _forget_owners(self, written: Written) -> None:
        if written.failed:
            self._owners.forget()

    def _creation(self, turn: Turn, place: int) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        return Input(place=place, body=identity(item) | lead_fields(item) | _contested(wanted))

    def _change(self, turn: Turn, place: int, person: Person) -> Input:
        item, wanted = turn.items[place], self._wanted(turn, place)
        standing = {CONTESTED_OWNER: person.owner, CONTESTED_STAGE: person.stage}
        what = settle(wanted, standing, read_at=item.read_at)
        turn.kept[place] = tuple(self._in_our_words(one) for one in what.kept)
        return Input(
            place=place,
            body={"Id": person.lead_id, **lead_fields(item), **_contested(what.write)},
        )

    def _wanted(self, turn: Turn, place: int) -> dict[str, str | None]:
        """Return what we want in the contested fields, as Salesforce says it."""
        owners = turn.owners.get(place) or []
        stage = self._stages.get(str(turn.items[place].payload.get("stage")))
        said = {CONTESTED_OWNER: owners[0] if owners else None, CONTESTED_STAGE: stage}
        return {name: value for name, value in said.items() if value is not None}

    def _in_our_words(self, kept: Kept) -> Kept:
        """Say owners as the source that reads this organisation does, and stages as we do."""
        names = {there: here for here, there in self._stages.items()}

        def say(value: str | None) -> str | None:
            if value is None:
                return None
            is_owner = kept.field == CONTESTED_OWNER
            return f"{self._source}:{value}" if is_owner else names.get(value, value)

        return replace(kept, ours=say(kept.ours), theirs=say(kept.theirs))

    def _write_tasks(
        self, turn: Turn, about: Mapping[int, Mapping[str, str]], *, sent_at: datetime
    ) -> None:
        """Write the tasks of the others whom a message tells, then each effect's own."""

        def make(place: int, owner: str | None, suffix: str = "") -> Input:
            item, whose = turn.items[place], about.get(place, {})
            key = item.key + suffix
            return Input(
                place=place, body=task(item, key=key, owner=owner, about=whose, sent_at=sent_at)
            )

        most = max((len(owners) for owners in turn.owners.values()), default=0)
        for rank in range(most - 1, -1, -1):
            now = [
                make(place, owners[rank], f":{owners[rank]}" if rank else "")
                for place in turn.open()
                if len(owners := turn.owners[place]) > rank
            ]
            now += [
                make(place, None) for place in turn.open() if not rank and not turn.owners[place]
            ]
            written = turn.write(now, lambda some: self.sender.upsert("Task", KEY, some))
            done = turn.take(written)
            for place in () if rank else done:
                turn.end(place, _landed(done[place], about.get(place, {}), turn.items[place]))


def open_salesforce(settings: CrmSettings) -> SalesforceCrm:
    """Return the adapter; InputError, naming the variables, if there is no whole login."""
    by_app = bool(settings.salesforce_client_id and settings.salesforce_client_secret)
    if not by_app and not (settings.salesforce_username and settings.salesforce_password):
        raise InputError(
            where="ACCORD_CRM",
            found="salesforce has no login",
            expected="a connected app's client id and secret, or a user's name and password",
            remedy=f"set {_BY_APP}, or {_BY_USER}",
        )
    secrets: dict[str, Any] = (
        {
            "client_id": settings.salesforce_client_id,
            "client_secret": settings.salesforce_client_secret,
            "variables": _BY_APP,
        }
        if by_app
        else {
            "username": settings.salesforce_username,
            "password": settings.salesforce_password,
            "security_token": settings.salesforce_security_token,
            "variables": _BY_USER,
        }
    )
    login = Login(url=settings.salesforce_url, version=settings.salesforce_version, **secrets)
    http = SalesforceHttp(
        login=login,
        where="ACCORD_CRM",
        timeout_seconds=settings.timeout_seconds,
        patience=_ONCE,
    )
    return SalesforceCrm(
        SalesforceSender(http=http),
        source=settings.salesforce_source,
        batch=settings.batch,
        stages=words_of(STAGES, settings.salesforce_stages),
    )


def _missing(there: Mapping[str, Record], kind: str) -> tuple[str, ...]:
    """A field that the user may not change, or a key that is no external id, is missing too."""
    return tuple(
        name
        for name, form in FIELDS[kind].items()
        if name not in there
        or there[name].get("updateable") is False
        or ("external id" in form and there[name].get("externalId") is False)
    )


def _contested(write: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return contested fields with what we say we wrote; nothing of those that are kept."""
    names = {CONTESTED_OWNER: (OWNER, WRITTEN_OWNER), CONTESTED_STAGE: (STAGE, WRITTEN_STAGE)}
    return {there: value for one, value in write.items() for there in names[one]}


def _landed_before(record: Record) -> Landed:
    return Landed(
        payload_hash=record.get(HASH) or None,
        written_at=datetime.fromisoformat(record["CreatedDate"]),
        remote=_remote(str(record["Id"]), record.get("WhoId")),
    )


def _landed(record: Record, about: Mapping[str, str], item: Item) -> Landed:
    """Return what has just landed; when, by its own clock, Salesforce tells only when asked."""
    return Landed(
        payload_hash=item.payload_hash or None,
        remote=_remote(str(record["id"]), about.get("WhoId")),
    )


def _remote(task_id: str, who: str | None) -> dict[str, str]:
    if not who:
        return {"task": task_id}
    return {"task": task_id, "contact" if who.startswith("003") else "lead": who}
