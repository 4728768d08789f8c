"""CSV: quoted as RFC 4180 says, one row a record, as many cells as the header.

The definition is Python's ``csv`` module in strict mode, which knows the place of every fault.
Blocks that are plain for sure (:mod:`accord.sources.csv_blocks`) are read by Arrow, many times
faster, to the same rows; every other block is read by the definition.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

import pyarrow as pa

from accord.errors import SourceError
from accord.sources.csv_blocks import count_lines, plain_size, read_plain
from accord.sources.model import Ragged
from accord.sources.rows import Line, Rows, name_apart
from accord.sources.streams import Bytes
from accord.sources.text_lines import Text

BLOCK_BYTES = 16 * 1024 * 1024
_MOST_CELL_BYTES = 128 * 1024 * 1024

Record = tuple[int, list[str], str]
"""The line where a record begins, its cells, and its text."""


def read_csv(
    stream: Bytes, *, place: str, encoding: str, delimiter: str, ragged: Ragged = "quarantine"
) -> Iterator[Rows]:
    """Read a CSV file block by block; SourceError names the line (from 1) of what is wrong.

    A byte order mark, any line ending and quoted newlines are fine; blank lines are no rows; a
    header alone is a file of no rows; a record that was wrapped as one field is unwrapped. A line
    with other than the header's number of cells is a row that is no record (``Rows.lines``), or
    refused; so is a file of which nothing fits the header.
    """
    text = Text(stream, place=place, encoding=encoding)
    header, records = _begin(text, delimiter)
    names, repeated = name_apart(header)
    shape = _Shape(names=names, repeated=repeated, place=place, delimiter=delimiter, ragged=ragged)
    rows = shape.rows(records)
    while block := text.ahead(BLOCK_BYTES):
        more = _read_fast(text, block, shape)
        more = more or shape.rows(_records(text, delimiter, BLOCK_BYTES))
        shape.check()
        yield rows
        rows = more
    shape.check()
    yield rows


class _Shape:
    """What every row of one file must look like."""

    def __init__(
        self,
        *,
        names: list[str],
        repeated: frozenset[str],
        place: str,
        delimiter: str,
        ragged: Ragged,
    ) -> None:
        self.names = names
        self.repeated = repeated
        self.place = place
        self.delimiter = delimiter
        self._ragged = ragged
        self._fits = 0  # rows so far that fit the header
        self._fault: SourceError | None = None  # of the first that does not

    def check(self) -> None:
        """Refuse a file of which no row so far fits the header."""
        if self._fault is not None and not self._fits:
            raise self._fault

    def plain_rows(self, columns: dict[str, pa.Array], count: int) -> Rows:
        """Make rows of columns that are whole."""
        self._fits += count
        return Rows(place=self.place, columns=columns, count=count, repeated=self.repeated)

    def rows(self, records: Iterator[Record]) -> Rows:
        """Make rows of records; one of another width keeps its text and has no cells."""
        nothing = [None] * len(self.names)
        cells: list[Sequence[str | None]] = []
        lines: dict[int, Line] = {}
        for line, record, text in records:
            fitting = self._fitting(record)
            if fitting is None:
                fault = self._other_width(line, len(record))
                if self._ragged == "refuse":
                    raise fault
                self._fault = self._fault or fault
                lines[len(cells)] = Line(text=text.rstrip("\r\n"), expected=fault.expected)
            cells.append(nothing if fitting is None else fitting)
        self._fits += len(cells) - len(lines)
        return Rows(
            place=self.place,
            columns=_transposed(self.names, cells),
            count=len(cells),
            repeated=self.repeated,
            lines=lines,
        )

    def _fitting(self, record: list[str]) -> list[str] | None:
        """Return the cells of a record of the right width.

        Empty cells after the last column are cut off; a record in one cell is unwrapped.
        """
        width = len(self.names)
        if len(record) == width:
            return record
        if len(record) > width and not any(record[width:]):
            return record[:width]
        if len(record) == 1:
            unwrapped = _unwrapped(record[0], self.delimiter)
            if len(unwrapped) == width:
                return unwrapped
        return None

    def _other_width(self, line: int, width: int) -> SourceError:
        return SourceError(
            where=f"{self.place} line {line}",
            found=f"has {width} cells",
            expected=f"{len(self.names)} cells, as in the header",
            remedy="quote cells that hold the delimiter, or correct the line",
        )


def _transposed(names: Sequence[str], cells: Sequence[Sequence[str | None]]) -> dict[str, pa.Array]:
    columns = zip(*cells, strict=True) if cells else ((),) * len(names)
    return {
        name: pa.array(column, pa.large_string())
        for name, column in zip(names, columns, strict=True)
    }


def _begin(text: Text, delimiter: str) -> tuple[list[str], Iterator[Record]]:
    """Read the header and the first row; a header wrapped as one field is unwrapped with it."""
    records = _records(text, delimiter, 0)
    header = next(records, None)
    if header is None:
        remedy = "write the header line; a file may have no rows, but not no columns"
        raise SourceError(
            where=text.place, found="is empty", expected="a header line", remedy=remedy
        )
    names = header[1]
    first = next(_records(text, delimiter, 0), None)
    unwrapped = _unwrapped(names[0], delimiter) if len(names) == 1 else names
    if first is None:
        return unwrapped, iter(())
    fits = {len(first[1]), len(_unwrapped(first[1][0], delimiter))}
    return unwrapped if len(unwrapped) in fits else names, iter((first,))


def _unwrapped(cell: str, delimiter: str) -> list[str]:
    """Cut a cell that holds a whole record; what is no record stays one cell."""
    try:
        found = list(csv.reader([cell], delimiter=delimiter, strict=True))
    except csv.Error:
        return [cell]
    return found[0] if len(found) == 1 and found[0] else [cell]


def _records(text: Text, delimiter: str, size: int) -> Iterator[Record]:
    """Yield the records of the next ``size`` bytes, at least one; blank lines are none.

    Stops between two records, so that whoever goes on begins with a record.
    """
    csv.field_size_limit(_MOST_CELL_BYTES)
    taken: list[str] = []
    end = text.offset + size

    def lines() -> Iterator[str]:
        for line in text.lines():
            taken.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        begins = text.line
        taken.clear()
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(str(error), text.place, begins) from None
        if record:
            yield begins, record, "".join(taken)
            if text.offset >= end:
                return


def _broken(problem: str, place: str, line: int) -> SourceError:
    if "end of data" in problem:
        found = "opens a quote that is never closed"
    elif "expected after" in problem:
        found = "has text after a closing quote"
    elif "field limit" in problem:
        found = f"has a cell of more than {_MOST_CELL_BYTES >> 20} MB"
    else:
        found = problem
    remedy = 'close the quote, or double a quote that is text ("")'
    where = f"{place} line {line}"
    return SourceError(where=where, found=found, expected="balanced quotes", remedy=remedy)


def _read_fast(text: Text, block: bytes, shape: _Shape) -> Rows | None:
    """Read the whole records at the front of the text by Arrow; None if they are not plain."""
    size = plain_size(block, delimiter=shape.delimiter, is_last=len(block) < BLOCK_BYTES)
    if not size:
        return None
    whole, quoted = memoryview(block)[:size], b'"' in block
    columns = read_plain(whole, names=shape.names, delimiter=shape.delimiter, quoted=quoted)
    if columns is None:
        return None
    text.drop(size, lines=count_lines(block, size))
    return shape.plain_rows(columns, len(columns[shape.names[0]]))
