"""Routing the queue and writing what was decided: assignments, owners, clocks, outbox rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.calendars import Calendar
from accord.findings import Finding
from accord.ledger.fact_rows import read_leads
from accord.ledger.handoff_rows import (
    APPROVAL,
    read_deferred_owners,
    read_queue,
    write_assigned,
    write_waiting,
)
from accord.ledger.outbox_rows import add_entries
from accord.ledger.routing_rows import (
    read_account_owners,
    read_active_reps,
    read_loads,
    read_turns,
    write_turns,
)
from accord.records import HandoffStage, Role
from accord.routing import (
    Assignment,
    Candidate,
    Periods,
    Routed,
    Waiting,
    periods_of,
    route,
    team_of,
)
from accord.services.clocks import sync_clocks
from accord.services.handoff_payload import handoff_entries
from accord.services.workspace import Workspace
from accord.sla import parse_absences

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Counts: assigned, still waiting for a rep, waiting for approval."""

    assigned: int
    waiting: int
    withheld: int
    findings: tuple[Finding, ...]


def assign_queue(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    *,
    moved: Sequence[str],
    as_of: datetime,
) -> Assigned:
    """Route what waits and write it down; ``moved`` are leads whose stage this run has changed."""
    queue = read_queue(connection)
    free = [row for row in queue if row["waits_for"] != APPROVAL or is_hot(row)]
    leads = {
        row["lead_id"]: row for row in read_leads(connection, sorted({r["lead_id"] for r in free}))
    }
    routed = _route(connection, agreement, free, leads, as_of=as_of) if free else None
    assignments = routed.assignments if routed else ()
    if routed:
        _write_routed(connection, free, routed, as_of=as_of)
    assigned_ids = _leads_of(free, assignments)
    touched = sorted({*moved, *assigned_ids})
    if touched:
        sync_clocks(connection, workspace, agreement=agreement, lead_ids=touched, as_of=as_of)
    if assignments:
        rows = _assigned_rows(free, assignments)
        entries = handoff_entries(
            connection, workspace.log, agreement, rows=rows, leads=leads, as_of=as_of
        )
        add_entries(connection, [entry.row(created_at=as_of) for entry in entries])
    return Assigned(
        assigned=len(assignments),
        waiting=len(queue) - len(assignments),
        withheld=len(queue) - len(free),
        findings=routed.findings if routed else (),
    )


def is_hot(row: Row) -> bool:
    """Say whether a waiting lead is hot by its present scores."""
    return "hot" in (row["qualifies"] or ())


def _route(
    connection: Connection,
    agreement: Agreement,
    queue: Sequence[Row],
    leads: Mapping[str, Row],
    *,
    as_of: datetime,
) -> Routed:
    periods = periods_of(as_of, agreement.timezone)
    reps = read_active_reps(connection, as_of=as_of)
    return route(
        _waiting(connection, agreement, queue, leads),
        _candidates(connection, agreement, reps, periods=periods),
        turns=read_turns(connection),
        accounts=_accounts(connection, agreement, reps, leads.values()),
        hold_at_most=agreement.handoff.hold_at_most.delta,
        periods=periods,
    )


def _waiting(
    connection: Connection, agreement: Agreement, queue: Sequence[Row], leads: Mapping[str, Row]
) -> Iterable[Waiting]:
    rules = {
        HandoffStage.MQL.value: agreement.handoff.routing.mql,
        HandoffStage.SQL.value: agreement.handoff.routing.sql,
    }
    former = _former_reps(connection, queue)
    together = agreement.handoff.keep_account_together
    for row in queue:
        lead = leads[row["lead_id"]]
        yield Waiting(
            handoff_id=row["handoff_id"],
            lead_id=row["lead_id"],
            team=team_of(rules[row["stage"]], lead),
            hot=is_hot(row),
            fit=row["fit"],
            engagement=row["engagement"],
            intent=row["intent"],
            queued_at=row["queued_at"],
            account=lead["domain"] if together else None,
            former_rep=former.get(row["handoff_id"]),
        )


def _former_reps(connection: Connection, queue: Sequence[Row]) -> dict[str, str]:
    """Return who had the leads that wake: handoff_id -> the rep of the deferred cycle before."""
    again = [row for row in queue if row["cycle"] > 1 and row["stage"] == HandoffStage.MQL]
    owners = read_deferred_owners(connection, sorted({row["lead_id"] for row in again}))
    found = {row["handoff_id"]: owners.get((row["lead_id"], row["cycle"] - 1)) for row in again}
    return {handoff_id: rep_id for handoff_id, rep_id in found.items() if rep_id is not None}


def _candidates(
    connection: Connection, agreement: Agreement, reps: Sequence[Row], *, periods: Periods
) -> list[Candidate]:
    """Return the active reps of known teams whose role is the team's, with their loads."""
    loads = read_loads(
        connection, week=periods.week_start, month=periods.month_start, day=periods.day_start
    )
    capacity = agreement.handoff.capacity
    candidates = []
    for rep in reps:
        team = agreement.teams.get(rep["team"])
        if team is None or team.role.value != rep["role"]:
            continue
        week, month, today = loads.get(rep["rep_id"], (0, 0, 0))
        calendar = agreement.calendars[rep["calendar"] or team.calendar]
        candidates.append(
            Candidate(
                rep_id=rep["rep_id"],
                team=rep["team"],
                role=team.role,
                calendar=Calendar.parse(calendar),
                per_week=_either(rep["per_week"], capacity.per_week),
                per_month=_either(rep["per_month"], capacity.per_month),
                weight=None if rep["weight"] is None else Fraction(str(rep["weight"])),
                absences=parse_absences(rep["absences"]),
                week=week,
                month=month,
                today=today,
            )
        )
    return candidates


def _either(own: int | None, agreed: int) -> int:
    return agreed if own is None else own


def _accounts(
    connection: Connection, agreement: Agreement, reps: Sequence[Row], leads: Iterable[Row]
) -> dict[tuple[Role, str], str]:
    """Return who has the queue's companies in hand, by role; the newest hand-off counts."""
    if not agreement.handoff.keep_account_together:
        return {}
    domains = sorted({lead["domain"] for lead in leads if lead["domain"] is not None})
    roles = {rep["rep_id"]: Role(rep["role"]) for rep in reps}
    owners = read_account_owners(connection, domains)
    return {(roles[rep_id], domain): rep_id for domain, rep_id in owners if rep_id in roles}


def _write_routed(
    connection: Connection, queue: Sequence[Row], routed: Routed, *, as_of: datetime
) -> None:
    write_assigned(connection, _assigned_rows(queue, routed.assignments), at=as_of)
    reasons = {row["handoff_id"]: row["waits_for"] for row in queue}
    write_waiting(
        connection,
        [
            {"handoff_id": held.handoff_id, "waits_for": held.reason}
            for held in routed.held
            if reasons[held.handoff_id] != held.reason
        ],
    )
    write_turns(connection, routed.turns)


def _assigned_rows(queue: Sequence[Row], assignments: Sequence[Assignment]) -> list[dict[str, Any]]:
    rows = {row["handoff_id"]: row for row in queue}
    return [
        {
            **rows[one.handoff_id],
            "rep_id": one.rep_id,
            "team": one.team,
            "hot": is_hot(rows[one.handoff_id]),
            "forced": one.forced,
            "kept": one.kept,
        }
        for one in assignments
    ]


def _leads_of(queue: Sequence[Row], assignments: Sequence[Assignment]) -> list[str]:
    leads = {row["handoff_id"]: row["lead_id"] for row in queue}
    return [leads[one.handoff_id] for one in assignments]
