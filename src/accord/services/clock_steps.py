"""What became of the steps of ladders: when each was due, who was told, sent or skipped and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.ledger.clock_story_rows import read_messages_of, read_steps_of

Row = Mapping[str, Any]


def read_taken_steps(
    connection: Connection, clock_ids: Sequence[str], *, as_of: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Return by clock the steps that a sweep had come to at ``as_of``, in order.

    One dict a step: step, at (where it stands on the term), due, swept, status (sent, skipped),
    why, and ``told``: role and id of everybody it went to, with what became of the message.
    """
    told: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for message in read_messages_of(connection, clock_ids):
        told.setdefault((message["clock_id"], message["step"]), []).extend(_told(message))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_steps_of(connection, clock_ids):
        if row["swept_at"] <= as_of:
            people = told.get((row["clock_id"], row["step"]), [])
            found.setdefault(row["clock_id"], []).append(_step(row, people))
    return found


def _told(message: Row) -> Iterable[dict[str, Any]]:
    for one in message["payload"].get("recipients", ()):
        yield {
            "role": one["role"],
            "id": one["id"],
            "message": message["status"],
            "not_before": message["not_before"],
            "sent": message["sent_at"],
        }


def _step(row: Row, told: Sequence[Row]) -> dict[str, Any]:
    return {
        "step": row["step"],
        "at": row["at"],
        "due": row["due_at"],
        "swept": row["swept_at"],
        "status": row["status"],
        "why": row["why"],
        "told": list(told),
    }
