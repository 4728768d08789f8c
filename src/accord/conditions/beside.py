"""Bringing a small table to where a frame is, so that an engine can join the two.

Nothing is folded, trimmed or normalised on the way: keys join where they are the same characters.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa


def put_beside(frame: nw.LazyFrame[Any], table: pa.Table) -> nw.LazyFrame[Any]:
    """Return a table as a lazy frame of the same backend (and connection, session) as ``frame``.

    The rows stay as they are, nulls and types included; of an Arrow frame, whose joins tell long
    text from short, texts become as long as the frame's own.
    """
    implementation = frame.implementation
    native: Any = frame.to_native()
    if implementation.is_duckdb():
        there = nw.from_native(_on_connection(native, table))
    elif implementation.is_pyspark() or implementation.is_pyspark_connect():
        there = nw.from_native(native.sparkSession.createDataFrame(table))
    else:
        given = _with_texts_of(native, table) if implementation.is_pyarrow() else table
        there = nw.from_arrow(given, backend=implementation)
    beside: nw.LazyFrame[Any] = there.lazy()
    return beside


def _on_connection(relation: Any, beside: pa.Table) -> Any:  # noqa: ARG001 DuckDB sees local names
    """Return a table as a relation of the connection that another relation belongs to.

    A relation does not name its connection, but queries run on it, and they see local names.
    """
    return relation.query("frame_given", "SELECT * FROM beside").set_alias("beside")


def _with_texts_of(frame: pa.Table, table: pa.Table) -> pa.Table:
    """Make texts large where those of the frame are: Arrow joins no text with a large one."""
    if pa.large_string() not in frame.schema.types:
        return table
    fields = [
        field.with_type(pa.large_string()) if field.type == pa.string() else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
