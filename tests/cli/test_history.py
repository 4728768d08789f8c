"""The command that tells one lead's history."""

from __future__ import annotations

import json

import pytest

from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import Ways


@pytest.fixture
def world(folder):
    workspace = Workspace.open(Settings())
    made = Ways(workspace)
    made.reps("r1")
    made.mqls("l1", name="Ada Lovelace", email="ada@acme.example")
    made.state_of_source("l1", None, at=None, known=MONDAY - DAY)
    made.run()
    made.say("l1", "accept", at=MONDAY + 2 * HOUR, rep="r1", key="d1")
    made.say("l1", "defer", at=MONDAY + HOUR, until=MONDAY + 9 * DAY, known=MONDAY + DAY)
    yield made
    workspace.close()


def test_a_history_is_told_as_a_page_without_a_word_of_the_person(world, accord):
    code, out, err = accord("history", "l1", "--as-of", (MONDAY + DAY).isoformat())
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "l1, at 2026-11-17T14:00:00Z as known at 2026-11-17T14:00:00Z"
    assert lines[1] == "stands    sal, since 2026-11-16T16:00:00Z, cycle 1"
    assert "Passes through sales:" in lines
    assert "Steps of deals: none" in lines
    moves = [line.split("\t") for line in lines if "decision:d1" in line]
    assert ["taken back" in line[-1] for line in moves] == [True, False]
    assert any("r1 since 2026-11-16T14:00:00Z" in line for line in lines)
    assert "Ada" not in out


def test_what_was_known_before_is_told_as_json(world, accord):
    asked = ("--as-of", (MONDAY + DAY).isoformat(), "--known-at", (MONDAY + HOUR * 3).isoformat())
    code, out, _ = accord("history", "l1", *asked, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["stage"] == "sal"
    assert [move["to"] for move in found["moves"]][-2:] == ["mql", "sal"]
    assert all(move["retracted_at"] is None for move in found["moves"])


def test_a_lead_that_nobody_knows_is_a_wrong_input(world, accord):
    code, _, err = accord("history", "l9")
    assert code == 2
    assert "no lead of this id is known" in err
