"""Every table of a page as a CSV file. A cell that a spreadsheet would run is made text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from accord.report.model import Table

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def write_csvs(tables: Iterable[Table], folder: Path) -> tuple[Path, ...]:
    """Write each table as ``<name>.csv`` (UTF-8, RFC 4180) into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_write(table, folder / f"{table.name}.csv") for table in tables)


def _write(table: Table, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([safe(column.title) for column in table.columns])
        writer.writerows([safe(cell.raw) for cell in row] for row in table.rows)
    return path


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe before what might be one.

    Plain numbers, negative ones too, stay as they are.

    >>> safe("=HYPERLINK(1)"), safe("-12.5"), safe("-cmd")
    ("'=HYPERLINK(1)", '-12.5', "'-cmd")
    """
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS) or text.startswith(_RUNS) else text
