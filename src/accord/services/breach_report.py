"""The report of breaches: which clock, whose, late by how much, and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.clock_rows import read_reps
from accord.ledger.clock_story_rows import Wanted, read_breached, read_touches_of
from accord.ledger.fact_rows import read_absorbed
from accord.ledger.metric_rows import read_raw
from accord.metrics import SPEED_TABLES, with_speeds
from accord.records import Side
from accord.services.clock_records import reps_of
from accord.services.clock_reports import breach_of
from accord.services.clock_steps import read_taken_steps
from accord.services.measure import When, bound
from accord.services.workspace import Workspace

Row = Mapping[str, Any]

_SECOND_US = 1_000_000
_STILL_OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which breaches somebody asks for; None is any.

    ``since`` and ``until`` are days of the agreement's zone, both included, on which clocks ran
    out. ``over`` takes those in that are over by now: met late, handed on, cancelled.
    """

    side: str | None = None
    term: str | None = None
    team: str | None = None
    rep: str | None = None
    since: When = None
    until: When = None
    over: bool = False


def read_breaches(
    workspace: Workspace, asked: Asked | None = None, *, as_of: datetime
) -> list[dict[str, Any]]:
    """List the clocks that ran out, the latest first, each with what happened.

    One dict a clock: clock, term, side, lead, segment, owner, team, started, due, ended, outcome
    (open, met, transferred, cancelled), how late in whole seconds by the wall and in business time,
    ``touches`` from its start to its end (by the owner, by others, automatic replies), ``steps`` of
    its ladder, and ``system_delay``: what passed from the lead's arrival to its assignment, wall
    and business, None where that is not known or the clock does not run from assignment. Ids only.
    InputError on a day that is none, or a side.
    """
    asked = asked or Asked()
    agreement = workspace.agreement(as_of)
    wanted = _wanted(asked, zone=agreement.timezone, as_of=as_of)
    with workspace.ledger.read() as connection:
        rows = read_breached(connection, wanted)
        reps = reps_of(read_reps(connection))
        steps = read_taken_steps(connection, [row["clock_id"] for row in rows], as_of=as_of)
        touches = _read_touches(connection, rows)
        first = sorted({row["lead_id"] for row in rows if _is_first(row)})
        raw = {table: read_raw(connection, table, lead_ids=first) for table in SPEED_TABLES}
    delays = _delays(with_speeds(raw, agreement))
    found = [
        {
            **_late(row, breach_of(row, reps, as_of=as_of)),
            "touches": _touched(row, touches.get(row["lead_id"], ()), as_of=as_of),
            "steps": steps.get(row["clock_id"], []),
            "system_delay": delays.get(row["handoff_id"]) if _is_first(row) else None,
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: (-row["late_wall_seconds"], row["clock"]))


def _wanted(asked: Asked, *, zone: str, as_of: datetime) -> Wanted:
    if asked.side is not None and asked.side not in tuple(Side):
        raise InputError(where="--side", found=f"{asked.side!r}", expected=", ".join(Side))
    return Wanted(
        as_of=as_of,
        side=asked.side,
        term=asked.term,
        team=asked.team,
        rep=asked.rep,
        since=bound(asked.since, "--since", zone),
        until=bound(asked.until, "--until", zone, whole_day=True),
        is_open=not asked.over,
    )


def _late(row: Row, breach: Row) -> dict[str, Any]:
    outcome = _STILL_OPEN if breach["is_open"] else row["ended_by"]
    told = {name: value for name, value in breach.items() if name not in ("is_open", "state")}
    return {**told, "started": row["started_at"], "outcome": outcome}


def _is_first(row: Row) -> bool:
    return bool(row["from_event"] == "assigned")


def _read_touches(connection: Connection, rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the touches of the clocks' leads, with those of leads merged into them."""
    lead_ids = sorted({row["lead_id"] for row in rows if row["lead_id"] is not None})
    absorbed = read_absorbed(connection, lead_ids)
    found: dict[str, list[Row]] = {}
    for touch in read_touches_of(connection, [*lead_ids, *absorbed]):
        lead_id: str = touch["lead_id"]
        found.setdefault(absorbed.get(lead_id, lead_id), []).append(touch)
    return found


def _touched(clock: Row, touches: Sequence[Row], *, as_of: datetime) -> dict[str, Any]:
    """Count what was done about the lead while the clock ran, and say who did it."""
    ended = clock["ended_at"]
    until = as_of if ended is None else min(ended, as_of)
    within = [one for one in touches if clock["started_at"] <= one["touched_at"] <= until]
    genuine = [one for one in within if not one["automatic"]]
    others = [one for one in genuine if one["rep_id"] != clock["owner_id"]]
    return {
        "by_owner": len(genuine) - len(others),
        "by_others": len(others),
        "others": sorted({one["rep_id"] or "(nobody named)" for one in others}),
        "automatic": len(within) - len(genuine),
    }


def _delays(speeds: pd.DataFrame) -> dict[str, dict[str, int | None]]:
    """Return by hand-off how long its lead waited to be assigned, where that is known."""
    known = speeds[speeds["system_us"].notna()]
    columns = (known[name] for name in ("handoff_id", "system_us", "system_open_us"))
    return {
        str(handoff_id): {
            "wall_seconds": int(wall) // _SECOND_US,
            "business_seconds": None if pd.isna(business) else int(business) // _SECOND_US,
        }
        for handoff_id, wall, business in zip(*columns, strict=True)
    }
