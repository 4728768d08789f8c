"""One batch between its first piece and its end: judged piece by piece, taken whole or not at all.

:meth:`OneBatch.look` needs nothing of the batch before but the leads that it brings, so it runs
while that one is still being stored. :meth:`OneBatch.end` stores: activities go to the log first,
under the batch's name; all the rest is one transaction of the ledger, and with it the batch is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from accord.agreement import Agreement, stage_of
from accord.errors import AccordError, SourceError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.batch_rows import add_pending, read_taken, write_batch
from accord.ledger.quality_rows import forget_held, is_held, write_results
from accord.log import Staging
from accord.records import Entity
from accord.services.ahead import ahead
from accord.services.erased import erased_among
from accord.services.judging import Conclusion, Judge
from accord.services.known_leads import Arriving, KnownLeads
from accord.services.set_aside import SetAside
from accord.services.storing import NEEDS, store_records, to_log_table
from accord.services.workspace import Workspace
from accord.sources import Batch, Records, Rows, map_records

_MANY = 100_000  # rows of the ledger, from which on it may take more memory
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


class OneBatch:
    """A batch on its way in: :meth:`look` at it, then :meth:`end`; neither twice.

    ``before`` are the leads of a batch that may not be stored yet when this one is looked at.
    """

    def __init__(  # noqa: PLR0913 - told apart by keywords
        self,
        workspace: Workspace,
        batch: Batch,
        *,
        agreement: Agreement,
        as_of: datetime,
        staging: Staging,
        accepted: bool = False,
        before: Arriving | None = None,
    ) -> None:
        self.batch = batch
        self.arriving = Arriving()
        self._workspace = workspace
        self._accepted = accepted
        self._entity = batch.source.entity
        self._agreement = agreement
        self._as_of = as_of
        self._staging = staging
        self._known_leads = KnownLeads(workspace.ledger, before=before)
        self._judge = Judge(
            workspace,
            batch.source,
            agreement=agreement,
            as_of=as_of,
            known_leads=self._known_leads,
            accepted=accepted,
        )
        self._kept: list[Records] = []
        self._aside = SetAside(self._entity)
        self._rows = 0
        self._named = pa.array([], pa.string())  # the leads of activities, and those not known
        self._unknown: list[str] = []
        self._known = False
        self._error: SourceError | None = None
        if self._entity is not Entity.LEAD:
            self.arriving.bring_none()

    def look(self, pieces: Iterable[Rows], *, stopped: Event) -> None:
        """Read and judge all pieces, unless the ledger knows the batch; no more once ``stopped``.

        An error of reading or mapping is kept for :meth:`end`.
        """
        self._known = self._is_known()
        if self._known:
            return
        try:
            for records in ahead(self._prepared(pieces)):
                if stopped.is_set():
                    return
                self._judge_piece(records)
            if self._entity is Entity.ACTIVITY:
                self._named = self._staging.survey().leads
                self._unknown = self._known_leads.unknown_among(self._named)
        except SourceError as error:
            self._error = error

    def _is_known(self) -> bool:
        batch_id = self.batch.batch_id
        with self._workspace.ledger.read() as connection:
            known = bool(read_taken(connection, [batch_id]))
            return known and not (self._accepted and is_held(connection, batch_id))

    def _prepared(self, pieces: Iterable[Rows]) -> Iterator[Records]:
        """Bring pieces into canonical records; activities wait in the staging from here on.

        Rows that fail wait there too: which do is known by their numbers, at the end.
        """
        stages = partial(stage_of, self._agreement)
        source = self.batch.source
        for records in ahead(map_records(piece, source, stage_of=stages) for piece in pieces):
            if self._entity is Entity.ACTIVITY:
                self._staging.add(to_log_table(records))
            yield records

    def _judge_piece(self, records: Records) -> None:
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

    def end(self, also: Also | None) -> Taken:
        """Hold the batch, or store what passed; SourceError if it could not be read or mapped."""
        try:
            if self._error is not None:
                raise self._error
            if self._known or self._is_known():  # the batch before may have been this one
                return self._pass_over(also)
            return self._decide(also)
        finally:
            self.arriving.bring_none()
            self._staging.close()
            self._kept.clear()  # the next batch may be as large

    def _pass_over(self, also: Also | None) -> Taken:
        if also is not None:
            with self._workspace.ledger.begin() as connection:
                also(connection)
        return Taken(status="known", counts=Counts(rows_in=0))

    def _decide(self, also: Also | None) -> Taken:
        conclusion = self._judge.conclude()
        reach("ingest.after_quality")
        failing = self._aside.settle(conclusion.tolerated)
        erased = self._aside.count_erased()
        bad = len(failing) - erased
        share = not self._accepted and self._is_too_bad(bad, self._rows - erased)
        if share or conclusion.hold:
            self.arriving.bring_none()
            return self._hold(conclusion, bad if share else None, also)
        return self._store(conclusion, failing, also)

    def _is_too_bad(self, failing: int, rows: int) -> bool:
        return rows >= _FEWEST_HELD and failing > self._agreement.quality.hold_batch_above * rows

    def _hold(self, conclusion: Conclusion, failing: int | None, also: Also | None) -> Taken:
        """Take nothing: every row counts as held."""
        counts = Counts(rows_in=self._rows, held=self._rows)
        findings = list(conclusion.findings)
        if failing is not None:
            findings.append(_held(self.batch, failing, self._rows))
        with self._workspace.ledger.begin() as connection:
            self._write(connection, "held", counts, conclusion)
            if also is not None:
                also(connection)
        return Taken(status="held", counts=counts, findings=tuple(findings))

    def _store(self, conclusion: Conclusion, failing: Positions, also: Also | None) -> Taken:
        """Store what passed: activities in the log, then all else in one transaction."""
        appended = None
        if self._entity is Entity.ACTIVITY:
            appended = self._workspace.log.append_staged(self._staging, without=failing)
        many = appended is None and self._rows >= _MANY
        with self._workspace.ledger.begin(large=many) as connection:
            if appended is not None:
                accepted, taken_rows = appended.accepted, None
                leads = self._named.to_pylist()
                add_pending(connection, NEEDS[self._entity], leads, unknown=self._unknown)
            else:
                taken_rows = store_records(
                    connection,
                    self.batch,
                    self._kept,
                    failing,
                    agreement=self._agreement,
                    as_of=self._as_of,
                    arriving=self.arriving,
                )
                accepted = len(taken_rows)
            counts = self._count(accepted, len(failing), taken_rows)
            self._write(connection, "taken", counts, conclusion)
            self._aside.write(connection, self.batch, taken_rows, at=self._as_of)
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
        counts.check(self.batch)
        return counts

    def _write(
        self, connection: Connection, status: str, counts: Counts, conclusion: Conclusion
    ) -> None:
        row = {
            "batch_id": self.batch.batch_id,
            "source": self.batch.source.name,
            "entity": self._entity.value,
            "place": self.batch.place,
            "taken_at": self._as_of,
            "status": status,
            **asdict(counts),
            "profile": dict(conclusion.profile) or None,
        }
        if self._accepted:
            forget_held(connection, self.batch.batch_id)
        write_batch(connection, row)
        write_results(connection, self.batch.batch_id, conclusion.results)


def _held(batch: Batch, failing: int, total: int) -> Finding:
    return Finding(
        rule="ingest.batch_held",
        subject=batch.place,
        sentence=f"{failing} of {total} rows fail; the whole batch is held, nothing is taken.",
        remedy="Correct the file or its mapping; what changed is a new batch.",
    )
