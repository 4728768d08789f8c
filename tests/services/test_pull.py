"""Pulled sources end to end: server or database, spool, ledger and log, and what a run leaves."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import stamina
from sqlalchemy import create_engine, select, text

from accord.ledger import tables
from accord.services import pull
from accord.services.ingest import run_ingest
from tests.crm.hubspot_server import DAILY, TOKEN, HubspotServer
from tests.crm.salesforce_server import PASSWORD, SalesforceServer
from tests.crm.service import Answer, Cut

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)

CONTACTS = """
  - name: contacts
    entity: lead
    system: hubspot
    hubspot: {object: contacts, token: "${HUBSPOT_TOKEN}", url: "${HUBSPOT_URL}", page: 50}
    fields: {lead_id: id, email: properties.email, created_at: properties.createdate}
"""
CALLS = """
  - name: calls
    entity: activity
    system: hubspot
    hubspot: {object: calls, url: "${HUBSPOT_URL}", page: 50}
    fields:
      activity_id: id
      lead_id: associations.contacts
      kind: properties.hs_call_title
      occurred_at: properties.hs_timestamp
"""
LEADS = """
  - name: leads
    entity: lead
    system: salesforce
    salesforce:
      object: Lead
      username: ${SALESFORCE_USERNAME}
      password: ${SALESFORCE_PASSWORD}
      security_token: ${SALESFORCE_SECURITY_TOKEN}
      url: ${SALESFORCE_URL}
      page: 200
    fields: {lead_id: Id, email: Email, created_at: CreatedDate}
"""
WAREHOUSE = """
  - name: warehouse
    entity: lead
    sql: {{url: "${{WAREHOUSE_URL}}", {terms}}}
    timezone: Europe/Berlin
    fields: {{lead_id: id, email: mail, created_at: {created}}}
