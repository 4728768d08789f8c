"""What happened to leads, as clocks need it: entries into stages, owners, touches, decisions.

Reads are by lists of leads. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.clock_rows import ByLead, by_lead
from accord.ledger.merged_rows import is_own
from accord.ledger.store import chunks, is_among
from accord.ledger.tables import decision, handoff, handoff_owner, lead, stage_change, touch

_MOVES = (
    stage_change.c.lead_id,
    stage_change.c.change_id,
    stage_change.c.retracts,
    stage_change.c.to_stage,
    stage_change.c.occurred_at,
    stage_change.c.cycle,
    stage_change.c.position,
    stage_change.c.programme,
    stage_change.c.origin,
    stage_change.c.inferred,
)
_HANDED = (
    handoff.c.lead_id,
    handoff.c.handoff_id,
    handoff.c.cycle,
    handoff.c.stage,
    handoff.c.origin,
    handoff.c.segment,
    handoff_owner.c.since,
    handoff_owner.c.rep_id,
    handoff_owner.c.team,
)


def read_lead_rows(connection: Connection, lead_ids: Sequence[str]) -> dict[str, ByLead]:
    """Read what happened to these leads: ``owner``, ``touch``, ``decision``.

    One row an owner of a hand-off; automatic touches are left out.
    """
    owners = select(*_HANDED).join(
        handoff_owner, handoff_owner.c.handoff_id == handoff.c.handoff_id
    )
    touches = select(touch.c.lead_id, touch.c.touched_at, touch.c.rep_id)
    decisions = select(decision.c.lead_id, decision.c.decided_at, decision.c.outcome)
    return {
        "owner": by_lead(connection, owners.where(is_own()), handoff.c.lead_id, lead_ids),
        "touch": by_lead(
            connection, touches.where(touch.c.automatic.is_not(True)), touch.c.lead_id, lead_ids
        ),
        "decision": by_lead(connection, decisions, decision.c.lead_id, lead_ids),
    }


def read_segments(connection: Connection, lead_ids: Sequence[str]) -> dict[str, str | None]:
    """Read the segments of those of these leads that are known."""
    found: dict[str, str | None] = {}
    for part in chunks(lead_ids):
        query = select(lead.c.lead_id, lead.c.segment)
        among = is_among(connection, lead.c.lead_id, part)
        rows = connection.execute(query.where(among)).fetchall()
        found.update({row[0]: row[1] for row in rows})
    return found


def read_entries(connection: Connection, lead_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Read the standing entries of these leads into stages, in no order.

    Of each: stage, instant, cycle, position, programme, origin, inferred. A step within a stage
    enters nothing.
    """
    moves: dict[str, list[Any]] = {}
    enters = stage_change.c.from_stage.is_distinct_from(stage_change.c.to_stage)
    for part in chunks(lead_ids):
        query = select(*_MOVES).where(is_among(connection, stage_change.c.lead_id, part), enters)
        for row in connection.execute(query).fetchall():
            moves.setdefault(row[0], []).append(row)
    return {lead_id: _standing(rows) for lead_id, rows in moves.items()}


def _standing(moves: list[Any]) -> list[Any]:
    retracted = {retracts for _, _, retracts, *_ in moves}
    return [row[3:] for row in moves if row[2] is None and row[1] not in retracted]
