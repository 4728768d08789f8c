"""Short tables for artifacts and for the end of a demo: tens of rows, ids only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from accord.ledger.store import read_rows
from accord.ledger.tables import (
    batch,
    clock,
    decision,
    handoff,
    lead,
    metric,
    opportunity,
    outbox,
    stage_change,
    step,
    touch,
)

Rows = list[dict[str, Any]]


def quality_of_sources(connection: Connection, *, since: datetime) -> Rows:
    """Rows of each source over the batches taken since: in, accepted, set aside, ..."""
    names = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
    sums = [func.sum(batch.c[name]).label(name) for name in names]
    query = (
        select(batch.c.source, func.count().label("batches"), *sums)
        .where(batch.c.taken_at >= since)
        .group_by(batch.c.source)
        .order_by(batch.c.source)
    )
    return [
        {name: value if name == "source" else int(value) for name, value in row.items()}
        for row in read_rows(connection, query)
    ]


def open_handoffs(connection: Connection, *, at_most: int) -> Rows:
    """Hand-overs of ours that are open, hot ones first, then by intent, engagement, fit."""
    shown = ("lead_id", "stage", "segment", "team", "rep_id", "hot", "fit", "engagement", "intent")
    query = (
        select(*(handoff.c[name] for name in shown), handoff.c.queued_at, handoff.c.assigned_at)
        .where(handoff.c.origin == "decided", handoff.c.ended_at.is_(None))
        .order_by(
            handoff.c.hot.desc(),
            handoff.c.intent.desc(),
            handoff.c.engagement.desc(),
            handoff.c.fit.desc(),
            handoff.c.queued_at,
        )
        .limit(at_most)
    )
    return read_rows(connection, query)


def unmet_clocks(connection: Connection, *, as_of: datetime, at_most: int) -> Rows:
    """Clocks that ran out and are not met, the latest due first."""
    shown = ("clock_id", "term", "side", "lead_id", "segment", "owner_id", "due_at")
    query = (
        select(*(clock.c[name] for name in shown))
        .where(clock.c.ended_at.is_(None), clock.c.due_at < as_of)
        .order_by(clock.c.due_at.desc())
        .limit(at_most)
    )
    return read_rows(connection, query)


def newest_week(connection: Connection, *, at_most: int) -> Rows:
    """The newest week's metrics over all dimensions, newest revision."""
    weeks = select(func.max(metric.c.period)).where(metric.c.period.like("____-W__"))
    period = connection.execute(weeks).scalar_one()
    newest = (
        select(metric.c.metric, func.max(metric.c.revision).label("revision"))
        .where(metric.c.period == period, metric.c.dimension == "all")
        .group_by(metric.c.metric)
        .subquery()
    )
    shown = ("period", "metric", "value", "numerator", "denominator", "partial")
    query = (
        select(*(metric.c[name] for name in shown))
        .join(
            newest,
            (newest.c.metric == metric.c.metric) & (newest.c.revision == metric.c.revision),
        )
        .where(metric.c.period == period, metric.c.dimension == "all", metric.c.value.is_not(None))
        .order_by(metric.c.metric)
        .limit(at_most)
    )
    return read_rows(connection, query)


def count_by(connection: Connection, table: Table, column: str) -> dict[str, int]:
    """Count a table's rows by one column; rows without a value there are left out."""
    name = table.c[column]
    query = select(name, func.count()).where(name.is_not(None)).group_by(name).order_by(name)
    return {str(row[0]): row[1] for row in connection.execute(query)}


COUNTED: tuple[tuple[str, Table, str], ...] = (
    ("leads by stage", lead, "current_stage"),
    ("moves by stage", stage_change, "to_stage"),
    ("hand-offs by role", handoff, "stage"),
    ("hand-offs by outcome", handoff, "outcome"),
    ("touches by channel", touch, "channel"),
    ("decisions by outcome", decision, "outcome"),
    ("deals by stage", opportunity, "stage"),
    ("clocks by term", clock, "term"),
    ("ladder steps", step, "status"),
    ("outbox", outbox, "status"),
    ("messages and hand-offs", outbox, "kind"),
)
"""What a summary of the whole ledger counts."""
