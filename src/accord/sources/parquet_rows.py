"""Parquet: batches straight from the file; every column keeps its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
from pyarrow import parquet

from accord.errors import SourceError
from accord.sources.rows import Rows

_BUFFER_BYTES = 4 * 1024 * 1024  # of a column's packed bytes that are read at once


def read_parquet(content: IO[bytes] | pa.Buffer, *, place: str, at_once: int) -> Iterator[Rows]:
    """Read a Parquet file, at most ``at_once`` rows at a time; SourceError if it is not whole."""
    try:
        opened: Any = pa.BufferReader(content) if isinstance(content, pa.Buffer) else content
        file = parquet.ParquetFile(opened, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        yield rows_of(file.schema_arrow.empty_table(), place=place)
        for batch in file.iter_batches(batch_size=at_once):
            batch.validate(full=True)  # a page that was damaged may hold text that is none
            yield rows_of(pa.Table.from_batches([batch]), place=place)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise SourceError(
            where=place,
            found=f"is no whole Parquet file: {reason}",
            remedy="copy it again when it is finished",
        ) from None


def rows_of(table: pa.Table, *, place: str) -> Rows:
    """Make rows of a table as it stands."""
    names = table.column_names
    repeated = frozenset(name for name in names if names.count(name) > 1)
    columns = {name: _whole(table.column(index)) for index, name in enumerate(names)}
    return Rows(place=place, columns=columns, count=table.num_rows, repeated=repeated)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Join a column's chunks; text becomes large text first, whose offsets do not overflow."""
    if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], column.type)
    return joined
