"""The questions that the audit asks of the ledger. Each returns the rows that break a law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from accord.ledger.erase_rows import is_erased
from accord.ledger.store import read_rows
from accord.ledger.tables import (
    EVERYONE,
    batch,
    clock,
    handoff,
    lead,
    merge,
    metric,
    pending,
    quarantine,
    score,
    step,
)

Rows = Sequence[Mapping[str, Any]]


def unbalanced_batches(connection: Connection) -> Rows:
    """Batches whose rows in are not accepted + quarantined + duplicates + held."""
    parts = batch.c.accepted + batch.c.quarantined + batch.c.duplicates + batch.c.held
    return read_rows(connection, select(batch).where(batch.c.rows_in != parts))


def miscounted_quarantine(connection: Connection) -> Rows:
    """Batches whose quarantined count differs from the rows set aside."""
    kept = (
        select(func.count())
        .select_from(quarantine)
        .where(quarantine.c.batch_id == batch.c.batch_id)
        .scalar_subquery()
    )
    query = select(batch.c.batch_id, batch.c.quarantined, kept.label("kept"))
    return read_rows(connection, query.where(batch.c.quarantined != kept))


def accepted_activities(connection: Connection) -> dict[str, int]:
    """Accepted rows of each activity batch."""
    query = select(batch.c.batch_id, batch.c.accepted).where(batch.c.entity == "activity")
    return {row[0]: row[1] for row in connection.execute(query)}


def doubled_handoffs(connection: Connection) -> Rows:
    """Leads with two hand-overs in one cycle and role, or two sendings of one hand-over."""
    key = (handoff.c.lead_id, handoff.c.cycle, handoff.c.stage)
    return read_rows(connection, select(*key).group_by(*key).having(func.count() > 1))


def silent_queue(connection: Connection) -> Rows:
    """Hand-overs of ours that wait for an owner without a stated reason."""
    query = select(handoff).where(
        handoff.c.origin == "decided",
        handoff.c.assigned_at.is_(None),
        handoff.c.ended_at.is_(None),
        handoff.c.waits_for.is_(None),
    )
    return read_rows(connection, query)


def late_steps(connection: Connection) -> Rows:
    """Ladder steps sent although their clock was known to have ended before they were due.

    A step that was sent before the end became known says so in ``why``: sent stays sent.
    """
    query = select(step.c.clock_id, step.c.step, clock.c.lead_id).join(
        clock,
        and_(
            clock.c.clock_id == step.c.clock_id,
            step.c.status == "sent",
            step.c.why.is_(None),
            clock.c.ended_at < step.c.due_at,
            clock.c.ended_at < step.c.swept_at,
        ),
    )
    return read_rows(connection, query)


def disordered_steps(connection: Connection) -> Rows:
    """Ladder steps swept before an earlier step of their clock."""
    earlier = step.alias("earlier")
    query = select(step.c.clock_id, step.c.step).join(
        earlier,
        and_(
            earlier.c.clock_id == step.c.clock_id,
            earlier.c.step < step.c.step,
            earlier.c.swept_at > step.c.swept_at,
        ),
    )
    return read_rows(connection, query)


def kept_stages(connection: Connection) -> dict[str, tuple[str | None, int]]:
    """Stage and cycle kept beside each lead's record; leads merged into another are left out."""
    absorbed = select(merge.c.lead_id).where(merge.c.undone_at.is_(None))
    kept = (lead.c.lead_id, lead.c.current_stage, lead.c.cycle)
    query = select(*kept).where(lead.c.lead_id.not_in(absorbed))
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def gaps_in_revisions(connection: Connection) -> Rows:
    """Metrics of a period whose revisions do not run from 1 without a gap."""
    key = (metric.c.period, metric.c.metric, metric.c.dimension, metric.c.member)
    query = (
        select(*key)
        .group_by(*key)
        .having(or_(func.max(metric.c.revision) != func.count(), func.min(metric.c.revision) != 1))
    )
    return read_rows(connection, query)


def newest_scorings(connection: Connection, *, at_most: int) -> dict[datetime, Rows]:
    """Read the stored scores of the newest scorings, but for leads with something new since.

    Whoever is being erased has nothing left to compute a score from.
    """
    newest = select(score.c.scored_at).distinct().order_by(score.c.scored_at.desc()).limit(at_most)
    of_lead = pending.c.lead_id.in_((score.c.lead_id, EVERYONE))
    due = exists().where(of_lead, pending.c.need == "score")
    query = (
        select(score)
        .where(score.c.scored_at.in_(newest), ~due, ~is_erased(score.c.lead_id))
        .order_by(score.c.lead_id)
    )
    found: dict[datetime, list[Mapping[str, Any]]] = {}
    for row in read_rows(connection, query):
        found.setdefault(row["scored_at"], []).append(row)
    return dict(found)
