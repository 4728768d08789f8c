"""What began a clock and what ended it: the facts that the ledger holds of those instants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_story_rows import read_moves_at, read_owners_of, read_touches_of
from accord.ledger.fact_rows import read_absorbed

Row = Mapping[str, Any]


_OVER = "what made it idle"
"""What ends a clock that is cancelled: nobody owes anything any more."""


def read_facts_around(connection: Connection, row: Row) -> list[dict[str, Any]]:
    """Return what is known of the lead at the instants at which the clock began and ended."""
    if row["lead_id"] is None:
        return []
    instants = [at for at in (row["started_at"], row["ended_at"]) if at is not None]
    leads = [row["lead_id"], *read_absorbed(connection, [row["lead_id"]])]
    owners = read_owners_of(connection, [row["handoff_id"]] if row["handoff_id"] else [])
    found = [_owned(one) for one in owners if one["since"] in instants]
    found += [
        {"at": one["touched_at"], "kind": "touch", "says": _touch_words(one)}
        for one in read_touches_of(connection, leads)
        if one["touched_at"] in instants and not one["automatic"]
    ]
    found += [
        {"at": one["occurred_at"], "kind": "move", "says": _move_words(one)}
        for one in read_moves_at(connection, row["lead_id"], instants)
    ]
    return found


def _owned(one: Row) -> dict[str, Any]:
    owner = one["rep_id"] or (f"team {one['team']}" if one["team"] else "nobody")
    says = f"{owner} became the owner of {one['handoff_id']} ({one['why']})"
    return {"at": one["since"], "kind": "owner", "says": says}


def _touch_words(one: Row) -> str:
    outcome = f", {one['outcome']}" if one["outcome"] else ""
    return f"{one['channel']} {one['touch_id']} by {one['rep_id'] or 'nobody named'}{outcome}"


def _move_words(one: Row) -> str:
    reason = f", reason {one['reason']}" if one["reason"] else ""
    return f"entry into {one['to_stage']} ({one['origin']}, because of {one['cause']}{reason})"


_KINDS = {"assigned": "owner", "touch": "touch", "touched": "touch"}
"""What kind of fact tells of an event; all others are entries into stages."""


def event_at(events: Sequence[Row], event: str, at: datetime, row: Row) -> dict[str, Any]:
    """Tell what an event was: of the facts of its instant, those of its kind first."""
    if row["lead_id"] is None:
        return {"event": event, "at": at, "facts": ["the ISO week of the agreement's zone"]}
    told = [one for one in events if one["at"] == at]
    wanted = [one for one in told if one["kind"] == _KINDS.get(event, "move")]
    return {"event": event, "at": at, "facts": [one["says"] for one in wanted or told]}


def ended_by(events: Sequence[Row], row: Row) -> dict[str, Any]:
    """Tell what ended a clock: its event, another owner, or that the lead left its side."""
    event = {"met": row["until_event"], "transferred": "assigned"}.get(row["ended_by"], _OVER)
    return event_at(events, event, row["ended_at"], row)
