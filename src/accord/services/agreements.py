"""Which agreement is in force, which were seen, and who signed what.

The ledger keeps every version and content seen. Reading the agreement in force writes nothing
unless the file is new, and costs one small query a call: parsed documents are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, select

from accord.agreement import Agreement, load
from accord.errors import InputError
from accord.findings import Finding
from accord.ledger import Ledger, add_rows, tables
from accord.records import Side, from_us
from accord.services.agreement_seen import Seen, read_agreed, read_seen, read_stored
from accord.services.signers import read_signer

_ONE_DAY = timedelta(days=1)


def agreement_in_force(ledger: Ledger, path: Path, *, as_of: datetime) -> Agreement:
    """Return the newest agreement whose ``effective_from`` has come at ``as_of``.

    Candidates are the versions that the ledger keeps and the file at ``path``, if it is there; a
    file not seen before is registered. A day begins at midnight of the agreement's zone. Of one
    version the file's content counts, else the content seen last. Raises InputError where none is
    in force, AgreementError where the file has faults.
    """
    filed = read_filed(path)
    with ledger.read() as connection:
        seen = read_seen(connection)
    if filed is not None and not _is_known(filed, seen):
        with ledger.begin() as connection:
            register(connection, filed, seen_at=as_of)
            seen = read_seen(connection)
    found = _newest_begun(ledger, seen, filed, as_of=as_of)
    if found is None:
        raise _none_in_force(path, seen, as_of=as_of)
    return found


def agreement_then(ledger: Ledger, path: Path, *, as_of: datetime, known_at: datetime) -> Agreement:
    """Return the agreement in force at ``as_of`` among those that were there at ``known_at``.

    A version that came later with an earlier ``effective_from``, and a later content of the same
    version, do not count; a file that no stage has seen was there since it was last changed. Where
    nothing in force had been seen by then, all that is there now counts. Writes nothing; InputError
    where none is in force.
    """
    filed = read_filed(path)
    with ledger.read() as connection:
        seen = read_seen(connection)
    if filed is not None and not _is_known(filed, seen):
        seen = (*seen, _seen_as_filed(filed, path))
    then = tuple(one for one in seen if one.seen_at <= known_at)
    for listed in (then, seen):
        found = _newest_begun(ledger, listed, filed, as_of=as_of)
        if found is not None:
            return found
    raise _none_in_force(path, seen, as_of=as_of)


def agreement_signed(ledger: Ledger, *, as_of: datetime) -> Agreement | None:
    """Return the newest begun agreement that both sides have signed as it stands, if there is one.

    That is what was last agreed, whatever stands in the file by now. Writes nothing.
    """
    with ledger.read() as connection:
        agreed = read_agreed(connection, read_seen(connection), as_of=as_of)
    return _newest_begun(ledger, agreed, None, as_of=as_of)


def _newest_begun(
    ledger: Ledger, seen: Iterable[Seen], filed: Agreement | None, *, as_of: datetime
) -> Agreement | None:
    for one in _candidates(seen, filed, as_of=as_of):
        agreement = filed if _is_filed(one, filed) else read_stored(ledger, one)
        if agreement is not None and has_begun(agreement, as_of=as_of):
            return agreement
    return None


def _seen_as_filed(filed: Agreement, path: Path) -> Seen:
    changed_us = path.stat().st_mtime_ns // 1_000
    return Seen(
        version=filed.version,
        fingerprint=filed.fingerprint,
        effective_from=filed.effective_from,
        seen_at=from_us(changed_us),
    )


def register(connection: Connection, agreement: Agreement, *, seen_at: datetime) -> None:
    """Keep a version and content in the ledger; twice is once.

    The sides that a version names when it is first seen have signed it; a version that is known
    keeps its signatures, whatever a changed file says.
    """
    is_new = _is_new_version(connection, agreement.version)
    _keep(connection, agreement, seen_at=seen_at)
    if is_new:
        add_rows(connection, tables.signature, list(_named_signatures(agreement)))


def _keep(connection: Connection, agreement: Agreement, *, seen_at: datetime) -> None:
    row = {
        "version": agreement.version,
        "fingerprint": agreement.fingerprint,
        "effective_from": agreement.effective_from,
        "document": agreement.document,
        "seen_at": seen_at,
    }
    add_rows(connection, tables.agreement, [row])


def unsigned_sides(
    connection: Connection, agreement: Agreement, *, as_of: datetime
) -> tuple[Finding, ...]:
    """Return one finding a side that has not signed this version, as it stands, by ``as_of``.

    None: all have signed. A signature counts from its very instant on.
    """
    table = tables.signature
    query = select(table).where(table.c.version == agreement.version, table.c.signed_at <= as_of)
    signed = {row.side: row for row in connection.execute(query)}
    findings = []
    for side in Side:
        row = signed.get(side.value)
        if row is None:
            findings.append(_not_signed(agreement, side))
        elif row.fingerprint != agreement.fingerprint:
            findings.append(_signed_otherwise(agreement, side, by=row.signed_by, at=row.signed_at))
    return tuple(findings)


def sign(ledger: Ledger, agreement: Agreement, *, side: Side, name: str, at: datetime) -> None:
    """Sign a version as it stands, for one side; signing twice changes nothing.

    A version that nothing has seen before is kept with this signature alone: whom its file names
    under ``signed_by:`` signs by the same command. A signature dated later than ``at`` is none yet,
    and gives way. Raises InputError where either side has signed this version with another content,
    or this side under another name.
    """
    who = read_signer(name)
    with ledger.begin() as connection:
        _keep(connection, agreement, seen_at=at)
        _refuse_other_content(connection, agreement)
        _refuse_other_name(connection, agreement, side, name=who, at=at)
        _drop_dated_later(connection, agreement, side, at=at)
        add_rows(connection, tables.signature, [_signature(agreement, side, who, at)])


def read_filed(path: Path) -> Agreement | None:
    """Read the file, parsed once as long as it does not change; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return _load_file(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _load_file(path: Path, _mtime_ns: int, _size: int) -> Agreement:
    return load(path)


def _is_known(filed: Agreement, seen: Iterable[Seen]) -> bool:
    return any(_is_filed(one, filed) for one in seen)


def _is_filed(one: Seen, filed: Agreement | None) -> bool:
    return filed is not None and (one.version, one.fingerprint) == (
        filed.version,
        filed.fingerprint,
    )


def _candidates(seen: Iterable[Seen], filed: Agreement | None, *, as_of: datetime) -> list[Seen]:
    """List one content a version, newest first, of those that can have begun somewhere on Earth."""
    by_version: dict[str, Seen] = {}
    for one in sorted(seen, key=lambda one: (_is_filed(one, filed), one.seen_at, one.fingerprint)):
        by_version[one.version] = one
    begun = [one for one in by_version.values() if one.effective_from <= as_of.date() + _ONE_DAY]
    return sorted(
        begun,
        key=lambda one: (one.effective_from, _is_filed(one, filed), one.seen_at, one.version),
        reverse=True,
    )


def has_begun(agreement: Agreement, *, as_of: datetime) -> bool:
    """Say whether an agreement's first day has come, in its zone."""
    return agreement.effective_from <= as_of.astimezone(ZoneInfo(agreement.timezone)).date()


def _none_in_force(path: Path, seen: Iterable[Seen], *, as_of: datetime) -> InputError:
    later = min(seen, key=lambda one: one.effective_from, default=None)
    if later is None:
        return InputError(
            where=str(path),
            found="is not there, and the ledger keeps no agreement",
            expected="the agreement of both teams",
            remedy="write one; accord init lays down an example",
        )
    return InputError(
        where=str(path),
        found=f"no agreement is in force at {as_of.isoformat()}",
        expected=f"a time from {later.effective_from} on, when version {later.version} begins",
        remedy="set an earlier effective_from, or ask for a later time",
    )


def _is_new_version(connection: Connection, version: str) -> bool:
    query = select(tables.agreement.c.version).where(tables.agreement.c.version == version)
    return connection.execute(query.limit(1)).first() is None


def _named_signatures(agreement: Agreement) -> Iterator[dict[str, object]]:
    zone = ZoneInfo(agreement.timezone)
    for one in agreement.signed_by:
        at = datetime.combine(one.date, time(), zone)
        yield _signature(agreement, one.team, one.name, at)


def _signature(agreement: Agreement, side: Side, name: str, at: datetime) -> dict[str, object]:
    return {
        "version": agreement.version,
        "side": side.value,
        "fingerprint": agreement.fingerprint,
        "signed_by": name,
        "signed_at": at,
    }


def _refuse_other_content(connection: Connection, agreement: Agreement) -> None:
    table = tables.signature
    query = select(table).where(
        table.c.version == agreement.version, table.c.fingerprint != agreement.fingerprint
    )
    other = connection.execute(query.order_by(table.c.side)).first()
    if other is not None:
        raise InputError(
            where=f"version {agreement.version}",
            found=f"{other.side} signed it with another content ({other.signed_by})",
            expected="one content a version",
            remedy="give the changed agreement a new version:, then both sides sign that",
        )


def _refuse_other_name(
    connection: Connection, agreement: Agreement, side: Side, *, name: str, at: datetime
) -> None:
    query = select(tables.signature).where(*_of_side(agreement, side))
    row = connection.execute(query).first()
    if row is not None and row.signed_at <= at and row.signed_by != name:
        on = row.signed_at.astimezone(ZoneInfo(agreement.timezone)).date()
        raise InputError(
            where=f"version {agreement.version}",
            found=f"is signed by {row.signed_by} for {side.value} already, on {on}",
            expected="one signature a side",
            remedy="if somebody else is to sign, give it a new version:",
        )


def _drop_dated_later(
    connection: Connection, agreement: Agreement, side: Side, *, at: datetime
) -> None:
    later = tables.signature.c.signed_at > at
    connection.execute(delete(tables.signature).where(*_of_side(agreement, side), later))


def _of_side(agreement: Agreement, side: Side) -> tuple[ColumnElement[bool], ...]:
    table = tables.signature
    return (table.c.version == agreement.version, table.c.side == side.value)


def _not_signed(agreement: Agreement, side: Side) -> Finding:
    return Finding(
        rule="agreement.unsigned",
        subject=side.value,
        sentence=f"{side.value} has not signed version {agreement.version} of the agreement.",
        remedy=f"Run accord agreement sign --as {side.value}.",
    )


def _signed_otherwise(agreement: Agreement, side: Side, *, by: str, at: datetime) -> Finding:
    return Finding(
        rule="agreement.changed_since_signed",
        subject=side.value,
        sentence=(
            f"version {agreement.version} of the agreement was changed after {side.value} signed it"
            f" ({by}, {at.date()})."
        ),
        remedy="Give the changed agreement a new version: and have both sides sign that.",
    )
