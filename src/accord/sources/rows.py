"""Rows of a file as they stand: columns by name, every cell available as the text it was.

CSV and JSON lines are text from the first byte. Parquet and query results keep their types until
asked for text, so that no integer and no instant passes through another form on its way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

FILE_ROW = "file_row"
"""The column that tells a query the row of the file: 1 is the first data row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one file or query; ``place`` names it in errors.

    ``repeated`` are names that stand more than once in the header: they cannot be mapped.
    ``first`` is the number of the first row, where these are a piece of a larger file.
    """

    place: str
    columns: Mapping[str, pa.Array]
    count: int
    repeated: frozenset[str] = frozenset()
    first: int = 1

    def text(self, name: str) -> pa.Array:
        """Return a column as text; nulls stay null."""
        return as_text(self.columns[name])

    def part(self, start: int, count: int) -> Rows:
        """Return a stretch of these rows, at most ``count`` from ``start`` (0 is the first)."""
        columns = {name: column.slice(start, count) for name, column in self.columns.items()}
        held = max(0, min(count, self.count - start))
        return replace(self, columns=columns, count=held, first=self.first + start)

    def records(self, positions: Sequence[int]) -> list[dict[str, str | None]]:
        """Return the rows at these positions whole: column -> text as given."""
        picked = pa.array(positions, pa.int64())
        texts = {name: as_text(column.take(picked)) for name, column in self.columns.items()}
        lists = {name: column.to_pylist() for name, column in texts.items()}
        return [{name: values[i] for name, values in lists.items()} for i in range(len(positions))]


def as_text(column: pa.Array) -> pa.Array:
    """Write a column's values as text: integers and decimals exactly, instants as ISO 8601."""
    kind = column.type
    if pa.types.is_large_string(kind):
        return column
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.cast(column.cast(pa.timestamp(kind.unit, "UTC")), pa.large_string())
    if pa.types.is_nested(kind):
        return pa.array([_as_json(value) for value in column.to_pylist()], pa.large_string())
    return pc.cast(column, pa.large_string())


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=str, ensure_ascii=False)


def name_apart(header: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Give every column a name of its own; return the names and those that stood twice."""
    names: list[str] = []
    for name in header:
        count = sum(1 for other in names if other == name or other.startswith(f"{name}#"))
        names.append(name if name not in names else f"{name}#{count + 1}")
    return names, frozenset(name for name in header if header.count(name) > 1)
