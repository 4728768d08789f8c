"""The shared list of hot leads and who has them, for both teams.

Every lead that is hot now, and every one that was handed over hot and is open. Reads, and decides
only what each one needs. Ids, unless names are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.clock_rows import read_lead_rows
from accord.ledger.hot_rows import (
    find_hot,
    read_handoffs,
    read_names,
    read_open_deals,
    read_present_scores,
    read_rep_names,
    read_running,
    read_score_past,
)
from accord.ledger.stage_rows import read_changes
from accord.lifecycle import LeadState, fold
from accord.records import Origin, Stage
from accord.scoring import SCORES, qualifies, to_points
from accord.services.agreements import unsigned_sides
from accord.services.hot_values import HotLead, HotList, Need, rank
from accord.services.workspace import Workspace

_NEXT_RUN = "the next run of the hand-off"
_NOBODY = "a source handed it over and named nobody"
_TOUCH = "touch"
_SALES = (Stage.MQL, Stage.SAL, Stage.OPPORTUNITY)  # at sql, the next run asks for an executive

Row = Mapping[str, Any]
Rows = Sequence[Row]


def read_hot(workspace: Workspace, *, as_of: datetime, names: bool = False) -> HotList:
    """Read the hot leads, who needs a call first on top.

    ``names`` adds the names of people and companies: for a list that a person has asked for.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        known = _gather(connection, agreement, as_of=as_of)
        leads = rank(_hot_lead(known, lead_id) for lead_id in known.lead_ids)
        if names:
            leads = _named(connection, leads)
    return HotList(as_of=as_of, leads=leads)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the ledger says of the hot leads, rows by lead."""

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


def _gather(connection: Connection, agreement: Agreement, *, as_of: datetime) -> _Known:
    lead_ids = find_hot(connection)
    events = read_lead_rows(connection, lead_ids)
    changes = read_changes(connection, lead_ids)
    return _Known(
        agreement=agreement,
        as_of=as_of,
        is_signed=not unsigned_sides(connection, agreement, as_of=as_of),
        lead_ids=lead_ids,
        states={lead_id: fold(changes.get(lead_id, ())) for lead_id in lead_ids},
        scores={row["lead_id"]: row for row in read_present_scores(connection, lead_ids)},
        past=_by_lead(read_score_past(connection, lead_ids, until=as_of)),
        handoffs=_by_lead(read_handoffs(connection, lead_ids)),
        owners=events["owner"],
        touches=events["touch"],
        deals=_by_lead(read_open_deals(connection, lead_ids)),
        clocks=_by_lead(read_running(connection, lead_ids)),
    )


def _by_lead(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["lead_id"], []).append(row)
    return found


def _hot_lead(known: _Known, lead_id: str) -> HotLead:
    """Say of one lead what it needs and who has it."""
    state, score = known.states[lead_id], known.scores.get(lead_id)
    plain = HotLead(
        lead_id=lead_id,
        need=Need.WAITS,
        stage=state.stage,
        stage_since=state.since,
        hot_since=_hot_since(known, lead_id),
        scores={} if score is None else {name: to_points(score[name]) for name in SCORES},
    )
    if known.deals.get(lead_id) and state.stage is Stage.OPPORTUNITY:
        return _in_deal(known, plain)
    handoffs = known.handoffs.get(lead_id, ())
    still = [row for row in handoffs if row["ended_at"] is None]
    if not still:
        return _in_nobodys_hand(known, plain, state)
    if still[-1]["assigned_at"] is None:
        return _in_queue(plain, still[-1], handoffs)
    return _in_hand(known, plain, still[-1])


def _in_queue(plain: HotLead, row: Row, handoffs: Rows) -> HotLead:
    """Say what it waits for; until an executive is assigned, it stays with the development rep."""
    given = [
        one
        for one in handoffs
        if one["cycle"] == row["cycle"] and one["assigned_at"] is not None and one is not row
    ]
    owner = {} if not given else {name: given[-1][name] for name in ("rep_id", "team")}
    return replace(
        plain,
        why=row["waits_for"] or _NEXT_RUN,
        owner=owner.get("rep_id"),
        team=owner.get("team"),
    )


def _hot_since(known: _Known, lead_id: str) -> datetime | None:
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


def _in_deal(known: _Known, plain: HotLead) -> HotLead:
    deal = known.deals[plain.lead_id][-1]
    return replace(
        plain,
        need=Need.DEAL,
        owner=deal["rep_id"],
        owner_since=deal["opened_at"],
        **_due(known, known.clocks.get(plain.lead_id, ())),
    )


def _in_hand(known: _Known, plain: HotLead, row: Row) -> HotLead:
    """Say who has it, whether he has touched it, and what runs out next."""
    owners = [one for one in known.owners[plain.lead_id] if one["handoff_id"] == row["handoff_id"]]
    since = max((one["since"] for one in owners), default=row["assigned_at"])
    touched_at = _touched_at(known, row, since=since)
    clocks = known.clocks.get(plain.lead_id, ())
    first = [one for one in clocks if one["until_event"] == _TOUCH]
    rest = [one for one in clocks if one["until_event"] != _TOUCH]
    need = Need.CALL if touched_at is None else Need.DECIDE
    due = _due(known, first if touched_at is None else rest)
    why = _NOBODY if row["rep_id"] is None else row["waits_for"]  # for another rep: his has left
    return replace(
        plain,
        need=need if why is None else Need.WAITS,
        why=why,
        owner=row["rep_id"],
        team=row["team"],
        owner_since=since,
        touched_at=touched_at,
        **due,
    )


def _touched_at(known: _Known, row: Row, *, since: datetime) -> datetime | None:
    """Return the first genuine touch: of ours by the owner, of an observed one by anybody."""
    anybody = row["origin"] == Origin.OBSERVED
    touches = (
        touch["touched_at"]
        for touch in known.touches.get(row["lead_id"], ())
        if since <= touch["touched_at"] <= known.as_of
        and (anybody or touch["rep_id"] == row["rep_id"])
    )
    return min(touches, default=None)


def _due(known: _Known, clocks: Rows) -> dict[str, Any]:
    if not clocks:
        return {}
    first = min(clocks, key=lambda row: (row["due_at"], row["term"]))
    return {
        "term": first["term"],
        "due_at": first["due_at"],
        "late": first["due_at"] < known.as_of,
    }


def _in_nobodys_hand(known: _Known, plain: HotLead, state: LeadState) -> HotLead:
    """Say why nobody has it: not yet, or not now."""
    if state.stage is Stage.DEFERRED and state.until is not None and state.until > known.as_of:
        return replace(plain, need=Need.LATER, why=f"sales put it off until {_day(state.until)}")
    if state.stage is Stage.NURTURE and state.returned_at is not None:
        again = state.returned_at + known.agreement.qualification.requalify.after.delta
        why = f"came back on {_day(state.returned_at)}, may be handed over from {_day(again)}"
        fresh = known.agreement.qualification.requalify.fresh_activity
        return replace(plain, need=Need.LATER, why=why + (" and by a new activity" * fresh))
    if not known.is_signed:
        return replace(plain, why="the signatures under the agreement")
    if state.stage in _SALES:
        return replace(plain, why=f"its source says {state.stage}, and that nobody has it")
    score = known.scores.get(plain.lead_id)
    if score is not None and "mql" not in (score["qualifies"] or ()):
        return replace(plain, why="it is hot by the agreement, and no mql")
    return replace(plain, why=_NEXT_RUN)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _named(connection: Connection, leads: Sequence[HotLead]) -> tuple[HotLead, ...]:
    people = read_names(connection, [lead.lead_id for lead in leads])
    reps = read_rep_names(connection, (lead.owner for lead in leads if lead.owner is not None))
    return tuple(
        replace(
            lead,
            name=people[lead.lead_id][0],
            company=people[lead.lead_id][1],
            owner_name=reps.get(lead.owner or "", ""),
        )
        for lead in leads
    )
