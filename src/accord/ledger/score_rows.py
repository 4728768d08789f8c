"""The rows of the scoring stage: whose score is due, their attributes, scores and their changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Select, Text, cast, delete, func, select, update

from accord.ledger.arrow import to_arrow
from accord.ledger.bulk import Columns, write_columns
from accord.ledger.erase_rows import is_erased
from accord.ledger.fact_rows import clear_pending, read_pending
from accord.ledger.store import chunks
from accord.ledger.tables import lead, pending, score, score_change
from accord.records import to_us
from accord.scoring import SCORES

NEED = "score"

__all__ = [
    "NEED",
    "clear_pending",
    "delete_scores",
    "read_attributes",
    "read_former",
    "read_known",
    "read_last_scored",
    "read_pending",
    "read_stored",
    "read_waiting",
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


def read_waiting(connection: Connection, lead_ids: Iterable[str]) -> tuple[str, ...]:
    """Read which of these leads have something new to be scored."""
    query = select(pending.c.lead_id).distinct().where(pending.c.need == NEED)
    waiting: list[str] = []
    for part in chunks(sorted(lead_ids)):
        waiting.extend(connection.execute(query.where(pending.c.lead_id.in_(part))).scalars())
    return tuple(waiting)


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


def read_former(connection: Connection, lead_ids: Sequence[str]) -> pa.Table:
    """Read the present scores of leads as Arrow, locked until the transaction ends, in no order.

    lead_id, the numbers, version, qualifies, crossed; ``qualifies`` is the text of a JSON list.
    """
    columns = _stored("lead_id", *SCORES, "version", "qualifies", "crossed")
    query: Select[Any] = select(*columns).with_for_update()
    queries = (query.where(score.c.lead_id.in_(part)) for part in chunks(lead_ids))
    return to_arrow(connection, queries, columns)


def read_stored(connection: Connection) -> pa.Table:
    """Read all present scores as Arrow: lead_id, the numbers, position, version, qualifies.

    ``qualifies`` as in :func:`read_former`.
    """
    columns = _stored("lead_id", *SCORES, "position", "version", "qualifies")
    return to_arrow(connection, [select(*columns)], columns)


def to_listed(values: Sequence[Any]) -> str:
    """Return values as the text that the ledger keeps of a list.

    >>> to_listed(["engaged", "mql"])
    '["engaged", "mql"]'
    """
    return json.dumps(list(values), ensure_ascii=False)


def write_scores(
    connection: Connection, rows: pa.Table, is_changed: Any, *, scored_at: datetime, version: str
) -> None:
    """Write score rows, and append a change for those that are flagged as changed.

    ``rows``: the other columns of ``score``, each lead once; lists are JSON text. Of a lead that is
    scored twice at one instant the last change stays.
    """
    said = {"scored_at": to_us(scored_at), "version": version}
    write_columns(connection, score, _columns(rows, said), on_conflict="replace")
    changes = rows.filter(is_changed).select(["lead_id", *SCORES])
    write_columns(connection, score_change, _columns(changes, said), on_conflict="replace")


def touch_scores(connection: Connection, as_of: datetime) -> None:
    """Say of all scores that are older that they were looked at, and stand as they are.

    But for those with a crossing that no stage has acted on: it was seen when they were scored.
    """
    older = update(score).where(score.c.scored_at < as_of, score.c.crossed.is_(None))
    connection.execute(older.values(scored_at=as_of))


def delete_scores(connection: Connection, lead_ids: Iterable[str]) -> None:
    """Delete the scores of leads that no longer stand for themselves."""
    for part in chunks(sorted(lead_ids)):
        connection.execute(delete(score).where(score.c.lead_id.in_(part)))


def _columns(rows: pa.Table, said: Mapping[str, Any]) -> Columns:
    """Return rows as the store is given them, with what is said of all of them."""
    given = {name: rows.column(name).to_pylist() for name in rows.column_names}
    return given | {name: [value] * rows.num_rows for name, value in said.items()}


def _stored(*names: str) -> list[Any]:
    """Return columns of the score table, lists as their text."""
    return [
        cast(score.c[name], Text).label(name) if name == "qualifies" else score.c[name]
        for name in names
    ]
