"""What a history amounts to: where a lead stood, for how long, how often, and how each pass ended.

Pure functions over moves in any order. A history has two times: when a move happened and when we
learnt of it (and, where it no longer holds, when we learnt that). ``at`` and ``known_at`` ask for
what had happened by an instant, as was known at an instant; the boundary counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.lifecycle.derive import OVERTAKEN
from accord.lifecycle.model import LeadState, StageChange, fold
from accord.records import FUNNEL, Programme, Stage

NO_REASON = "no reason given"
"""What is shown, and counted, where sales had to say why and did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One move as it was written down: when we learnt of it, and when that it does not hold."""

    change: StageChange
    known_at: datetime
    retracted_at: datetime | None = None

    def stood(self, known_at: datetime | None) -> bool:
        """Whether it was known and held at an instant; None asks for what holds now."""
        if known_at is None:
            return self.retracted_at is None
        gone = self.retracted_at is not None and self.retracted_at <= known_at
        return self.known_at <= known_at and not gone


def standing(
    history: Iterable[Recorded], *, at: datetime | None = None, known_at: datetime | None = None
) -> tuple[StageChange, ...]:
    """Return the moves that had happened by ``at``, as was known at ``known_at``, in their order.

    Without either: all that ever happened, as far as is known now.
    """
    changes = (each.change for each in history if each.stood(known_at))
    happened = (change for change in changes if at is None or change.occurred_at <= at)
    return tuple(sorted(happened, key=lambda change: change.order))


def state_at(
    history: Iterable[Recorded], *, at: datetime | None = None, known_at: datetime | None = None
) -> LeadState:
    """Return where a lead stood at an instant, as was known at an instant."""
    return fold(standing(history, at=at, known_at=known_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay in a stage; ``left_at`` is None where the lead is still there."""

    stage: Stage
    cycle: int
    entered_at: datetime
    left_at: datetime | None = None

    def lasted(self, until: datetime) -> timedelta:
        """Return how long it was, or has been until then: wall-clock time."""
        return (until if self.left_at is None else self.left_at) - self.entered_at


def stays(changes: Iterable[StageChange]) -> tuple[Stay, ...]:
    """Return a lead's stays in order; steps within a stage and moved dates end none.

    A stage that was passed through at one instant is a stay of no length.
    """
    found: list[Stay] = []
    for change in sorted(changes, key=lambda change: change.order):
        last = found[-1] if found else None
        if last is not None and (last.stage, last.cycle) == (change.to_stage, change.cycle):
            continue
        if last is not None:
            found[-1] = replace(last, left_at=change.occurred_at)
        stay = Stay(stage=change.to_stage, cycle=change.cycle, entered_at=change.occurred_at)
        found.append(stay)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInStage:
    """What a lead's stays in one stage add up to: how often it entered, and for how long."""

    stage: Stage
    entries: int
    lasted: timedelta


def time_in_stages(changes: Iterable[StageChange], *, until: datetime) -> tuple[TimeInStage, ...]:
    """Return entries and wall-clock time of every stage that was entered, by the funnel's order."""
    entries: dict[Stage, int] = {}
    lasted: dict[Stage, timedelta] = {}
    for stay in stays(changes):
        entries[stay.stage] = entries.get(stay.stage, 0) + 1
        lasted[stay.stage] = lasted.get(stay.stage, timedelta()) + stay.lasted(until)
    return tuple(
        TimeInStage(stage=stage, entries=entries[stage], lasted=lasted[stage])
        for stage in Stage
        if stage in entries
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass through sales: a cycle, from its entry into mql to how it ended, and why.

    ``outcome`` is returned, lost, deferred, disqualified, won, merged, or overtaken by the next
    cycle; None while it goes on. ``furthest`` is the stage it got to, ``cause`` the fact that ended
    it, ``until`` the day that a deferred one wakes.
    """

    cycle: int
    began_at: datetime
    furthest: Stage
    ended_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    cause: str | None = None
    until: datetime | None = None


_OUTCOMES = {
    Stage.NURTURE: "returned",
    Stage.LOST: "lost",
    Stage.DEFERRED: "deferred",
    Stage.DISQUALIFIED: "disqualified",
    Stage.CUSTOMER: "won",
}


def passes(changes: Iterable[StageChange]) -> tuple[Pass, ...]:
    """Return every pass of a lead through sales, in order; each is kept, however many there are."""
    cycles: dict[int, list[StageChange]] = {}
    for change in sorted(changes, key=lambda change: change.order):
        if change.cycle:
            cycles.setdefault(change.cycle, []).append(change)
    begins = {cycle: own[0].occurred_at for cycle, own in cycles.items()}
    return tuple(_pass(own, next_at=begins.get(cycle + 1)) for cycle, own in cycles.items())


def _pass(own: Sequence[StageChange], *, next_at: datetime | None) -> Pass:
    """A pass ends with the last move of its cycle, if that set the lead aside or won it."""
    last, began = own[-1], own[0]
    ended = last if last.to_stage in _OUTCOMES else None
    if ended is not None and ended.inferred and ended.from_stage is Stage.LOST:
        ended = own[-2]  # a lost deal goes on to its programme at once
    along = [FUNNEL.index(change.to_stage) for change in own if change.to_stage in FUNNEL]
    done = Pass(
        cycle=began.cycle, began_at=began.occurred_at, furthest=FUNNEL[max(along, default=0)]
    )
    if ended is not None:
        return replace(
            done,
            ended_at=ended.occurred_at,
            outcome=_outcome_of(ended),
            reason=ended.reason,
            cause=ended.cause,
            until=ended.until,
        )
    return done if next_at is None else replace(done, ended_at=next_at, outcome=OVERTAKEN)


def _outcome_of(change: StageChange) -> str:
    new = change.to_stage is Stage.NURTURE and change.programme is Programme.NEW
    return "merged" if new else _OUTCOMES[change.to_stage]


@dataclass(frozen=True, slots=True, kw_only=True)
class DealStep:
    """One step of a deal within the opportunity: proposal, contracting."""

    cycle: int
    step: str
    at: datetime


def deal_steps(changes: Iterable[StageChange]) -> tuple[DealStep, ...]:
    """Return the steps of a lead's deals in order."""
    ordered = sorted(changes, key=lambda change: change.order)
    return tuple(
        DealStep(cycle=change.cycle, step=change.step, at=change.occurred_at)
        for change in ordered
        if change.step is not None
    )
