"""The audit: laws L1 to L9 of the design, checked on a live ledger.

Each law is a function that yields findings; the list :data:`LAWS` is the audit. L2 (twice is once)
is seen here by its traces: what the log holds of a batch is what the ledger says was accepted. L3
(scores depend on accepted rows alone) by computing stored scores again, from the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from accord.findings import Finding
from accord.ledger import audit_rows
from accord.ledger.erase_rows import erased_activities, read_unfinished
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import fold
from accord.services.score_audit import stale_scores
from accord.services.workspace import Workspace

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
    """L4: one hand-off per lead, cycle and role; each sent once to its owner."""
    for row in audit_rows.doubled_handoffs(connection):
        sentence = f"handed over twice in cycle {row['cycle']} at {row['stage']}"
        yield _broken("L4", f"lead {row['lead_id']}", sentence)
    keys = Counter(audit_rows.sent_keys(connection, "handoff"))
    for key, count in keys.items():
        if count > 1:
            yield _broken("L4", key, f"sent {count} times")


def no_lead_is_left_behind(
    connection: Connection, _workspace: Workspace, _as_of: datetime
) -> Iterator[Finding]:
    """L5: what we handed off has an owner and a running clock, or an outcome, or waits visibly."""
    for row in audit_rows.abandoned_handoffs(connection):
        sentence = f"handed over at {row['stage']} without owner or running clock"
        yield _broken("L5", f"lead {row['lead_id']}", sentence)
    for row in audit_rows.silent_queue(connection):
        yield _broken("L5", f"lead {row['lead_id']}", "waits for an owner without a reason")


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
    """L7: the kept stage is the fold of the history."""
    kept = audit_rows.kept_stages(connection)
    folded = read_changes(connection, sorted(kept))
    for lead_id, stage in kept.items():
        now = fold(folded.get(lead_id, ())).stage
        if now != stage:
            yield _broken("L7", f"lead {lead_id}", f"kept as {stage}, its history says {now}")


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
    for row in audit_rows.unsigned_handoffs(connection):
        sentence = f"handed over under version {row['version']}, which not both sides signed"
        yield _broken("L9", f"lead {row['lead_id']}", sentence)


LAWS: tuple[Law, ...] = (
    every_row_is_accounted_for,
    the_log_holds_what_was_accepted,
    scores_follow_from_the_log,
    each_lead_is_handed_over_once,
    no_lead_is_left_behind,
    ladders_climb_in_order,
    stages_are_folds,
    closed_weeks_keep_their_revisions,
    both_sides_have_signed,
)
"""The audit, law by law."""
