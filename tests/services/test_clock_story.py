"""What people ask of a clock: its story, what happened while it was late, what if it began then."""

from __future__ import annotations

import json
from datetime import UTC, timedelta

import pytest

from accord.errors import InputError
from accord.ledger import tables
from accord.services.breach_report import Asked, read_breaches
from accord.services.clock_story import tell_clock, tell_clocks_of
from accord.services.clock_what_if import Question, find_rep, work_out
from tests.services.clock_world import MONDAY, World, at

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(workspace):
    made = World(workspace)
    made.add_lead(created=at("2026-11-02 09:00"))
    return made


def tell(world, term, *, as_of, owner=None):
    clocks = [row for row in world.clocks(term) if owner in (None, row["owner_id"])]
    with world.workspace.ledger.read() as connection:
        return tell_clock(connection, clocks[0]["clock_id"], as_of=as_of)


def test_a_clock_tells_what_was_agreed_what_began_it_and_what_it_counted(world):
    friday, monday = at("2026-11-06 17:50"), at("2026-11-09 09:10")
    world.hand_over("crm:1", "crm:ann", friday)
    world.sync()
    story = tell(world, "first_touch", as_of=monday)
    assert story["term"] == {
        "name": "first_touch",
        "side": "sales",
        "from": "assigned",
        "until": "touch",
        "within_seconds": 300,
        "clock": "business",
        "calendar": "office",
        "timezone": "America/New_York",
        "pauses": [],
        "escalation": "ladder",
        "segment": "small",
        "agreement": "2026.4",
    }
    assert story["started_by"]["facts"] == ["crm:ann became the owner of crm:1-mql (assigned)"]
    assert story["hours"]["counted_seconds"] == 20 * 60
    days = [(str(day["day"]), day["counted_seconds"]) for day in story["hours"]["days"]]
    assert days == [
        ("2026-11-06", 600),
        ("2026-11-07", 0),
        ("2026-11-08", 0),
        ("2026-11-09", 600),
    ]
    assert (story["state"], story["ended"], story["used_share"]) == ("breached", None, 4)
    assert story["late_business_seconds"] == 15 * 60
    assert story["late_wall_seconds"] == (2 * 24 + 15) * 3600 + 15 * 60


def test_each_step_tells_when_it_is_due_whom_it_told_and_why_it_was_skipped(world):
    world.hand_over("crm:1", "crm:ann")
    world.sync()
    world.sweep(MONDAY + 6 * MINUTE)
    ladder = tell(world, "first_touch", as_of=MONDAY + 7 * MINUTE)["ladder"]
    assert [(one["at"], one["status"]) for one in ladder] == [
        ("80%", "skipped"),
        ("due", "sent"),
        ("due+30m", "waiting"),
        ("due+1h", "waiting"),
    ]
    assert "passed over" in ladder[0]["why"]
    assert [(one["role"], one["id"]) for one in ladder[1]["told"]] == [("rep", "crm:ann")]
    assert ladder[2]["due"] == MONDAY + 35 * MINUTE
    before = tell(world, "first_touch", as_of=MONDAY + 5 * MINUTE)["ladder"]
    assert {one["status"] for one in before} == {"waiting"}  # the sweep had not come yet


def test_a_met_clock_tells_by_what_and_needs_no_more_steps(world):
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE, outcome="connected")
    world.sync()
    story = tell(world, "first_touch", as_of=MONDAY + 10 * MINUTE)
    assert (story["state"], story["ended_how"], story["used_share"]) == ("met", "met", 0.6)
    assert story["ended_by"]["facts"] == ["call t3 by crm:ann, connected"]
    assert {one["status"] for one in story["ladder"]} == {"not needed"}
    running = tell(world, "first_touch", as_of=MONDAY + 2 * MINUTE)
    assert (running["state"], running["ended"], running["left_seconds"]) == ("running", None, 180)


def test_a_clock_that_changed_hands_tells_of_the_one_before_and_after(world):
    handoff = world.hand_over("crm:1", "crm:ann")
    world.assign(handoff, "crm:bob", MONDAY + 30 * MINUTE)
    world.sync()
    first = tell(world, "first_touch", as_of=MONDAY + 31 * MINUTE, owner="crm:ann")
    then = tell(world, "first_touch", as_of=MONDAY + 31 * MINUTE, owner="crm:bob")
    assert (first["ended_how"], first["ended_by"]["facts"]) == (
        "transferred",
        ["crm:bob became the owner of crm:1-mql (assigned)"],
    )
    assert [(one["owner"], one["when"]) for one in first["others"]] == [("crm:bob", "after")]
    assert [(one["owner"], one["when"]) for one in then["others"]] == [("crm:ann", "before")]
    early = tell(world, "first_touch", as_of=MONDAY + 29 * MINUTE, owner="crm:ann")
    assert (early["ended"], early["others"]) == (None, [])


