"""Rows of retention: of whom nothing was heard for long, and what was kept long enough."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from accord.ledger.erase_rows import is_erased
from accord.ledger.tables import (
    clock,
    decision,
    handoff,
    handoff_report,
    lead,
    opportunity,
    outbox,
    quarantine,
    stage_change,
    touch,
)

_STAYS = ("customer",)
_ENDED_DEALS = ("customer", "lost", "disqualified")
_DECIDED = ("released", "discarded")
_OVER = ("sent", "withdrawn", "superseded", "dead")


def read_silent(connection: Connection, *, until: datetime) -> list[str]:
    """Read the leads of which the ledger heard nothing after ``until`` and where nothing is open.

    The longest silent first. Customers stay, as does who is deferred to a later date. What the
    activity log says is not known here.
    """
    heard: tuple[tuple[Any, ColumnElement[Any]], ...] = (
        (touch, touch.c.touched_at),
        (decision, decision.c.decided_at),
        (handoff_report, handoff_report.c.handed_at),
        (stage_change, stage_change.c.occurred_at),
        (opportunity, opportunity.c.known_at),
    )
    later = [exists().where(_of(table), at > until) for table, at in heard]
    is_open = [
        exists().where(_of(handoff), handoff.c.ended_at.is_(None)),
        exists().where(_of(clock), clock.c.ended_at.is_(None)),
        exists().where(_of(opportunity), _is_open_deal()),
        exists().where(_of(stage_change), stage_change.c.until > until),
        exists().where(_of(outbox), outbox.c.status == "waiting"),
    ]
    query = (
        select(lead.c.lead_id)
        .where(lead.c.created_at <= until, lead.c.known_at <= until)
        .where(or_(lead.c.current_stage.is_(None), lead.c.current_stage.not_in(_STAYS)))
        .where(~is_erased(lead.c.lead_id), ~or_(*later), ~or_(*is_open))
        .order_by(lead.c.known_at, lead.c.lead_id)
    )
    return list(connection.execute(query).scalars())


def _of(table: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c.lead_id == lead.c.lead_id
    return found


def _is_open_deal() -> ColumnElement[bool]:
    ended = opportunity.c.stage.in_(_ENDED_DEALS)
    return and_(opportunity.c.closed_at.is_(None), or_(opportunity.c.stage.is_(None), ~ended))


def empty_decided(connection: Connection, *, until: datetime) -> int:
    """Empty rows set aside on which somebody decided at ``until`` or before; how many."""
    old = and_(quarantine.c.status.in_(_DECIDED), quarantine.c.decided_at <= until)
    keys = connection.execute(
        select(quarantine.c.batch_id, quarantine.c.row_number, quarantine.c.row).where(old)
    ).all()
    full = [(batch_id, number) for batch_id, number, row in keys if row]
    for batch_id, number in full:
        same = and_(quarantine.c.batch_id == batch_id, quarantine.c.row_number == number)
        connection.execute(update(quarantine).where(same).values(row={}))
    return len(full)


def empty_sent(connection: Connection, *, until: datetime) -> int:
    """Empty the payloads of entries that are over since ``until`` or before; how many."""
    over = or_(
        outbox.c.sent_at <= until,
        and_(outbox.c.sent_at.is_(None), outbox.c.status.in_(_OVER), outbox.c.not_before <= until),
    )
    statement = (
        update(outbox)
        .where(over, outbox.c.status != "waiting", outbox.c.payload_hash != "")
        .values(payload={}, payload_hash="", error=None)
    )
    return connection.execute(statement).rowcount