"""


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(True, attempts=8, cap=True):
        yield


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(pull, "_ENOUGH_ROWS", 100)


@pytest.fixture
def hubspot(monkeypatch):
    running = HubspotServer()
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_URL", running.url)
    yield running
    running.close()


@pytest.fixture
def salesforce(monkeypatch):
    running = SalesforceServer()
    monkeypatch.setenv("SALESFORCE_USERNAME", "ann@b.co")
    monkeypatch.setenv("SALESFORCE_PASSWORD", PASSWORD)
    monkeypatch.setenv("SALESFORCE_SECURITY_TOKEN", "t")
    monkeypatch.setenv("SALESFORCE_URL", running.url)
    yield running
    running.close()


@pytest.fixture
def run(workspace):
    """Write the sources and ingest."""
    times = iter(AS_OF + timedelta(hours=hours) for hours in range(99))

    def ingest(sources):
        workspace.settings.sources.write_text(f"sources:{sources}")
        return run_ingest(workspace, as_of=next(times))

    return ingest


def fill(server, count=320, first=1):
    for number in range(first, first + count):
        server.put("contacts", number, email=f"{number}@b.co")


def rows_of(workspace, table):
    with workspace.ledger.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def emails(workspace):
    return {row["lead_id"]: row["email"] for row in rows_of(workspace, tables.lead)}


def spooled(workspace):
    found = workspace.settings.spool_path.rglob("*")
    return sorted(path.name for path in found if path.is_file())


def versions(workspace):
    """How often each state of each lead was taken: once, if each record is taken once."""
    return Counter(
        (row["lead_id"], row["email"]) for row in rows_of(workspace, tables.lead_version)
    )


def test_contacts_become_leads_and_nothing_stays_in_the_spool(workspace, run, hubspot):
    fill(hubspot)
    result = run(CONTACTS)
    assert (result.batches, result.accepted, result.errors) == (1, 320, ())
    assert emails(workspace)["hubspot:7"] == "7@b.co"
    assert spooled(workspace) == []


def test_a_second_run_takes_what_changed_and_an_idle_one_nothing(workspace, run, hubspot):
    fill(hubspot)
    run(CONTACTS)
    hubspot.now += timedelta(hours=1)
    hubspot.put("contacts", 7, email="new@b.co")
    second = run(CONTACTS)
    assert (second.accepted, second.rows_in) == (1, 1 + second.duplicates)
    assert emails(workspace)["hubspot:7"] == "new@b.co"
    run(CONTACTS)
    idle = run(CONTACTS)
    assert (idle.batches, idle.rows_in, idle.errors) == (0, 0, ())
    assert spooled(workspace) == []


@pytest.mark.parametrize(
    "fault",
    [Answer(status=429, headers={"Retry-After": "3"}), Answer(status=500), Cut()],
    ids=["429", "500", "cut"],
)
def test_each_contact_is_taken_once_whatever_fails_and_changes_meanwhile(
    workspace, run, hubspot, small_batches, fault
):
    fill(hubspot)
    hubspot.fail(every=3, fault=fault)

    def change(server):
        for number in (2, 150, 319):
            server.put("contacts", number, email="moved@b.co")
        server.put("contacts", 321, email="321@b.co")

    hubspot.after_request = {7: change}
    first = run(CONTACTS)
    second = run(CONTACTS)
    assert first.errors == second.errors == ()
    assert emails(workspace) == {
        f"hubspot:{number}": one["properties"]["email"]
        for number, one in hubspot.objects["contacts"].items()
    }
    assert set(versions(workspace).values()) == {1}
    assert first.accepted + second.accepted == len(versions(workspace))
    assert second.duplicates == second.rows_in - second.accepted


def test_calls_become_activities_of_their_contacts_each_once(workspace, run, hubspot):
    for number in range(1, 121):
        hubspot.put("calls", number, hs_call_title="call_held", hs_timestamp="2026-10-01T10:00Z")
    hubspot.links["calls", "contacts"] = {str(n): [str(n % 7 + 1)] for n in range(1, 121)}
    hubspot.fail(every=4, fault=Cut())
    run(CALLS)
    hubspot.put("calls", 121, hs_call_title="call_held", hs_timestamp="2026-10-02T10:00Z")
    hubspot.links["calls", "contacts"]["121"] = ["3"]
    run(CALLS)
    log = [row[:2] for row in workspace.log.read().fetchall()]
    assert len(log) == len(set(log)) == 121


def test_what_came_before_an_expired_token_is_taken_and_the_next_run_goes_on(
    workspace, run, hubspot, small_batches, monkeypatch
):
    fill(hubspot)

    def expire(server):
        server.token = "renewed"  # noqa: S105

    hubspot.after_request = {6: expire}
    first = run(CONTACTS)
    assert first.accepted == 200
    assert "HUBSPOT_TOKEN" in first.errors[0].remedy
    monkeypatch.setenv("HUBSPOT_TOKEN", "renewed")
    asked = len(hubspot.requests)
    second = run(CONTACTS)
    assert (second.accepted, second.errors) == (120, ())
    assert hubspot.bounds(asked)[:3] == ["200", "250", "300"]  # where the first run ended
    assert len(emails(workspace)) == 320


def test_the_daily_limit_leaves_what_was_read_taken(workspace, run, hubspot, small_batches):
    fill(hubspot)
    hubspot.plan = {6: DAILY}
    first = run(CONTACTS)
    assert (first.accepted, len(first.errors)) == (150, 1)
    second = run(CONTACTS)
    assert (second.accepted, second.errors) == (170, ())


def test_a_variable_that_is_not_set_is_one_error_and_other_sources_go_on(
    workspace, run, hubspot, monkeypatch
):
    fill(hubspot, count=3)
    monkeypatch.delenv("SALESFORCE_PASSWORD", raising=False)
    monkeypatch.setenv("SALESFORCE_USERNAME", "ann@b.co")
    monkeypatch.setenv("SALESFORCE_URL", "http://127.0.0.1:1")
    result = run(LEADS + CONTACTS)
    assert result.accepted == 3
    assert [error.subject for error in result.errors] == ["sources.leads.salesforce"]
    assert "SALESFORCE_PASSWORD" in result.errors[0].sentence


def test_leads_of_salesforce_are_taken_once_through_faults_and_an_expired_session(
    workspace, run, salesforce
):
    for number in range(1, 701):
        salesforce.put("Lead", number, Email=f"{number}@b.co")
    salesforce.fail(every=3, fault=Cut())
    salesforce.after_request = {5: SalesforceServer.expire}
    first = run(LEADS)
    salesforce.put("Lead", 3, Email="new@b.co")
    second = run(LEADS)
    assert first.errors == second.errors == ()
    assert (first.accepted, second.accepted) == (700, 1)
    assert set(versions(workspace).values()) == {1}
    assert emails(workspace)["salesforce:00Q000000000003AAA"] == "new@b.co"


def test_a_held_batch_waits_in_the_spool_until_its_mapping_is_corrected(
    workspace, run, hubspot, small_batches
):
    fill(hubspot, count=100)
    wrong = CONTACTS.replace("lead_id: id", "lead_id: {column: id, values: WRONG}")
    wrong = wrong.replace("WRONG", "{" + ", ".join(f'"{n}": null' for n in range(1, 90)) + "}")
    held = run(wrong)
    assert (held.held, held.accepted) == (100, 0)
    assert len(spooled(workspace)) == 2
    again = run(wrong)
    assert (again.batches, again.errors) == (0, ())
    assert len(spooled(workspace)) == 2  # the same rows wait once
    corrected = run(CONTACTS)
    assert corrected.accepted == 100
    assert spooled(workspace) == []


def test_another_column_reads_everything_anew(workspace, run, hubspot):
    fill(hubspot, count=30)
    hubspot.put("contacts", 1, company="Acme")
    run(CONTACTS)
    more = CONTACTS.replace("lead_id: id", "lead_id: id, company: properties.company")
    assert run(more).rows_in == 30
    companies = {row["lead_id"]: row["company"] for row in rows_of(workspace, tables.lead)}
    assert companies["hubspot:1"] == "Acme"


# --- databases ---


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request, tmp_path, monkeypatch):
    """A database of its own to pull from, typed as that database types."""
    with contextlib.ExitStack() as until_the_end:
        url = f"sqlite:///{tmp_path / 'warehouse.db'}"
        if request.param == "postgresql":
            url = until_the_end.enter_context(request.getfixturevalue("databases").new())
        monkeypatch.setenv("WAREHOUSE_URL", url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "CREATE TABLE people "
                    "(id BIGINT, mail TEXT, created TIMESTAMP, changed TIMESTAMP)"
                )
            )
        yield engine
        engine.dispose()


def insert_people(engine, numbers, changed):
    with engine.begin() as connection:
        for number in numbers:
            connection.execute(
                text("INSERT INTO people VALUES (:id, :mail, '2026-07-01 12:00:00', :changed)"),
                {"id": number, "mail": f"{number}@b.co", "changed": changed},
            )


def test_a_table_is_taken_from_its_watermark_on(workspace, run, warehouse, small_batches):
    source = WAREHOUSE.format(terms="table: people, watermark: changed, page: 7", created="created")
    insert_people(warehouse, range(1, 41), "2026-11-01 10:00:00")
    insert_people(warehouse, range(41, 81), "2026-11-01 10:05:00")  # one instant over many pages
    first = run(source)
    assert (first.accepted, first.errors) == (80, ())
    insert_people(warehouse, [81], "2026-11-01 10:04:00")  # committed late, within the overlap
    insert_people(warehouse, [9223372036854775807], "2026-11-02 10:00:00")
    second = run(source)
    assert second.accepted == 2
    assert "warehouse:9223372036854775807" in emails(workspace)
    created = {row["created_at"] for row in rows_of(workspace, tables.lead)}
    assert created == {datetime(2026, 7, 1, 10, tzinfo=UTC)}  # noon in Berlin's summer
    assert spooled(workspace) == []


def test_a_query_without_a_watermark_is_one_batch_by_its_content(workspace, run, warehouse):
    terms = (
        "query: \"SELECT id, mail, created FROM people WHERE mail <> ':x' ORDER BY id\", page: 7"
    )
    source = WAREHOUSE.format(terms=terms, created="created")
    insert_people(warehouse, range(1, 41), "2026-11-01 10:00:00")
    assert (run(source).batches, len(emails(workspace))) == (1, 40)
    assert run(source).batches == 0
    insert_people(warehouse, [41], "2026-11-01 10:00:00")
    changed = run(source)
    assert (changed.accepted, changed.duplicates) == (1, 40)


def test_a_batch_that_cannot_be_read_waits_and_nothing_more_is_pulled(workspace, run, warehouse):
    insert_people(warehouse, range(1, 4), "2026-11-01 10:00:00")
    terms = "table: people, watermark: changed"
    wrong = WAREHOUSE.format(terms=terms, created="creation")
    first = run(wrong)
    assert (first.accepted, len(first.errors)) == (0, 1)
    assert len(run(wrong).errors) == 1
    assert len(spooled(workspace)) == 2
    assert run(WAREHOUSE.format(terms=terms, created="created")).accepted == 3
    assert spooled(workspace) == []


def test_a_database_that_refuses_is_one_error_without_address_or_rows(workspace, run, warehouse):
    result = run(WAREHOUSE.format(terms="table: nowhere", created="created"))
    assert [error.subject for error in result.errors] == ["sources.warehouse.sql"]
    assert "refuses" in result.errors[0].sentence
    assert "nowhere" not in str(result.errors[0])
