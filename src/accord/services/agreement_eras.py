"""Which agreement was in force when: the eras that follow one another, as the ledger keeps them.

What a version says is what both sides signed, else what is in force, else what was seen last. An
era begins with a version's first day, or when it was first seen where that was later: what comes
later rewrites nothing. What happened before anything had been seen (history that was loaded) falls
under what was seen first, and what happened before any first day under the first era.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from accord.agreement import Agreement, AgreementError
from accord.ledger import Ledger
from accord.services.agreement_seen import Seen, content_of, read_agreed, read_seen, read_stored
from accord.services.agreements_over_time import begin_of

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eras:
    """The agreements over time: ``since`` when each is in force, the first from the beginning."""

    since: tuple[datetime, ...]
    agreements: tuple[Agreement, ...]

    def at(self, instant: datetime) -> Agreement:
        """Return the agreement in force at an instant."""
        return self.agreements[bisect_right(self.since, instant) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    agreement: Agreement
    begin: datetime
    seen_at: datetime
    is_current: bool

    @property
    def turns(self) -> tuple[datetime, datetime]:
        """When it may come into force."""
        return self.begin, self.seen_at

    @property
    def rank(self) -> tuple[object, ...]:
        """By which the newest of those that have begun is found, as of the agreement in force."""
        return (
            self.agreement.effective_from,
            self.is_current,
            self.seen_at,
            self.agreement.version,
        )


def read_eras(
    connection: Connection, ledger: Ledger, current: Agreement, *, as_of: datetime
) -> Eras:
    """Read the agreements over time; ``current`` is the one in force at ``as_of``.

    Writes nothing. A version whose text the checks of today refuse is left out.
    """
    seen = read_seen(connection)
    agreed = read_agreed(connection, seen, as_of=as_of)
    versions = list(_versions(ledger, seen, agreed, current))
    if all(one.agreement.version != current.version for one in versions):
        versions.append(_version(current, current, seen_at=as_of))
    if len(versions) == 1:
        return Eras(since=(_EVER,), agreements=(versions[0].agreement,))
    return _joined(versions)


def _versions(
    ledger: Ledger, seen: Sequence[Seen], agreed: Sequence[Seen], current: Agreement
) -> Iterator[_Version]:
    contents: dict[str, list[Seen]] = {}
    for one in seen:
        contents.setdefault(one.version, []).append(one)
    for listed in contents.values():
        chosen = content_of(listed, agreed=agreed, in_force=current.fingerprint)
        first = min(one.seen_at for one in listed)
        with suppress(AgreementError):  # an old text that the checks of today refuse
            yield _version(_read(ledger, chosen, current), current, seen_at=first)


def _read(ledger: Ledger, one: Seen, current: Agreement) -> Agreement:
    is_current = (one.version, one.fingerprint) == (current.version, current.fingerprint)
    return current if is_current else read_stored(ledger, one)


def _version(agreement: Agreement, current: Agreement, *, seen_at: datetime) -> _Version:
    return _Version(
        agreement=agreement,
        begin=begin_of(agreement),
        seen_at=seen_at,
        is_current=agreement.version == current.version,
    )


def _joined(versions: Sequence[_Version]) -> Eras:
    """Walk through the instants at which the answer may change, and keep those at which it does."""
    turns = sorted({at for one in versions for at in one.turns})
    found: list[tuple[datetime, Agreement]] = []
    for at in turns:
        newest = _newest(versions, at)
        if newest is not None and (not found or found[-1][1] is not newest.agreement):
            found.append((at, newest.agreement))
    since = (_EVER, *(at for at, _ in found[1:]))
    return Eras(since=since, agreements=tuple(agreement for _, agreement in found))


def _newest(versions: Sequence[_Version], at: datetime) -> _Version | None:
    begun = [one for one in versions if one.begin <= at]
    known = [one for one in begun if one.seen_at <= at]
    if known:
        return max(known, key=lambda one: one.rank)
    return min(begun, key=lambda one: (one.seen_at, one.agreement.version), default=None)
