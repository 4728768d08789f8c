"""A Salesforce-shaped service: a login by SOAP or client credentials, and SOQL queries."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crm.service import Answer, Request, Service

START = datetime(2026, 11, 1, tzinfo=UTC)
PASSWORD = "password-of-tests"  # noqa: S105
SECRET = "secret-of-tests"  # noqa: S105
LIMIT = Answer(status=403, body=[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "x"}])

_QUERY = re.compile(
    r"SELECT (?P<fields>[\w., ]+) FROM (?P<kind>\w+)(?: WHERE (?P<where>.+?))?"
    r" ORDER BY (?P<order>\w+)(?P<down> DESC)?(?: LIMIT (?P<limit>\d+))?"
)
_SINCE = re.compile(r"SystemModstamp >= (\S+)")
_AFTER = re.compile(r"Id > '(\w+)'")
_LOGGED_IN = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<loginResponse><result><serverUrl>{url}/services/Soap/u/59.0/00D</serverUrl>
<sessionId>{session}</sessionId></result></loginResponse></soapenv:Body></soapenv:Envelope>"""
_REFUSED = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><detail>
<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>
<sf:exceptionMessage>ann@b.co may not log in</sf:exceptionMessage>
</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


class SalesforceServer(Service):
    """Holds records by object; ``put`` makes or changes one, stamped by the server's own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.sessions: set[str] = set()
        self.logins = 0
        self._results: dict[str, list[str]] = {}

    def put(self, kind: str, number: int, **fields: Any) -> None:
        """Make or change a record, a second after the last."""
        self.now += timedelta(seconds=1)
        record_id = f"00Q{number:012}AAA"
        known = self.objects.setdefault(kind, {}).get(record_id, {"IsDeleted": False})
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        changed = known | fields | {"Id": record_id, "SystemModstamp": stamp}
        self.objects[kind][record_id] = {"CreatedDate": stamp} | changed

    def expire(self) -> None:
        """Let every session end."""
        self.sessions.clear()

    def lose_places(self) -> None:
        """Forget where the readers of results are."""
        self._results.clear()

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/services/Soap/u/"):
            return self._log_in(granted=PASSWORD in request.body)
        if request.path == "/services/oauth2/token":
            told = b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
            return self._grant(granted=told == f"app:{SECRET}")
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.sessions:
            return Answer(status=401, body=[{"errorCode": "INVALID_SESSION_ID", "message": "x"}])
        size = int(request.headers["Sforce-Query-Options"].removeprefix("batchSize="))
        if "q" in request.query:
            return self._query(request.query["q"], size, deleted="queryAll" in request.path)
        return self._go_on(request.path.rpartition("/")[2], size)

    def _new_session(self) -> str:
        self.logins += 1
        self.sessions.add(f"session-{self.logins}")
        return f"session-{self.logins}"

    def _log_in(self, *, granted: bool) -> Answer:
        if not granted:
            return Answer(status=500, body=_REFUSED)
        return Answer(body=_LOGGED_IN.format(url=self.url, session=self._new_session()))

    def _grant(self, *, granted: bool) -> Answer:
        if not granted:
            return Answer(status=400, body={"error": "invalid_client"})
        return Answer(body={"access_token": self._new_session(), "instance_url": self.url})

    def _query(self, soql: str, size: int, *, deleted: bool) -> Answer:
        asked = _QUERY.fullmatch(soql)
        if asked is None:
            return Answer(status=400, body=[{"errorCode": "MALFORMED_QUERY", "message": soql}])
        fields = asked["fields"].split(", ")
        for name in fields:
            if name.startswith("Unknown"):
                message = f"No such column '{name}' on entity 'Lead' of ann@b.co"
                error = {"errorCode": "INVALID_FIELD", "message": message}
                return Answer(status=400, body=[error])
        found = [
            one
            for one in self.objects.get(asked["kind"], {}).values()
            if _passes(one, asked["where"] or "") and (deleted or not one["IsDeleted"])
        ]
        found.sort(key=lambda one: one[asked["order"]], reverse=asked["down"] is not None)
        found = found[: int(asked["limit"] or len(found))]
        place = f"01g{len(self._results):06}"
        self._results[place] = [asked["kind"], asked["fields"], *(one["Id"] for one in found)]
        return self._page(place, 0, size)

    def _go_on(self, name: str, size: int) -> Answer:
        place, _, start = name.rpartition("-")
        if place not in self._results:
            body = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "x"}]
            return Answer(status=400, body=body)
        return self._page(place, int(start), size)

    def _page(self, place: str, start: int, size: int) -> Answer:
        """The ids of a result are fixed; the values are those of now."""
        kind, fields, *ids = self._results[place]
        records = [
            _shown(self.objects[kind][one], fields.split(", ")) for one in ids[start : start + size]
        ]
        end = start + size
        answer: dict[str, Any] = {"totalSize": len(ids), "done": end >= len(ids)}
        if end < len(ids):
            answer["nextRecordsUrl"] = f"/services/data/v59.0/query/{place}-{end}"
        return Answer(body=answer | {"records": records})


def _passes(record: dict[str, Any], where: str) -> bool:
    since, after = _SINCE.search(where), _AFTER.search(where)
    stamp = datetime.fromisoformat(record["SystemModstamp"])
    return (since is None or stamp >= datetime.fromisoformat(since[1])) and (
        after is None or record["Id"] > after[1]
    )


def _shown(record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": {"type": "x"}}
    for name in fields:
        first, _, rest = name.partition(".")
        value = record.get(first)
        shown[first] = value if not rest or value is None else {"attributes": {}, **value}
    return shown
