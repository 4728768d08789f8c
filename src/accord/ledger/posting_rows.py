"""Rows about reps over time: what was said of their team and calendar, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from accord.ledger.store import chunks, read_rows, upsert_rows
from accord.ledger.tables import posting, rep

Rows = list[dict[str, Any]]


def read_postings(connection: Connection, rep_ids: Sequence[str] | None = None) -> dict[str, Rows]:
    """Read what was said of reps (all if None), by rep, in the order in which it was learnt."""
    query = select(posting).order_by(posting.c.rep_id, posting.c.known_at, posting.c.since)
    parts = [None] if rep_ids is None else chunks(rep_ids)
    found: dict[str, Rows] = {}
    for part in parts:
        asked = query if part is None else query.where(posting.c.rep_id.in_(part))
        for row in read_rows(connection, asked):
            found.setdefault(row["rep_id"], []).append(row)
    return found


def write_postings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add statements; of two that are learnt at one instant of one instant the last counts."""
    upsert_rows(connection, posting, rows)


def read_absence_texts(connection: Connection, rep_ids: Sequence[str]) -> dict[str, str | None]:
    """Read the absences of those of these reps that are known."""
    found: dict[str, str | None] = {}
    for part in chunks(rep_ids):
        query = select(rep.c.rep_id, rep.c.absences).where(rep.c.rep_id.in_(part))
        found.update({row[0]: row[1] for row in connection.execute(query)})
    return found
