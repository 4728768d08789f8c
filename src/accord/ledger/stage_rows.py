"""The history of leads in the ledger: reading standing moves, appending, retracting."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Select, exists, select, update

from accord.ledger.bulk import write_columns
from accord.ledger.store import chunks, is_among
from accord.ledger.tables import lead, stage_change
from accord.lifecycle import LeadState, StageChange, fold
from accord.records import Origin, Programme, Stage, to_us

_Current: TypeAlias = tuple[Stage | None, int]  # stage and cycle

_FIELDS = tuple(field.name for field in fields(StageChange))
_COLUMNS = tuple(stage_change.c[name] for name in _FIELDS)  # the lead's id is the first
_BY_TIME = itemgetter(1, 3)
_WORDS = ("from_stage", "to_stage", "origin", "programme")
_INSTANTS = ("occurred_at", "until")
_STAGES = {stage.value: stage for stage in Stage}
_ORIGINS = {origin.value: origin for origin in Origin}
_PROGRAMMES = {programme.value: programme for programme in Programme}


def standing_changes(*columns: Column[Any]) -> Select[Any]:
    """Select the moves that stand: neither retractions nor retracted. All columns if none named."""
    later = stage_change.alias("later")
    retracted = exists().where(later.c.retracts == stage_change.c.change_id)
    query: Select[Any] = select(*columns) if columns else select(stage_change)
    return query.where(stage_change.c.retracts.is_(None), ~retracted)


def read_changes(
    connection: Connection, lead_ids: Sequence[str]
) -> dict[str, tuple[StageChange, ...]]:
    """Read the standing moves of these leads, in order; a lead without any is missing."""
    found: dict[str, list[StageChange]] = {}
    for part in chunks(lead_ids):
        among = is_among(connection, stage_change.c.lead_id, part)
        query = standing_changes(*_COLUMNS).where(among)
        for row in connection.execute(query).fetchall():
            found.setdefault(row[0], []).append(_change_of(row))
    return {
        lead_id: tuple(sorted(changes, key=lambda change: change.order))
        for lead_id, changes in found.items()
    }


Moves: TypeAlias = Sequence[Sequence[Any]]
"""Standing moves of one lead, as :func:`read_moves` gives them, in no order."""

_MOVE = (
    stage_change.c.lead_id,
    stage_change.c.change_id,
    stage_change.c.retracts,
    stage_change.c.to_stage,
    stage_change.c.occurred_at,
    stage_change.c.cycle,
    stage_change.c.position,
    stage_change.c.programme,
    stage_change.c.origin,
    stage_change.c.inferred,
    stage_change.c.from_stage,
)


def read_moves(connection: Connection, lead_ids: Sequence[str]) -> dict[str, Moves]:
    """Read the standing moves of these leads as they are stored; a lead without any is missing.

    Of each: stage, instant, cycle, position, programme, origin, inferred, the stage before. What
    was taken back is looked up here: a probe of the index for each move costs more.
    """
    found: dict[str, list[Any]] = {}
    for part in chunks(lead_ids):
        among = is_among(connection, stage_change.c.lead_id, part)
        for row in connection.execute(select(*_MOVE).where(among)).fetchall():
            found.setdefault(row[0], []).append(row)
    return {lead_id: _standing(rows) for lead_id, rows in found.items()}


def _standing(rows: Sequence[Sequence[Any]]) -> Moves:
    retracted = {row[2] for row in rows}
    return [row[3:] for row in rows if row[2] is None and row[1] not in retracted]


def move_of(change: StageChange) -> Sequence[Any]:
    """Return a move as :func:`read_moves` gives it."""
    programme, before = change.programme, change.from_stage
    return (
        change.to_stage.value,
        change.occurred_at,
        change.cycle,
        change.position,
        None if programme is None else programme.value,
        change.origin.value,
        change.inferred,
        None if before is None else before.value,
    )


def place_of(moves: Moves) -> LeadState:
    """Return where a lead stands by its last move alone: stage, cycle, at, position.

    All that is needed to enter a further stage, for a fraction of what a fold of its history costs;
    what else a state says stays unsaid. A lead without moves stands nowhere yet.
    """
    if not moves:
        return LeadState()
    stage, at, cycle, position, *_ = max(moves, key=_BY_TIME)
    return LeadState(stage=_STAGES[stage], cycle=cycle, at=at, position=position)


def append_changes(
    connection: Connection,
    changes: Sequence[StageChange],
    *,
    known_at: datetime,
    newest: bool = False,
) -> None:
    """Append moves, and keep each lead's present stage and cycle beside its record.

    ``newest``: no lead has a move later than its last one here, as none has that is entered into a
    stage; else their histories are read and folded.
    """
    columns = _columns_of(changes, known_at=known_at)
    if not newest:
        columns["change_id"] = _free_ids(connection, columns["change_id"])
    write_columns(connection, stage_change, columns)
    if newest:
        _write_current(connection, {one.lead_id: (one.to_stage, one.cycle) for one in changes})
    else:
        _write_current(connection, _read_current(connection, {one.lead_id for one in changes}))


def retract_changes(
    connection: Connection, changes: Sequence[StageChange], *, known_at: datetime
) -> None:
    """Take moves back by rows that name them; the rows themselves stay as they are."""
    by_lead = {change.lead_id for change in changes}
    wanted = {change.change_id: change for change in changes}
    taken_back: list[tuple[StageChange, str]] = []
    for part in chunks(sorted(by_lead)):
        among = is_among(connection, stage_change.c.lead_id, part)
        query = standing_changes(*_COLUMNS, stage_change.c.change_id).where(among)
        for row in connection.execute(query).fetchall():
            change = wanted.get(_change_of(row).change_id)
            if change is not None:
                taken_back.append((change, row[-1]))
    columns = _columns_of([change for change, _ in taken_back], known_at=known_at)
    columns["retracts"] = [row_id for _, row_id in taken_back]
    columns["change_id"] = [_digest("retract", row_id) for _, row_id in taken_back]
    write_columns(connection, stage_change, columns)
    _write_current(connection, _read_current(connection, by_lead))


def _read_current(connection: Connection, lead_ids: Iterable[str]) -> dict[str, _Current]:
    histories = read_changes(connection, sorted(lead_ids))
    states = {lead_id: fold(changes) for lead_id, changes in histories.items()}
    return {lead_id: (state.stage, state.cycle) for lead_id, state in states.items()}


def _write_current(connection: Connection, current: Mapping[str, _Current]) -> None:
    """Most leads of a run stand at the same stage and cycle: one statement each."""
    standing: dict[_Current, list[str]] = {}
    for lead_id, place in current.items():
        standing.setdefault(place, []).append(lead_id)
    for (stage, cycle), lead_ids in standing.items():
        for part in chunks(lead_ids):
            connection.execute(
                update(lead)
                .where(is_among(connection, lead.c.lead_id, part))
                .values(current_stage=stage, cycle=cycle)
            )


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def _free_ids(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return these ids, another in place of each that is taken.

    That is a move which was appended, taken back and now holds again, all learnt at one instant.
    """
    taken: set[str] = set()
    for part in chunks(ids):
        query = select(stage_change.c.change_id).where(stage_change.c.change_id.in_(part))
        taken.update(connection.execute(query).scalars())
    if not taken:
        return list(ids)
    again = [_digest(each, "again") if each in taken else each for each in ids]
    return _free_ids(connection, again)


def _columns_of(changes: Sequence[StageChange], *, known_at: datetime) -> dict[str, list[Any]]:
    """A move retracted and later derived again is a new row: known_at is part of its key."""
    known_us = to_us(known_at)
    columns = {name: [getattr(change, name) for change in changes] for name in _FIELDS}
    for name in _WORDS:
        columns[name] = [None if word is None else word.value for word in columns[name]]
    for name in _INSTANTS:
        columns[name] = [None if at is None else to_us(at) for at in columns[name]]
    columns["change_id"] = [_digest(change.change_id, known_us) for change in changes]
    columns["known_at"] = [known_us for _ in changes]
    return columns


def _change_of(row: Sequence[Any]) -> StageChange:
    """Return the move that a row of ``_COLUMNS`` (and maybe more) holds."""
    values = dict(zip(_FIELDS, row, strict=False))
    values["to_stage"] = _STAGES[values["to_stage"]]
    values["from_stage"] = _STAGES.get(values["from_stage"])
    values["origin"] = _ORIGINS[values["origin"]]
    values["programme"] = _PROGRAMMES.get(values["programme"])
    return StageChange(**values)
