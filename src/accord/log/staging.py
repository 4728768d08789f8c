"""A batch's activities on their way into the log: judged piece by piece, taken as a whole.

A batch of one piece stays in memory. A larger one becomes Parquet files just as the log keeps them
(a month each), in a folder of its own, so that memory does not grow with the batch and taking it
means moving its files. Nothing in the folder outlives the batch.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from accord.log.columns import KEY, REQUIRED, ROW_NUMBER, months_of, to_file_rows
from accord.log.engine import Hashes, connect, hash_rows
from accord.records import to_us

_PART_BYTES = 384 * 1024 * 1024
"""Rows of so many bytes are made files at once: each month's should be some megabytes."""

Numbers = np.ndarray[Any, np.dtype[np.int64]]
_NO_HASHES: Hashes = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """Rows of one month (None: without a time), in the order of the batch.

    ``lacks``: some have no value that the log requires, and must not stay.
    """

    path: Path
    month: str | None
    rows: int
    first_us: int | None
    last_us: int | None
    taken_us: int
    lacks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is to be known of all rows of a batch before it is taken.

    ``leads`` are those named, each once; ``meeting`` the hashes of keys that stand more than once:
    only their rows can be repeats.
    """

    leads: pa.Array
    meeting: Hashes


class Staging:
    """The rows of one batch: what the log is given of them, with their numbers."""

    def __init__(self, folder: Path, *, batch_id: str, taken_at: datetime) -> None:
        self._folder = folder
        self.batch_id = batch_id
        self.taken_at = taken_at
        self.files: list[StagedFile] = []
        self.rows = 0
        self._first: pa.Table | None = None
        self._waiting: dict[str | None, list[pa.Table]] = {}
        self._waiting_bytes = 0
        self._connection: Any = None
        self._survey: Survey | None = None

    @property
    def table(self) -> pa.Table | None:
        """The rows if they are one piece in memory, None if they are in files (or none came)."""
        return self._first

    def add(self, table: pa.Table) -> None:
        """Add the next piece: the columns that the log is given, and :data:`ROW_NUMBER`."""
        self.rows += table.num_rows
        if self._first is None and not self._waiting and not self.files:
            self._first = table
            return
        if self._first is not None:
            self._sort(self._first)
            self._first = None
        self._sort(table)
        if self._waiting_bytes >= _PART_BYTES:
            self._write()

    def survey(self) -> Survey:
        """Close the staging for further pieces; returns what is to be known of all its rows."""
        if self._survey is None:
            if self._waiting:
                self._write()
            self._survey = self._look()
        return self._survey

    def numbers_of(self, file: StagedFile) -> Numbers:
        """Return the numbers of a file's rows, in its order."""
        numbers: Numbers = np.load(_numbers_path(file.path))
        return numbers

    def _sort(self, rows: pa.Table) -> None:
        """Put a piece aside by months, each in the order of the batch."""
        codes, months = _coded(months_of(rows["occurred_us"]))
        order = np.argsort(codes, kind="stable")
        rows = rows.take(order)
        ends = np.searchsorted(codes[order], np.arange(len(months)), side="right").tolist()
        for month, start, end in zip(months, [0, *ends[:-1]], ends, strict=True):
            if end > start:
                self._waiting.setdefault(month, []).append(rows.slice(start, end - start))
        self._waiting_bytes += rows.nbytes

    def _write(self) -> None:
        """Make a file of each month's rows that wait."""
        self._folder.mkdir(parents=True, exist_ok=True)
        taken_us = to_us(self.taken_at)
        for month, pieces in sorted(self._waiting.items(), key=str):
            rows = pa.concat_tables(pieces)
            path = self._folder / f"{len(self.files):06d}.parquet"
            write_file(to_file_rows(rows, batch_id=self.batch_id, taken_us=taken_us), path)
            np.save(_numbers_path(path), rows[ROW_NUMBER].to_numpy())
            hashes = hash_rows(self._connect(), rows.select(list(KEY)))
            np.save(_hashes_path(path), hashes)
            self.files.append(staged_file(rows, path, month=month, taken_us=taken_us))
        self._waiting, self._waiting_bytes = {}, 0

    def _look(self) -> Survey:
        if not self.files:
            leads = self._first["lead_id"] if self._first else pa.chunked_array([], pa.string())
            return Survey(leads=leads.unique().drop_null(), meeting=_NO_HASHES)
        paths = [str(file.path) for file in self.files]
        distinct = self._connect().read_parquet(paths).select("lead_id").distinct()
        leads = distinct.to_arrow_table()["lead_id"].combine_chunks()
        months = {file.month for file in self.files}
        meeting = np.concatenate([self._meeting(month) for month in sorted(months, key=str)])
        return Survey(leads=leads.drop_null(), meeting=meeting)

    def _meeting(self, month: str | None) -> Hashes:
        """Return the hashes that stand twice in a month; rows of one key are of one month."""
        files = (file for file in self.files if file.month == month)
        hashes = np.concatenate([np.load(_hashes_path(file.path)) for file in files])
        hashes.sort()
        return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])

    def _connect(self) -> Any:
        if self._connection is None:
            self._connection = connect(beside=True)
        return self._connection

    def close(self) -> None:
        """Remove the folder with all in it."""
        if self._connection is not None:
            self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def open_staging(folder: Path, *, batch_id: str, taken_at: datetime) -> Iterator[Staging]:
    """Give an empty staging; its folder is gone, with all in it, before the block and after it."""
    shutil.rmtree(folder, ignore_errors=True)
    staging = Staging(folder, batch_id=batch_id, taken_at=taken_at)
    try:
        yield staging
    finally:
        staging.close()


def write_file(rows: pa.Table, path: Path) -> None:
    """Write rows as the log keeps them.

    Ids differ in nearly every row, so a dictionary of them would be built in vain; and statistics
    of texts would leave ids behind that were erased.
    """
    parquet.write_table(
        rows,
        path,
        compression="snappy",
        use_dictionary=["kind", "detail", "batch_id", "taken_us"],
        write_statistics=["occurred_us", "taken_us"],
    )


def staged_file(rows: pa.Table, path: Path, *, month: str | None, taken_us: int) -> StagedFile:
    """Describe the file of these rows, all taken at once."""
    bounds = pc.min_max(rows["occurred_us"]).as_py()
    return StagedFile(
        path=path,
        month=month,
        rows=rows.num_rows,
        first_us=bounds["min"],
        last_us=bounds["max"],
        taken_us=taken_us,
        lacks=any(rows[name].null_count for name in REQUIRED),
    )


def _numbers_path(path: Path) -> Path:
    return path.with_suffix(".numbers.npy")


def _hashes_path(path: Path) -> Path:
    return path.with_suffix(".hashes.npy")


def _coded(months: pa.DictionaryArray) -> tuple[np.ndarray[Any, Any], list[str | None]]:
    """Return the place of each row's month in a list, whose last is None: without a time."""
    words = months.dictionary.to_pylist()
    codes = pc.fill_null(months.indices, len(words)).to_numpy(zero_copy_only=False)
    return codes.astype(np.min_scalar_type(len(words))), [*words, None]
