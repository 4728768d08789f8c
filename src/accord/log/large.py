"""A batch too large for memory: which of its rows are fresh, and how they stream into the log.

Whether any activity stands twice is asked of a hash of its key: 20 million keys are a few seconds
and no memory to speak of. Only where hashes meet are the keys themselves compared.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from accord.log.columns import KEY, SCHEMA
from accord.log.staging import ROW_NUMBER, Staging
from accord.records import to_us

_BATCH_ROWS = 500_000
_HASH = f"hash({', '.join(KEY)})"


class LargeBatch:
    """The staged files of one batch as relations of a DuckDB connection."""

    def __init__(
        self, connection: Any, staged: Staging, *, without: np.ndarray[Any, np.dtype[np.int64]]
    ) -> None:
        self._connection = connection
        rows = connection.read_parquet([str(path) for path in staged.paths])
        self._rows = self._less(rows, pa.array(without)) if len(without) else rows

    def span(self) -> tuple[int, int] | None:
        """Return the first and last instant, None if there is no row."""
        first, last = self._rows.aggregate("min(occurred_us), max(occurred_us)").fetchall()[0]
        return None if first is None else (first, last)

    def fresh(self, known: Any | None) -> Any | None:
        """Return the rows to append: of each key the first, if the log does not hold it.

        ``known`` are the keys of the log that lie within the span, None if there are none. None if
        no row is fresh.
        """
        rows = self._rows
        repeats = self._repeats()
        if len(repeats):
            rows = self._less(rows, repeats)
        if known is None:
            return rows
        left = rows.join(known, ", ".join(KEY), how="anti")
        return left if left.limit(1).fetchall() else None

    def log_rows(self, fresh: Any, *, batch_id: str, taken_at: datetime) -> pa.RecordBatchReader:
        """Stream rows in the log's columns."""
        batch = self._connection.from_arrow(
            pa.table({"batch_id": [batch_id], "taken_us": pa.array([to_us(taken_at)], pa.int64())})
        )
        return fresh.cross(batch).project(", ".join(SCHEMA.names)).to_arrow_reader(_BATCH_ROWS)

    def _repeats(self) -> pa.Array:
        """Return the numbers of rows whose key came earlier in the batch."""
        hashes = self._rows.project(f"{_HASH} AS meeting")
        meeting = hashes.aggregate("meeting, count(*) AS times", "meeting").filter("times > 1")
        met = meeting.select("meeting").to_arrow_table()
        if not met.num_rows:
            return pa.array([], pa.int64())
        doubtful = self._rows.project(f"{_HASH} AS meeting, {ROW_NUMBER}, {', '.join(KEY)}").join(
            self._connection.from_arrow(met), "meeting", how="semi"
        )
        order = f"row_number() OVER (PARTITION BY {', '.join(KEY)} ORDER BY {ROW_NUMBER}) AS turn"
        later = doubtful.project(f"{ROW_NUMBER}, {order}").filter("turn > 1")
        return later.to_arrow_table()[ROW_NUMBER].combine_chunks()

    def _less(self, rows: Any, numbers: pa.Array) -> Any:
        left_out = self._connection.from_arrow(pa.table({ROW_NUMBER: numbers}))
        return rows.join(left_out, ROW_NUMBER, how="anti")
