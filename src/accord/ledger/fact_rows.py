"""Reading what sources and we ourselves said about leads, for the lifecycle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from accord.ledger.erase_rows import is_erased
from accord.ledger.store import chunks, is_among, read_rows
from accord.ledger.tables import (
    EVERYONE,
    decision,
    handoff,
    handoff_report,
    lead,
    lead_version,
    merge,
    opportunity_version,
    pending,
    score,
    stage_change,
)
from accord.records import Origin, Stage

Rows = dict[str, list[dict[str, Any]]]


def read_pending(connection: Connection, need: str) -> tuple[tuple[str, ...], int]:
    """Read which known leads have work of this kind, and the highest id read (0 if none).

    A lead that nobody has told us of yet is left out; its rows wait.
    """
    top = connection.execute(
        select(func.max(pending.c.pending_id)).where(pending.c.need == need)
    ).scalar_one()
    if top is None:
        return (), 0
    waits = (pending.c.need == need, pending.c.pending_id <= top)
    if waits_for_everyone(connection, *waits):
        query = select(lead.c.lead_id).where(~is_erased(lead.c.lead_id)).order_by(lead.c.lead_id)
    else:
        query = (
            select(pending.c.lead_id)
            .distinct()
            .join(lead, lead.c.lead_id == pending.c.lead_id)
            .where(*waits)
            .order_by(pending.c.lead_id)
        )
    return tuple(connection.execute(query).scalars()), top


def waits_for_everyone(connection: Connection, *waits: ColumnElement[bool]) -> bool:
    """Whether work of this kind (``waits``, over ``pending``) is about all known leads."""
    everyone = select(pending.c.pending_id).where(*waits, pending.c.lead_id == EVERYONE).limit(1)
    return connection.execute(everyone).first() is not None


def clear_pending(connection: Connection, need: str, *, up_to: int) -> None:
    """Delete the work that was taken; what came later, and unknown leads' work, stays."""
    known = select(lead.c.lead_id).where(lead.c.lead_id == pending.c.lead_id).exists()
    done = or_(known, pending.c.lead_id == EVERYONE)
    connection.execute(
        delete(pending).where(pending.c.need == need, pending.c.pending_id <= up_to, done)
    )


def read_survivors(connection: Connection, lead_ids: Iterable[str] | None) -> dict[str, str]:
    """Map each of these leads (all if None) that is merged into another to that one, one step."""
    return _read_merges(connection, merge.c.lead_id, lead_ids)


def read_absorbed(connection: Connection, lead_ids: Iterable[str]) -> dict[str, str]:
    """Map each lead that is merged into one of these to it, one step."""
    return _read_merges(connection, merge.c.into_lead_id, lead_ids)


def _read_merges(
    connection: Connection, column: ColumnElement[Any], lead_ids: Iterable[str] | None
) -> dict[str, str]:
    query = select(merge.c.lead_id, merge.c.into_lead_id).where(merge.c.undone_at.is_(None))
    if lead_ids is None:
        queries = [query]
    else:
        parts = chunks(sorted(lead_ids))
        queries = [query.where(is_among(connection, column, part)) for part in parts]
    return {row.lead_id: row.into_lead_id for one in queries for row in connection.execute(one)}


def read_leads(connection: Connection, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read the leads' present rows."""
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(
            connection, select(lead).where(is_among(connection, lead.c.lead_id, part))
        )
    ]


def read_facts(connection: Connection, lead_ids: Sequence[str]) -> dict[str, Rows]:
    """Read all that sources said of these leads: table name -> lead -> rows."""
    tables = {
        "handoff_report": handoff_report,
        "decision": decision,
        "opportunity_version": opportunity_version,
    }
    found: dict[str, Rows] = {}
    for name, table in tables.items():
        found[name] = {}
        for part in chunks(lead_ids):
            for row in read_rows(connection, select(table).where(table.c.lead_id.in_(part))):
                found[name].setdefault(row["lead_id"], []).append(row)
    found["stated"] = _read_stated(connection, lead_ids)
    return found


def _read_stated(connection: Connection, lead_ids: Sequence[str]) -> Rows:
    """Read each stage and time that versions state, with when it was first heard of."""
    columns = (
        lead_version.c.lead_id,
        lead_version.c.created_at,
        lead_version.c.stage,
        lead_version.c.stage_at,
    )
    found: Rows = {}
    for part in chunks(lead_ids):
        query = (
            select(*columns, func.min(lead_version.c.known_at).label("known_at"))
            .where(lead_version.c.lead_id.in_(part), lead_version.c.stage.is_not(None))
            .group_by(*columns)
        )
        for row in read_rows(connection, query):
            found.setdefault(row["lead_id"], []).append(row)
    return found


def read_crossings(connection: Connection) -> list[dict[str, Any]]:
    """Read the crossings upwards that no stage has acted on: lead, what holds, when seen."""
    columns = (score.c.lead_id, score.c.crossed, score.c.qualifies, score.c.scored_at)
    query = (
        select(*columns, score.c.version)
        .where(score.c.crossed.is_not(None))
        .order_by(score.c.lead_id)
    )
    return read_rows(connection, query)


def clear_crossings(connection: Connection, lead_ids: Sequence[str]) -> None:
    """Mark crossings as acted on."""
    for part in chunks(lead_ids):
        among = is_among(connection, score.c.lead_id, part)
        connection.execute(update(score).where(among).values(crossed=None))


def read_handoffs(connection: Connection, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read the hand-overs of these leads."""
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(connection, select(handoff).where(handoff.c.lead_id.in_(part)))
    ]


def read_at_stage(connection: Connection, stage: str, *, without_crossing: str) -> tuple[str, ...]:
    """Read the leads that stand at a stage, but for those with such a crossing not acted on.

    Erased ones stand where they stood, and nothing is done about them.
    """
    of_lead = score.c.lead_id == lead.c.lead_id
    crossing = exists().where(of_lead, score.c.crossed == without_crossing)
    query = select(lead.c.lead_id).where(
        lead.c.current_stage == stage, ~crossing, ~is_erased(lead.c.lead_id)
    )
    return tuple(connection.execute(query.order_by(lead.c.lead_id)).scalars())


def read_undated(connection: Connection) -> tuple[str, ...]:
    """Read deferred leads of ours with a deferral that names no date; maybe not the last one."""
    of_lead = stage_change.c.lead_id == lead.c.lead_id
    undated = exists().where(
        of_lead, stage_change.c.to_stage == Stage.DEFERRED, stage_change.c.until.is_(None)
    )
    ours = exists().where(
        handoff.c.lead_id == lead.c.lead_id,
        handoff.c.cycle == lead.c.cycle,
        handoff.c.origin == Origin.DECIDED,
    )
    query = select(lead.c.lead_id).where(
        lead.c.current_stage == Stage.DEFERRED, undated, ours, ~is_erased(lead.c.lead_id)
    )
    return tuple(connection.execute(query.order_by(lead.c.lead_id)).scalars())
