"""The columns of the activity log, and how a batch is brought into them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from accord.errors import InputError

_DAY_US = 86_400_000_000

KEY = ("activity_id", "occurred_us")
"""What names an activity: its id and the instant it occurred."""

_GIVEN = (
    ("activity_id", pa.string()),
    ("lead_id", pa.string()),
    ("kind", pa.string()),
    ("occurred_us", pa.int64()),  # microseconds UTC: the one time type that all engines treat alike
    ("detail", pa.string()),
)
REQUIRED = ("activity_id", "lead_id", "kind", "occurred_us")
"""What every row of the log has; ``detail`` may be absent."""

FILE_SCHEMA = pa.schema([*_GIVEN, ("batch_id", pa.string()), ("taken_us", pa.int64())])
"""What stands in a file of the log; the month stands in its path."""

SCHEMA = FILE_SCHEMA.append(pa.field("month", pa.string()))  # YYYY-MM of occurred_us in UTC

ROW_NUMBER = "row_number"
"""The column of a staged row's number in its batch, from 1; which of two repeats came first."""

READ_COLUMNS = ("activity_id", "lead_id", "kind", "occurred_us", "detail", "taken_us")
"""What a read of the log gives: one row an activity (key: activity_id and occurred_us)."""

ROLLUP_SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("kind", pa.string()),
        ("count", pa.int64()),
        ("first_us", pa.int64()),
        ("last_us", pa.int64()),
        ("weight", pa.float64()),
        ("half_life_us", pa.float64()),
    ]
)
"""The columns of the stored rollup: those of a rollup of :mod:`accord.scoring`."""

EMPTY = pa.schema([SCHEMA.field(name) for name in READ_COLUMNS]).empty_table()


def to_log_rows(table: pa.Table, *, batch_id: str, taken_us: int) -> pa.Table:
    """Bring a batch into the log's columns; InputError names a missing column or value."""
    require_values(table)
    rows = to_file_rows(table, batch_id=batch_id, taken_us=taken_us)
    return rows.append_column("month", months_of(rows["occurred_us"]).cast(pa.string()))


def to_file_rows(table: pa.Table, *, batch_id: str, taken_us: int) -> pa.Table:
    """Bring a batch into the columns of a file of the log; what is lacking is null.

    Other columns of the batch are left out.
    """
    count = table.num_rows
    columns = [
        table[name].cast(kind) if name in table.column_names else pa.nulls(count, kind)
        for name, kind in _GIVEN
    ]
    columns.append(pa.repeat(pa.scalar(batch_id, pa.string()), count))
    columns.append(pa.repeat(pa.scalar(taken_us, pa.int64()), count))
    return pa.table(columns, schema=FILE_SCHEMA)


def taken_then(rows: pa.Table, taken_us: int) -> pa.Table:
    """Return rows of a file of the log with another instant of their taking."""
    taken = pa.repeat(pa.scalar(taken_us, pa.int64()), rows.num_rows)
    return rows.set_column(rows.column_names.index("taken_us"), "taken_us", taken)


def require_values(table: pa.Table) -> None:
    """InputError if a required column or a value of it is missing."""
    for name in REQUIRED:
        if name not in table.column_names:
            raise InputError(
                where="activity log",
                found=f"a batch without the column {name}",
                expected=", ".join(REQUIRED),
            )
        if lacking := table[name].null_count:
            raise InputError(
                where="activity log",
                found=f"{lacking} rows without {name}",
                expected="an activity_id, lead_id, kind and time in every row",
                remedy="let the quality stage set such rows aside",
            )


def months_of(occurred_us: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return the month of each instant, YYYY-MM in UTC, as a dictionary; null for null."""
    given = occurred_us.is_valid().to_numpy()
    days = occurred_us.fill_null(0).to_numpy() // _DAY_US
    months = _months(days)
    first, last = (int(months.min()), int(months.max())) if len(months) else (0, 0)
    words = np.arange(first, last + 1).astype("datetime64[M]").astype(str)
    codes = pa.array((months - first).astype(np.int32), mask=~given)
    return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))


def _months(days: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number the month of each day; of many rows on few days, each day is looked up once."""
    first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    looked_up = np.arange(first, last + 1) if last - first < len(days) else days
    months = looked_up.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months if looked_up is days else months[days - first]
