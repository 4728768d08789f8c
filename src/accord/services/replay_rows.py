"""Replayed scores as a person reads them: points with one decimal, as rows and as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accord.errors import InputError
from accord.report import safe
from accord.scoring import SCORES, THRESHOLDS, to_points

_COLUMNS = ("lead_id", *SCORES, "position", *THRESHOLDS)
_AT_ONCE = 50_000


def count_held(table: pa.Table) -> dict[str, int]:
    """Count the leads of a score table, and those over each threshold."""
    held: dict[str, int] = {name: pc.sum(table.column(name)).as_py() or 0 for name in THRESHOLDS}
    return {"leads": table.num_rows, **held}


def shown_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a score table with points as text, ``40.0``."""
    for batch in table.select(_COLUMNS).to_batches(max_chunksize=_AT_ONCE):
        for row in batch.to_pylist():
            yield row | {name: _points(row[name]) for name in SCORES}


def write_scores(table: pa.Table, path: Path) -> None:
    """Write a score table as CSV (UTF-8, RFC 4180), flags as true and false.

    A cell that a spreadsheet would run is made text. InputError if the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(_COLUMNS)
            writer.writerows(map(_cells, shown_rows(table)))
    except OSError as error:
        found = f"cannot be written: {error.strerror}"
        raise InputError(where=str(path), found=found, expected="a file to write") from None


def _cells(row: dict[str, Any]) -> list[str]:
    flags = ("true" if row[name] else "false" for name in THRESHOLDS)
    return [safe(row["lead_id"]), *(row[one] for one in SCORES), row["position"] or "", *flags]


@cache
def _points(tenths: int) -> str:
    return str(to_points(tenths))
