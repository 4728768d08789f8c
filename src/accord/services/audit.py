"""The audit: laws L1 to L9 of the design, checked on a live ledger.

Each law is a function that yields findings; the list :data:`LAWS` is the audit. L2 (twice is once)
is seen here by its traces: what the log holds of a batch is what the ledger says was accepted. L3
(scores depend on accepted rows alone) by computing stored scores again, from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection

from accord.findings import Finding
from accord.ledger import audit_handoffs as handoffs
from accord.ledger import audit_rows
from accord.ledger.erase_rows import erased_activities, read_unfinished
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import StageChange, fold
from accord.records import to_text
from accord.services.score_audit import stale_scores
from accord.services.workspace import Workspace

_AT_ONCE = 20_000  # histories in memory
Law = Callable[[Connection, Workspace, datetime], Iterable[Finding]]


def run_audit(workspace: Workspace, *, as_of: datetime) -> tuple[Finding, ...]:
    """Return what breaks a law; nothing if all hold."""
    with workspace.ledger.read() as connection:
        return tuple(finding for law in LAWS for finding in law(connection, workspace, as_of))


def _broken(law: str, subject: str, sentence: str) -> Finding:
    return Finding(rule=law, subject=subject, sentence=sentence)


def every_row_is_accounted_for(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L1: in = accepted + quarantined + duplicates + held, per batch."""
    for row in audit_rows.unbalanced_batches(connection):
        yield _broken("L1", f"batch {row['batch_id']}", f"{row['rows_in']} rows in do not add up")
    for row in audit_rows.miscounted_quarantine(connection):
        sentence = f"says {row['quarantined']} rows are set aside, there are {row['kept']}"
        yield _broken("L1", f"batch {row['batch_id']}", sentence)


