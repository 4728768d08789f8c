"""What the doctor says of the CRM: can it take what we send, and what is made on request."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import create_engine, inspect

from accord.crm.hubspot_fields import PROPERTIES
from accord.crm.salesforce_fields import FIELDS
from accord.services.doctor import examine
from accord.services.settings import Settings
from tests.crm.conformance import AT, SECRET_WORD
from tests.crm.hubspot_account import HubspotAccount
from tests.crm.salesforce_account import SalesforceAccount
from tests.crm.salesforce_server import SECRET


@pytest.fixture
def look(workspace):
    """Examine with these settings of the CRM; what was found of it alone, and never a secret."""

    def look(*, create: bool = False, **crm):
        settings = workspace.settings
        given = {name: getattr(settings, name) for name in ("home", "agreement", "sources")}
        told = Settings(**given, database_url=settings.database_url, **crm, _env_file=None)
        (found,) = [one for one in examine(told, as_of=AT, create=create) if one.what == "crm"]
        assert SECRET_WORD not in found.found
        return found

    return look


@pytest.fixture
def hubspot():
    running = HubspotAccount()
    running.token = SECRET_WORD
    yield running
    running.close()


@pytest.fixture
def salesforce():
    running = SalesforceAccount()
    for kind, ours in FIELDS.items():
        running.defined[kind] = {
            name: {"name": name, "updateable": True, "externalId": "external id" in form}
            for name, form in ours.items()
        }
    yield running
    running.close()


def test_an_unknown_adapter_is_said_with_the_known_ones(look):
    found = look(crm="pigeon")
    assert not found.ok
    assert "'pigeon' is no adapter" in found.found


# file


def test_a_folder_that_can_be_written_to_is_well_also_where_it_is_not_there_yet(look, workspace):
    found = look()
    assert found.ok
    assert found.found == f"file: {workspace.settings.outbox_path / 'crm.jsonl'} can be written to"
    assert not workspace.settings.outbox_path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_named(look, workspace):
    folder = workspace.settings.outbox_path
    folder.mkdir()
    folder.chmod(0o500)
    found = look()
    assert (found.ok, found.found) == (False, f"{folder}: cannot be written to")


def test_a_file_where_the_folder_should_be_is_named(look, workspace):
    workspace.settings.outbox_path.write_text("not a folder")
    assert not look().ok


# sql


def test_tables_are_made_on_request_only(look, tmp_path):
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    found = look(crm="sql", crm_url=url)
    assert found.ok
    assert "accord_lead, accord_effect: made with the first hand-off" in found.found
    assert inspect(create_engine(url)).get_table_names() == []
    assert look(crm="sql", crm_url=url, create=True).found.endswith(
        "made accord_lead, accord_effect"
    )
    assert look(crm="sql", crm_url=url).found.endswith("its tables are there")


def test_a_database_that_does_not_answer_is_said_without_its_address(look):
    url = f"postgresql://ann:{SECRET_WORD}@127.0.0.1:1/crm"
    found = look(crm="sql", crm_url=url, crm_timeout_seconds=1)
    assert not found.ok
    assert "ACCORD_CRM_URL" in found.found


# webhook


def test_of_a_receiver_only_the_settings_are_looked_at_and_that_is_said(look):
    told = {"crm_url": f"http://localhost:1/{SECRET_WORD}", "crm_secret": SECRET_WORD}
    found = look(crm="webhook", **told)
    assert found.ok
    assert "the receiver itself is asked with the first hand-off only" in found.found
    missing = look(crm="webhook", crm_url=told["crm_url"])
    assert (missing.ok, "ACCORD_CRM_SECRET" in missing.found) == (False, True)


# hubspot


def test_properties_that_an_account_lacks_are_named_and_made_on_request(look, hubspot):
    told = {"crm": "hubspot", "hubspot_token": SECRET_WORD, "hubspot_url": hubspot.url}
    found = look(**told)
    assert not found.ok
    assert "contacts: accord_lead_id" in found.found
    assert "accord doctor --create" in found.found
    made = look(**told, create=True)
    assert made.ok
    assert made.found.startswith("hubspot: made contacts: accord_lead_id, ")
    assert set(hubspot.defined["tasks"]) == set(PROPERTIES["tasks"])
    assert look(**told, create=True).found == "hubspot: the account has our properties and stages"


def test_a_stage_that_an_account_does_not_have_is_named_with_those_it_has(look, hubspot):
    told = {"crm": "hubspot", "hubspot_token": SECRET_WORD, "hubspot_url": hubspot.url}
    assert look(**told, create=True).ok
    options = [{"value": "8841"}, {"value": "salesqualifiedlead"}]
    hubspot.defined["contacts"]["lifecyclestage"] = {"name": "lifecyclestage", "options": options}
    found = look(**told)
    assert not found.ok
    assert "(mql: 'marketingqualifiedlead'); set ACCORD_HUBSPOT_STAGES" in found.found
    assert found.found.endswith("it has 8841, salesqualifiedlead")
    assert look(**told, hubspot_stages={"mql": "8841"}).ok
    assert look(**told, hubspot_stages={"mql": ""}).ok


def test_a_token_that_is_refused_is_said(look, hubspot):
    found = look(crm="hubspot", hubspot_token="x", hubspot_url=hubspot.url)  # noqa: S106
    assert not found.ok
    assert "ACCORD_HUBSPOT_TOKEN" in found.found


# salesforce


def organisation(salesforce, **more):
    told = {"salesforce_client_id": "app", "salesforce_client_secret": SECRET}
    return {"crm": "salesforce", "salesforce_url": salesforce.url, **told, **more}


def test_fields_that_an_organisation_lacks_are_named_with_their_types(look, salesforce):
    assert look(**organisation(salesforce)).found.endswith("has our fields and stages")
    del salesforce.defined["Lead"]["Accord_Why__c"]
    found = look(**organisation(salesforce), create=True)
    assert not found.ok
    assert "Lead.Accord_Why__c: Long Text Area(32768)" in found.found
    assert "create them in Setup > Object Manager" in found.found


def test_a_status_that_an_organisation_does_not_have_is_named(look, salesforce):
    values = [{"value": "New", "active": True}, {"value": "Old", "active": False}]
    salesforce.defined["Lead"]["Status"] = {"name": "Status", "picklistValues": values}
    found = look(**organisation(salesforce, salesforce_stages={"mql": "New", "sql": "Old"}))
    assert not found.ok
    assert "(sql: 'Old'); set ACCORD_SALESFORCE_STAGES: it has New" in found.found
    assert look(**organisation(salesforce, salesforce_stages={"mql": "New", "sql": ""})).ok
