"""What changed in numbers of closed weeks: each revision beside the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from accord.ledger.store import read_rows
from accord.ledger.tables import metric


def read_revisions(
    connection: Connection, *, since: datetime | None = None
) -> list[dict[str, Any]]:
    """Read every change of a closed period's number: when, of what, what it was and is.

    One dict a change, the oldest first: ``computed_at period metric dimension member revision was
    value``. A number that a period got after it had been stored as closed was missing before.
    """
    rows = read_rows(connection, _changes(since))
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in _ORDER))


_ORDER = ("computed_at", "period", "metric", "dimension", "member", "revision")


def _changes(since: datetime | None) -> Select[Any]:
    columns = metric.c
    closed = (
        select(columns.period, func.min(columns.computed_at).label("closed_at"))
        .where(columns.partial.is_(False))
        .group_by(columns.period)
        .subquery()
    )
    earlier = metric.alias("earlier")
    key = ("period", "metric", "dimension", "member")
    before = and_(
        *(earlier.c[name] == columns[name] for name in key),
        earlier.c.revision == columns.revision - 1,
    )
    query = (
        select(*(columns[name] for name in (*_ORDER, "value")), earlier.c.value.label("was"))
        .join_from(metric, closed, closed.c.period == columns.period)
        .outerjoin(earlier, before)
        .where(columns.partial.is_(False))
        .where(or_(columns.revision > 1, columns.computed_at > closed.c.closed_at))
    )
    return query if since is None else query.where(columns.computed_at >= since)
