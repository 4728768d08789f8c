"""The rows of the scoring stage: whose score is due, their attributes, scores and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Integer,
    Select,
    delete,
    select,
)

from accord.ledger.erase_rows import is_erased
from accord.ledger.fact_rows import clear_pending, read_pending
from accord.ledger.store import Row, chunks, insert_rows, read_rows, upsert_rows
from accord.ledger.tables import lead, score, score_change
from accord.ledger.types import Instant, Money

NEED = "score"

__all__ = [
    "NEED",
    "clear_pending",
    "read_attributes",
    "read_known",
    "read_pending",
    "read_scores",
    "write_scores",
]


def read_known(connection: Connection, lead_ids: Iterable[str] | None) -> tuple[str, ...]:
    """Read which of these leads (all leads if None) the ledger knows, in the order of their ids.

    Erased ones are no longer known.
    """
    query = select(lead.c.lead_id).where(~is_erased(lead.c.lead_id)).order_by(lead.c.lead_id)
    if lead_ids is None:
        return tuple(connection.execute(query).scalars())
    known: list[str] = []
    for part in chunks(sorted(lead_ids)):
        known.extend(connection.execute(query.where(lead.c.lead_id.in_(part))).scalars())
    return tuple(known)


def read_attributes(
    connection: Connection, lead_ids: Sequence[str], fields: Iterable[str]
) -> pa.Table:
    """Read attributes of leads as Arrow: lead_id and those of ``fields`` that a lead has.

    Whole numbers are int64, money decimals, instants UTC microseconds; a null stays a null.
    """
    columns = [lead.c.lead_id, *(lead.c[name] for name in fields if name in lead.c)]
    rows: list[Sequence[Any]] = []
    for part in chunks(lead_ids):
        query = select(*columns).where(lead.c.lead_id.in_(part)).order_by(lead.c.lead_id)
        rows.extend(connection.execute(query))
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return pa.table(
        {
            column.name: pa.array(list(cells), _arrow_type(column))
            for column, cells in zip(columns, values, strict=True)
        }
    )


def read_scores(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read the present score rows of leads, locked until the transaction ends, by lead_id."""
    columns = [score.c[name] for name in (*_NUMBERS, "qualifies", "crossed")]
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(lead_ids):
        query: Select[Any] = select(score.c.lead_id, *columns).where(score.c.lead_id.in_(part))
        for row in read_rows(connection, query.with_for_update()):
            found[row["lead_id"]] = row
    return found


def write_scores(
    connection: Connection, rows: Sequence[Row], *, changed: Iterable[str], gone: Iterable[str]
) -> None:
    """Write score rows; append a change for the leads ``changed``; delete the rows of ``gone``."""
    for part in chunks(sorted(gone)):
        connection.execute(delete(score).where(score.c.lead_id.in_(part)))
    upsert_rows(connection, score, rows)
    wanted = set(changed)
    names = [column.name for column in score_change.c]
    changes = [_part_of(row, names) for row in rows if row["lead_id"] in wanted]
    instants = {row["scored_at"] for row in changes}
    for part in chunks([row["lead_id"] for row in changes]):  # scored twice at one instant
        at_once = (score_change.c.lead_id.in_(part), score_change.c.scored_at.in_(instants))
        connection.execute(delete(score_change).where(*at_once))
    insert_rows(connection, score_change, changes)


_NUMBERS = ("fit", "engagement", "intent")


def _part_of(row: Row, names: Iterable[str]) -> Mapping[str, Any]:
    return {name: row[name] for name in names}


def _arrow_type(column: Any) -> pa.DataType:
    kind = column.type
    if isinstance(kind, Money):
        return pa.decimal128(38, 2)
    if isinstance(kind, Instant):
        return pa.timestamp("us", "UTC")
    if isinstance(kind, BigInteger | Integer):
        return pa.int64()
    return pa.bool_() if isinstance(kind, Boolean) else pa.string()
