"""From a file's rows to canonical records: one column a field, every kind as the schema says.

Nothing is judged here: text that is no value of its field becomes null and is listed as a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from accord.records import SCHEMAS, Field, Kind
from accord.sources.model import ColumnMapping, Source
from accord.sources.rows import Rows
from accord.sources.stamps import parse_instants
from accord.sources.values import (
    EXPECTED,
    StageOf,
    parse_flag,
    parse_float,
    parse_integer,
    parse_money,
    parse_spans,
    parse_word,
)

DTYPES: dict[Kind, Any] = {
    Kind.ID: "str",
    Kind.TEXT: "str",
    Kind.WORD: "str",
    Kind.SPANS: "str",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.FLAG: "boolean",
    Kind.MONEY: "object",
    Kind.DATE: "object",
    Kind.INSTANT: "datetime64[us, UTC]",
}
"""How each kind stands in a frame (pandas 3)."""

_BAD = "[\x00-\x08\x0b\x0c\x0e-\x1f]"  # control characters but tab and line ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A batch's canonical records.

    ``frame`` has one column a field of the entity, one row a row of the file that the filter
    keeps, index from 0. ``row_numbers`` says for each which row of the file it was (from 1).
    ``faults`` lists text that is no value of its field: position in the frame, field, text as
    given, what was expected.
    """

    frame: pd.DataFrame
    row_numbers: np.ndarray[Any, np.dtype[np.int64]]
    faults: pd.DataFrame
    rows: Rows

    def whole_rows(self, positions: Sequence[int]) -> list[dict[str, str | None]]:
        """Return the file's rows behind these records, whole: column -> text as given."""
        return self.rows.records([int(self.row_numbers[at]) - 1 for at in positions])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One field's values, which of them are text that could not be read, and what it should be."""

    series: pd.Series
    bad: np.ndarray[Any, np.dtype[np.bool_]]
    expected: str


def map_records(rows: Rows, source: Source, *, stage_of: StageOf) -> Records:
    """Map rows to the source's entity. SourceError if a mapped column is not there.

    Text is trimmed; empty text and the null words are null. Ids keep their text and get the
    system's name in front.
    """
    _check_columns(rows, source)
    kept = _kept(rows, source)
    schema = SCHEMAS[source.entity]
    numbers = np.arange(1, rows.count + 1, dtype=np.int64) if kept is None else kept + 1
    columns: dict[str, pd.Series] = {}
    faults = []
    for field in schema.fields:
        mapping = source.fields.get(field.name)
        text = None if mapping is None else _cells(rows, mapping, source, kept)
        if mapping is None or text is None:
            columns[field.name] = _nothing(field, len(numbers))
            continue
        column = _read(text, field, mapping, source, stage_of)
        columns[field.name] = column.series
        faults.append(_faults_of(column, text, field))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(numbers)))
    return Records(frame=frame, row_numbers=numbers, faults=_all_faults(faults), rows=rows)


def _check_columns(rows: Rows, source: Source) -> None:
    """Refuse a mapping that names a column which is not there, or stands there twice."""
    if not rows.columns:  # JSON lines without a line
        return
    wanted = {m.column for m in source.fields.values() if m.column and not m.optional}
    wanted |= set(_fields_of(source.only)) if source.only is not None else set()
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


def _fields_of(condition: Condition) -> list[str]:
    names = [test.field for test in condition.tests]
    return names + [name for part in condition.any_of for name in _fields_of(part)]


def _kept(rows: Rows, source: Source) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Return the positions of rows that the source's filter keeps, None for all."""
    if source.only is None or not rows.columns:
        return None
    return np.flatnonzero(_holds(source.only, rows, source)).astype(np.int64)


def _holds(condition: Condition, rows: Rows, source: Source) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Decide a condition over the file's columns, each test once per distinct text."""
    found = np.ones(rows.count, dtype=bool)
    for test in condition.tests:
        text = _without_nulls(_trim(rows.text(test.field)), source.nulls)
        found &= _by_distinct(text, partial(matches, test.matcher)).astype(bool)
    if condition.any_of:
        found &= np.logical_or.reduce([_holds(part, rows, source) for part in condition.any_of])
    return found


def _by_distinct(text: pa.Array, decide: Callable[[str | None], Any]) -> np.ndarray[Any, Any]:
    """Decide once per distinct text (null is one) and spread the answers over the rows."""
    coded = text.dictionary_encode(null_encoding="encode")
    answers = np.empty(len(coded.dictionary), dtype=object)
    answers[:] = [decide(value) for value in coded.dictionary.to_pylist()]
    spread: np.ndarray[Any, Any] = answers[coded.indices.to_numpy(zero_copy_only=False)]
    return spread


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
    return _valued(_without_nulls(_trim(text), (*source.nulls, *mapping.nulls)), mapping)


