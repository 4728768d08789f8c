"""Versions of leads: what a source said last, and what was known of a lead at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Select, func, select

from accord.ledger.arrow import to_arrow
from accord.ledger.company_rows import IDENTITY, STATED
from accord.ledger.erase_rows import is_erased
from accord.ledger.store import chunks, read_rows
from accord.ledger.tables import batch, lead, lead_version

Columns = Sequence[Any]


def read_newest_said(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read what the newest version that a source gave of each lead says: lead_id -> attributes."""
    own = lead_version.c.batch_id != IDENTITY
    return {
        row["lead_id"]: row
        for part in chunks(lead_ids)
        for row in read_rows(connection, _newest(_ALL, lead_version.c.lead_id.in_(part), own))
    }


def read_attributes_then(
    connection: Connection, lead_ids: Sequence[str] | None, fields: Iterable[str], *, at: datetime
) -> pa.Table:
    """Read attributes as they were known at an instant, as :func:`read_attributes` reads them now.

    Leads that were not known yet are left out, and so are those that are erased by now. Sorted by
    lead_id.
    """
    names = dict.fromkeys(("lead_id", *(name for name in fields if name in lead_version.c)))
    columns = [lead_version.c[name] for name in names]
    parts = [None] if lead_ids is None else chunks(sorted(lead_ids))
    tables = [_read_then(connection, columns, part, at=at) for part in parts]
    table = pa.concat_tables([to_arrow(connection, [], columns), *tables])
    return table.take(pc.sort_indices(table.column("lead_id")))


def read_said_over_time(
    connection: Connection, lead_ids: Sequence[str], fields: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Read attributes of leads over time: lead_id -> one row an instant of news, in order.

    Each row has ``known_at`` and those of the ``fields`` that versions keep. Leads without versions
    are left out, and so are those that are erased by now.
    """
    names = dict.fromkeys(("lead_id", "known_at", *(one for one in fields if one in _KEPT)))
    order = (lead_version.c.known_at, _MADE, batch.c.place, lead_version.c.row_number)
    query = (
        select(*(lead_version.c[name] for name in names), _MADE.label("made"))
        .outerjoin(batch, batch.c.batch_id == lead_version.c.batch_id)
        .where(~is_erased(lead_version.c.lead_id))
        .order_by(lead_version.c.lead_id, *order)
    )
    of_source = [name for name in _OF_SOURCE if name in names]
    found: dict[str, dict[datetime, dict[str, Any]]] = {}
    for part in chunks(lead_ids):
        before: dict[str, Any] = {}
        for row in read_rows(connection, query.where(lead_version.c.lead_id.in_(part))):
            if row["made"] and row["lead_id"] == before.get("lead_id"):
                row |= {name: before[name] for name in of_source}
            before = row
            found.setdefault(row["lead_id"], {})[row["known_at"]] = row
    return {lead_id: list(rows.values()) for lead_id, rows in found.items()}


def _read_then(
    connection: Connection, columns: Columns, lead_ids: Sequence[str] | None, *, at: datetime
) -> pa.Table:
    """A lead of which nothing is known that is later has its newest version in the table of leads.

    To read it there takes a third of the time; only for the others versions are compared, and last:
    what is taken meanwhile is among the others then.
    """
    own = [lead.c[column.name] for column in columns]
    now = _of(lead, lead_ids, select(*own)).where(lead.c.known_at <= at, ~is_erased(lead.c.lead_id))
    later = _of(lead_version, lead_ids, select(lead_version.c.lead_id))
    changed = lead_version.c.lead_id.in_(later.where(lead_version.c.known_at > at))
    standing = to_arrow(connection, [now], columns)
    versions = to_arrow(connection, [_known(columns, at, changed)], columns)
    same = pc.invert(pc.is_in(standing.column("lead_id"), versions.column("lead_id")))
    return pa.concat_tables([standing.filter(same), versions])


def _of(table: Any, lead_ids: Sequence[str] | None, query: Select[Any]) -> Select[Any]:
    return query if lead_ids is None else query.where(table.c.lead_id.in_(lead_ids))


def _known(columns: Columns, at: datetime, *conditions: ColumnElement[bool]) -> Select[Any]:
    then = (lead_version.c.known_at <= at, ~is_erased(lead_version.c.lead_id))
    said = [_newest_of_source(one) if one.name in _OF_SOURCE else one for one in columns]
    return _newest(said, *then, *conditions)


_ALL = tuple(lead_version.c[name] for name in ("lead_id", "known_at", *STATED, "inferred"))

_KEPT = frozenset(lead_version.c.keys())

_OF_SOURCE = ("stage", "stage_at")
"""What identity makes nothing of, so that its versions do not have it."""

_MADE = lead_version.c.batch_id == IDENTITY

_LAST_OF_INSTANT = (batch.c.place.desc(), lead_version.c.row_number.desc())


def _newest_of_source(column: Any) -> ColumnElement[Any]:
    order = (_MADE.asc(), lead_version.c.known_at.desc(), *_LAST_OF_INSTANT)
    newest = func.first_value(column).over(partition_by=lead_version.c.lead_id, order_by=order)
    return newest.label(column.name)


def _newest(columns: Columns, *conditions: ColumnElement[bool]) -> Select[Any]:
    """What identity made of a lead stands after what sources said at that instant."""
    newest_first = (lead_version.c.known_at.desc(), _MADE.desc(), *_LAST_OF_INSTANT)
    place = func.row_number().over(partition_by=lead_version.c.lead_id, order_by=newest_first)
    ranked = (
        select(*columns, place.label("place"))
        .outerjoin(batch, batch.c.batch_id == lead_version.c.batch_id)
        .where(*conditions)
        .subquery()
    )
    return select(*(ranked.c[column.name] for column in columns)).where(ranked.c.place == 1)
