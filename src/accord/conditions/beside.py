"""Bringing a small table to where a frame is, so that an engine can join the two."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa


def put_beside(frame: nw.LazyFrame[Any], table: pa.Table) -> nw.LazyFrame[Any]:
    """Return a table as a lazy frame of the same backend (and connection, session) as ``frame``."""
    implementation = frame.implementation
    native: Any = frame.to_native()
    if implementation.is_duckdb():
        return nw.from_native(_on_connection(native, table)).lazy()
    if implementation.is_pyspark():
        return nw.from_native(native.sparkSession.createDataFrame(table.to_pandas())).lazy()
    return nw.from_arrow(table, backend=implementation).lazy()


def _on_connection(relation: Any, beside: pa.Table) -> Any:
    """Return a table as a relation of the connection that another relation belongs to.

    A relation does not name its connection, but queries run on it, and they see local names.
    """
    return relation.query("frame_given", "SELECT * FROM beside").set_alias("beside")
