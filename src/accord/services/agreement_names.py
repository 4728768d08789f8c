"""Names under ``signed_by:`` that were hardly written for the version they stand in.

A file that was copied to be changed still names those who signed the one before, and a stage that
sees a new version takes whom it names for its signers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from accord.agreement import Agreement, AgreementError, Signature
from accord.findings import Finding
from accord.ledger import Ledger, tables
from accord.records import Side
from accord.services.agreement_seen import Seen, read_seen, read_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """Who signed a version, or is named in a content of it: the day is that of its zone."""

    version: str
    side: Side
    name: str
    on: date


def find_doubtful_names(ledger: Ledger, agreement: Agreement) -> tuple[Finding, ...]:
    """Say which names in a document look like those of another version.

    Name and day are those of another version's signature, or the day lies before the version that
    it follows was signed. Names that the ledger does not count, and will not, are let be.
    """
    with ledger.read() as connection:
        seen = read_seen(connection)
        rows = connection.execute(select(tables.signature)).all()
    by_key = {(row.version, row.side): row for row in rows}
    is_seen = agreement.version in {one.version for one in seen}
    counting = [
        one for one in agreement.signed_by if not is_seen or _counts(one, agreement, by_key)
    ]
    if not counting:
        return ()
    others = list(_signed_otherwise(ledger, seen, rows, but=agreement.version))
    before = _signed_before(agreement, seen, others)
    told = ((one, _doubt(one, others, before=before)) for one in counting)
    return tuple(_finding(one, doubt, is_seen=is_seen) for one, doubt in told if doubt)


def _counts(one: Signature, agreement: Agreement, rows: Mapping[tuple[str, str], Any]) -> bool:
    row = rows.get((agreement.version, one.team.value))
    return row is not None and row.signed_by == one.name


def _signed_otherwise(
    ledger: Ledger, seen: Iterable[Seen], rows: Iterable[Any], *, but: str
) -> Iterator[_Signed]:
    """Yield the signatures of the other versions: what their documents name, what was signed."""
    zones: dict[str, str] = {}
    for one in seen:
        if one.version == but:
            continue
        try:
            stored = read_stored(ledger, one)
        except AgreementError:
            continue  # an old text that the checks of today refuse
        zones[one.version] = stored.timezone
        for named in stored.signed_by:
            yield _Signed(version=one.version, side=named.team, name=named.name, on=named.date)
    for row in rows:
        if row.version in zones:
            on = row.signed_at.astimezone(ZoneInfo(zones[row.version])).date()
            yield _Signed(version=row.version, side=Side(row.side), name=row.signed_by, on=on)


def _signed_before(
    agreement: Agreement, seen: Iterable[Seen], others: Iterable[_Signed]
) -> _Signed | None:
    """Return the last signature of the version that this one follows, if there is one."""
    earlier = [
        one
        for one in seen
        if one.version != agreement.version and one.effective_from <= agreement.effective_from
    ]
    if not earlier:
        return None
    last = max(earlier, key=lambda one: (one.effective_from, one.seen_at)).version
    signed = [one for one in others if one.version == last]
    return max(signed, key=lambda one: one.on, default=None)


def _doubt(one: Signature, others: Iterable[_Signed], *, before: _Signed | None) -> str:
    same = (one.team, one.name, one.date)
    for other in others:
        if same == (other.side, other.name, other.on):
            return f"as version {other.version} does"
    if before is not None and one.date < before.on:
        return f"before version {before.version}, which it follows, was signed ({before.on})"
    return ""


def _finding(one: Signature, doubt: str, *, is_seen: bool) -> Finding:
    counts = (
        "it has counted as signed since a stage saw it"
        if is_seen
        else "it counts as signed as soon as a stage sees it"
    )
    return Finding(
        rule="agreement.doubtful_signature",
        subject="signed_by",
        sentence=f"names {one.name} for {one.team.value} on {one.date}, {doubt}; {counts}.",
        remedy="If nobody has signed this version, "
        + (
            "give it a new version: without signed_by:."
            if is_seen
            else "take out signed_by: and sign with accord agreement sign."
        ),
    )
