"""A rep leaves: his open leads find another owner, at once, together, and nobody is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.ledger import tables
from accord.ledger.routing_rows import read_loads
from accord.services.audit import run_audit
from accord.services.handoff import HandoffResult
from accord.services.sweep import run_sweep
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

LATER = MONDAY + HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


def handed_to(world: World, rep_id: str, *leads: str, **attributes) -> None:
    """Hand leads to a rep who is alone in his team."""
    world.reps(rep_id, per_week=1000, per_month=1000)
    world.mqls(*leads, **attributes)
    world.run()


def owners(world: World, lead_id: str = "l1") -> list[tuple[str, str]]:
    key = world.handoff(lead_id)["handoff_id"]
    rows = [row for row in world.rows("handoff_owner") if row["handoff_id"] == key]
    return [(row["rep_id"], row["why"]) for row in sorted(rows, key=lambda row: row["since"])]


def keys(world: World) -> list[str]:
    rows = sorted(world.rows("outbox"), key=lambda row: row["outbox_id"])
    return [row["key"].split(":", 2)[2] for row in rows if row["kind"] == "handoff"]


def broken_laws(world: World, at) -> list[str]:
    """The world makes scores up, so the law about them (L3) is not asked."""
    return [one.rule for one in run_audit(world.workspace, as_of=at) if one.rule != "L3"]


def test_an_open_lead_of_a_rep_who_has_left_goes_to_another_with_a_full_term(world):
    handed_to(world, "r1", "l1")
    world.reps("r1", left_at=LATER)
    world.reps("r2")
    assert world.run(LATER - timedelta(microseconds=1)) == HandoffResult()
    assert world.run(LATER) == HandoffResult(reassigned=1)

    row = world.handoff("l1")
    assert (row["rep_id"], row["team"], row["waits_for"]) == ("r2", "inbound", None)
    assert (row["assigned_at"], row["kept"], row["forced"]) == (MONDAY, False, False)
    assert owners(world) == [("r1", "assigned"), ("r2", "reassigned")]
    first = {
        (clock["owner_id"], clock["started_at"], clock["due_at"], clock["ended_by"])
        for clock in world.rows("clock")
        if clock["term"] == "first_touch"
    }
    assert first == {
        ("r1", MONDAY, MONDAY + 5 * MINUTE, "transferred"),
        ("r2", LATER, LATER + 5 * MINUTE, None),
    }
    assert keys(world) == ["r1", "r2"]
    payload = world.payloads()["l1"]
    assert (payload["rep_id"], payload["assigned_at"]) == ("r2", "2026-11-16T15:00:00Z")
    assert payload["due_at"]["first_touch"] == "2026-11-16T15:05:00Z"
    assert world.run(LATER + HOUR) == HandoffResult()
    assert broken_laws(world, LATER + HOUR) == []


def test_what_waits_to_be_said_to_who_left_is_withdrawn(world):
    handed_to(world, "r1", "l1")
    world.reps("r1", email="r1@us.example", left_at=LATER)
    world.reps("r2")
    run_sweep(world.workspace, as_of=LATER - MINUTE)
    world.run(LATER)
    told = [row for row in world.rows("outbox") if row["kind"] == "message"]
    assert {row["status"] for row in told} == {"withdrawn"}
    open_clocks = [clock for clock in world.rows("clock") if clock["ended_at"] is None]
    assert {clock["owner_id"] for clock in open_clocks if clock["side"] == "sales"} == {"r2"}


def test_only_what_is_open_is_taken_over(world):
    handed_to(world, "r1", "l1", "l2", "l3")
    world.decision("l1", "return", at=MONDAY + MINUTE)
    world.decision("l2", "defer", at=MONDAY + MINUTE, defer_until=MONDAY + 9 * DAY)
    world.reps("r1", left_at=LATER)
    world.reps("r2")
    assert world.run(LATER).reassigned == 1
    assert [world.handoff(name)["rep_id"] for name in ("l1", "l2", "l3")] == ["r1", "r1", "r2"]


def test_all_leads_of_a_company_go_to_one_and_the_others_by_turns(world):
    handed_to(world, "r1", "a1", "a2", "a3", "a4", domain="acme.example")
    world.mqls("b1", "b2", "b3", "b4", at=MONDAY + MINUTE)
    world.run(MONDAY + MINUTE)
    world.reps("r1", left_at=LATER)
    world.reps("r2", "r3")
    assert world.run(LATER).reassigned == 8
    assert len({world.handoff(f"a{number}")["rep_id"] for number in range(1, 5)}) == 1
    singles = [world.handoff(f"b{number}")["rep_id"] for number in range(1, 5)]
    assert sorted(singles) == ["r2", "r2", "r3", "r3"]  # of the company's leads one was a turn


def test_a_company_that_a_colleague_has_in_hand_too_goes_to_the_colleague(world):
    handed_to(world, "r1", "l1", domain="acme.example")
    world.reps("r1", absences="2026-11-16T14:30:00Z/2026-11-20T00:00:00Z")
    world.reps("r2", "r3")
    world.mqls("l2", domain="acme.example", hot=True, at=LATER)
    world.run(LATER)
    stand_in = world.handoff("l2")["rep_id"]
    world.reps("r1", left_at=LATER + HOUR)
    world.run(LATER + HOUR)
    assert world.handoff("l1")["rep_id"] == stand_in


def test_taken_over_leads_are_not_levelled_but_count_when_they_were_taken_over(world):
    handed_to(world, "r1", *(f"l{number}" for number in range(4)))
    tuesday = MONDAY + DAY
    world.reps("r1", left_at=tuesday)
    world.reps("r2", per_week=8)
    world.mqls(*(f"new{number}" for number in range(5)), at=tuesday)
    result = world.run(tuesday)
    # Two of eight a day are his share; the four he takes over are more than that already.
    assert (result.reassigned, result.assigned, result.queued) == (4, 0, 5)
    with world.ledger.read() as connection:
        loads = read_loads(connection, week=MONDAY - DAY, month=MONDAY - 9 * DAY, day=tuesday)
    assert loads == {"r1": (4, 4, 0), "r2": (4, 4, 4)}


def test_over_capacity_they_go_to_the_least_loaded(world):
    handed_to(world, "r1", "l1", "l2", "l3")
    world.reps("r1", left_at=LATER)
    world.reps("r2", per_week=1)
    world.reps("r3", per_week=0)
    world.reps("r4", per_week=30, weight=0)
    assert world.run(LATER).reassigned == 3
    assert {row["rep_id"] for row in world.rows("handoff")} == {"r2"}


def test_what_nobody_can_take_over_keeps_its_rep_waits_visibly_and_is_found_each_run(world):
    handed_to(world, "r1", "l1")
    world.reps("r1", left_at=LATER)
    for at in (LATER, LATER + HOUR):
        result = world.run(at)
        assert (result.reassigned, result.queued) == (0, 1)
        (finding,) = result.findings
        assert finding.rule == "routing.no_rep"
        assert "1 lead of a rep who has left waits" in finding.sentence
    row = world.handoff("l1")
    assert (row["rep_id"], row["waits_for"]) == ("r1", "no rep in team inbound")
    assert broken_laws(world, LATER + HOUR) == []

    world.reps("r2", absences="2026-11-16T00:00:00Z/2026-11-17T00:00:00Z")
    assert [one.rule for one in world.run(LATER + HOUR).findings] == ["routing.all_away"]
    assert world.run(MONDAY + DAY) == HandoffResult(reassigned=1)
    assert world.handoff("l1")["waits_for"] is None


def test_a_rep_who_did_not_leave_after_all_keeps_his_leads(world):
    handed_to(world, "r1", "l1")
    world.reps("r1", left_at=LATER)
    world.run(LATER)
    world.reps("r1", left_at=None)
    world.mqls("l2", at=LATER + HOUR)
    world.run(LATER + HOUR)
    assert owners(world) == [("r1", "assigned")]
    assert world.handoff("l1")["waits_for"] is None


def test_a_lead_that_comes_back_to_a_rep_is_told_to_the_crm_again(world):
    handed_to(world, "r1", "l1")
    world.reps("r1", left_at=LATER)
    world.reps("r2")
    world.run(LATER)
    world.reps("r1", left_at=None)
    world.reps("r2", left_at=LATER + HOUR)
    world.run(LATER + HOUR)
    assert keys(world) == ["r1", "r2", "r1#2"]
    assert owners(world) == [("r1", "assigned"), ("r2", "reassigned"), ("r1", "reassigned")]
    running = {c["owner_id"] for c in world.rows("clock") if c["ended_at"] is None}
    assert running == {"r1"}


def test_an_executive_who_leaves_is_followed_by_an_executive(world):
    world.reps("x1", role="ae", team="closers")
    handed_to(world, "r1", "l1")
    world.decision("l1", "convert", at=MONDAY + MINUTE)
    world.run(LATER)
    world.reps("x1", role="ae", team="closers", left_at=LATER + HOUR)
    world.reps("x2", role="ae", team="closers")
    assert world.run(LATER + HOUR) == HandoffResult(reassigned=1)
    assert world.handoff("l1", stage="sql")["rep_id"] == "x2"
    assert world.payloads()["l1"]["rep_id"] == "x2"


@pytest.mark.parametrize("gone", ["role", "record"])
def test_a_rep_of_another_role_now_or_without_a_record_has_left_his_leads(world, gone):
    handed_to(world, "r1", "l1")
    world.reps("r2")
    if gone == "role":
        world.reps("r1", role="ae", team="closers")
    else:
        with world.ledger.begin() as connection:
            connection.execute(tables.rep.delete().where(tables.rep.c.rep_id == "r1"))
    assert world.run(LATER) == HandoffResult(reassigned=1)
    assert owners(world)[-1] == ("r2", "reassigned")


@pytest.mark.parametrize("terms", [{"team": "emea"}, {"team": "unheard of"}, {"team": None}])
def test_who_moved_to_another_team_of_his_role_or_none_known_keeps_what_he_has(world, terms):
    handed_to(world, "r1", "l1")
    world.reps("r2")
    world.reps("r1", **terms)
    assert world.run(LATER) == HandoffResult()


def test_a_lead_that_a_person_gave_to_an_executive_in_the_crm_stays_there(world):
    handed_to(world, "r1", "l1")
    world.reps("x1", role="ae", team="closers")
    with world.ledger.begin() as connection:
        connection.execute(update(tables.handoff).values(rep_id="x1", team="closers"))
        row = {"since": MONDAY + MINUTE, "rep_id": "x1", "team": "closers", "why": "crm"}
        row |= {"handoff_id": world.handoff("l1")["handoff_id"]}
        connection.execute(tables.handoff_owner.insert(), [row])
    assert world.run(LATER) == HandoffResult()
    world.reps("x1", role="ae", team="closers", left_at=LATER)
    assert world.run(LATER) == HandoffResult(reassigned=1)
    assert world.handoff("l1")["rep_id"] == "r1"


def test_nothing_is_taken_over_in_a_dry_run_or_under_an_unsigned_agreement(world, workspace):
    handed_to(world, "r1", "l1")
    world.reps("r1", left_at=LATER)
    world.reps("r2")
    assert world.run(LATER, dry_run=True) == HandoffResult(reassigned=1)
    path = workspace.settings.agreement
    text = path.read_text(encoding="utf-8").replace("hold_at_most: 5d", "hold_at_most: 6d")
    path.write_text(text, encoding="utf-8")
    result = world.run(LATER)
    assert (result.reassigned, result.withheld) == (0, 1)
    assert owners(world) == [("r1", "assigned")]


def test_what_a_source_saw_handed_over_is_left_as_it_is(world):
    world.reps("r1", left_at=LATER)
    world.leads("l1", stage="mql", stage_at=MONDAY - HOUR)
    world.reps("r2")
    assert world.run(LATER) == HandoffResult()