def _trim(text: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(text)


def _without_nulls(text: pa.Array, nulls: Sequence[str]) -> pa.Array:
    words = pa.array({"", *(word.strip() for word in nulls)}, pa.large_string())
    return pc.if_else(pc.is_in(text, words), pa.scalar(None, pa.large_string()), text)


def _valued(text: pa.Array, mapping: ColumnMapping) -> pa.Array:
    """Replace the file's words by ours."""
    if not mapping.values:  # noqa: PD011 - a pydantic model
        return text
    values = {word.strip(): ours for word, ours in mapping.values.items()}  # noqa: PD011
    answers = _by_distinct(text, lambda word: values.get(word, word) if word else word)
    return pa.array(answers, pa.large_string())


def _read(
    cells: pa.Array, field: Field, mapping: ColumnMapping, source: Source, stage_of: StageOf
) -> _Column:
    zone = mapping.timezone or source.timezone
    decimal = mapping.decimal or source.decimal
    if field.kind in {Kind.INSTANT, Kind.DATE}:
        return _read_stamps(cells, field, mapping, zone)
    text = cells if pa.types.is_large_string(cells.type) else pc.cast(cells, pa.large_string())
    if field.kind in {Kind.ID, Kind.TEXT}:
        return _read_text(text, field, source.prefix if mapping.system is None else mapping.system)
    parsers: dict[Kind, Callable[[str], Any]] = {
        Kind.WORD: partial(parse_word, field=field, stage_of=stage_of),
        Kind.INTEGER: partial(parse_integer, decimal=decimal),
        Kind.NUMBER: partial(parse_float, decimal=decimal),
        Kind.MONEY: partial(parse_money, decimal=decimal),
        Kind.FLAG: parse_flag,
        Kind.SPANS: partial(parse_spans, zone=zone),
    }
    parse = parsers[field.kind]
    answers = _by_distinct(text, lambda value: None if value is None else parse(value))
    values = _series(answers, field)
    expected = f"one of {', '.join(field.words)}" if field.words else EXPECTED[field.kind]
    return _Column(series=values, bad=_unread(text, values), expected=expected)


def _series(answers: np.ndarray[Any, Any], field: Field) -> pd.Series:
    return pd.Series(pd.array(answers, dtype=DTYPES[field.kind]))


def _unread(text: pa.Array, values: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    given = pc.is_valid(text).to_numpy(zero_copy_only=False)
    return np.asarray(given & values.isna().to_numpy())


def _read_stamps(cells: pa.Array, field: Field, mapping: ColumnMapping, zone: str) -> _Column:
    expected = " or ".join([*mapping.formats, "ISO 8601"])
    kind = "date" if field.kind is Kind.DATE else "time"
    if field.kind is Kind.INSTANT:
        values = parse_instants(cells, formats=mapping.formats, zone=zone)
    else:  # the day as it is written, whatever the zone
        instants = parse_instants(cells, formats=mapping.formats, zone="UTC")
        values = pd.Series(instants.dt.date.where(instants.notna(), None), dtype="object")
    return _Column(series=values, bad=_unread(cells, values), expected=f"a {kind} as {expected}")


def _read_text(text: pa.Array, field: Field, prefix: str) -> _Column:
    """Keep text as it is; a control character, which no store keeps, makes it unreadable."""
    clean = pc.if_else(
        pc.match_substring_regex(text, _BAD), pa.scalar(None, pa.large_string()), text
    )
    if field.kind is Kind.ID and prefix:
        front, nothing = (pa.scalar(word, pa.large_string()) for word in (f"{prefix}:", ""))
        clean = pc.binary_join_element_wise(front, clean, nothing)
    values = pd.Series(pd.array(clean, dtype="str"))
    return _Column(series=values, bad=_unread(text, values), expected=EXPECTED[field.kind])


def _nothing(field: Field, count: int) -> pd.Series:
    return pd.Series([None] * count, dtype=DTYPES[field.kind])


def _faults_of(column: _Column, cells: pa.Array, field: Field) -> pd.DataFrame:
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


def _all_faults(parts: list[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    empty = pd.DataFrame({"position": [], "field": [], "text": [], "expected": []})
    return pd.concat(some, ignore_index=True) if some else empty.astype({"position": "int64"})
