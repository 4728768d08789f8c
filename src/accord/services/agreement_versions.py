"""Every version and content of the agreement that was ever seen: who signed it, what came of it.

Reads, and writes nothing, not even that a file was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from accord.agreement import Agreement, AgreementError, load
from accord.agreement.written import SignatureLine, named_lines
from accord.errors import InputError
from accord.ledger import Ledger, tables
from accord.records import Origin, Side
from accord.services.agreement_seen import (
    Seen,
    content_of,
    read_agreed,
    read_seen,
    read_stored,
)
from accord.services.agreements import agreement_then, has_begun

SIGNED, CHANGED, UNSIGNED = "signed", "changed since signed", "not signed"
DATED_LATER = "counts from its date on"
"""What a side's signature is worth for one content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version and content, as both teams ask for it.

    ``seen_at`` is None for a file that no stage has seen yet. ``handoffs`` counts the hand-overs
    that were decided under the version, on the content of it that the version stands for.
    """

    version: str
    fingerprint: str
    effective_from: date
    seen_at: datetime | None
    is_in_force: bool
    signatures: tuple[SignatureLine, ...]
    handoffs: int


def list_versions(ledger: Ledger, path: Path, *, as_of: datetime) -> tuple[Version, ...]:
    """List every version and content seen, newest first, and the file's if it is new.

    AgreementError where the file has faults.
    """
    with ledger.read() as connection:
        seen = read_seen(connection)
        handed = _count_handoffs(connection)
        signed = _read_signed(connection)
        agreed = read_agreed(connection, seen, as_of=as_of)
    in_force = _fingerprint_in_force(ledger, path, as_of=as_of)
    meant = {
        content_of(contents, agreed=agreed, in_force=in_force)
        for contents in _by_version(seen).values()
    }
    found = [
        Version(
            version=one.version,
            fingerprint=one.fingerprint,
            effective_from=one.effective_from,
            seen_at=one.seen_at,
            is_in_force=one.fingerprint == in_force,
            signatures=_lines(
                signed.get(one.version, {}), one.fingerprint, zone=_zone(ledger, one), as_of=as_of
            ),
            handoffs=handed.get(one.version, 0) if one in meant else 0,
        )
        for one in seen
    ]
    unseen = _unseen(path, seen, signed, as_of=as_of)
    found.extend(replace(one, is_in_force=one.fingerprint == in_force) for one in unseen)
    return tuple(sorted(found, key=_newness, reverse=True))


def only_version(path: Path, *, as_of: datetime) -> Version:
    """Return the file's version where there is no ledger: nothing of it was seen or decided."""
    filed = load(path)
    return Version(
        version=filed.version,
        fingerprint=filed.fingerprint,
        effective_from=filed.effective_from,
        seen_at=None,
        is_in_force=has_begun(filed, as_of=as_of),
        signatures=named_lines(filed),
        handoffs=0,
    )


def read_version(ledger: Ledger, version: str, *, path: Path, as_of: datetime) -> Agreement:
    """Read a version from the ledger; InputError if it is not known.

    Its content is the one that both sides have signed by ``as_of``, else the one in force (with the
    file at ``path``), else the one seen last.
    """
    with ledger.read() as connection:
        seen = sorted(read_seen(connection), key=_by_sight)
        agreed = read_agreed(connection, seen, as_of=as_of)
    by_version = _by_version(seen)
    if version not in by_version:
        known = ", ".join(by_version) or "none was ever seen"
        raise InputError(
            where=f"version {version}", found="is not in the ledger", expected=f"one of: {known}"
        )
    try:
        in_force = _fingerprint_in_force(ledger, path, as_of=as_of)
    except AgreementError:
        in_force = None  # the file's faults are no matter of a version that the ledger keeps
    return read_stored(ledger, content_of(by_version[version], agreed=agreed, in_force=in_force))


