"""However the same leads are cut into batches and ordered, the ledger ends the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from accord.agreement import load
from accord.ledger import insert_rows, read_rows, tables, upsert_rows
from accord.records import SCHEMAS, Entity
from accord.services.identity import complete_leads, settle_people
from tests.conftest import ROOT

LEAD = SCHEMAS[Entity.LEAD]
AGREEMENT = load(ROOT / "agreement.yaml")
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 16, tzinfo=UTC)
MAILBOXES = ["ann@acme.com", "Bob+x@acme.com", "cy@acme.com", "d.ee@gmail.com", "e@other.com", None]


@st.composite
def leads(draw):
    """Leads whose records of one person agree on what they state: then no order is the newer."""
    sizes = {mailbox: draw(st.sampled_from([7, 500, 2000])) for mailbox in MAILBOXES}
    rows = []
    for number in range(draw(st.integers(1, 7))):
        mailbox = draw(st.sampled_from(MAILBOXES))
        states = draw(st.booleans())
        row = dict.fromkeys(LEAD.names) | {
            "lead_id": f"crm:{number}",
            "created_at": START + timedelta(days=draw(st.integers(0, 2))),
            "email": mailbox,
            "employees": sizes[mailbox] if states and mailbox else None,
            "country": draw(st.sampled_from(["DE", None])),
        }
        rows.append(row)
    return rows


def take(connection, rows, *, at, batch_id):
    """Do to the ledger what taking a batch of leads does."""
    frame = pd.DataFrame(rows, columns=list(LEAD.names))
    for name, kind in (
        ("employees", "Int64"),
        ("timeline_days", "Int64"),
        ("authority", "boolean"),
    ):
        frame[name] = frame[name].astype(kind)
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True).astype(
        "datetime64[us, UTC]"
    )
    full = complete_leads(connection, frame, agreement=AGREEMENT, as_of=at)
    listed = full.astype(object).where(full.notna(), None).to_dict("records")
    for row in listed:
        row["created_at"] = row["created_at"].to_pydatetime()
    kept = {"known_at": at, "row_hash": "x", "cycle": 0}
    upsert_rows(connection, tables.lead, [{**row, **kept} for row in listed])
    versions = [
        {name: row[name] for name in LEAD.names}
        | {"known_at": at, "batch_id": batch_id, "row_number": number}
        for number, row in enumerate(listed, 1)
    ]
    insert_rows(connection, tables.lead_version, versions)
    ids = [row["lead_id"] for row in listed]
    settle_people(connection, ids, agreement=AGREEMENT, as_of=at)


def end_of(ledger, batches):
    """Take batches, read what came of them, and take it all back."""
    with ledger.begin() as connection:
        for number, rows in enumerate(batches):
            at = NOW + timedelta(minutes=number // 2)  # two batches a tick
            take(connection, rows, at=at, batch_id=f"b{number}")
        names = ("lead_id", "employees", "country", "segment", "domain", "inferred")
        columns = [tables.lead.c[name] for name in names]
        found = read_rows(connection, select(*columns).order_by(tables.lead.c.lead_id))
        into = (tables.merge.c.lead_id, tables.merge.c.into_lead_id)
        merged = read_rows(connection, select(*into).where(tables.merge.c.undone_at.is_(None)))
        connection.rollback()
    return found, sorted(tuple(row.values()) for row in merged)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(leads(), st.randoms(), st.integers(1, 4))
def test_any_order_and_any_cut_of_the_same_leads_ends_the_same(ledger, rows, random, size):
    shuffled = random.sample(rows, len(rows))
    pieces = [shuffled[at : at + size] for at in range(0, len(shuffled), size)]
    whole = end_of(ledger, [rows])
    assert end_of(ledger, pieces) == whole
    expected = by_hand(rows)
    found = {row["lead_id"]: row for row in whole[0]}
    assert {lead_id for lead_id, _ in whole[1]} == found.keys() - expected.keys()
    for lead_id, person in expected.items():
        row = found[lead_id]
        assert {name: row[name] for name in FIELDS} == {name: person[name] for name in FIELDS}
        assert set(row["inferred"] or ()) == person["inferred"]


FIELDS = ("employees", "country")
COMPANY = {"ann@acme.com": "acme", "Bob+x@acme.com": "acme", "cy@acme.com": "acme"}


def by_hand(rows):
    """What the rules say of each person, written as plainly as they are."""
    people = {}
    for row in sorted(rows, key=lambda row: (row["created_at"], row["lead_id"])):
        people.setdefault(row["email"] or row["lead_id"], []).append(row)
    said = {
        records[0]["lead_id"]: {
            "company": COMPANY.get(name),
            "age": (records[0]["created_at"], records[0]["lead_id"]),
            "inferred": set(),
            **{field: stated(records, field) for field in FIELDS},
        }
        for name, records in people.items()
    }
    ends = {lead_id: dict(person, inferred=set()) for lead_id, person in said.items()}
    for lead_id, person in said.items():
        for field in FIELDS:
            others = sorted(
                (other["age"], other[field])
                for name, other in said.items()
                if name != lead_id and other["company"] and other["company"] == person["company"]
                if other[field] is not None
            )
            if person[field] is None and others:
                votes = Counter(value for _, value in others)
                most = max(votes.values())
                ends[lead_id][field] = next(v for _, v in others if votes[v] == most)
                ends[lead_id]["inferred"].add(field)
    return ends


def stated(records, field):
    return next((record[field] for record in records if record[field] is not None), None)
