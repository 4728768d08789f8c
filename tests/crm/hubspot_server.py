"""A HubSpot-shaped service: search, properties, associations and owners, by version."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.crm.service import Answer, Request, Service

START = datetime(2026, 11, 1, tzinfo=UTC)
MODIFIED = {"contacts": "lastmodifieddate"}
TOKEN = "token-of-tests"  # noqa: S105
DAILY = Answer(
    status=429,
    body={"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY"},
)

_SEARCH = re.compile(r"/crm/(?:v3/objects|objects/[\d-]+)/(\w+)/search")
_PROPERTIES = re.compile(r"/crm/(?:v3/properties|properties/[\d-]+)/(\w+)")
_ASSOCIATIONS = re.compile(r"/crm/(?:v4/associations|associations/[\d-]+)/(\w+)/(\w+)/batch/read")
_OWNERS = re.compile(r"/crm/(?:v3/owners|owners/[\d-]+)")
_TESTS = {
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "EQ": lambda a, b: a == b,
}


class HubspotServer(Service):
    """Holds records by object; ``put`` makes or changes one, stamped by the server's own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.now = START
        self.objects: dict[str, dict[int, dict[str, Any]]] = {}
        self.links: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.owners: list[dict[str, Any]] = []

    def put(self, kind: str, number: int, **properties: str | None) -> None:
        """Make or change a record, a second after the last."""
        self.now += timedelta(seconds=1)
        self.put_at(self.now, kind, number, **properties)

    def put_at(self, at: datetime, kind: str, number: int, **properties: str | None) -> None:
        """Make or change a record at an instant."""
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
        records = self.objects.setdefault(kind, {})
        created = records.get(number, {}).get("createdAt", stamp)
        known = records.get(number, {}).get("properties", {})
        modified = MODIFIED.get(kind, "hs_lastmodifieddate")
        records[number] = {
            "id": str(number),
            "createdAt": created,
            "updatedAt": stamp,
            "archived": False,
            "properties": known
            | {"createdate": created, "hs_object_id": str(number)}
            | properties
            | {modified: stamp},
        }

    def bounds(self, first: int) -> list[str]:
        """Return the ids that searches went on from, from a request on (0 is the first)."""
        bodies = [
            json.loads(one.body) for one in self.requests[first:] if one.path.endswith("/search")
        ]
        return [
            body["filterGroups"][0]["filters"][0]["value"]
            for body in bodies
            if "filterGroups" in body
        ]

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer(status=401, body={"category": "EXPIRED_AUTHENTICATION"})
        if match := _SEARCH.fullmatch(request.path):
            return self._search(match[1], json.loads(request.body))
        if match := _PROPERTIES.fullmatch(request.path):
            names = {n for r in self.objects[match[1]].values() for n in r["properties"]}
            return Answer(body={"results": [{"name": name} for name in sorted(names)]})
        if match := _ASSOCIATIONS.fullmatch(request.path):
            return self._associations(match[1], match[2], json.loads(request.body))
        if _OWNERS.fullmatch(request.path):
            return self._owners(request.query)
        return Answer(status=404, body={"category": "OBJECT_NOT_FOUND"})

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        offset, limit = int(body.get("after") or 0), body["limit"]
        if limit > 200 or offset + limit > 10_000 or len(body["sorts"]) > 1:
            return Answer(status=400, body={"category": "VALIDATION_ERROR"})
        sort = body["sorts"][0]
        found = sorted(
            (one for one in self.objects.get(kind, {}).values() if _passes(one, body)),
            key=lambda one: _comparable(one["properties"][sort["propertyName"]]),
            reverse=sort["direction"] == "DESCENDING",
        )
        asked = {*body["properties"], "createdate", "hs_object_id"}
        page = [
            one | {"properties": {k: v for k, v in one["properties"].items() if k in asked}}
            for one in found[offset : offset + limit]
        ]
        answer: dict[str, Any] = {"total": len(found), "results": page}
        if offset + limit < len(found):
            answer["paging"] = {"next": {"after": str(offset + limit)}}
        return Answer(body=answer)

    def _associations(self, kind: str, other: str, body: dict[str, Any]) -> Answer:
        if len(body["inputs"]) > 1000:
            return Answer(status=400, body={"category": "VALIDATION_ERROR"})
        links = self.links.get((kind, other), {})
        results = [
            {"from": {"id": one["id"]}, "to": [{"toObjectId": int(to)} for to in links[one["id"]]]}
            for one in body["inputs"]
            if one["id"] in links
        ]
        return Answer(status=207, body={"status": "COMPLETE", "results": results})

    def _owners(self, query: dict[str, str]) -> Answer:
        start, limit = int(query.get("after", 0)), int(query["limit"])
        answer: dict[str, Any] = {"results": self.owners[start : start + limit]}
        if start + limit < len(self.owners):
            answer["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(body=answer)


def _passes(record: dict[str, Any], body: dict[str, Any]) -> bool:
    groups = body.get("filterGroups") or []
    return not groups or any(
        all(
            _TESTS[one["operator"]](
                _comparable(record["properties"][one["propertyName"]]), _comparable(one["value"])
            )
            for one in group["filters"]
        )
        for group in groups
    )


@cache
def _comparable(value: str) -> int:
    """Compare instants by their milliseconds, as numbers and ids are."""
    if value.isdecimal():
        return int(value)
    return round(datetime.fromisoformat(value).timestamp() * 1000)
