"""From a batch's files to its rows: each by its reader, or all together through a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from accord.errors import SourceError
from accord.sources.csv_rows import read_csv
from accord.sources.files import Batch, File, load
from accord.sources.json_rows import read_json_lines
from accord.sources.model import Source, reader_of
from accord.sources.rows import FILE_ROW, Rows


def read_rows(batch: Batch) -> Rows:
    """Read a batch's rows as they stand; SourceError if any file of it cannot be read whole."""
    source = batch.source
    if source.query is None:
        return _read_file(batch.files[0], source)
    return _run_query(batch, source.query)


def read_pieces(batch: Batch, *, at_once: int) -> Iterator[Rows]:
    """Read a batch's rows piece by piece, at most ``at_once`` rows each, in order."""
    whole = read_rows(batch)
    yield from (whole.part(start, at_once) for start in range(0, max(whole.count, 1), at_once))


def _read_file(file: File, source: Source) -> Rows:
    content = load(file)
    reader = source.reader or reader_of(file.place)
    if reader == "parquet":
        return _read_parquet(content, place=file.place)
    if reader == "jsonl":
        return read_json_lines(content, place=file.place, encoding=source.encoding)
    return read_csv(content, place=file.place, encoding=source.encoding, delimiter=source.delimiter)


def _read_parquet(content: bytes, *, place: str) -> Rows:
    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            where=place,
            found=f"is no whole Parquet file: {reason}",
            remedy="copy it again when it is finished",
        ) from None
    return _rows_of(table, place=place)


def _rows_of(table: pa.Table, *, place: str) -> Rows:
    names = table.column_names
    repeated = frozenset(name for name in names if names.count(name) > 1)
    columns = {name: _whole(table.column(index)) for index, name in enumerate(names)}
    return Rows(place=place, columns=columns, count=table.num_rows, repeated=repeated)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Join a column's chunks; text becomes large text first, whose offsets do not overflow."""
    if pa.types.is_string(column.type):
        column = column.cast(pa.large_string())
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], column.type)
    return joined


def _run_query(batch: Batch, query: str) -> Rows:
    """Run a query over a source's files as tables of text; one thread keeps the order of rows."""
    import duckdb

    options = {
        "enable_external_access": "false",
        "python_enable_replacements": "false",
        "threads": "1",
    }
    names = dict.fromkeys(file.name for file in batch.files)
    tables = {
        name: _table([f for f in batch.files if f.name == name], batch.source) for name in names
    }
    with duckdb.connect(config=options) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        connection.execute("SET lock_configuration = true")
        try:
            result: Any = connection.sql(query)
            found = None if result is None else result.to_arrow_table()
        except duckdb.Error as error:
            raise _query_error(batch.source, str(error).splitlines()[0]) from None
    if found is None:
        raise _query_error(batch.source, "it gives no rows: it is no SELECT")
    return _rows_of(found, place=f"sources.{batch.source.name}.query")


def _query_error(source: Source, reason: str) -> SourceError:
    return SourceError(
        where=f"sources.{source.name}.query",
        found=reason,
        expected="DuckDB SQL over the named files, whose columns are text",
        remedy="correct the query in sources.yaml",
    )


def _table(files: Iterable[File], source: Source) -> pa.Table:
    """One table of text a name; ``file_row`` counts the rows of each file from 1."""
    parts = []
    for file in files:
        rows = _read_file(file, source)
        texts = {name: rows.text(name) for name in rows.columns if name not in rows.repeated}
        numbers = pa.array(range(1, rows.count + 1), pa.int64())
        parts.append(pa.table({**texts, FILE_ROW: numbers}))
    return pa.concat_tables(parts, promote_options="default")
