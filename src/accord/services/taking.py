"""Taking one batch, whole or not at all: the single way in for files, pulled pages and releases.

Rows are judged piece by piece. If the batch is not to be held, activities go to the log first,
under the batch's name; all the rest is one transaction of the ledger, and with it the batch is
taken. Killed anywhere, the next run takes the same batch to the same end.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection

from accord.agreement import Agreement, stage_of
from accord.errors import AccordError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.batch_rows import add_pending, read_taken, write_batch
from accord.ledger.quality_rows import forget_held, is_held, write_results
from accord.log import Staging, open_staging
from accord.records import Entity
from accord.services.ahead import ahead
from accord.services.erased import erased_among
from accord.services.judging import Conclusion, Judge
from accord.services.known_leads import KnownLeads
from accord.services.set_aside import SetAside
from accord.services.storing import NEEDS, store_records, to_log_table
from accord.services.workspace import Workspace
from accord.sources import Batch, Records, Rows, map_records, read_pieces, read_rows

_AT_ONCE = 1_000_000  # rows of a piece
_OBJECTS_APART = 500_000
_FEWEST_HELD = 100  # rows: a smaller batch is never held for its share of failing rows

Also = Callable[[Connection], None]
Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The rows of one batch, by what became of them."""

    rows_in: int
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    held: int = 0
    flagged: int = 0

    def check(self, batch: Batch) -> None:
        """Hold law L1: no row is lost, none is counted twice."""
        if self.rows_in != self.accepted + self.quarantined + self.duplicates + self.held:
            raise AccordError(
                f"{batch.place}: rows in do not add up (L1): {self}; nothing is taken"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a batch; ``known`` means that the ledger had decided on it before."""

    status: Literal["taken", "held", "known"]
    counts: Counts
    findings: tuple[Finding, ...] = ()


def take(  # noqa: PLR0913 - one way in for all, told apart by keywords
    workspace: Workspace,
    batch: Batch,
    pieces: Iterable[Rows],
    *,
    agreement: Agreement,
    as_of: datetime,
    also: Also | None = None,
    accepted: bool = False,
) -> Taken:
    """Judge and store a batch; ``also`` runs in the transaction that says what became of it.

    ``accepted``: a person lets it in. Nothing holds it, and one that was held is taken now.
    The caller holds the lease ``ingest``. SourceError if a piece cannot be read or mapped: nothing
    of the batch is taken then.
    """
    with workspace.ledger.read() as connection:
        known = bool(read_taken(connection, [batch.batch_id]))
        waits = accepted and is_held(connection, batch.batch_id)
    if known and not waits:
        if also is not None:
            with workspace.ledger.begin() as connection:
                also(connection)
        return Taken(status="known", counts=Counts(rows_in=0))
    with open_staging(workspace.settings.staging_path) as staging, _rarely_collecting():
        taking = _Taking(
            workspace,
            batch,
            agreement=agreement,
            as_of=as_of,
            staging=staging,
            accepted=accepted,
        )
        for records in ahead(taking.prepare(pieces)):
            taking.look(records)
        return taking.decide(also)


def pieces_of(batch: Batch) -> Iterable[Rows]:
    """Read a batch's rows in the pieces that it is judged in.

    What the ledger keeps is judged whole: it is far less than the activities.
    """
    if batch.source.entity is Entity.ACTIVITY:
        return read_pieces(batch, at_once=_AT_ONCE)
    return (read_rows(batch),)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Let Python look for cycles only now and then: a million rows are millions of plain values.

    Looking at them again and again is a quarter of the time that a large batch takes.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_APART, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Taking:
    """One batch between its first piece and its end."""

    def __init__(
        self,
        workspace: Workspace,
        batch: Batch,
        *,
        agreement: Agreement,
        as_of: datetime,
        staging: Staging,
        accepted: bool,
    ) -> None:
        self._workspace = workspace
        self._accepted = accepted
        self._batch = batch
        self._entity = batch.source.entity
        self._agreement = agreement
        self._as_of = as_of
        self._staging = staging
        self._judge = Judge(
            workspace,
            batch.source,
            agreement=agreement,
            as_of=as_of,
            known_leads=KnownLeads(workspace.ledger, workspace.log),
            accepted=accepted,
        )
        self._kept: list[Records] = []
        self._aside = SetAside(self._entity)
        self._rows = 0

    def prepare(self, pieces: Iterable[Rows]) -> Iterator[Records]:
        """Bring pieces into canonical records; activities wait in the staging from here on.

        Rows that fail wait there too: which do is known by their numbers, at the end.
        """
        stages = partial(stage_of, self._agreement)
        source = self._batch.source
        for records in ahead(map_records(piece, source, stage_of=stages) for piece in pieces):
            if self._entity is Entity.ACTIVITY:
                self._staging.add(to_log_table(records))
            yield records

    def look(self, records: Records) -> None:
        """Judge one piece, and keep of it what may be needed later."""
        verdict = self._judge.look(records)
        self._rows += len(records.frame)
        self._aside.add(records, verdict, erased=self._erased(records))
        if self._entity is not Entity.ACTIVITY:
            self._kept.append(records)
        reach("ingest.after_piece")

    def _erased(self, records: Records) -> np.ndarray[Any, np.dtype[np.bool_]]:
        if "lead_id" not in records.frame.columns:
            return np.zeros(len(records.frame), dtype=np.bool_)
        with self._workspace.ledger.read() as connection:
            return erased_among(connection, records.frame)

    def decide(self, also: Also | None) -> Taken:
        """Hold the batch, or store what passed."""
        conclusion = self._judge.conclude()
        reach("ingest.after_quality")
        failing = self._aside.settle(conclusion.tolerated)
        erased = self._aside.count_erased()
        bad = len(failing) - erased
        share = not self._accepted and self._is_too_bad(bad, self._rows - erased)
        if share or conclusion.hold:
            return self._hold(conclusion, bad if share else None, also)
        return self._store(conclusion, failing, also)

    def _is_too_bad(self, failing: int, rows: int) -> bool:
        return rows >= _FEWEST_HELD and failing > self._agreement.quality.hold_batch_above * rows

    def _hold(self, conclusion: Conclusion, failing: int | None, also: Also | None) -> Taken:
        """Take nothing: every row counts as held."""
        counts = Counts(rows_in=self._rows, held=self._rows)
        findings = list(conclusion.findings)
        if failing is not None:
            findings.append(_held(self._batch, failing, self._rows))
        with self._workspace.ledger.begin() as connection:
            self._write(connection, "held", counts, conclusion)
            if also is not None:
                also(connection)
        return Taken(status="held", counts=counts, findings=tuple(findings))

    def _store(self, conclusion: Conclusion, failing: Positions, also: Also | None) -> Taken:
        """Store what passed: activities in the log, then all else in one transaction."""
        appended, leads = None, []
        if self._entity is Entity.ACTIVITY:
            leads = self._workspace.log.leads_of(self._staging)
            appended = self._workspace.log.append_staged(
                self._staging,
                without=failing,
                batch_id=self._batch.batch_id,
                taken_at=self._as_of,
            )
        with self._workspace.ledger.begin() as connection:
            if appended is not None:
                accepted, taken_rows = appended.accepted, None
                add_pending(connection, NEEDS[self._entity], leads)
            else:
                taken_rows = store_records(
                    connection,
                    self._batch,
                    self._kept,
                    failing,
                    agreement=self._agreement,
                    as_of=self._as_of,
                )
                accepted = len(taken_rows)
            counts = self._count(accepted, len(failing), taken_rows)
            self._write(connection, "taken", counts, conclusion)
            self._aside.write(connection, self._batch, taken_rows, at=self._as_of)
            if also is not None:
                also(connection)
            reach("ingest.before_commit")
        reach("ingest.after_commit")
        return Taken(status="taken", counts=counts, findings=conclusion.findings)

    def _count(self, accepted: int, failing: int, taken_rows: Positions | None) -> Counts:
        counts = Counts(
            rows_in=self._rows,
            accepted=accepted,
            quarantined=failing,
            duplicates=self._rows - failing - accepted,
            flagged=self._aside.count_flagged(taken_rows),
        )
        counts.check(self._batch)
        return counts

    def _write(
        self, connection: Connection, status: str, counts: Counts, conclusion: Conclusion
    ) -> None:
        row = {
            "batch_id": self._batch.batch_id,
            "source": self._batch.source.name,
            "entity": self._entity.value,
            "place": self._batch.place,
            "taken_at": self._as_of,
            "status": status,
            **asdict(counts),
            "profile": dict(conclusion.profile) or None,
        }
        if self._accepted:
            forget_held(connection, self._batch.batch_id)
        write_batch(connection, row)
        write_results(connection, self._batch.batch_id, conclusion.results)


def _held(batch: Batch, failing: int, total: int) -> Finding:
    return Finding(
        rule="ingest.batch_held",
        subject=batch.place,
        sentence=f"{failing} of {total} rows fail; the whole batch is held, nothing is taken.",
        remedy="Correct the file or its mapping; what changed is a new batch.",
    )
