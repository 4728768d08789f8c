"""A Salesforce-shaped organisation that can be written to, with the rules of the real one.

Collections of at most 200, each record with its own end; external ids; owners that must be active
users; converted Leads that cannot be changed; assignment rules unless a header says no.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from tests.crm.salesforce_server import SalesforceServer
from tests.crm.service import Answer, Request

_ROOM = r"/services/data/v[\d.]+"
_DESCRIBE = re.compile(_ROOM + r"/sobjects/(\w+)/describe")
_CHANGE = re.compile(_ROOM + r"/composite/sobjects")
_UPSERT = re.compile(_ROOM + r"/composite/sobjects/(\w+)/(\w+)")
_SOQL = re.compile(r"SELECT (.+?) FROM (\w+) WHERE (.+?)(?: ORDER BY (\w+))?")
_IN = re.compile(r"(\w+) IN \((.*)\)")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_DEFAULTS = {
    "Lead": {"IsConverted": False, "Status": "Open - Not Contacted"},
    "Task": {"WhoId": None},
    "User": {"IsActive": True},
}
_PREFIXES = {"Lead": "00Q", "Task": "00T", "User": "005", "Contact": "003"}
INTEGRATION = "005000000000001AAA"


def record_id(kind: str, number: int) -> str:
    return f"{_PREFIXES[kind]}{number:012}AAA"


class Refusal(Exception):  # noqa: N818 - what the organisation says, no failure of it
    """One record that the organisation will not take."""

    def __init__(self, code: str, *fields: str) -> None:
        self.code, self.fields = code, fields
        super().__init__(code)


class SalesforceAccount(SalesforceServer):
    """``defined`` are its own fields; ``refused`` are keys whose records end in an error."""

    def __init__(self) -> None:
        super().__init__()
        self.defined: dict[str, dict[str, dict[str, Any]]] = {"Lead": {}, "Task": {}}
        self.refused: dict[str, str] = {}
        self.page = 2000
        self._last = 5000

    def writes(self, request: Request) -> bool:
        return request.method == "PATCH"

    def make(self, kind: str, number: int, **fields: Any) -> str:
        """Make or change a record as a person does."""
        made = record_id(kind, number)
        self._set(kind, made, fields, by="005000000000099AAA")
        return made

    def edit(self, made: str, at: datetime, **fields: Any) -> None:
        """Let a person change a Lead at an instant."""
        self._set("Lead", made, fields, by="005000000000099AAA", at=at)

    def respond(self, request: Request) -> Answer:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not request.path.startswith("/services/data/") or said not in self.sessions:
            return super().respond(request)
        if match := _DESCRIBE.fullmatch(request.path):
            return Answer(body={"fields": [*self.defined[match[1]].values()]})
        if request.method == "PATCH":
            return self._collection(request)
        if "q" in request.query and len(quote_plus(request.query["q"])) > 16_000:
            return Answer(status=414, body=[{"errorCode": "URI_TOO_LONG", "message": "x"}])
        match = _SOQL.fullmatch(request.query.get("q", ""))
        if match is None:
            return self._more(request)
        found = [
            one
            for one in self.objects.get(match[2], {}).values()
            if all(_holds(one, condition) for condition in match[3].split(" AND "))
        ]
        found.sort(key=lambda one: one[match[4]] if match[4] else one["Id"])
        return self._shown_page([self._shown(one, match[1].split(", ")) for one in found])

    def _shown(self, record: dict[str, Any], names: list[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name in names:
            if name == "Owner.Type":
                queue = str(record["OwnerId"]).startswith("00G")
                shown["Owner"] = {"Type": "Queue" if queue else "User"}
            else:
                shown[name] = record.get(name)
        return shown

    def _shown_page(self, records: list[dict[str, Any]]) -> Answer:
        body: dict[str, Any] = {"done": True, "records": records[: self.page]}
        if len(records) > self.page:
            self._rest = records[self.page :]
            body |= {"done": False, "nextRecordsUrl": "/services/data/v59.0/query/01gREST-1"}
        return Answer(body=body)

    def _more(self, request: Request) -> Answer:
        if request.path.endswith("/01gREST-1"):
            return self._shown_page(self._rest)
        return Answer(status=400, body=[{"errorCode": "MALFORMED_QUERY", "message": "x"}])

    def _collection(self, request: Request) -> Answer:
        body = json.loads(request.body)
        records = body["records"]
        match = _UPSERT.fullmatch(request.path)
        if body["allOrNone"] is not False or len(records) > 200:
            return Answer(status=400, body=[{"errorCode": "INVALID_COLLECTION"}])
        if match is None and _CHANGE.fullmatch(request.path) is None:
            return Answer(status=404, body=[{"errorCode": "NOT_FOUND"}])
        rules = request.headers.get("Sforce-Auto-Assign", "TRUE").upper() != "FALSE"
        return Answer(body=[self._end(one, match and match[2], rules=rules) for one in records])

    def _end(self, record: dict[str, Any], unique: str | None, *, rules: bool) -> dict[str, Any]:
        kind = record["attributes"]["type"]
        fields = {name: value for name, value in record.items() if name != "attributes"}
        try:
            made = self._meant(kind, fields, unique)
            self._check(kind, made, fields)
        except Refusal as refusal:
            message = f"{refusal.code} of ann@person.example at Acme"
            error = {
                "statusCode": refusal.code,
                "message": message,
                "fields": [*refusal.fields],
            }
            return {"success": False, "errors": [error]}
        is_new = made is None
        if made is None:
            self._last += 1
            made = record_id(kind, self._last)
        if rules and kind == "Lead":
            fields["OwnerId"] = "00G000000000001AAA"
        self._set(kind, made, {n: v for n, v in fields.items() if n != "Id"}, by=INTEGRATION)
        return {"id": made, "success": True, "errors": [], "created": is_new}

    def _meant(self, kind: str, fields: dict[str, Any], unique: str | None) -> str | None:
        """Return the id of the record that is meant; None if it is a new one."""
        records = self.objects.get(kind, {})
        if unique is None:
            return next(made for made in records if made[:15] == fields["Id"][:15])
        if not self.defined[kind][unique]["externalId"]:
            raise Refusal("INVALID_FIELD", unique)
        found = [made for made, one in records.items() if one.get(unique) == fields[unique]]
        if len(found) > 1:
            raise Refusal("DUPLICATE_EXTERNAL_ID", unique)
        return found[0] if found else None

    def _check(self, kind: str, made: str | None, fields: dict[str, Any]) -> None:
        there = self.objects.get(kind, {}).get(made or "", {})
        for name in ("Accord_Key__c", "Accord_Handoff_Key__c"):
            if fields.get(name) in self.refused:
                raise Refusal(self.refused[fields[name]], "Accord_Fit__c")
        if there.get("IsConverted"):
            raise Refusal("CANNOT_UPDATE_CONVERTED_LEAD")
        if kind == "Lead" and made is None and not (fields["LastName"] and fields["Company"]):
            raise Refusal("REQUIRED_FIELD_MISSING", "LastName")
        owner = fields.get("OwnerId")
        if owner and not self.objects["User"].get(owner, {}).get("IsActive"):
            raise Refusal("INACTIVE_OWNER_OR_USER", "OwnerId")
        limits = {"Title": 128, "Subject": 255, "Description": 32_000, "LastName": 80}
        for name, most in limits.items():
            if len(fields.get(name) or "") > most:
                raise Refusal("STRING_TOO_LONG", name)

    def _set(
        self,
        kind: str,
        made: str,
        fields: dict[str, Any],
        *,
        by: str,
        at: datetime | None = None,
    ) -> None:
        self.now += timedelta(seconds=1)
        stamp = (at or self.now).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        there = self.objects.setdefault(kind, {}).get(made)
        new = {"CreatedDate": stamp, "CreatedById": by, "OwnerId": by, "IsDeleted": False}
        known = there or {"Id": made, **new, **_DEFAULTS.get(kind, {})}
        changed = {"LastModifiedDate": stamp, "SystemModstamp": stamp}
        self.objects[kind][made] = known | fields | changed


def _holds(record: dict[str, Any], condition: str) -> bool:
    if match := _IN.fullmatch(condition):
        asked = [re.sub(r"\\(.)", r"\1", one) for one in _TEXT.findall(match[2])]
        value = str(record.get(match[1]) or "")
        if match[1] == "Id":
            return value[:15] in {one[:15] for one in asked}
        if match[1] == "Email":
            return value.casefold() in {one.casefold() for one in asked}
        return value in asked
    if condition.endswith(" != null"):
        return record.get(condition.removesuffix(" != null")) is not None
    name, _, said = condition.partition(" = ")
    return record.get(name) is (said == "true")
