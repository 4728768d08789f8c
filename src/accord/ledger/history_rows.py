"""What became of one lead, row by row: how its scores changed, its moves, under which agreement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select

from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import (
    agreement,
    decision,
    handoff,
    handoff_owner,
    lead_version,
    score_change,
    stage_change,
)
from accord.lifecycle import Recorded, StageChange
from accord.records import Origin, Programme, Stage

_FIELDS = tuple(field.name for field in fields(StageChange))


def read_score_changes(
    connection: Connection, lead_id: str, *, until: datetime
) -> list[dict[str, Any]]:
    """Read how a lead's scores changed up to an instant, oldest first: one row a change.

    scored_at, fit, engagement, intent in whole tenths, version of the agreement.
    """
    query = select(score_change).where(
        score_change.c.lead_id == lead_id, score_change.c.scored_at <= until
    )
    return read_rows(connection, query.order_by(score_change.c.scored_at))


def read_moves_then(connection: Connection, lead_id: str, *, at: datetime) -> list[dict[str, Any]]:
    """Read a lead's moves up to an instant that stood by what was known then, in their order."""
    query = select(stage_change).where(
        stage_change.c.lead_id == lead_id, stage_change.c.known_at <= at
    )
    rows = read_rows(
        connection, query.order_by(stage_change.c.occurred_at, stage_change.c.position)
    )
    retracted = {row["retracts"] for row in rows}
    return [
        row
        for row in rows
        if row["retracts"] is None
        and row["change_id"] not in retracted
        and row["occurred_at"] <= at
    ]


def read_documents(connection: Connection, versions: Iterable[str]) -> list[dict[str, Any]]:
    """Read all contents seen of these versions, first seen first: version, seen_at, document."""
    columns = (agreement.c.version, agreement.c.seen_at, agreement.c.document)
    query = select(*columns).where(agreement.c.version.in_(sorted(set(versions))))
    return read_rows(connection, query.order_by(agreement.c.seen_at, agreement.c.fingerprint))


def read_first_known(connection: Connection, lead_id: str) -> datetime | None:
    """Read when the ledger first knew of a lead, None if it never did."""
    query = select(func.min(lead_version.c.known_at)).where(lead_version.c.lead_id == lead_id)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def read_recorded(connection: Connection, lead_id: str) -> tuple[Recorded, ...]:
    """Read all moves of a lead that were ever written down, those taken back included, in order."""
    query = select(stage_change).where(stage_change.c.lead_id == lead_id)
    rows = read_rows(connection, query)
    gone = {row["retracts"]: row["known_at"] for row in rows if row["retracts"] is not None}
    recorded = [
        Recorded(
            change=_change_of(row),
            known_at=row["known_at"],
            retracted_at=gone.get(row["change_id"]),
        )
        for row in rows
        if row["retracts"] is None
    ]
    return tuple(sorted(recorded, key=lambda each: (each.change.order, each.known_at)))


def read_overruled(
    connection: Connection, lead_ids: Sequence[str]
) -> dict[str, tuple[StageChange, ...]]:
    """Read our own decisions about leads whose moves were taken back: they were made all the same.

    The same decision may be there more than once; a lead without any is missing.
    """
    later = stage_change.alias("later")
    retracted = exists().where(later.c.retracts == stage_change.c.change_id)
    ours = and_(stage_change.c.origin == Origin.DECIDED, stage_change.c.inferred.is_(False))
    found: dict[str, list[StageChange]] = {}
    for part in chunks(lead_ids):
        query = select(stage_change).where(
            stage_change.c.lead_id.in_(part), ours, stage_change.c.retracts.is_(None), retracted
        )
        for row in read_rows(connection, query):
            found.setdefault(row["lead_id"], []).append(_change_of(row))
    return {lead_id: tuple(changes) for lead_id, changes in found.items()}


def _change_of(row: Row) -> StageChange:
    values = {name: row[name] for name in _FIELDS}
    values["to_stage"] = Stage(row["to_stage"])
    values["from_stage"] = Stage(row["from_stage"]) if row["from_stage"] else None
    values["origin"] = Origin(row["origin"])
    values["programme"] = Programme(row["programme"]) if row["programme"] else None
    return StageChange(**values)


def read_passed_on(connection: Connection, lead_id: str) -> list[dict[str, Any]]:
    """Read the owners of a lead's hand-overs, one row an owner, in order, and those that wait.

    handoff_id, cycle, stage, origin, queued_at, assigned_at, ended_at, outcome, waits_for,
    version; since, rep_id, team and why of the owner, null where it has none yet.
    """
    columns = ("handoff_id", "cycle", "stage", "origin", "queued_at", "assigned_at", "ended_at")
    own = (*(handoff.c[name] for name in columns), handoff.c.outcome, handoff.c.waits_for)
    owner = (handoff_owner.c.since, handoff_owner.c.rep_id, handoff_owner.c.team)
    query = (
        select(*own, handoff.c.version, *owner, handoff_owner.c.why)
        .outerjoin(handoff_owner, handoff_owner.c.handoff_id == handoff.c.handoff_id)
        .where(handoff.c.lead_id == lead_id)
        .order_by(handoff.c.cycle, handoff.c.stage, handoff_owner.c.since)
    )
    return read_rows(connection, query)


def read_deciders(connection: Connection, decision_ids: Iterable[str]) -> dict[str, str | None]:
    """Read who made decisions: decision_id -> rep_id."""
    found: dict[str, str | None] = {}
    for part in chunks(sorted(set(decision_ids))):
        query = select(decision.c.decision_id, decision.c.rep_id)
        rows = connection.execute(query.where(decision.c.decision_id.in_(part)))
        found.update((row.decision_id, row.rep_id) for row in rows)
    return found
