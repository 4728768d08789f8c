"""Rows of a file as they stand: columns by name, every cell available as the text it was.

CSV, JSON lines and Excel are text from the first byte. Parquet and query results keep their types
until asked for text, so that no integer and no instant passes through another form on its way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

FILE_ROW = "file_row"
"""The column that tells a query the row of the file: 1 is the first data row."""

LINE = "(line)"
"""Where a row that could not be cut into cells keeps its text."""

_EXACT = 2**53  # whole numbers below this are exact as floats
_MOST_LINE = 10_000  # characters of such a text that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row that is no record of its file: its text as it stood, and what was expected."""

    text: str
    expected: str

    @property
    def kept(self) -> str:
        """The text, cut off where it is very long."""
        return self.text if len(self.text) <= _MOST_LINE else f"{self.text[:_MOST_LINE]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one file or query; ``place`` names it in errors.

    ``repeated`` are names that stand more than once in the header: they cannot be mapped.
    ``first`` is the number of the first row, where these are a piece of a larger file.
    ``lines`` are rows that are no records, by position; their cells are null.
    """

    place: str
    columns: Mapping[str, pa.Array]
    count: int
    repeated: frozenset[str] = frozenset()
    first: int = 1
    lines: Mapping[int, Line] = field(default_factory=dict)

    def text(self, name: str) -> pa.Array:
        """Return a column as text; nulls stay null."""
        return as_text(self.columns[name])

    def part(self, start: int, count: int) -> Rows:
        """Return a stretch of these rows, at most ``count`` from ``start`` (0 is the first)."""
        columns = {name: column.slice(start, count) for name, column in self.columns.items()}
        held = max(0, min(count, self.count - start))
        lines = {at - start: line for at, line in self.lines.items() if start <= at < start + held}
        return replace(self, columns=columns, count=held, first=self.first + start, lines=lines)

    def picked(self, positions: Sequence[int]) -> Rows:
        """Return copies of the rows at these positions, as rows of their own, from 1 on."""
        places = pa.array(positions, pa.int64())
        columns = {name: column.take(places) for name, column in self.columns.items()}
        lines = {
            place: self.lines[at] for place, at in enumerate(places.to_pylist()) if at in self.lines
        }
        return replace(self, columns=columns, count=len(places), first=1, lines=lines)

    def records(self, positions: Sequence[int]) -> list[dict[str, str | None]]:
        """Return the rows at these positions whole: column -> text as given.

        A row that is no record has its text under ``(line)`` besides.
        """
        picked = pa.array(positions, pa.int64())
        texts = {name: as_text(column.take(picked)) for name, column in self.columns.items()}
        lists = {name: column.to_pylist() for name, column in texts.items()}
        found = [{name: values[i] for name, values in lists.items()} for i in range(len(positions))]
        for record, at in zip(found, positions, strict=True):
            if at in self.lines:
                record[LINE] = self.lines[at].kept
        return found


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Put pieces that follow each other together; a column that one lacks is null there."""
    if len(parts) == 1:
        return parts[0]
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    lines: dict[int, Line] = {}
    count = 0
    for part in parts:
        lines |= {count + at: line for at, line in part.lines.items()}
        count += part.count
    return replace(
        parts[0],
        columns={name: _joined(name, parts) for name in names},
        count=count,
        repeated=frozenset().union(*(part.repeated for part in parts)),
        lines=lines,
    )


def _joined(name: str, parts: Sequence[Rows]) -> pa.Array:
    kind = next(part.columns[name].type for part in parts if name in part.columns)
    arrays = [
        part.columns[name] if name in part.columns else pa.nulls(part.count, kind) for part in parts
    ]
    if any(array.type != kind for array in arrays):
        arrays = [as_text(array) for array in arrays]
    return pa.concat_arrays(arrays)


def cut_rows(parts: Iterable[Rows], *, at_once: int) -> Iterator[Rows]:
    """Cut rows into pieces of exactly ``at_once`` (the last has what is left), and number them.

    Nothing at all is nothing; one part without rows is one piece without rows.
    """
    waiting: list[Rows] = []
    count = given = 0
    for part in parts:
        waiting.append(part)
        count += part.count
        while count > at_once:
            whole = join_rows(waiting)
            yield replace(whole.part(0, at_once), first=given + 1)
            waiting, count, given = [whole.part(at_once, count)], count - at_once, given + at_once
    if waiting:
        yield replace(join_rows(waiting), first=given + 1)


def as_text(column: pa.Array) -> pa.Array:
    """Write a column's values as text: integers and decimals exactly, instants as ISO 8601."""
    kind = column.type
    if pa.types.is_large_string(kind):
        return column
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.cast(column.cast(pa.timestamp(kind.unit, "UTC")), pa.large_string())
    if pa.types.is_floating(kind):
        return _float_text(column)
    if pa.types.is_nested(kind):
        return pa.array([_as_json(value) for value in column.to_pylist()], pa.large_string())
    return pc.cast(column, pa.large_string())


def _float_text(column: pa.Array) -> pa.Array:
    """Write floats so that they are read back; whole ones below 2**53 without an exponent."""
    size = pc.abs(column)
    exact = pc.and_(pc.equal(pc.floor(column), column), pc.less(size, float(_EXACT)))
    whole = pc.cast(pc.if_else(exact, column, None), pa.int64())
    return pc.coalesce(pc.cast(whole, pa.large_string()), pc.cast(column, pa.large_string()))


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=str, ensure_ascii=False)


def name_apart(header: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Give every column a name of its own; return the names and those that stood twice.

    >>> name_apart(["id", "", ""])[0]
    ['id', '', '#2']
    """
    counts = Counter(header)
    names: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for name in header:
        own = name
        while own in names:
            seen[name] += 1
            own = f"{name}#{seen[name] + 1}"
        names[own] = None
    return list(names), frozenset(name for name, count in counts.items() if count > 1)