def test_an_absence_that_paused_a_clock_is_told_as_far_as_it_lies_within_it(world):
    world.set_rep("crm:ann", absences="2026-11-01T00:00Z/2026-11-04T15:00Z")
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:ann", MONDAY)
    world.sync()
    story = tell(world, "qualify", as_of=at("2026-11-05 10:00"))
    (pause,) = story["hours"]["pauses"]
    assert (pause["from"], pause["until"]) == (MONDAY, at("2026-11-04 10:00"))
    assert story["hours"]["counted_seconds"] == 24 * 3600
    assert story["hours"]["wall_seconds"] == 3 * 24 * 3600


def test_an_observed_hand_over_never_climbs(world):
    world.hand_over("crm:1", None, origin="observed")
    world.sync()
    story = tell(world, "first_touch", as_of=MONDAY + 60 * MINUTE)
    assert {one["status"] for one in story["ladder"]} == {"never"}
    assert story["owner"] is None


def test_all_clocks_of_a_lead_are_told_in_the_order_in_which_they_began(world):
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:ann", MONDAY + 3 * MINUTE)
    world.sync()
    with world.workspace.ledger.read() as connection:
        stories = tell_clocks_of(connection, "crm:1", as_of=MONDAY + 5 * MINUTE)
        early = tell_clocks_of(connection, "crm:1", as_of=MONDAY)
    assert [one["term"]["name"] for one in stories] == ["engage", "first_touch", "qualify"]
    assert [one["term"]["name"] for one in early] == ["engage", "first_touch"]


def test_the_beginning_of_an_id_is_enough_and_no_other_clock_is_told(world):
    world.hand_over("crm:1", "crm:ann")
    world.sync()
    key = world.clock("first_touch")["clock_id"]
    with world.workspace.ledger.read() as connection:
        assert tell_clock(connection, key[:12], as_of=MONDAY)["clock"] == key
        for wrong, says in (("", "no such clock"), ("zz", "no such clock"), ("%", "no such clock")):
            with pytest.raises(InputError, match=says):
                tell_clock(connection, wrong, as_of=MONDAY)
        with pytest.raises(InputError, match="had not started"):
            tell_clock(connection, key, as_of=MONDAY - MINUTE)


# ---- breaches ---------------------------------------------------------------------------------


@pytest.fixture
def late(world):
    """Two breaches: one touched by a colleague and by a machine, one met late in the other team."""
    world.hand_over("crm:1", "crm:ann")
    world.touch("crm:1", "crm:bob", MONDAY + 7 * MINUTE)
    world.touch("crm:1", "crm:ann", MONDAY + 8 * MINUTE, automatic=True)
    world.add_lead("crm:2", created=at("2026-11-02 09:30"))
    world.hand_over("crm:2", "crm:eva", team="emea")
    world.touch("crm:2", "crm:eva", MONDAY + 20 * MINUTE)
    world.sync("crm:1", "crm:2")
    world.sweep(MONDAY + 6 * MINUTE)
    return world


def leads(world, *, as_of=MONDAY + 60 * MINUTE, **asked):
    found = read_breaches(world.workspace, Asked(**asked), as_of=as_of)
    return [row["lead"] for row in found if row["term"] == "first_touch"]


def test_a_breach_tells_whose_it_is_and_what_happened(late):
    (row,) = read_breaches(late.workspace, Asked(term="first_touch"), as_of=MONDAY + 60 * MINUTE)
    assert (row["lead"], row["owner"], row["team"]) == ("crm:1", "crm:ann", "inbound")
    assert (row["outcome"], row["ended"]) == ("open", None)
    assert (row["late_wall_seconds"], row["late_business_seconds"]) == (55 * 60, 55 * 60)
    assert row["touches"] == {
        "by_owner": 0,
        "by_others": 1,
        "others": ["crm:bob"],
        "automatic": 1,
    }
    assert [(one["at"], one["status"]) for one in row["steps"]] == [
        ("80%", "skipped"),
        ("due", "sent"),
    ]
    assert row["system_delay"] == {"wall_seconds": 3600, "business_seconds": 3600}


