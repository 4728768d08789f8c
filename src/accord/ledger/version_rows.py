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


def read_lead_attributes_as_of(
    connection: Connection, lead_ids: Sequence[str], at: datetime
) -> dict[str, dict[str, Any]]:
    """Read the attributes of leads as they were known at an instant, merged and inferred included.

    lead_id -> lead_id, known_at, attributes, inferred; a lead not known yet is left out.
    """
    then = lead_version.c.known_at <= at
    return {
        row["lead_id"]: row
        for part in chunks(lead_ids)
        for row in read_rows(connection, _newest(_ALL, lead_version.c.lead_id.in_(part), then))
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
    if lead_ids is None:
        table = _read_all_then(connection, columns, at)
    else:
        own = lead_version.c.lead_id.in_
        queries = (_known(columns, at, own(part)) for part in chunks(sorted(lead_ids)))
        table = to_arrow(connection, queries, columns)
    return table.take(pc.sort_indices(table.column("lead_id")))


def _read_all_then(connection: Connection, columns: Columns, at: datetime) -> pa.Table:
    """A lead of which nothing is known that is later has its newest version in the table of leads.

    To read it there takes a third of the time; only for the others versions are compared.
    """
    later = select(lead_version.c.lead_id).where(lead_version.c.known_at > at)
    changed = to_arrow(connection, [later.distinct()], columns[:1]).column("lead_id")
    own = [lead.c[column.name] for column in columns]
    standing = select(*own).where(lead.c.known_at <= at, ~is_erased(lead.c.lead_id))
    table = to_arrow(connection, [standing], columns)
    if not len(changed):
        return table
    same = table.filter(pc.invert(pc.is_in(table.column("lead_id"), changed)))
    among = lead_version.c.lead_id.in_(later)
    return pa.concat_tables([same, to_arrow(connection, [_known(columns, at, among)], columns)])


def _known(columns: Columns, at: datetime, *conditions: ColumnElement[bool]) -> Select[Any]:
    then = (lead_version.c.known_at <= at, ~is_erased(lead_version.c.lead_id))
    return _newest(columns, *then, *conditions)


_ALL = tuple(lead_version.c[name] for name in ("lead_id", "known_at", *STATED, "inferred"))


def _newest(columns: Columns, *conditions: ColumnElement[bool]) -> Select[Any]:
    """What identity made of a lead stands after what sources said at that instant."""
    made = lead_version.c.batch_id == IDENTITY
    newest_first = (
        lead_version.c.known_at.desc(),
        made.desc(),
        batch.c.place.desc(),
        lead_version.c.row_number.desc(),
    )
    place = func.row_number().over(partition_by=lead_version.c.lead_id, order_by=newest_first)
    ranked = (
        select(*columns, place.label("place"))
        .outerjoin(batch, batch.c.batch_id == lead_version.c.batch_id)
        .where(*conditions)
        .subquery()
    )
    return select(*(ranked.c[column.name] for column in columns)).where(ranked.c.place == 1)
