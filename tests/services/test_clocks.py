"""Clocks in the ledger: kept in step with events, swept into the outbox, on both stores."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from sqlalchemy import delete, update

from accord.agreement import loads
from accord.ledger import tables
from accord.ledger.clock_rows import note_reps_changed
from accord.services.clocks import SweepResult, breaches, clock_status, explain_clock
from tests.killing import killed_at
from tests.services.clock_world import MONDAY, World, at

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(workspace):
    return World(workspace)


@pytest.fixture
def quiet(world):
    """A world without the weekly terms' clocks: no lead is old enough to owe a whole week."""
    world.add_lead(created=at("2026-11-02 09:00"))
    return world


def test_a_handed_over_lead_gets_its_first_touch_clock_and_it_is_met(world):
    world.add_lead()
    world.hand_over("crm:1", "crm:ann")
    world.sync()
    clock = world.clock("first_touch")
    assert clock["due_at"] == MONDAY + 5 * MINUTE
    assert (clock["owner_id"], clock["team"]) == ("crm:ann", "inbound")
    assert clock["next_step_at"] == MONDAY + 4 * MINUTE
    assert clock["calendar"] == "office"
    world.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
    world.sync()
    met = world.clock("first_touch")
    assert (met["ended_by"], met["ended_at"]) == ("met", MONDAY + 3 * MINUTE)
    assert met["next_step_at"] is None
    assert met["clock_id"] == clock["clock_id"]
    assert world.clock("qualify")["due_at"] == at("2026-11-09 10:03")


def test_a_sync_without_news_writes_nothing(world):
    world.add_lead()
    world.hand_over("crm:1", "crm:ann")
    assert world.sync() > 0
    assert world.sync(as_of=MONDAY + timedelta(days=1)) == 0


def test_a_fact_that_is_taken_back_opens_the_clock_again(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY + MINUTE)
    quiet.sync()
    with quiet.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.touch))
    quiet.sync()
    clock = quiet.clock("first_touch")
    assert (clock["ended_at"], clock["next_step"]) == (None, 0)
    assert quiet.clocks("qualify") == []


def test_rebuilding_from_events_gives_the_same_clocks_to_the_bit(world):
    world.add_lead()
    handoff = world.hand_over("crm:1", "crm:ann")
    world.assign(handoff, "crm:bob", MONDAY + 30 * MINUTE)
    world.touch("crm:1", "crm:bob", MONDAY + 40 * MINUTE)
    world.decide("crm:1", "return", MONDAY + 50 * MINUTE)
    world.enter("crm:1", "nurture", MONDAY + 50 * MINUTE, programme="returned")
    world.sync()
    before = world.clocks()
    assert {row["term"] for row in before} == {"first_touch", "qualify", "nurture", "engage"}
    with world.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.clock))
    world.sync()
    assert world.clocks() == before


