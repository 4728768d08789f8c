"""Merging and telling apart by hand, as somebody asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.errors import InputError
from accord.ledger.batch_rows import add_pending
from accord.ledger.fact_rows import read_absorbed, read_survivors
from accord.ledger.identity_rows import clear_apart, read_records, write_apart
from accord.services.identity import settle
from accord.services.workspace import Workspace

_NEEDS = ("lifecycle", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision by hand did: ``lead_id`` is part of ``into`` now, or no longer."""

    lead_id: str
    into: str
    leads: tuple[str, ...]


def merge_by_hand(workspace: Workspace, lead_id: str, into: str, *, as_of: datetime) -> Decided:
    """Record that two leads are one person; the older one stands for both, whichever was named.

    What had told them apart is taken back. InputError if one is unknown or part of another.
    """
    if lead_id == into:
        raise InputError(where=f"lead {lead_id}", found="the same lead twice", expected="two leads")
    agreement = workspace.agreement(as_of)
    with workspace.ledger.lease("ingest"), workspace.ledger.begin() as connection:
        ages = _standing(connection, (lead_id, into))
        people = [[one, *read_absorbed(connection, [one])] for one in (lead_id, into)]
        clear_apart(connection, *people)
        pair = frozenset((lead_id, into))
        concerned = settle(
            connection, sorted(pair), by_hand=[pair], agreement=agreement, as_of=as_of
        )
        add_pending(connection, _NEEDS, concerned | pair)
    oldest, other = sorted(pair, key=ages.__getitem__)
    return Decided(lead_id=other, into=oldest, leads=tuple(sorted(concerned | pair)))


def undo_merge(workspace: Workspace, lead_id: str, *, as_of: datetime) -> Decided:
    """End a lead's merge for good: it is told apart from everybody it was one person with.

    InputError if the lead is unknown or not part of another.
    """
    agreement = workspace.agreement(as_of)
    with workspace.ledger.lease("ingest"), workspace.ledger.begin() as connection:
        into = read_survivors(connection, [lead_id]).get(lead_id)
        if into is None:
            raise InputError(
                where=f"lead {lead_id}",
                found="it is part of no other lead",
                expected="a merged lead",
                remedy="see accord identity list; of two that are one, undo the younger",
            )
        others = {into, *read_absorbed(connection, [into])} - {lead_id}
        write_apart(connection, ((lead_id, other) for other in others), at=as_of)
        concerned = settle(connection, [lead_id], agreement=agreement, as_of=as_of)
        concerned |= {lead_id, into}
        add_pending(connection, _NEEDS, concerned)
    return Decided(lead_id=lead_id, into=into, leads=tuple(sorted(concerned)))


def _standing(connection: Connection, lead_ids: tuple[str, str]) -> dict[str, tuple[datetime, str]]:
    """Return the ages of leads that stand for themselves; InputError for another."""
    ages = {
        row["lead_id"]: (row["created_at"], row["lead_id"])
        for row in read_records(connection, lead_ids)
    }
    merged = read_survivors(connection, lead_ids)
    for lead_id in lead_ids:
        if lead_id not in ages:
            raise InputError(where=f"lead {lead_id}", found="no such lead")
        if lead_id in merged:
            raise InputError(
                where=f"lead {lead_id}",
                found=f"it is part of {merged[lead_id]} already",
                remedy=f"name {merged[lead_id]}, or undo that merge first",
            )
    return ages
