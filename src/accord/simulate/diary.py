"""What people at the company write down about one hand-off: touches, decisions, deals, mails.

A diary gathers the records of one answer with ids that follow from lead, cycle and owner, so the
same hand-off answered the same way gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from accord.calendars import Calendar
from accord.records import Entity
from accord.simulate.people import Habit
from accord.simulate.prospects import Prospect
from accord.simulate.streams import hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of a source file to come: when it happened and its columns as text.

    ``record_id`` is the row's own id and puts rows of one instant in order.
    """

    at: datetime
    entity: Entity
    record_id: str
    row: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A hand-off as somebody sees it in the CRM: who shall work on which lead, from when on."""

    lead_id: str
    cycle: int
    stage: str
    rep_id: str
    assigned_at: datetime
    start: datetime
    hot: bool = False

    def later(self, start: datetime) -> Request:
        """Return the same request, worked on from another moment."""
        return replace(self, start=max(start, self.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who answers: the prospect, the owner's habit and calendar, the office's, agreed reasons."""

    prospect: Prospect
    habit: Habit
    calendar: Calendar
    office: Calendar
    reasons: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What follows from a hand-off, and what follows only once somebody is told.

    Until a message reaches a ``waits_for`` (rep, manager or ceo) or ``until`` has passed, nothing
    beyond ``records`` happens; ``then`` gives the rest from the moment of being told.
    """

    records: tuple[Record, ...]
    waits_for: str = ""
    until: datetime | None = None
    then: Callable[[datetime], tuple[Record, ...]] | None = None


def text(at: datetime) -> str:
    """Render an instant as the sales system does: ISO, UTC, whole seconds."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


class Diary:
    """The records of one answer, and the chance and the calendars they come from."""

    def __init__(self, request: Request, setting: Setting, chance: Random) -> None:
        self.request = request
        self.setting = setting
        self.chance = chance
        self.records: list[Record] = []

    def likely(self, share: float) -> bool:
        """Whether something of this likelihood happens."""
        return self.chance.random() < share

    def at_work(self, after: datetime, low: float, high: float) -> datetime:
        """Draw when the owner gets to it: so many hours at work later, away days not counted."""
        within = hours(self.chance.uniform(low, high))
        return self.setting.calendar.due(after, within).replace(microsecond=0)

    def reason(self, outcome: str, *wanted: str) -> str:
        """Draw one of the wanted reasons that the agreement knows, else any that it knows."""
        known = self.setting.reasons.get(outcome, ())
        choices: Sequence[str] = [word for word in wanted if word in known] or known
        return self.chance.choice(choices) if choices else ""

    def touch(self, at: datetime, channel: str, outcome: str = "") -> None:
        """Write down one attempt to reach the lead."""
        row = {"how": channel, "at": text(at), "result": outcome, "automatic": "no"}
        self._write(Entity.TOUCH, "T", at, row)

    def decide(
        self, at: datetime, outcome: str, reason: str = "", until: datetime | None = None
    ) -> None:
        """Write down a decision of the owner."""
        wakes = text(until) if until else ""
        row = {"decision": outcome, "at": text(at), "reason": reason, "until": wakes}
        self._write(Entity.DECISION, "D", at, row)

    def deal(self, at: datetime, **columns: str) -> None:
        """Write down where the deal stands now."""
        request = self.request
        row = {
            "id": f"O-{request.lead_id}-{request.cycle}",
            "lead": request.lead_id,
            "rep": request.rep_id,
            **columns,
        }
        key = f"{row['id']}-{len(self.records)}"
        self.records.append(Record(at=at, entity=Entity.OPPORTUNITY, record_id=key, row=row))

    def nurture(self, after: datetime) -> datetime:
        """Let marketing write to a lead that came back; four in five within its time."""
        low, high = (1, 14) if self.likely(0.8) else (17, 40)
        at = self.setting.office.due(after, hours(self.chance.uniform(low, high)))
        at = at.replace(microsecond=0)
        self.act(at, self.chance.choice(("email_sent", "email_sent", "enrolled")), "nurture")
        return at

    def act(self, at: datetime, kind: str, detail: str) -> None:
        """Note an activity of marketing or of the lead."""
        record_id = f"A-{self._name()}-{len(self.records)}"
        row = activity_row(record_id, self.request.lead_id, kind, at, detail)
        self.records.append(Record(at=at, entity=Entity.ACTIVITY, record_id=record_id, row=row))

    def since(self, at: datetime) -> timedelta:
        """Return how long ago the hand-off was."""
        return at - self.request.assigned_at

    def _write(self, entity: Entity, letter: str, at: datetime, columns: dict[str, str]) -> None:
        request = self.request
        record_id = f"{letter}-{self._name()}-{len(self.records)}"
        row = {"id": record_id, "lead": request.lead_id, "rep": request.rep_id, **columns}
        self.records.append(Record(at=at, entity=entity, record_id=record_id, row=row))

    def _name(self) -> str:
        request = self.request
        return f"{request.lead_id}-{request.cycle}-{request.stage}-{request.rep_id}"


def activity_row(
    record_id: str, lead_id: str, kind: str, at: datetime, detail: str
) -> dict[str, str]:
    """Return one line of the activity file."""
    return {"id": record_id, "lead": lead_id, "kind": kind, "at": text(at), "detail": detail}