def test_a_later_agreement_does_not_rewrite_what_a_clock_was_started_with(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    before = quiet.clock("first_touch")
    text = quiet.workspace.agreement(MONDAY).document
    later = loads(
        text.replace('version: "2026.4"', 'version: "2026.5"').replace("within: 5m", "within: 9m"),
        where="later",
    )
    from accord.services.clocks import sync_clocks

    with quiet.workspace.ledger.begin() as connection:
        sync_clocks(connection, quiet.workspace, agreement=later, lead_ids=["crm:1"], as_of=MONDAY)
    assert quiet.clock("first_touch") == before
    quiet.add_lead("crm:2")
    quiet.hand_over("crm:2", "crm:ann")
    with quiet.workspace.ledger.begin() as connection:
        sync_clocks(connection, quiet.workspace, agreement=later, lead_ids=["crm:2"], as_of=MONDAY)
    (fresh,) = [row for row in quiet.clocks("first_touch") if row["lead_id"] == "crm:2"]
    assert (fresh["due_at"], fresh["version"]) == (MONDAY + 9 * MINUTE, "2026.5")


def test_what_was_said_of_a_merged_lead_counts_for_the_one_it_went_into(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.add_lead("crm:2", created=at("2026-11-02 09:30"))
    quiet.sync("crm:1", "crm:2")
    assert {row["lead_id"] for row in quiet.clocks("engage")} == {"crm:1", "crm:2"}
    quiet.touch("crm:2", "crm:ann", MONDAY + MINUTE)
    quiet.write(tables.merge, {"lead_id": "crm:2", "into_lead_id": "crm:1", "merged_at": MONDAY})
    quiet.sync("crm:1")
    assert quiet.clock("first_touch")["ended_at"] == MONDAY + MINUTE
    assert {row["lead_id"] for row in quiet.clocks("engage")} == {"crm:1"}


def test_the_ladder_climbs_step_by_step_each_once(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    for minutes in range(120):
        quiet.sweep(MONDAY + minutes * MINUTE)
        quiet.sweep(MONDAY + minutes * MINUTE)
    assert quiet.steps() == [
        ("80%", "sent"),
        ("due", "sent"),
        ("due+30m", "sent"),
        ("due+1h", "sent"),
    ]
    assert quiet.told() == [
        (0, ["crm:ann"]),
        (1, ["crm:ann"]),
        (2, ["crm:ann", "crm:max"]),
        (3, ["ceo"]),
    ]
    payload = quiet.messages()[0]["payload"]
    clock = quiet.clock("first_touch")
    assert payload["clock_id"] == clock["clock_id"]
    assert payload["recipients"][0] == {
        "role": "rep",
        "id": "crm:ann",
        "email": "ann@example.com",
    }
    assert quiet.messages()[0]["key"] == f"message:{clock['clock_id']}:0:crm:ann"


def test_after_downtime_only_the_last_step_is_sent_and_the_others_are_recorded(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    result = quiet.sweep(MONDAY + 50 * MINUTE)
    assert result == SweepResult(synced=0, fired=1, skipped=2, messages=2)
    assert [status for _, status in quiet.steps()] == ["skipped", "skipped", "sent"]
    assert quiet.told() == [(2, ["crm:ann", "crm:max"])]


def test_no_step_is_taken_after_the_clock_is_met_even_before_the_touch_is_placed(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
    quiet.need("crm:1", "lifecycle")
    assert quiet.sweep(MONDAY + 4 * MINUTE).fired == 0
    assert quiet.steps() == []
    assert quiet.clock("first_touch")["ended_by"] == "met"


def test_no_step_is_taken_after_the_touch_that_was_reported_of_a_merged_lead(quiet):
    quiet.add_lead("crm:2", created=at("2026-11-02 09:30"))
    quiet.write(tables.merge, {"lead_id": "crm:2", "into_lead_id": "crm:1", "merged_at": MONDAY})
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.touch("crm:2", "crm:ann", MONDAY + 3 * MINUTE)
    quiet.need("crm:2", "lifecycle")
    assert quiet.sweep(MONDAY + 4 * MINUTE).fired == 0
    assert quiet.clock("first_touch")["ended_by"] == "met"


def test_no_step_is_taken_while_facts_about_all_leads_wait_to_be_placed(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
    quiet.need(tables.EVERYONE, "lifecycle")
    assert quiet.sweep(MONDAY + 4 * MINUTE).fired == 0
    assert quiet.clock("first_touch")["ended_by"] == "met"


def test_steps_that_no_sweep_came_to_before_the_end_are_recorded_as_skipped(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.touch("crm:1", "crm:ann", MONDAY + 6 * MINUTE)
    quiet.sync(as_of=MONDAY + 10 * MINUTE)
    assert quiet.steps() == [("80%", "skipped"), ("due", "skipped")]
    assert quiet.messages() == []


def test_a_waiting_message_is_withdrawn_when_its_clock_is_met(quiet):
    friday = at("2026-11-06 17:58")
    quiet.hand_over("crm:1", "crm:ann", friday)
    quiet.sync()
    monday = at("2026-11-09 09:35")
    quiet.sweep(monday)
    assert quiet.steps()[-1] == ("due+30m", "sent")
    quiet.touch("crm:1", "crm:ann", monday + MINUTE)
    quiet.sync(as_of=monday + 2 * MINUTE)
    assert {row["status"] for row in quiet.messages()} == {"withdrawn"}
    assert {status for _, status in quiet.steps()} == {"skipped"}


def test_what_was_sent_before_the_touch_was_known_stays_sent_and_says_so(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.sweep(MONDAY + 5 * MINUTE)
    with quiet.workspace.ledger.begin() as connection:
        connection.execute(update(tables.outbox).values(status="sent"))
    quiet.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
    quiet.sync(as_of=MONDAY + 6 * MINUTE)
    sent = [row for row in quiet.read(tables.step) if row["status"] == "sent"]
    assert [row["at"] for row in sent] == ["due"]
    assert "before it was known" in sent[0]["why"]
    assert {row["status"] for row in quiet.messages()} == {"sent"}


def test_messages_wait_for_the_recipients_next_opening(quiet):
    quiet.set_rep("crm:ann", calendar="berlin")
    quiet.set_rep("crm:max", calendar="office")
    evening = at("2026-11-05 11:57")  # 17:57 in Berlin, which is open for three more minutes
    quiet.hand_over("crm:1", "crm:ann", evening)
    quiet.sync()
    clock = quiet.clock("first_touch")
    assert clock["calendar"] == "berlin"
    assert clock["due_at"] == at("2026-11-06 03:02")  # 09:02 in Berlin
    quiet.sweep(at("2026-11-06 03:32"))
    key = f"message:{clock['clock_id']}:2"
    waiting = {row["key"]: row["not_before"] for row in quiet.messages()}
    assert waiting == {
        f"{key}:crm:ann": at("2026-11-06 03:32"),
        f"{key}:crm:max": at("2026-11-06 09:00"),
    }


def test_the_owner_is_told_at_once_before_the_term_runs_out(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY)
    quiet.sync()
    clock = quiet.clock("qualify")
    saturday = clock["next_step_at"]
    assert saturday == at("2026-11-08 00:24")  # 80 % of a week: a Sunday night
    quiet.sweep(saturday)
    (message,) = quiet.messages("qualify")
    assert message["not_before"] == saturday
    quiet.sweep(clock["due_at"] - MINUTE)
    quiet.sweep(at("2026-11-09 20:00"))
    assert quiet.messages("qualify")[-1]["not_before"] == at("2026-11-10 09:00")


def test_without_quiet_hours_everybody_is_told_at_once(quiet):
    path = quiet.workspace.settings.agreement
    text = path.read_text().replace("quiet_hours: outside_calendar", "quiet_hours: never")
    path.write_text(text.replace('version: "2026.4"', 'version: "2026.5"'))
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY)
    quiet.sync()
    night = at("2026-11-09 23:00")
    quiet.sweep(night)
    assert {row["not_before"] for row in quiet.messages("qualify")} == {night}


def test_a_missing_manager_climbs_to_the_next(quiet):
    quiet.hand_over("crm:1", "crm:bob")  # whose manager has no address
    quiet.sync()
    quiet.sweep(MONDAY + 36 * MINUTE)
    assert quiet.told() == [(2, ["crm:bob", "ceo"])]


def test_a_rep_without_a_named_manager_has_that_of_the_team(quiet):
    quiet.set_rep("crm:ann", manager_id=None)
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.sweep(MONDAY + 36 * MINUTE)
    assert quiet.told() == [(2, ["crm:ann", "crm:max"])]


def test_an_owner_who_has_left_is_not_told_the_manager_is(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.set_rep("crm:ann", left_at=MONDAY)
    quiet.sync()
    quiet.sweep(MONDAY + 4 * MINUTE)
    assert quiet.told() == [(0, ["crm:max"])]


def test_observed_clocks_never_escalate(quiet):
    quiet.hand_over("crm:1", "crm:ann", origin="observed")
    quiet.sync()
    assert quiet.clock("first_touch")["next_step_at"] is None
    assert quiet.sweep(MONDAY + timedelta(days=30)).fired == 0
    assert quiet.read(tables.outbox) == []
    quiet.touch("crm:1", None, MONDAY + timedelta(days=40))
    quiet.sync()
    assert quiet.clock("first_touch")["ended_by"] == "met"
    assert quiet.steps() == []


def test_a_change_of_owner_ends_the_ladder_of_the_old_one_and_begins_anew(quiet):
    handoff = quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.sweep(MONDAY + 5 * MINUTE)
    quiet.assign(handoff, "crm:bob", MONDAY + 10 * MINUTE)
    quiet.sync(as_of=MONDAY + 10 * MINUTE)
    old, new = quiet.clocks("first_touch")
    assert (old["ended_by"], old["ended_at"]) == ("transferred", MONDAY + 10 * MINUTE)
    assert (new["owner_id"], new["due_at"]) == ("crm:bob", MONDAY + 15 * MINUTE)
    quiet.sweep(MONDAY + 14 * MINUTE)
    assert quiet.told()[-1] == (0, ["crm:bob"])


def test_absences_that_become_known_move_the_due_time_of_a_running_clock(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY)
    quiet.sync()
    assert quiet.clock("qualify")["due_at"] == at("2026-11-09 10:00")
    quiet.set_rep("crm:ann", absences="2026-11-03T00:00-05:00/2026-11-05T00:00-05:00")
    with quiet.workspace.ledger.begin() as connection:
        note_reps_changed(connection, ["crm:ann"])
    assert quiet.sweep(MONDAY + MINUTE).synced == 1
    assert quiet.clock("qualify")["due_at"] == at("2026-11-11 10:00")


def test_marketing_nurtures_a_returned_lead_in_time_or_its_ladder_climbs(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    returned = at("2026-11-03 10:00")
    quiet.decide("crm:1", "return", returned)
    quiet.enter("crm:1", "nurture", returned, programme="returned")
    quiet.sync(as_of=returned)
    clock = quiet.clock("nurture")
    assert (clock["owner_id"], clock["side"]) == (None, "marketing")
    assert clock["due_at"] == at("2026-11-05 10:00")
    quiet.sweep(clock["due_at"])
    assert quiet.told("nurture") == [(0, ["marketing_owner"])]
    quiet.act("crm:1", "email_sent", at("2026-11-05 11:00"))
    assert quiet.sweep(at("2026-11-05 11:01")).synced == 1
    assert quiet.clock("nurture")["ended_at"] == at("2026-11-05 11:00")
    quiet.sweep(at("2026-11-20 11:00"))
    assert quiet.steps("nurture") == [("due", "skipped")]  # it was still waiting


def test_an_earlier_return_that_is_told_late_tells_nobody_of_the_later_one_again(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    returned = at("2026-11-03 10:00")
    quiet.decide("crm:1", "return", returned)
    quiet.enter("crm:1", "nurture", returned, programme="returned")
    quiet.sync(as_of=returned)
    due = quiet.clock("nurture")["due_at"]
    quiet.sweep(due)
    quiet.act("crm:1", "email_sent", at("2026-11-02 16:00"))
    quiet.enter("crm:1", "nurture", at("2026-11-02 15:00"), programme="returned", known_at=due)
    quiet.enter("crm:1", "sal", at("2026-11-02 17:00"), known_at=due)
    quiet.sync(as_of=due + MINUTE, reread=True)
    assert [row["due_at"] for row in quiet.clocks("nurture")][1] == due
    assert quiet.sweep(due + 2 * MINUTE).fired == 0
    assert quiet.clocks("nurture")[1]["next_step"] == 1
    assert quiet.sweep(at("2026-11-06 10:00")).fired == 1
    told = [row["step"] for row in quiet.messages("nurture")]
    assert (told.count(0), set(told)) == (1, {0, 1})


def test_an_activity_that_was_known_before_the_clock_began_meets_it(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.act("crm:1", "email_sent", at("2026-11-03 12:00"))
    quiet.sweep(at("2026-11-03 13:00"))
    quiet.decide("crm:1", "return", at("2026-11-03 10:00"))
    quiet.enter("crm:1", "nurture", at("2026-11-03 10:00"), programme="returned")
    quiet.sync(as_of=at("2026-11-03 14:00"))
    assert quiet.clock("nurture")["ended_by"] == "met"
    quiet.touch("crm:1", "crm:ann", at("2026-11-03 09:00"))
    quiet.sync(as_of=at("2026-11-03 15:00"))
    assert quiet.clock("nurture")["ended_at"] == at("2026-11-03 12:00")


def test_a_clock_that_nothing_supports_any_more_goes_unless_its_ladder_was_climbed(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY + MINUTE)
    quiet.sync()
    with quiet.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.touch))
    quiet.sync()
    assert quiet.clocks("qualify") == []
    quiet.sweep(MONDAY + 5 * MINUTE)
    with quiet.workspace.ledger.begin() as connection:
        connection.execute(delete(tables.handoff_owner))
    quiet.sync(as_of=MONDAY + 6 * MINUTE)
    clock = quiet.clock("first_touch")
    assert (clock["ended_by"], clock["next_step_at"]) == ("cancelled", None)
    assert {row["status"] for row in quiet.messages()} == {"withdrawn"}


def test_a_sweep_with_nothing_to_do_writes_nothing(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    assert quiet.sweep(MONDAY) == SweepResult(synced=0, fired=0, skipped=0, messages=0)


# ---- marketing's weekly terms -----------------------------------------------------------------

WEEK_END = at("2026-11-09 00:00")


def test_a_week_that_has_ended_is_judged_once_and_what_fell_short_climbs(world):
    world.add_lead(created=at("2026-11-02 08:00"))
    world.hand_over("crm:1", "crm:ann")
    assert world.clocks("volume") == []
    world.sweep(WEEK_END - MINUTE)
    assert world.clocks("volume") == []
    world.sweep(WEEK_END)
    volumes = world.clocks("volume")
    assert [row["segment"] for row in sorted(volumes, key=lambda row: row["segment"])] == [
        "large",
        "middle",
        "small",
    ]
    assert {row["due_at"] for row in volumes} == {WEEK_END.astimezone(UTC)}
    assert {row["ended_by"] for row in volumes} == {None}
    (acceptance,) = world.clocks("acceptance")
    assert acceptance["ended_by"] is None
    assert world.steps("volume") == [("due", "sent")] * 3
    assert {row["not_before"] for row in world.messages("volume")} == {at("2026-11-09 09:00")}
    assert {tuple(ids) for _, ids in world.told("volume")} == {("marketing_owner",)}
    world.sweep(at("2026-11-10 09:01"))
    assert {tuple(ids) for step, ids in world.told("volume") if step == 1} == {
        ("marketing_owner", "cmo")
    }
    assert len(world.clocks("volume")) == 3


def test_a_week_with_enough_of_everything_is_met(world):
    text = world.workspace.settings.agreement.read_text()
    text = text.replace("mqls_per_week: plan", "mqls_per_week: 1").replace("2026.4", "2026.5")
    world.workspace.settings.agreement.write_text(text)
    world.add_lead(created=at("2026-11-02 08:00"))
    world.hand_over("crm:1", "crm:ann")
    world.enter("crm:1", "sal", MONDAY + MINUTE)
    world.sweep(WEEK_END)
    met = {row["segment"]: row["ended_by"] for row in world.clocks("volume")}
    assert met == {"small": "met", "middle": None, "large": None}
    assert world.clock("acceptance")["ended_by"] == "met"


def test_a_week_without_any_hand_over_has_no_acceptance_to_judge(world):
    world.add_lead(created=at("2026-11-02 08:00"))
    world.sweep(WEEK_END)
    assert world.clock("acceptance")["ended_by"] == "cancelled"


def test_weeks_before_our_first_hand_off_are_history_and_tell_nobody(world):
    world.add_lead(created=at("2026-10-07 08:00"))
    world.hand_over("crm:1", "crm:ann", at("2026-10-08 10:00"), origin="observed")
    assert world.sweep(WEEK_END).messages == 0
    weeks = sorted({row["due_at"] for row in world.clocks("volume")})
    assert len(weeks) == 5
    assert {row["origin"] for row in world.clocks("volume")} == {"observed"}
    assert world.read(tables.outbox) == []


def test_no_week_is_judged_that_began_before_the_agreement_was_in_force(world):
    world.add_lead(created=at("2026-08-03 08:00"))
    world.sweep(WEEK_END)
    first = min(row["started_at"] for row in world.clocks("volume"))
    assert first == at("2026-10-05 00:00")  # in force since Thursday, 1 October


# ---- what people ask --------------------------------------------------------------------------


def test_breaches_tell_whose_clock_ran_out_and_by_how_much(quiet):
    friday = at("2026-11-06 17:50")
    quiet.hand_over("crm:1", "crm:ann", friday)
    quiet.sync()
    with quiet.workspace.ledger.read() as connection:
        assert breaches(connection, as_of=friday + 5 * MINUTE) == []
        (late,) = breaches(connection, as_of=at("2026-11-09 09:10"))
    assert (late["term"], late["lead"], late["owner"]) == ("first_touch", "crm:1", "crm:ann")
    assert late["due"] == friday + 5 * MINUTE
    assert late["late_business_seconds"] == 15 * 60
    assert late["late_wall_seconds"] == (2 * 24 + 15) * 3600 + 15 * 60
    quiet.touch("crm:1", "crm:ann", at("2026-11-09 09:10"))
    quiet.sync()
    with quiet.workspace.ledger.read() as connection:
        assert breaches(connection, as_of=at("2026-11-09 09:20")) == []
        (met,) = breaches(connection, as_of=at("2026-11-09 09:20"), met_late=True)
    assert (met["ended"], met["late_business_seconds"]) == (at("2026-11-09 09:10"), 15 * 60)


def test_the_status_counts_every_clock_in_one_state_at_any_instant(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.touch("crm:1", "crm:ann", MONDAY + 40 * MINUTE)
    quiet.sync()
    expected = {3: "running", 4: "due_soon", 6: "breached", 50: "breached"}
    for minutes, state in expected.items():
        with quiet.workspace.ledger.read() as connection:
            rows = clock_status(connection, as_of=MONDAY + minutes * MINUTE)
        (row,) = [row for row in rows if row["term"] == "first_touch"]
        assert row[state] == 1
        states = ("running", "due_soon", "met", "breached", "transferred", "cancelled")
        assert sum(row[name] for name in states) == 1
        assert row["late_open"] == (minutes == 6)


def test_a_clock_can_be_explained(quiet):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    quiet.sweep(MONDAY + 5 * MINUTE)
    key = quiet.clock("first_touch")["clock_id"]
    with quiet.workspace.ledger.read() as connection:
        story = explain_clock(connection, key, as_of=MONDAY + 10 * MINUTE)
        assert explain_clock(connection, "none", as_of=MONDAY) is None
    assert (story["state"], story["late_wall_seconds"]) == ("breached", 300)
    assert [step["at"] for step in story["ladder"]] == ["80%", "due"]


# ---- a real kill ------------------------------------------------------------------------------


def test_a_sweep_killed_before_its_commit_leaves_nothing_half_done(quiet, children):
    quiet.hand_over("crm:1", "crm:ann")
    quiet.sync()
    moment = (MONDAY + 5 * MINUTE).astimezone(UTC)
    stage, point = "services.clocks.run_sweep", "sla.before_commit"
    killed_at(children, quiet.workspace, stage, point=point, as_of=moment)
    assert quiet.steps() == []
    assert quiet.read(tables.outbox) == []
    assert quiet.sweep(moment).fired == 1
    assert quiet.told() == [(1, ["crm:ann"])]
