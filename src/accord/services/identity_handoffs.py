"""One person is in sales' hands once: what becomes of a record's hand-over when it is merged.

The rep who was assigned first keeps the person, under the id that stands; the record's own
hand-over ends as ``merged``, and the record stands aside, so that it can qualify again if the merge
is undone. What was ended stays ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.fact_rows import read_absorbed, read_handoffs, read_leads
from accord.ledger.merged_rows import (
    MERGED,
    end_merged,
    read_owners,
    withdraw_handoffs,
    write_owner,
    write_taken_over,
)
from accord.ledger.outbox_rows import add_entries
from accord.ledger.stage_rows import append_changes, read_changes
from accord.lifecycle import Entry, LeadState, StageChange, enter, fold
from accord.records import HandoffStage, Origin, Programme, Stage
from accord.services.handoff_keys import handoff_id
from accord.services.handoff_payload import handoff_entries
from accord.services.workspace import Workspace

Row = Mapping[str, Any]

_IN_HAND = (Stage.MQL, Stage.SAL, Stage.SQL, Stage.DEFERRED)
_MAY_ENTER = (None, Stage.NEW_NAME, Stage.ENGAGED, Stage.TARGET, Stage.NURTURE)


def keep_one_handoff(
    connection: Connection, lead_ids: Sequence[str], *, as_of: datetime
) -> tuple[str, ...]:
    """Settle the hand-overs of records merged into these leads, whose histories are up to date.

    Returns the hand-overs that have a lead or an owner that nobody was told of yet.
    """
    absorbed = read_absorbed(connection, lead_ids)
    rows = [row for row in read_handoffs(connection, sorted(absorbed)) if row["outcome"] != MERGED]
    if not rows:
        return ()
    told: list[str] = []
    for lead_id, own in sorted(_by_lead(_live(rows)).items()):
        told += _take_over(connection, absorbed[lead_id], own, as_of=as_of)
    replaced = [row for row in rows if row["origin"] == Origin.OBSERVED] + _live(rows)
    end_merged(connection, (row["handoff_id"] for row in replaced), at=as_of)
    withdraw_handoffs(connection, {row["lead_id"] for row in replaced})
    _stand_aside(connection, {row["lead_id"] for row in _live(rows)}, absorbed, as_of=as_of)
    return tuple(told)


def _by_lead(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["lead_id"], []).append(row)
    return found


def _live(rows: Sequence[Row]) -> list[Row]:
    """Return the decided hand-overs of each lead's last cycle, if sales is not through with it."""
    live: list[Row] = []
    for own in _by_lead(row for row in rows if row["origin"] == Origin.DECIDED).values():
        cycle = max(row["cycle"] for row in own)
        last = [row for row in own if row["cycle"] == cycle]
        if any(row["ended_at"] is None or row["outcome"] == "deferred" for row in last):
            live += last
    return live


def _take_over(
    connection: Connection, lead_id: str, rows: Sequence[Row], *, as_of: datetime
) -> list[str]:
    """Let a lead have the hand-overs of a record that is part of it, if it has none of its own."""
    assigned = [row for row in rows if row["assigned_at"] is not None]
    if not assigned:
        return []
    state = fold(read_changes(connection, [lead_id]).get(lead_id, ()))
    mine = [
        row
        for row in read_handoffs(connection, [lead_id])
        if row["cycle"] == state.cycle and row["assigned_at"] is not None
    ]
    is_open = any(row["ended_at"] is None for row in assigned)
    if state.stage in _IN_HAND and mine:
        return _first_assigned(connection, mine, assigned, as_of=as_of)
    if state.stage in _MAY_ENTER and is_open:
        state = _enter_mql(connection, lead_id, state, assigned[0], as_of=as_of)
    elif state.stage not in _IN_HAND:
        return []
    return _copy(connection, lead_id, assigned, state.cycle)


