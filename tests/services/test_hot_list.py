"""The shared list of hot leads, on SQLite and PostgreSQL: who has them, and who comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.ledger import insert_rows, tables
from accord.records import Stage
from accord.services.handoff import run_handoff
from accord.services.hot_list import read_hot
from accord.services.hot_values import HotLead, Need, rank
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


def hot(world: World, *names: str, at=MONDAY, **attributes) -> None:
    world.mqls(*names, at=at, hot=True, **attributes)


def listed(world: World, at=MONDAY + MINUTE, **terms):
    return {lead.lead_id: lead for lead in read_hot(world.workspace, as_of=at, **terms).leads}


def touch(world: World, lead_id: str, rep_id: str, at, *, automatic: bool = False) -> None:
    row = {
        "touch_id": f"t:{lead_id}:{rep_id}:{at}",
        "lead_id": lead_id,
        "rep_id": rep_id,
        "channel": "call",
        "touched_at": at,
        "automatic": automatic,
        "known_at": at,
        "row_hash": "x",
    }
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.touch, [row])
    world.place(lead_id, at=at)


def test_a_hot_lead_says_who_has_it_since_when_and_when_the_first_touch_is_due(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    found = read_hot(world.workspace, as_of=MONDAY + 5 * MINUTE)
    (lead,) = found.leads
    assert (lead.need, lead.owner, lead.team) == (Need.CALL, "r1", "inbound")
    assert (lead.stage, lead.stage_since, lead.owner_since) == (Stage.MQL, MONDAY, MONDAY)
    assert (lead.hot_since, lead.touched_at) == (MONDAY, None)
    assert (lead.term, lead.due_at) == ("first_touch", MONDAY + 5 * MINUTE)
    assert not lead.late
    assert found.is_well


def test_a_first_touch_is_late_just_after_its_due_time(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    found = read_hot(world.workspace, as_of=MONDAY + 5 * MINUTE + timedelta(microseconds=1))
    assert (found.leads[0].late, found.late, found.is_well) == (True, 1, False)


def test_a_lead_that_is_not_hot_is_not_in_the_list(world):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    assert listed(world) == {}


def test_a_lead_that_was_handed_over_hot_stays_in_the_list_when_it_cools(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    world.score("l1", crossed=None, at=MONDAY + DAY, intent=500)
    lead = listed(world, MONDAY + DAY)["l1"]
    assert (lead.hot_since, lead.need, lead.owner) == (None, Need.CALL, "r1")
    world.decision("l1", "disqualify", at=MONDAY + DAY, reason="spam")
    assert listed(world, MONDAY + DAY) == {}


def test_only_a_genuine_touch_of_the_owner_counts(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    touch(world, "l1", "r2", MONDAY + MINUTE)
    touch(world, "l1", "r1", MONDAY + MINUTE, automatic=True)
    touch(world, "l1", "r1", MONDAY - MINUTE)
    assert listed(world, MONDAY + HOUR)["l1"].need is Need.CALL
    touch(world, "l1", "r1", MONDAY + 3 * MINUTE)
    assert listed(world, MONDAY + 2 * MINUTE)["l1"].need is Need.CALL
    world.run(MONDAY + 4 * MINUTE)
    lead = listed(world, MONDAY + 4 * MINUTE)["l1"]
    assert (lead.need, lead.touched_at) == (Need.DECIDE, MONDAY + 3 * MINUTE)


def test_one_that_nobody_can_take_stands_on_top_with_its_reason(world):
    world.reps("r1")
    hot(world, "l1")
    hot(world, "l2", country="DE")
    world.run()
    found = read_hot(world.workspace, as_of=MONDAY + MINUTE)
    assert [lead.lead_id for lead in found.leads] == ["l2", "l1"]
    assert found.leads[0].need is Need.WAITS
    assert found.leads[0].why == "no rep in team emea"
    assert found.leads[0].owner is None
    assert (found.counts[Need.WAITS], found.counts[Need.CALL], found.is_well) == (1, 1, False)


def test_one_whose_rep_has_left_waits_for_another(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    world.reps("r1", left_at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    lead = listed(world, MONDAY + 2 * HOUR)["l1"]
    assert (lead.need, lead.owner, lead.why) == (Need.WAITS, "r1", "no rep in team inbound")


def test_one_whose_crossing_was_just_seen_waits_for_the_next_run(world):
    hot(world, "l1")
    assert listed(world)["l1"].why == "the next run of the hand-off"


def test_one_under_an_unsigned_agreement_waits_for_the_signatures(world, workspace):
    path = workspace.settings.agreement
    text = path.read_text(encoding="utf-8").replace('version: "2026.4"', 'version: "2026.5"')
    unsigned = text.replace("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", "")
    path.write_text(unsigned, encoding="utf-8")
    workspace.agreement(MONDAY)
    hot(world, "l1")
    assert listed(world)["l1"].why == "the signatures under the agreement"


def test_what_sales_sent_back_or_put_off_comes_last_and_says_until_when(world):
    world.reps("r1")
    hot(world, "l1", "l2", "l3")
    world.run()
    world.decision("l1", "return", at=MONDAY + HOUR, reason="not_ready")
    until = MONDAY + 10 * DAY
    world.decision("l2", "defer", at=MONDAY + HOUR, reason="busy", defer_until=until)
    found = read_hot(world.workspace, as_of=MONDAY + 2 * HOUR)
    assert [lead.lead_id for lead in found.leads] == ["l3", "l1", "l2"]
    _, returned, deferred = found.leads
    assert returned.need is deferred.need is Need.LATER
    assert returned.why == (
        "came back on 2026-11-16, may be handed over from 2026-12-16 and by a new activity"
    )
    assert deferred.why == "sales put it off until 2026-11-26"
    late = listed(world, until)["l2"]
    assert (late.need, late.why) == (Need.WAITS, "the next run of the hand-off")


def sent_back(world: World) -> None:
    """Make a hot lead that sales has sent back an hour after the hand-over."""
    world.reps("r1")
    hot(world, "l1")
    world.run()
    world.decision("l1", "return", at=MONDAY + HOUR, reason="not_ready")


def still_hot(world: World, at: datetime) -> None:
    holds = ("engaged", "target", "mql", "hot")
    world.score("l1", qualifies=holds, crossed=None, at=at, intent=600)


RESTED = MONDAY + HOUR + 30 * DAY


def test_one_that_may_come_again_waits_for_the_run_that_hands_it_over(world):
    sent_back(world)
    world.activity("l1", "demo_requested", at=MONDAY + 20 * DAY)
    early = RESTED - timedelta(microseconds=1)
    still_hot(world, early)
    assert listed(world, early)["l1"].need is Need.LATER
    assert world.run(early, dry_run=True).decided == 0
    still_hot(world, RESTED)
    lead = listed(world, RESTED)["l1"]
    assert (lead.need, lead.why) == (Need.WAITS, "the next run of the hand-off")
    assert world.run(RESTED).decided == 1
    assert listed(world, RESTED)["l1"].need is Need.CALL


def test_one_that_has_rested_since_it_was_scored_waits_for_the_next_scoring(world):
    sent_back(world)
    world.activity("l1", "demo_requested", at=MONDAY + 20 * DAY)
    still_hot(world, RESTED - HOUR)
    lead = listed(world, RESTED)["l1"]
    assert (lead.need, lead.why) == (
        Need.WAITS,
        "the next nightly scoring, which sees that it may come again",
    )
    assert world.run(RESTED).decided == 0


def test_one_that_has_rested_and_done_nothing_new_comes_later(world):
    sent_back(world)
    world.activity("l1", "demo_requested", at=MONDAY + HOUR)  # at the return, not after it
    still_hot(world, RESTED)
    lead = listed(world, RESTED)["l1"]
    assert (lead.need, lead.why) == (
        Need.LATER,
        "came back on 2026-11-16, may be handed over by a new activity",
    )
    assert world.run(RESTED).decided == 0


def test_one_that_may_come_again_waits_first_for_the_signatures(world, workspace):
    sent_back(world)
    world.activity("l1", "demo_requested", at=MONDAY + 20 * DAY)
    still_hot(world, RESTED)
    change_agreement(
        workspace,
        ('version: "2026.4"', 'version: "2026.5"'),
        ("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""),
    )
    assert listed(world, RESTED)["l1"].why == "the signatures under the agreement"
    assert listed(world, RESTED)["l1"].need is Need.WAITS


def change_agreement(workspace, *changes: tuple[str, str]) -> None:
    path = workspace.settings.agreement
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_days_are_those_of_the_agreements_zone(world, workspace):
    change_agreement(
        workspace,
        ("timezone: America/New_York   ", "timezone: Asia/Tokyo   "),
        ('version: "2026.4"', 'version: "2026.6"'),
    )
    world.reps("r1")
    hot(world, "l1", "l2")
    world.run()
    new_year = datetime(2026, 12, 31, 15, tzinfo=UTC)  # midnight in Tokyo
    world.decision("l1", "defer", at=MONDAY + HOUR, reason="busy", defer_until=new_year)
    world.decision("l2", "return", at=MONDAY + 2 * HOUR, reason="not_ready")  # 01:00 on Tuesday
    found = listed(world, MONDAY + DAY)
    assert found["l1"].why == "sales put it off until 2027-01-01"
    assert found["l2"].why.startswith("came back on 2026-11-17, may be handed over from 2026-12-17")


def test_until_an_executive_is_there_a_converted_lead_stays_with_its_rep(world):
    world.reps("r1")
    hot(world, "l1")
    world.run()
    world.decision("l1", "convert", at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    lead = listed(world, MONDAY + 2 * HOUR)["l1"]
    assert (lead.need, lead.why) == (Need.WAITS, "no rep in team closers")
    assert (lead.owner, lead.team, lead.stage) == ("r1", "inbound", Stage.SQL)
    world.reps("a1", role="ae", team="closers")
    world.run(MONDAY + 3 * HOUR)
    lead = listed(world, MONDAY + 3 * HOUR)["l1"]
    assert (lead.owner, lead.team, lead.owner_since) == ("a1", "closers", MONDAY + 3 * HOUR)


def test_a_hot_lead_in_an_open_deal_is_the_executives_of_that_deal(world):
    world.reps("r1")
    world.reps("a1", role="ae", team="closers")
    hot(world, "l1")
    world.run()
    world.decision("l1", "convert", at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    deal = {
        "opportunity_id": "o1",
        "lead_id": "l1",
        "rep_id": "a1",
        "stage": "opportunity",
        "stage_at": MONDAY + DAY,
        "opened_at": MONDAY + DAY,
        "known_at": MONDAY + DAY,
    }
    version = {**deal, "batch_id": "b", "row_number": 1}
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.opportunity, [{**deal, "row_hash": "x"}])
        insert_rows(connection, tables.opportunity_version, [version])
    world.place("l1", at=MONDAY + DAY)
    lead = listed(world, MONDAY + DAY)["l1"]
    assert (lead.need, lead.owner, lead.stage) == (Need.DEAL, "a1", Stage.OPPORTUNITY)


def test_hot_since_is_the_beginning_of_the_unbroken_stretch(world):
    hot(world, "l1", at=MONDAY)
    history = ((-9, 700), (-6, 100), (-3, 650), (-1, 600))
    with world.ledger.begin() as connection:
        rows = [
            {
                "lead_id": "l1",
                "scored_at": MONDAY + days * DAY,
                "fit": 400,
                "engagement": 300,
                "intent": intent,
                "version": "2026.4",
            }
            for days, intent in history
        ]
        insert_rows(connection, tables.score_change, rows)
    assert listed(world)["l1"].hot_since == MONDAY - 3 * DAY


def test_customers_the_merged_and_the_erased_are_not_in_the_list(world):
    hot(world, "l1", "l2", "l3")
    with world.ledger.begin() as connection:
        merged = {"lead_id": "l1", "into_lead_id": "l2", "merged_at": MONDAY, "why": "hand"}
        insert_rows(connection, tables.merge, [merged])
        erased = {"lead_id": "l3", "certificate_id": "c", "erased_at": MONDAY, "why": "asked"}
        insert_rows(connection, tables.erasure, [erased])
    assert list(listed(world)) == ["l2"]


def test_names_are_shown_to_those_who_ask_and_to_nobody_else(world):
    world.reps("r1", name="Ann Rep")
    hot(world, "l1", name="Ada", company="Acme")
    run_handoff(world.workspace, as_of=MONDAY)
    plain = read_hot(world.workspace, as_of=MONDAY).as_dict()
    assert not [word for word in ("Ada", "Acme", "Ann") if word in str(plain)]
    (named,) = read_hot(world.workspace, as_of=MONDAY, names=True).as_dict()["leads"]
    assert (named["name"], named["company"], named["owner_name"]) == ("Ada", "Acme", "Ann Rep")


def test_leads_rank_by_need_then_what_runs_out_first_then_age() -> None:
    at = datetime(2026, 11, 16, tzinfo=UTC)

    def lead(name: str, need: Need, *, due: int | None = None, since: int = 0) -> HotLead:
        return HotLead(
            lead_id=name,
            need=need,
            stage=Stage.MQL,
            stage_since=at,
            hot_since=at + since * HOUR,
            scores={},
            due_at=None if due is None else at + due * HOUR,
        )

    order = [
        lead("g", Need.WAITS, since=1),
        lead("b", Need.WAITS, since=2),
        lead("f", Need.CALL, due=-5, since=9),
        lead("a", Need.CALL, due=2),
        lead("c", Need.CALL),
        lead("d", Need.DECIDE, due=-90),
        lead("e", Need.DEAL, due=-99),
        lead("h", Need.LATER),
    ]
    assert rank(reversed(order)) == tuple(order)
    assert [one.lead_id for one in rank(order)] == list("gbfacdeh")
