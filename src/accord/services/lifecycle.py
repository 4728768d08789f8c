"""The stage ``lifecycle``: what sources said becomes history, and hand-overs end.

Gather the leads with something new, derive their histories, append what differs, note the
hand-overs that sources state and how hand-overs ended, bring the clocks up to date, all in one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.fact_rows import (
    add_owners,
    clear_crossings,
    clear_pending,
    end_handoffs,
    read_crossings,
    read_handoffs,
    read_leads,
    read_pending,
    read_survivors,
    write_observed,
)
from accord.ledger.merged_rows import MERGED
from accord.ledger.stage_rows import append_changes, read_changes, retract_changes
from accord.lifecycle import (
    Entry,
    History,
    LeadState,
    StageChange,
    derive,
    differences,
    endings,
    enter,
    fold,
)
from accord.records import FUNNEL, HandoffStage, Origin, Stage
from accord.services.clocks import sync_clocks
from accord.services.facts import gather_facts
from accord.services.handoff_keys import handoff_id
from accord.services.identity_handoffs import keep_one_handoff, tell_owners
from accord.services.workspace import Workspace

_NEED = "lifecycle"
_BY_SCORE = (Stage.ENGAGED, Stage.TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleResult:
    """Counts: leads looked at, moves appended and retracted, hand-overs observed and ended."""

    leads: int
    moves: int
    retracted: int
    observed: int
    ended: int


def run_lifecycle(workspace: Workspace, *, as_of: datetime) -> LifecycleResult:
    """Place what has become known since the last run; a run with nothing new is a cheap nothing."""
    with workspace.ledger.lease(_NEED):
        with workspace.ledger.read() as connection:
            waiting, _ = read_pending(connection, _NEED)
            crossings = read_crossings(connection)
        if not waiting and not crossings:
            return LifecycleResult(leads=0, moves=0, retracted=0, observed=0, ended=0)
        agreement = workspace.agreement(as_of)  # may write: not inside our own transaction
        with workspace.ledger.begin() as connection:
            return _place(connection, workspace, agreement, as_of=as_of)


def _place(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> LifecycleResult:
    waiting, top = read_pending(connection, _NEED)
    survivors = read_survivors(connection, waiting)
    lead_ids = sorted({survivors.get(lead_id, lead_id) for lead_id in waiting})
    placed = _derive_and_store(connection, lead_ids, known_at=as_of)
    kept = keep_one_handoff(connection, lead_ids, as_of=as_of)
    raised = _enter_by_score(connection, known_at=as_of)
    clear_pending(connection, _NEED, up_to=top)
    touched = sorted({*lead_ids, *(change.lead_id for change in raised)})
    if touched:
        sync_clocks(connection, workspace, agreement=agreement, lead_ids=touched, as_of=as_of)
    tell_owners(connection, workspace, agreement, handoff_ids=kept, lead_ids=lead_ids, as_of=as_of)
    return LifecycleResult(
        leads=len(touched),
        moves=placed.moves + len(raised),
        retracted=placed.retracted,
        observed=placed.observed,
        ended=placed.ended,
    )


def _derive_and_store(
    connection: Connection, lead_ids: Sequence[str], *, known_at: datetime
) -> LifecycleResult:
    leads = read_leads(connection, lead_ids)
    stored = read_changes(connection, lead_ids)
    facts = gather_facts(connection, leads, stored)
    derived = {lead_id: derive(lead_id, facts[lead_id]) for lead_id in facts}
    append, retract = differences(
        (change for changes in stored.values() for change in changes),
        (change for history in derived.values() for change in history.changes),
    )
    retract_changes(connection, retract, known_at=known_at)
    append_changes(connection, append, known_at=known_at)
    observed = _note_observed(connection, leads, derived)
    ended = _note_endings(connection, derived)
    return LifecycleResult(
        leads=len(leads),
        moves=len(append),
        retracted=len(retract),
        observed=observed,
        ended=ended,
    )


def _note_observed(
    connection: Connection, leads: Iterable[Mapping[str, Any]], derived: Mapping[str, History]
) -> int:
    rows: list[dict[str, Any]] = []
    owners: list[dict[str, Any]] = []
    for lead in leads:
        for seen in derived[lead["lead_id"]].handoffs:
            key = handoff_id(lead["lead_id"], seen.cycle, seen.stage)
            rows.append(_observed_row(lead, key, seen.cycle, seen.stage, seen.at, seen.owners))
            owners.extend(
                {
                    "handoff_id": key,
                    "since": since,
                    "rep_id": rep_id,
                    "team": None,
                    "why": "observed",
                }
                for since, rep_id in seen.owners
            )
    write_observed(connection, rows)
    add_owners(connection, owners)
    return len(rows)


def _observed_row(
    lead: Mapping[str, Any],
    key: str,
    cycle: int,
    stage: HandoffStage,
    at: datetime,
    owners: Sequence[tuple[datetime, str | None]],
) -> dict[str, Any]:
    return {
        "handoff_id": key,
        "lead_id": lead["lead_id"],
        "cycle": cycle,
        "stage": stage,
        "origin": Origin.OBSERVED,
        "segment": lead["segment"],
        "channel": lead["channel"],
        "campaign": lead["campaign"],
        "rep_id": owners[-1][1],
        "hot": False,
        "forced": False,
        "kept": False,
        "queued_at": at,
        "assigned_at": at,
    }


def _note_endings(connection: Connection, derived: Mapping[str, History]) -> int:
    """Write how hand-overs ended, decided ones too; one that no longer ended is open again."""
    rows = []
    for handoff in read_handoffs(connection, sorted(derived)):
        if handoff["outcome"] == MERGED and handoff["origin"] == Origin.DECIDED:
            continue  # what a merge has ended stays ended, also when it is undone
        ends = endings(derived[handoff["lead_id"]].changes)
        ending = ends.get((handoff["cycle"], HandoffStage(handoff["stage"])))
        at = ending.at if ending else None
        outcome = ending.outcome if ending else None
        if (handoff["ended_at"], handoff["outcome"]) != (at, outcome):
            rows.append({"handoff_id": handoff["handoff_id"], "ended_at": at, "outcome": outcome})
    end_handoffs(connection, rows)
    return len(rows)


def _enter_by_score(connection: Connection, *, known_at: datetime) -> list[StageChange]:
    """Enter engaged and target where a crossing was seen; mql is the hand-off's to decide."""
    crossings = read_crossings(connection)
    if not crossings:
        return []
    states = read_states(connection, [row["lead_id"] for row in crossings])
    moves: list[StageChange] = []
    for row in crossings:
        moves.extend(_raise(states[row["lead_id"]], row))
    append_changes(connection, moves, known_at=known_at)
    done = [row["lead_id"] for row in crossings if row["crossed"] != Stage.MQL]
    clear_crossings(connection, done)
    return moves


def read_states(connection: Connection, lead_ids: Sequence[str]) -> dict[str, LeadState]:
    """Read where each of these leads stands; one without a history stands nowhere yet."""
    histories = read_changes(connection, lead_ids)
    return {lead_id: fold(histories.get(lead_id, ())) for lead_id in lead_ids}


def _raise(state: LeadState, crossing: Mapping[str, Any]) -> Iterable[StageChange]:
    for stage in _BY_SCORE:
        below = state.stage in FUNNEL and state.rank < FUNNEL.index(stage)
        if not below or stage not in crossing["qualifies"]:
            continue
        entry = Entry(
            stage=stage,
            at=crossing["scored_at"],
            cause="score",
            origin=Origin.DECIDED,
            version=crossing["version"],
        )
        moves = enter(state, entry, lead_id=crossing["lead_id"])
        for move in moves:
            state = state.after(move)
        yield from moves
