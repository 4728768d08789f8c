"""Rows of the hand-off: who may be handed over, the queue, and what was decided.

Only what the ledger holds; who gets which lead is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
)

from accord.ledger.bulk import change_columns, write_columns
from accord.ledger.erase_rows import is_erased
from accord.ledger.store import Row, chunks, is_among, parsed_json, read_rows
from accord.ledger.tables import (
    handoff,
    handoff_owner,
    handoff_run,
    lead,
    score,
    stage_change,
)
from accord.records import to_us

_MQL, _SQL = "mql", "sql"


def read_crossed(connection: Connection) -> list[dict[str, Any]]:
    """Read leads whose crossing into mql was seen and not acted on: lead_id, stage, scored_at."""
    query = (
        select(score.c.lead_id, lead.c.current_stage, score.c.scored_at)
        .join(lead, lead.c.lead_id == score.c.lead_id)
        .where(score.c.crossed == _MQL)
        .order_by(score.c.lead_id)
    )
    return read_rows(connection, query)


def read_nurtured(connection: Connection, *, since: datetime | None) -> list[dict[str, Any]]:
    """Read leads in nurture that qualify as mql by a score of ``since`` or later."""
    qualifies = cast(score.c.qualifies, Text).like('%"mql"%')
    query = (
        select(score.c.lead_id, lead.c.current_stage, score.c.scored_at)
        .join(lead, lead.c.lead_id == score.c.lead_id)
        .where(lead.c.current_stage == "nurture", qualifies)
        .order_by(score.c.lead_id)
    )
    if since is not None:
        query = query.where(score.c.scored_at >= since)
    return read_rows(connection, query)


def read_newest_score(connection: Connection) -> datetime | None:
    """Return when any lead was last scored."""
    newest: datetime | None = connection.execute(select(func.max(score.c.scored_at))).scalar_one()
    return newest


def _waking(as_of: datetime) -> Select[Any]:
    return (
        select(lead.c.lead_id)
        .distinct()
        .join(handoff, _of_cycle(_MQL))
        .join(stage_change, stage_change.c.lead_id == lead.c.lead_id)
        .where(
            lead.c.current_stage == "deferred",
            handoff.c.origin == "decided",
            stage_change.c.to_stage == "deferred",
            stage_change.c.until <= as_of,
            ~is_erased(lead.c.lead_id),
        )
    )


def read_waking(connection: Connection, *, as_of: datetime) -> list[str]:
    """Read deferred leads with a date that has come, whose cycle's hand-off was ours."""
    return sorted(connection.execute(_waking(as_of)).scalars())


def _converted() -> Select[Any]:
    asked = select(handoff.c.handoff_id).where(_of_cycle(_SQL)).correlate(lead).exists()
    return select(lead.c.lead_id).where(
        lead.c.current_stage == _SQL, ~asked, _ours_at_mql(), ~is_erased(lead.c.lead_id)
    )


def read_converted(connection: Connection) -> list[str]:
    """Read leads at sql whose mql hand-off was ours and whose cycle has none at sql yet."""
    return sorted(connection.execute(_converted()).scalars())


def has_work(connection: Connection, *, as_of: datetime) -> bool:
    """Whether a run has anything to look at: one question, answered by indexes.

    A crossing into mql, a score newer than the last run, a queue, a date that has come, a lead at
    sql that nobody has been asked for.
    """
    last = select(func.max(handoff_run.c.as_of)).scalar_subquery()
    newest = select(func.max(score.c.scored_at)).scalar_subquery()
    parts = (
        select(score.c.lead_id).where(score.c.crossed == _MQL).exists(),
        and_(newest.is_not(None), or_(last.is_(None), newest > last)),
        select(handoff.c.handoff_id).where(_in_queue()).exists(),
        _waking(as_of).exists(),
        _converted().exists(),
    )
    return bool(connection.execute(select(or_(*parts))).scalar_one())


def _ours_at_mql() -> ColumnElement[bool]:
    ours = select(handoff.c.handoff_id).where(_of_cycle(_MQL), handoff.c.origin == "decided")
    return ours.correlate(lead).exists()


def _of_cycle(stage: str) -> ColumnElement[bool]:
    return and_(
        handoff.c.lead_id == lead.c.lead_id,
        handoff.c.cycle == lead.c.cycle,
        handoff.c.stage == stage,
    )


def _in_queue() -> ColumnElement[bool]:
    return and_(handoff.c.assigned_at.is_(None), handoff.c.ended_at.is_(None))


def count_queue(connection: Connection) -> int:
    """Count the hand-offs that wait for a rep."""
    query = select(func.count()).select_from(handoff).where(_in_queue())
    return int(connection.execute(query).scalar_one())


