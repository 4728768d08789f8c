"""Rows of the list of hot leads: which they are, how they score, who has them, what is running."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, exists, or_, select

from accord.ledger.erase_rows import is_erased
from accord.ledger.merged_rows import is_own
from accord.ledger.store import is_among, read_rows
from accord.ledger.tables import (
    clock,
    handoff,
    lead,
    merge,
    opportunity,
    rep,
    score,
    score_change,
)

_OVER = ("customer", "lost", "disqualified")
_DEAL_OVER = ("customer", "lost")

Rows = list[dict[str, Any]]


def find_hot(connection: Connection) -> list[str]:
    """Find the leads that are hot now, or were handed over hot and are in somebody's hands.

    Customers, lost and disqualified leads are in the list no more, nor is who was erased or has
    become part of another.
    """
    hot_now = select(score.c.lead_id).where(cast(score.c.qualifies, Text).like('%"hot"%'))
    handed_hot = select(handoff.c.lead_id).where(
        handoff.c.hot, handoff.c.assigned_at.is_not(None), handoff.c.ended_at.is_(None), is_own()
    )
    absorbed = exists().where(merge.c.lead_id == lead.c.lead_id, merge.c.undone_at.is_(None))
    query = select(lead.c.lead_id).where(
        or_(lead.c.lead_id.in_(hot_now), lead.c.lead_id.in_(handed_hot)),
        or_(lead.c.current_stage.is_(None), lead.c.current_stage.not_in(_OVER)),
        ~absorbed,
        ~is_erased(lead.c.lead_id),
    )
    return sorted(connection.execute(query).scalars())


def read_present_scores(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read these leads' present scores: lead_id, fit, engagement, intent, qualifies, scored_at."""
    names = ("lead_id", "fit", "engagement", "intent", "qualifies", "scored_at")
    query = select(*(score.c[name] for name in names))
    return _of_leads(connection, query, score.c.lead_id, lead_ids)


def read_score_past(connection: Connection, lead_ids: Sequence[str], *, until: datetime) -> Rows:
    """Read how these leads' scores changed, oldest first: lead_id, scored_at, the scores."""
    names = ("lead_id", "scored_at", "fit", "engagement", "intent")
    query = select(*(score_change.c[name] for name in names)).where(
        score_change.c.scored_at <= until
    )
    query = query.order_by(score_change.c.lead_id, score_change.c.scored_at)
    return _of_leads(connection, query, score_change.c.lead_id, lead_ids)


def read_handoffs(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read these leads' hand-offs, by cycle, in a cycle at mql before at sql; whole rows."""
    query = select(handoff).where(is_own()).order_by(handoff.c.cycle, handoff.c.stage)
    return _of_leads(connection, query, handoff.c.lead_id, lead_ids)


def read_open_deals(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read these leads' open deals, the first opened first: lead_id, rep_id, opened_at."""
    columns = (opportunity.c.lead_id, opportunity.c.rep_id, opportunity.c.opened_at)
    query = (
        select(*columns)
        .where(
            opportunity.c.closed_at.is_(None),
            or_(opportunity.c.stage.is_(None), opportunity.c.stage.not_in(_DEAL_OVER)),
        )
        .order_by(opportunity.c.opened_at, opportunity.c.opportunity_id)
    )
    return _of_leads(connection, query, opportunity.c.lead_id, lead_ids)


def read_running(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read sales' running clocks of these leads: lead_id, handoff_id, term, until_event, due_at."""
    names = ("lead_id", "handoff_id", "term", "until_event", "due_at")
    query = select(*(clock.c[name] for name in names)).where(
        clock.c.side == "sales", clock.c.ended_at.is_(None)
    )
    return _of_leads(connection, query.order_by(clock.c.due_at), clock.c.lead_id, lead_ids)


def read_names(connection: Connection, lead_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Read whom these leads are: lead_id -> name and company, empty where not known.

    Personal: for a list that a person has asked for, never for a log or an artifact.
    """
    query = select(lead.c.lead_id, lead.c.name, lead.c.company)
    rows = _of_leads(connection, query, lead.c.lead_id, lead_ids)
    return {row["lead_id"]: (row["name"] or "", row["company"] or "") for row in rows}


def read_rep_names(connection: Connection, rep_ids: Iterable[str]) -> dict[str, str]:
    """Read the names of reps, where they are known."""
    query = select(rep.c.rep_id, rep.c.name).where(rep.c.name.is_not(None))
    rows = _of_leads(connection, query, rep.c.rep_id, sorted(set(rep_ids)))
    return {row["rep_id"]: row["name"] for row in rows}


def _of_leads(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], keys: Sequence[str]
) -> Rows:
    return read_rows(connection, query.where(is_among(connection, column, keys))) if keys else []
