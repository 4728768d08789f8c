"""The values of the lifecycle: facts that a source states, moves that follow, and their fold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType

from accord.records import (
    FUNNEL,
    DecisionOutcome,
    HandoffStage,
    Origin,
    Programme,
    Stage,
    to_us,
)

_NOTHING: Mapping[Stage, int] = MappingProxyType({})


class FactKind(IntEnum):
    """What a fact says; the order in which facts of one instant are placed.

    OWNED names whose a lead is since then, and moves nothing.
    """

    CREATED = 0
    STATED = 1
    OURS = 2
    HANDED = 3
    DECIDED = 4
    DEAL_OPENED = 5
    DEAL_STEP = 6
    DEAL_CLOSED = 7
    OWNED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to a lead, as a source states it or as we decided it.

    ``cause`` names it for ever (``decision:crm:17``); ``stage`` is the stage stated, entered by our
    decision, handed over at, or closed with; ``outcome`` a decision's.
    """

    kind: FactKind
    at: datetime
    cause: str
    stage: Stage | None = None
    outcome: DecisionOutcome | None = None
    step: str | None = None
    reason: str | None = None
    until: datetime | None = None
    rep_id: str | None = None
    programme: Programme | None = None
    version: str | None = None

    @property
    def order(self) -> tuple[datetime, int, int, str, str, str]:
        """Facts are placed by when they happened; at one instant by kind, then along the funnel."""
        along = list(Stage).index(self.stage) if self.stage is not None else -1
        outcome = self.outcome or ""
        return (self.at, int(self.kind), along, self.step or "", outcome, self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """One move of a lead, or one step within a stage. Append-only: never edited, only retracted.

    ``cycle`` counts the entries into mql up to and with this move; ``position`` orders the moves of
    one lead at one instant; ``inferred`` marks a stage that a source skipped; ``version`` names the
    agreement that one of our own decisions was made under.
    """

    lead_id: str
    from_stage: Stage | None
    to_stage: Stage
    cycle: int
    occurred_at: datetime
    position: int
    origin: Origin
    cause: str
    inferred: bool = False
    step: str | None = None
    programme: Programme | None = None
    reason: str | None = None
    until: datetime | None = None
    version: str | None = None

    @property
    def change_id(self) -> str:
        """A digest of all that the move says: two equal moves are one."""
        until = "" if self.until is None else to_us(self.until)
        text = (
            f"{self.lead_id}\x1f{self.from_stage or ''}\x1f{self.to_stage}\x1f{self.cycle}"
            f"\x1f{to_us(self.occurred_at)}\x1f{self.position}\x1f{self.origin}\x1f{self.cause}"
            f"\x1f{self.inferred}\x1f{self.step or ''}\x1f{self.programme or ''}"
            f"\x1f{self.reason or ''}\x1f{until}"
        )
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def order(self) -> tuple[datetime, int]:
        """The order of a lead's history."""
        return (self.occurred_at, self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadState:
    """Where a lead stands: the fold of its history.

    ``returned_at`` is when sales last sent it back, or lost its deal; ``entries`` counts the
    entries into each stage; ``held_at`` is where a deferred lead was put on hold; ``cause`` and
    ``reason`` are those of the entry into the stage.
    """

    stage: Stage | None = None
    since: datetime | None = None
    cycle: int = 0
    step: str | None = None
    programme: Programme | None = None
    until: datetime | None = None
    returned_at: datetime | None = None
    held_at: Stage | None = None
    cause: str | None = None
    reason: str | None = None
    at: datetime | None = None
    position: int = -1
    entries: Mapping[Stage, int] = field(default_factory=lambda: _NOTHING)

    @property
    def rank(self) -> int:
        """How far along the main path: -1 before it, aside counts as a target."""
        if self.stage is None:
            return -1
        return FUNNEL.index(self.stage) if self.stage in FUNNEL else FUNNEL.index(Stage.TARGET)

    def after(self, change: StageChange) -> LeadState:
        """Return the state that follows a move.

        A step of a deal, or a deferral that moves its date, enters nothing.
        """
        if change.to_stage is self.stage and change.cycle == self.cycle:
            return replace(
                self,
                step=change.step,
                programme=change.programme,
                until=change.until,
                at=change.occurred_at,
                position=change.position,
            )
        counts = {**self.entries, change.to_stage: self.entries.get(change.to_stage, 0) + 1}
        return LeadState(
            stage=change.to_stage,
            since=change.occurred_at,
            cycle=change.cycle,
            step=change.step,
            programme=change.programme,
            until=change.until,
            returned_at=change.occurred_at if is_return(change) else self.returned_at,
            held_at=self.stage if change.to_stage is Stage.DEFERRED else None,
            cause=change.cause,
            reason=change.reason,
            at=change.occurred_at,
            position=change.position,
            entries=MappingProxyType(counts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHandoff:
    """A hand-over that a source says happened: clocks and metrics, never the outbox.

    ``owners`` are (since, rep_id or None) in order; the first is the hand-over itself.
    """

    cycle: int
    stage: HandoffStage
    at: datetime
    owners: tuple[tuple[datetime, str | None], ...]


def is_return(change: StageChange) -> bool:
    """Whether the move raises ``returned``: back from sales, or a lost opportunity.

    A hand-off of ours that was made in ignorance of a return is put back, and is not another one.
    """
    back = change.programme in (Programme.RETURNED, Programme.LOST)
    put_back = change.inferred and change.from_stage is Stage.MQL
    return change.to_stage is Stage.NURTURE and back and not put_back


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOwner:
    """Whose a lead is since an instant, as a source says, within a cycle of ours."""

    cycle: int
    at: datetime
    rep_id: str


def fold(changes: Iterable[StageChange]) -> LeadState:
    """Return the present state of one lead from its standing moves, given in any order.

    >>> fold([]).stage is None
    True
    """
    state = LeadState()
    for change in sorted(changes, key=lambda change: change.order):
        state = state.after(change)
    return state
