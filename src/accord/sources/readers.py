"""From a batch's files to its rows: each by its reader, or all together through a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from accord.sources.csv_rows import read_csv
from accord.sources.excel_rows import read_excel
from accord.sources.files import Batch, File
from accord.sources.json_rows import read_json_lines, read_names
from accord.sources.model import Source, reader_of
from accord.sources.parquet_rows import read_parquet
from accord.sources.queries import run_query
from accord.sources.rows import Rows, cut_rows, join_rows
from accord.sources.streams import open_same, open_stream, packing_of, read_whole

_BATCH_ROWS = 131_072  # of a Parquet file that are read at once


def read_rows(batch: Batch) -> Rows:
    """Read a batch's rows as they stand; SourceError if any file of it cannot be read whole."""
    source = batch.source
    if source.query is None:
        return join_rows(list(_parts(batch.files[0], source)))
    return _run_query(batch, source.query)


def read_pieces(batch: Batch, *, at_once: int) -> Iterator[Rows]:
    """Read a batch's rows piece by piece, at most ``at_once`` rows each, in order.

    A file is read as it goes: what is wrong at its end is a SourceError when it is reached, and
    so is a file that changed since it was found. A batch without rows is one empty piece.
    """
    query = batch.source.query
    whole = None if query is None else _run_query(batch, query)
    parts = _parts(batch.files[0], batch.source) if whole is None else iter((whole,))
    return cut_rows(parts, at_once=at_once)


def _run_query(batch: Batch, query: str) -> Rows:
    """Lines that are no records are refused: a query could not tell them from rows."""
    source = batch.source.model_copy(update={"ragged": "refuse"})
    tables: dict[str, list[Rows]] = {}
    for file in batch.files:
        tables.setdefault(file.name, []).append(join_rows(list(_parts(file, source))))
    return run_query(source, query, tables)


def _parts(file: File, source: Source) -> Iterator[Rows]:
    """Read one file as it goes, in parts of whatever size its reader likes."""
    reader = source.reader or reader_of(file.place)
    if reader == "excel":
        content = read_whole(file.place, digest=file.digest)
        return read_excel(content, place=file.place, sheet=source.sheet)
    if reader == "parquet":
        return _parquet_parts(file)
    return _jsonl_parts(file, source) if reader == "jsonl" else _csv_parts(file, source)


def _parquet_parts(file: File) -> Iterator[Rows]:
    """Jump about in a local file; any other is read into memory first."""
    if file.stamp is None or packing_of(file.place) is not None:
        content = pa.py_buffer(read_whole(file.place, digest=file.digest))
        yield from read_parquet(content, place=file.place, at_once=_BATCH_ROWS)
    else:
        with open_same(file.place, stamp=file.stamp) as opened:
            yield from read_parquet(opened, place=file.place, at_once=_BATCH_ROWS)


def _csv_parts(file: File, source: Source) -> Iterator[Rows]:
    with open_stream(file.place, digest=file.digest, stamp=file.stamp) as stream:
        yield from read_csv(
            stream,
            place=file.place,
            encoding=source.encoding,
            delimiter=source.delimiter,
            ragged=source.ragged,
        )


def _jsonl_parts(file: File, source: Source) -> Iterator[Rows]:
    """Read JSON lines; a mapped key that the first part lacks is looked for in the whole file."""
    late: frozenset[str] | None = None
    with open_stream(file.place, digest=file.digest, stamp=file.stamp) as stream:
        parts = read_json_lines(
            stream, place=file.place, encoding=source.encoding, ragged=source.ragged
        )
        for rows in parts:
            if late is None and rows.columns:
                late = _names_in(file, source, source.required_columns - rows.columns.keys())
            missing = (late or frozenset()) - rows.columns.keys()
            nothing = pa.nulls(rows.count, pa.large_string())
            yield replace(rows, columns={**rows.columns, **dict.fromkeys(missing, nothing)})


def _names_in(file: File, source: Source, wanted: frozenset[str]) -> frozenset[str]:
    if not wanted:
        return wanted
    with open_stream(file.place, digest=file.digest, stamp=file.stamp) as stream:
        return read_names(stream, place=file.place, encoding=source.encoding, wanted=wanted)
