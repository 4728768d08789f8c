"""The history of one lead: who moved it, when, why; and what was known of it then."""

from __future__ import annotations

import pytest

from accord.errors import InputError
from accord.services.history import read_lead_history
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import Ways


@pytest.fixture
def world(workspace) -> Ways:
    made = Ways(workspace)
    made.reps("r1")
    made.mqls("l1")
    made.state_of_source("l1", None, at=None, known=MONDAY - DAY)
    made.run()
    return made


def told(world: Ways, at, *, known=None):
    return read_lead_history(world.workspace, "l1", as_of=at, known_at=known).as_dict()


def test_every_move_says_when_when_learnt_who_why_and_under_which_agreement(world):
    world.say("l1", "accept", at=MONDAY + HOUR, known=MONDAY + 2 * HOUR, rep="r1", key="d1")
    found = told(world, MONDAY + DAY)
    entry, accepted = found["moves"][-2:]
    assert (entry["to"], entry["owner"], entry["cause"]) == ("mql", "marketing", "score")
    assert (entry["agreement"], entry["origin"]) == ("2026.4", "decided")
    assert accepted == {
        "at": "2026-11-16T15:00:00Z",
        "known_at": "2026-11-16T16:00:00Z",
        "from": "mql",
        "to": "sal",
        "step": None,
        "cycle": 1,
        "owner": "sales",
        "origin": "observed",
        "inferred": False,
        "cause": "decision:d1",
        "by": "r1",
        "reason": None,
        "programme": None,
        "until": None,
        "agreement": None,
        "retracted_at": None,
    }
    assert (found["stage"], found["since"], found["cycle"]) == ("sal", "2026-11-16T15:00:00Z", 1)


def test_time_in_stages_is_told_in_hours_half_up(world):
    at = MONDAY + HOUR
    world.say("l1", "accept", at=at)
    found = {row["stage"]: row for row in told(world, at + HOUR * 0.25)["stages"]}
    assert (found["mql"]["hours"], found["mql"]["entries"]) == ("1.0", 1)
    assert found["sal"]["hours"] == "0.3"
    assert found["new_name"]["hours"] == "24.0"


def test_passes_say_how_they_ended_why_and_who_decided(world):
    world.say("l1", "return", at=MONDAY + HOUR, reason="not_ready", rep="r1")
    (first,) = told(world, MONDAY + DAY)["passes"]
    assert (first["outcome"], first["reason"], first["by"]) == ("returned", "not_ready", "r1")
    assert first["furthest"] == "mql"


def test_a_decision_without_a_reason_is_told_as_such(world):
    world.say("l1", "disqualify", at=MONDAY + HOUR)
    assert told(world, MONDAY + DAY)["passes"][0]["reason"] == "no reason given"


def test_hand_offs_are_told_with_all_their_owners(world):
    world.reps("r2")
    world.report("l1", "r2", at=MONDAY + HOUR)
    (handoff,) = told(world, MONDAY + DAY)["handoffs"]
    assert [(one["rep_id"], one["why"]) for one in handoff["owners"]] == [
        ("r1", "assigned"),
        ("r2", "crm"),
    ]
    (before,) = told(world, MONDAY + HOUR / 2)["handoffs"]
    assert [one["rep_id"] for one in before["owners"]] == ["r1"]


def test_what_was_known_then_and_what_was_taken_back_since(world):
    late = MONDAY + 2 * DAY
    world.say("l1", "accept", at=MONDAY + 2 * HOUR)
    world.say("l1", "disqualify", at=MONDAY + HOUR, known=late)
    then = told(world, late, known=late - HOUR)
    assert then["stage"] == "sal"
    assert all(move["retracted_at"] is None for move in then["moves"])
    now = told(world, late)
    assert now["stage"] == "sal"
    assert [move["to"] for move in now["moves"] if move["retracted_at"]] == ["sal"]
    stood = [move["to"] for move in now["moves"] if not move["retracted_at"]]
    assert stood[-4:] == ["mql", "disqualified", "mql", "sal"]
    assert told(world, MONDAY + HOUR, known=late)["stage"] == "disqualified"


def test_deal_steps_are_told(world):
    at = MONDAY + HOUR
    world.deal("l1", "opportunity", opened_at=at, known=at)
    world.deal(
        "l1", "opportunity", opened_at=at, step="proposal", stage_at=at + DAY, known=at + DAY
    )
    found = told(world, MONDAY + 9 * DAY)
    assert found["deal_steps"] == [{"cycle": 1, "step": "proposal", "at": "2026-11-17T15:00:00Z"}]
    assert (found["stage"], found["step"]) == ("opportunity", "proposal")


def test_a_lead_that_nobody_knows_is_refused(world):
    with pytest.raises(InputError, match="no lead of this id"):
        read_lead_history(world.workspace, "l9", as_of=MONDAY)
