"""What happened to leads, as clocks need it: entries into stages, owners, touches, decisions.

Reads are by lists of leads. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from accord.ledger.clock_rows import ByLead, by_lead
from accord.ledger.company_rows import stands
from accord.ledger.erase_rows import is_erased
from accord.ledger.merged_rows import is_own
from accord.ledger.store import chunks, is_among
from accord.ledger.tables import decision, handoff, handoff_owner, lead, touch

_OWNED = (
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


def select_owners(*more: Column[Any]) -> Select[Any]:
    """Select one row an owner of each hand-over: who had it since when, and ``more`` columns."""
    owners = handoff_owner.c.handoff_id == handoff.c.handoff_id
    return select(*_OWNED, *more).join(handoff_owner, owners)


def read_lead_rows(connection: Connection, lead_ids: Sequence[str]) -> dict[str, ByLead]:
    """Read what happened to these leads: ``owner``, ``touch``, ``decision``.

    One row an owner of a hand-off; automatic touches are left out.
    """
    owners = select_owners()
    touches = select(touch.c.lead_id, touch.c.touched_at, touch.c.rep_id)
    decisions = select(decision.c.lead_id, decision.c.decided_at, decision.c.outcome)
    return {
        "owner": by_lead(connection, owners.where(is_own()), handoff.c.lead_id, lead_ids),
        "touch": by_lead(
            connection, touches.where(touch.c.automatic.is_not(True)), touch.c.lead_id, lead_ids
        ),
        "decision": by_lead(connection, decisions, decision.c.lead_id, lead_ids),
    }


def read_standing(connection: Connection) -> list[str]:
    """Read the ids of all leads that are not merged into another nor erased, in order."""
    own = (stands(), ~is_erased(lead.c.lead_id))
    query = select(lead.c.lead_id).where(*own).order_by(lead.c.lead_id)
    return list(connection.execute(query).scalars())


def read_segments(connection: Connection, lead_ids: Sequence[str]) -> dict[str, str | None]:
    """Read the segments of those of these leads that are known."""
    found: dict[str, str | None] = {}
    for part in chunks(lead_ids):
        query = select(lead.c.lead_id, lead.c.segment)
        among = is_among(connection, lead.c.lead_id, part)
        rows = connection.execute(query.where(among)).fetchall()
        found.update({row[0]: row[1] for row in rows})
    return found
