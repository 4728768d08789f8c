"""Routing the queue and writing what was decided: assignments, owners, clocks, outbox rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.approval_rows import APPROVAL
from accord.ledger.departure_rows import clear_waits, write_reassigned
from accord.ledger.fact_rows import read_leads
from accord.ledger.handoff_rows import (
    add_handoffs,
    read_deferred_owners,
    read_handoff_ids,
    read_queue,
    write_assigned,
    write_waiting,
)
from accord.ledger.routing_rows import read_active_reps, read_turns, write_turns
from accord.records import HandoffStage
from accord.routing import Assignment, Held, Routed, Teams, Waiting, periods_of, route
from accord.services.clocks import sync_news
from accord.services.handoff_entries import New
from accord.services.handoff_payload import enqueue_handoffs
from accord.services.handoff_people import accounts_of, candidates_of, misfits, unknown_calendars
from accord.services.workspace import Workspace

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Counts: assigned, taken over from a rep who has left, still waiting, waiting for approval."""

    assigned: int
    reassigned: int
    waiting: int
    withheld: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What routing says of the queue: its rows by hand-off, their leads, who goes where and why."""

    rows: Mapping[str, Row]
    leads: Mapping[str, Row]
    routed: Routed
    findings: tuple[Finding, ...]

    @property
    def assignments(self) -> Sequence[Assignment]:
        """Who gets what."""
        return self.routed.assignments

    @property
    def held(self) -> Sequence[Held]:
        """What goes on waiting."""
        return self.routed.held


def assign_queue(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    *,
    new: New,
    left: Sequence[Row],
    as_of: datetime,
) -> Assigned:
    """Route what waits, and what reps who have left had in hand, and write it down.

    ``new`` are the hand-offs that this run has decided; one that is in the ledger already stays as
    it is. ``left`` are those of reps who have left (see ``find_left``).
    """
    known = read_handoff_ids(connection, sorted({row["lead_id"] for row in new.rows}))
    fresh = {row["handoff_id"]: row for row in new.rows if row["handoff_id"] not in known}
    queue = [*read_queue(connection), *map(_as_queued, fresh.values())]
    free = [row for row in queue if not is_withheld(row)]
    placed = place_queue(connection, agreement, [*free, *left], as_of=as_of)
    rows = list(_assigned_rows(placed))
    _write_placed(connection, placed, rows, fresh, as_of=as_of)
    touched = sorted({row["lead_id"] for row in (*new.rows, *rows)})
    if touched:
        cycles = _cycles([*queue, *left, *new.rows])
        news = {lead_id: cycles[lead_id] for lead_id in touched}
        sync_news(
            connection, workspace, agreement=agreement, news=news, moves=new.histories, as_of=as_of
        )
    if rows:
        enqueue_handoffs(
            connection, workspace.log, agreement, rows=rows, leads=placed.leads, as_of=as_of
        )
    taken_over = sum(is_reassigned(row) for row in rows)
    return Assigned(
        assigned=len(rows) - taken_over,
        reassigned=taken_over,
        waiting=len(queue) + len(left) - len(rows),
        withheld=len(queue) - len(free),
        findings=placed.findings,
    )


def _as_queued(row: Row) -> Row:
    """Return a new hand-off as the queue has those that wait already: no score counts as none."""
    return {**row, **{name: row[name] or 0 for name in _SCORES}}


_SCORES = ("fit", "engagement", "intent")


def _cycles(queue: Iterable[Row]) -> dict[str, int]:
    """Return the cycle of each lead in which a run decides: nothing before it changes."""
    cycles: dict[str, int] = {}
    for row in queue:
        cycles[row["lead_id"]] = min(row["cycle"], cycles.get(row["lead_id"], row["cycle"]))
    return cycles


def is_hot(row: Row) -> bool:
    """Say whether a waiting lead is hot by its present scores."""
    return "hot" in (row["qualifies"] or ())


def is_withheld(row: Row) -> bool:
    """Say whether a waiting lead waits for a person's approval; one that is hot never does."""
    return bool(row["waits_for"] == APPROVAL) and not is_hot(row)


def is_reassigned(row: Row) -> bool:
    """Say whether a row of the queue was handed over before, to a rep who has left."""
    return bool(row.get("reassigned", False))


def place_queue(
    connection: Connection, agreement: Agreement, queue: Sequence[Row], *, as_of: datetime
) -> Placed:
    """Decide who of the queue goes to whom now, and write nothing."""
    leads = leads_of(connection, queue)
    waiting = list(waiting_of(connection, agreement, queue, leads))
    routed, findings = _route(connection, agreement, waiting, leads, as_of=as_of)
    rows = {row["handoff_id"]: row for row in queue}
    return Placed(rows=rows, leads=leads, routed=routed, findings=findings)


