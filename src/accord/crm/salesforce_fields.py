"""What is written into Salesforce: our own fields, and a Lead's and a Task's from a payload.

Which of them a person's edit keeps is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from accord.crm.port import Item
from accord.crm.wording import body, cut, due_at, split_name, timeline, title, why
from accord.records import to_text

KEY = "Accord_Key__c"
LEAD = "Accord_Lead_Id__c"
HASH = "Accord_Payload_Hash__c"
WRITTEN_OWNER = "Accord_Owner__c"
WRITTEN_STAGE = "Accord_Status__c"
OWNER = "OwnerId"
STAGE = "Status"

STAGES: Mapping[str, str] = MappingProxyType(
    {"mql": "Open - Not Contacted", "sql": "Working - Contacted"}
)
"""Our stages as Salesforce's own lead statuses; a stage that is not here is not written."""

FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Lead": {
            LEAD: "Text(255), external id, unique, case sensitive",
            "Accord_Handoff_Key__c": "Text(255)",
            HASH: "Text(64)",
            "Accord_Priority__c": "Number(2, 0)",
            "Accord_Fit__c": "Number(4, 1)",
            "Accord_Engagement__c": "Number(4, 1)",
            "Accord_Intent__c": "Number(4, 1)",
            "Accord_Why__c": "Long Text Area(32768)",
            "Accord_Due_At__c": "Date/Time",
            "Accord_Stage__c": "Text(40)",
            "Accord_Cycle__c": "Number(6, 0)",
            "Accord_Timeline__c": "Long Text Area(32768)",
            WRITTEN_OWNER: "Text(18)",
            WRITTEN_STAGE: "Text(255)",
        },
        "Task": {
            KEY: "Text(255), external id, case sensitive (on Activity)",
            HASH: "Text(64) (on Activity)",
        },
    }
)
"""Our fields by object, and what each must be."""

_LONGEST = 32_000
_SUBJECT = 255
_NOBODY = "[not provided]"
_PERSON = {"Email": ("email", 80), "Phone": ("phone", 40), "Title": ("title", 128)}
_SCORES = ("fit", "engagement", "intent")

Fields = dict[str, Any]


def lead_fields(item: Item) -> Fields:
    """Return what is ours alone in a Lead: written whatever people do."""
    payload, due = item.payload, due_at(item.payload)
    scores = payload.get("scores") or {}
    return {
        LEAD: payload["lead_id"],
        "Accord_Handoff_Key__c": item.key,
        HASH: item.payload_hash or None,
        "Accord_Priority__c": payload.get("priority"),
        **{f"Accord_{name.title()}__c": _number(scores.get(name)) for name in _SCORES},
        "Accord_Why__c": cut(why(payload), _LONGEST),
        "Accord_Due_At__c": None if due is None else to_text(due),
        "Accord_Stage__c": payload.get("stage"),
        "Accord_Cycle__c": payload.get("cycle"),
        "Accord_Timeline__c": cut(timeline(payload), _LONGEST),
    }


def identity(item: Item) -> Fields:
    """Return who a Lead is: written only with a new one, people mend it afterwards.

    Salesforce makes no Lead without a last name and a company.
    """
    lead = item.payload.get("lead") or {}
    first, last = split_name(lead)
    said = {there: cut(str(lead.get(ours) or ""), most) for there, (ours, most) in _PERSON.items()}
    said["FirstName"] = cut(first, 40)
    known = {name: value for name, value in said.items() if value}
    company = cut(str(lead.get("company") or _NOBODY), 255)
    return {"LastName": cut(last or _NOBODY, 80), "Company": company, **known}


def task(
    item: Item, *, key: str, owner: str | None, about: Mapping[str, str], sent_at: datetime
) -> Fields:
    """Return a Task; ``about`` is what it belongs to (WhoId, WhatId). Its day is the due one's."""
    payload = item.payload
    fields = {
        KEY: key,
        HASH: item.payload_hash or None,
        "Subject": cut(title(payload), _SUBJECT),
        "Description": cut(body(payload), _LONGEST),
        "Status": "Not Started",
        "Priority": "High" if payload.get("priority") == 1 else "Normal",
        "ActivityDate": (due_at(payload) or sent_at).date().isoformat(),
        **about,
    }
    return fields if owner is None else {**fields, OWNER: owner}


def _number(said: Any) -> float | None:
    """Return a score as JSON has numbers; with one decimal none is lost."""
    return None if said is None else float(said)
