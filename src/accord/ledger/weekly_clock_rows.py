"""Counts behind marketing's weekly terms: MQLs of a week, and how many of them were accepted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, select

from accord.ledger.tables import clock, handoff, lead, stage_change

_ACCEPTED = ("sal", "sql")


def first_lead_at(connection: Connection) -> datetime | None:
    """Return when the oldest lead came."""
    first: datetime | None = connection.execute(select(func.min(lead.c.created_at))).scalar_one()
    return first


def known_week_ends(connection: Connection) -> set[datetime]:
    """Return the ends of the weeks that have weekly clocks."""
    query = select(clock.c.due_at).where(clock.c.lead_id.is_(None)).distinct()
    return set(connection.execute(query).scalars())


def first_handoff_at(connection: Connection) -> datetime | None:
    """Return when we first handed anything over ourselves, None if we never have."""
    query = select(func.min(handoff.c.queued_at)).where(handoff.c.origin == "decided")
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def was_handing_off(connection: Connection, *, before: datetime) -> bool:
    """Whether we had handed off anything ourselves by then."""
    query = select(handoff.c.handoff_id).where(
        handoff.c.origin == "decided", handoff.c.queued_at < before
    )
    return connection.execute(query.limit(1)).first() is not None


def count_mqls(connection: Connection, *, start: datetime, end: datetime) -> dict[str | None, int]:
    """Count entries into mql, decided and observed, per segment, in ``[start, end)``."""
    query = (
        select(handoff.c.segment, func.count())
        .where(handoff.c.stage == "mql", handoff.c.queued_at >= start, handoff.c.queued_at < end)
        .group_by(handoff.c.segment)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def count_accepted(connection: Connection, *, start: datetime, end: datetime) -> tuple[int, int]:
    """Return (accepted by the end, handed over) of the hand-overs at mql in ``[start, end)``."""
    later = stage_change.alias("later")
    taken_back = exists().where(later.c.retracts == stage_change.c.change_id)
    accepted = exists().where(
        stage_change.c.lead_id == handoff.c.lead_id,
        stage_change.c.cycle == handoff.c.cycle,
        stage_change.c.to_stage.in_(_ACCEPTED),
        stage_change.c.occurred_at < end,
        stage_change.c.retracts.is_(None),
        ~taken_back,
    )
    cohort = and_(
        handoff.c.stage == "mql", handoff.c.assigned_at >= start, handoff.c.assigned_at < end
    )
    counts = [
        connection.execute(select(func.count()).select_from(handoff).where(each)).scalar_one()
        for each in (and_(cohort, accepted), cohort)
    ]
    return int(counts[0]), int(counts[1])
