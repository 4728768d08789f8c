"""Back from the CRM: our own writings are recognised, and a person's edits win."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.outbox import handoff_key
from accord.records import Stage
from accord.services.echoes import read_our_writings
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import MINUTE, Ways


@pytest.fixture
def world(workspace) -> Ways:
    made = Ways(workspace)
    made.reps("r1")
    made.mqls("l1")
    made.run()
    made.reps("r2")
    return made


def test_a_hand_off_that_was_written_after_the_return_begins_no_new_pass(world):
    returned, written = MONDAY + HOUR, MONDAY + 2 * HOUR
    world.mark("l1", leased_by="unknown outcome")
    world.say("l1", "return", at=returned, reason="timing")
    world.sent("l1", at=written, written_at=written)
    world.state_of_source("l1", "mql", at=written + MINUTE, known=written + HOUR)
    world.report("l1", "r1", at=written + MINUTE, known=written + HOUR)
    assert world.state("l1").stage is Stage.NURTURE
    assert world.ends("l1") == [(1, "mql", "decided", "returned")]


@pytest.mark.parametrize("minutes", [16, 600])
def test_a_person_who_takes_the_lead_back_to_mql_later_begins_a_pass(world, minutes):
    world.sent("l1", at=MONDAY, written_at=MONDAY)
    world.say("l1", "return", at=MONDAY + MINUTE, reason="timing")
    at = MONDAY + minutes * MINUTE
    world.state_of_source("l1", "mql", at=at, known=at)
    assert world.ends("l1")[1:] == [(2, "mql", "observed", None)]


def test_an_unsent_hand_off_has_no_echo(world):
    world.say("l1", "return", at=MONDAY + MINUTE, reason="timing")
    at = MONDAY + 5 * MINUTE
    world.state_of_source("l1", "mql", at=at, known=at)
    assert world.state("l1").stage is Stage.MQL


def test_a_stage_without_a_time_that_we_wrote_ourselves_is_not_placed_at_the_leads_creation(world):
    world.sent("l1", at=MONDAY, written_at=MONDAY)
    world.state_of_source("l1", "mql", at=None, known=MONDAY + HOUR)
    assert world.ends("l1") == [(1, "mql", "decided", None)]
    assert world.state("l1").cycle == 1


def test_another_owner_in_the_crm_is_the_owner_from_when_it_happened(world):
    world.sent("l1", at=MONDAY, written_at=MONDAY)
    at = MONDAY + 5 * MINUTE
    result = world.report("l1", "r2", at=at, known=MONDAY + HOUR)
    assert result.owners == 1
    assert world.owners("l1") == [("r1", MONDAY), ("r2", at)]
    row = world.handoff("l1")
    assert (row["rep_id"], row["team"], row["outcome"]) == ("r2", "inbound", None)
    assert [o["why"] for o in world.rows("handoff_owner")] == ["assigned", "crm"]
    first = {c["owner_id"]: c for c in world.rows("clock") if c["term"] == "first_touch"}
    assert (first["r1"]["ended_by"], first["r1"]["ended_at"]) == ("transferred", at)
    assert first["r2"]["started_at"] == at
    assert world.told("l1") == ["sent"]
    assert world.learn("l1", known=MONDAY + DAY).owners == 0
    assert world.left_behind() == []


def test_owners_that_are_told_late_are_placed_where_they_belong(world):
    world.reps("r3")
    late, early = MONDAY + 3 * HOUR, MONDAY + 2 * HOUR
    world.report("l1", "r3", at=late)
    world.report("l1", "r2", at=early, known=late + HOUR)
    assert world.owners("l1") == [("r1", MONDAY), ("r2", early), ("r3", late)]
    assert world.handoff("l1")["rep_id"] == "r3"


def test_an_owner_before_our_assignment_or_after_the_end_changes_nothing(world):
    world.report("l1", "r2", at=MONDAY - MINUTE, known=MONDAY + HOUR, key="h1")
    world.say("l1", "disqualify", at=MONDAY + 2 * HOUR)
    world.report("l1", "r2", at=MONDAY + 3 * HOUR, stage="mql", key="h2")
    decided = [h for h in world.rows("handoff") if h["origin"] == "decided"]
    assert [h["rep_id"] for h in decided] == ["r1"]


def test_an_owner_whom_nobody_knows_is_found_and_the_owner_stays_until_the_rep_is_known(world):
    result = world.report("l1", "stranger", at=MONDAY + HOUR)
    assert [f.rule for f in result.findings] == ["lifecycle.unknown_owner"]
    assert world.handoff("l1")["rep_id"] == "r1"
    world.reps("stranger")
    assert world.learn("l1", known=MONDAY + DAY).owners == 1
    assert world.owners("l1")[-1] == ("stranger", MONDAY + HOUR)


def test_a_corrected_report_replaces_its_owner(world):
    world.reps("r3")
    at = MONDAY + HOUR
    world.report("l1", "r2", at=at, key="h1")
    world.report("l1", "r3", at=at, key="h1", known=at + HOUR)
    assert world.owners("l1") == [("r1", MONDAY), ("r3", at)]
    assert world.handoff("l1")["rep_id"] == "r3"


def test_a_lead_that_waits_is_taken_by_the_rep_who_has_it_in_the_crm(workspace):
    world = Ways(workspace)
    world.mqls("l1", country="DE")
    world.run()
    world.reps("r1", team="inbound")
    world.reps("m1", role="marketing", team="demand_generation")
    at = MONDAY + HOUR
    world.report("l1", "m1", at=at)
    assert world.handoff("l1")["assigned_at"] is None
    world.report("l1", "r1", at=at + MINUTE)
    row = world.handoff("l1")
    assert (row["rep_id"], row["assigned_at"], row["waits_for"]) == ("r1", at + MINUTE, None)
    assert world.left_behind() == []
    assert world.run(at + HOUR).assigned == 0


def test_who_converts_and_names_an_executive_in_the_crm_is_followed(world):
    world.reps("x1", "x2", role="ae", team="closers")
    at = MONDAY + HOUR
    world.say("l1", "convert", at=at)
    world.report("l1", "x2", at=at, known=at)
    assert world.run(at + MINUTE).to_sql == 0
    row = world.handoff("l1", stage="sql")
    assert (row["rep_id"], row["assigned_at"], row["origin"]) == ("x2", at, "decided")
    assert world.handoff("l1")["rep_id"] == "r1"
    assert world.left_behind() == []


def test_a_task_that_we_made_is_no_touch_and_a_reps_call_is(world):
    world.sent("l1", at=MONDAY, remote={"contact": "501", "task": "77"})
    world.touch("hub:77", "l1", "r1", at=MONDAY + MINUTE)
    clock = next(c for c in world.rows("clock") if c["term"] == "first_touch")
    assert clock["ended_at"] is None
    world.touch("hub:501", "l1", "r1", at=MONDAY + 2 * MINUTE)
    clock = next(c for c in world.rows("clock") if c["term"] == "first_touch")
    assert (clock["ended_by"], clock["ended_at"]) == ("met", MONDAY + 2 * MINUTE)
    assert {t["touch_id"]: t["automatic"] for t in world.rows("touch")}["hub:77"] is True


def test_writings_are_read_back_from_the_keys_of_the_outbox(world):
    world.sent("l1", at=MONDAY, written_at=MONDAY + timedelta(seconds=3))
    key = world.handoff("l1")["handoff_id"]
    assert world.rows("outbox")[0]["key"] == handoff_key(key, "r1")
    with world.ledger.begin() as connection:
        found = read_our_writings(connection, ["l1"], {})
    (writing,) = found["l1"]
    assert (writing.stage, writing.rep_id, writing.begun_at) == (Stage.MQL, "r1", MONDAY)
    assert writing.written_at == MONDAY + timedelta(seconds=3)
