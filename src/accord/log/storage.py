"""The Delta table under the log: how batches become files of it, and the span of each file.

Nothing in here knows what an activity means.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from accord.killpoints import reach
from accord.log.columns import FILE_SCHEMA, SCHEMA
from accord.log.cut import Cut
from accord.log.staging import StagedFile
from accord.log.table import FORGETTING, Table

_SMALL_BYTES = 4 * 1024 * 1024
_MANY_FILES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One Parquet file of the table: its path under the root, size, first and last instants.

    ``first_us`` and ``last_us`` are of what occurred, the others of its taking; None is unknown.
    """

    path: str
    month: str
    bytes: int
    first_us: int | None
    last_us: int | None
    first_taken: int | None
    last_taken: int | None

    def overlaps(self, from_us: int | None, until_us: int | None) -> bool:
        """Whether it may hold an instant within the bounds, both inclusive."""
        return not (_is_below(self.last_us, from_us) or _is_below(until_us, self.first_us))

    def was_known(self, known_us: int | None) -> bool:
        """Whether it may hold what was taken by then; always, if None."""
        return not _is_below(known_us, self.first_taken)

    def reaches_beyond(self, cut: Cut) -> bool:
        """Whether it may hold an activity of the tail."""
        covered = (self.last_us, cut.occurred_us), (self.last_taken, cut.taken_us)
        return any(last is None or last > bound for last, bound in covered)


class Storage(Table):
    """The table at a URI; absent until the first append."""

    configuration = MappingProxyType(
        {
            **FORGETTING,
            # A tick appends a small file: a checkpoint every 50 keeps opening in milliseconds.
            "delta.checkpointInterval": "50",
            # Files are pruned by time alone, and statistics of texts would leave ids in the
            # table's history after their rows are erased.
            "delta.dataSkippingStatsColumns": "occurred_us,taken_us",
        }
    )

    def __init__(self, uri: str, options: Mapping[str, str] | None) -> None:
        super().__init__(uri, options)
        self._files: tuple[LogFile, ...] = ()
        self._files_version = -1

    def holds_batch(self, batch_id: str) -> bool:
        """Whether a batch's transaction is in the table."""
        table = self.refresh()
        return table is not None and table.transaction_version(batch_id) is not None

    def files(self) -> tuple[LogFile, ...]:
        """Return the files of the newest version, in the order of their paths."""
        table = self.refresh()
        if table is None:
            return ()
        if self._files_version != table.version():
            self._files = _files_of(table)
            self._files_version = table.version()
        return self._files

    def append(self, rows: pa.Table | pa.RecordBatchReader, *, batch_id: str) -> None:
        """Append rows as one commit that carries the batch as its application transaction."""
        from deltalake import write_deltalake

        write_deltalake(
            self._table if self._table is not None else self._create(),
            rows,
            mode="append",
            writer_properties=writer_properties(),
            commit_properties=_commit_of(batch_id),
        )

    def append_files(
        self, files: Sequence[StagedFile], *, batch_id: str, folder: Path | None
    ) -> None:
        """Append staged files as one commit, as :meth:`append` does; ``folder`` is the table's own.

        They are moved there and then named by the commit. Killed in between, the batch is staged
        anew and its files replace those that no commit names: their names tell the batch and the
        version of the table, so none is ever one that is in use. Elsewhere than in a folder (None)
        the rows are streamed.
        """
        if folder is None:
            self.append(_stream(files), batch_id=batch_id)
            return
        table = self.refresh() or self._create()
        named = f"{batch_id}-{table.version()}"
        actions = [
            _moved(file, folder, f"month={file.month}/{named}-{place:06d}.parquet")
            for place, file in enumerate(files)
        ]
        table.create_write_transaction(
            actions,
            "append",
            SCHEMA,
            partition_by=["month"],
            commit_properties=_commit_of(batch_id),
        )

    def merge_small(self) -> None:
        """Merge the small files of every month that has many; nothing is deleted.

        A reader opens each file for about a third of a millisecond: ticks would slow down reading
        until the next :meth:`compact`.
        """
        small = Counter(file.month for file in self.files() if file.bytes < _SMALL_BYTES)
        for month, count in small.items():
            if count >= _MANY_FILES:
                self._table.optimize.compact(
                    [("month", "=", month)],
                    target_size=_SMALL_BYTES,
                    writer_properties=writer_properties(),
                )

    def compact(self) -> None:
        """Rewrite small files as large ones and delete those that are not of the table.

        Files that an append was killed over go too, so nobody may append meanwhile.
        """
        table = self.refresh()
        if table is None:
            return
        self.learn()  # before files are written anew, with the statistics that it asks for
        table.optimize.compact(writer_properties=writer_properties())
        self.tidy(unnamed=True)

    def _create(self) -> Any:
        return self.create(SCHEMA, partition_by=["month"])


@cache
def writer_properties() -> Any:
    """Return how Parquet files are written: ids differ in nearly every row.

    A dictionary of them is built in vain: without, writing takes half the time and the files are a
    tenth smaller.
    """
    from deltalake import ColumnProperties, WriterProperties

    plain = ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")
    coded = ColumnProperties(dictionary_enabled=True, statistics_enabled="NONE")
    columns = {"activity_id": plain, "lead_id": plain, "kind": coded, "detail": coded}
    return WriterProperties(compression="SNAPPY", column_properties=columns | {"batch_id": coded})


def _commit_of(batch_id: str) -> Any:
    """Return what lets a commit carry the batch as its application transaction."""
    from deltalake import CommitProperties, Transaction

    return CommitProperties(app_transactions=[Transaction(batch_id, 1)])


def _moved(file: StagedFile, folder: Path, path: str) -> Any:
    """Move a staged file to its place in the table; returns what the commit says of it."""
    from deltalake.transaction import AddAction

    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file.path, target)
    reach("log.after_move")
    found = target.stat()
    stats = {
        "numRecords": file.rows,
        "minValues": {"occurred_us": file.first_us, "taken_us": file.taken_us},
        "maxValues": {"occurred_us": file.last_us, "taken_us": file.taken_us},
        "nullCount": {"occurred_us": 0, "taken_us": 0},
    }
    return AddAction(
        path=path,
        size=found.st_size,
        partition_values={"month": file.month},
        modification_time=found.st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(stats),
    )


def _stream(files: Sequence[StagedFile]) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            rows = parquet.read_table(file.path, schema=FILE_SCHEMA)
            month = pa.repeat(pa.scalar(file.month, pa.string()), rows.num_rows)
            yield from rows.append_column("month", month).to_batches()

    return pa.RecordBatchReader.from_batches(SCHEMA, batches())


def _is_below(one: int | None, other: int | None) -> bool:
    """Whether one is less than the other; unknown is not."""
    return one is not None and other is not None and one < other


def _files_of(table: Any) -> tuple[LogFile, ...]:
    actions = pa.table(table.get_add_actions(flatten=True))
    files = [
        LogFile(
            path=action["path"],
            month=action["partition.month"],
            bytes=action["size_bytes"],
            first_us=action.get("min.occurred_us"),  # not there where no file has statistics
            last_us=action.get("max.occurred_us"),
            first_taken=action.get("min.taken_us"),
            last_taken=action.get("max.taken_us"),
        )
        for action in actions.to_pylist()
    ]
    return tuple(sorted(files, key=lambda file: file.path))
