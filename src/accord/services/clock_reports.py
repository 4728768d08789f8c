"""What people ask about clocks: which are late, whose, by how much; how each term stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_rows import (
    count_states,
    read_clock,
    read_in_time,
    read_late,
    read_reps,
    read_steps,
)
from accord.services.clock_records import ended_of, reps_of, terms_of
from accord.sla import Rep, State, Status, status_of

Row = Mapping[str, Any]


def breaches(
    connection: Connection, *, as_of: datetime, met_late: bool = False
) -> list[dict[str, Any]]:
    """List the clocks that ran out unmet, the latest first: whose, and by how much.

    One dict a clock: clock, term, side, lead, segment, owner, team, due, ended, and how late in
    whole seconds by the wall and by the clock's business hours. ``met_late`` lists those as well
    that were met after they ran out.
    """
    reps = reps_of(read_reps(connection))
    rows = read_late(connection, as_of=as_of, ended=met_late)
    found = [_breach(row, status_at(row, reps, as_of)) for row in rows]
    return sorted(found, key=lambda row: (-row["late_wall_seconds"], row["clock"]))


def breach_of(row: Row, reps: Mapping[str, Rep], *, as_of: datetime) -> dict[str, Any]:
    """Tell of one clock that ran out: whose it is, and by how much it is or was late."""
    status = status_at(row, reps, as_of)
    return {**_breach(row, status), "state": status.state.value, "is_open": status.is_open}


def _breach(row: Row, status: Status) -> dict[str, Any]:
    return {
        "clock": row["clock_id"],
        "term": row["term"],
        "side": row["side"],
        "lead": row["lead_id"],
        "segment": row["segment"],
        "owner": row["owner_id"],
        "team": row["team"],
        "due": row["due_at"],
        "ended": None if status.is_open else row["ended_at"],
        "late_wall_seconds": _seconds(status.late_wall),
        "late_business_seconds": _seconds(status.late_business),
    }


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def status_at(row: Row, reps: Mapping[str, Rep], as_of: datetime) -> Status:
    """Return how a stored clock stood at an instant."""
    return status_of(
        terms=terms_of(row),
        started_at=row["started_at"],
        due_at=row["due_at"],
        ended_at=row["ended_at"],
        ended_by=ended_of(row),
        rep=reps.get(row["owner_id"] or ""),
        as_of=as_of,
    )


def clock_status(connection: Connection, *, as_of: datetime) -> list[dict[str, Any]]:
    """Count the clocks of every term by state at ``as_of``: one dict a side and term.

    ``breached`` are those that ran out, whether met later or not; ``late_open`` those of them that
    still run.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in count_states(connection, as_of=as_of):
        states = counts.setdefault((row["side"], row["term"]), Counter())
        states[row["state"]] += row["clocks"]
        if row["state"] == State.BREACHED and not row["over"]:
            states["late_open"] += row["clocks"]
    _tell_due_soon(connection, counts, as_of=as_of)
    columns = (*(state.value for state in State), "late_open")
    return [
        {"side": side, "term": term, **{name: states[name] for name in columns}}
        for (side, term), states in sorted(counts.items())
    ]


def _tell_due_soon(
    connection: Connection, counts: Mapping[tuple[str, str], Counter[str]], *, as_of: datetime
) -> None:
    reps = reps_of(read_reps(connection))
    for row in read_in_time(connection, as_of=as_of):
        if status_at(row, reps, as_of).state is State.DUE_SOON:
            states = counts[row["side"], row["term"]]
            states[State.RUNNING] -= 1
            states[State.DUE_SOON] += 1


def told_status(status: Status) -> dict[str, Any]:
    """Return how a clock stands, in plain values: whole seconds left, and late by."""
    return {
        "state": status.state.value,
        "left_seconds": _seconds(status.left),
        "late_wall_seconds": _seconds(status.late_wall),
        "late_business_seconds": _seconds(status.late_business),
    }


def explain_clock(
    connection: Connection, clock_id: str, *, as_of: datetime
) -> dict[str, Any] | None:
    """Tell one clock's story: its terms, its state, its steps; None if there is no such clock."""
    row = read_clock(connection, clock_id)
    if row is None:
        return None
    status = status_at(row, reps_of(read_reps(connection)), as_of)
    return {
        **{name: value for name, value in row.items() if name != "calendar_terms"},
        "used": round(status.used, 4),
        **told_status(status),
        "ladder": read_steps(connection, clock_id),
    }
