"""The stage ``deliver``: drains the outbox into the CRM, at least once sent, once in effect.

Claim the entries that may go, read back those whose outcome is unknown, send the others, mark
what became of each; batch by batch until nothing is due. Being killed anywhere loses nothing: a
claimed entry that was not marked is read back by its key before it is sent again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.crm import Crm, Item, Outcome, Result, open_crm
from accord.errors import DeliveryError
from accord.killpoints import reach
from accord.ledger.outbox_rows import (
    claim_entries,
    has_due,
    mark_failed,
    mark_sent,
    release_entries,
    supersede_older,
)
from accord.outbox import MAX_ATTEMPTS, Status, retry_pause
from accord.services.workspace import Workspace

_BATCH = 100

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverResult:
    """Counts of entries: sent, to be tried again, dead, replaced by newer ones."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    superseded: int = 0

    def plus(self, other: DeliverResult) -> DeliverResult:
        """Return the sum of two results."""
        return DeliverResult(
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            dead=self.dead + other.dead,
            superseded=self.superseded + other.superseded,
        )


def run_deliver(workspace: Workspace, *, as_of: datetime, crm: Crm | None = None) -> DeliverResult:
    """Send what is due at ``as_of``; a run with nothing due is one look at an index.

    Entries of one lead go in the order in which they were written. ``crm`` replaces the adapter
    that the settings name. LeaseHeldError if another process is delivering.
    """
    with workspace.ledger.read() as connection:
        if not has_due(connection, as_of=as_of):
            return DeliverResult()
    with workspace.ledger.lease("deliver"):
        receiver = crm or open_crm(workspace.settings.crm, folder=workspace.settings.outbox_path)
        return _drain(workspace, receiver, as_of=as_of)


def _drain(workspace: Workspace, crm: Crm, *, as_of: datetime) -> DeliverResult:
    """Pass over what is due until a pass finds nothing more.

    A pass takes at most one entry a lead, so the next entry of a lead goes in the next pass.
    """
    total = DeliverResult()
    while True:
        part, goes_on = _pass(workspace, crm, as_of=as_of)
        total = total.plus(part)
        if not goes_on:
            return total


def _pass(workspace: Workspace, crm: Crm, *, as_of: datetime) -> tuple[DeliverResult, bool]:
    """Send what may go in one pass; whether another pass has a point."""
    with workspace.ledger.begin() as connection:
        total = DeliverResult(superseded=supersede_older(connection, as_of=as_of))
    last, found = 0, False
    while rows := _claim(workspace, as_of=as_of, after=last):
        part, answered = _send(workspace, crm, rows, as_of=as_of)
        total, last, found = total.plus(part), rows[-1]["outbox_id"], True
        if not answered:
            return total, False
    return total, found


def _claim(workspace: Workspace, *, as_of: datetime, after: int) -> list[dict[str, Any]]:
    holder = f"{socket.gethostname()}:{os.getpid()}"
    with workspace.ledger.begin() as connection:
        rows = claim_entries(connection, as_of=as_of, holder=holder, after=after, limit=_BATCH)
    reach("deliver.after_claim")
    return rows


def _send(
    workspace: Workspace, crm: Crm, rows: Sequence[Row], *, as_of: datetime
) -> tuple[DeliverResult, bool]:
    """Send claimed entries and mark them; whether the CRM answered at all.

    Entries of unknown outcome are read back: those that are there are marked, the others wait for
    the next pass, where a newer one may replace them.
    """
    unsure = [row["key"] for row in rows if row["leased_by"] is not None]
    fresh = [row for row in rows if row["leased_by"] is None]
    try:
        there = crm.read_back(unsure) if unsure else frozenset()
        outcomes = crm.upsert([_item(row) for row in fresh], sent_at=as_of) if fresh else ()
    except DeliveryError as error:
        return _mark(workspace, rows, [_refused(row, error) for row in rows], as_of=as_of), False
    reach("deliver.after_send_before_mark")
    taken = [Outcome(key=key, result=Result.TAKEN) for key in sorted(there)]
    return _mark(workspace, rows, [*taken, *outcomes], as_of=as_of), True


def _item(row: Row) -> Item:
    return Item(key=row["key"], kind=row["kind"], payload=row["payload"])


def _refused(row: Row, error: DeliveryError) -> Outcome:
    """An entry that was unsure stays unsure where the system did not answer."""
    return Outcome(
        key=row["key"],
        result=Result.REFUSED if row["leased_by"] is None else Result.UNKNOWN,
        error=str(error),
        retry_after=error.retry_after,
    )


def _mark(
    workspace: Workspace, rows: Sequence[Row], outcomes: Sequence[Outcome], *, as_of: datetime
) -> DeliverResult:
    """Write what became of entries; one without an outcome was read back and is not there."""
    ids = {row["key"]: row["outbox_id"] for row in rows}
    known = {outcome.key: outcome for outcome in outcomes}
    sent = [ids[key] for key, outcome in known.items() if outcome.result is Result.TAKEN]
    failed = [
        _failed(row, known[row["key"]], as_of=as_of)
        for row in rows
        if row["key"] in known and known[row["key"]].result is not Result.TAKEN
    ]
    with workspace.ledger.begin() as connection:
        mark_sent(connection, sent, sent_at=as_of)
        mark_failed(connection, failed)
        release_entries(connection, [ids[key] for key in ids if key not in known])
    reach("deliver.after_mark")
    dead = sum(row["status"] == Status.DEAD for row in failed)
    return DeliverResult(sent=len(sent), retried=len(failed) - dead, dead=dead)


def _failed(row: Row, outcome: Outcome, *, as_of: datetime) -> dict[str, Any]:
    """Return what a failed attempt leaves: when it is tried again, or that it never is."""
    attempts = row["attempts"] + 1
    pause = retry_pause(row["key"], attempts=attempts, retry_after=outcome.retry_after)
    return {
        "outbox_id": row["outbox_id"],
        "status": (Status.DEAD if attempts >= MAX_ATTEMPTS else Status.WAITING).value,
        "attempts": attempts,
        "not_before": as_of + pause,
        "leased_by": "unknown outcome" if outcome.result is Result.UNKNOWN else None,
        "error": outcome.error,
    }
