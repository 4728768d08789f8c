"""What is known of a person from all records of it, and of leads from their company's others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.identity import (
    FIRMOGRAPHICS,
    Said,
    combine,
    company_domain_of,
    company_key_of,
    infer_missing,
    mailbox_of,
    majorities,
    segment_fields,
    segments_of_rows,
)
from accord.ledger.company_rows import (
    STATED,
    read_emails_said,
    read_kept,
    read_lacking,
    read_segmented,
    read_stated,
    write_attributes,
    write_inferred,
)
from accord.ledger.version_rows import read_newest_said
from accord.services.identity_people import Settled

_COMBINED = (*STATED, "domain", "company_key")

Row = Mapping[str, Any]


def restate(connection: Connection, settled: Settled, *, fresh: Collection[str]) -> set[str]:
    """Write what the records of each person say together; returns the leads that have changed.

    A record that stands for no others has what it says for itself. ``fresh`` are leads whose rows
    are just as their sources gave them.
    """
    members = {one for records in settled.people.values() for one in records}
    kept = read_kept(connection, sorted(members | settled.single))
    unsaid = sorted((settled.stood_for_others & kept.keys()) - set(fresh))
    said = _own(kept, read_newest_said(connection, unsaid))
    wanted = {one: (one,) for one in settled.single} | dict(settled.people)
    rows = []
    for lead_id, records in wanted.items():
        if lead_id not in kept:
            continue
        row = combine([said[one] for one in records if one in said], _COMBINED)
        is_part = lead_id in settled.single and lead_id in members
        row |= {} if is_part else _still_inferred(row, kept[lead_id])
        if any(row.get(name) != kept[lead_id][name] for name in (*_COMBINED, "inferred")):
            rows.append({"lead_id": lead_id, "inferred": None, **row})
    write_attributes(connection, rows)
    return {row["lead_id"] for row in rows}


def _own(kept: Mapping[str, Row], newest: Mapping[str, Row]) -> dict[str, Said]:
    """Return what each record says for itself."""
    return {
        lead_id: Said(
            lead_id=lead_id,
            created_at=row["created_at"],
            known_at=row["known_at"],
            values=_stated(newest.get(lead_id, row)),
        )
        for lead_id, row in kept.items()
    }


def _stated(row: Row) -> dict[str, Any]:
    inferred = row["inferred"] or ()
    values = {name: None if name in inferred else row[name] for name in STATED}
    if "domain" in row:
        return values | {"domain": row["domain"], "company_key": row["company_key"]}
    domain = company_domain_of(mailbox_of(row["email"]))
    return values | {"domain": domain, "company_key": company_key_of(row["company"])}


def _still_inferred(row: Row, kept: Row) -> dict[str, Any]:
    """What was inferred and is still missing stays, until the company is looked at."""
    if row["domain"] is None or row["domain"] != kept["domain"]:
        return {}
    names = [name for name in kept["inferred"] or () if row[name] is None]
    return {name: kept[name] for name in names} | {"inferred": names or None}


def domains_concerned(
    connection: Connection, lead_ids: Iterable[str], settled: Settled
) -> list[str]:
    """Return the companies that these leads are of or ever were of."""
    members = {one for records in settled.people.values() for one in records}
    emails = read_emails_said(connection, sorted({*lead_ids, *members, *settled.moved}))
    domains = {company_domain_of(mailbox_of(email)) for email in emails}
    return sorted(domain for domain in domains if domain is not None)


def infer(connection: Connection, domains: Sequence[str] | None, agreement: Agreement) -> set[str]:
    """Write what leads lack and their company's others state, and the segments that follow.

    ``domains`` None: of all companies. Returns the leads that have changed.
    """
    fields = segment_fields(agreement)
    lacking = read_lacking(connection, domains, also=fields)
    pictures = {
        name: majorities(read_stated(connection, name, domains))
        if any(_lacks(lead, name) for lead in lacking)
        else {}
        for name in FIRMOGRAPHICS
    }
    changed = []
    for lead in lacking:
        values, inferred = infer_missing(lead, pictures)
        told = inferred or None
        if told != (lead["inferred"] or None) or any(values[one] != lead[one] for one in values):
            changed.append({**lead, **values, "inferred": told})
    segments = segments_of_rows(changed, agreement)
    rows = [
        {**lead, "inferred": tuple(lead["inferred"] or ()), "segment": segment}
        for lead, segment in zip(changed, segments, strict=True)
    ]
    write_inferred(connection, rows)
    return {row["lead_id"] for row in rows}


def _lacks(lead: Row, name: str) -> bool:
    return lead[name] is None or name in (lead["inferred"] or ())


def place_in_segments(
    connection: Connection, lead_ids: Iterable[str], agreement: Agreement
) -> None:
    """Write the segments of leads whose attributes have changed."""
    leads = read_segmented(connection, sorted(lead_ids), segment_fields(agreement))
    segments = segments_of_rows(leads, agreement)
    rows = [
        {"lead_id": lead["lead_id"], "segment": segment}
        for lead, segment in zip(leads, segments, strict=True)
        if lead["segment"] != segment
    ]
    write_attributes(connection, rows)
