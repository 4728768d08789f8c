"""What the doctor says of the texts of the cadence's mails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accord.services.doctor import examine
from accord.services.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def mails(workspace):
    """What the doctor finds of mails, with a word of the agreement replaced."""

    def look(old: str = "", new: str = "", **values):
        path = workspace.settings.agreement
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        given = workspace.settings.model_dump() | values
        found = examine(Settings(**given, _env_file=None), as_of=NOW)
        return {check.what: check for check in found}["mails"]

    return look


def test_the_shipped_texts_serve_the_shipped_agreement(mails):
    found = mails()
    assert (found.ok, found.found) == (True, "texts: follow_up, information, summary")


def test_a_name_without_a_text_is_said_with_its_place(mails):
    found = mails("template: summary", "template: sumary")
    assert not found.ok
    assert found.found.startswith("cadence.connected[0].template: template 'sumary' has no text")


def test_a_call_may_name_what_is_no_mail(mails):
    assert mails("within: 10m,", "within: 10m, template: script,").ok


def test_a_teams_own_text_makes_the_name_good(mails, tmp_path):
    for part in ("subject", "txt"):
        (tmp_path / f"sumary.{part}.j2").write_text("{{ talk.on }}")
    found = mails("template: summary", "template: sumary", mail_templates=tmp_path)
    assert found.ok
    assert found.found.endswith("; own templates: sumary.subject.j2, sumary.txt.j2")


def test_a_teams_own_text_that_fails_is_said(mails, tmp_path):
    (tmp_path / "summary.txt.j2").write_text("\n{{ nothing }}")
    found = mails(mail_templates=tmp_path)
    assert not found.ok
    assert "template summary.txt.j2, line 2: 'nothing' is undefined" in found.found


def test_a_folder_that_is_not_there_is_said(mails, tmp_path):
    found = mails(mail_templates=tmp_path / "none")
    assert (found.ok, "ACCORD_MAIL_TEMPLATES" in found.found) == (False, True)


def test_an_agreement_that_cannot_be_read_is_not_said_twice(mails):
    assert mails("cadence:", "cadense:").ok


def test_the_folder_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ACCORD_MAIL_TEMPLATES", str(tmp_path))
    assert Settings(_env_file=None).mail_templates == tmp_path
