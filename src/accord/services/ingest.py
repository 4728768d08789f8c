"""The stage ``ingest``: batches of sources become records, each exactly once.

For every batch that the ledger has not decided on: read, map, judge, then store. Activities go to
the log first, under the batch's name; everything else of a batch is one transaction of the ledger.
Killed anywhere, the next run finds the batch undone and does it again to the same end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np

from accord.agreement import Agreement, stage_of
from accord.errors import SourceError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.batch_rows import read_taken, write_batch
from accord.ledger.record_rows import read_created
from accord.quality import Severity, Surroundings, Verdict, check_batch
from accord.records import Entity
from accord.services.taking import Counts, Taking, batch_row
from accord.services.workspace import Workspace
from accord.sources import (
    Batch,
    Records,
    Sources,
    find_batches,
    map_records,
    read_rows,
    read_sources,
)

_ORDER = (
    Entity.REP,
    Entity.LEAD,
    Entity.HANDOFF,
    Entity.ACTIVITY,
    Entity.TOUCH,
    Entity.DECISION,
    Entity.OPPORTUNITY,
    Entity.SPEND,
)
"""Leads before what is said of them, so that a fact of a lead in the same run finds it."""

_FEWEST_HELD = 100  # rows: a smaller batch is never held for its share of failing rows


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """Counts of rows, and what a person should know.

    ``rows_in`` = ``accepted`` + ``quarantined`` + ``duplicates`` + ``held``; ``flagged`` rows are
    taken. ``findings`` are batches held, ``errors`` files of which nothing could be taken.
    """

    batches: int = 0
    rows_in: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    held: int = 0
    flagged: int = 0
    findings: tuple[Finding, ...] = ()
    errors: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What a run has come to so far."""

    counts: list[Counts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)

    def result(self) -> IngestResult:
        names = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
        return IngestResult(
            batches=len(self.counts),
            findings=tuple(self.findings),
            errors=tuple(self.errors),
            **{name: sum(getattr(one, name) for one in self.counts) for name in names},
        )


def run_ingest(
    workspace: Workspace, *, as_of: datetime, sources: Sources | None = None
) -> IngestResult:
    """Take every batch that is new, whole or not at all.

    Without ``sources`` those of the settings' file are read. A file that cannot be read is an
    error of the result and nothing of it is taken; the others go on. SourceError if the sources
    themselves are at fault, LeaseHeldError if another process ingests.
    """
    if sources is None:
        sources = read_sources(workspace.settings.sources, os.environ)
    tally = _Tally()
    with workspace.ledger.lease("ingest"):
        agreement = workspace.agreement(as_of)
        for batch in _new_batches(workspace, sources, tally):
            try:
                records = map_records(
                    read_rows(batch), batch.source, stage_of=partial(stage_of, agreement)
                )
            except SourceError as error:
                tally.errors.append(_as_finding(error))
                continue
            _take(workspace, batch, records, agreement=agreement, as_of=as_of, tally=tally)
    return tally.result()


def _new_batches(workspace: Workspace, sources: Sources, tally: _Tally) -> Iterator[Batch]:
    """Find the batches that the ledger has not decided on, in the order of entities."""
    found: dict[str, Batch] = {}  # two files of one content are one batch
    for source in sorted(sources.sources, key=lambda one: _ORDER.index(one.entity)):
        for batch in find_batches(source):
            if isinstance(batch, SourceError):
                tally.errors.append(_as_finding(batch))
            else:
                found.setdefault(batch.batch_id, batch)
    with workspace.ledger.read() as connection:
        taken = read_taken(connection, list(found))
    yield from (batch for batch_id, batch in found.items() if batch_id not in taken)


def _as_finding(error: SourceError) -> Finding:
    expected = f"; expected {error.expected}" if error.expected else ""
    return Finding(
        rule="ingest.unreadable",
        subject=error.where,
        sentence=f"{error.found}{expected}; nothing of it is taken.",
        remedy=f"{error.remedy[:1].upper()}{error.remedy[1:]}." if error.remedy else "",
    )


def _take(
    workspace: Workspace,
    batch: Batch,
    records: Records,
    *,
    agreement: Agreement,
    as_of: datetime,
    tally: _Tally,
) -> None:
    """Judge one batch and store what follows."""
    verdict = _judge(workspace, batch, records, agreement=agreement, as_of=as_of)
    reach("ingest.after_quality")
    failing = verdict.positions(Severity.QUARANTINE)
    limit = agreement.quality.hold_batch_above
    total = len(records.frame)
    if total >= _FEWEST_HELD and len(failing) > limit * total:
        counts = _hold(workspace, batch, total, as_of=as_of)
        tally.findings.append(_held(batch, len(failing), total))
    else:
        passed = np.setdiff1d(np.arange(total, dtype=np.int64), failing, assume_unique=True)
        taking = Taking(
            batch=batch, records=records, verdict=verdict, agreement=agreement, as_of=as_of
        )
        counts = taking.store(workspace, passed)
    tally.counts.append(counts)


def _judge(
    workspace: Workspace, batch: Batch, records: Records, *, agreement: Agreement, as_of: datetime
) -> Verdict:
    entity = batch.source.entity
    created = {}
    if entity is not Entity.LEAD and "lead_id" in records.frame.columns:
        lead_ids = records.frame["lead_id"].dropna().unique().tolist()
        with workspace.ledger.read() as connection:
            created = read_created(connection, lead_ids)
    around = Surroundings(
        as_of=as_of,
        lead_created_at=created,
        reasons={str(name): words for name, words in agreement.sla.reasons.items()},
        teams=frozenset(agreement.teams),
        calendars=frozenset(agreement.calendars),
        steps=_steps(agreement),
    )
    return check_batch(entity, records.frame, records.faults, around=around)


def _steps(agreement: Agreement) -> tuple[str, ...]:
    return tuple(step for terms in agreement.stages.values() for step in terms.steps)


def _hold(workspace: Workspace, batch: Batch, total: int, *, as_of: datetime) -> Counts:
    counts = Counts(rows_in=total, held=total)
    row = batch_row(batch, counts, status="held", as_of=as_of)
    with workspace.ledger.begin() as connection:
        write_batch(connection, row, set_aside=(), flags=())
    return counts


def _held(batch: Batch, failing: int, total: int) -> Finding:
    return Finding(
        rule="ingest.batch_held",
        subject=batch.place,
        sentence=f"{failing} of {total} rows fail; the whole batch is held, nothing is taken.",
        remedy="Correct the file or its mapping; what changed is a new batch.",
    )
