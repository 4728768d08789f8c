"""The stage ``handoff``: every qualified lead to the right rep, once, in one transaction.

Who qualifies enters mql and the queue; deferred leads whose date has come wake; leads that a
development rep converted wait for an executive; the queue is routed, and with it what reps who have
left had in hand. Stage, hand-off, owner, clocks and outbox rows commit together or not at all.
Under an unsigned agreement nothing happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.collecting import resting_collector
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.handoff_rows import (
    count_queue,
    has_work,
    read_converted,
    read_crossed,
    read_newest_score,
    read_nurtured,
    read_waking,
)
from accord.ledger.routing_rows import read_last_run, read_runs, write_run
from accord.routing import RUNS, needs_approval
from accord.services.agreements import unsigned_sides
from accord.services.approving import find_unapproved
from accord.services.departures import Row, find_left
from accord.services.handoff_assign import Assigned, assign_queue
from accord.services.handoff_entries import New, decide_entries, decide_sql, decide_wakes
from accord.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffResult:
    """Counts of leads: entered into mql, assigned, still waiting, to an executive, woken.

    ``withheld`` wait for a person: for an approval, or all of them for a signature. ``reassigned``
    have gone from a rep who has left to another; those that nobody can take over wait as well.
    """

    decided: int = 0
    assigned: int = 0
    queued: int = 0
    to_sql: int = 0
    woken: int = 0
    withheld: int = 0
    reassigned: int = 0
    findings: tuple[Finding, ...] = ()


def run_handoff(workspace: Workspace, *, as_of: datetime, dry_run: bool = False) -> HandoffResult:
    """Decide and assign hand-offs at ``as_of``; ``dry_run`` says what would happen.

    If a side has not signed the agreement in force, nothing changes and a finding names it. A run
    with nothing to do reads a few indexes. LeaseHeldError if another process hands off.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        unsigned = unsigned_sides(connection, agreement, as_of=as_of)
        if unsigned:
            work = _find_work(connection, agreement, as_of=as_of)
            return HandoffResult(withheld=work.size, findings=unsigned)
        if not (has_work(connection, as_of=as_of) or find_left(connection, agreement, as_of=as_of)):
            return HandoffResult()
    # The history has one writer at a time: the lifecycle must not derive while we decide.
    with workspace.ledger.lease("handoff"), workspace.ledger.lease("lifecycle"):
        result = _in_transaction(workspace, agreement, as_of=as_of, dry_run=dry_run)
        reach("handoff.after_commit")
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What there is to do; ``queue`` counts what waits already, ``left`` what needs a new owner."""

    crossed: list[dict[str, object]]
    nurtured: list[dict[str, object]]
    waking: list[str]
    converted: list[str]
    left: list[Row]
    queue: int
    has_new_scores: bool

    @property
    def size(self) -> int:
        new = len(self.crossed) + len(self.waking) + len(self.converted)
        return new + len(self.left) + self.queue


def _find_work(connection: Connection, agreement: Agreement, *, as_of: datetime) -> _Work:
    last, newest = read_last_run(connection), read_newest_score(connection)
    has_new_scores = newest is not None and (last is None or newest > last)
    looked_at = newest is None or (last is not None and newest < last)
    return _Work(
        crossed=read_crossed(connection),
        nurtured=[] if looked_at else read_nurtured(connection, since=last),
        waking=read_waking(connection, as_of=as_of),
        converted=read_converted(connection),
        left=find_left(connection, agreement, as_of=as_of),
        queue=count_queue(connection),
        has_new_scores=has_new_scores,
    )


def _in_transaction(
    workspace: Workspace, agreement: Agreement, *, as_of: datetime, dry_run: bool
) -> HandoffResult:
    with resting_collector(), workspace.ledger.begin(large=True) as connection:
        result = _hand_off(connection, workspace, agreement, as_of=as_of)
        if dry_run:
            connection.rollback()
        reach("handoff.before_commit")
    return result


def _hand_off(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> HandoffResult:
    work = _find_work(connection, agreement, as_of=as_of)
    entered = decide_entries(
        connection, workspace, agreement, work.crossed, work.nurtured, as_of=as_of
    )
    woken = decide_wakes(connection, agreement, work.waking, as_of=as_of)
    to_sql = decide_sql(connection, agreement, work.converted)
    new = New.of(entered, woken, to_sql)
    queued = _queued(connection, agreement, new)
    if new.rows or work.has_new_scores:
        write_run(connection, as_of=as_of, decided=len(new.rows))
    routed = assign_queue(
        connection,
        workspace,
        agreement,
        new=queued,
        left=work.left,
        as_of=as_of,
    )
    unapproved = find_unapproved(connection, agreement) if routed.withheld else ()
    return _result(entered, woken, to_sql, routed, unapproved)


def _queued(connection: Connection, agreement: Agreement, new: New) -> New:
    """Return new hand-offs as they enter the queue: unusually many wait, but for the hot ones."""
    recent = read_runs(connection, limit=RUNS)
    waits = needs_approval(len(new.rows), recent=recent, terms=agreement.handoff)
    return new.queued(waits_for_approval=waits)


def _result(
    entered: New, woken: New, to_sql: New, routed: Assigned, unapproved: tuple[Finding, ...]
) -> HandoffResult:
    return HandoffResult(
        decided=len(entered.rows),
        assigned=routed.assigned,
        queued=routed.waiting,
        to_sql=len(to_sql.rows),
        woken=len(woken.rows),
        withheld=routed.withheld,
        reassigned=routed.reassigned,
        findings=(*unapproved, *routed.findings),
    )
