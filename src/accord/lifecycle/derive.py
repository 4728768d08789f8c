"""A lead's whole history from its facts, and what that changes about what is stored.

Facts may become known late and in any order. They are placed by when they happened and the history
is derived again; moves that no longer hold are retracted, new ones appended, equal ones left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.lifecycle.model import (
    Fact,
    FactKind,
    LeadState,
    ObservedHandoff,
    StageChange,
    StatedOwner,
)
from accord.lifecycle.transitions import moves_of
from accord.records import HandoffStage, Programme, Stage

_HANDED_AT = {Stage.MQL: HandoffStage.MQL, Stage.SQL: HandoffStage.SQL}
_CONVERTED = {
    HandoffStage.MQL: (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER),
    HandoffStage.SQL: (Stage.OPPORTUNITY, Stage.CUSTOMER),
}


OVERTAKEN = "overtaken"
"""How a hand-over ends in whose course the next cycle began: the next one counts instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One lead's derived history: its moves in order, and what sources say of hand-overs.

    ``handoffs`` are those that sources state; ``owners`` is whose the lead is in cycles of ours.
    """

    changes: tuple[StageChange, ...]
    handoffs: tuple[ObservedHandoff, ...]
    owners: tuple[StatedOwner, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a hand-over ended: converted, deferred, returned, disqualified, or overtaken."""

    at: datetime
    outcome: str


def derive(lead_id: str, facts: Iterable[Fact]) -> History:
    """Return the history that follows from all facts of one lead, in any order of arrival."""
    state = LeadState()
    changes: list[StageChange] = []
    handed: dict[tuple[int, HandoffStage], list[tuple[datetime, str | None]]] = {}
    owners: list[StatedOwner] = []
    ours: set[int] = set()
    for fact in sorted(facts, key=lambda fact: fact.order):
        moves = moves_of(state, fact, lead_id=lead_id)
        for move in moves:
            state = state.after(move)
        changes.extend(moves)
        if fact.kind is FactKind.OURS and fact.stage is Stage.MQL:
            ours.add(state.cycle)
        stage = _handed_at(fact, moves)
        if stage is not None and state.cycle not in ours:
            handed.setdefault((state.cycle, stage), []).append((fact.at, fact.rep_id))
        if state.cycle in ours:
            owners.extend(_stated_owner(fact, state.cycle))
    return History(changes=tuple(changes), handoffs=_observed(handed), owners=tuple(owners))


def _stated_owner(fact: Fact, cycle: int) -> Iterator[StatedOwner]:
    if fact.kind in (FactKind.HANDED, FactKind.OWNED) and fact.rep_id is not None:
        yield StatedOwner(cycle=cycle, at=fact.at, rep_id=fact.rep_id)


def _handed_at(fact: Fact, moves: Sequence[StageChange]) -> HandoffStage | None:
    """A hand-over is a report of one, or an entry into mql or sql that a source states."""
    if fact.kind is FactKind.HANDED and fact.stage is not None:
        return _HANDED_AT[fact.stage]
    if fact.kind is FactKind.OURS or not moves:
        return None
    return _HANDED_AT.get(moves[-1].to_stage)


def _observed(
    handed: dict[tuple[int, HandoffStage], list[tuple[datetime, str | None]]],
) -> tuple[ObservedHandoff, ...]:
    return tuple(
        ObservedHandoff(cycle=cycle, stage=stage, at=owners[0][0], owners=tuple(owners))
        for (cycle, stage), owners in handed.items()
    )


def endings(changes: Iterable[StageChange]) -> dict[tuple[int, HandoffStage], Ending]:
    """Return how each hand-over of a lead ended, by cycle and stage; open ones are missing.

    At mql: deferred, returned, disqualified, or entry into sql; at sql: the same, or entry into
    opportunity. One that is still open when the next cycle begins is overtaken.
    """
    ended: dict[tuple[int, HandoffStage], Ending] = {}
    for change in sorted(changes, key=lambda change: change.order):
        for stage in HandoffStage:
            outcome = _outcome(change, stage)
            if outcome is not None:
                ending = Ending(at=change.occurred_at, outcome=outcome)
                ended.setdefault((change.cycle, stage), ending)
            if change.to_stage is Stage.MQL and change.cycle > 1:
                overtaken = Ending(at=change.occurred_at, outcome=OVERTAKEN)
                ended.setdefault((change.cycle - 1, stage), overtaken)
    return ended


def _outcome(change: StageChange, stage: HandoffStage) -> str | None:
    if change.to_stage in _CONVERTED[stage]:
        return "converted"
    if change.to_stage is Stage.NURTURE:
        return None if change.programme is Programme.NEW else "returned"
    if change.to_stage in (Stage.DEFERRED, Stage.DISQUALIFIED):
        return change.to_stage.value
    return None


def differences(
    stored: Iterable[StageChange], derived: Iterable[StageChange]
) -> tuple[tuple[StageChange, ...], tuple[StageChange, ...]]:
    """Return (to append, to retract) that turn the stored standing moves into the derived ones."""
    standing = {change.change_id: change for change in stored}
    wanted = {change.change_id: change for change in derived}
    append = tuple(change for key, change in wanted.items() if key not in standing)
    retract = tuple(change for key, change in standing.items() if key not in wanted)
    return append, retract