def the_log_holds_what_was_accepted(
    connection: Connection, workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L2: every accepted activity stands in the log once, unless its person was erased."""
    accepted = audit_rows.accepted_activities(connection)
    erased, unsettled = erased_activities(connection)
    logged = workspace.log.count_by_batch()
    for batch_id in sorted({*accepted, *logged} - unsettled):
        there = logged.get(batch_id, 0)
        due = accepted.get(batch_id, 0) - erased.get(batch_id, 0)
        if there != due:
            sentence = f"{due} activities accepted and not erased, {there} in the log"
            yield _broken("L2", f"batch {batch_id}", sentence)
    for row in read_unfinished(connection):
        sentence = "an erasure was interrupted; accord erase of the lead, or a night, ends it"
        yield _broken("L2", f"certificate {row['certificate_id']}", sentence)
    doubled = workspace.log.count_doubled()
    if doubled:
        yield _broken("L2", "activity log", f"{doubled} activities stand there more than once")


def scores_follow_from_the_log(
    connection: Connection, workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L3: computing stored scores again from the log gives the same tenths."""
    for lead_id in stale_scores(connection, workspace):
        yield _broken("L3", f"lead {lead_id}", "its stored scores differ from the log's")


def each_lead_is_handed_over_once(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L4: one hand-off per lead, cycle and role; each owner that we set is told of it, once.

    What tells an owner waits, was sent, is dead, was replaced by a newer one, or was withdrawn for
    a reason that holds: the hand-off ended, or went on to another, or a person dropped it.
    """
    for row in audit_rows.doubled_handoffs(connection):
        sentence = f"handed over twice in cycle {row['cycle']} at {row['stage']}"
        yield _broken("L4", f"lead {row['lead_id']}", sentence)
    for row in handoffs.untold_owners(connection):
        sentence = f"given to {row['rep_id']} at {row['stage']}, and nothing in the outbox tells it"
        yield _broken("L4", f"lead {row['lead_id']}", sentence)
    for row in handoffs.given_up_entries(connection):
        sentence = (
            f"{row['key']} is {row['status']}, its hand-off is open and nothing else tells it"
        )
        yield _broken("L4", f"lead {row['lead_id']}", sentence)
    for row in handoffs.stray_entries(connection):
        yield _broken("L4", row["key"], "sent, and no hand-off of ours is of that name")
    for row in handoffs.doubled_entries(connection):
        times = f"sent {row['told']} times, given {row['times']} times"
        yield _broken("L4", row["key"], times)


def no_lead_is_left_behind(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L5: what we handed off has an owner and a running clock, or an outcome, or waits visibly."""
    for row in handoffs.abandoned_handoffs(connection):
        sentence = f"handed over at {row['stage']} without owner or running clock"
        yield _broken("L5", f"lead {row['lead_id']}", sentence)
    for row in audit_rows.silent_queue(connection):
        yield _broken("L5", f"lead {row['lead_id']}", "waits for an owner without a reason")
    for row in handoffs.half_ended_handoffs(connection):
        sentence = f"its hand-off at {row['stage']} has half an ending"
        yield _broken("L5", f"lead {row['lead_id']}", sentence)
    for row in handoffs.unlike_owners(connection):
        sentence = f"with {row['rep_id']} at {row['stage']}, the owner set last is {row['last']}"
        yield _broken("L5", f"lead {row['lead_id']}", sentence)


def nobody_stays_with_who_has_left(
    connection: Connection, _workspace: Workspace, as_of: datetime
) -> Iterator[Finding]:
    """L5: who has left has no open lead after a run, but for those that wait with a reason."""
    for row in handoffs.left_behind(connection, as_of=as_of):
        sentence = f"still with {row['rep_id']} at {row['stage']}, who left {row['left_at'].date()}"
        yield _broken("L5", f"lead {row['lead_id']}", sentence)


def ladders_climb_in_order(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L6: steps at most once, in order, none after its clock ended."""
    for row in audit_rows.late_steps(connection):
        yield _broken("L6", f"clock {row['clock_id']}", f"step {row['step']} sent after its end")
    for row in audit_rows.disordered_steps(connection):
        yield _broken("L6", f"clock {row['clock_id']}", f"step {row['step']} out of order")


def stages_are_folds(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L7: the kept stage and cycle are the fold of the history, and its moves follow each other."""
    kept = audit_rows.kept_stages(connection)
    lead_ids = sorted(kept)
    for start in range(0, len(lead_ids), _AT_ONCE):
        part = lead_ids[start : start + _AT_ONCE]
        histories = read_changes(connection, part)
        for lead_id in part:
            for sentence in _history_faults(kept[lead_id], histories.get(lead_id, ())):
                yield _broken("L7", f"lead {lead_id}", sentence)


def _history_faults(kept: tuple[str | None, int], changes: Sequence[StageChange]) -> Iterator[str]:
    state = fold(changes)
    stage, cycle = kept
    if state.stage != stage:
        yield f"kept as {stage}, its history says {state.stage}"
    if state.cycle != cycle:
        yield f"kept in cycle {cycle}, its history says {state.cycle}"
    for before, after in pairwise(changes):
        if after.from_stage != before.to_stage:
            yield f"left {after.from_stage} for {after.to_stage}, and stood at {before.to_stage}"


def closed_weeks_keep_their_revisions(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L8: a number of a period changes by a new revision only."""
    for row in audit_rows.gaps_in_revisions(connection):
        subject = f"{row['period']} {row['metric']} {row['dimension']} {row['member']}"
        yield _broken("L8", subject, "its revisions do not run from 1 without a gap")


def both_sides_have_signed(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L9: nothing is handed off under an unsigned agreement."""
    for row in handoffs.unsigned_handoffs(connection):
        sentence = f"handed over under version {row['version']}, which not both sides signed"
        yield _broken("L9", f"lead {row['lead_id']}", sentence)


def both_had_signed_before(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L9: no owner was set before both sides had signed; at that very instant they have."""
    for row in handoffs.owners_before_signing(connection):
        given, signed = to_text(row["since"]), to_text(row["signed_at"])
        sentence = (
            f"given to {row['rep_id']} at {given} under version {row['version']},"
            f" which both had signed at {signed} only"
        )
        yield _broken("L9", f"lead {row['lead_id']}", sentence)


LAWS: tuple[Law, ...] = (
    every_row_is_accounted_for,
    the_log_holds_what_was_accepted,
    scores_follow_from_the_log,
    each_lead_is_handed_over_once,
    no_lead_is_left_behind,
    nobody_stays_with_who_has_left,
    ladders_climb_in_order,
    stages_are_folds,
    closed_weeks_keep_their_revisions,
    both_sides_have_signed,
    both_had_signed_before,
)
"""The audit, law by law."""
