"""The history of leads in the ledger: reading standing moves, appending, retracting."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, select, update
from sqlalchemy import bindparam as bind

from accord.ledger.store import chunks, insert_rows, read_rows
from accord.ledger.tables import lead, stage_change
from accord.lifecycle import StageChange, fold
from accord.records import Origin, Programme, Stage, to_us

_FIELDS = tuple(field.name for field in fields(StageChange))


def standing_changes() -> Select[Any]:
    """Select the moves that stand: neither retractions nor retracted."""
    later = stage_change.alias("later")
    retracted = exists().where(later.c.retracts == stage_change.c.change_id)
    return select(stage_change).where(stage_change.c.retracts.is_(None), ~retracted)


def read_changes(
    connection: Connection, lead_ids: Sequence[str]
) -> dict[str, tuple[StageChange, ...]]:
    """Read the standing moves of these leads, in order; a lead without any is missing."""
    found: dict[str, list[StageChange]] = {}
    for part in chunks(lead_ids):
        query = standing_changes().where(stage_change.c.lead_id.in_(part))
        for row in read_rows(connection, query):
            found.setdefault(row["lead_id"], []).append(_change_of(row))
    return {
        lead_id: tuple(sorted(changes, key=lambda change: change.order))
        for lead_id, changes in found.items()
    }


def append_changes(
    connection: Connection, changes: Sequence[StageChange], *, known_at: datetime
) -> None:
    """Append moves, and keep each lead's present stage and cycle beside its record."""
    insert_rows(connection, stage_change, [_row_of(change, known_at) for change in changes])
    _write_current(connection, {change.lead_id for change in changes})


def retract_changes(
    connection: Connection, changes: Sequence[StageChange], *, known_at: datetime
) -> None:
    """Take moves back by rows that name them; the rows themselves stay as they are."""
    by_lead = {change.lead_id for change in changes}
    wanted = {change.change_id: change for change in changes}
    rows = []
    for part in chunks(sorted(by_lead)):
        query = standing_changes().where(stage_change.c.lead_id.in_(part))
        for row in read_rows(connection, query):
            change = wanted.get(_change_of(row).change_id)
            if change is not None:
                key = _digest("retract", row["change_id"])
                retraction = {"change_id": key, "retracts": row["change_id"]}
                rows.append({**_row_of(change, known_at), **retraction})
    insert_rows(connection, stage_change, rows)
    _write_current(connection, by_lead)


def _write_current(connection: Connection, lead_ids: Iterable[str]) -> None:
    states = {
        lead_id: fold(changes)
        for lead_id, changes in read_changes(connection, sorted(lead_ids)).items()
    }
    if not states:
        return
    statement = (
        update(lead)
        .where(lead.c.lead_id == bind("of_lead"))
        .values(current_stage=bind("now_stage"), cycle=bind("now_cycle"))
    )
    values = [
        {"of_lead": lead_id, "now_stage": state.stage, "now_cycle": state.cycle}
        for lead_id, state in states.items()
    ]
    connection.execute(statement, values)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def _row_of(change: StageChange, known_at: datetime) -> dict[str, Any]:
    """A move retracted and later derived again is a new row: known_at is part of its key."""
    return {
        **{name: getattr(change, name) for name in _FIELDS},
        "change_id": _digest(change.change_id, to_us(known_at)),
        "known_at": known_at,
        "retracts": None,
    }


def _change_of(row: Mapping[str, Any]) -> StageChange:
    values = {name: row[name] for name in _FIELDS}
    values["to_stage"] = Stage(row["to_stage"])
    values["from_stage"] = Stage(row["from_stage"]) if row["from_stage"] else None
    values["origin"] = Origin(row["origin"])
    values["programme"] = Programme(row["programme"]) if row["programme"] else None
    return StageChange(**values)
