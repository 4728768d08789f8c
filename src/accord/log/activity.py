"""The activity log: append exactly once, read by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.errors import InputError
from accord.killpoints import reach
from accord.log.columns import EMPTY, KEY, READ_COLUMNS, ROLLUP_SCHEMA, ROW_NUMBER, to_log_rows
from accord.log.cut import Cut
from accord.log.engine import connect
from accord.log.erasing import count_rows, erase_rows, find_quoting
from accord.log.large import LargeBatch
from accord.log.reading import bounds, lead_keys, narrowed
from accord.log.staging import Staging
from accord.log.storage import LogFile, Storage
from accord.log.stored import Head, StoredRollup
from accord.records import to_us

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of a batch: rows that are now in the log by it, rows that were there already."""

    accepted: int
    duplicates: int


class ActivityLog:
    """Every activity once; key: activity_id and the instant it occurred.

    One a process: it keeps the table and one DuckDB connection open. The relations that it gives
    belong to that connection, and are good until the next :meth:`compact`.
    """

    def __init__(self, storage: Storage, *, folder: Path | None) -> None:
        self._storage = storage
        self._rollup = StoredRollup(storage.uri, storage.options, folder=folder)
        self._folder = folder
        self._connection: Any = None

    @classmethod
    def open(cls, uri: str, *, storage_options: Mapping[str, str] | None = None) -> ActivityLog:
        """Open the log at a folder or object-storage URI; costs nothing until it is used.

        The table is made by the first append. ``storage_options`` go to Delta Lake as they are.
        """
        folder = _local_folder(uri)
        return cls(Storage(str(folder or uri), storage_options), folder=folder)

    def on(self, connection: Any) -> ActivityLog:
        """Return this log as read by another connection: the relations of its reads belong there.

        The connection stays its owner's, who closes it after them.
        """
        log = ActivityLog(self._storage, folder=self._folder)
        log._connection = connection
        return log

    @property
    def connection(self) -> Any:
        """The log's own DuckDB connection: queries over its relations run here."""
        if self._connection is None:
            self._connection = connect()
        return self._connection

    @property
    def version(self) -> int | None:
        """The newest version of the table's storage, None before the first append."""
        return self._storage.version

    def append(self, table: pa.Table, *, batch_id: str, taken_at: datetime) -> Appended:
        """Take a batch exactly once, however often it is offered or killed half-way.

        ``table`` has activity_id, lead_id, kind, occurred_us (BIGINT, microseconds UTC) and maybe
        detail. Rows whose key is in the log, or earlier in the batch, are duplicates. For a batch
        whose transaction is in the log the counts are those of the first time; a row of it that is
        not there yet (it was refused then, as one of the future may be) is taken now.
        The caller holds the ingest lease: two appends at once could both land. Rows are known as
        taken at ``taken_at``, or just after the cut of the stored rollup, which never holds what is
        taken after it.
        """
        rows = to_log_rows(table, batch_id=batch_id, taken_us=self._taken_us(taken_at))
        held = self._storage.holds_batch(batch_id)
        fresh = self._without_known(_without_repeats(rows))
        reach("log.before_append")
        if fresh.num_rows:
            self._storage.append(fresh, batch_id=batch_id)
        reach("log.after_append")
        if fresh.num_rows:
            self._storage.merge_small()
        accepted = fresh.num_rows
        if held and rows.num_rows:
            accepted = self._count_batch(_span(rows), batch_id)
        return Appended(accepted=accepted, duplicates=rows.num_rows - accepted)

    def append_staged(self, staged: Staging, *, without: Positions) -> Appended:
        """Take a staged batch exactly once, as :meth:`append` does, without the rows so numbered.

        A batch of one piece is a table in memory. The files of a larger one become files of the
        log, in memory that does not grow with it.
        """
        staged.survey()  # no piece comes after this
        if not staged.files:
            table = staged.table
            if table is None:
                return Appended(accepted=0, duplicates=0)
            if len(without):
                table = table.filter(pc.invert(pc.is_in(table[ROW_NUMBER], pa.array(without))))
            return self.append(table, batch_id=staged.batch_id, taken_at=staged.taken_at)
        held = self._storage.holds_batch(staged.batch_id)
        taken_us = self._taken_us(staged.taken_at)
        large = LargeBatch(self.connection, staged, without=without, taken_us=taken_us)
        span = large.span()
        kept = large.kept(self._keys_within(span) if span else None)
        reach("log.before_append")
        if kept:
            self._storage.append_files(kept, batch_id=staged.batch_id, folder=self._folder)
        reach("log.after_append")
        accepted = sum(file.rows for file in kept)
        if held and span:
            accepted = self._count_batch(span, staged.batch_id)
        return Appended(accepted=accepted, duplicates=staged.rows - len(without) - accepted)

    def read(
        self,
        *,
        lead_ids: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        from_us: int | None = None,
        until_us: int | None = None,
        known_us: int | None = None,
    ) -> Any:
        """Read activities as a lazy DuckDB relation on :attr:`connection`, in no order.

        Columns: activity_id, lead_id, kind, occurred_us, detail, taken_us. The bounds of time are
        inclusive, ``known_us`` is one of the taking. None means all; an empty list of leads or
        kinds means none. Files outside the bounds are not opened. A log without a table gives an
        empty relation of these columns.
        """
        files = [file for file in self._files(from_us, until_us) if file.was_known(known_us)]
        limits = bounds("occurred_us", least=from_us, most=until_us)
        limits += bounds("taken_us", most=known_us)
        relation = self._rows_of(files, limits)
        return narrowed(relation, self.connection, lead_ids=lead_ids, kinds=kinds)

    @property
    def cut(self) -> Cut | None:
        """What the stored rollup holds now, None if nothing is stored.

        Looking at it takes the newest version; :attr:`stored_half_lives`, :meth:`read_rollup` and
        :meth:`read_tail` are of the version last looked at, so that they belong together.
        """
        head = self._rollup.head()
        return None if head is None else head.cut

    @property
    def stored_half_lives(self) -> Mapping[str, float]:
        """By kind, the half-life in microseconds that its stored rows were built with."""
        head = self._rollup.seen_head()
        return {} if head is None else head.half_lives

    def read_rollup(
        self, *, lead_ids: Sequence[str] | None = None, kinds: Sequence[str] | None = None
    ) -> Any:
        """Read the stored rollup as a lazy DuckDB relation on :attr:`connection`, in no order.

        Columns and grain as :func:`accord.scoring.roll_up` gives them. None means all, an empty
        list none. Where nothing is stored, an empty relation of these columns.
        """
        relation = self._rollup.read(self.connection)
        if relation is None:
            return self.connection.from_arrow(ROLLUP_SCHEMA.empty_table())
        return narrowed(relation, self.connection, lead_ids=lead_ids, kinds=kinds)

    def read_tail(
        self,
        *,
        lead_ids: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        until_us: int | None = None,
    ) -> Any:
        """Read the activities that the stored rollup does not hold, as :meth:`read` gives them.

        They occurred after its cut or were taken after it: without a stored rollup, all. Only files
        that may hold such are opened.
        """
        head = self._rollup.seen_head()
        if head is None:
            return self.read(lead_ids=lead_ids, kinds=kinds, until_us=until_us)
        files = [file for file in self._files(None, until_us) if file.reaches_beyond(head.cut)]
        limits = [head.cut.beyond, *bounds("occurred_us", most=until_us)]
        relation = self._rows_of(files, limits)
        return narrowed(relation, self.connection, lead_ids=lead_ids, kinds=kinds)

    def write_rollup(self, relation: Any, *, cut: Cut, half_lives: Mapping[str, float]) -> int:
        """Store a rollup in the place of the one before, whole or not at all; returns its rows.

        ``relation``, on :attr:`connection`, has one row a lead and kind, and may read the one
        before. ``half_lives`` names every kind of it. The caller holds the leases of ingest and
        score; the replaced file stays until the next :meth:`compact`.
        """
        return self._rollup.replace(relation, Head(cut=cut, half_lives=half_lives))

    def count_by_batch(self) -> dict[str, int]:
        """Return how many activities each batch has in the log."""
        relation = self._scan(None, None)
        if "batch_id" not in relation.columns:
            return {}
        return dict(relation.aggregate("batch_id, count(*)", "batch_id").fetchall())

    def count_doubled(self) -> int:
        """Return how many activities stand in the log more than once; none, if all is well."""
        key = ", ".join(KEY)
        counted = self._scan(None, None).aggregate(f"{key}, count(*) AS times", key)
        return int(counted.filter("times > 1").aggregate("count(*)").fetchall()[0][0])

    def compact(self) -> None:
        """Merge small files and delete those replaced; content and later reads stay the same.

        Relations read before it can no longer be used, in any process: run it when no stage reads,
        under the leases of ingest and score.
        """
        self._storage.compact()
        self._rollup.tidy(unnamed=True)

    def count_of(self, lead_ids: Sequence[str]) -> dict[str, int]:
        """Return how many activities of these leads each batch has in the log."""
        return count_rows(self._scan(None, None), self.connection, lead_ids)

    def count_quoting(self, quoted: Sequence[str], *, besides: Sequence[str]) -> int:
        """Return how many different details hold one of these texts, but for those leads' own."""
        keys = self.connection.from_arrow(lead_keys(besides))
        others = self._scan(None, None).join(keys, "lead_id", how="anti")
        return len(find_quoting(others, self.connection, quoted))

    def erase(self, lead_ids: Sequence[str], *, quoted: Sequence[str] = ()) -> int:
        """Take all activities of these leads out, and details of others that hold a quoted text.

        Files that hold them are rewritten, what they replace is deleted, with the table's history;
        the rows of these leads go from the stored rollup too, whose cut stays. Returns how many
        details of others were emptied. As with :meth:`compact`, nobody may read or append
        meanwhile; killed anywhere, it is done by doing it again.
        """
        details = find_quoting(self._scan(None, None), self.connection, quoted)
        erase_rows(self._storage, lead_ids, details)
        reach("log.after_erase")
        self._rollup.erase(self.connection, lead_keys(lead_ids))
        return len(details)

    def close(self) -> None:
        """Give back the DuckDB connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _taken_us(self, taken_at: datetime) -> int:
        """Return when rows taken now count as taken: always after the cut, whatever the clock."""
        cut = self.cut
        at = to_us(taken_at)
        return at if cut is None else max(at, cut.taken_us + 1)

    def _files(self, from_us: int | None, until_us: int | None) -> list[LogFile]:
        return [file for file in self._storage.files() if file.overlaps(from_us, until_us)]

    def _scan(self, from_us: int | None, until_us: int | None) -> Any:
        return self._scan_files(self._files(from_us, until_us))

    def _scan_files(self, files: Sequence[LogFile]) -> Any:
        if not files:
            return self.connection.from_arrow(EMPTY)
        paths = [file.path for file in files]
        return self._storage.scan(self.connection, paths, folder=self._folder)

    def _rows_of(self, files: Sequence[LogFile], conditions: Sequence[str]) -> Any:
        """Return the activities of these files that meet every condition."""
        if not files:
            return self.connection.from_arrow(EMPTY)
        relation = self._scan_files(files)
        if conditions:
            relation = relation.filter(" AND ".join(conditions))
        return relation.select(*READ_COLUMNS)

    def _keys_within(self, span: tuple[int, int]) -> Any | None:
        """Return the keys of the files that reach into a span, None if no file does."""
        if not any(file.overlaps(*span) for file in self._storage.files()):
            return None
        return self._scan(*span).select(*KEY)

    def _count_batch(self, span: tuple[int, int], batch_id: str) -> int:
        relation = self._scan(*span)
        if "batch_id" not in relation.columns:  # every file of it is gone
            return 0
        by_batch = self.connection.from_arrow(pa.table({"batch_id": [batch_id]}))
        counted = relation.join(by_batch, "batch_id", how="semi").aggregate("count(*)")
        return int(counted.fetchall()[0][0])

    def _without_known(self, rows: pa.Table) -> pa.Table:
        """Leave out rows whose key is in the log; only files within their span are read."""
        if not rows.num_rows:
            return rows
        known = self._scan(*_span(rows)).select(*KEY)
        left = self.connection.from_arrow(_keys(rows)).join(known, ", ".join(KEY), how="anti")
        return rows.take(left.select("place").order("place").to_arrow_table().column("place"))


def _without_repeats(rows: pa.Table) -> pa.Table:
    """Keep the first row of each key."""
    first = _keys(rows).group_by(list(KEY)).aggregate([("place", "min")]).column("place_min")
    if len(first) == rows.num_rows:
        return rows
    return rows.take(first.take(pc.sort_indices(first)))


def _keys(rows: pa.Table) -> pa.Table:
    """Return the keys of the rows, each with its place among them."""
    places = pa.array(np.arange(rows.num_rows, dtype=np.int64))
    return rows.select(list(KEY)).append_column("place", places)


def _span(rows: pa.Table) -> tuple[int, int]:
    bounds = pc.min_max(rows.column("occurred_us")).as_py()
    return bounds["min"], bounds["max"]


_MISREAD = "[]^*?%"


def _local_folder(uri: str) -> Path | None:
    """Return the folder that a URI names, None if it is elsewhere; refuse one that engines misread.

    They take a folder's name for a pattern or for percent-encoded, and would read another's files.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file" and "://" in uri:
        return None
    folder = Path(unquote(parts.path) if parts.scheme == "file" else uri).absolute()
    if found := sorted(set(str(folder)) & set(_MISREAD)):
        raise InputError(
            where=str(folder),
            found=f"has {' '.join(found)} in its name",
            expected=f"a folder for the activity log without any of {_MISREAD}",
            remedy="choose another home folder: ACCORD_HOME",
        )
    return folder
