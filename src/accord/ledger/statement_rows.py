"""The stored numbers of one metric with every revision: what was said of it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.store import read_rows
from accord.ledger.tables import metric


def read_revisions(
    connection: Connection, name: str, dimensions: Sequence[str], *, period: str | None = None
) -> list[dict[str, Any]]:
    """Read a metric's rows by these dimensions, of one period or all; oldest revision first."""
    columns = metric.c
    query = select(metric).where(columns.metric == name, columns.dimension.in_(dimensions))
    if period is not None:
        query = query.where(columns.period == period)
    order = (columns.period, columns.dimension, columns.member, columns.revision)
    return read_rows(connection, query.order_by(*order))
