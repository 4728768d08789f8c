"""CSV: quoted as RFC 4180 says, one row a record, exactly as many cells as the header.

The definition is Python's ``csv`` module in strict mode, which knows the place of every fault. A
file without a single quote is read by Arrow, many times faster, to the same rows; whatever Arrow
refuses is read again by the definition, for its error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.csv as arrow_csv

from accord.errors import SourceError
from accord.sources.rows import Rows, name_apart

_BOM = b"\xef\xbb\xbf"
_UTF8 = frozenset({"utf-8", "utf8", "utf_8", "utf-8-sig", "utf_8_sig", "ascii", "us-ascii"})
_MOST_CELL_BYTES = 128 * 1024 * 1024
_BLOCK_BYTES = 8 * 1024 * 1024


def read_csv(content: bytes, *, place: str, encoding: str, delimiter: str) -> Rows:
    """Read a CSV file; SourceError names the line (from 1) of what is wrong.

    A byte order mark, any line ending and quoted newlines are fine; blank lines are no rows; a
    header alone is a file of no rows.
    """
    if encoding.lower() in _UTF8 and b'"' not in content and delimiter.isascii():
        fast = _read_fast(content.removeprefix(_BOM), place=place, delimiter=delimiter)
        if fast is not None:
            return fast
    return _read_strictly(decode(content, place=place, encoding=encoding), place, delimiter)


def decode(content: bytes, *, place: str, encoding: str) -> str:
    """Decode a file's bytes; SourceError names byte and line of what is no such text."""
    wanted = "utf-8-sig" if encoding.lower() in _UTF8 else encoding
    try:
        return content.decode(wanted)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            where=f"{place} line {line}",
            found=f"byte {error.start + 1} is no {encoding} text",
            expected=f"text in {encoding}",
            remedy="save the file so, or say encoding: in sources.yaml",
        ) from None


def _read_fast(content: bytes, *, place: str, delimiter: str) -> Rows | None:
    """Read a file without quotes by Arrow; None if the definition must decide."""
    first, _, rest = content.partition(b"\n")
    header_line = first.removesuffix(b"\r")
    if not header_line or b"\r" in header_line:
        return None
    try:
        header = header_line.decode().split(delimiter)
    except UnicodeDecodeError:
        return None
    names, repeated = name_apart(header)
    if len(header) == 1 or not rest.strip(b"\r\n"):
        return None
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(rest),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = {
        name: pa.concat_arrays(table.column(name).chunks)
        if table.num_rows
        else pa.array([], pa.large_string())
        for name in names
    }
    return Rows(place=place, columns=columns, count=table.num_rows, repeated=repeated)


def _read_strictly(text: str, place: str, delimiter: str) -> Rows:
    csv.field_size_limit(_MOST_CELL_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = _records(reader, place)
    header = next(records, None)
    if header is None:
        remedy = "write the header line; a file may have no rows, but not no columns"
        raise SourceError(where=place, found="is empty", expected="a header line", remedy=remedy)
    names, repeated = name_apart(header[1])
    cells = [record for _, record in _same_width(records, len(names), place)]
    columns = {
        name: pa.array([record[index] for record in cells], pa.large_string())
        for index, name in enumerate(names)
    }
    return Rows(place=place, columns=columns, count=len(cells), repeated=repeated)


def _records(reader: Iterator[list[str]], place: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each record begins, and its cells."""
    begins = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(str(error), place, begins) from None
        if record:
            yield begins, record
        begins = reader.line_num + 1  # type: ignore[attr-defined]


def _broken(problem: str, place: str, line: int) -> SourceError:
    if "end of data" in problem:
        found = "opens a quote that is never closed"
    elif "expected after" in problem:
        found = "has text after a closing quote"
    else:
        found = problem
    remedy = 'close the quote, or double a quote that is text ("")'
    where = f"{place} line {line}"
    return SourceError(where=where, found=found, expected="balanced quotes", remedy=remedy)


def _same_width(
    records: Iterator[tuple[int, list[str]]], width: int, place: str
) -> Iterator[tuple[int, Sequence[str]]]:
    for line, record in records:
        if len(record) != width:
            raise SourceError(
                where=f"{place} line {line}",
                found=f"has {len(record)} cells",
                expected=f"{width}, as in the header",
                remedy="quote cells that hold the delimiter, or correct the line",
            )
        yield line, record
