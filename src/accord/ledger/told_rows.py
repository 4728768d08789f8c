"""What the CRM was told of hand-offs, and what came back: writings, owners, our own tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, or_, select, update

from accord.ledger.store import Row, add_rows, chunks, read_rows, upsert_rows
from accord.ledger.tables import handoff, handoff_owner, outbox, rep, touch

OF_CRM = "crm"
"""Why somebody owns a hand-off whom the CRM names."""

_NO_TASKS = frozenset({"contact", "lead", "company", "account", "owner"})


def read_writings(connection: Connection, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read the hand-offs that were sent, or may have been: lead_id, key, begun_at, written_at.

    ``written_at`` is by the CRM's clock, else ours; None while the outcome is unknown.
    """
    given_up = case((outbox.c.status == "dead", outbox.c.leased_until))
    columns = (
        outbox.c.lead_id,
        outbox.c.key,
        outbox.c.created_at.label("begun_at"),
        func.coalesce(outbox.c.written_at, outbox.c.sent_at, given_up).label("written_at"),
    )
    perhaps = or_(outbox.c.status == "sent", outbox.c.leased_by.is_not(None))
    return [
        row
        for part in chunks(lead_ids)
        for row in read_rows(
            connection,
            select(*columns).where(outbox.c.lead_id.in_(part), _is_handoff(), perhaps),
        )
    ]


def _is_handoff() -> ColumnElement[bool]:
    return outbox.c.kind == "handoff"


def withdraw_ended(connection: Connection, handoffs: Iterable[Row], *, why: str) -> int:
    """Withdraw what waits to tell the CRM of hand-offs that have ended; how many entries.

    Rows of handoff_id and lead_id. What a deliverer has claimed may have gone out: it is left
    alone.
    """
    waiting = and_(outbox.c.status == "waiting", outbox.c.leased_by.is_(None))
    return _set_status(connection, handoffs, waiting, {"status": "withdrawn", "error": why})


def restore_withdrawn(connection: Connection, handoffs: Iterable[Row], *, why: str) -> int:
    """Let entries wait again that were withdrawn because their hand-off had ended; how many."""
    withdrawn = and_(
        outbox.c.status == "withdrawn", outbox.c.error == why, outbox.c.payload_hash != ""
    )
    return _set_status(connection, handoffs, withdrawn, {"status": "waiting", "error": None})


def _set_status(
    connection: Connection,
    handoffs: Iterable[Row],
    stands: ColumnElement[bool],
    values: Mapping[str, Any],
) -> int:
    rows = list(handoffs)
    wanted = {row["handoff_id"] for row in rows}
    found: list[str] = []
    for part in chunks(sorted({row["lead_id"] for row in rows})):
        query = select(outbox.c.key)
        of_leads = connection.execute(
            query.where(outbox.c.lead_id.in_(part), _is_handoff(), stands)
        )
        found += [key for key in of_leads.scalars() if key.split(":")[1] in wanted]
    for part in chunks(found):
        connection.execute(update(outbox).where(outbox.c.key.in_(part)).values(**values))
    return len(found)


def read_known_reps(connection: Connection, rep_ids: Iterable[str]) -> dict[str, Row]:
    """Read those of the reps that are known: rep_id -> rep_id, role, team."""
    found: dict[str, Row] = {}
    for part in chunks(sorted(set(rep_ids))):
        query = select(rep.c.rep_id, rep.c.role, rep.c.team).where(rep.c.rep_id.in_(part))
        found.update((row["rep_id"], row) for row in read_rows(connection, query))
    return found


def add_taken(connection: Connection, rows: Sequence[Row]) -> None:
    """Add hand-offs that somebody took in the CRM before we asked for anybody."""
    add_rows(connection, handoff, rows)


def write_owners(connection: Connection, rows: Sequence[Row]) -> None:
    """Write owners that the CRM names: rows of handoff_id, since, rep_id, team."""
    upsert_rows(connection, handoff_owner, [{**row, "why": OF_CRM} for row in rows])


def delete_owners(connection: Connection, handoff_id: str, since: Iterable[datetime]) -> None:
    """Delete owners of a hand-off that the CRM named, by when each became it."""
    for at in since:
        own = handoff_owner.c
        one = and_(own.handoff_id == handoff_id, own.since == at, own.why == OF_CRM)
        connection.execute(delete(handoff_owner).where(one))


def write_present(connection: Connection, rows: Sequence[Row]) -> None:
    """Write who has hand-offs now: rows of handoff_id, rep_id, team, assigned_at."""
    for row in rows:
        values = {name: row[name] for name in ("rep_id", "team", "assigned_at")}
        connection.execute(
            update(handoff)
            .where(handoff.c.handoff_id == row["handoff_id"])
            .values(**values, waits_for=None)
        )


def mark_own_touches(connection: Connection, lead_ids: Sequence[str]) -> int:
    """Mark as automatic those touches of the leads that are tasks we made ourselves; how many.

    A touch's id is the CRM's, after its source's prefix.
    """
    marked = 0
    for part in chunks(lead_ids):
        told = select(outbox.c.lead_id, outbox.c.remote).where(
            outbox.c.lead_id.in_(part), outbox.c.remote.is_not(None)
        )
        made = {row.lead_id: _tasks(row.remote) for row in connection.execute(told)}
        query = select(touch.c.touch_id, touch.c.lead_id).where(
            touch.c.lead_id.in_(sorted(made)), touch.c.automatic.is_not(True)
        )
        ours = [
            row.touch_id
            for row in connection.execute(query)
            if row.touch_id.partition(":")[2] in made[row.lead_id]
        ]
        statement = update(touch).where(touch.c.touch_id.in_(ours))
        marked += connection.execute(statement.values(automatic=True)).rowcount if ours else 0
    return marked


def _tasks(remote: Mapping[str, Any] | None) -> frozenset[str]:
    made = (remote or {}).items()
    return frozenset(str(key) for kind, key in made if kind not in _NO_TASKS and key)
