"""The stage ``deliver``: drains the outbox into the CRM and to people.

To the CRM at least once sent, once in effect; messages to people are ``services.messages``'.

Claim the entries that may go, read back those whose outcome is unknown, send the others, mark
what became of each; batch by batch until nothing is due. Being killed anywhere loses nothing: a
claimed entry that was not marked is read back by its key before it is sent again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.crm import Crm, Item, Outcome, Result, open_crm
from accord.errors import DeliveryError
from accord.findings import Finding
from accord.killpoints import reach
from accord.ledger.claim_rows import Claim, claim_entries
from accord.ledger.outbox_rows import (
    has_due,
    mark_failed,
    mark_sent,
    read_known_until,
    release_entries,
)
from accord.outbox import TO_CRM, Kind, Messenger, open_messenger
from accord.services.delivered import (
    asks_for_rest,
    failed_row,
    found_again,
    refused,
    sent_row,
    told,
    untold,
    withdraw_over,
)
from accord.services.messages import tell_people
from accord.services.workspace import Workspace

_BATCH = 100  # entries at once, unless the CRM's setting asks for more

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverResult:
    """Counts of entries: sent, to be tried again, dead, replaced by newer ones.

    ``messages`` went to people; each may tell of several entries. ``findings`` are entries that
    died in this run; ``notes`` what people had changed in the CRM since we last read it, which
    stays as they set it.
    """

    sent: int = 0
    retried: int = 0
    dead: int = 0
    superseded: int = 0
    messages: int = 0
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()

    def plus(self, other: DeliverResult) -> DeliverResult:
        """Return the sum of two results."""
        return DeliverResult(
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            dead=self.dead + other.dead,
            superseded=self.superseded + other.superseded,
            messages=self.messages + other.messages,
            findings=self.findings + other.findings,
            notes=self.notes + other.notes,
        )


def run_deliver(
    workspace: Workspace,
    *,
    as_of: datetime,
    crm: Crm | None = None,
    messenger: Messenger | None = None,
) -> DeliverResult:
    """Send what is due at ``as_of``; a run with nothing due is one look at an index.

    Entries of one lead go in the order in which they were written. A CRM that is down does not
    hold messages to people, nor they it. ``crm`` and ``messenger`` replace what the settings name;
    the adapter that they name signs what it sends by the workspace's clock, if it has one, so
    that a long run's last request is as fresh as its first. LeaseHeldError if another process is
    telling people, or delivering to the CRM.
    """
    with workspace.ledger.read() as connection:
        to_crm = has_due(connection, as_of=as_of, kinds=TO_CRM)
        to_people = has_due(connection, as_of=as_of, kinds=(Kind.MESSAGE,))
    if not (to_crm or to_people):
        return DeliverResult()
    told = brought = DeliverResult()
    try:  # people first, under a lease of their own: an alarm does not wait for a CRM
        if to_people:
            with workspace.ledger.lease("tell"):
                told = _to_people(workspace, messenger, as_of=as_of)
    finally:  # whatever befell them: hand-offs do not wait for a mail server
        if to_crm:
            with workspace.ledger.lease("deliver"):
                brought = _to_crm(workspace, crm, as_of=as_of)
    return brought.plus(told)


def _to_people(
    workspace: Workspace, messenger: Messenger | None, *, as_of: datetime
) -> DeliverResult:
    used = messenger or open_messenger(workspace.settings.message_settings)
    result = tell_people(workspace, used, as_of=as_of)
    return DeliverResult(
        sent=result.sent,
        retried=result.retried,
        dead=result.dead,
        messages=result.messages,
        findings=result.findings,
    )


def _to_crm(workspace: Workspace, crm: Crm | None, *, as_of: datetime) -> DeliverResult:
    if crm is not None:
        return _drain(workspace, crm, as_of=as_of)
    made = open_crm(workspace.settings.crm_settings, as_of=as_of, now=workspace.now)
    with closing(made) as opened:
        return _drain(workspace, opened, as_of=as_of)


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
    total, last, found = DeliverResult(), 0, False
    while (claim := _claim(workspace, as_of=as_of, after=last)).last is not None:
        total, last = total.plus(DeliverResult(superseded=claim.superseded)), claim.last
        if claim.rows:
            part, answered = _send(workspace, crm, claim.rows, as_of=as_of)
            total, found = total.plus(part), True
            if not answered:
                return total, False
    return total, found


def _claim(workspace: Workspace, *, as_of: datetime, after: int) -> Claim:
    holder = f"{socket.gethostname()}:{os.getpid()}"
    limit = max(_BATCH, workspace.settings.crm_batch)
    with workspace.ledger.begin() as connection:
        claim = claim_entries(connection, as_of=as_of, holder=holder, after=after, limit=limit)
    reach("deliver.after_claim")
    return claim


def _send(
    workspace: Workspace, crm: Crm, rows: Sequence[Row], *, as_of: datetime
) -> tuple[DeliverResult, bool]:
    """Send claimed entries and mark them; whether the CRM answers and takes more now.

    Entries of unknown outcome are read back: those that are there are marked, the others wait for
    the next pass, where a newer one may replace them. A system that left something open or asked
    for a pause is not asked for more in this run.
    """
    try:
        outcomes = _exchange(workspace, crm, rows, as_of=as_of)
        answered = not any(map(asks_for_rest, outcomes))
    except DeliveryError as error:
        outcomes, answered = [refused(row, error) for row in rows], False
    reach("deliver.after_send_before_mark")
    return _mark(workspace, rows, outcomes, as_of=as_of), answered


def _exchange(
    workspace: Workspace, crm: Crm, rows: Sequence[Row], *, as_of: datetime
) -> list[Outcome]:
    """Read back what is unsure, then send the rest; an outcome each, but for what is not there."""
    unsure = [row for row in rows if row["leased_by"] is not None]
    items = _items(workspace, [row for row in rows if row["leased_by"] is None])
    there = crm.read_back([row["key"] for row in unsure]) if unsure else {}
    reach("deliver.after_read_back")
    outcomes = crm.upsert(items, sent_at=as_of) if items else ()
    again = [found_again(row, there[row["key"]]) for row in unsure if row["key"] in there]
    return [*again, *outcomes, *untold(items, outcomes)]


def _items(workspace: Workspace, rows: Sequence[Row]) -> list[Item]:
    lead_ids = sorted({row["lead_id"] for row in rows if row["lead_id"] is not None})
    with workspace.ledger.read() as connection:
        known = read_known_until(connection, lead_ids, systems=workspace.settings.crm_systems)
    return [
        Item(
            key=row["key"],
            kind=row["kind"],
            payload=row["payload"],
            payload_hash=row["payload_hash"],
            read_at=known.get(row["lead_id"]),
        )
        for row in rows
    ]


def _mark(
    workspace: Workspace, rows: Sequence[Row], outcomes: Sequence[Outcome], *, as_of: datetime
) -> DeliverResult:
    """Write what became of entries; one without an outcome was read back and is not there."""
    known = {outcome.key: outcome for outcome in outcomes}
    taken = [row for row in rows if _is_taken(known.get(row["key"]))]
    failed = [
        failed_row(row, known[row["key"]], as_of=as_of)
        for row in rows
        if row["key"] in known and not _is_taken(known[row["key"]])
    ]
    absent = [row["outbox_id"] for row in rows if row["key"] not in known]
    with workspace.ledger.begin() as connection:
        mark_sent(connection, [sent_row(row, known[row["key"]], as_of=as_of) for row in taken])
        mark_failed(connection, failed)
        release_entries(connection, absent)
        withdraw_over(connection, [row for row in rows if row not in taken])
        reach("deliver.before_mark_commit")
    reach("deliver.after_mark")
    return _counted(rows, known, taken=len(taken), failed=failed)


def _is_taken(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.result is Result.TAKEN


def _counted(
    rows: Sequence[Row], known: Mapping[str, Outcome], *, taken: int, failed: Sequence[Row]
) -> DeliverResult:
    findings, notes = told(rows, known, failed)
    return DeliverResult(
        sent=taken,
        retried=len(failed) - len(findings),
        dead=len(findings),
        findings=findings,
        notes=notes,
    )