def leads_of(connection: Connection, queue: Sequence[Row]) -> dict[str, Row]:
    """Read the leads of rows of the queue, by id."""
    lead_ids = sorted({row["lead_id"] for row in queue})
    return {row["lead_id"]: row for row in read_leads(connection, lead_ids)}


def _route(
    connection: Connection,
    agreement: Agreement,
    waiting: Sequence[Waiting],
    leads: Mapping[str, Row],
    *,
    as_of: datetime,
) -> tuple[Routed, tuple[Finding, ...]]:
    if not waiting:
        return Routed(assignments=(), held=(), turns={}, findings=()), ()
    periods = periods_of(as_of, agreement.timezone)
    reps = read_active_reps(connection, as_of=as_of)
    routed = route(
        waiting,
        candidates_of(connection, agreement, reps, periods=periods),
        turns=read_turns(connection),
        accounts=accounts_of(connection, agreement, reps, leads.values()),
        hold_at_most=agreement.handoff.hold_at_most.delta,
        periods=periods,
    )
    why = misfits(agreement, reps) if routed.findings else ()
    return routed, (*routed.findings, *why, *unknown_calendars(agreement, reps))


def waiting_of(
    connection: Connection, agreement: Agreement, queue: Sequence[Row], leads: Mapping[str, Row]
) -> Iterator[Waiting]:
    """Yield rows of the queue as routing needs them, with the team that the rules name."""
    teams = {
        HandoffStage.MQL.value: Teams(agreement.handoff.routing.mql),
        HandoffStage.SQL.value: Teams(agreement.handoff.routing.sql),
    }
    former = _former_reps(connection, queue)
    together = agreement.handoff.keep_account_together
    for row in queue:
        lead = leads[row["lead_id"]]
        yield Waiting(
            handoff_id=row["handoff_id"],
            lead_id=row["lead_id"],
            team=teams[row["stage"]].of(lead),
            hot=is_hot(row),
            fit=row["fit"],
            engagement=row["engagement"],
            intent=row["intent"],
            queued_at=row["queued_at"],
            account=lead["domain"] if together else None,
            former_rep=former.get(row["handoff_id"]),
            reassigned=is_reassigned(row),
        )


def _former_reps(connection: Connection, queue: Iterable[Row]) -> dict[str, str]:
    """Return who had the leads that wake: handoff_id -> the rep of the deferred cycle before."""
    again = [
        row
        for row in queue
        if row["cycle"] > 1 and row["stage"] == HandoffStage.MQL and not is_reassigned(row)
    ]
    owners = read_deferred_owners(connection, sorted({row["lead_id"] for row in again}))
    found = {row["handoff_id"]: owners.get((row["lead_id"], row["cycle"] - 1)) for row in again}
    return {handoff_id: rep_id for handoff_id, rep_id in found.items() if rep_id is not None}


def _assigned_rows(placed: Placed) -> Iterator[dict[str, Any]]:
    """Yield what is written of each assignment; ``turn``: how often it was this rep's, with now."""
    for one in placed.assignments:
        row = placed.rows[one.handoff_id]
        yield {
            **row,
            "rep_id": one.rep_id,
            "team": one.team,
            "hot": is_hot(row),
            "forced": one.forced,
            "kept": one.kept,
            "waits_for": None,
            "turn": row["had"][one.rep_id] + 1 if is_reassigned(row) else 1,
        }


def _write_placed(
    connection: Connection,
    placed: Placed,
    rows: Sequence[Row],
    fresh: Mapping[str, Row],
    *,
    as_of: datetime,
) -> None:
    """Write who got what and why others wait; what is ``fresh`` is not in the ledger yet."""
    reasons = {one.handoff_id: one.reason for one in placed.held}
    given = {row["handoff_id"]: row for row in rows if row["handoff_id"] in fresh}
    add_handoffs(
        connection,
        [
            given.get(key) or {**row, "waits_for": reasons.get(key, row["waits_for"])}
            for key, row in fresh.items()
        ],
        at=as_of,
    )
    waited = [row for row in rows if row["handoff_id"] not in fresh]
    write_assigned(connection, [row for row in waited if not is_reassigned(row)], at=as_of)
    write_reassigned(connection, [row for row in waited if is_reassigned(row)], at=as_of)
    clear_waits(connection, sorted(reasons))
    write_waiting(
        connection,
        [
            {"handoff_id": handoff_id, "waits_for": reason}
            for handoff_id, reason in reasons.items()
            if handoff_id not in fresh and placed.rows[handoff_id]["waits_for"] != reason
        ],
    )
    write_turns(connection, placed.routed.turns)
