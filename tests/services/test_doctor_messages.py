"""What the doctor and the settings say of the way to people, without sending or telling secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.errors import InputError
from accord.services.doctor import examine
from accord.services.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIL = "mailto://user:sesame@127.0.0.1:9?from=a%40example.com&to={email}"


@pytest.fixture
def messages(workspace):
    """What the doctor finds of messages under settings."""

    def look(**values):
        given = workspace.settings.model_dump() | values
        found = examine(Settings(**given, _env_file=None), as_of=NOW)
        return {check.what: check for check in found}["messages"]

    return look


def test_without_settings_it_says_that_nobody_is_told(messages):
    assert messages().ok
    assert messages().found.endswith("messages.jsonl, nobody is told")


def test_it_names_the_ways_and_a_teams_own_templates(messages, tmp_path):
    (tmp_path / "step.txt.j2").write_text("{{ item.about }}")
    found = messages(message_url=MAIL, message_templates=tmp_path)
    assert (found.ok, found.found) == (True, "apprise: all by mailto; own templates: step.txt.j2")


def test_it_finds_urls_roles_and_templates_that_are_at_fault(messages, tmp_path):
    (tmp_path / "digest.txt.j2").write_text("\n{{ nothing }}")
    wrong = [
        messages(message_url="mailtoo://user:sesame@h"),
        messages(message_urls={"rep": MAIL}),
        messages(message_templates=tmp_path),
        messages(message_templates=tmp_path / "none"),
    ]
    assert not any(found.ok for found in wrong)
    said = [found.found for found in wrong]
    assert "ACCORD_MESSAGE_URL: apprise cannot read the URL" in said[0]
    assert "no URL for ceo, cmo, manager, marketing_owner" in said[1]
    assert "template digest.txt.j2, line 2: 'nothing' is undefined" in said[2]
    assert "is no folder" in said[3]
    assert "sesame" not in "".join(said)


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("ACCORD_MESSAGE_URL", MAIL)
    monkeypatch.setenv("ACCORD_MESSAGE_URLS", f'{{"ceo": "{MAIL}"}}')
    monkeypatch.setenv("ACCORD_MESSAGE_PAUSE_MINUTES", "0")
    settings = Settings(_env_file=None)
    told = settings.message_settings
    assert told.by_role == {"": MAIL, "ceo": MAIL}
    assert told.pause == timedelta(0)
    assert "sesame" not in repr(settings) + repr(told)


@pytest.mark.parametrize("value", ["slack://sesame", '["slack://sesame"]', '{"ceo": ["sesame"]}'])
def test_urls_that_are_no_map_are_said_without_them(monkeypatch, value):
    monkeypatch.setenv("ACCORD_MESSAGE_URLS", value)
    with pytest.raises(InputError, match="ACCORD_MESSAGE_URLS") as caught:
        Settings(_env_file=None)
    assert "sesame" not in str(caught.value)
