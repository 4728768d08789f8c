"""Which records are one person, and which of them stands for all.

Records of one mailbox are one person, and records that a person has joined by hand; records that a
person has told apart never are. The oldest record stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Pair = frozenset[str]


class Why(StrEnum):
    """Why a record is part of another."""

    MAILBOX = "mailbox"
    HAND = "hand"
    JOINED = "joined"  # through a third record that both are one person with


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A lead as one source names it."""

    lead_id: str
    mailbox: str | None
    created_at: datetime

    @property
    def age(self) -> tuple[datetime, str]:
        """The order in which records came into being; ties go by lead id."""
        return (self.created_at, self.lead_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A record's place: the oldest record of its person, and why it is part of it."""

    into: str
    why: Why


def join_people(
    records: Iterable[Record], *, by_hand: Iterable[Pair] = (), apart: Iterable[Pair] = ()
) -> dict[str, Part]:
    """Map each record that is not the oldest of its person to the one that is; never in chains.

    Depends on the set of records and pairs alone, not on their order: joined by hand first, then,
    from the oldest record on, with the oldest of the same mailbox that it is not told apart from,
    neither itself nor anyone who is one person with it.
    """
    known = {record.lead_id: record for record in sorted(records, key=lambda one: one.age)}
    joined = {pair for pair in by_hand if pair <= known.keys()}
    people = _People(known, apart)
    for pair in sorted(joined, key=sorted):
        people.join(*sorted(pair))
    of_mailbox: dict[str, list[str]] = {}
    for lead_id, record in known.items():
        if record.mailbox is not None:
            older = of_mailbox.setdefault(record.mailbox, [])
            any(people.join(one, lead_id) for one in older)
            older.append(lead_id)
    return {
        lead_id: Part(into=oldest, why=_why(known, lead_id, oldest, joined))
        for lead_id, oldest in people.oldest().items()
        if lead_id != oldest
    }


def _why(known: Mapping[str, Record], lead_id: str, oldest: str, joined: set[Pair]) -> Why:
    if frozenset((lead_id, oldest)) in joined:
        return Why.HAND
    mailbox = known[lead_id].mailbox
    return Why.MAILBOX if mailbox and mailbox == known[oldest].mailbox else Why.JOINED


class _People:
    """Sets of records that are one person each; a join that would unite a pair apart is refused."""

    def __init__(self, known: Mapping[str, Record], apart: Iterable[Pair]) -> None:
        self._age = {lead_id: at for at, lead_id in enumerate(known)}  # known by age
        self._members: dict[str, list[str]] = {}
        self._of: dict[str, str] = {}
        self._apart: dict[str, set[str]] = {}
        for one, other in map(sorted, apart):
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def join(self, one: str, other: str) -> bool:
        """Unite the persons of two records; whether they are one now."""
        first, second = self._of.get(one, one), self._of.get(other, other)
        if first == second:
            return True
        if len(self._all(first)) < len(self._all(second)):
            first, second = second, first
        if self._apart and self._are_apart(first, second):
            return False
        moved = self._all(second)
        self._members[first] = [*self._all(first), *moved]
        for lead_id in moved:
            self._of[lead_id] = first
        self._members.pop(second, None)
        return True

    def _all(self, root: str) -> list[str]:
        return self._members.get(root, [root])

    def _are_apart(self, first: str, second: str) -> bool:
        others = set(self._all(first))
        return any(self._apart.get(lead_id, _NONE) & others for lead_id in self._all(second))

    def oldest(self) -> dict[str, str]:
        """Map each record of a person of several to the oldest of them."""
        found: dict[str, str] = {}
        for members in self._members.values():
            first = min(members, key=self._age.__getitem__)
            found.update(dict.fromkeys(members, first))
        return found


_NONE: set[str] = set()
