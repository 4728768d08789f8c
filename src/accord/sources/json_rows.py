"""JSON lines: one object a line; numbers stay the text that was written.

Keys of nested objects are joined by dots (``properties.email``); a list is its JSON text. A line
may leave a key out: its cell is null. A line that is no object is a row that is no record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import pyarrow as pa

from accord.errors import SourceError
from accord.sources.model import Ragged
from accord.sources.rows import Line, Rows
from accord.sources.streams import Bytes
from accord.sources.text_lines import Text

_EXPECTED = "one JSON object a line"
_ROWS = 10_000  # that are read at once


class _LineError(ValueError):
    """What is wrong with a line."""


def read_json_lines(
    stream: Bytes, *, place: str, encoding: str, ragged: Ragged = "quarantine"
) -> Iterator[Rows]:
    """Read JSON lines piece by piece; SourceError names a line if that is not even text.

    A line that is no JSON object is a row that is no record, or refused; so is a file without one.
    A key that appears late is a column from its first piece on.
    """
    lines = _objects(Text(stream, place=place, encoding=encoding), ragged)
    names: dict[str, None] = {}
    while True:
        rows, ended = _piece(lines, place, names)
        yield rows
        if ended:
            return


def read_names(
    stream: Bytes, *, place: str, encoding: str, wanted: AbstractSet[str]
) -> frozenset[str]:
    """Look a file through for keys; return those of ``wanted`` that any line has."""
    found: set[str] = set()
    for record in _objects(Text(stream, place=place, encoding=encoding), "quarantine"):
        if isinstance(record, dict):
            found.update(wanted & record.keys())
        if len(found) == len(wanted):
            break
    return frozenset(found)


def _piece(
    objects: Iterator[dict[str, str | None] | Line], place: str, names: dict[str, None]
) -> tuple[Rows, bool]:
    """Put the next objects into columns; ``names`` learns their keys."""
    records: list[dict[str, str | None]] = []
    lines: dict[int, Line] = {}
    for found in objects:
        if isinstance(found, Line):
            lines[len(records)] = found
            records.append({})
        else:
            records.append(found)
            names.update(dict.fromkeys(found))
        if len(records) == _ROWS:
            break
    columns = {
        name: pa.array([record.get(name) for record in records], pa.large_string())
        for name in names
    }
    rows = Rows(place=place, columns=columns, count=len(records), lines=lines)
    return rows, len(records) < _ROWS


def _objects(text: Text, ragged: Ragged) -> Iterator[dict[str, str | None] | Line]:
    decoder = json.JSONDecoder(
        parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_object
    )
    fits, first = False, None
    number = text.line
    for line in _feed_lines(text):
        if line.strip():
            try:
                yield _read(line.strip(), decoder)
                fits = True
            except (ValueError, RecursionError) as error:
                fault = _broken(text.place, number, error)
                if ragged == "refuse":
                    raise fault from None
                first = first or fault
                yield Line(text=line.rstrip("\r\n"), expected=_EXPECTED)
        number = text.line
    if first is not None and not fits:
        raise first


def _feed_lines(text: Text) -> Iterator[str]:
    """Yield lines that end in a line feed: a carriage return alone is a blank of JSON."""
    parts: list[str] = []
    for line in text.lines():
        parts.append(line)
        if line.endswith("\n"):
            yield "".join(parts)
            parts.clear()
    if parts:
        yield "".join(parts)


def _read(line: str, decoder: json.JSONDecoder) -> dict[str, str | None]:
    record = decoder.decode(line)
    if not isinstance(record, dict):
        message = "is no JSON object"
        raise _LineError(message)
    pairs = list(_flat(record, ""))
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "has a key that stands twice"
        raise _LineError(message)
    if "\\ud" in line.lower():
        _check_text(found)
    return found


def _refuse(word: str) -> str:
    message = f"{word} is no JSON number"
    raise _LineError(message)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "has a key that stands twice"
        raise _LineError(message)
    return found


def _flat(record: dict[str, Any], path: str) -> Iterator[tuple[str, str | None]]:
    for key, value in record.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif value is None or isinstance(value, str):
            yield name, value
        else:
            yield name, json.dumps(value, ensure_ascii=False)


def _check_text(record: dict[str, str | None]) -> None:
    """Refuse half of a surrogate pair, which is no character and no store keeps."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "holds half of a surrogate pair"
        raise _LineError(message) from None


def _broken(place: str, line: int, error: Exception) -> SourceError:
    if isinstance(error, json.JSONDecodeError):
        found = f"is no JSON: {error.msg} at column {error.colno}"
    elif isinstance(error, RecursionError):
        found = "is nested too deeply"
    else:
        found = str(error)
    where = f"{place} line {line}"
    return SourceError(where=where, found=found, expected=_EXPECTED, remedy="correct the line")
