"""A small office that is routed to, run after run: reps, what each was given and when, turns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from accord.calendars import Calendar, Span
from accord.records import Role
from accord.routing import (
    Assignment,
    Candidate,
    Routed,
    Stretch,
    Waiting,
    periods_of,
    priority_of,
    route,
)

ZONE = "America/New_York"
OFFICE = Calendar.parse({"timezone": ZONE, "hours": {"mon-fri": ["09:00-17:00"]}})
MONDAY = datetime(2026, 11, 2, 14, tzinfo=UTC)  # 09:00 in New York
PLENTY = 10**6


def rep(name: str, **terms) -> Candidate:
    given = {"team": "inbound", "role": Role.SDR, "calendar": OFFICE, "per_week": PLENTY}
    return Candidate(rep_id=name, **{**given, "per_month": PLENTY, **terms})


def lead(number: int, *, at: datetime = MONDAY, **terms) -> Waiting:
    given = {"team": "inbound", "hot": False, "fit": 0, "engagement": 0, "intent": 0}
    name = f"{number:06d}"
    return Waiting(handoff_id=name, lead_id=name, queued_at=at, **{**given, **terms})


@dataclass
class Given:
    """One assignment as it was seen from outside."""

    at: datetime
    waiting: Waiting
    assignment: Assignment


@dataclass
class Office:
    """Keeps between runs what the ledger would keep."""

    reps: list[Candidate]
    hold_at_most: timedelta = timedelta(0)
    accounts: dict[tuple[Role, str], str] = field(default_factory=dict)
    queue: dict[str, Waiting] = field(default_factory=dict)
    turns: dict[tuple[str, bool], Stretch] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)

    def run(self, at: datetime, leads=()) -> Routed:
        """Let leads arrive, route what waits, and note what was given."""
        self.queue.update((one.handoff_id, one) for one in leads)
        periods = periods_of(at, ZONE)
        routed = route(
            list(self.queue.values()),
            [self._loaded(one, periods) for one in self.reps],
            turns=self.turns,
            accounts=self.accounts,
            hold_at_most=self.hold_at_most,
            periods=periods,
        )
        self.turns.update(routed.turns)
        by_priority = sorted(
            routed.assignments, key=lambda one: priority_of(self.queue[one.handoff_id])
        )
        for one in by_priority:
            self.given.append(Given(at=at, waiting=self.queue.pop(one.handoff_id), assignment=one))
        return routed

    def _loaded(self, one: Candidate, periods) -> Candidate:
        times = [given.at for given in self.given if given.assignment.rep_id == one.rep_id]
        return replace(
            one,
            week=sum(at >= periods.week_start for at in times),
            month=sum(at >= periods.month_start for at in times),
            today=sum(at >= periods.day_start for at in times),
        )

    def count(self, name: str) -> int:
        """How many leads a rep was given in all."""
        return sum(given.assignment.rep_id == name for given in self.given)


def weights_of(reps) -> dict[str, Fraction]:
    """Weights by the words of the agreement, computed apart from the code under test."""
    own = {one.rep_id: one.weight or Fraction(one.per_week) for one in reps}
    least = min(own.values())
    return {name: weight / least for name, weight in own.items()}


def away(first_hour: int, hours: int, *, since: datetime = MONDAY) -> Span:
    start = since + timedelta(hours=first_hour)
    return start, start + timedelta(hours=hours)
