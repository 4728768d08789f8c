"""What a step of a ladder says, and the outbox entries that carry it. Ids only, no names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accord.outbox import Entry, Kind, message_key
from accord.records import to_text
from accord.services.clock_people import People
from accord.services.clock_records import instant_text
from accord.sla import Recipient, Rung, resolve, send_at

Row = Mapping[str, Any]


def step_messages(
    people: People, clock: Row, *, step: int, rung: Rung, due_at: datetime, as_of: datetime
) -> tuple[Entry, ...]:
    """Return the entries that tell the people of a step; none where there is nobody to tell.

    One entry, or one a recipient where they may not all be told at the same instant.
    """
    recipients = resolve(rung.notify, lambda role: people.find(role, clock))
    quiet = people.agreement.sla.quiet_hours
    before = rung.at.share is not None
    groups: dict[datetime, list[Recipient]] = {}
    for one in recipients:
        at = send_at(one, as_of=as_of, before_due=before, quiet_hours=quiet)
        groups.setdefault(at, []).append(one)
    if len(groups) > 1:
        parts = [(at, [one], f":{one.person_id}") for at, ones in groups.items() for one in ones]
    else:
        parts = [(at, ones, "") for at, ones in groups.items()]
    said = _said(people, clock, rung=rung, due_at=due_at)
    return tuple(
        _entry(clock, step, suffix=suffix, not_before=at, payload={**said, **_to(step, ones)})
        for at, ones, suffix in parts
    )


def _entry(
    clock: Row, step: int, *, suffix: str, not_before: datetime, payload: Mapping[str, Any]
) -> Entry:
    return Entry(
        key=message_key(clock["clock_id"], step) + suffix,
        kind=Kind.MESSAGE,
        lead_id=clock["lead_id"],
        clock_id=clock["clock_id"],
        step=step,
        payload=payload,
        not_before=not_before,
    )


def _to(step: int, recipients: Sequence[Recipient]) -> dict[str, Any]:
    return {
        "step": step,
        "recipients": [
            {"role": one.role, "id": one.person_id, "email": one.email} for one in recipients
        ],
    }


def _said(people: People, clock: Row, *, rung: Rung, due_at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(people.agreement.timezone)
    due = instant_text(clock["due_at"].astimezone(zone))
    late = rung.at.share is None
    about = _about(clock)
    verb = "ran out" if late else "runs out"
    return {
        "clock_id": clock["clock_id"],
        "at": to_text(due_at),
        "term": clock["term"],
        "lead_id": clock["lead_id"],
        "subject": f"{clock['term']} {verb} at {due}: {about}",
        "text": "\n".join(_lines(clock, about=about, due=due, late=late, zone=zone)),
    }


def _about(clock: Row) -> str:
    if clock["lead_id"] is not None:
        return f"lead {clock['lead_id']}"
    return f"segment {clock['segment']}" if clock["segment"] is not None else "all segments"


def _lines(clock: Row, *, about: str, due: str, late: bool, zone: ZoneInfo) -> list[str]:
    start = instant_text(clock["started_at"].astimezone(zone))
    owner = clock["owner_id"] or clock["team"] or clock["side"]
    state = "was due and is not met" if late else "is due soon"
    return [
        f"The term {clock['term']} of {about} {state}.",
        f"Owner: {owner}. Started: {start}. Due: {due}.",
        f"It runs from {clock['from_event']} until {clock['until_event']}.",
    ]
