"""Rows of the pace: what came to teams and what was released, week by week; what was forced.

Only hand-offs that we decided count as come and released: what a source says it handed over never
waited in our queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from accord.ledger.merged_rows import is_own
from accord.ledger.store import read_rows
from accord.ledger.tables import handoff, handoff_owner


def read_come(
    connection: Connection, weeks: Sequence[datetime], *, until: datetime
) -> list[dict[str, Any]]:
    """Count assigned hand-offs by the week in which they entered the queue.

    One row a week, team and kind: ``start`` (of the week, one of ``weeks``, oldest first), team,
    hot, leads. Those that nobody has yet, or never had, are read by :func:`read_unassigned`.
    """
    came = handoff.c.queued_at
    return _count(connection, weeks, came, (handoff.c.team, handoff.c.hot), until=until)


def read_released(
    connection: Connection, weeks: Sequence[datetime], *, until: datetime
) -> list[dict[str, Any]]:
    """Count assigned hand-offs by the week in which they were first given to a rep.

    One row a week, team and kind: start, team, forced, leads.
    """
    gone = handoff.c.assigned_at
    return _count(connection, weeks, gone, (handoff.c.team, handoff.c.forced), until=until)


def _count(
    connection: Connection,
    weeks: Sequence[datetime],
    at: ColumnElement[Any],
    kinds: Sequence[ColumnElement[Any]],
    *,
    until: datetime,
) -> list[dict[str, Any]]:
    # A lead is assigned when it is queued or later, so the index on assigned_at bounds both.
    place = case(*((at >= start, number) for number, start in _newest_first(weeks)))
    query = (
        select(place.label("place"), *kinds, func.count().label("leads"))
        .where(_ours(), handoff.c.assigned_at >= weeks[0], at >= weeks[0], at <= until)
        .group_by(place, *kinds)
    )
    rows = read_rows(connection, query)
    return [{**row, "start": weeks[row.pop("place")]} for row in rows]


def _newest_first(weeks: Sequence[datetime]) -> list[tuple[int, datetime]]:
    return list(enumerate(weeks))[::-1]


def _ours() -> ColumnElement[bool]:
    return and_(handoff.c.origin == "decided", is_own())


def read_unassigned(
    connection: Connection, *, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Read hand-offs that entered the queue since then and were never assigned.

    One row a hand-off: lead_id, stage, queued_at; those that wait and those that ended waiting.
    """
    query = select(handoff.c.lead_id, handoff.c.stage, handoff.c.queued_at).where(
        _ours(),
        handoff.c.assigned_at.is_(None),
        handoff.c.queued_at >= since,
        handoff.c.queued_at <= until,
    )
    return read_rows(connection, query)


def read_first_come(connection: Connection) -> datetime | None:
    """Read when the first hand-off of ours entered the queue; None if there was none."""
    query = select(func.min(handoff.c.queued_at)).where(_ours())
    first: datetime | None = connection.execute(query).scalar_one()
    return first


def read_gone_since(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Read what waited at ``as_of`` and has been assigned or has ended since, as rows of the queue.

    Scores, and whether they were hot, as the hand-off keeps them.
    """
    own = ("handoff_id", "lead_id", "cycle", "stage", "queued_at", "waits_for", "hot")
    scores = ("fit", "engagement", "intent")
    assigned = handoff.c.assigned_at
    query = select(
        *(handoff.c[name] for name in own),
        *(func.coalesce(handoff.c[name], 0).label(name) for name in scores),
    ).where(
        _ours(),
        handoff.c.queued_at <= as_of,
        or_(assigned > as_of, and_(assigned.is_(None), handoff.c.ended_at > as_of)),
    )
    return [
        {**row, "qualifies": ("hot",) if row["hot"] else ()} for row in read_rows(connection, query)
    ]


def read_forced(
    connection: Connection, *, week: datetime, month: datetime, until: datetime
) -> dict[str, tuple[int, int]]:
    """Count what each rep was given over capacity since the week's and the month's beginning.

    Up to ``until``, and by who it was first given to: a lead that a colleague took over later was
    forced on the other.
    """
    counts = [
        func.sum(case((handoff.c.assigned_at >= start, 1), else_=0)) for start in (week, month)
    ]
    query = (
        select(handoff_owner.c.rep_id, *counts)
        .join(handoff, handoff.c.handoff_id == handoff_owner.c.handoff_id)
        .where(
            handoff.c.forced,
            handoff.c.assigned_at >= min(week, month),
            handoff.c.assigned_at <= until,
            handoff_owner.c.since == handoff.c.assigned_at,
            handoff_owner.c.rep_id.is_not(None),
            is_own(),
        )
        .group_by(handoff_owner.c.rep_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(query)}
