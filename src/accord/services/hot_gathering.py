"""What the list of hot leads is told from: rows by lead, and who may be handed over again.

Reads, and decides nothing of its own: whether a lead may come again is the hand-off's own test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.clock_event_rows import read_lead_rows
from accord.ledger.hot_rows import (
    find_hot,
    read_handoffs,
    read_open_deals,
    read_present_scores,
    read_running,
    read_score_past,
)
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import LeadState, fold
from accord.records import Stage
from accord.scoring import SCORES, qualifies
from accord.services.agreements import unsigned_sides
from accord.services.handoff_entries import may_come_again
from accord.services.workspace import Workspace

Row = Mapping[str, Any]
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger says of the hot leads, rows by lead.

    Of those that sales sent back, ``may_come`` may be handed over again as a scoring would see it
    now, and ``seen_to_come`` as their last scoring saw it: the next run takes these.
    """

    agreement: Agreement
    as_of: datetime
    is_signed: bool
    lead_ids: Sequence[str]
    states: Mapping[str, LeadState]
    scores: Mapping[str, Row]
    past: Mapping[str, Rows]
    handoffs: Mapping[str, Rows]
    owners: Mapping[str, Rows]
    touches: Mapping[str, Rows]
    deals: Mapping[str, Rows]
    clocks: Mapping[str, Rows]
    may_come: Collection[str]
    seen_to_come: Collection[str]


def gather(
    connection: Connection, workspace: Workspace, agreement: Agreement, *, as_of: datetime
) -> Known:
    """Read all that the list is told from."""
    lead_ids = find_hot(connection)
    events = read_lead_rows(connection, lead_ids)
    changes = read_changes(connection, lead_ids)
    states = {lead_id: fold(changes.get(lead_id, ())) for lead_id in lead_ids}
    scores = {row["lead_id"]: row for row in read_present_scores(connection, lead_ids)}
    back = {lead_id: state for lead_id, state in states.items() if is_back(state)}
    now = dict.fromkeys(back, as_of)
    seen = {one: scores[one]["scored_at"] for one in back if one in scores}
    scored = {lead_id: back[lead_id] for lead_id in seen}
    return Known(
        agreement=agreement,
        as_of=as_of,
        is_signed=not unsigned_sides(connection, agreement, as_of=as_of),
        lead_ids=lead_ids,
        states=states,
        scores=scores,
        past=_by_lead(read_score_past(connection, lead_ids, until=as_of)),
        handoffs=_by_lead(read_handoffs(connection, lead_ids)),
        owners=events["owner"],
        touches=events["touch"],
        deals=_by_lead(read_open_deals(connection, lead_ids)),
        clocks=_by_lead(read_running(connection, lead_ids)),
        may_come=may_come_again(connection, workspace.log, agreement, back, scored_at=now),
        seen_to_come=may_come_again(connection, workspace.log, agreement, scored, scored_at=seen),
    )


def is_back(state: LeadState) -> bool:
    """Say whether sales has sent a lead back, and marketing has it."""
    return state.stage is Stage.NURTURE and state.returned_at is not None


def _by_lead(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["lead_id"], []).append(row)
    return found


def hot_since(known: Known, lead_id: str) -> datetime | None:
    """Return since when the scores hold the threshold of today's agreement without a break."""
    score = known.scores.get(lead_id)
    if score is None or "hot" not in (score["qualifies"] or ()):
        return None
    since: datetime = score["scored_at"]
    for row in reversed(known.past.get(lead_id, ())):
        scores = {name: row[name] for name in SCORES}
        if "hot" not in qualifies(known.agreement, **scores):
            break
        since = min(since, row["scored_at"])
    return since