def _by_version(seen: Iterable[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in seen:
        found.setdefault(one.version, []).append(one)
    return found


def find_agreement(
    ledger: Ledger | None, reference: str, *, path: Path, as_of: datetime
) -> Agreement:
    """Return the agreement that a name means: a file that is there, else a version of the ledger.

    InputError if it is neither, AgreementError where a file has faults.
    """
    named = Path(reference)
    if named.exists() or ledger is None:
        return load(named)
    try:
        return read_version(ledger, reference, path=path, as_of=as_of)
    except InputError as error:
        raise InputError(
            where=reference,
            found="is no file, and no version in the ledger",
            expected=f"a file, or {error.expected}",
        ) from None


def read_signature_lines(
    connection: Connection, agreement: Agreement, *, as_of: datetime
) -> tuple[SignatureLine, ...] | None:
    """Return how each side stands to an agreement as it is at ``as_of``, one line a side.

    None for a version that was never seen: the sides that it names sign it when a stage sees it.
    """
    if agreement.version not in {one.version for one in read_seen(connection)}:
        return None
    signed = _read_signed(connection).get(agreement.version, {})
    return _lines(signed, agreement.fingerprint, zone=agreement.timezone, as_of=as_of)


Signature = tuple[str, str, datetime]
"""The fingerprint that was signed, by whom, and when."""

Signed = Mapping[Side, Signature]
"""The signatures of one version, by side."""


def _read_signed(connection: Connection) -> dict[str, dict[Side, Signature]]:
    found: dict[str, dict[Side, Signature]] = {}
    for row in connection.execute(select(tables.signature)):
        signature = (row.fingerprint, row.signed_by, row.signed_at)
        found.setdefault(row.version, {})[Side(row.side)] = signature
    return found


def _lines(
    signed: Signed, fingerprint: str, *, zone: str, as_of: datetime
) -> tuple[SignatureLine, ...]:
    return tuple(
        _line(side, signed[side], fingerprint, zone=zone, as_of=as_of)
        if side in signed
        else SignatureLine(side=side, state=UNSIGNED)
        for side in Side
    )


def _line(
    side: Side,
    signature: Signature,
    fingerprint: str,
    *,
    zone: str,
    as_of: datetime,
) -> SignatureLine:
    content, name, at = signature
    state = SIGNED if at <= as_of else DATED_LATER
    on = at.astimezone(ZoneInfo(zone)).date()
    state = state if content == fingerprint else CHANGED
    return SignatureLine(side=side, state=state, name=name, on=on)


def _count_handoffs(connection: Connection) -> dict[str, int]:
    table = tables.handoff
    query = (
        select(table.c.version, func.count().label("handoffs"))
        .where(table.c.origin == Origin.DECIDED.value, table.c.version.is_not(None))
        .group_by(table.c.version)
    )
    return {row.version: int(row.handoffs) for row in connection.execute(query)}


def _fingerprint_in_force(ledger: Ledger, path: Path, *, as_of: datetime) -> str | None:
    try:
        return agreement_then(ledger, path, as_of=as_of, known_at=as_of).fingerprint
    except AgreementError:
        raise
    except InputError:
        return None  # none is in force yet


def _zone(ledger: Ledger, one: Seen) -> str:
    try:
        return read_stored(ledger, one).timezone
    except AgreementError:
        return "UTC"  # an old text that the checks of today refuse


def _unseen(
    path: Path, seen: Iterable[Seen], signed: Mapping[str, Signed], *, as_of: datetime
) -> Iterable[Version]:
    """Yield the file's version if no stage has seen its content; its names sign what is new."""
    if not path.exists():
        return
    filed = only_version(path, as_of=as_of)
    if (filed.version, filed.fingerprint) in {(one.version, one.fingerprint) for one in seen}:
        return
    if filed.version in {one.version for one in seen}:
        own = signed.get(filed.version, {})
        lines = _lines(own, filed.fingerprint, zone=load(path).timezone, as_of=as_of)
        yield replace(filed, signatures=lines)
    else:
        yield filed


def _by_sight(one: Seen) -> tuple[datetime, str]:
    return (one.seen_at, one.fingerprint)


def _newness(one: Version) -> tuple[date, bool, float, str]:
    is_unseen = one.seen_at is None
    seen_at = 0.0 if one.seen_at is None else one.seen_at.timestamp()
    return (one.effective_from, is_unseen, seen_at, one.version)
