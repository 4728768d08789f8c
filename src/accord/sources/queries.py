"""A query over a source's files: DuckDB SQL on tables of text, with no way outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from accord.errors import SourceError
from accord.sources.model import Source
from accord.sources.parquet_rows import rows_of
from accord.sources.rows import FILE_ROW, Rows

_OPTIONS = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "threads": "1",  # keeps the order of rows
}


def run_query(source: Source, query: str, tables: Mapping[str, list[Rows]]) -> Rows:
    """Run a query over each name's files; SourceError names the source where it fails.

    Every column is text; ``file_row`` counts the rows of each file from 1.
    """
    import duckdb

    with duckdb.connect(config=_OPTIONS) as connection:
        for name, files in tables.items():
            connection.register(name, _table(files))
        connection.execute("SET lock_configuration = true")
        try:
            result: Any = connection.sql(query)
            found = None if result is None else result.to_arrow_table()
        except duckdb.Error as error:
            raise _query_error(source, str(error).splitlines()[0]) from None
    if found is None:
        raise _query_error(source, "it gives no rows: it is no SELECT")
    return rows_of(found, place=f"sources.{source.name}.query")


def _query_error(source: Source, reason: str) -> SourceError:
    return SourceError(
        where=f"sources.{source.name}.query",
        found=reason,
        expected="DuckDB SQL over the named files, whose columns are text",
        remedy="correct the query in sources.yaml",
    )


def _table(files: list[Rows]) -> pa.Table:
    parts = []
    for rows in files:
        texts = {name: rows.text(name) for name in rows.columns if name not in rows.repeated}
        numbers = pa.array(range(1, rows.count + 1), pa.int64())
        parts.append(pa.table({**texts, FILE_ROW: numbers}))
    return pa.concat_tables(parts, promote_options="default")
