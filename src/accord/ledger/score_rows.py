"""The rows of the scoring stage: whose score is due, their attributes, scores and their changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Select, Table, Text, cast, delete, func, select, update

from accord.ledger.arrow import to_arrow
from accord.ledger.bulk import Columns, write_columns
from accord.ledger.erase_rows import is_erased
from accord.ledger.fact_rows import clear_pending, read_pending
from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import lead, score, score_change
from accord.records import to_us

NEED = "score"

__all__ = [
    "NEED",
    "clear_pending",
    "delete_scores",
    "read_attributes",
    "read_known",
    "read_last_scored",
    "read_pending",
    "read_scores",
    "read_stored",
    "to_listed",
    "touch_scores",
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
    connection: Connection, lead_ids: Sequence[str] | None, fields: Iterable[str]
) -> pa.Table:
    """Read attributes of leads (of all that are not erased if None) as Arrow, in order of lead_id.

    lead_id and those of ``fields`` that a lead has. Whole numbers are int64, money decimals,
    instants UTC microseconds; a null stays a null.
    """
    columns = [lead.c.lead_id, *(lead.c[name] for name in fields if name in lead.c)]
    query = select(*columns)
    if lead_ids is None:
        queries: Iterable[Select[Any]] = [query.where(~is_erased(lead.c.lead_id))]
    else:
        queries = (query.where(lead.c.lead_id.in_(part)) for part in chunks(lead_ids))
    table = to_arrow(connection, queries, columns)
    return table.take(
        pc.sort_indices(table.column("lead_id"))
    )  # the store would take twice as long


def read_last_scored(connection: Connection) -> datetime | None:
    """Return the instant of the newest stored scores, None if there are none."""
    return connection.execute(select(func.max(score.c.scored_at))).scalar()


def read_scores(connection: Connection, lead_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read the present score rows of leads, locked until the transaction ends, by lead_id."""
    columns = [score.c[name] for name in (*_NUMBERS, "qualifies", "crossed")]
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(lead_ids):
        query: Select[Any] = select(score.c.lead_id, *columns).where(score.c.lead_id.in_(part))
        for row in read_rows(connection, query.with_for_update()):
            found[row["lead_id"]] = row
    return found


def read_stored(connection: Connection) -> pa.Table:
    """Read all present scores as Arrow: lead_id, the numbers, position, qualifies (text), version.

    ``qualifies`` is the list as :func:`to_listed` writes it.
    """
    columns: list[Any] = [score.c[name] for name in ("lead_id", *_NUMBERS, "position", "version")]
    columns.append(cast(score.c.qualifies, Text).label("qualifies"))
    return to_arrow(connection, [select(*columns)], columns)


def to_listed(values: Sequence[Any]) -> str:
    """Return values as the text that the ledger keeps of a list.

    >>> to_listed(["engaged", "mql"])
    '["engaged", "mql"]'
    """
    return json.dumps(list(values), ensure_ascii=False)


def write_scores(connection: Connection, rows: Sequence[Row], *, changed: Iterable[str]) -> None:
    """Write score rows, and append a change for the leads ``changed``.

    ``reasons`` and ``qualifies`` are lists of plain values. Of a lead that is scored twice at one
    instant the last change stays.
    """
    wanted = set(changed)
    write_columns(connection, score, _columns(rows, score), on_conflict="replace")
    changes = _columns([row for row in rows if row["lead_id"] in wanted], score_change)
    write_columns(connection, score_change, changes, on_conflict="replace")


def touch_scores(connection: Connection, as_of: datetime) -> None:
    """Say of all scores that are older that they were looked at, and stand as they are."""
    connection.execute(update(score).where(score.c.scored_at < as_of).values(scored_at=as_of))


def delete_scores(connection: Connection, lead_ids: Iterable[str]) -> None:
    """Delete the scores of leads that no longer stand for themselves."""
    for part in chunks(sorted(lead_ids)):
        connection.execute(delete(score).where(score.c.lead_id.in_(part)))


def _columns(rows: Sequence[Row], table: Table) -> Columns:
    """Return rows as columns in the form that the store is given them in."""
    names = [column.name for column in table.c]
    return {name: [_FORMS.get(name, _as_is)(row[name]) for row in rows] for name in names}


def _as_is(value: Any) -> Any:
    return value


_FORMS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"reasons": to_listed, "qualifies": to_listed, "scored_at": to_us}
)

_NUMBERS = ("fit", "engagement", "intent")
