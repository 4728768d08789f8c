"""Which agreement was in force when: the eras that follow one another, as the ledger keeps them.

At each instant the newest version counts that had begun and been seen by then, with the content of
it that was seen last. What is seen later rewrites nothing: not with an earlier first day, and not
with other words. Where nothing seen was in force (history that was loaded), what was seen first
counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from accord.agreement import Agreement, AgreementError
from accord.ledger import Ledger
from accord.services.agreement_seen import Seen, read_seen, read_stored
from accord.services.agreements_over_time import begin_of
from accord.sla import BEGINNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Eras:
    """The agreements over time: ``since`` when each is in force, the first from the beginning."""

    since: tuple[datetime, ...]
    agreements: tuple[Agreement, ...]

    def at(self, instant: datetime) -> Agreement:
        """Return the agreement in force at an instant."""
        return self.agreements[bisect_right(self.since, instant) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """One version with one content, since when it was there."""

    agreement: Agreement
    begin: datetime
    seen_at: datetime

    @property
    def order(self) -> tuple[datetime, str, str]:
        """In which contents were seen."""
        return self.seen_at, self.agreement.version, self.agreement.fingerprint


def read_eras(
    connection: Connection, ledger: Ledger, current: Agreement, *, as_of: datetime
) -> Eras:
    """Read the agreements over time; ``current`` is the one in force at ``as_of``.

    Writes nothing. A version whose text the checks of today refuse is left out.
    """
    contents = sorted(_contents(ledger, read_seen(connection), current), key=lambda one: one.order)
    if all(one.agreement is not current for one in contents):
        begin = begin_of(current)
        contents.append(_Content(agreement=current, begin=begin, seen_at=as_of))
    if len(contents) == 1:
        return Eras(since=(BEGINNING,), agreements=(current,))
    return _joined(contents, current, as_of=as_of)


def _contents(ledger: Ledger, seen: Sequence[Seen], current: Agreement) -> Iterator[_Content]:
    for one in seen:
        is_current = (one.version, one.fingerprint) == (current.version, current.fingerprint)
        with suppress(AgreementError):  # an old text that the checks of today refuse
            agreement = current if is_current else read_stored(ledger, one)
            yield _Content(agreement=agreement, begin=begin_of(agreement), seen_at=one.seen_at)


def _joined(contents: Sequence[_Content], current: Agreement, *, as_of: datetime) -> Eras:
    """Walk through the instants at which the answer may change, and keep those at which it does.

    What is in force now counts from now on in any case: a file that was put back to words of before
    is not seen anew.
    """
    turns = {BEGINNING, as_of, *(at for one in contents for at in (one.begin, one.seen_at))}
    found: list[tuple[datetime, Agreement]] = []
    for at in sorted(turns):
        agreement = current if at == as_of else _in_force(contents, at)
        if not found or found[-1][1] is not agreement:
            found.append((at, agreement))
    return Eras(since=tuple(at for at, _ in found), agreements=tuple(one for _, one in found))


def _in_force(contents: Sequence[_Content], at: datetime) -> Agreement:
    by_version = {one.agreement.version: one for one in contents if one.seen_at <= at}
    begun = [one for one in by_version.values() if one.begin <= at]
    if not begun:
        return contents[0].agreement
    return max(begun, key=lambda one: (one.agreement.effective_from, *one.order)).agreement
