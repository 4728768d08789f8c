"""Rows that a rep receives with a lead: due times, reasons, contacts, and passes before this one.

Only what the ledger holds; lists of leads are as long as a portion of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from accord.ledger.merged_rows import is_own
from accord.ledger.stage_rows import standing_changes
from accord.ledger.store import is_among, read_rows
from accord.ledger.tables import clock, decision, handoff, rep, score, stage_change, touch

Rows = list[dict[str, Any]]

_OF_SALES = (
    "sal",
    "sql",
    "opportunity",
    "customer",
    "nurture",
    "deferred",
    "lost",
    "disqualified",
)


def read_due(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, datetime]]:
    """Read when the running clocks of hand-offs are due: handoff_id -> term -> instant."""
    query = select(clock.c.handoff_id, clock.c.term, clock.c.due_at).where(
        is_among(connection, clock.c.lead_id, lead_ids),
        clock.c.ended_at.is_(None),
        clock.c.handoff_id.is_not(None),
    )
    found: dict[str, dict[str, datetime]] = {}
    for handoff_id, term, due_at in connection.execute(query).fetchall():
        found.setdefault(handoff_id, {})[term] = due_at
    return found


def read_reasons(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read why leads have their scores: lead_id -> position in the buying cycle and reasons."""
    query = select(score.c.lead_id, score.c.position, score.c.reasons)
    rows = read_rows(connection, query.where(is_among(connection, score.c.lead_id, lead_ids)))
    return {row["lead_id"]: row for row in rows}


def read_names(connection: Connection) -> dict[str, dict[str, Any]]:
    """Read how reps are called: rep_id -> name and email, of those who have left too."""
    rows = read_rows(connection, select(rep.c.rep_id, rep.c.name, rep.c.email))
    return {row["rep_id"]: row for row in rows}


def read_contacts(connection: Connection, lead_ids: Sequence[str], *, until: datetime) -> Rows:
    """Read what sales did with these leads by an instant: lead_id, at, what, kind, detail.

    ``touch``: channel and outcome. ``decision``: outcome and reason. ``handoff``: at which stage
    and to whom. ``stage``: entries into stages of sales, and back from them, with their reason,
    that a source stated; what followed from a decision is told by it.
    """
    sources = (
        ("touch", _touches().where(touch.c.touched_at <= until), touch.c.lead_id),
        ("decision", _decisions().where(decision.c.decided_at <= until), decision.c.lead_id),
        ("handoff", _handed().where(handoff.c.assigned_at < until), handoff.c.lead_id),
        ("stage", _stages().where(stage_change.c.occurred_at <= until), stage_change.c.lead_id),
    )
    return [
        {**row, "what": what}
        for what, query, column in sources
        for row in read_rows(connection, query.where(is_among(connection, column, lead_ids)))
    ]


def _touches() -> Select[Any]:
    return select(
        touch.c.lead_id,
        touch.c.touched_at.label("at"),
        touch.c.channel.label("kind"),
        touch.c.outcome.label("detail"),
    )


def _decisions() -> Select[Any]:
    return select(
        decision.c.lead_id,
        decision.c.decided_at.label("at"),
        decision.c.outcome.label("kind"),
        decision.c.reason.label("detail"),
    )


def _handed() -> Select[Any]:
    """The hand-overs before, each with its id: the one that is told of may be among them."""
    return select(
        handoff.c.lead_id,
        handoff.c.assigned_at.label("at"),
        handoff.c.stage.label("kind"),
        handoff.c.rep_id.label("detail"),
        handoff.c.handoff_id,
    ).where(handoff.c.assigned_at.is_not(None), is_own())


def _stages() -> Select[Any]:
    columns: tuple[Any, ...] = (
        stage_change.c.lead_id,
        stage_change.c.occurred_at.label("at"),
        stage_change.c.to_stage.label("kind"),
        stage_change.c.reason.label("detail"),
    )
    return standing_changes(*columns).where(
        stage_change.c.to_stage.in_(_OF_SALES),
        stage_change.c.inferred.is_(False),
        stage_change.c.origin == "observed",
        stage_change.c.cause.not_like("decision:%"),
    )


def read_passes(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read every hand-over of these leads that had an owner, oldest first.

    lead_id, handoff_id, cycle, stage, rep_id, assigned_at, ended_at, outcome, and ``reason``: the
    one given for the move that ended it, None if none was.
    """
    names = ("lead_id", "handoff_id", "cycle", "stage", "rep_id", "assigned_at", "ended_at")
    query = (
        select(*(handoff.c[name] for name in names), handoff.c.outcome)
        .where(handoff.c.assigned_at.is_not(None), is_own())
        .where(is_among(connection, handoff.c.lead_id, lead_ids))
        .order_by(handoff.c.lead_id, handoff.c.cycle, handoff.c.stage)
    )
    passes = read_rows(connection, query)
    reasons = _read_ends(connection, [row["lead_id"] for row in passes])
    return [
        {**row, "reason": reasons.get((row["lead_id"], row["cycle"], row["ended_at"]))}
        for row in passes
    ]


def _read_ends(
    connection: Connection, lead_ids: Sequence[str]
) -> dict[tuple[str, int, datetime], str]:
    """Return the reasons of these leads' moves by lead, cycle and instant."""
    columns = (stage_change.c.lead_id, stage_change.c.cycle, stage_change.c.occurred_at)
    query = standing_changes(*columns, stage_change.c.reason).where(
        stage_change.c.reason.is_not(None),
        is_among(connection, stage_change.c.lead_id, sorted(set(lead_ids))),
    )
    return {(row[0], row[1], row[2]): row[3] for row in connection.execute(query).fetchall()}
