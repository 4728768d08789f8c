"""From a file's rows to canonical records: one column a field, every kind as the schema says.

Nothing is judged here: text that is no value of its field becomes null and is listed as a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.conditions import Condition, matches
from accord.errors import SourceError
from accord.records import SCHEMAS, Field
from accord.sources.columns import (
    Column,
    by_distinct,
    nothing_of,
    read_column,
    trim,
    valued,
    without_nulls,
)
from accord.sources.model import ColumnMapping, Source
from accord.sources.rows import Rows
from accord.sources.values import (
    StageOf,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A batch's canonical records.

    ``frame`` has one column a field of the entity, one row a row of the file that the filter
    keeps, index from 0. ``row_numbers`` says for each which row of the file it was (from 1).
    ``faults`` lists text that is no value of its field: position in the frame, field, text as
    given, what was expected. The field of a whole line that is no record is ``row``.
    """

    frame: pd.DataFrame
    row_numbers: np.ndarray[Any, np.dtype[np.int64]]
    faults: pd.DataFrame
    rows: Rows

    def whole_rows(self, positions: Sequence[int]) -> list[dict[str, str | None]]:
        """Return the file's rows behind these records, whole: column -> text as given."""
        return self.rows.records([int(self.row_numbers[at]) - self.rows.first for at in positions])


def map_records(rows: Rows, source: Source, *, stage_of: StageOf) -> Records:
    """Map rows to the source's entity. SourceError if a mapped column is not there.

    Text is trimmed; empty text and the null words are null. Ids keep their text and get the
    system's name in front.
    """
    _check_columns(rows, source)
    kept = _kept(rows, source)
    schema = SCHEMAS[source.entity]
    numbers = np.arange(rows.count, dtype=np.int64) if kept is None else kept
    columns: dict[str, pd.Series] = {}
    faults = []
    for field in schema.fields:
        mapping = source.fields.get(field.name)
        text = None if mapping is None else _cells(rows, mapping, source, kept)
        if mapping is None or text is None:
            columns[field.name] = nothing_of(field, len(numbers))
            continue
        column = read_column(text, field, mapping, source, stage_of)
        columns[field.name] = column.series
        faults.append(_faults_of(column, text, field))
    faults.append(_lines_of(rows, numbers))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(numbers)))
    return Records(
        frame=frame, row_numbers=numbers + rows.first, faults=_all_faults(faults), rows=rows
    )


def _check_columns(rows: Rows, source: Source) -> None:
    """Refuse a mapping that names a column which is not there, or stands there twice."""
    if not rows.columns:  # JSON lines without a line
        return
    wanted = source.required_columns
    for column in sorted(wanted & rows.repeated):
        raise _column_error(rows, source, f"column {column!r} stands twice", "rename one of them")
    for column in sorted(wanted - rows.columns.keys()):
        names = tuple(rows.columns)
        close = get_close_matches(column, names, n=1, cutoff=0.5)
        remedy = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names)}"
        raise _column_error(rows, source, f"has no column {column!r}", remedy)


def _column_error(rows: Rows, source: Source, found: str, remedy: str) -> SourceError:
    expected = f"every column that sources.{source.name} maps"
    where = rows.place if source.query else f"{rows.place} line 1"
    return SourceError(where=where, found=found, expected=expected, remedy=remedy)


def _kept(rows: Rows, source: Source) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Return the positions of rows that the source's filter keeps, None for all."""
    if source.only is None or not rows.columns:
        return None
    held = _holds(source.only, rows, source)
    held[list(rows.lines)] = True  # what a line that is no record says, nobody knows
    return np.flatnonzero(held).astype(np.int64)


def _holds(condition: Condition, rows: Rows, source: Source) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Decide a condition over the file's columns, each test once per distinct text."""
    found = np.ones(rows.count, dtype=bool)
    for test in condition.tests:
        text = without_nulls(trim(rows.text(test.field)), source.nulls)
        found &= by_distinct(text, partial(matches, test.matcher)).astype(bool)
    if condition.any_of:
        found &= np.logical_or.reduce([_holds(part, rows, source) for part in condition.any_of])
    return found


def _cells(
    rows: Rows,
    mapping: ColumnMapping,
    source: Source,
    kept: np.ndarray[Any, np.dtype[np.int64]] | None,
) -> pa.Array | None:
    """Return a field's cells: text without null words, or typed stamps; None if there are none."""
    if mapping.constant is not None:
        count = rows.count if kept is None else len(kept)
        return pa.array([mapping.constant] * count, pa.large_string())
    if mapping.column is None or mapping.column not in rows.columns:
        return None
    column = rows.columns[mapping.column]
    column = column if kept is None else column.take(pa.array(kept))
    if pa.types.is_timestamp(column.type):
        return column
    text = Rows(place=rows.place, columns={"": column}, count=len(column)).text("")
    return valued(without_nulls(trim(text), (*source.nulls, *mapping.nulls)), mapping)


def _faults_of(column: Column, cells: pa.Array, field: Field) -> pd.DataFrame:
    positions = np.flatnonzero(column.bad)
    texts = pc.cast(cells.take(pa.array(positions)), pa.large_string()).to_pylist()
    return pd.DataFrame(
        {
            "position": positions,
            "field": [field.name] * len(positions),
            "text": texts,
            "expected": [column.expected] * len(positions),
        }
    )


def _lines_of(rows: Rows, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> pd.DataFrame:
    """List the rows that are no records as faults of a field called row."""
    places = sorted(rows.lines)
    return pd.DataFrame(
        {
            "position": np.searchsorted(numbers, np.array(places, dtype=np.int64)),
            "field": ["row"] * len(places),
            "text": [rows.lines[at].kept for at in places],
            "expected": [rows.lines[at].expected for at in places],
        }
    )


def _all_faults(parts: list[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    empty = pd.DataFrame({"position": [], "field": [], "text": [], "expected": []})
    return pd.concat(some, ignore_index=True) if some else empty.astype({"position": "int64"})
