"""However the same leads are cut into batches and ordered, the ledger ends the same."""

from __future__ import annotations

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
    assert end_of(ledger, pieces) == end_of(ledger, [rows])
