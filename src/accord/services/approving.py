"""A person's word on a run that handed over unusually many leads: what waits, and letting it go."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.findings import Finding
from accord.ledger.approval_rows import approve_waiting, read_unapproved, write_approval
from accord.ledger.routing_rows import read_runs
from accord.routing import RUNS, usual_number
from accord.services.signers import read_signer
from accord.services.workspace import Workspace


def find_unapproved(connection: Connection, agreement: Agreement) -> tuple[Finding, ...]:
    """Say that hand-offs wait for a person: how many, what is usual, and how to let them go."""
    waiting = read_unapproved(connection)
    if not waiting.handoffs:
        return ()
    usual = usual_number(read_runs(connection, limit=RUNS, before=waiting.since))
    noun = "1 lead waits" if waiting.handoffs == 1 else f"{waiting.handoffs} leads wait"
    limit = agreement.handoff.approval_above
    told = (
        ""
        if usual is None
        else f" A run usually decides {_plain(usual)}, and one of more than "
        f"{_plain(limit)} times that waits."
    )
    return (
        Finding(
            rule="handoff.approval",
            subject="handoff",
            sentence=f"{noun} for a person: accord handoff approve lets them go.{told}",
            remedy="Look at them first, with accord handoff queue.",
        ),
    )


def approve(workspace: Workspace, *, name: str, as_of: datetime) -> int:
    """Let the hand-offs that wait for approval go on with the next run; how many.

    Who did it, when, and how many is kept; if nothing waits, nothing is. InputError if the name is
    no line of text, LeaseHeldError if another process hands off right now.
    """
    who = read_signer(name, expected="who approves")
    with workspace.ledger.lease("handoff"), workspace.ledger.begin() as connection:
        count = approve_waiting(connection)
        if count:
            write_approval(connection, at=as_of, by=who, handoffs=count)
    return count


def _plain(number: Decimal) -> str:
    """Write a number without needless zeros: 3, not 3.0; 1.5 as it is."""
    return f"{number.normalize():f}"
