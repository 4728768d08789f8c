"""The hand-off, on SQLite and PostgreSQL: who, when, to whom, in one transaction."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from accord.errors import LeaseHeldError
from accord.ledger import insert_rows, tables
from accord.records import Stage
from accord.services.approving import approve
from accord.services.handoff import HandoffResult, run_handoff
from accord.services.report_asked import Wanted
from accord.services.report_view import gather_view
from tests.killing import killed_at
from tests.services.handoff_twice import hand_off_together
from tests.services.handoff_world import DAY, HOUR, MONDAY, World


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


def test_a_qualified_lead_is_handed_to_a_rep_with_clock_owner_and_outbox_row(world):
    world.reps("r1")
    world.mqls("l1", name="Ada", email="ada@acme.example", domain="acme.example")
    result = world.run()
    assert result == HandoffResult(decided=1, assigned=1)
    assert world.state("l1").stage is Stage.MQL
    row = world.handoff("l1")
    assert (row["rep_id"], row["team"], row["origin"]) == ("r1", "inbound", "decided")
    assert (row["queued_at"], row["assigned_at"]) == (MONDAY, MONDAY)
    assert (row["fit"], row["engagement"], row["segment"]) == (400, 300, "small")
    assert [(o["rep_id"], o["why"]) for o in world.rows("handoff_owner")] == [("r1", "assigned")]
    clocks = {clock["term"]: clock for clock in world.rows("clock")}
    assert clocks["first_touch"]["due_at"] == MONDAY + timedelta(minutes=5)
    assert clocks["first_touch"]["owner_id"] == "r1"
    assert world.rows("score")[0]["crossed"] is None
    (entry,) = world.rows("outbox")
    assert entry["key"] == f"handoff:{row['handoff_id']}:r1"
    assert entry["status"] == "waiting"


def test_the_payload_says_who_why_when_and_what_to_do(world):
    world.reps("r1")
    world.activity("l1", "page_viewed", at=MONDAY - 2 * HOUR, detail="/product")
    world.activity("l1", "email_clicked", at=MONDAY - 3 * HOUR)
    world.activity("l1", "email_clicked", at=MONDAY + HOUR)
    world.mqls("l1", name="Ada", email="ada@acme.example", country="US", hot=True)
    world.run()
    payload = world.payloads()["l1"]
    assert payload["lead"]["name"] == "Ada"
    assert payload["scores"] == {"fit": "40.0", "engagement": "30.0", "intent": "60.0"}
    assert payload["reasons"] == [{"score": "fit", "name": "decision maker", "points": "25.0"}]
    assert payload["priority"] == 1
    assert payload["hot"] is True
    assert payload["assigned_at"] == "2026-11-16T14:00:00Z"
    assert payload["due_at"]["first_touch"] == "2026-11-16T14:05:00Z"
    assert payload["timeline"] == [
        {
            "at": "2026-11-16T12:00:00Z",
            "what": "activity",
            "kind": "page_viewed",
            "detail": "/product",
        },
        {"at": "2026-11-16T11:00:00Z", "what": "activity", "kind": "email_clicked"},
    ]
    assert payload["playbook"][0] == {
        "when": "not_connected",
        "channel": "call",
        "within": "10m",
        "otherwise": "voicemail",
        "template": None,
    }


def test_a_second_run_changes_nothing(world):
    world.reps("r1", "r2")
    world.mqls("l1", "l2")
    world.run()
    before = [world.rows(name) for name in ("handoff", "outbox", "stage_change", "turn", "clock")]
    assert world.run(MONDAY + timedelta(minutes=5)) == HandoffResult()
    after = [world.rows(name) for name in ("handoff", "outbox", "stage_change", "turn", "clock")]
    assert after == before


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(world):
    world.reps("r1")
    world.mqls("l1", "l2")
    assert world.run(dry_run=True) == HandoffResult(decided=2, assigned=2)
    assert world.rows("handoff") == []
    assert world.rows("outbox") == []
    assert world.rows("score")[0]["crossed"] == "mql"
    assert world.run() == HandoffResult(decided=2, assigned=2)


def test_nothing_is_handed_over_under_an_unsigned_agreement(world, workspace):
    path = workspace.settings.agreement
    text = path.read_text(encoding="utf-8").replace('version: "2026.4"', 'version: "2026.5"')
    unsigned = text.replace("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", "")
    path.write_text(unsigned, encoding="utf-8")
    workspace.agreement(MONDAY)
    world.reps("r1")
    world.mqls("l1")
    result = world.run()
    assert (result.decided, result.assigned, result.withheld) == (0, 0, 1)
    (finding,) = result.findings
    assert "sales has not signed version 2026.5" in finding.sentence
    assert world.rows("handoff") == []
    assert world.rows("score")[0]["crossed"] == "mql"


def test_nothing_is_handed_over_under_an_agreement_changed_after_signing(world, workspace):
    path = workspace.settings.agreement
    text = path.read_text(encoding="utf-8").replace("hold_at_most: 5d", "hold_at_most: 6d")
    path.write_text(text, encoding="utf-8")
    workspace.agreement(MONDAY)
    world.reps("r1")
    world.mqls("l1")
    result = world.run()
    assert [finding.rule for finding in result.findings] == ["agreement.changed_since_signed"] * 2
    assert world.rows("handoff") == []


@pytest.mark.parametrize("outcome", ["accept", "convert", "defer", "disqualify"])
def test_a_lead_that_sales_has_decided_on_is_not_entered_again_by_its_score(world, outcome):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    world.decision("l1", outcome, at=MONDAY + HOUR)
    world.score("l1", at=MONDAY + 2 * HOUR)
    assert world.run(MONDAY + 2 * HOUR).decided == 0
    assert world.rows("score")[0]["crossed"] is None


def test_a_returned_lead_comes_again_after_thirty_days_and_a_fresh_activity(world):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    returned = MONDAY + HOUR
    world.decision("l1", "return", at=returned, reason="not_ready")
    assert world.handoff("l1")["outcome"] == "returned"
    world.activity("l1", "webinar_attended", at=returned + DAY)

    for scored_at, decided in ((returned + 30 * DAY - HOUR, 0), (returned + 30 * DAY, 1)):
        world.score("l1", crossed=None, at=scored_at)
        assert world.run(scored_at).decided == decided
    assert world.state("l1").cycle == 2
    assert world.handoff("l1", cycle=2)["assigned_at"] == returned + 30 * DAY


@pytest.mark.parametrize(
    ("kind", "hours"), [("webinar_attended", -1), ("webinar_attended", 0), ("unsubscribed", 5)]
)
def test_a_returned_lead_without_a_fresh_activity_of_worth_stays_in_nurture(world, kind, hours):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    returned = MONDAY + 2 * HOUR
    world.decision("l1", "return", at=returned)
    world.activity("l1", kind, at=returned + hours * HOUR)
    world.score("l1", at=returned + 40 * DAY)
    assert world.run(returned + 40 * DAY).decided == 0
    assert world.state("l1").stage is Stage.NURTURE
    assert world.rows("score")[0]["crossed"] is None


def test_time_alone_moves_no_lead_only_a_scoring_does(world):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    returned = MONDAY + HOUR
    world.decision("l1", "return", at=returned)
    world.activity("l1", "webinar_attended", at=returned + DAY)
    world.score("l1", crossed=None, at=returned + 2 * DAY)
    assert world.run(returned + 2 * DAY).decided == 0
    assert world.run(returned + 60 * DAY).decided == 0


def test_a_deferred_lead_wakes_on_its_date_with_the_rep_it_had(world):
    world.reps("r1", "r2")
    world.mqls("l1", "l2")
    world.run()
    had = world.handoff("l2")["rep_id"]
    until = MONDAY + 10 * DAY
    world.decision("l2", "defer", at=MONDAY + HOUR, defer_until=until)
    assert world.run(until - timedelta(microseconds=1)) == HandoffResult()
    result = world.run(until)
    assert (result.woken, result.assigned, result.decided) == (1, 1, 0)
    row = world.handoff("l2", cycle=2)
    assert (row["rep_id"], row["kept"], row["queued_at"]) == (had, True, until)
    assert world.state("l2").stage is Stage.MQL
    assert world.run(until + HOUR) == HandoffResult()


def test_a_deferred_lead_whose_rep_has_left_is_routed(world):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    world.decision("l1", "defer", at=MONDAY + HOUR, defer_until=MONDAY + 10 * DAY)
    world.reps("r1", left_at=MONDAY + DAY)
    world.reps("r2")
    world.run(MONDAY + 10 * DAY)
    row = world.handoff("l1", cycle=2)
    assert (row["rep_id"], row["kept"]) == ("r2", False)


def test_a_deferral_that_a_source_reported_of_its_own_lead_wakes_nobody(world):
    world.reps("r1")
    world.leads("l1")
    world.decision("l1", "convert", at=MONDAY - 10 * HOUR)
    world.decision("l1", "defer", at=MONDAY - 9 * HOUR, defer_until=MONDAY)
    assert world.run(MONDAY + DAY) == HandoffResult()
    assert world.rows("outbox") == []


def test_a_converted_lead_goes_to_an_executive_queued_since_it_entered_sql(world):
    world.reps("r1")
    world.reps("x1", role="ae", team="closers")
    world.mqls("l1")
    world.run()
    converted = MONDAY + HOUR
    world.decision("l1", "convert", at=converted)
    result = world.run(MONDAY + 2 * HOUR)
    assert (result.to_sql, result.assigned) == (1, 1)
    row = world.handoff("l1", stage="sql")
    assert (row["rep_id"], row["team"], row["queued_at"]) == ("x1", "closers", converted)
    assert world.payloads()["l1"]["stage"] == "sql"
    assert {step["when"] for step in world.payloads()["l1"]["playbook"]} == {"connected"}
    assert world.run(MONDAY + 3 * HOUR) == HandoffResult()


def test_an_observed_conversion_asks_for_no_executive(world):
    world.reps("x1", role="ae", team="closers")
    world.leads("l1")
    world.decision("l1", "convert", at=MONDAY - HOUR)
    assert world.state("l1").stage is Stage.SQL
    assert world.run() == HandoffResult()
    assert world.rows("outbox") == []


def test_a_lead_without_a_rep_waits_and_is_found(world):
    world.mqls("l1")
    result = world.run()
    assert (result.decided, result.assigned, result.queued) == (1, 0, 1)
    assert [finding.rule for finding in result.findings] == ["routing.no_rep"]
    assert world.handoff("l1")["waits_for"] == "no rep in team inbound"
    world.reps("r1")
    assert world.run(MONDAY + HOUR).assigned == 1
    row = world.handoff("l1")
    assert (row["waits_for"], row["queued_at"], row["assigned_at"]) == (
        None,
        MONDAY,
        MONDAY + HOUR,
    )


def test_a_waiting_lead_that_a_source_disqualifies_is_not_assigned(world):
    world.mqls("l1")
    world.run()
    world.decision("l1", "disqualify", at=MONDAY + HOUR)
    world.reps("r1")
    assert world.run(MONDAY + 2 * HOUR) == HandoffResult()
    assert world.rows("outbox") == []


def test_leads_are_levelled_and_hot_ones_are_not(world):
    world.reps("r1", per_week=10)
    world.mqls(*(f"l{number}" for number in range(5)))
    world.mqls("hot1", "hot2", hot=True)
    result = world.run()
    assert (result.assigned, result.queued) == (2, 5)  # a fifth of ten a day, the hot ones first
    assert world.handoff("hot1")["assigned_at"] == MONDAY
    assert world.handoff("l0")["waits_for"] == "levelling"
    assert world.run(MONDAY + DAY).assigned == 2


def test_a_lead_that_turns_hot_while_it_waits_goes_at_once(world):
    world.reps("r1", per_week=5)
    world.mqls("l1", "l2")
    world.run()
    world.score("l2", crossed=None, qualifies=("mql", "hot"), intent=700, at=MONDAY + HOUR)
    assert world.run(MONDAY + HOUR).assigned == 1
    row = world.handoff("l2")
    assert (row["hot"], row["intent"]) == (True, 700)


def test_thirty_single_leads_to_two_equal_reps_tick_by_tick(world):
    world.reps("r1", "r2", per_week=1000, per_month=1000)
    for number in range(30):
        at = MONDAY + number * timedelta(minutes=5)
        world.mqls(f"l{number}", at=at)
        world.run(at)
    owners = [row["rep_id"] for row in world.rows("handoff")]
    assert (owners.count("r1"), owners.count("r2")) == (15, 15)


def test_colleagues_go_to_the_rep_who_has_the_company(world):
    world.reps("r1", "r2", per_week=1000)
    world.mqls("l1", "l2", domain="acme.example")
    world.run()
    world.mqls("l3", domain="acme.example", at=MONDAY + HOUR)
    world.run(MONDAY + HOUR)
    assert {row["rep_id"] for row in world.rows("handoff")} == {"r1"}
    assert [world.handoff(name)["kept"] for name in ("l1", "l2", "l3")] == [False, True, True]


def test_a_run_far_above_the_usual_waits_for_a_person_but_hot_leads_do_not(world):
    world.reps("r1", "r2", per_week=1000, per_month=1000)
    for number in range(20):
        at = MONDAY + number * timedelta(minutes=5)
        world.mqls(f"usual{number}", at=at)
        world.run(at)
    at = MONDAY + 2 * HOUR
    world.mqls(*(f"many{number}" for number in range(40)), at=at)
    world.mqls("hot1", hot=True, at=at)
    result = world.run(at)
    assert (result.decided, result.assigned, result.withheld) == (41, 1, 40)
    assert world.handoff("many1")["waits_for"] == "approval"
    (finding,) = result.findings
    assert finding.sentence.startswith("40 leads wait for a person: accord handoff approve")
    shown = gather_view(world.workspace, Wanted(), as_of=at + DAY).findings
    assert shown[0] == finding
    assert (
        finding
        not in gather_view(world.workspace, Wanted(week="2026-W46"), as_of=at + DAY).findings
    )
    assert world.run(at + HOUR).assigned == 0
    assert approve(world.workspace, name="Ada", as_of=at + HOUR) == 40
    result = world.run(at + 2 * HOUR)
    assert (result.assigned, result.withheld, result.findings) == (40, 0, ())


def test_two_schedulers_at_once_hand_off_once(world):
    world.reps("r1")
    world.mqls(*(f"l{number}" for number in range(20)))
    results, errors = [], []

    def tick() -> None:
        try:
            results.append(world.run())
        except LeaseHeldError as error:
            errors.append(error)

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.decided for result in results) == 20
    assert len(world.rows("handoff")) == 20


def test_two_processes_at_once_hand_off_once(world, children):
    world.reps("r1", "r2", per_week=1000, per_month=1000)
    world.mqls(*(f"l{number}" for number in range(20)))
    assert sum(hand_off_together(children, world.workspace, as_of=MONDAY)) == 20
    rows = world.rows("handoff")
    assert len({row["lead_id"] for row in rows}) == len(rows) == 20
    assert len(world.rows("outbox")) == len(world.rows("handoff_owner")) == 20
    assert sum(row["taken"] for row in world.rows("turn")) == 20


def test_the_ledger_refuses_a_second_hand_off_of_a_lead_in_one_cycle_and_role(world):
    world.reps("r1")
    world.mqls("l1")
    world.run()
    second = {**world.handoff("l1"), "handoff_id": "another"}
    with pytest.raises(IntegrityError), world.ledger.begin() as connection:
        insert_rows(connection, tables.handoff, [second])
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.handoff, [{**second, "stage": "sql"}])
        insert_rows(connection, tables.handoff, [{**second, "handoff_id": "one more", "cycle": 2}])
    assert len(world.rows("handoff")) == 3


def test_a_tick_with_nothing_to_do_is_cheap_and_three_hundred_leads_take_a_second(world):
    world.reps("r1", "r2", "r3", per_week=1000, per_month=1000)
    names = [f"l{number}" for number in range(300)]
    world.mqls(*names)
    begun = time.process_time()
    assert world.run().decided == 300
    handed = time.process_time() - begun
    begun = time.process_time()
    for minute in range(1, 11):
        run_handoff(world.workspace, as_of=MONDAY + minute * timedelta(minutes=1))
    idle = (time.process_time() - begun) / 10
    assert handed < 3
    assert idle < 0.03


@pytest.mark.parametrize("point", ["handoff.before_commit", "handoff.after_commit"])
def test_killed_around_the_commit_and_run_again_it_is_as_if_run_once(world, children, point):
    world.reps("r1", "r2", per_week=1000)
    world.mqls(*(f"l{number}" for number in range(12)))
    killed_at(children, world.workspace, "services.handoff.run_handoff", point=point, as_of=MONDAY)
    assert len(world.rows("handoff")) == (0 if point == "handoff.before_commit" else 12)
    world.run()
    rows = world.rows("handoff")
    owners = [row["rep_id"] for row in rows]
    assert (owners.count("r1"), owners.count("r2")) == (6, 6)
    assert len(world.rows("outbox")) == 12
    assert {row["lead_id"] for row in world.rows("clock")} == {row["lead_id"] for row in rows}
