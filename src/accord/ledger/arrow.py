"""Rows of the ledger as Arrow: many rows of few columns, for the engines that score them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Connection, Integer, Select

from accord.ledger.types import Instant, Money

_AT_ONCE = 50_000
"""Rows held as Python values before they become Arrow."""


def to_arrow(
    connection: Connection, queries: Iterable[Select[Any]], columns: Sequence[Any]
) -> pa.Table:
    """Read what queries give as one table, in their order.

    ``columns`` are the table columns that each query selects: whole numbers become int64, money
    decimals, instants UTC microseconds, flags booleans, all else text; a null stays a null.
    """
    schema = pa.schema([(column.name, _type_of(column)) for column in columns])
    batches = [
        _batch(rows, schema)
        for query in queries
        for rows in connection.execute(query).partitions(_AT_ONCE)
    ]
    return pa.Table.from_batches(batches, schema)


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    cells = zip(*rows, strict=True)
    arrays = [pa.array(list(one), field.type) for one, field in zip(cells, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _type_of(column: Any) -> pa.DataType:
    kind = column.type
    if isinstance(kind, Money):
        return pa.decimal128(38, 2)
    if isinstance(kind, Instant):
        return pa.timestamp("us", "UTC")
    if isinstance(kind, BigInteger | Integer):
        return pa.int64()
    return pa.bool_() if isinstance(kind, Boolean) else pa.string()
