"""The terms of pulled sources: the examples of the documentation, and every fault with its path."""

from __future__ import annotations

import pytest

from accord.errors import SourceError
from accord.sources import read_sources

EXAMPLES = """
sources:
  - name: warehouse_leads
    entity: lead
    system: warehouse
    sql:
      url: ${WAREHOUSE_URL}
      query: SELECT id, email, created_at, updated_at FROM marketing.leads
      watermark: updated_at
      overlap: 15m
    fields: {lead_id: id, email: email, created_at: created_at}

  - name: hubspot_contacts
    entity: lead
    system: hubspot
    hubspot: {object: contacts, token: "${HUBSPOT_TOKEN}", version: v3}
    fields:
      lead_id: id
      email: properties.email
      title: properties.jobtitle
      company: properties.company
      created_at: properties.createdate

  - name: hubspot_calls
    entity: touch
    system: hubspot
    hubspot: {object: calls, version: 2026-03}
    only: {associations.contacts: {present: true}}
    fields:
      touch_id: id
      lead_id: associations.contacts
      rep_id: properties.hubspot_owner_id
      channel: {constant: call}
      touched_at: properties.hs_timestamp

  - name: hubspot_deals
    entity: opportunity
    system: hubspot
    hubspot: {object: deals}
    fields:
      opportunity_id: id
      lead_id: associations.contacts
      rep_id: properties.hubspot_owner_id
      stage: properties.dealstage
      amount: properties.amount
      opened_at: properties.createdate
      closed_at: properties.closedate

  - name: hubspot_owners
    entity: rep
    system: hubspot
    hubspot: {object: owners}
    fields: {rep_id: id, name: lastName, email: email, role: {constant: sdr}}

  - name: salesforce_leads
    entity: lead
    system: salesforce
    salesforce:
      object: Lead
      domain: acme.my
      client_id: ${SALESFORCE_CLIENT_ID}
      client_secret: ${SALESFORCE_CLIENT_SECRET}
      version: 59.0
    fields:
      lead_id: Id
      email: Email
      title: Title
      company: Company
      channel: {column: LeadSource, values: {Web: organic_search}}
      created_at: CreatedDate

  - name: salesforce_tasks
    entity: touch
    system: salesforce
    salesforce:
      object: Task
      username: ${SALESFORCE_USERNAME}
      password: ${SALESFORCE_PASSWORD}
      security_token: ${SALESFORCE_SECURITY_TOKEN}
      deleted: true
    only: {IsDeleted: false, Status: Completed}
    fields:
      touch_id: Id
      lead_id: WhoId
      rep_id: OwnerId
      channel: {column: TaskSubtype, values: {Call: call, Email: email}}
      touched_at: CreatedDate
"""


def read(tmp_path, content):
    file = tmp_path / "sources.yaml"
    file.write_text(content)
    return read_sources(file, {})


def test_the_examples_of_the_documentation_are_without_fault_and_hold_no_secret(tmp_path):
    found = read(tmp_path, EXAMPLES)
    assert len(found.sources) == 7
    assert all(source.is_pulled for source in found.sources)
    secrets = [found.sources[0].sql.url, found.sources[1].hubspot.token]
    assert secrets == ["${WAREHOUSE_URL}", "${HUBSPOT_TOKEN}"]


def test_what_is_asked_of_a_system_is_no_part_of_the_name_of_a_batch(tmp_path):
    one = read(tmp_path, EXAMPLES).sources[0].canonical()
    other = read(tmp_path, EXAMPLES.replace("overlap: 15m", "page: 7")).sources[0].canonical()
    assert one == other


SOURCE = """
sources:
  - name: NAME
    entity: lead
    TERMS
    fields: {lead_id: COLUMN, email: {constant: a@b.co}}
"""


