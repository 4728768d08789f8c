"""The shared list of hot leads and who has them, for both teams.

Every lead that is hot now, and every one that was handed over hot and is open. Reads, and decides
only what each one needs. Ids, unless names are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.ledger.hot_rows import read_names, read_rep_names
from accord.lifecycle import LeadState
from accord.records import Origin, Stage
from accord.scoring import SCORES, to_points
from accord.services.handoff_entries import is_rested
from accord.services.hot_gathering import Known, gather, hot_since, is_back
from accord.services.hot_values import HotLead, HotList, Need, rank
from accord.services.present import refuse_past
from accord.services.workspace import Workspace

_NEXT_RUN = "the next run of the hand-off"
_NEXT_SCORING = "the next nightly scoring, which sees that it may come again"
_NOBODY = "a source handed it over and named nobody"
_TOUCH = "touch"
_SALES = (Stage.MQL, Stage.SAL, Stage.OPPORTUNITY)  # at sql, the next run asks for an executive

Row = Mapping[str, Any]
Rows = Sequence[Row]


def read_hot(workspace: Workspace, *, as_of: datetime, names: bool = False) -> HotList:
    """Read the hot leads, who needs a call first on top.

    ``names`` adds the names of people and companies: for a list that a person has asked for.
    InputError if ``as_of`` lies before what the ledger tells of.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.read() as connection:
        refuse_past(connection, as_of=as_of)
        known = gather(connection, workspace, agreement, as_of=as_of)
        leads = rank(_hot_lead(known, lead_id) for lead_id in known.lead_ids)
        if names:
            leads = _named(connection, leads)
    return HotList(as_of=as_of, leads=leads)


def _hot_lead(known: Known, lead_id: str) -> HotLead:
    """Say of one lead what it needs and who has it."""
    state, score = known.states[lead_id], known.scores.get(lead_id)
    plain = HotLead(
        lead_id=lead_id,
        need=Need.WAITS,
        stage=state.stage,
        stage_since=state.since,
        hot_since=hot_since(known, lead_id),
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


def _in_deal(known: Known, plain: HotLead) -> HotLead:
    deal = known.deals[plain.lead_id][-1]
    return replace(
        plain,
        need=Need.DEAL,
        owner=deal["rep_id"],
        owner_since=deal["opened_at"],
        **_due(known, known.clocks.get(plain.lead_id, ())),
    )


def _in_hand(known: Known, plain: HotLead, row: Row) -> HotLead:
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


def _touched_at(known: Known, row: Row, *, since: datetime) -> datetime | None:
    """Return the first genuine touch: of ours by the owner, of an observed one by anybody."""
    anybody = row["origin"] == Origin.OBSERVED
    touches = (
        touch["touched_at"]
        for touch in known.touches.get(row["lead_id"], ())
        if since <= touch["touched_at"] <= known.as_of
        and (anybody or touch["rep_id"] == row["rep_id"])
    )
    return min(touches, default=None)


def _due(known: Known, clocks: Rows) -> dict[str, Any]:
    if not clocks:
        return {}
    first = min(clocks, key=lambda row: (row["due_at"], row["term"]))
    return {
        "term": first["term"],
        "due_at": first["due_at"],
        "late": first["due_at"] < known.as_of,
    }


def _in_nobodys_hand(known: Known, plain: HotLead, state: LeadState) -> HotLead:
    """Say why nobody has it: not yet, or not now."""
    later = _why_later(known, state, plain.lead_id)
    if later is not None:
        return replace(plain, need=Need.LATER, why=later)
    if not known.is_signed:
        return replace(plain, why="the signatures under the agreement")
    if state.stage in _SALES:
        return replace(plain, why=f"its source says {state.stage}, and that nobody has it")
    score = known.scores.get(plain.lead_id)
    if score is not None and "mql" not in (score["qualifies"] or ()):
        return replace(plain, why="it is hot by the agreement, and no mql")
    is_unseen = is_back(state) and plain.lead_id not in known.seen_to_come
    return replace(plain, why=_NEXT_SCORING if is_unseen else _NEXT_RUN)


def _why_later(known: Known, state: LeadState, lead_id: str) -> str | None:
    """Say until when a lead may not be handed over; None if it may."""
    if state.stage is Stage.DEFERRED and state.until is not None and state.until > known.as_of:
        return f"sales put it off until {_day(known, state.until)}"
    if not is_back(state) or state.returned_at is None or lead_id in known.may_come:
        return None
    terms = known.agreement.qualification.requalify
    again = "may be handed over"
    if not is_rested(terms, state.returned_at, known.as_of):
        again += f" from {_day(known, state.returned_at + terms.after.delta)}"
        again += " and" * terms.fresh_activity
    again += " by a new activity" * terms.fresh_activity
    return f"came back on {_day(known, state.returned_at)}, {again}"


def _day(known: Known, at: datetime) -> str:
    """Return the day of the agreement's zone, in which people read it."""
    return f"{at.astimezone(ZoneInfo(known.agreement.timezone)):%Y-%m-%d}"


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
