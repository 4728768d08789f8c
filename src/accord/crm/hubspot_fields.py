"""What is written into HubSpot: our own properties, and a contact's and a task's from a payload.

Values are text, as HubSpot takes them. Which of them a person's edit keeps is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from types import MappingProxyType
from typing import Any

from accord.crm.port import Item
from accord.crm.wording import body, cut, due_at, split_name, timeline, title, why
from accord.records import to_text

KEY = "accord_key"
LEAD = "accord_lead_id"
HASH = "accord_payload_hash"
WRITTEN_OWNER = "accord_owner"
WRITTEN_STAGE = "accord_lifecyclestage"
OWNER = "hubspot_owner_id"
STAGE = "lifecyclestage"
TYPE = "hs_task_type"
CALL = "CALL"
"""The type of a hand-off's task; a message's is another."""

STAGES: Mapping[str, str] = MappingProxyType(
    {"mql": "marketingqualifiedlead", "sql": "salesqualifiedlead"}
)
"""Our stages as HubSpot names its own; a stage that is not here is not written."""

FORWARD = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
"""HubSpot's own order of its stages."""

PROPERTIES: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "contacts": {
            LEAD: ("Accord lead id", "unique"),
            "accord_handoff_key": ("Accord hand-off", "string"),
            HASH: ("Accord payload hash", "string"),
            "accord_priority": ("Accord priority (1 hot to 3)", "number"),
            "accord_fit": ("Accord fit", "number"),
            "accord_engagement": ("Accord engagement", "number"),
            "accord_intent": ("Accord intent", "number"),
            "accord_why": ("Accord: why now", "text"),
            "accord_due_at": ("Accord: first touch due", "datetime"),
            "accord_stage": ("Accord stage", "string"),
            "accord_cycle": ("Accord cycle", "number"),
            "accord_timeline": ("Accord timeline", "text"),
            WRITTEN_OWNER: ("Accord: owner last written", "string"),
            WRITTEN_STAGE: ("Accord: lifecycle stage last written", "string"),
        },
        "tasks": {
            KEY: ("Accord key", "unique"),
            HASH: ("Accord payload hash", "string"),
        },
    }
)
"""Our properties by object: label and kind; ``unique`` is text that no two records share."""

_KINDS: Mapping[str, tuple[str, str]] = {
    "unique": ("string", "text"),
    "string": ("string", "text"),
    "text": ("string", "textarea"),
    "number": ("number", "number"),
    "datetime": ("datetime", "date"),
}
_LONGEST = 60_000  # HubSpot holds 65,536 in a text
_TITLE = 250
_PRIORITIES = {1: "HIGH", 2: "MEDIUM"}
_IDENTITY = {"email": "email", "phone": "phone", "title": "jobtitle", "company": "company"}
_CONTACT_OF_TASK = ({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204},)

Properties = dict[str, str]


def definition(name: str, *, label: str, kind: str, group: str) -> dict[str, Any]:
    """Return what HubSpot has to be told to make one of our properties."""
    value, field = _KINDS[kind]
    unique = {"hasUniqueValue": True} if kind == "unique" else {}
    told = {"name": name, "label": label, "groupName": group, "type": value, "fieldType": field}
    return told | unique


def contact_properties(item: Item) -> Properties:
    """Return what is ours alone in a contact: written whatever people do."""
    payload, due = item.payload, due_at(item.payload)
    said = {
        LEAD: payload["lead_id"],
        "accord_handoff_key": item.key,
        HASH: item.payload_hash,
        "accord_priority": payload.get("priority"),
        **{f"accord_{name}": points for name, points in (payload.get("scores") or {}).items()},
        "accord_why": cut(why(payload), _LONGEST),
        "accord_due_at": None if due is None else to_text(due),
        "accord_stage": payload.get("stage"),
        "accord_cycle": payload.get("cycle"),
        "accord_timeline": cut(timeline(payload), _LONGEST),
    }
    known = PROPERTIES["contacts"]
    return {name: _text(value) for name, value in said.items() if name in known}


def identity(item: Item) -> Properties:
    """Return who a contact is: written only where there is none yet, people mend it afterwards."""
    lead = item.payload.get("lead") or {}
    first, last = split_name(lead)
    said = {"firstname": first, "lastname": last or item.payload["lead_id"]}
    said |= {there: lead.get(ours) for ours, there in _IDENTITY.items()}
    return {name: str(value) for name, value in said.items() if value}


def task(
    item: Item, *, key: str, owner: str | None, contact: str | None, sent_at: datetime
) -> dict[str, Any]:
    """Return a task, associated with its contact in the same breath: never one without."""
    payload = item.payload
    properties = {
        KEY: key,
        HASH: item.payload_hash,
        "hs_task_subject": cut(title(payload), _TITLE),
        "hs_task_body": _html(cut(body(payload), _LONGEST // 2)),
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": _PRIORITIES.get(payload.get("priority") or 0, "NONE"),
        TYPE: CALL if item.kind == "handoff" else "TODO",
        "hs_timestamp": to_text(due_at(payload) or sent_at),
    }
    if owner is not None:
        properties[OWNER] = owner
    to = [] if contact is None else [{"to": {"id": contact}, "types": [*_CONTACT_OF_TASK]}]
    return {"properties": properties, "associations": to}


def goes_back(stage: str, *, there: str | None) -> bool:
    """Say whether HubSpot would silently ignore the stage, since it only takes later ones.

    Stages of an account's own have no order that we know; those must be emptied first as well.
    """
    if not there or there == stage:
        return False
    if stage in FORWARD and there in FORWARD:
        return FORWARD.index(stage) < FORWARD.index(there)
    return True


def _html(text: str) -> str:
    """A task's text is shown as HTML: marks of ours must not become marks of its."""
    return escape(text, quote=False).replace("\n", "<br>")


def _text(value: Any) -> str:
    """An empty text empties a property."""
    return "" if value is None else str(value)
