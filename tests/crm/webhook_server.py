"""A receiver as docs/crm.md asks for one: it verifies by the very code that stands there."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.crm.edits import Standing, settle
from tests.crm.conformance import AT, Fault, Lead
from tests.crm.service import Answer, Cut, Done, Request, Service, Slow, Vanish

DOCS = Path(__file__).resolve().parents[2] / "docs" / "crm.md"
SECRET = "secret-of-tests"  # noqa: S105

_FAULTS = {
    Fault.LIMITED: Answer(status=429, headers={"Retry-After": "7"}),
    Fault.ERROR_AFTER: Done(Answer(status=500, body="Zinnia Quill broke it")),
    Fault.CUT_AFTER: Cut(),
    Fault.ERROR_BEFORE: Answer(status=500, body={"error": "zinnia1@person.example"}),
    Fault.CUT_BEFORE: Vanish(),
    Fault.SLOW: Slow(1.0),
}


def recipe() -> Any:
    """The function that verifies a signature, as it stands in the documentation."""
    code = re.search(r"```python\n(.+?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code[1], names)  # noqa: S102 - it is our own page
    return names["is_from_accord"]


class WebhookServer(Service):
    """Keeps effects by key and leads by id, and lets people edit owner and stage."""

    def __init__(self) -> None:
        super().__init__()
        self.is_from_accord = recipe()
        self.secrets = [SECRET]
        self.now = AT.timestamp()
        self.items: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, int] = {}
        self.leads: dict[str, dict[str, Standing]] = {}
        self.priorities: dict[str, str] = {}
        self.refused: set[str] = set()
        self.rejected: set[str] = set()
        self.reads_back = True
        self.is_closed = False

    def effects(self, key):
        return self.counts.get(key, 0)

    def payload(self, key):
        return self.items[key]["payload"]

    def lead(self, lead_id):
        if lead_id not in self.leads:
            return None
        there = {name: one.value for name, one in self.leads[lead_id].items()}
        return Lead(**there, priority=self.priorities[lead_id])

    def edit(self, lead_id, *, at, owner=None, stage=None):
        for name, value in (("owner", owner), ("stage", stage)):
            if value is not None:
                written = self.leads[lead_id][name].written
                self.leads[lead_id][name] = Standing(value=value, since=at, written=written)

    def told(self, _field, value):
        return value

    def refuse(self, key):
        self.refused.add(key)

    def fail(self, fault):
        if fault is Fault.UNREACHABLE:
            self.close()
        elif fault is Fault.SECRET:
            self.secrets = ["another"]
        else:
            self.next_write = _FAULTS[fault]

    def close(self):
        if not self.is_closed:
            super().close()
            self.is_closed = True

    def writes(self, request: Request) -> bool:
        return "items" in json.loads(request.body)

    def respond(self, request: Request) -> Answer:
        signature = request.headers["Accord-Signature"]
        if not self.is_from_accord(signature, request.body.encode(), self.secrets, self.now):
            return Answer(status=401, body={"error": "Zinnia may not"})
        asked = json.loads(request.body)
        if "read_back" in asked:
            return self._read_back(asked["read_back"])
        if self.rejected & {one["key"] for one in asked["items"]}:
            return Answer(status=422, body={"error": "Zinnia Quill is no lead"})
        return Answer(body={"results": [self._take(one) for one in asked["items"]]})

    def _read_back(self, keys: list[str]) -> Answer:
        if not self.reads_back:
            return Answer(status=404)
        landed = [
            {"key": key, "payload_hash": self.items[key]["payload_hash"]}
            for key in keys
            if key in self.items
        ]
        return Answer(body={"landed": landed})

    def _take(self, item: dict[str, Any]) -> dict[str, Any]:
        key = item["key"]
        if key in self.refused:
            return {"key": key, "result": "refused", "error": "Zinnia Quill exists"}
        if key in self.items:
            same = self.items[key]["payload_hash"] == item["payload_hash"]
            return {"key": key, "result": "taken" if same else "conflict"}
        self.items[key] = item
        self.counts[key] = self.counts.get(key, 0) + 1
        kept = self._set_lead(item) if item["kind"] == "handoff" else []
        return {"key": key, "result": "taken", "kept": kept, "remote": {"row": key}}

    def _set_lead(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        payload, read_at = item["payload"], item["read_at"]
        fields = self.leads.setdefault(payload["lead_id"], {})
        verdict = settle(
            {"owner": payload["rep_id"], "stage": payload["stage"]},
            fields,
            read_at=None if read_at is None else datetime.fromisoformat(read_at),
        )
        fields |= {
            name: Standing(value=value, written=value) for name, value in verdict.write.items()
        }
        self.priorities[payload["lead_id"]] = str(payload["priority"])
        return [one.as_dict() for one in verdict.kept]
