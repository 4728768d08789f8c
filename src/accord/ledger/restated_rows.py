"""Numbers of closed periods that were computed anew since a certain run, and what they were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from accord.ledger.store import read_rows
from accord.ledger.tables import metric

_KEY = ("period", "metric", "dimension", "member")


def first_closed_at(connection: Connection, period: str) -> datetime | None:
    """Return when a period's numbers were first computed after it had ended; None if never."""
    closed = and_(metric.c.period == period, metric.c.partial.is_(False))
    found: datetime | None = connection.execute(
        select(func.min(metric.c.computed_at)).where(closed)
    ).scalar()
    return found


def read_restated(
    connection: Connection, *, since: datetime, until: datetime, before: str
) -> list[dict[str, Any]]:
    """Read the numbers of closed weeks whose newest revision came after ``since``.

    Up to ``until``, of weeks named lower than ``before``. One row a number: period, metric,
    dimension, member, computed_at, ``now`` and ``was`` (both None where the number is, or was,
    missing, and ``was_known`` whether there was one at ``since``).
    """
    columns = metric.c
    key = [columns[name] for name in _KEY]
    weeks = columns.period.like("____-W__")
    closed = and_(columns.partial.is_(False), weeks, columns.period < before)
    newest = (
        select(*key, func.max(columns.revision).label("revision"))
        .where(closed, columns.computed_at > since, columns.computed_at <= until)
        .group_by(*key)
        .subquery("newest")
    )
    earlier = (
        select(*key, func.max(columns.revision).label("revision"))
        .where(closed, columns.computed_at <= since)
        .group_by(*key)
        .subquery("earlier")
    )
    was = metric.alias("was")
    query = (
        select(
            *key,
            columns.computed_at,
            columns.value.label("now"),
            was.c.value.label("was"),
            was.c.revision.is_not(None).label("was_known"),
        )
        .join(newest, _same(metric, newest))
        .outerjoin(earlier, and_(*(newest.c[name] == earlier.c[name] for name in _KEY)))
        .outerjoin(was, _same(was, earlier))
        .order_by(*key)
    )
    return read_rows(connection, query)


def _same(one: Any, other: Any) -> Any:
    return and_(*(one.c[name] == other.c[name] for name in (*_KEY, "revision")))
