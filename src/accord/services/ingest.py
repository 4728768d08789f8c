"""The stage ``ingest``: batches of sources become records, each exactly once.

For every batch that the ledger has not decided on: read, map, judge, then store
(:mod:`accord.services.taking`). Files are found by content; systems that are pulled are read from
where the last run left off.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby

from accord.errors import FileInMotionError, SourceError
from accord.findings import Finding
from accord.ledger.batch_rows import read_places, read_taken
from accord.records import Entity
from accord.services.pull import pulled_batches
from accord.services.taking import Counts, Taken, offer_of, take_each
from accord.services.workspace import Workspace
from accord.sources import (
    Batch,
    Source,
    Sources,
    find_batches,
    kept_hashes,
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

_NOTHING = "nothing of it is taken"
_GOES_ON = "what was read before it is taken, the next run goes on from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """Counts of rows, and what a person should know.

    ``rows_in`` = ``accepted`` + ``quarantined`` + ``duplicates`` + ``held``; ``flagged`` rows are
    taken. ``findings`` are batches held and rules about batches that failed, ``errors`` files of
    which nothing could be taken, ``notes`` what is no fault: a file that replaces another, or that
    is still being written.
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
    notes: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What a run has come to so far."""

    counts: list[Counts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        if taken.status != "known":
            self.counts.append(taken.counts)
            self.findings.extend(taken.findings)

    def refuse(self, error: SourceError, *, left: str = _NOTHING) -> None:
        """Note what could not be taken; a file that is still being written is no fault."""
        if isinstance(error, FileInMotionError):
            self.notes.append(_as_finding(error, rule="ingest.in_motion", left=left))
        else:
            self.errors.append(_as_finding(error, rule="ingest.unreadable", left=left))

    def result(self) -> IngestResult:
        names = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
        return IngestResult(
            batches=len(self.counts),
            findings=tuple(self.findings),
            errors=tuple(self.errors),
            notes=tuple(self.notes),
            **{name: sum(getattr(one, name) for one in self.counts) for name in names},
        )


def run_ingest(
    workspace: Workspace, *, as_of: datetime, sources: Sources | None = None
) -> IngestResult:
    """Take every batch that is new, whole or not at all.

    Without ``sources`` those of the settings' file are read. A file that cannot be read, or a
    system that does not answer, is an error of the result and nothing of it is taken; the others go
    on. SourceError if the sources themselves are at fault, LeaseHeldError if another process
    ingests.
    """
    if sources is None:
        sources = read_sources(workspace.settings.sources, os.environ)
    tally = _Tally()
    hashes = kept_hashes(workspace.settings.hashes_path)
    with workspace.ledger.lease("ingest"), hashes:
        for taken in _taken(workspace, sources, tally, as_of=as_of):
            if isinstance(taken, SourceError):
                tally.refuse(taken)
            else:
                tally.add(taken)
    return tally.result()


def _taken(
    workspace: Workspace, sources: Sources, tally: _Tally, *, as_of: datetime
) -> Iterator[Taken | SourceError]:
    """Take the batches that the ledger has not decided on, in the order of entities.

    All files are found before the first is taken; systems are pulled in their entity's turn, each
    batch taken before the next is asked for.
    """
    agreement = workspace.agreement(as_of)
    ordered = sorted(sources.sources, key=lambda one: _ORDER.index(one.entity))
    found = _new_files(workspace, ordered, tally, as_of=as_of)
    for pulled, group in groupby(ordered, key=lambda one: one.is_pulled):
        if not pulled:
            batches = chain.from_iterable(found.get(source.name, ()) for source in group)
            offers = map(offer_of, batches)
            yield from take_each(workspace, offers, agreement=agreement, as_of=as_of)
            continue
        for source in group:
            for offered in pulled_batches(workspace, source, as_of=as_of):
                if isinstance(offered, SourceError):
                    tally.refuse(offered, left=_GOES_ON)
                else:
                    yield from take_each(workspace, [offered], agreement=agreement, as_of=as_of)


def _new_files(
    workspace: Workspace, ordered: Iterable[Source], tally: _Tally, *, as_of: datetime
) -> dict[str, list[Batch]]:
    """Find the new batches of files by source; two files of one content are one batch."""
    found: dict[str, Batch] = {}
    for source in ordered:
        if source.is_pulled:
            continue
        for batch in find_batches(source, as_of=as_of):
            if isinstance(batch, SourceError):
                tally.refuse(batch)
            else:
                found.setdefault(batch.batch_id, batch)
    with workspace.ledger.read() as connection:
        taken = read_taken(connection, list(found))
        fresh = [batch for batch_id, batch in found.items() if batch_id not in taken]
        seen = read_places(connection, [batch.place for batch in fresh])
    tally.notes.extend(_replaced(batch) for batch in fresh if batch.place in seen)
    by_source: dict[str, list[Batch]] = {}
    for batch in fresh:
        by_source.setdefault(batch.source.name, []).append(batch)
    return by_source


def _replaced(batch: Batch) -> Finding:
    return Finding(
        rule="ingest.replaced",
        subject=batch.place,
        sentence="has been taken before with other content or another mapping; what is new of it "
        "is taken now, what the ledger knows already repeats.",
    )


def _as_finding(error: SourceError, *, rule: str, left: str) -> Finding:
    expected = f"; expected {error.expected}" if error.expected else ""
    return Finding(
        rule=rule,
        subject=error.where,
        sentence=f"{error.found}{expected}; {left}.",
        remedy=f"{error.remedy[:1].upper()}{error.remedy[1:]}." if error.remedy else "",
    )
