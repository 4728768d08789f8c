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

from accord.killpoints import reach
from accord.log.columns import EMPTY, KEY, READ_COLUMNS, ROW_NUMBER, to_log_rows
from accord.log.engine import connect
from accord.log.erasing import count_rows, erase_rows, find_quoting
from accord.log.large import LargeBatch
from accord.log.staging import Staging
from accord.log.storage import Storage

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
        self._folder = folder
        self._connection: Any = None

    @classmethod
    def open(cls, uri: str, *, storage_options: Mapping[str, str] | None = None) -> ActivityLog:
        """Open the log at a folder or object-storage URI; costs nothing until it is used.

        The table is made by the first append. ``storage_options`` go to Delta Lake as they are.
        """
        folder = _local_folder(uri)
        return cls(Storage(str(folder or uri), storage_options), folder=folder)

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
        The caller holds the ingest lease: two appends at once could both land.
        """
        rows = to_log_rows(table, batch_id=batch_id, taken_at=taken_at)
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
        large = LargeBatch(self.connection, staged, without=without)
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
    ) -> Any:
        """Read activities as a lazy DuckDB relation on :attr:`connection`, in no order.

        Columns: activity_id, lead_id, kind, occurred_us, detail, taken_us. Both bounds of time are
        inclusive. None means all; an empty list of leads or kinds means none. Files outside the
        bounds are not opened. A log without a table gives an empty relation of these columns.
        """
        relation = self._scan(from_us, until_us).select(*READ_COLUMNS)
        for bound, sign in ((from_us, ">="), (until_us, "<=")):
            if bound is not None:
                relation = relation.filter(f"occurred_us {sign} {int(bound)}")
        for column, wanted in (("lead_id", lead_ids), ("kind", kinds)):
            if wanted is not None:
                keys = pa.table({column: pa.array(wanted, pa.string())})
                relation = relation.join(self.connection.from_arrow(keys), column, how="semi")
        return relation

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

    def count_of(self, lead_ids: Sequence[str]) -> dict[str, int]:
        """Return how many activities of these leads each batch has in the log."""
        return count_rows(self._scan(None, None), self.connection, lead_ids)

    def count_quoting(self, quoted: Sequence[str], *, besides: Sequence[str]) -> int:
        """Return how many different details hold one of these texts, but for those leads' own."""
        keys = self.connection.from_arrow(pa.table({"lead_id": pa.array(besides, pa.string())}))
        others = self._scan(None, None).join(keys, "lead_id", how="anti")
        return len(find_quoting(others, self.connection, quoted))

    def erase(self, lead_ids: Sequence[str], *, quoted: Sequence[str] = ()) -> int:
        """Take all activities of these leads out, and details of others that hold a quoted text.

        Files that hold them are rewritten, what they replace is deleted, with the table's history.
        Returns how many details of others were emptied. As with :meth:`compact`, nobody may read
        or append meanwhile; killed anywhere, it is done by doing it again.
        """
        details = find_quoting(self._scan(None, None), self.connection, quoted)
        erase_rows(self._storage, lead_ids, details)
        return len(details)

    def close(self) -> None:
        """Give back the DuckDB connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _scan(self, from_us: int | None, until_us: int | None) -> Any:
        files = [file for file in self._storage.files() if file.overlaps(from_us, until_us)]
        if not files:
            return self.connection.from_arrow(EMPTY)
        if self._folder is None:  # DuckDB reaches object storage only by an extension
            return self.connection.from_arrow(self._storage.dataset())
        paths = [str(self._folder / unquote(file.path)) for file in files]
        return self.connection.read_parquet(paths, hive_partitioning=False)

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


def _local_folder(uri: str) -> Path | None:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).absolute()
    return None if "://" in uri else Path(uri).absolute()
