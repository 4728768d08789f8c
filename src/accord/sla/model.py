"""The values of clocks: what happened to a lead, what was agreed, and the clocks that follow.

All instants are aware UTC. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accord.agreement import StepAt
from accord.calendars import Span
from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Side, Stage

OWNER_AWAY = "owner_away"
"""The one pause there is: absences of the owner stop the clock."""


class Ended(StrEnum):
    """How a clock ended."""

    MET = "met"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Entry of a lead into a stage; ``position`` orders the entries of one instant."""

    stage: Stage
    at: datetime
    cycle: int
    position: int = 0
    programme: Programme | None = None
    origin: Origin = Origin.OBSERVED
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who owns a hand-off since when; nobody named is an owner too."""

    since: datetime
    rep_id: str | None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One hand-over and its owners over time, in order; none while it waits in the queue."""

    handoff_id: str
    cycle: int
    stage: HandoffStage
    origin: Origin
    owners: tuple[Owner, ...]
    segment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One attempt to reach a lead."""

    at: datetime
    rep_id: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision of sales about a lead."""

    at: datetime
    outcome: DecisionOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that a lead did, or that marketing did to it."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadEvents:
    """All that happened to one lead and that a term may name, in any order.

    ``segment`` is the one it has now; a hand-over has that of its own time.
    """

    lead_id: str
    segment: str | None = None
    entries: tuple[Entry, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    touches: tuple[Touch, ...] = ()
    decisions: tuple[Decision, ...] = ()
    activities: tuple[Activity, ...] = ()

    @property
    def instants(self) -> set[datetime]:
        """When anything of it happened."""
        found = {entry.at for entry in self.entries}
        found.update(owner.since for handoff in self.handoffs for owner in handoff.owners)
        found.update(touch.at for touch in self.touches)
        found.update(decision.at for decision in self.decisions)
        found.update(activity.at for activity in self.activities)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A rep's team and own calendar since an instant; None is from the beginning of time."""

    since: datetime | None
    team: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """What clocks need to know of a rep: team, own calendar, absences.

    ``postings`` are team and calendar over time, in order; empty where only today's are known.
    """

    rep_id: str
    team: str | None = None
    calendar: str | None = None
    absences: tuple[Span, ...] = ()
    postings: tuple[Posting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of a ladder: where it stands on the term, and which roles are told."""

    at: StepAt
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What of a term decides when its clocks start and end."""

    name: str
    side: Side
    from_event: str
    until_event: str

    def __hash__(self) -> int:
        """Terms have different names; they are looked up for every clock."""
        return hash(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term as the agreement has it."""

    watch: Watch
    within: timedelta
    business: bool
    escalation: str
    version: str
    by_segment: Mapping[str, timedelta] = field(default_factory=dict)
    calendar: str | None = None
    pauses: tuple[str, ...] = ()
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTerms:
    """The term that a clock was started with; a later agreement does not change it.

    ``calendar`` and ``calendar_terms`` are those that business time is counted on, also beside a
    wall clock; ``business`` says whether they decide. Where it is the owner's (``follows_owner``)
    the terms have a part for each change of it, and ``calendar`` is the first one's name.
    """

    watch: Watch
    within: timedelta
    business: bool
    calendar: str
    calendar_terms: Mapping[str, Any]
    pauses: tuple[str, ...]
    escalation: str
    rungs: tuple[Rung, ...]
    segment: str | None
    version: str
    follows_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time for which one owner answers for one term: a clock without its due time.

    ``turn`` counts the periods of the same owner in this term and cycle, from 0; where the term
    begins anew with every owner, the times that they owned the lead. ``segment`` is that of the
    hand-over.
    """

    watch: Watch
    cycle: int
    handoff_id: str | None
    origin: Origin
    owner_id: str | None
    team: str | None
    segment: str | None
    turn: int
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: Ended | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock. Key: ``clock_id``, a digest of lead, term, cycle, owner and turn."""

    clock_id: str
    lead_id: str | None
    period: Period
    terms: ClockTerms
    due_at: datetime

    def met_at(self, at: datetime) -> Clock:
        """Return this clock as met at an instant; ``replace`` takes five times as long."""
        return Clock(
            clock_id=self.clock_id,
            lead_id=self.lead_id,
            period=_met(self.period, at),
            terms=self.terms,
            due_at=self.due_at,
        )


def _met(period: Period, at: datetime) -> Period:
    return Period(
        watch=period.watch,
        cycle=period.cycle,
        handoff_id=period.handoff_id,
        origin=period.origin,
        owner_id=period.owner_id,
        team=period.team,
        segment=period.segment,
        turn=period.turn,
        started_at=period.started_at,
        ended_at=at,
        ended_by=Ended.MET,
    )
