"""Choosing the adapter that the settings name."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from accord.crm import CrmSettings, FileCrm, open_crm
from accord.errors import InputError
from accord.services.settings import Settings
from tests.crm.conformance import AT, SECRET_WORD

SECRETS = [
    "crm_url",
    "crm_token",
    "crm_secret",
    "crm_secret_before",
    "hubspot_token",
    "salesforce_username",
    "salesforce_password",
    "salesforce_security_token",
    "salesforce_client_id",
    "salesforce_client_secret",
]


def test_a_file_is_opened_once_a_process(tmp_path):
    settings = CrmSettings(folder=tmp_path)
    crm = open_crm(settings, as_of=AT)
    assert isinstance(crm, FileCrm)
    assert crm.path == tmp_path / "crm.jsonl"
    crm.close()
    assert open_crm(settings, as_of=AT) is crm


@pytest.mark.parametrize(
    ("name", "remedy"), [("webhok", "set ACCORD_CRM=webhook"), ("pigeon", "leave it out for file")]
)
def test_an_unknown_adapter_is_refused_with_the_known_ones(name, remedy):
    expected = (
        rf"'{name}' is no adapter; expected file, sql, webhook, hubspot or salesforce; .*{remedy}"
    )
    with pytest.raises(InputError, match=f"ACCORD_CRM: {expected}"):
        open_crm(CrmSettings(name=name), as_of=AT)


def test_the_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path))
    monkeypatch.setenv("ACCORD_CRM", "webhook")
    monkeypatch.setenv("ACCORD_CRM_URL", "https://crm.example.com/x")
    monkeypatch.setenv("ACCORD_CRM_SECRET", "now")
    monkeypatch.setenv("ACCORD_CRM_SECRET_BEFORE", "then")
    monkeypatch.setenv("ACCORD_CRM_TIMEOUT_SECONDS", "4.5")
    monkeypatch.setenv("ACCORD_CRM_BATCH", "7")
    monkeypatch.setenv("ACCORD_HUBSPOT_TOKEN", "t")
    told = Settings(_env_file=None).crm_settings
    assert told == CrmSettings(
        name="webhook",
        folder=tmp_path / "outbox",
        url="https://crm.example.com/x",
        secret="now",  # noqa: S106
        secret_before="then",  # noqa: S106
        timeout_seconds=4.5,
        batch=7,
        hubspot_token="t",  # noqa: S106
    )
    open_crm(told, as_of=AT).close()


def test_every_setting_of_an_adapter_can_be_set_and_has_the_same_default():
    told = Settings(_env_file=None).crm_settings
    assert dataclasses.replace(told, folder=CrmSettings().folder) == CrmSettings()


def test_secrets_are_shown_nowhere():
    settings = Settings(_env_file=None, **dict.fromkeys(SECRETS, SECRET_WORD))
    assert SECRET_WORD not in repr(settings)
    assert SECRET_WORD not in str(settings.model_dump())
    assert SECRET_WORD not in repr(settings.crm_settings)
    assert list(dataclasses.asdict(settings.crm_settings).values()).count(SECRET_WORD) == 10


@pytest.mark.parametrize(
    ("name", "value"), [("crm_batch", 0), ("crm_timeout_seconds", 0), ("crm_batch", "many")]
)
def test_a_setting_that_cannot_be_used_names_its_variable(name, value):
    with pytest.raises(InputError, match=f"ACCORD_{name.upper()}"):
        Settings(_env_file=None, **{name: value})


def test_our_stages_in_a_crms_words_come_as_json(monkeypatch):
    monkeypatch.setenv("ACCORD_HUBSPOT_STAGES", '{"mql": " 8841 "}')
    monkeypatch.setenv("ACCORD_SALESFORCE_STAGES", '{"mql": "New", "sql": ""}')
    told = Settings(_env_file=None).crm_settings
    assert told.hubspot_stages == {"mql": "8841"}
    assert told.salesforce_stages == {"mql": "New", "sql": ""}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ('{"mqll": "x"}', "'mqll'"),
        ('{"sal": "x"}', "'sal'"),
        ('{"mql": 5}', "5"),
        ("[]", r"\[\]"),
        ("mql=8841", "is no JSON"),
        ('{"mql": "' + "x" * 256 + '"}', "'x+'"),
    ],
)
def test_stages_that_are_none_of_ours_are_refused_with_ours(monkeypatch, told, found):
    monkeypatch.setenv("ACCORD_HUBSPOT_STAGES", told)
    expected = r'expected our stages in the CRM\'s words, .*: {"mql": "...", "sql": "..."}'
    with pytest.raises(InputError, match=f"ACCORD_HUBSPOT_STAGES: {found}; {expected}"):
        Settings(_env_file=None)


def test_what_only_one_adapter_needs_is_not_imported_for_another():
    code = (
        "import sys; from accord.crm import CrmSettings, open_crm; from datetime import *;"
        "open_crm(CrmSettings(), as_of=datetime(2026, 1, 1, tzinfo=UTC));"
        "print({'sqlalchemy', 'httpx', 'simple_salesforce', 'requests'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
