"""The stage ``lifecycle``: what sources said becomes history, and hand-overs end.

Gather the leads with something new, derive their histories, append what differs, note the
hand-overs that sources state and how hand-overs ended, bring the clocks up to date, all in one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.fact_rows import (
    clear_crossings,
    clear_pending,
    read_absorbed,
    read_crossings,
    read_leads,
    read_pending,
    read_survivors,
    read_undated,
)
from accord.ledger.stage_rows import append_changes, read_changes, retract_changes
from accord.ledger.told_rows import mark_own_touches
from accord.lifecycle import Entry, LeadState, StageChange, derive, differences, enter, fold
from accord.records import FUNNEL, Origin, Stage
from accord.services.clocks import sync_clocks
from accord.services.crm_owners import take_owners
from accord.services.facts import gather_facts
from accord.services.identity_handoffs import keep_one_handoff, tell_owners
from accord.services.settling import settle_handoffs
from accord.services.workspace import Workspace

_NEED = "lifecycle"
_BY_SCORE = (Stage.ENGAGED, Stage.TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleResult:
    """Counts: leads looked at, moves appended and retracted, hand-overs observed and ended.

    ``owners`` of hand-offs of ours are new by the CRM. ``findings``: deferred leads without a date
    to wake on, owners whom nobody knows.
    """

    leads: int = 0
    moves: int = 0
    retracted: int = 0
    observed: int = 0
    ended: int = 0
    owners: int = 0
    findings: tuple[Finding, ...] = ()


def run_lifecycle(workspace: Workspace, *, as_of: datetime) -> LifecycleResult:
    """Place what has become known since the last run; a run with nothing new is a cheap nothing."""
    with workspace.ledger.lease(_NEED):
        with workspace.ledger.read() as connection:
            waiting, _ = read_pending(connection, _NEED)
            crossings = read_crossings(connection)
        if not waiting and not crossings:
            return LifecycleResult()
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
    mark_own_touches(connection, [*lead_ids, *read_absorbed(connection, lead_ids)])
    if touched:
        sync_clocks(connection, workspace, agreement=agreement, lead_ids=touched, as_of=as_of)
    tell_owners(connection, workspace, agreement, handoff_ids=kept, lead_ids=lead_ids, as_of=as_of)
    return replace(
        placed,
        leads=len(touched),
        moves=placed.moves + len(raised),
        findings=(*placed.findings, *find_undated(connection)),
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
    settled = settle_handoffs(connection, leads, stored=stored, derived=derived)
    owners, unknown = take_owners(connection, derived)
    return LifecycleResult(
        moves=len(append),
        retracted=len(retract),
        observed=settled.observed,
        ended=settled.ended,
        owners=owners,
        findings=unknown,
    )


def find_undated(connection: Connection) -> tuple[Finding, ...]:
    """Find leads of ours that are deferred without a date: nothing but a person will wake them."""
    lead_ids = read_undated(connection)
    states = read_states(connection, lead_ids) if lead_ids else {}
    return tuple(
        Finding(
            rule="lifecycle.deferred_without_date",
            subject=f"lead {lead_id}",
            sentence="is deferred without a date, so it never wakes by itself.",
            remedy="Give the decision a date in its source, or decide otherwise.",
        )
        for lead_id, state in states.items()
        if state.stage is Stage.DEFERRED and state.until is None
    )


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
