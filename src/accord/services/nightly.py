"""The nightly run: scores, who is not ready, retention, the rollup's cut, a tidy log, the audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.findings import Finding
from accord.ledger.fact_rows import read_at_stage
from accord.ledger.stage_rows import append_changes, read_changes
from accord.lifecycle import Entry, StageChange, enter, fold
from accord.records import Origin, Programme, Stage
from accord.services.audit import run_audit
from accord.services.clocks import sync_clocks
from accord.services.lifecycle import run_lifecycle
from accord.services.retention import run_retention
from accord.services.rollup import move_cut
from accord.services.score import run_score
from accord.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyResult:
    """Counts of one night; ``findings`` are broken laws.

    ``rolled_up`` activities joined the stored rollup, of which as many kinds were ``rebuilt``;
    ``erased`` leads were kept long enough, ``finished`` erasures had been interrupted; the others
    are rows, entries and pulled files whose content was kept long enough.
    """

    scored: int
    changed: int
    nurtured: int
    finished: int = 0
    erased: int = 0
    quarantine_emptied: int = 0
    outbox_emptied: int = 0
    spool_removed: int = 0
    rolled_up: int = 0
    rebuilt: int = 0
    findings: tuple[Finding, ...] = ()


def run_nightly(workspace: Workspace, *, as_of: datetime) -> NightlyResult:
    """Score all leads, start the programme of those not ready, apply retention, check the laws.

    The cut moves after erasing and before compaction, which deletes what the cut replaced.
    """
    scored = run_score(workspace, as_of=as_of, full=True)
    run_lifecycle(workspace, as_of=as_of)
    nurtured = nurture_unready(workspace, as_of=as_of)
    retained = run_retention(workspace, as_of=as_of)
    cut = move_cut(workspace, as_of=as_of)
    compact_log(workspace)
    return NightlyResult(
        scored=scored.scored,
        changed=scored.changed,
        nurtured=nurtured,
        **asdict(retained),
        rolled_up=cut.added,
        rebuilt=len(cut.rebuilt),
        findings=run_audit(workspace, as_of=as_of),
    )


def compact_log(workspace: Workspace) -> None:
    """Merge the log's small files while no stage reads or appends."""
    with workspace.ledger.lease("ingest"), workspace.ledger.lease("score"):
        workspace.log.compact()


def nurture_unready(workspace: Workspace, *, as_of: datetime) -> int:
    """Move targets that are not mql at the nightly scoring into the programme *new*.

    A target whose crossing to mql waits for the hand-off is ready and stays.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.lease("lifecycle"), workspace.ledger.begin() as connection:
        lead_ids = read_at_stage(connection, Stage.TARGET, without_crossing=Stage.MQL)
        moves = _nurture(connection, lead_ids, at=as_of, version=agreement.version)
        append_changes(connection, moves, known_at=as_of)
        if lead_ids:
            sync_clocks(connection, workspace, agreement=agreement, lead_ids=lead_ids, as_of=as_of)
    return len(moves)


def _nurture(
    connection: Connection, lead_ids: tuple[str, ...], *, at: datetime, version: str
) -> list[StageChange]:
    entry = Entry(
        stage=Stage.NURTURE,
        at=at,
        cause="nightly",
        origin=Origin.DECIDED,
        programme=Programme.NEW,
        version=version,
    )
    return [
        move
        for lead_id, history in read_changes(connection, lead_ids).items()
        for move in enter(fold(history), entry, lead_id=lead_id)
    ]
