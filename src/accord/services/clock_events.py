"""Gathering what happened to leads for their clocks: from the ledger, and from the activity log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_event_rows import read_lead_rows, read_segments
from accord.ledger.stage_rows import Moves, read_moves
from accord.log import ActivityLog
from accord.records import DecisionOutcome, HandoffStage, Origin, Programme, Stage, from_us
from accord.sla import (
    NURTURE_KINDS,
    Activity,
    Decision,
    Entry,
    Handoff,
    LeadEvents,
    Owner,
    Touch,
)

Row = Mapping[str, Any]
_NONE: Sequence[Row] = ()

# A look into a dict takes a third of the time of a call of the vocabulary.
_STAGES = {stage.value: stage for stage in Stage}
_ORIGINS = {origin.value: origin for origin in Origin}
_AT = {stage.value: stage for stage in HandoffStage}
_PROGRAMMES = {programme.value: programme for programme in Programme}


def gather_events(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    absorbed: Mapping[str, str],
    moves: Mapping[str, Moves] = MappingProxyType({}),
) -> dict[str, LeadEvents]:
    """Return the events of these leads, without activities; unknown leads are left out.

    What was said of a lead that was merged into one of them (``absorbed``) is theirs. The history
    of leads whose ``moves`` are known is not read again.
    """
    rows = read_lead_rows(connection, [*lead_ids, *absorbed])
    others = [lead_id for lead_id in lead_ids if lead_id not in moves]
    entries = {**moves, **read_moves(connection, others)}
    segments = read_segments(connection, lead_ids)
    touched = _joined(rows["touch"], absorbed)
    decided = _joined(rows["decision"], absorbed)
    return {
        lead_id: LeadEvents(
            lead_id=lead_id,
            segment=segments[lead_id],
            entries=_entries(entries.get(lead_id, ())),
            handoffs=_handoffs(rows["owner"].get(lead_id, _NONE)),
            touches=tuple(
                Touch(at=row["touched_at"], rep_id=row["rep_id"])
                for row in touched.get(lead_id, _NONE)
            ),
            decisions=tuple(
                Decision(at=row["decided_at"], outcome=DecisionOutcome(row["outcome"]))
                for row in decided.get(lead_id, _NONE)
            ),
        )
        for lead_id in lead_ids
        if lead_id in segments
    }


def _joined(
    by_lead: Mapping[str, Sequence[Row]], absorbed: Mapping[str, str]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for lead_id, rows in by_lead.items():
        found.setdefault(absorbed.get(lead_id, lead_id), []).extend(rows)
    return found


def _entries(moves: Moves) -> tuple[Entry, ...]:
    """Leave out the steps within a stage: they enter nothing."""
    return tuple([_entry(*move[:-1]) for move in moves if move[-1] != move[0]])


@lru_cache(maxsize=4096)  # leads that a run moves enter together: one entry is that of thousands
def _entry(  # noqa: PLR0913, PLR0917 - in the order in which ``read_moves`` gives them
    stage: str,
    at: datetime,
    cycle: int,
    position: int,
    programme: str | None,
    origin: str,
    inferred: bool,
) -> Entry:
    return Entry(
        stage=_STAGES[stage],
        at=at,
        cycle=cycle,
        position=position,
        programme=None if programme is None else _PROGRAMMES[programme],
        origin=_ORIGINS[origin],
        inferred=inferred,
    )


def _handoffs(owners: Sequence[Row]) -> tuple[Handoff, ...]:
    if not owners:
        return ()
    groups: dict[str, list[Row]] = {}
    for row in owners:
        groups.setdefault(row["handoff_id"], []).append(row)
    return tuple(
        Handoff(
            handoff_id=handoff_id,
            cycle=rows[0]["cycle"],
            stage=_AT[rows[0]["stage"]],
            origin=_ORIGINS[rows[0]["origin"]],
            segment=rows[0]["segment"],
            owners=tuple(
                _owner(row["since"], row["rep_id"], row["team"])
                for row in sorted(rows, key=lambda row: row["since"])
            ),
        )
        for handoff_id, rows in groups.items()
    )


@lru_cache(maxsize=4096)
def _owner(since: datetime, rep_id: str | None, team: str | None) -> Owner:
    return Owner(since=since, rep_id=rep_id, team=team)


def with_activities(
    log: ActivityLog,
    events: Iterable[LeadEvents],
    *,
    kinds: frozenset[str],
    absorbed: Mapping[str, str],
) -> tuple[LeadEvents, ...]:
    """Return the events with those activities of the leads that a term may name."""
    leads = {lead.lead_id: lead for lead in events}
    into = {gone: kept for gone, kept in absorbed.items() if kept in leads}
    relation = log.read(lead_ids=[*leads, *into], kinds=sorted(kinds | NURTURE_KINDS))
    found: dict[str, list[Activity]] = {}
    for lead_id, kind, occurred in relation.project("lead_id, kind, occurred_us").fetchall():
        activity = Activity(at=from_us(occurred), kind=kind)
        found.setdefault(into.get(lead_id, lead_id), []).append(activity)
    return tuple(
        replace(lead, activities=tuple(found.get(lead_id, ()))) for lead_id, lead in leads.items()
    )
