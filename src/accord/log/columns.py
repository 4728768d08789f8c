"""The columns of the activity log, and how a batch is brought into them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from accord.errors import InputError
from accord.records import to_us

KEY = ("activity_id", "occurred_us")
"""What names an activity: its id and the instant it occurred."""

_GIVEN = (
    ("activity_id", pa.string()),
    ("lead_id", pa.string()),
    ("kind", pa.string()),
    ("occurred_us", pa.int64()),  # microseconds UTC: the one time type that all engines treat alike
    ("detail", pa.string()),
)
_REQUIRED = ("activity_id", "lead_id", "kind", "occurred_us")

SCHEMA = pa.schema(
    [
        *_GIVEN,
        ("batch_id", pa.string()),
        ("taken_us", pa.int64()),
        ("month", pa.string()),  # YYYY-MM of occurred_us in UTC: the partition
    ]
)

READ_COLUMNS = ("activity_id", "lead_id", "kind", "occurred_us", "detail", "taken_us")
"""What a read of the log gives: one row an activity (key: activity_id and occurred_us)."""

EMPTY = pa.schema([SCHEMA.field(name) for name in READ_COLUMNS]).empty_table()


def to_log_rows(table: pa.Table, *, batch_id: str, taken_at: datetime) -> pa.Table:
    """Bring a batch into the log's columns; InputError names a missing column or value.

    ``detail`` may be absent. Other columns of the batch are left out.
    """
    columns = [_column(table, name, kind) for name, kind in _GIVEN]
    count = table.num_rows
    columns.append(pa.repeat(pa.scalar(batch_id, pa.string()), count))
    columns.append(pa.repeat(pa.scalar(to_us(taken_at), pa.int64()), count))
    columns.append(months_of(columns[3]).cast(pa.string()))
    return pa.table(columns, schema=SCHEMA)


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in table.column_names:
        if name in _REQUIRED:
            raise InputError(
                where="activity log",
                found=f"a batch without the column {name}",
                expected=", ".join(_REQUIRED),
            )
        return pa.nulls(table.num_rows, kind)
    column = table.column(name).cast(kind)
    if name in _REQUIRED and column.null_count:
        raise InputError(
            where="activity log",
            found=f"{column.null_count} rows without {name}",
            expected="an activity_id, lead_id, kind and time in every row",
            remedy="let the quality stage set such rows aside",
        )
    return column


def months_of(occurred_us: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return the month of each instant, YYYY-MM in UTC, as a dictionary; null for null."""
    given = occurred_us.is_valid().to_numpy()
    stamps = occurred_us.fill_null(0).to_numpy().astype("datetime64[us]")
    months = stamps.astype("datetime64[M]").astype(np.int64)
    first = int(months.min()) if len(months) else 0
    last = int(months.max()) if len(months) else 0
    words = np.arange(first, last + 1).astype("datetime64[M]").astype(str)
    codes = pa.array((months - first).astype(np.int32), mask=~given)
    return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))
