"""The sweep: leads whose clocks want a look, ladder steps that are due, weeks that have ended.

A sweep with nothing to do is one statement on indexes. Otherwise all of it is one transaction: a
sweep that is killed leaves nothing half done, and the next one finds the same work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.killpoints import reach
from accord.ledger.clock_rows import (
    OWNER,
    find_running,
    find_unplaced,
    has_work,
    hold_clocks,
    is_unjudged,
    read_due_steps,
    read_reps,
    write_next_steps,
    write_steps,
)
from accord.ledger.fact_rows import (
    clear_pending,
    read_absorbed,
    read_pending,
    read_survivors,
)
from accord.ledger.outbox_rows import add_entries
from accord.outbox import Entry, Kind
from accord.services.clock_messages import step_entries
from accord.services.clock_people import People
from accord.services.clock_records import terms_of
from accord.services.clock_sync import sync_clocks
from accord.services.weekly_terms import last_week_end, start_weekly_clocks
from accord.services.workspace import Workspace
from accord.sla import ACTIVITY_EVENTS, ClockTerms, climb, clock_calendar, rung_times

Row = Mapping[str, Any]

_NEED = "clock"
_PASSED = "passed over: a later step was due in the same sweep"
_NOBODY = "there is nobody to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """Counts: leads whose clocks were looked at, steps fired and skipped, messages queued."""

    synced: int = 0
    fired: int = 0
    skipped: int = 0
    messages: int = 0


def run_sweep(workspace: Workspace, *, as_of: datetime) -> SweepResult:
    """Climb the ladders of what is due at ``as_of``; a step at exactly that instant is due."""
    agreement = workspace.agreement(as_of)
    week_end = last_week_end(agreement, as_of=as_of)
    with workspace.ledger.read() as connection:
        if not has_work(connection, as_of=as_of, week_end=week_end):
            return SweepResult()
    with workspace.ledger.lease("sla"), workspace.ledger.begin() as connection:
        hold_clocks(connection)
        synced = _look_again(connection, workspace, agreement, as_of=as_of)
        reach("sla.after_look")
        if week_end is not None and is_unjudged(connection, week_end=week_end):
            # the oldest lead is sought there among all leads: once a week, not once a sweep
            start_weekly_clocks(connection, agreement, as_of=as_of)
        result = _climb_all(connection, workspace, agreement, as_of=as_of)
        reach("sla.before_commit")
    reach("sla.after_commit")
    return SweepResult(
        synced=synced, fired=result.fired, skipped=result.skipped, messages=result.messages
    )


def _look_again(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> int:
    """Bring the clocks of leads with something new up to date, activities included.

    What is new of an owner may move a clock that has ended: it may have run on other hours.
    """
    lead_ids, top = _read_waiting(connection, _NEED)
    owned, owned_top = _read_waiting(connection, OWNER)
    running = find_running(connection, lead_ids, until_events=ACTIVITY_EVENTS)
    looked = sorted({*running, *owned})
    if looked:
        sync_clocks(
            connection, workspace, agreement=agreement, lead_ids=looked, as_of=as_of, reread=True
        )
    clear_pending(connection, _NEED, up_to=top)
    clear_pending(connection, OWNER, up_to=owned_top)
    return len(looked)


def _read_waiting(connection: Connection, need: str) -> tuple[list[str], int]:
    """Return the leads with work of a kind, as who they are by now, and the highest id read."""
    waiting, top = read_pending(connection, need)
    survivors = read_survivors(connection, waiting)
    return sorted({survivors.get(lead_id, lead_id) for lead_id in waiting}), top


def _climb_all(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> SweepResult:
    due = _read_due(connection, workspace, agreement, as_of=as_of)
    if not due:
        return SweepResult()
    people = People.of(agreement, read_reps(connection), as_of=as_of)
    steps: list[dict[str, Any]] = []
    entries: list[Entry] = []
    following: list[dict[str, Any]] = []
    for clock in due:
        taken, told, then = _climb_one(people, clock, as_of=as_of)
        steps.extend(taken)
        entries.extend(told)
        following.append(then)
    write_steps(connection, steps)
    add_entries(connection, [entry.row(created_at=as_of) for entry in entries])
    write_next_steps(connection, following)
    messages = sum(entry.kind is Kind.MESSAGE for entry in entries)
    fired = sum(step["status"] == "sent" for step in steps)
    return SweepResult(fired=fired, skipped=len(steps) - fired, messages=messages)


def _read_due(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> Sequence[Row]:
    """Read what is due; facts that are known but not placed yet count before anybody is told."""
    due = read_due_steps(connection, as_of=as_of)
    lead_ids = sorted({row["lead_id"] for row in due if row["lead_id"] is not None})
    unplaced = _unplaced(connection, lead_ids)
    if not unplaced:
        return due
    sync_clocks(connection, workspace, agreement=agreement, lead_ids=unplaced, as_of=as_of)
    return read_due_steps(connection, as_of=as_of)


def _unplaced(connection: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Return those leads of whom, or of whom they took in, something is known but not placed."""
    if not lead_ids:
        return []
    absorbed = read_absorbed(connection, lead_ids)
    found = find_unplaced(connection, [*lead_ids, *absorbed])
    return sorted({absorbed.get(lead_id, lead_id) for lead_id in found})


def _climb_one(
    people: People, clock: Row, *, as_of: datetime
) -> tuple[list[dict[str, Any]], tuple[Entry, ...], dict[str, Any]]:
    """Return the steps of one clock that are behind it now, who is told, and what comes next."""
    terms = terms_of(clock)
    times = _times(people, clock, terms)
    plan = climb(times, first=clock["next_step"], as_of=as_of)
    steps = [
        _step(clock, terms, index, times[index], as_of=as_of, why=_PASSED) for index in plan.skipped
    ]
    told: tuple[Entry, ...] = ()
    if plan.sent is not None:
        rung, at = terms.rungs[plan.sent], times[plan.sent]
        told = step_entries(people, clock, step=plan.sent, rung=rung, due_at=at, as_of=as_of)
        why = None if told else _NOBODY
        steps.append(_step(clock, terms, plan.sent, at, as_of=as_of, why=why))
    following = {
        "clock_id": clock["clock_id"],
        "next_step": plan.next_step,
        "next_step_at": plan.next_at,
    }
    return steps, told, following


def _times(people: People, clock: Row, terms: ClockTerms) -> tuple[datetime, ...]:
    times = rung_times(
        terms.rungs,
        clock_calendar(terms, people.reps.get(clock["owner_id"] or "")),
        start=clock["started_at"],
        within=terms.within,
        due=clock["due_at"],
    )
    return tuple(times)


def _step(
    clock: Row,
    terms: ClockTerms,
    index: int,
    due_at: datetime,
    *,
    as_of: datetime,
    why: str | None,
) -> dict[str, Any]:
    return {
        "clock_id": clock["clock_id"],
        "step": index,
        "at": str(terms.rungs[index].at),
        "due_at": due_at,
        "swept_at": as_of,
        "status": "sent" if why is None else "skipped",
        "why": why,
    }
