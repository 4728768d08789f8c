"""A HubSpot-shaped account that can be written to, with the rules of the real one.

Batches of at most 100, all or nothing (or per record, with ``multi_status``); unique properties;
owners that must exist; stages that only go forward; histories; tasks that need a due date.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from tests.crm.hubspot_server import HubspotServer
from tests.crm.service import Answer, Request

_BATCH = re.compile(r"/crm/(?:v3/objects|objects/[\d-]+)/(\w+)/batch/(\w+)")
_DEFINED = re.compile(r"/crm/(?:v3/properties|properties/[\d-]+)/(\w+)")
_GROUPS = re.compile(r"/crm/(?:v3/properties|properties/[\d-]+)/(\w+)/groups")
_DEFINE = re.compile(r"/crm/(?:v3/properties|properties/[\d-]+)/(\w+)/batch/create")
_OWNERS = re.compile(r"/crm/(?:v3/owners|owners/[\d-]+)")

STANDARD = {
    "contacts": "email firstname lastname phone jobtitle company hubspot_owner_id lifecyclestage",
    "tasks": "hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type"
    " hs_timestamp hubspot_owner_id",
}
STAGES = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
]


class Refusal(Exception):  # noqa: N818 - what the account says, no failure of it
    """One record that the account will not take."""

    def __init__(self, status: int, category: str, message: str) -> None:
        self.status, self.category, self.message = status, category, message
        super().__init__(message)


class HubspotAccount(HubspotServer):
    """``refused`` are keys whose records it never takes; ``defined`` its own properties."""

    def __init__(self) -> None:
        super().__init__()
        self.defined: dict[str, dict[str, dict[str, Any]]] = {"contacts": {}, "tasks": {}}
        self.groups: dict[str, set[str]] = {"contacts": set(), "tasks": {"task"}}
        self.multi_status = False
        self.refused: set[str] = set()
        self.additional_emails: dict[str, int] = {}
        self.history: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
        self._last = 1000

    def writes(self, request: Request) -> bool:
        match = _BATCH.fullmatch(request.path)
        return match is not None and match[2] in {"create", "update", "upsert"}

    def edit(self, number: int, at: datetime, **properties: str) -> None:
        """Let a person change a contact."""
        self._set("contacts", number, properties, source="CRM_UI", at=at)

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return super().respond(request)
        body = json.loads(request.body) if request.body else {}
        for path, answer in (
            (_DEFINE, lambda kind: self._define(kind, body)),
            (_GROUPS, lambda kind: self._group(kind, body)),
            (_DEFINED, self._show_defined),
            (_BATCH, lambda kind, what: self._batch(kind, what, body)),
        ):
            if match := path.fullmatch(request.path):
                return answer(*match.groups())
        if _OWNERS.fullmatch(request.path) and "email" in request.query:
            found = [one for one in self.owners if one["email"] == request.query["email"]]
            return Answer(body={"results": found})
        return super().respond(request)

    def _show_defined(self, kind: str) -> Answer:
        standard = [{"name": name} for name in STANDARD[kind].split()]
        return Answer(body={"results": [*standard, *self.defined[kind].values()]})

    def _define(self, kind: str, body: dict[str, Any]) -> Answer:
        for one in body["inputs"]:
            if one["name"] in self.defined[kind] or one["groupName"] not in self.groups[kind]:
                return Answer(status=409, body={"category": "OBJECT_ALREADY_EXISTS"})
        self.defined[kind] |= {one["name"]: one for one in body["inputs"]}
        return Answer(status=201, body={"status": "COMPLETE", "results": body["inputs"]})

    def _group(self, kind: str, body: dict[str, Any]) -> Answer:
        if not body:
            return Answer(body={"results": [{"name": one} for one in self.groups[kind]]})
        self.groups[kind].add(body["name"])
        return Answer(status=201, body=body)

    def _batch(self, kind: str, what: str, body: dict[str, Any]) -> Answer:
        inputs = body["inputs"]
        most = 50 if body.get("propertiesWithHistory") else 100
        ids = [one["id"] for one in inputs if "id" in one]
        if len(inputs) > most or len({*ids}) < len(ids):
            return Answer(status=400, body={"category": "VALIDATION_ERROR", "message": "inputs"})
        if what == "read":
            return self._read(kind, body)
        return self._write(kind, what, inputs)

    def _read(self, kind: str, body: dict[str, Any]) -> Answer:
        results, errors = [], []
        for one in body["inputs"]:
            number = self._find(kind, body.get("idProperty"), one["id"])
            if number is None:
                errors.append({"category": "OBJECT_NOT_FOUND", "context": {"ids": [one["id"]]}})
            else:
                results.append(self._shown(kind, number, body))
        status = 207 if errors else 200
        return Answer(status=status, body={"results": results, "errors": errors})

    def _shown(self, kind: str, number: int, body: dict[str, Any]) -> dict[str, Any]:
        record = self.objects[kind][number]
        shown = {name: record["properties"].get(name) for name in body.get("properties", ())}
        named = body.get("propertiesWithHistory") or ()
        history = {name: self.history.get((kind, number, name), []) for name in named}
        return record | {"properties": shown, "propertiesWithHistory": history}

    def _find(self, kind: str, unique: str | None, name: str) -> int | None:
        records = self.objects.get(kind, {})
        if unique is None:
            return int(name) if name.isdecimal() and int(name) in records else None
        if unique != "email" and not self.defined[kind][unique].get("hasUniqueValue"):
            raise Refusal(400, "VALIDATION_ERROR", f"{unique} is not unique")
        for number, record in records.items():
            if str(record["properties"].get(unique, "")).casefold() == name.casefold():
                return number
        return self.additional_emails.get(name) if unique == "email" else None

    def _write(self, kind: str, what: str, inputs: list[dict[str, Any]]) -> Answer:
        checked, refusals = [], []
        for one in inputs:
            try:
                checked.append((one, self._check(kind, what, one)))
            except Refusal as refusal:
                refusals.append((one, refusal))
        if refusals and not self.multi_status:
            refusal = refusals[0][1]
            body = {"category": refusal.category, "message": refusal.message}
            return Answer(status=refusal.status, body=body)
        results = [self._apply(kind, one, number) for one, number in checked]
        errors = [
            {
                "category": refusal.category,
                "message": refusal.message,
                "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]},
            }
            for one, refusal in refusals
        ]
        return Answer(status=207 if errors else 200, body={"results": results, "errors": errors})

    def _check(self, kind: str, what: str, one: dict[str, Any]) -> int | None:
        """Return the record that is meant; None if it is a new one."""
        said = one["properties"]
        known = {*STANDARD[kind].split(), *self.defined[kind]}
        if unknown := {*said} - known:
            message = f'Property "{min(unknown)}" does not exist, says ann@person.example'
            raise Refusal(400, "VALIDATION_ERROR", message)
        if said.get("hubspot_owner_id") and said["hubspot_owner_id"] not in self._owner_ids():
            raise Refusal(400, "INVALID_OWNER_ID", "hubspot_owner_id of ann@person.example")
        if {said.get("accord_key"), said.get("accord_handoff_key")} & self.refused:
            raise Refusal(400, "VALIDATION_ERROR", "accord_fit of Ann was not one of the allowed")
        number = None if what == "create" else self._find(kind, one.get("idProperty"), one["id"])
        if number is None and what == "update":
            raise Refusal(404, "OBJECT_NOT_FOUND", "no such record")
        if kind == "tasks" and "hs_timestamp" not in said:
            raise Refusal(400, "VALIDATION_ERROR", "hs_timestamp is required")
        self._check_unique(kind, number, said)
        return number

    def _owner_ids(self) -> set[str]:
        return {one["id"] for one in self.owners if not one.get("archived")}

    def _check_unique(self, kind: str, number: int | None, said: dict[str, str]) -> None:
        unique = {n for n, one in self.defined[kind].items() if one.get("hasUniqueValue")}
        for name in ({"email"} if kind == "contacts" else set()) | unique:
            other = self._find(kind, name, said[name]) if said.get(name) else None
            if other is not None and other != number:
                message = f"Contact already exists. Existing ID: {other}"
                raise Refusal(409, "CONFLICT", message)

    def _apply(self, kind: str, one: dict[str, Any], number: int | None) -> dict[str, Any]:
        is_new = number is None
        if number is None:
            self._last += 1
            number = self._last
        said = dict(one["properties"])
        if one.get("idProperty"):
            said[one["idProperty"]] = one["id"]
        self._set(kind, number, said, source="INTEGRATION")
        for association in one.get("associations") or ():
            other = association["to"]["id"]
            for ends, end, far in (
                ((kind, "contacts"), str(number), other),
                (("contacts", kind), other, str(number)),
            ):
                self.links.setdefault(ends, {}).setdefault(end, []).append(far)
        record = self.objects[kind][number]
        trace = {"objectWriteTraceId": one["objectWriteTraceId"]} if self.multi_status else {}
        return {**record, **trace, "new": is_new}

    def _set(
        self,
        kind: str,
        number: int,
        said: dict[str, str],
        *,
        source: str,
        at: datetime | None = None,
    ) -> None:
        there = self.objects.get(kind, {}).get(number, {"properties": {}})["properties"]
        stage = said.get("lifecyclestage")
        known = there.get("lifecyclestage")
        if source != "CRM_UI" and stage and known and _is_back(stage, known):
            said = {name: value for name, value in said.items() if name != "lifecyclestage"}
        changed = {name: value for name, value in said.items() if there.get(name, "") != value}
        if at is None:
            self.put(kind, number, **said)
        else:
            self.put_at(at, kind, number, **said)
        stamp = self.objects[kind][number]["updatedAt"]
        for name, value in changed.items():
            version = {"value": value, "timestamp": stamp, "sourceType": source}
            self.history.setdefault((kind, number, name), []).insert(0, version)


def _is_back(stage: str, known: str) -> bool:
    """The real one ignores a step back without a word."""
    return stage in STAGES and known in STAGES and STAGES.index(stage) < STAGES.index(known)
