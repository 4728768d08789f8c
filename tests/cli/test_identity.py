"""The commands for who is who."""

from __future__ import annotations

import json

import pytest

from accord.cli.app import run
from tests.services.identity_world import Story


@pytest.fixture
def story(workspace, monkeypatch):
    settings = workspace.settings
    monkeypatch.setenv("ACCORD_HOME", str(settings.home))
    monkeypatch.setenv("ACCORD_DATABASE_URL", settings.ledger_url)
    monkeypatch.setenv("ACCORD_AGREEMENT", str(settings.agreement))
    told = Story(workspace)
    told.leads(
        "crm",
        {"id": "1", "created": "2026-01-01", "email": "ann@acme.example", "name": "Ann Lee"},
        {"id": "2", "created": "2026-02-01", "email": "a.lee@acme.example", "name": "Lee, Ann"},
    )
    return told


def test_candidates_are_merged_undone_and_listed_by_hand_without_names(story, capsys):
    assert run(["identity", "candidates"]) == 0
    assert "crm:1\tcrm:2\t100.0\tsame domain" in capsys.readouterr().out
    assert run(["identity", "merge", "crm:1", "crm:2"]) == 0
    assert capsys.readouterr().out.startswith("crm:2 is part of crm:1, the older one;")
    assert story.merged() == {"crm:2": "crm:1"}
    assert run(["identity", "candidates", "--show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["identity", "undo", "crm:2"]) == 0
    assert capsys.readouterr().out.startswith("crm:2 is no longer part of crm:1 and stays apart;")
    assert run(["identity", "list", "--lead", "crm:2", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["into_lead_id"], row["why"], row["undone_at"] is None) == ("crm:1", "hand", False)
    assert run(["identity", "candidates"]) == 0
    assert "crm:2" not in capsys.readouterr().out


def test_names_are_shown_only_when_asked_for(story, capsys):
    run(["identity", "candidates"])
    assert "Ann" not in capsys.readouterr().out
    run(["identity", "candidates", "--show"])
    assert "Ann Lee\tLee, Ann" in capsys.readouterr().out


def test_a_wrong_lead_is_one_line_and_exit_code_two(story, capsys):
    assert run(["identity", "undo", "crm:1"]) == 2
    assert run(["identity", "merge", "crm:1", "crm:7"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert errors[1] == "accord: lead crm:7: no such lead"
