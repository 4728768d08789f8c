"""What histories say of hand-overs: which are stated, under which cycle ours stand, how they end.

A fact that is learnt late may put an entry into mql before one of ours: cycles count on, and our
hand-offs keep their ids, owners and what was sent of them under the number that their cycle has
now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.fact_rows import read_handoffs
from accord.ledger.merged_rows import MERGED
from accord.ledger.settled_rows import delete_observed, end_handoffs, renumber, write_observed
from accord.ledger.told_rows import restore_withdrawn, withdraw_ended
from accord.lifecycle import (
    OVERTAKEN,
    Ending,
    History,
    ObservedHandoff,
    StageChange,
    endings,
)
from accord.records import HandoffStage, Origin, Stage
from accord.services.handoff_keys import free_handoff_id

ENDED = "withdrawn: its hand-off ended before it went"
"""Why an entry of the outbox is withdrawn whose hand-off sales has decided on meanwhile."""

Row = Mapping[str, Any]
Place = tuple[str, int, str]
"""Lead, cycle and stage: at most one hand-over each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Counts: hand-overs that sources state, and those that ended, or are open again."""

    observed: int
    ended: int


def settle_handoffs(
    connection: Connection,
    leads: Sequence[Row],
    *,
    stored: Mapping[str, Sequence[StageChange]],
    derived: Mapping[str, History],
) -> Settled:
    """Bring the hand-overs of these leads in line with their derived histories."""
    rows = read_handoffs(connection, sorted(derived))
    observed = _place_observed(connection, leads, rows, stored=stored, derived=derived)
    return Settled(observed=observed, ended=_note_endings(connection, derived))


def _place_observed(
    connection: Connection,
    leads: Sequence[Row],
    rows: Sequence[Row],
    *,
    stored: Mapping[str, Sequence[StageChange]],
    derived: Mapping[str, History],
) -> int:
    """Renumber ours, let go what no source states any more, and write what sources state."""
    ours = {row["handoff_id"]: row for row in rows if row["origin"] == Origin.DECIDED}
    seen = {_place(row): row["handoff_id"] for row in rows if row["handoff_id"] not in ours}
    wanted = {
        (lead_id, each.cycle, each.stage.value)
        for lead_id, history in derived.items()
        for each in history.handoffs
    }
    delete_observed(connection, (key for place, key in seen.items() if place not in wanted))
    cycles = _new_cycles(ours.values(), stored, derived)
    renumber(connection, cycles)
    taken = {_place({**row, "cycle": cycles.get(key, row["cycle"])}) for key, row in ours.items()}
    kept = {place: key for place, key in seen.items() if place in wanted}
    return _write_observed(connection, leads, derived, taken=taken, kept=kept, ids=ours.keys())


def _place(row: Row) -> Place:
    return (row["lead_id"], row["cycle"], row["stage"])


def _new_cycles(
    ours: Iterable[Row],
    stored: Mapping[str, Sequence[StageChange]],
    derived: Mapping[str, History],
) -> dict[str, int]:
    """Return the cycles of those hand-offs of ours whose entry into mql has another number now."""
    rows = list(ours)
    moved: dict[tuple[str, int], int] = {}
    for lead_id in {row["lead_id"] for row in rows}:
        now = {_entry(each): each.cycle for each in derived[lead_id].changes if _is_ours(each)}
        for change in filter(_is_ours, stored.get(lead_id, ())):
            moved[lead_id, change.cycle] = now.get(_entry(change), change.cycle)
    found: dict[str, int] = {}
    for row in rows:
        before: int = row["cycle"]
        cycle = moved.get((row["lead_id"], before), before)
        if cycle != before:
            found[row["handoff_id"]] = cycle
    return found


def _is_ours(change: StageChange) -> bool:
    return change.to_stage is Stage.MQL and change.origin is Origin.DECIDED


def _entry(change: StageChange) -> tuple[datetime, str]:
    return (change.occurred_at, change.cause)


def _write_observed(
    connection: Connection,
    leads: Iterable[Row],
    derived: Mapping[str, History],
    *,
    taken: set[Place],
    kept: Mapping[Place, str],
    ids: Iterable[str],
) -> int:
    rows: list[dict[str, Any]] = []
    owners: list[dict[str, Any]] = []
    used = set(ids)
    for lead in leads:
        for seen in derived[lead["lead_id"]].handoffs:
            place = (lead["lead_id"], seen.cycle, seen.stage.value)
            if place in taken:
                continue  # a merge gave this cycle a hand-off of ours
            key = kept.get(place) or free_handoff_id(
                lead["lead_id"], seen.cycle, seen.stage, used=used
            )
            rows.append(_observed_row(lead, key, seen))
            owners.extend(_owner_rows(key, seen))
    write_observed(connection, rows, owners)
    return len(rows)


def _observed_row(lead: Row, key: str, seen: ObservedHandoff) -> dict[str, Any]:
    return {
        "handoff_id": key,
        "lead_id": lead["lead_id"],
        "cycle": seen.cycle,
        "stage": seen.stage,
        "origin": Origin.OBSERVED,
        "segment": lead["segment"],
        "channel": lead["channel"],
        "campaign": lead["campaign"],
        "rep_id": seen.owners[-1][1],
        "hot": False,
        "forced": False,
        "kept": False,
        "queued_at": seen.at,
        "assigned_at": seen.at,
    }


def _owner_rows(key: str, seen: ObservedHandoff) -> Iterable[dict[str, Any]]:
    return (
        {"handoff_id": key, "since": since, "rep_id": rep_id, "team": None, "why": "observed"}
        for since, rep_id in seen.owners
    )


def _note_endings(connection: Connection, derived: Mapping[str, History]) -> int:
    """Write how hand-overs ended, decided ones too; one that no longer ended is open again.

    What waits to tell the CRM of an ended one is withdrawn, and waits again with it.
    """
    ended: list[Row] = []
    opened: list[Row] = []
    for row in read_handoffs(connection, sorted(derived)):
        ours = row["origin"] == Origin.DECIDED
        if row["outcome"] == MERGED and ours:
            continue  # what a merge has ended stays ended, also when it is undone
        ending = _ending(row, derived[row["lead_id"]].changes)
        at = ending.at if ending else None
        outcome = ending.outcome if ending else None
        if (row["ended_at"], row["outcome"]) != (at, outcome):
            changed = opened if ending is None else ended
            changed.append({**row, "ended_at": at, "outcome": outcome})
    end_handoffs(connection, [*ended, *opened])
    withdraw_ended(connection, ended, why=ENDED)
    restore_withdrawn(connection, opened, why=ENDED)
    return len(ended) + len(opened)


def _ending(row: Row, changes: Sequence[StageChange]) -> Ending | None:
    """Return how a hand-over ended; one to an executive for nothing, if nobody entered sql."""
    stage = HandoffStage(row["stage"])
    of_cycle = [change for change in changes if change.cycle == row["cycle"]]
    if stage is HandoffStage.SQL and row["origin"] == Origin.DECIDED and not _reaches_sql(of_cycle):
        return Ending(at=row["queued_at"], outcome=OVERTAKEN)
    return endings(changes).get((row["cycle"], stage))


def _reaches_sql(changes: Iterable[StageChange]) -> bool:
    return any(change.to_stage is Stage.SQL for change in changes)
