"""Gathering the records that may be one person, and writing which of them are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from accord.identity import Pair, Part, Record, join_people
from accord.ledger.company_rows import ALL_FROM
from accord.ledger.identity_rows import (
    HAND,
    read_links,
    read_peers,
    read_records,
    read_shared,
    write_merges,
)


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
    return _gather_all(connection) if len(lead_ids) > ALL_FROM else _gather(connection, lead_ids)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Who is one person now, where that or a record of theirs has changed.

    ``people`` map the oldest record of a person of several to all of them; ``single`` are records
    that stand by themselves again or have just become part of another; ``moved`` all records whose
    person is another than before; ``stood_for_others`` those that stood for others before.
    """

    people: Mapping[str, tuple[str, ...]]
    single: frozenset[str]
    moved: frozenset[str]
    stood_for_others: frozenset[str]


def settle_merges(
    connection: Connection,
    lead_ids: Sequence[str],
    *,
    by_hand: Iterable[Pair] = (),
    as_of: datetime,
) -> Settled:
    """Write the merges that follow from all records that concern these, and from pairs by hand."""
    known = gather_people(connection, lead_ids)
    known.by_hand.update(by_hand)
    parts = known.parts()
    begun = {one: part for one, part in parts.items() if known.into.get(one) != part.into}
    ended = {one for one, into in known.into.items() if one not in parts or parts[one].into != into}
    rows = [
        {"lead_id": one, "into_lead_id": part.into, "why": part.why.value}
        for one, part in sorted(begun.items())
    ]
    write_merges(connection, rows, ended=ended, at=as_of)
    left = {known.into[one] for one in ended}
    return _settled(known, parts, {*begun, *ended, *left}, set(lead_ids))


def _settled(known: Known, parts: Mapping[str, Part], moved: set[str], asked: set[str]) -> Settled:
    people: dict[str, list[str]] = {}
    for one, part in parts.items():
        people.setdefault(part.into, [part.into]).append(one)
    moved = moved | {parts[one].into for one in moved if one in parts}
    concerned = moved | asked
    return Settled(
        people={
            oldest: tuple(members)
            for oldest, members in people.items()
            if not concerned.isdisjoint(members)
        },
        single=frozenset(moved - people.keys()),
        moved=frozenset(moved),
        stood_for_others=frozenset(known.into.values()),
    )
