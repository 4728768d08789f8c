"""The ways back from sales, and late facts, through the stages and on real stores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.records import Stage
from accord.services.handoff import HandoffResult
from tests.services.handoff_world import DAY, HOUR, MONDAY
from tests.services.ways_world import MINUTE, Ways


@pytest.fixture
def world(workspace) -> Ways:
    made = Ways(workspace)
    made.reps("r1")
    made.mqls("l1")
    return made


def handed(world: Ways) -> Ways:
    world.run()
    return world


def test_a_returned_lead_comes_again_and_every_pass_is_kept(world):
    handed(world)
    at = MONDAY
    for cycle in (1, 2):
        returned = at + HOUR
        world.say("l1", "return", at=returned, reason="not_ready", rep="r1")
        nurture = [c for c in world.rows("clock") if c["term"] == "nurture"]
        assert [c["started_at"] for c in nurture if c["cycle"] == cycle] == [returned]
        world.activity("l1", "webinar_attended", at=returned + DAY)
        at = returned + 30 * DAY
        world.score("l1", crossed=None, at=at)
        assert world.run(at).decided == 1
    assert world.ends("l1") == [
        (1, "mql", "decided", "returned"),
        (2, "mql", "decided", "returned"),
        (3, "mql", "decided", None),
    ]
    assert world.left_behind() == []


def test_an_executive_who_finds_no_opportunity_sends_the_lead_to_marketing(world):
    handed(world)
    world.reps("x1", role="ae", team="closers")
    world.say("l1", "convert", at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    world.say("l1", "return", at=MONDAY + 2 * DAY, reason="no_budget")
    assert world.handoff("l1", stage="sql")["outcome"] == "returned"
    assert world.state("l1").programme == "returned"
    clocks = {c["owner_id"]: c for c in world.rows("clock") if c["term"] == "opportunity"}
    assert clocks["x1"]["ended_by"] == "met"


@pytest.mark.parametrize("way", ["cold", "lost"])
def test_an_opportunity_that_goes_cold_or_is_lost_goes_to_the_programme_lost(world, way):
    handed(world)
    opened, over = MONDAY + 2 * HOUR, MONDAY + 20 * DAY
    world.say("l1", "convert", at=MONDAY + HOUR)
    world.deal("l1", "opportunity", opened_at=opened, known=opened)
    if way == "cold":
        world.say("l1", "return", at=over, reason="went_cold")
    else:
        terms = {"opened_at": opened, "closed_at": over, "reason": "price", "known": over}
        world.deal("l1", "lost", **terms)
    state = world.state("l1")
    assert (state.stage, state.programme, state.returned_at) == (Stage.NURTURE, "lost", over)


def test_what_waits_for_the_crm_is_withdrawn_when_sales_has_decided_and_waits_again_if_not(world):
    handed(world)
    world.say("l1", "disqualify", at=MONDAY + HOUR, key="d1", reason="spam")
    assert world.told("l1") == ["withdrawn"]
    assert "ended" in world.rows("outbox")[0]["error"]
    world.unsay("d1", "l1", known=MONDAY + 2 * HOUR)
    assert world.told("l1") == ["waiting"]
    assert world.ends("l1") == [(1, "mql", "decided", None)]
    assert world.left_behind() == []


@pytest.mark.parametrize(
    "values", [{"status": "sent"}, {"leased_by": "unknown outcome"}, {"status": "dead"}]
)
def test_what_may_have_gone_out_is_not_withdrawn(world, values):
    handed(world)
    world.mark("l1", **values)
    before = world.told("l1")
    world.say("l1", "disqualify", at=MONDAY + HOUR)
    assert world.told("l1") == before


@pytest.mark.parametrize("outcome", ["defer", "return", "disqualify"])
def test_a_lead_that_waits_in_the_queue_and_is_decided_on_is_never_assigned(workspace, outcome):
    world = Ways(workspace)
    world.mqls("l1")
    world.run()
    world.say("l1", outcome, at=MONDAY + HOUR)
    world.reps("r1")
    assert world.run(MONDAY + 2 * HOUR) == HandoffResult()
    assert world.handoff("l1")["assigned_at"] is None


def test_a_deferral_without_a_date_is_told_in_every_run_until_it_has_one(world):
    handed(world)
    result = world.say("l1", "defer", at=MONDAY + HOUR, key="d1")
    assert [f.rule for f in result.findings] == ["lifecycle.deferred_without_date"]
    assert "l1" in str(result.findings[0])
    assert world.run(MONDAY + 90 * DAY).woken == 0
    world.leads("other", at=MONDAY)
    assert len(world.learn("other", known=MONDAY + DAY).findings) == 1
    dated = {"at": MONDAY + HOUR, "known": MONDAY + 2 * DAY, "until": MONDAY + 9 * DAY}
    assert world.say("l1", "defer", key="d1", **dated).findings == ()
    assert world.run(MONDAY + 9 * DAY).woken == 1


def test_a_deferral_to_a_day_that_is_over_wakes_at_once_with_the_rep_it_had(world):
    handed(world)
    world.say("l1", "defer", at=MONDAY + DAY, until=MONDAY)
    assert world.run(MONDAY + DAY).woken == 1
    assert world.handoff("l1", cycle=2)["rep_id"] == "r1"


def test_a_second_deferral_moves_the_date(world):
    handed(world)
    world.say("l1", "defer", at=MONDAY + HOUR, until=MONDAY + 5 * DAY)
    world.say("l1", "defer", at=MONDAY + 2 * HOUR, until=MONDAY + 9 * DAY)
    assert world.run(MONDAY + 5 * DAY).woken == 0
    assert world.run(MONDAY + 9 * DAY).woken == 1


def test_a_lead_on_hold_that_sales_converts_goes_to_an_executive(world):
    handed(world)
    world.reps("x1", role="ae", team="closers")
    world.say("l1", "defer", at=MONDAY + HOUR, until=MONDAY + 9 * DAY)
    world.say("l1", "convert", at=MONDAY + 3 * DAY)
    assert world.run(MONDAY + 3 * DAY).to_sql == 1
    assert world.handoff("l1", stage="sql")["rep_id"] == "x1"
    assert world.run(MONDAY + 9 * DAY).woken == 0


def test_a_wake_that_a_late_return_would_have_prevented_ends_and_is_not_told(world):
    handed(world)
    world.sent("l1", at=MONDAY)
    until = MONDAY + 9 * DAY
    world.say("l1", "defer", at=MONDAY + HOUR, until=until)
    world.run(until)
    known = until + DAY
    world.say("l1", "return", at=MONDAY + 5 * DAY, known=known, reason="timing")
    state = world.state("l1")
    assert (state.stage, state.returned_at) == (Stage.NURTURE, MONDAY + 5 * DAY)
    assert world.handoff("l1", cycle=2)["outcome"] == "returned"
    assert world.told("l1") == ["sent", "withdrawn"]
    open_clocks = [c for c in world.rows("clock") if c["ended_at"] is None]
    assert {c["side"] for c in open_clocks} == {"marketing"}


@pytest.mark.parametrize("outcome", ["disqualify", "defer"])
def test_a_decision_before_our_own_that_was_learnt_after_it_ends_the_hand_off(world, outcome):
    handed(world)
    world.say("l1", outcome, at=MONDAY - HOUR, known=MONDAY + HOUR, until=MONDAY + 20 * DAY)
    row = world.handoff("l1")
    assert (row["outcome"], row["ended_at"]) == (
        {"disqualify": "disqualified", "defer": "deferred"}[outcome],
        MONDAY,
    )
    assert world.left_behind() == []
    assert world.run(MONDAY + 20 * DAY).woken == (outcome == "defer")


def test_a_deal_that_was_opened_before_our_hand_off_keeps_both_apart(world):
    handed(world)
    world.sent("l1", at=MONDAY)
    world.report("l1", "r9", at=MONDAY - 3 * HOUR, known=MONDAY + HOUR)
    opened = MONDAY - 2 * HOUR
    world.deal("l1", "opportunity", opened_at=opened, known=MONDAY + HOUR)
    assert world.ends("l1") == [
        (1, "mql", "observed", "converted"),
        (2, "mql", "decided", "converted"),
    ]
    assert world.state("l1").stage is Stage.OPPORTUNITY
    assert world.told("l1") == ["sent"]
    assert world.left_behind() == []
    assert world.learn("l1", known=MONDAY + 2 * HOUR).moves == 0
    assert len({row["handoff_id"] for row in world.rows("handoff")}) == 2


def test_a_report_before_ours_that_is_taken_back_gives_our_hand_off_its_number_again(world):
    handed(world)
    world.report("l1", "r9", at=MONDAY - 3 * HOUR, known=MONDAY + HOUR, key="h1")
    assert [end[0] for end in world.ends("l1")] == [1, 2]
    before = world.handoff("l1", cycle=2)["handoff_id"]
    world.report("l1", "r1", at=MONDAY + MINUTE, known=MONDAY + 2 * HOUR, key="h1")
    assert world.ends("l1") == [(1, "mql", "decided", None)]
    assert world.handoff("l1")["handoff_id"] == before
    assert world.left_behind() == []
    # and the next pass, whose number ours had before, has a key of its own
    world.say("l1", "return", at=MONDAY + DAY, reason="timing")
    world.activity("l1", "webinar_attended", at=MONDAY + 2 * DAY)
    at = MONDAY + 31 * DAY
    world.score("l1", crossed=None, at=at)
    assert world.run(at).assigned == 1
    assert world.handoff("l1", cycle=2)["handoff_id"] != before
    assert world.told("l1") == ["withdrawn", "waiting"]


def test_a_corrected_decision_is_derived_again_and_what_was_sent_stays_sent(world):
    handed(world)
    world.reps("x1", role="ae", team="closers")
    world.sent("l1", at=MONDAY)
    world.say("l1", "convert", at=MONDAY + HOUR, key="d1")
    world.run(MONDAY + HOUR)
    world.sent("l1", at=MONDAY + HOUR)
    known = {"at": MONDAY + HOUR, "known": MONDAY + DAY}
    world.say("l1", "return", key="d1", reason="no_budget", **known)
    assert world.state("l1").stage is Stage.NURTURE
    assert world.ends("l1") == [
        (1, "mql", "decided", "returned"),
        (1, "sql", "decided", "overtaken"),
    ]
    assert world.told("l1") == ["sent", "sent"]
    world.say("l1", "convert", key="d1", at=MONDAY + HOUR, known=MONDAY + 2 * DAY)
    assert world.ends("l1")[1] == (1, "sql", "decided", None)
    assert world.run(MONDAY + 2 * DAY) == HandoffResult()
    assert world.left_behind() == []


def test_our_own_entry_that_gave_way_to_a_fact_stands_again_when_that_is_taken_back(workspace):
    world = Ways(workspace)
    world.leads("l1")
    world.score("l1", crossed="target", qualifies=("engaged", "target"))
    world.learn("l1", known=MONDAY)
    assert world.state("l1").stage is Stage.TARGET
    world.say("l1", "disqualify", at=MONDAY - HOUR, known=MONDAY + HOUR, key="d1")
    assert world.state("l1").stage is Stage.DISQUALIFIED
    world.unsay("d1", "l1", known=MONDAY + 2 * HOUR)
    assert world.state("l1").stage is Stage.TARGET


def test_sales_may_keep_a_returned_leads_next_pass_short_of_the_agreed_rest(world):
    handed(world)
    world.say("l1", "return", at=MONDAY + HOUR)
    world.activity("l1", "webinar_attended", at=MONDAY + DAY)
    world.score("l1", at=MONDAY + HOUR + 30 * DAY - timedelta(seconds=1))
    assert world.run(MONDAY + HOUR + 30 * DAY - timedelta(seconds=1)).decided == 0