def test_breaches_that_are_over_by_now_are_told_to_those_who_ask(late):
    assert leads(late) == ["crm:1"]
    assert leads(late, over=True) == ["crm:1", "crm:2"]
    found = read_breaches(
        late.workspace, Asked(rep="crm:eva", over=True), as_of=MONDAY + 9999 * MINUTE
    )
    (met,) = [row for row in found if row["term"] == "first_touch"]
    assert (met["outcome"], met["late_wall_seconds"]) == ("met", 15 * 60)
    assert sorted(leads(late, as_of=MONDAY + 19 * MINUTE)) == ["crm:1", "crm:2"]  # open then


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"side": "sales"}, ["crm:1", "crm:2"]),
        ({"side": "marketing"}, []),
        ({"term": "qualify"}, []),
        ({"team": "emea"}, ["crm:2"]),
        ({"rep": "crm:ann"}, ["crm:1"]),
        ({"since": "2026-11-02"}, ["crm:1", "crm:2"]),
        ({"since": "2026-11-03"}, []),
        ({"until": "2026-11-02"}, ["crm:1", "crm:2"]),
        ({"until": "2026-11-01"}, []),
    ],
)
def test_breaches_are_narrowed_by_whose_what_and_when(late, asked, found):
    assert leads(late, over=True, **asked) == found


@pytest.mark.parametrize(
    ("asked", "says"), [({"side": "ops"}, "--side"), ({"since": "tuesday"}, "--since")]
)
def test_a_filter_of_nonsense_is_refused(world, asked, says):
    with pytest.raises(InputError, match=says):
        read_breaches(world.workspace, Asked(**asked), as_of=MONDAY)


def test_breaches_are_plain_values_of_ids(late):
    found = read_breaches(late.workspace, Asked(over=True), as_of=MONDAY + 60 * MINUTE)
    told = json.dumps(found, default=str)
    assert "example.com" not in told


# ---- what if ----------------------------------------------------------------------------------


def test_a_named_term_brings_its_length_hours_and_ladder(world):
    agreement = world.workspace.agreement(MONDAY)
    found = work_out(agreement, Question(start=at("2026-11-06 17:58"), term="first_touch"))
    assert (found["clock"], found["calendar"], found["within_seconds"]) == (
        "business",
        "office",
        300,
    )
    assert found["due"] == at("2026-11-09 09:03")
    steps = [(one["at"], one["due"]) for one in found["steps"]]
    assert steps == [
        ("80%", at("2026-11-09 09:02")),
        ("due", at("2026-11-09 09:03")),
        ("due+30m", at("2026-11-09 09:33")),
        ("due+1h", at("2026-11-09 10:03")),
    ]
    assert str(found["due_local"]) == "2026-11-09 09:03:00-05:00"


def test_a_reps_own_hours_and_absences_are_left_out(world):
    world.set_rep("crm:eva", absences="2026-11-02T00:00Z/2026-11-03T11:00Z")
    with world.workspace.ledger.read() as connection:
        eva = find_rep(connection, "crm:eva")
        with pytest.raises(InputError, match="crm:nobody"):
            find_rep(connection, "crm:nobody")
    agreement = world.workspace.agreement(MONDAY)
    found = work_out(agreement, Question(start=MONDAY, within="1h", rep=eva))
    assert (found["calendar"], found["timezone"]) == ("berlin", "Europe/Berlin")
    assert found["due"].isoformat() == "2026-11-03T12:00:00+00:00"
    of_a_term = work_out(agreement, Question(start=MONDAY, term="first_touch", rep=eva))
    assert of_a_term["due"] == MONDAY + 5 * MINUTE  # the term has no pauses
    paused = work_out(agreement, Question(start=MONDAY, term="qualify", rep=eva))
    assert paused["due"].isoformat() == "2026-11-10T11:00:00+00:00"


def test_a_wall_clock_by_segment_takes_the_segments_length(world):
    agreement = world.workspace.agreement(MONDAY)
    plain = work_out(agreement, Question(start=MONDAY, term="close"))
    large = work_out(agreement, Question(start=MONDAY, term="close", segment="large"))
    start = MONDAY.astimezone(UTC)
    assert plain["due"] == start + timedelta(days=120)
    assert large["due"] == start + timedelta(days=240)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"within": "5m"}, "on which hours"),
        ({"calendar": "office"}, "how long"),
        ({"within": "5m", "calendar": "moon"}, "'moon' is unknown.*office"),
        ({"term": "lunch"}, "'lunch' is unknown.*first_touch"),
        ({"within": "5x", "calendar": "office"}, "5x"),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_is_missing(world, asked, says):
    with pytest.raises(InputError, match=says):
        work_out(world.workspace.agreement(MONDAY), Question(start=MONDAY, **asked))


def test_the_tables_that_tell_of_clocks_stay_as_they_are(late):
    before = late.read(tables.clock), late.read(tables.step)
    read_breaches(late.workspace, Asked(over=True), as_of=MONDAY + 60 * MINUTE)
    assert (late.read(tables.clock), late.read(tables.step)) == before
