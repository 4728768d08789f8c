"""Gathering the records that may be one person, and writing which of them are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.identity import Pair, Part, Record, join_people
from accord.ledger.identity_rows import (
    HAND,
    read_links,
    read_peers,
    read_records,
    read_shared,
    write_merges,
)

AT_ONCE = 50_000
"""From this many leads on, all that the ledger holds is looked at: that is the cheaper question."""


@dataclass(slots=True, kw_only=True)
class Known:
    """Records that may be one person with some leads, and what is known to bind and part them.

    ``into`` are the merges in force, ``by_hand`` pairs that somebody joined, ``apart`` pairs that
    somebody told apart.
    """

    records: dict[str, Record] = field(default_factory=dict)
    into: dict[str, str] = field(default_factory=dict)
    by_hand: set[Pair] = field(default_factory=set)
    apart: set[Pair] = field(default_factory=set)

    def add_records(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add records: rows of lead_id, mailbox and created_at."""
        self.records.update({row["lead_id"]: Record(**row) for row in rows})

    def add_links(
        self, merges: Iterable[Mapping[str, Any]], pairs: Iterable[Mapping[str, Any]]
    ) -> set[str]:
        """Add merges and pairs apart; the leads that merges name."""
        named: set[str] = set()
        for row in merges:
            ends = (row["lead_id"], row["into_lead_id"])
            named.update(ends)
            if row["undone_at"] is None:
                self.into[ends[0]] = ends[1]
            if row["why"] == HAND:
                self.by_hand.add(frozenset(ends))
        self.apart.update(frozenset((row["lead_id"], row["other_id"])) for row in pairs)
        return named

    def parts(self) -> dict[str, Part]:
        """Decide which records are part of which."""
        by_hand = self.by_hand - self.apart
        return join_people(self.records.values(), by_hand=by_hand, apart=self.apart)


def gather_people(connection: Connection, lead_ids: Sequence[str]) -> Known:
    """Read every record that is or may be one person with one of these leads."""
    return _gather_all(connection) if len(lead_ids) > AT_ONCE else _gather(connection, lead_ids)


def _gather(connection: Connection, lead_ids: Sequence[str]) -> Known:
    known, wanted = Known(), set(lead_ids)
    while wanted:
        rows = read_records(connection, wanted)
        named = known.add_links(*read_links(connection, wanted))
        mailboxes = {row["mailbox"] for row in rows if row["mailbox"] is not None}
        peers = read_peers(connection, mailboxes)
        known.add_records(rows)
        wanted = (named | {row["lead_id"] for row in peers}) - wanted - known.records.keys()
    return known


def _gather_all(connection: Connection) -> Known:
    known = Known()
    named = known.add_links(*read_links(connection, None))
    known.add_records(read_shared(connection))
    known.add_records(read_records(connection, named - known.records.keys()))
    return known


def settle_merges(connection: Connection, lead_ids: Sequence[str], *, as_of: datetime) -> set[str]:
    """Write the merges that follow from all records; returns the leads whose person has changed."""
    known = gather_people(connection, lead_ids)
    parts = known.parts()
    begun = [
        {"lead_id": lead_id, "into_lead_id": part.into, "why": part.why.value}
        for lead_id, part in sorted(parts.items())
        if known.into.get(lead_id) != part.into
    ]
    ended = {
        lead_id
        for lead_id, into in known.into.items()
        if lead_id not in parts or parts[lead_id].into != into
    }
    write_merges(connection, begun, ended=ended, at=as_of)
    return {*ended, *(row["lead_id"] for row in begun), *(row["into_lead_id"] for row in begun)}
