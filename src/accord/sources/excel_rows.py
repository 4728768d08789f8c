"""Excel: one sheet of a workbook (.xlsx .xlsm .xlsb .xls .ods), one header row, one row a record.

Numbers become the text that says them exactly (42, not 42.0); dates and times become ISO text of
local time, in whichever of its two calendars the workbook counts days. Error cells are empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pyarrow as pa

from accord.errors import SourceError
from accord.sources.rows import Rows, name_apart

_EXACT = 2**53  # whole numbers below this are exact; Excel itself keeps 15 digits


def read_excel(content: bytes, *, place: str, sheet: str | int | None) -> Iterator[Rows]:
    """Read one sheet; SourceError if there is no such sheet or its header is no header.

    Rows and columns without a value are none. ``sheet`` is a name, or a number from 1; it may be
    left out where the workbook has one sheet.
    """
    table = [_texts(row) for row in _cells(content, place, sheet)]
    table = [row for row in table if any(cell is not None for cell in row)]
    if not table:
        remedy = "write the header row, or name another sheet: in sources.yaml"
        raise SourceError(where=place, found="is empty", expected="a header row", remedy=remedy)
    held = [index for index in range(len(table[0])) if any(row[index] is not None for row in table)]
    header, body = table[0], table[1:]
    _check_header(header, held, place)
    names, repeated = name_apart([header[index] or "" for index in held])
    columns = {
        name: pa.array([row[index] for row in body], pa.large_string())
        for name, index in zip(names, held, strict=True)
    }
    yield Rows(place=place, columns=columns, count=len(body), repeated=repeated)


def _cells(content: bytes, place: str, sheet: str | int | None) -> list[list[Any]]:
    import python_calamine as calamine

    try:
        workbook = calamine.CalamineWorkbook.from_filelike(BytesIO(content))
        name = _sheet_name(workbook.sheet_names, place, sheet)
        found: list[list[Any]] = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except SourceError:
        raise
    except calamine.PasswordError:
        remedy = "save it without a password"
        raise SourceError(where=place, found="is locked by a password", remedy=remedy) from None
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        found_it = f"is no whole Excel file: {reason}"
        raise SourceError(where=place, found=found_it, remedy="copy it again") from None
    return found


def _sheet_name(names: Sequence[str], place: str, sheet: str | int | None) -> str:
    if sheet is None and len(names) == 1:
        return names[0]
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    if isinstance(sheet, str) and sheet in names:
        return sheet
    raise SourceError(
        where=place,
        found=f"has {len(names)} sheets" if sheet is None else f"has no sheet {sheet!r}",
        expected="one sheet" if sheet is None else "a sheet of the workbook",
        remedy=f"say sheet: in sources.yaml; it has {', '.join(names)}",
    )


def _check_header(header: Sequence[str | None], held: Sequence[int], place: str) -> None:
    """Refuse a title or a second header row; a single column without a name is let be."""
    nameless = [index for index in held if header[index] is None]
    if len(nameless) > 1:
        raise SourceError(
            where=f"{place} row 1",
            found=f"names {len(held) - len(nameless)} of {len(held)} columns",
            expected="one header row that names every column",
            remedy="remove titles, merged headings and second header rows above the data",
        )


def _texts(cells: Sequence[Any]) -> list[str | None]:
    return [_text(cell) for cell in cells]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
