"""The adapter ``salesforce``: hand-offs as Leads with a Task for their owner, messages as Tasks.

A Task carries the effect's key as an external id and is written last: where it is, the whole
effect is. A lead that was converted is left as it is; its Task goes to the Contact and the
Opportunity that it became.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from accord.crm.contested import Words
from accord.crm.opening import CrmSettings, words_of
from accord.crm.patience import Patience
from accord.crm.port import Item, Landed, Outcome
from accord.crm.salesforce_fields import FIELDS, HASH, KEY, STAGE, STAGES, task
from accord.crm.salesforce_http import Login, SalesforceHttp
from accord.crm.salesforce_leads import LeadWriter
from accord.crm.salesforce_match import Matcher, Owners
from accord.crm.salesforce_send import AT_ONCE, TARGET, SalesforceSender
from accord.crm.sending import Input, Record
from accord.crm.turns import Turn, others_of, send_in_turns
from accord.crm.wording import people
from accord.errors import DeliveryError, InputError
from accord.killpoints import reach

_NOBODY: Mapping[str, str] = MappingProxyType({})
_TASKS = f"SELECT Id, {KEY}, {HASH}, WhoId, CreatedDate FROM Task WHERE {KEY} IN ({{}})"  # noqa: S608 - our own names, quoted values
_NEAR = f"SELECT Id, {KEY} FROM Task WHERE WhoId IN ({{}}) AND {KEY} != null"  # noqa: S608 - as above
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
        self._batch = min(batch, AT_ONCE)
        self._stages = stages
        self._matcher = Matcher(sender=sender, source=source)
        self._owners = Owners(sender=sender, source=source)
        words = Words(source=source, stages=stages)
        self._leads = LeadWriter(sender=sender, owners=self._owners, words=words)
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
        tasks = {str(one[KEY]): one for one in self.sender.select(_TASKS, keys)}
        others = self._others(tasks)
        return {key: _landed_before(one, others.get(key, _NOBODY)) for key, one in tasks.items()}

    def _others(self, tasks: Mapping[str, Record]) -> dict[str, dict[str, str]]:
        """Return the Tasks of a message's other recipients by its key, owner -> Task.

        They are looked for at whom it is about; only there they could be taken for what somebody
        did with the lead.
        """
        about = sorted({str(one["WhoId"]) for one in tasks.values() if one.get("WhoId")})
        found: dict[str, dict[str, str]] = {}
        for one in self.sender.select(_NEAR, about):
            key, _, owner = str(one[KEY]).rpartition(":")
            if key in tasks:
                found.setdefault(key, {})[owner] = str(one["Id"])
        return found

    def _send(self, turn: Turn, *, sent_at: datetime) -> None:
        self.prepare()
        turn.find_there(self.read_back([item.key for item in turn.items.values()]))
        self._find_owners(turn)
        found = self._matcher.people(turn.open())
        about = {place: one.about for place, one in found.items()}
        about |= self._leads.write(turn, found)
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
            for place, one in turn.take(written).items():
                if rank:
                    turn.others.setdefault(place, {})[turn.owners[place][rank]] = str(one["id"])
                else:
                    turn.end(place, _landed(turn, place, one, about.get(place, {})))


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


def _landed_before(record: Record, others: Mapping[str, str]) -> Landed:
    return Landed(
        payload_hash=record.get(HASH) or None,
        written_at=datetime.fromisoformat(record["CreatedDate"]),
        remote=_remote(str(record["Id"]), record.get("WhoId")) | others_of(others),
    )


def _landed(turn: Turn, place: int, record: Record, about: Mapping[str, str]) -> Landed:
    """Return what has just landed; when, by its own clock, Salesforce tells only when asked."""
    others = others_of(turn.others.get(place, _NOBODY))
    return Landed(
        payload_hash=turn.items[place].payload_hash or None,
        remote=_remote(str(record["id"]), about.get("WhoId")) | others,
    )


def _remote(task_id: str, who: str | None) -> dict[str, str]:
    if not who:
        return {"task": task_id}
    return {"task": task_id, "contact" if who.startswith("003") else "lead": who}
