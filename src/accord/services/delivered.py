"""What became of entries that were sent: the rows that say so, and what people are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.crm import Item, Kept, Landed, Outcome, Result
from accord.errors import DeliveryError
from accord.findings import Finding
from accord.ledger.clock_rows import read_ended, withdraw_messages
from accord.ledger.fact_rows import read_handoffs
from accord.ledger.told_rows import withdraw_ended
from accord.outbox import MAX_ATTEMPTS, Kind, Status, retry_pause
from accord.services.clock_changes import WITHDRAWN
from accord.services.settling import ENDED

Row = Mapping[str, Any]

UNKNOWN = "unknown outcome"
"""Who holds an entry of which nobody knows whether it reached the CRM."""

_CONFLICT = "the CRM has this key with another payload"


def refused(row: Row, error: DeliveryError) -> Outcome:
    """Return the outcome of an entry where the system as a whole did not answer.

    One that was unsure stays unsure.
    """
    return Outcome(
        key=row["key"],
        result=Result.REFUSED if row["leased_by"] is None else Result.UNKNOWN,
        error=str(error),
        retry_after=error.retry_after,
    )


def found_again(row: Row, landed: Landed) -> Outcome:
    """Return the outcome of an entry that was read back and is there.

    A system that keeps hashes and has another one for the key holds something that is not ours.
    """
    if landed.payload_hash not in (None, row["payload_hash"]):
        return Outcome(key=row["key"], result=Result.CONFLICT, error=_CONFLICT)
    return Outcome(key=row["key"], result=Result.TAKEN, landed=landed)


def untold(items: Sequence[Item], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return an unknown outcome for each item of which an adapter says nothing."""
    known = {outcome.key for outcome in outcomes}
    return [
        Outcome(key=item.key, result=Result.UNKNOWN, error="the adapter does not tell of it")
        for item in items
        if item.key not in known
    ]


def asks_for_rest(outcome: Outcome) -> bool:
    """Say whether an outcome means that the system should be left alone for now."""
    return outcome.result is Result.UNKNOWN or outcome.retry_after is not None


def withdraw_over(connection: Connection, rows: Sequence[Row]) -> None:
    """Withdraw those of the entries that did not go and whose reason is over meanwhile.

    What ends (a clock, a hand-off) withdraws what waits for it, but leaves alone what is on its
    way. If that comes back, it must not be sent later.
    """
    clocks = sorted({row["clock_id"] for row in rows if row["clock_id"] is not None})
    withdraw_messages(connection, read_ended(connection, clocks), why=WITHDRAWN)
    leads = sorted({row["lead_id"] for row in rows if row["kind"] == Kind.HANDOFF})
    ended = [one for one in read_handoffs(connection, leads) if one["ended_at"] is not None]
    withdraw_ended(connection, ended, why=ENDED)


def sent_row(row: Row, outcome: Outcome, *, as_of: datetime) -> dict[str, Any]:
    """Return what an entry that has reached the CRM leaves in the ledger."""
    landed = outcome.landed or Landed()
    return {
        "outbox_id": row["outbox_id"],
        "sent_at": as_of,
        "written_at": landed.written_at,
        "remote": dict(landed.remote) or None,
        "kept": [one.as_dict() for one in outcome.kept] or None,
    }


def failed_row(row: Row, outcome: Outcome, *, as_of: datetime) -> dict[str, Any]:
    """Return what a failed attempt leaves: when it is tried again, or that it never is.

    A conflict is not tried again: a person must look first.
    """
    attempts = row["attempts"] + 1
    pause = retry_pause(row["key"], attempts=attempts, retry_after=outcome.retry_after)
    is_over = attempts >= MAX_ATTEMPTS or outcome.result is Result.CONFLICT
    return {
        "outbox_id": row["outbox_id"],
        "status": (Status.DEAD if is_over else Status.WAITING).value,
        "attempts": attempts,
        "not_before": as_of + pause,
        "leased_by": UNKNOWN if outcome.result is Result.UNKNOWN else None,
        "error": outcome.error or (_CONFLICT if outcome.result is Result.CONFLICT else None),
    }


def told(
    rows: Sequence[Row], known: Mapping[str, Outcome], failed: Sequence[Row]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return a finding an entry that has died, and a note a field that a person had changed."""
    by_id = {row["outbox_id"]: row for row in rows}
    dead = tuple(
        _dead(by_id[row["outbox_id"]], row) for row in failed if row["status"] == Status.DEAD.value
    )
    notes = tuple(
        _edited(row, kept)
        for row in rows
        for kept in (known[row["key"]].kept if row["key"] in known else ())
    )
    return dead, notes


def _dead(row: Row, failed: Row) -> Finding:
    times = "once" if failed["attempts"] == 1 else f"{failed['attempts']} times"
    return Finding(
        rule="outbox.dead",
        subject=f"outbox {row['outbox_id']}",
        sentence=f"The {row['kind']} was tried {times} and is given up: {failed['error']}.",
        remedy=(f"Mend the cause, then run accord outbox retry {row['outbox_id']}, or drop it."),
    )


def _edited(row: Row, kept: Kept) -> Finding:
    return Finding(
        rule="crm.edited",
        subject=f"lead {row['lead_id']}",
        sentence=(
            f"Somebody has set the {kept.field} to {kept.theirs} in the CRM since we last read it;"
            f" it stays so, and is not set to {kept.ours}."
        ),
        remedy="Nothing, if that is meant; else change it there.",
    )
