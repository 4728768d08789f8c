"""The outbox entries that carry a step of a ladder: messages to people, a task in the CRM.

Ids only, no names. What a task says is written here; what a message says, when it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accord.outbox import Entry, Kind, message_key, task_key
from accord.records import to_text
from accord.services.clock_people import People
from accord.services.clock_records import instant_text
from accord.sla import REP, Recipient, Rung, resolve, send_at

Row = Mapping[str, Any]

_OWNER = "owner"
_TOLD = ("term", "side", "lead_id", "segment", "owner_id", "team", "from_event", "until_event")


def step_entries(
    people: People, clock: Row, *, step: int, rung: Rung, due_at: datetime, as_of: datetime
) -> tuple[Entry, ...]:
    """Return the entries of a step: a message a recipient, and before them a task in the CRM.

    None where there is nobody to tell; no task where the step concerns no lead. The task is the
    owner's, and goes with the first of the messages.
    """
    recipients = resolve(rung.notify, lambda role: people.find(role, clock))
    quiet = people.agreement.sla.quiet_hours
    before = rung.at.share is not None
    times = [send_at(one, as_of=as_of, before_due=before, quiet_hours=quiet) for one in recipients]
    messages = [
        _message(clock, step, one, rung=rung, due_at=due_at, not_before=at)
        for one, at in zip(recipients, times, strict=True)
    ]
    if not messages or clock["lead_id"] is None:
        return tuple(messages)
    told = {**_said(people, clock, rung=rung, due_at=due_at), "step": step}
    told["recipients"] = [*map(_person, _owner_first(people, clock, recipients))]
    task = Entry(
        key=task_key(clock["clock_id"], step),
        kind=Kind.TASK,
        payload=told,
        not_before=min(times),
        lead_id=clock["lead_id"],
        clock_id=clock["clock_id"],
        step=step,
    )
    return (task, *messages)


def _owner_first(
    people: People, clock: Row, recipients: Sequence[Recipient]
) -> Sequence[Recipient]:
    """Return who is told, and before them the owner, whose task it is, if not among them."""
    owner = people.find(REP, clock)
    if owner is None or owner.person_id in {one.person_id for one in recipients}:
        return recipients
    return [replace(owner, role=_OWNER), *recipients]


def _message(
    clock: Row, step: int, to: Recipient, *, rung: Rung, due_at: datetime, not_before: datetime
) -> Entry:
    return Entry(
        key=message_key(clock["clock_id"], step, to.person_id),
        kind=Kind.MESSAGE,
        lead_id=clock["lead_id"],
        clock_id=clock["clock_id"],
        step=step,
        recipient=to.person_id,
        payload={
            **{name: clock[name] for name in _TOLD},
            "clock_id": clock["clock_id"],
            "step": step,
            "step_at": str(rung.at),
            "at": to_text(due_at),
            "started_at": to_text(clock["started_at"]),
            "due": to_text(clock["due_at"]),
            "recipients": [_person(to)],
        },
        not_before=not_before,
    )


def _person(one: Recipient) -> dict[str, Any]:
    return {"role": one.role, "id": one.person_id, "email": one.email}


def _said(people: People, clock: Row, *, rung: Rung, due_at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(people.agreement.timezone)
    due = instant_text(clock["due_at"].astimezone(zone))
    late = rung.at.share is None
    what = about(clock)
    verb = "ran out" if late else "runs out"
    return {
        "clock_id": clock["clock_id"],
        "at": to_text(due_at),
        "term": clock["term"],
        "lead_id": clock["lead_id"],
        "subject": f"{clock['term']} {verb} at {due}: {what}",
        "text": "\n".join(_lines(clock, what=what, due=due, late=late, zone=zone)),
    }


def about(clock: Row) -> str:
    """Return what a clock is about: a lead, a segment, or all of them."""
    if clock["lead_id"] is not None:
        return f"lead {clock['lead_id']}"
    return f"segment {clock['segment']}" if clock["segment"] is not None else "all segments"


def _lines(clock: Row, *, what: str, due: str, late: bool, zone: ZoneInfo) -> list[str]:
    start = instant_text(clock["started_at"].astimezone(zone))
    owner = clock["owner_id"] or clock["team"] or clock["side"]
    state = "was due and is not met" if late else "is due soon"
    return [
        f"The term {clock['term']} of {what} {state}.",
        f"Owner: {owner}. Started: {start}. Due: {due}.",
        f"It runs from {clock['from_event']} until {clock['until_event']}.",
    ]
