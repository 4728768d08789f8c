"""Rows of hand-offs in the hands of reps: whose are open, and who has them when their rep leaves.

Only what the ledger holds; who has left, and who takes over, is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, update
from sqlalchemy import bindparam as bind

from accord.ledger.erase_rows import is_erased
from accord.ledger.store import Row, chunks, read_rows, upsert_rows
from accord.ledger.tables import handoff, handoff_owner, score

REASSIGNED = "reassigned"
"""Why somebody is the owner: the one before has left."""


def _in_hand() -> ColumnElement[bool]:
    """Hand-offs of ours that are open and have an owner: answered by an index."""
    return and_(
        handoff.c.origin == "decided", handoff.c.ended_at.is_(None), handoff.c.rep_id.is_not(None)
    )


def read_open_owners(connection: Connection) -> list[tuple[str, str]]:
    """Read who has open hand-offs of ours: (stage, rep_id), each once."""
    query = select(handoff.c.stage, handoff.c.rep_id).distinct().where(_in_hand())
    return sorted((row[0], row[1]) for row in connection.execute(query))


def read_in_hand(
    connection: Connection, rep_ids: Sequence[str], *, as_of: datetime
) -> list[dict[str, Any]]:
    """Read the open hand-offs of these reps as rows of the queue, assigned up to ``as_of``.

    With ``former`` their rep, and their leads' present scores in whole tenths, 0 where a lead has
    none.
    """
    own = (handoff.c.handoff_id, handoff.c.lead_id, handoff.c.cycle, handoff.c.stage)
    query = (
        select(
            *own,
            handoff.c.queued_at,
            handoff.c.waits_for,
            handoff.c.rep_id.label("former"),
            func.coalesce(score.c.fit, 0).label("fit"),
            func.coalesce(score.c.engagement, 0).label("engagement"),
            func.coalesce(score.c.intent, 0).label("intent"),
            score.c.qualifies,
        )
        .outerjoin(score, score.c.lead_id == handoff.c.lead_id)
        .where(_in_hand(), handoff.c.assigned_at <= as_of, ~is_erased(handoff.c.lead_id))
        .order_by(handoff.c.handoff_id)
    )
    return [
        row
        for part in chunks(rep_ids)
        for row in read_rows(connection, query.where(handoff.c.rep_id.in_(part)))
    ]


def write_reassigned(connection: Connection, rows: Sequence[Row], *, at: datetime) -> None:
    """Write who has which hand-off now: rows of handoff_id, rep_id and team.

    When it was first assigned, and how it scored then, stays; the owners tell the rest.
    """
    if not rows:
        return
    statement = (
        update(handoff)
        .where(handoff.c.handoff_id == bind("of_handoff"))
        .values(rep_id=bind("now_rep_id"), team=bind("now_team"), waits_for=None)
    )
    values = [
        {"of_handoff": row["handoff_id"], "now_rep_id": row["rep_id"], "now_team": row["team"]}
        for row in rows
    ]
    connection.execute(statement, values)
    owners = [
        {
            "handoff_id": row["handoff_id"],
            "since": at,
            "rep_id": row["rep_id"],
            "team": row["team"],
            "why": REASSIGNED,
        }
        for row in rows
    ]
    upsert_rows(connection, handoff_owner, owners)  # at one instant, who was set last is the owner


def clear_waits(connection: Connection, keep: Sequence[str]) -> None:
    """Forget why hand-offs with an owner waited, but for these: their rep is there after all."""
    query = select(handoff.c.handoff_id).where(_in_hand(), handoff.c.waits_for.is_not(None))
    stale = sorted(set(connection.execute(query).scalars()) - set(keep))
    for part in chunks(stale):
        connection.execute(
            update(handoff).where(handoff.c.handoff_id.in_(part)).values(waits_for=None)
        )
