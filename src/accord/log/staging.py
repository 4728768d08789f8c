"""A batch's activities on their way into the log: judged piece by piece, taken as a whole.

A batch of one piece stays in memory. Of a larger one every piece is a Parquet file in a folder of
its own, so that memory does not grow with the batch. Nothing in the folder outlives the batch: what
a killed run left there is removed when the next one stages.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from accord.log.columns import months_of

ROW_NUMBER = "row_number"
"""The column of a staged row's number in its batch, from 1; which of two repeats came first."""


class Staging:
    """The rows of one batch: what the log is given of them, with their numbers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first: pa.Table | None = None
        self.paths: list[Path] = []
        self.rows = 0

    @property
    def table(self) -> pa.Table | None:
        """The rows if they are one piece in memory, None if they are in files (or none came)."""
        return self._first

    def add(self, table: pa.Table) -> None:
        """Add the next piece."""
        self.rows += table.num_rows
        if self._first is None and not self.paths:
            self._first = table
            return
        if self._first is not None:
            self._write(self._first)
            self._first = None
        self._write(table)

    def _write(self, table: pa.Table) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{len(self.paths):06d}.parquet"
        parquet.write_table(
            table.append_column("month", months_of(table["occurred_us"])),
            path,
            compression="lz4",
            use_dictionary=["kind", "month"],
            write_statistics=False,
        )
        self.paths.append(path)


@contextmanager
def open_staging(folder: Path) -> Iterator[Staging]:
    """Give an empty staging; its folder is gone, with all in it, before the block and after it."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield Staging(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def counted(reader: Any, count: list[int]) -> pa.RecordBatchReader:
    """Pass a stream of batches on; ``count[0]`` grows by the rows that went by."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            count[0] += batch.num_rows
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
