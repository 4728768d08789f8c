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
from accord.services.agreements import Seen, agreement_then, has_begun, read_seen, read_stored

SIGNED, CHANGED, UNSIGNED = "signed", "changed since signed", "not signed"
"""What a side's signature is worth for one content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version and content, as both teams ask for it.

    ``seen_at`` is None for a file that no stage has seen yet. ``handoffs`` counts the hand-overs
    that were decided under the version, on the content of it that was seen last.
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
    in_force = _fingerprint_in_force(ledger, path, as_of=as_of)
    last = {one.version: one.fingerprint for one in sorted(seen, key=_by_sight)}
    found = [
        Version(
            version=one.version,
            fingerprint=one.fingerprint,
            effective_from=one.effective_from,
            seen_at=one.seen_at,
            is_in_force=one.fingerprint == in_force,
            signatures=_lines(signed.get(one.version, {}), one.fingerprint, _zone(ledger, one)),
            handoffs=handed.get(one.version, 0) if last[one.version] == one.fingerprint else 0,
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


def read_version(ledger: Ledger, version: str) -> Agreement:
    """Read a version from the ledger, its content seen last; InputError if it is not known."""
    with ledger.read() as connection:
        seen = sorted(read_seen(connection), key=_by_sight)
    contents = [one for one in seen if one.version == version]
    if not contents:
        known = ", ".join(dict.fromkeys(one.version for one in seen)) or "none was ever seen"
        raise InputError(
            where=f"version {version}", found="is not in the ledger", expected=f"one of: {known}"
        )
    return read_stored(ledger, contents[-1])


def find_agreement(ledger: Ledger | None, reference: str) -> Agreement:
    """Return the agreement that a name means: a file that is there, else a version of the ledger.

    InputError if it is neither, AgreementError where a file has faults.
    """
    path = Path(reference)
    if path.exists() or ledger is None:
        return load(path)
    try:
        return read_version(ledger, reference)
    except InputError as error:
        raise InputError(
            where=reference,
            found="is no file, and no version in the ledger",
            expected=f"a file, or {error.expected}",
        ) from None


def read_signature_lines(
    connection: Connection, agreement: Agreement
) -> tuple[SignatureLine, ...] | None:
    """Return how each side stands to an agreement as it is, one line a side.

    None for a version that was never seen: the sides that it names sign it when it is.
    """
    if agreement.version not in {one.version for one in read_seen(connection)}:
        return None
    signed = _read_signed(connection).get(agreement.version, {})
    return _lines(signed, agreement.fingerprint, agreement.timezone)


Signed = Mapping[Side, tuple[str, str, datetime]]
"""Of one version, by side: the fingerprint that was signed, by whom, and when."""


def _read_signed(connection: Connection) -> dict[str, dict[Side, tuple[str, str, datetime]]]:
    found: dict[str, dict[Side, tuple[str, str, datetime]]] = {}
    for row in connection.execute(select(tables.signature)):
        signature = (row.fingerprint, row.signed_by, row.signed_at)
        found.setdefault(row.version, {})[Side(row.side)] = signature
    return found


def _lines(signed: Signed, fingerprint: str, zone: str) -> tuple[SignatureLine, ...]:
    return tuple(_line(side, signed, fingerprint, zone=zone) for side in Side)


def _line(side: Side, signed: Signed, fingerprint: str, *, zone: str) -> SignatureLine:
    if side not in signed:
        return SignatureLine(side=side, state=UNSIGNED)
    content, name, at = signed[side]
    state = SIGNED if content == fingerprint else CHANGED
    return SignatureLine(side=side, state=state, name=name, on=at.astimezone(ZoneInfo(zone)).date())


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
        yield replace(filed, signatures=_lines(own, filed.fingerprint, load(path).timezone))
    else:
        yield filed


def _by_sight(one: Seen) -> tuple[datetime, str]:
    return (one.seen_at, one.fingerprint)


def _newness(one: Version) -> tuple[date, bool, float, str]:
    is_unseen = one.seen_at is None
    seen_at = 0.0 if one.seen_at is None else one.seen_at.timestamp()
    return (one.effective_from, is_unseen, seen_at, one.version)
