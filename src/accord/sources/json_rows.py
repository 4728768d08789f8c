"""JSON lines: one object a line; numbers stay the text that was written.

Keys of nested objects are joined by dots (``properties.email``); a list is its JSON text. A line
may leave a key out: its cell is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from accord.errors import SourceError
from accord.sources.csv_rows import decode
from accord.sources.rows import Rows


class _RepeatedKeyError(ValueError):
    """A key that stands twice in one object."""


def read_json_lines(content: bytes, *, place: str, encoding: str) -> Rows:
    """Read a file of JSON lines; SourceError names the line of what is wrong."""
    text = decode(content, place=place, encoding=encoding)
    records = list(_records(text, place))
    names = list(dict.fromkeys(name for record in records for name in record))
    if "\\ud" in text.lower():
        _check_text(text, place)
    columns = {
        name: pa.array([record.get(name) for record in records], pa.large_string())
        for name in names
    }
    return Rows(place=place, columns=columns, count=len(records))


def _records(text: str, place: str) -> Iterator[dict[str, str | None]]:
    decoder = json.JSONDecoder(
        parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_object
    )
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = decoder.decode(line.strip())
        except json.JSONDecodeError as error:
            raise _broken(
                place, number, f"is no JSON: {error.msg} at column {error.colno}"
            ) from None
        except (ValueError, RecursionError) as error:
            raise _broken(place, number, str(error)) from None
        if not isinstance(record, dict):
            raise _broken(place, number, "is no JSON object")
        yield dict(_flat(record, ""))


def _refuse(word: str) -> str:
    message = f"{word} is no JSON number"
    raise ValueError(message)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError("has a key that stands twice")
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


def _check_text(text: str, place: str) -> None:
    """Find the line with half of a surrogate pair, which is no character and no store keeps."""
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            json.dumps(json.loads(line.strip() or "0"), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise _broken(place, number, "holds half of a surrogate pair") from None


def _broken(place: str, line: int, found: str) -> SourceError:
    expected = "one JSON object a line"
    remedy = "correct the line"
    return SourceError(where=f"{place} line {line}", found=found, expected=expected, remedy=remedy)
