"""A file that names leads: one id a line, or a CSV with a column ``lead_id``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from accord.errors import InputError

_COLUMN = "lead_id"
_EXPECTED = "one id a line, or a CSV with a column lead_id, in UTF-8"


def read_lead_ids(path: Path) -> tuple[str, ...]:
    """Read the ids that a file names, each once, in its order.

    A CSV may be cut by comma, semicolon or tab. Empty lines are nothing. InputError if the file
    cannot be read, is neither of both, or names nobody.
    """
    rows = list(_rows(path, _text(path)))
    place = _place(rows[0][1]) if rows else None
    ids = dict.fromkeys(_ids(path, rows[1:] if place is not None else rows, place))
    if not ids:
        raise InputError(where=str(path), found="names no lead", expected=_EXPECTED)
    return tuple(ids)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(where=str(path), found="is not there", expected=_EXPECTED) from None
    except UnicodeDecodeError as error:
        found = f"is no UTF-8 text at byte {error.start}"
        raise InputError(where=str(path), found=found, expected=_EXPECTED) from None
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        raise InputError(where=str(path), found=found, expected=_EXPECTED) from None


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that hold anything, cut into trimmed cells, with their numbers."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((one for one in ",;\t" if one in first), ",")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        where = f"{path}, line {reader.line_num}"
        raise InputError(where=where, found=str(error), expected=_EXPECTED) from None


def _place(cells: Sequence[str]) -> int | None:
    names = [cell.casefold() for cell in cells]
    return names.index(_COLUMN) if _COLUMN in names else None


def _ids(path: Path, rows: Sequence[tuple[int, list[str]]], place: int | None) -> Iterator[str]:
    for number, cells in rows:
        if place is None and len(cells) > 1:
            found = f"{len(cells)} columns, and none is called {_COLUMN}"
            raise InputError(where=f"{path}, line {number}", found=found, expected=_EXPECTED)
        lead_id = cells[place or 0] if (place or 0) < len(cells) else ""
        if not lead_id:
            found = f"no {_COLUMN}"
            raise InputError(where=f"{path}, line {number}", found=found, expected=_EXPECTED)
        yield lead_id