def _first_assigned(
    connection: Connection, mine: Sequence[Row], theirs: Sequence[Row], *, as_of: datetime
) -> list[str]:
    """Both are in sales' hands: who was assigned first keeps the person, stage by stage."""
    told = []
    for row in mine:
        other = next((one for one in theirs if one["stage"] == row["stage"]), None)
        both = other is not None and row["ended_at"] is None and other["ended_at"] is None
        if other is not None and both and other["assigned_at"] < row["assigned_at"]:
            owner = {"handoff_id": row["handoff_id"]}
            owner |= {"rep_id": other["rep_id"], "team": other["team"]}
            write_owner(connection, owner, since=as_of)
            told.append(row["handoff_id"])
    return told


def _enter_mql(
    connection: Connection, lead_id: str, state: LeadState, row: Row, *, as_of: datetime
) -> LeadState:
    entry = Entry(
        stage=Stage.MQL,
        at=as_of,
        cause=f"merge:{row['lead_id']}",
        origin=Origin.DECIDED,
        version=row["version"],
    )
    moves = enter(state, entry, lead_id=lead_id)
    append_changes(connection, moves, known_at=as_of)
    for move in moves:
        state = state.after(move)
    return state


def _copy(connection: Connection, lead_id: str, rows: Sequence[Row], cycle: int) -> list[str]:
    """Write hand-overs as this lead's, with all their owners: their clocks go on as they are."""
    keys = {
        row["handoff_id"]: handoff_id(lead_id, cycle, HandoffStage(row["stage"])) for row in rows
    }
    copies = [
        {**row, "handoff_id": keys[row["handoff_id"]], "lead_id": lead_id, "cycle": cycle}
        for row in rows
    ]
    owners = [
        {**owner, "handoff_id": keys[owner["handoff_id"]]}
        for owner in read_owners(connection, sorted(keys))
    ]
    write_taken_over(connection, copies, owners)
    return [row["handoff_id"] for row in copies if row["ended_at"] is None]


def _stand_aside(
    connection: Connection,
    lead_ids: Iterable[str],
    absorbed: Mapping[str, str],
    *,
    as_of: datetime,
) -> None:
    """Take merged records out of sales' stages, in their own histories."""
    moves: list[StageChange] = []
    for lead_id, changes in read_changes(connection, sorted(lead_ids)).items():
        state = fold(changes)
        if state.stage in _IN_HAND:
            entry = Entry(
                stage=Stage.NURTURE,
                at=as_of,
                cause=f"merge:{absorbed[lead_id]}",
                origin=Origin.DECIDED,
                programme=Programme.NEW,
            )
            moves.extend(enter(state, entry, lead_id=lead_id))
    append_changes(connection, moves, known_at=as_of)


def tell_owners(
    connection: Connection,
    workspace: Workspace,
    agreement: Agreement,
    *,
    handoff_ids: Sequence[str],
    lead_ids: Sequence[str],
    as_of: datetime,
) -> None:
    """Tell the CRM whose these hand-overs of the leads are now, their clocks being up to date."""
    wanted = set(handoff_ids)
    found = read_handoffs(connection, lead_ids) if wanted else []
    rows = [
        {name: 0 if value is None and name in _SCORES else value for name, value in row.items()}
        for row in found
        if row["handoff_id"] in wanted
    ]
    if rows:
        owners = read_owners(connection, sorted(wanted))
        turns = Counter((owner["handoff_id"], owner["rep_id"]) for owner in owners)
        rows = [{**row, "turn": turns[row["handoff_id"], row["rep_id"]]} for row in rows]
        leads = {row["lead_id"]: row for row in read_leads(connection, lead_ids)}
        entries = handoff_entries(
            connection, workspace.log, agreement, rows=rows, leads=leads, as_of=as_of
        )
        add_entries(connection, [entry.row(created_at=as_of) for entry in entries])


_SCORES = ("fit", "engagement", "intent")
