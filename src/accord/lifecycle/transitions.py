"""Which moves follow from one fact, given where the lead stands.

Forward moves enter every stage that was skipped, at the same instant, marked inferred. A stage
below the present one is not entered again because a source repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.lifecycle.model import Fact, FactKind, LeadState, StageChange
from accord.lifecycle.ours import entered_by_us, would_decide
from accord.records import FUNNEL, DecisionOutcome, Origin, Programme, Stage

_MQL = FUNNEL.index(Stage.MQL)
_ASIDE_BY = {
    DecisionOutcome.DEFER: Stage.DEFERRED,
    DecisionOutcome.RETURN: Stage.NURTURE,
    DecisionOutcome.DISQUALIFY: Stage.DISQUALIFIED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be entered, when and why: the part of a move that does not depend on the state."""

    stage: Stage
    at: datetime
    cause: str
    origin: Origin
    step: str | None = None
    programme: Programme | None = None
    reason: str | None = None
    until: datetime | None = None
    version: str | None = None


def enter(state: LeadState, entry: Entry, *, lead_id: str) -> tuple[StageChange, ...]:
    """Return the moves that bring a lead from its state into a stage.

    On the main path the stages between are entered first, marked inferred; each entry into mql
    begins a cycle. The entry is made as asked, whether or not it leads forward, but never before
    the lead's last move: a clock that went back does not put the new before the old.
    """
    if state.at is not None and state.at > entry.at:
        entry = replace(entry, at=state.at)
    stages = [*_skipped(state, entry.stage), entry.stage]
    moves: list[StageChange] = []
    for stage in stages:
        if moves:
            state = state.after(moves[-1])
        moves.append(_move(state, entry, stage=stage, lead_id=lead_id))
    return tuple(moves)


def _skipped(state: LeadState, target: Stage) -> tuple[Stage, ...]:
    if target not in FUNNEL:
        return () if state.stage is not None else (Stage.NEW_NAME,)
    return FUNNEL[_reached(state, target) + 1 : FUNNEL.index(target)]


def _reached(state: LeadState, target: Stage) -> int:
    """Sales goes on with a lead on hold from where it stood: no cycle begins, but by mql itself."""
    resumes = target is not Stage.MQL and state.held_at in FUNNEL[_MQL:]
    return FUNNEL.index(state.held_at) if resumes and state.held_at is not None else state.rank


def _move(state: LeadState, entry: Entry, *, stage: Stage, lead_id: str) -> StageChange:
    final = stage is entry.stage
    again = state.at == entry.at
    return StageChange(
        lead_id=lead_id,
        from_stage=state.stage,
        to_stage=stage,
        cycle=state.cycle + (stage is Stage.MQL),
        occurred_at=entry.at,
        position=state.position + 1 if again else 0,
        origin=entry.origin,
        cause=entry.cause,
        inferred=not final,
        step=entry.step if final else None,
        programme=entry.programme if final else None,
        reason=entry.reason if final else None,
        until=entry.until if final else None,
        version=entry.version,
    )


def moves_of(state: LeadState, fact: Fact, *, lead_id: str) -> tuple[StageChange, ...]:
    """Return the moves that follow from a fact; none where it changes nothing."""
    entry = _entry_of(state, fact)
    if entry is None:
        return ()
    moves = enter(state, entry, lead_id=lead_id)
    if fact.kind is FactKind.OURS and not would_decide(state, fact):
        return (*moves, *_put_back(state, moves, entry, lead_id=lead_id))
    if entry.stage is not Stage.LOST:
        return moves
    for move in moves:
        state = state.after(move)
    nurtured = enter(state, _nurture_of_lost(entry), lead_id=lead_id)
    return (*moves, *(replace(move, inferred=True) for move in nurtured))


def _put_back(
    before: LeadState, moves: Sequence[StageChange], entry: Entry, *, lead_id: str
) -> tuple[StageChange, ...]:
    """Return a lead at once to where the facts say that it stood when we decided.

    The hand-off was made and has its cycle; it ends as what we did not know of.
    """
    if before.stage is None or before.stage is Stage.MQL:
        return ()
    state = before
    for move in moves:
        state = state.after(move)
    stood = Entry(
        stage=before.stage,
        at=entry.at,
        cause=before.cause or entry.cause,
        origin=Origin.OBSERVED,
        step=before.step,
        programme=before.programme,
        reason=before.reason,
        until=before.until,
    )
    back = _move(state, stood, stage=before.stage, lead_id=lead_id)
    return (replace(back, inferred=True),)


def _nurture_of_lost(entry: Entry) -> Entry:
    return replace(entry, stage=Stage.NURTURE, programme=Programme.LOST)


def _entry_of(state: LeadState, fact: Fact) -> Entry | None:
    stage = _target_of(state, fact)
    if stage is None:
        return None
    ours = fact.kind is FactKind.OURS
    return Entry(
        stage=stage,
        at=fact.at,
        cause=fact.cause,
        origin=Origin.DECIDED if ours else Origin.OBSERVED,
        step=fact.step if fact.kind is FactKind.DEAL_STEP else None,
        programme=_programme_of(state, fact, stage),
        reason=fact.reason,
        until=fact.until if stage is Stage.DEFERRED else None,
        version=fact.version,
    )


def _programme_of(state: LeadState, fact: Fact, stage: Stage) -> Programme | None:
    if stage is not Stage.NURTURE:
        return None
    if fact.programme is not None:
        return fact.programme
    if fact.kind is FactKind.STATED and state.rank < _MQL:
        return Programme.NEW
    return Programme.LOST if state.stage is Stage.OPPORTUNITY else Programme.RETURNED


def _target_of(state: LeadState, fact: Fact) -> Stage | None:
    """Return the stage that a fact leads into, or None if it changes nothing."""
    match fact.kind:
        case FactKind.CREATED:
            return Stage.NEW_NAME if state.stage is None else None
        case FactKind.OURS:
            return entered_by_us(state, fact)
        case FactKind.STATED | FactKind.HANDED | FactKind.DEAL_CLOSED:
            return _stated(state, fact.stage)
        case FactKind.DECIDED:
            return _decided(state, fact.outcome)
        case FactKind.DEAL_OPENED:
            return _forward(state, Stage.OPPORTUNITY)
        case FactKind.DEAL_STEP | FactKind.OWNED:
            stands = state.stage is Stage.OPPORTUNITY and fact.step not in (None, state.step)
            return Stage.OPPORTUNITY if stands else None


def _stated(state: LeadState, stage: Stage | None) -> Stage | None:
    if stage is None or stage is state.stage:
        return None
    if stage in FUNNEL:
        return _forward(state, stage)
    gone = state.stage is Stage.CUSTOMER
    nurtured_already = stage is Stage.LOST and state.programme is Programme.LOST
    return None if gone or nurtured_already else stage


def _forward(state: LeadState, stage: Stage) -> Stage | None:
    return stage if FUNNEL.index(stage) > state.rank else None


def _decided(state: LeadState, outcome: DecisionOutcome | None) -> Stage | None:
    """Return where a decision leads: forward, or aside unless the lead is there or has bought."""
    if outcome is DecisionOutcome.ACCEPT:
        return _forward(state, Stage.SAL)
    if outcome is DecisionOutcome.CONVERT:
        at_sql = Stage.SQL in (state.stage, state.held_at)
        return _forward(state, Stage.OPPORTUNITY if at_sql else Stage.SQL)
    aside = _ASIDE_BY[outcome] if outcome is not None else None
    gone = state.stage is Stage.CUSTOMER
    again = state.stage is aside and outcome is not DecisionOutcome.DEFER
    return None if gone or again else aside