def read_queue(connection: Connection) -> list[dict[str, Any]]:
    """Read the waiting hand-offs with their leads' present scores, one row a hand-off.

    ``fit engagement intent`` are whole tenths as they are now, 0 where a lead has no score.
    """
    own = (handoff.c.handoff_id, handoff.c.lead_id, handoff.c.cycle, handoff.c.stage)
    query = (
        select(
            *own,
            handoff.c.queued_at,
            handoff.c.waits_for,
            func.coalesce(score.c.fit, 0).label("fit"),
            func.coalesce(score.c.engagement, 0).label("engagement"),
            func.coalesce(score.c.intent, 0).label("intent"),
            cast(score.c.qualifies, Text).label("qualifies"),
        )
        .outerjoin(score, score.c.lead_id == handoff.c.lead_id)
        .where(_in_queue())
    )
    return _with_thresholds(read_rows(connection, query))


def _with_thresholds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say which thresholds hold as a list, read as text: few of them are different."""
    for row in rows:
        row["qualifies"] = parsed_json(row["qualifies"])
    return rows


def read_deferred_owners(
    connection: Connection, lead_ids: Sequence[str]
) -> dict[tuple[str, int], str]:
    """Read who had each deferred cycle of these leads at mql: (lead_id, cycle) -> rep_id."""
    found: dict[tuple[str, int], str] = {}
    deferred: set[tuple[str, int]] = set()
    columns = (handoff.c.lead_id, handoff.c.cycle, handoff.c.stage, handoff.c.rep_id)
    for part in chunks(lead_ids):
        query = select(*columns, handoff.c.outcome).where(handoff.c.lead_id.in_(part))
        for row in connection.execute(query):
            key = (row.lead_id, row.cycle)
            if row.outcome == "deferred":
                deferred.add(key)
            if row.stage == _MQL and row.rep_id is not None:
                found[key] = row.rep_id
    return {key: rep_id for key, rep_id in found.items() if key in deferred}


_DECIDED = (
    "handoff_id",
    "lead_id",
    "cycle",
    "stage",
    "origin",
    "segment",
    "channel",
    "campaign",
    "team",
    "rep_id",
    "hot",
    "forced",
    "kept",
    "waits_for",
    "fit",
    "engagement",
    "intent",
    "version",
)


def add_handoffs(connection: Connection, rows: Sequence[Row], *, at: datetime) -> None:
    """Add decided hand-offs; those with a rep are assigned at this instant, the others wait."""
    columns = {name: [row.get(name) for row in rows] for name in _DECIDED}
    assigned = [row for row in rows if row.get("rep_id") is not None]
    at_us = to_us(at)
    columns["queued_at"] = [to_us(row["queued_at"]) for row in rows]
    columns["assigned_at"] = [None if rep_id is None else at_us for rep_id in columns["rep_id"]]
    write_columns(connection, handoff, columns)
    _add_owners(connection, assigned, at=at)


def write_assigned(connection: Connection, rows: Sequence[Row], *, at: datetime) -> None:
    """Write who got which hand-off that waited: handoff_id, rep_id, team, hot, forced, scores."""
    names = ("handoff_id", "rep_id", "team", "hot", "forced", "kept", "fit", "engagement", "intent")
    columns = {name: [row[name] for row in rows] for name in names}
    columns["assigned_at"] = [to_us(at) for _ in rows]
    columns["waits_for"] = [None for _ in rows]
    change_columns(connection, handoff, columns, key="handoff_id")
    _add_owners(connection, rows, at=at)


def _add_owners(connection: Connection, rows: Sequence[Row], *, at: datetime) -> None:
    columns = {name: [row[name] for row in rows] for name in ("handoff_id", "rep_id", "team")}
    columns["since"] = [to_us(at) for _ in rows]
    columns["why"] = ["assigned" for _ in rows]
    write_columns(connection, handoff_owner, columns, on_conflict="keep")


def write_waiting(connection: Connection, rows: Sequence[Row]) -> None:
    """Write why hand-offs wait: rows of handoff_id and waits_for."""
    columns = {name: [row[name] for row in rows] for name in ("handoff_id", "waits_for")}
    change_columns(connection, handoff, columns, key="handoff_id")


def read_origins(connection: Connection, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read what a hand-off keeps of its lead as it is now: lead_id, segment, channel, campaign."""
    columns = (lead.c.lead_id, lead.c.segment, lead.c.channel, lead.c.campaign)
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(
            connection, select(*columns).where(is_among(connection, lead.c.lead_id, part))
        )
    ]


def read_scores(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read the present scores of leads: whole tenths, and which thresholds hold."""
    columns = (score.c.lead_id, score.c.fit, score.c.engagement, score.c.intent)
    query = select(*columns, cast(score.c.qualifies, Text).label("qualifies"))
    return {
        row["lead_id"]: row
        for part in chunks(lead_ids)
        for row in _with_thresholds(
            read_rows(connection, query.where(is_among(connection, score.c.lead_id, part)))
        )
    }


def read_handoff_ids(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """Read the keys of all hand-offs of these leads."""
    found: set[str] = set()
    for part in chunks(lead_ids):
        among = is_among(connection, handoff.c.lead_id, part)
        query = select(handoff.c.handoff_id).where(among)
        found.update(connection.execute(query).scalars())
    return found
