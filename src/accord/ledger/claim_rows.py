"""Claiming entries of the outbox in order: which may go, which a newer one replaces.

The next few are taken by their number, and then all that their leads have waiting is looked at: so
a claim costs a batch, however much waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from accord.ledger.store import Row, chunks, read_rows
from accord.ledger.tables import outbox

_WAITING = "waiting"
_MESSAGE = "message"  # goes to people, by message_rows
_HANDOFF = "handoff"
_LEASE = timedelta(minutes=5)
_PLACED = (
    outbox.c.outbox_id,
    outbox.c.lead_id,
    outbox.c.kind,
    outbox.c.status,
    outbox.c.clock_id,
    outbox.c.attempts,
    outbox.c.not_before,
    outbox.c.leased_by,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one look found: ``rows`` as they stood, leased now; ``last`` is the last one looked at.

    ``leased_by`` of a row says who had it before: None unless its outcome is unknown. ``last`` is
    None where nothing is due; ``rows`` may be empty though there is more.
    """

    rows: tuple[dict[str, Any], ...] = ()
    superseded: int = 0
    last: int | None = None


def claim_entries(
    connection: Connection, *, as_of: datetime, holder: str, after: int, limit: int
) -> Claim:
    """Lease the next entries that may go to the CRM, at most one a lead, oldest first.

    Only entries whose ``outbox_id`` is above ``after`` are looked at, ``limit`` at a time. An
    earlier entry of a lead holds up a later one if it is due or is being tried again, or if both
    belong to one clock; one that was only planned for later (quiet hours) does not. Hand-offs that
    a newer one of the lead replaces are given up, also while they wait to be tried again; one of
    unknown outcome is not: it may have been sent.
    """
    due = read_rows(
        connection,
        select(outbox.c.outbox_id, outbox.c.lead_id, outbox.c.clock_id)
        .where(outbox.c.status == _WAITING, outbox.c.not_before <= as_of)
        .where(outbox.c.outbox_id > after, outbox.c.kind != _MESSAGE)
        .order_by(outbox.c.outbox_id)
        .limit(limit),
    )
    if not due:
        return Claim()
    beside = _read_beside(connection, {row["lead_id"] for row in due if row["lead_id"]})
    replaced = {each for rows in beside.values() for each in _replaced(rows, as_of=as_of)}
    _supersede(connection, sorted(replaced))
    free = [
        row["outbox_id"]
        for row in due
        if row["outbox_id"] not in replaced
        and not _is_held_up(row, beside.get(row["lead_id"], ()), replaced, as_of=as_of)
    ]
    return Claim(
        rows=tuple(_lease(connection, free, holder=holder, until=as_of + _LEASE)),
        superseded=len(replaced),
        last=due[-1]["outbox_id"],
    )


def _read_beside(connection: Connection, lead_ids: Iterable[str]) -> dict[str, list[Row]]:
    """Read what waits of these leads, and the hand-offs of theirs that were sent."""
    found: dict[str, list[Row]] = {}
    sent = (outbox.c.status == "sent") & (outbox.c.kind == _HANDOFF)
    for part in chunks(sorted(lead_ids)):
        query = select(*_PLACED).where(
            outbox.c.lead_id.in_(part),
            outbox.c.kind != _MESSAGE,
            or_(outbox.c.status == _WAITING, sent),
        )
        for row in read_rows(connection, query):
            found.setdefault(row["lead_id"], []).append(row)
    return found


def _replaced(rows: Sequence[Row], *, as_of: datetime) -> Iterable[int]:
    """Yield the hand-offs of one lead that a newer one replaces, which is due or was sent."""
    handoffs = [row for row in rows if row["kind"] == _HANDOFF]
    newer = [
        row["outbox_id"]
        for row in handoffs
        if row["status"] != _WAITING or row["not_before"] <= as_of or row["attempts"]
    ]
    newest = max(newer, default=0)
    for row in handoffs:
        waits = row["status"] == _WAITING and row["leased_by"] is None
        if waits and row["outbox_id"] < newest:
            yield row["outbox_id"]


def _is_held_up(row: Row, beside: Sequence[Row], replaced: set[int], *, as_of: datetime) -> bool:
    """Say whether an earlier entry of the lead must go first."""
    return any(
        one["not_before"] <= as_of
        or one["attempts"] > 0
        or (one["clock_id"] is not None and one["clock_id"] == row["clock_id"])
        for one in beside
        if one["outbox_id"] < row["outbox_id"]
        and one["status"] == _WAITING
        and one["outbox_id"] not in replaced
    )


def _supersede(connection: Connection, outbox_ids: Sequence[int]) -> None:
    statement = update(outbox).where(outbox.c.outbox_id.in_(outbox_ids))
    connection.execute(statement.values(status="superseded"))


def _lease(
    connection: Connection, outbox_ids: Sequence[int], *, holder: str, until: datetime
) -> list[dict[str, Any]]:
    """Lease entries and return them as they stood."""
    wanted = outbox.c.outbox_id.in_(outbox_ids) & (outbox.c.status == _WAITING)
    query = select(outbox).where(wanted).order_by(outbox.c.outbox_id)
    rows = read_rows(connection, query.with_for_update())  # none is withdrawn in between
    if rows:
        values = {"leased_by": holder, "leased_until": until}
        connection.execute(update(outbox).where(wanted).values(**values))
    return rows