@pytest.mark.parametrize(
    ("terms", "column", "path", "remedy"),
    [
        ("hubspot: {object: contact}", "id", "hubspot.object", "Did you mean contacts?"),
        ("hubspot: {object: rainbows}", "id", "hubspot.object", "Known are contacts"),
        ("hubspot: {object: deals, page: 0}", "id", "hubspot.page", "1 to 200"),
        ("hubspot: {object: deals, page: 201}", "id", "hubspot.page", "1 to 200"),
        ("hubspot: {object: deals, token: pat-na1-x}", "id", "hubspot.token", "${HUBSPOT_TOKEN}"),
        ("hubspot: {object: deals, version: latest}", "id", "hubspot.version", "v3"),
        ("hubspot: {object: deals, url: 'http://x.co'}", "id", "hubspot.url", "https://"),
        ("hubspot: {object: deals, url: 'http://127.0.0.1.x.co'}", "id", "hubspot.url", "https://"),
        ("hubspot: {object: deals, tries: 0}", "id", "hubspot.tries", "1 or more"),
        ("hubspot: {object: deals, timeout: 0s}", "id", "hubspot.timeout", "30s"),
        ("hubspot: {object: deals}", "email", "fields.lead_id.column", "properties.NAME"),
        ("hubspot: {object: deals}", "associations.people", "fields.lead_id.column", "Known are"),
        ("sql: {url: 'sqlite:///x.db'}", "id", "sql.query", "Write one."),
        ("sql: {query: SELECT 1, table: t}", "id", "sql.query", "Write one."),
        ("sql: {table: t, page: 0}", "id", "sql.page", "1 or more"),
        ("sql: {table: t, overlap: 1h}", "id", "sql.overlap", "watermark: COLUMN"),
        ("sql: {table: t, watermark: w, overlap_count: -1}", "id", "sql.overlap_count", "0 or"),
        ("sql: {table: t, url: 'mysql://a:geheim@h/d'}", "id", "sql.url", "${WAREHOUSE_URL}"),
        ("sql: {table: t, url: 'x://h/d?password=geheim'}", "id", "sql.url", "${WAREHOUSE_URL}"),
        ("sql: {table: t, url: somewhere}", "id", "sql.url", "in the environment"),
        ("salesforce: {object: lead, LOGIN}", "Id", "salesforce.object", "Did you mean Lead?"),
        ("salesforce: {object: Lead}", "Id", "salesforce.client_id", "client_secret"),
        ("salesforce: {object: Lead, LOGIN, password: geheim}", "Id", "salesforce.password", "${"),
        ("salesforce: {object: Lead, LOGIN, page: 199}", "Id", "salesforce.page", "200 to 2000"),
        ("salesforce: {object: Lead, LOGIN, page: 2001}", "Id", "salesforce.page", "200 to 2000"),
        ("salesforce: {object: Lead, LOGIN, version: v59}", "Id", "salesforce.version", '"59.0"'),
        ("salesforce: {object: Lead, LOGIN}", "Id FROM", "fields.lead_id.column", "Owner.Email"),
    ],
)
def test_every_fault_of_the_terms_has_its_path_and_a_remedy(tmp_path, terms, column, path, remedy):
    login = "username: ann" if "password" in terms else 'username: ann, password: "${P}"'
    terms = terms.replace("LOGIN", login)
    content = SOURCE.replace("NAME", "x").replace("TERMS", terms).replace("COLUMN", column)
    with pytest.raises(SourceError) as caught:
        read(tmp_path, content)
    assert [fault.subject for fault in caught.value.faults] == [f"sources.x.{path}"]
    assert remedy in caught.value.faults[0].remedy
    assert "geheim" not in str(caught.value)
    assert "pat-na1" not in str(caught.value)


def test_client_credentials_need_a_domain_of_their_own(tmp_path):
    terms = 'salesforce: {object: Lead, client_id: app, client_secret: "${S}"}'
    content = SOURCE.replace("NAME", "x").replace("TERMS", terms).replace("COLUMN", "Id")
    with pytest.raises(SourceError, match="takes no client credentials"):
        read(tmp_path, content)


@pytest.mark.parametrize("name", ["../up", "a/b", ".", "..", "x y"])
def test_a_pulled_source_has_a_name_that_is_a_folder_of_the_spool(tmp_path, name):
    terms = "hubspot: {object: deals}"
    content = SOURCE.replace("NAME", f'"{name}"').replace("TERMS", terms).replace("COLUMN", "id")
    with pytest.raises(SourceError, match="is no name of a folder"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "url", ["${ANY}", "sqlite:///x.db", "postgresql+psycopg://ann:${P}@h/d", "mysql://ann@h/d"]
)
def test_a_url_without_a_password_in_it_may_stand_in_the_file(tmp_path, url):
    terms = f'sql: {{table: t, url: "{url}"}}'
    content = SOURCE.replace("NAME", "x").replace("TERMS", terms).replace("COLUMN", "id")
    assert read(tmp_path, content).sources[0].sql.url == url


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ("hubspot: {object: deals, tokn: x}", "sources.x.hubspot.tokn"),
        ("sql: {table: t, watermrk: x}", "sources.x.sql.watermrk"),
        ("salesforce: {}", "sources.x.salesforce.object"),
        ("hubspot: {object: deals, overlap: soon}", "sources.x.hubspot.overlap"),
    ],
)
def test_a_fault_of_the_shape_has_its_path_too(tmp_path, terms, path):
    content = SOURCE.replace("NAME", "x").replace("TERMS", terms).replace("COLUMN", "id")
    with pytest.raises(SourceError) as caught:
        read(tmp_path, content)
    assert path in [fault.subject for fault in caught.value.faults]
