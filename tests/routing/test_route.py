"""Levelling, capacity, hot leads, accounts, wakes, and leads that nobody can take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from accord.calendars import Calendar
from accord.records import Role
from accord.routing import periods_of
from tests.routing.office import MONDAY, ZONE, Office, away, lead, rep

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BERLIN = Calendar.parse({"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-17:00"]}})
TOKYO = Calendar.parse({"timezone": "Asia/Tokyo", "hours": {"mon-fri": ["09:00-17:00"]}})


def four_weeks(office: Office, arrivals: tuple[int, ...], *, arrive_on: int = 0) -> list[int]:
    """Let leads arrive on one day of each week, run hourly, count releases a week."""
    number, releases = 0, []
    for week, count in enumerate(arrivals):
        before = len(office.given)
        for hour in range(7 * 24):
            at = MONDAY + week * 7 * DAY + hour * HOUR
            leads = range(number, number + count) if hour == arrive_on * 24 else ()
            number += len(leads)
            if at.astimezone(ZoneInfo(ZONE)).isocalendar().week == 45 + week:
                office.run(at, [lead(one, at=at) for one in leads])
        releases.append(len(office.given) - before)
    return releases


@pytest.mark.parametrize("arrive_on", [0, 2, 4, 5])
def test_uneven_weeks_are_released_up_to_capacity_and_the_rest_is_backlog(arrive_on):
    office = Office([rep("a", per_week=30)], hold_at_most=28 * DAY)
    assert four_weeks(office, (30, 10, 20, 60), arrive_on=arrive_on) == [30, 10, 20, 30]
    assert len(office.queue) == 30


def test_what_is_held_five_days_goes_over_capacity_and_says_so():
    office = Office([rep("a", per_week=30)], hold_at_most=5 * DAY)
    assert four_weeks(office, (30, 10, 20, 60)) == [30, 10, 20, 60]
    forced = [one for one in office.given if one.assignment.forced]
    assert len(forced) == 30
    assert {one.at - one.waiting.queued_at for one in forced} == {5 * DAY}


def test_a_week_is_filled_evenly_over_its_working_days():
    office = Office([rep("a", per_week=30)], hold_at_most=28 * DAY)
    office.run(MONDAY, [lead(number) for number in range(60)])
    counts = [len(office.given)]
    for day in range(1, 5):
        office.run(MONDAY + day * DAY)
        counts.append(len(office.given))
    assert counts == [6, 12, 18, 24, 30]


def test_a_day_given_in_parts_is_the_same_as_in_one():
    office = Office([rep("a", per_week=30)], hold_at_most=28 * DAY)
    for number in range(40):
        office.run(MONDAY + number * timedelta(minutes=5), [lead(number)])
    assert len(office.given) == 6


def test_holidays_and_absences_are_no_working_days():
    thanksgiving = datetime(2026, 11, 23, 14, tzinfo=UTC)
    office = Calendar.parse(
        {"timezone": ZONE, "hours": {"mon-fri": ["09:00-17:00"]}, "holidays": "US"}
    )
    gone = (datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC))
    one = Office([rep("a", per_week=30, calendar=office, absences=(gone,))], hold_at_most=28 * DAY)
    one.run(thanksgiving, [lead(number, at=thanksgiving) for number in range(60)])
    assert len(one.given) == 15  # Monday and Friday are left


def test_the_month_binds_as_well():
    office = Office([rep("a", per_week=30, per_month=40)], hold_at_most=28 * DAY)
    assert four_weeks(office, (60, 60, 60, 60))[:2] == [30, 10]


def test_weekly_capacity_begins_anew_at_monday_midnight_of_the_zone():
    sunday = datetime(2026, 11, 9, 4, 59, 59, tzinfo=UTC)  # 23:59:59 in New York
    office = Office([rep("a", per_week=1)], hold_at_most=28 * DAY)
    office.run(sunday, [lead(1, at=sunday), lead(2, at=sunday)])
    office.run(sunday)
    assert len(office.given) == 1
    office.run(sunday + timedelta(seconds=1))
    assert len(office.given) == 2


def test_the_queue_goes_by_intent_engagement_fit_and_age():
    office = Office([rep("a", per_week=5)], hold_at_most=28 * DAY)
    old = MONDAY - HOUR
    leads = [
        lead(1),
        lead(2, at=old),
        lead(3, fit=500),
        lead(4, engagement=10),
        lead(5, intent=1),
        lead(6, hot=True),
    ]
    for day in range(5):
        office.run(MONDAY + day * DAY, leads if day == 0 else ())
    assert [one.waiting.lead_id for one in office.given] == [
        "000006",
        "000005",
        "000004",
        "000003",
        "000002",
    ]


def test_a_held_lead_says_why_it_waits():
    office = Office([rep("a", per_week=5)], hold_at_most=28 * DAY)
    routed = office.run(MONDAY, [lead(1), lead(2)])
    assert [held.reason for held in routed.held] == ["levelling"]
    office.run(MONDAY, [lead(number, hot=True) for number in range(3, 7)])
    assert [held.reason for held in office.run(MONDAY).held] == ["capacity"]


def test_hot_leads_are_not_levelled():
    office = Office([rep("a", per_week=30)], hold_at_most=28 * DAY)
    office.run(MONDAY, [lead(number, hot=True) for number in range(30)])
    assert len(office.given) == 30
    assert not any(one.assignment.forced for one in office.given)


def test_a_hot_lead_above_all_capacity_goes_to_the_least_loaded_forced():
    office = Office([rep("a", per_week=2, weight=Fraction(1)), rep("b", per_week=4)])
    office.run(MONDAY, [lead(number, hot=True) for number in range(6)])
    assert not any(one.assignment.forced for one in office.given)
    office.run(MONDAY, [lead(6, hot=True), lead(7, hot=True), lead(8, hot=True)])
    forced = [one.assignment.rep_id for one in office.given if one.assignment.forced]
    assert forced == ["a", "b", "b"]


def test_a_hot_lead_goes_to_whose_office_is_open():
    night = datetime(2026, 11, 3, 2, tzinfo=UTC)  # 21:00 in New York, 11:00 in Tokyo
    office = Office([rep("a"), rep("b", calendar=TOKYO), rep("c", calendar=BERLIN)])
    office.run(night, [lead(number, hot=True) for number in range(3)])
    assert {one.assignment.rep_id for one in office.given} == {"b"}


def test_a_hot_lead_goes_to_anybody_when_no_office_is_open():
    saturday = datetime(2026, 11, 7, 15, tzinfo=UTC)
    office = Office([rep("a"), rep("b", absences=(away(0, 24 * 30),))])
    office.run(saturday, [lead(1, hot=True)])
    assert office.count("a") == 1


def test_a_hot_lead_above_all_capacity_goes_to_whose_office_is_open():
    night = datetime(2026, 11, 3, 2, tzinfo=UTC)
    office = Office([rep("a", per_week=0), rep("b", calendar=TOKYO, per_week=1)])
    office.run(night, [lead(1, hot=True), lead(2, hot=True)])
    assert [one.assignment.rep_id for one in office.given] == ["b", "b"]
    assert [one.assignment.forced for one in office.given] == [False, True]


def test_a_hot_lead_goes_by_capacity_before_it_goes_by_opening_hours():
    night = datetime(2026, 11, 3, 2, tzinfo=UTC)
    office = Office([rep("a"), rep("b", calendar=TOKYO, per_week=0)])
    office.run(night, [lead(1, hot=True)])
    assert office.count("a") == 1


def test_a_hot_lead_goes_elsewhere_from_the_instant_a_reps_absence_begins():
    gone = rep("a", absences=(away(2, 3),))
    for hours, takes in ((2 * HOUR - timedelta(microseconds=1), "a"), (2 * HOUR, "b")):
        office = Office([gone, rep("b")])
        office.run(MONDAY + hours, [lead(1, hot=True)])
        assert office.count(takes) == 1
    office = Office([gone, rep("b")])
    office.run(MONDAY + 5 * HOUR, [lead(1, hot=True)])  # and is back at its last instant
    assert office.count("a") == 1


def test_a_hot_lead_of_a_company_goes_to_a_colleague_while_its_reps_office_is_closed():
    night = datetime(2026, 11, 3, 2, tzinfo=UTC)
    accounts = {(Role.SDR, "acme.example"): "a"}
    office = Office([rep("a"), rep("b", calendar=TOKYO)], accounts=accounts)
    office.run(night, [lead(number, hot=True, account="acme.example") for number in range(2)])
    assert [one.assignment.rep_id for one in office.given] == ["b", "b"]
    assert [one.assignment.kept for one in office.given] == [False, True]


@pytest.mark.parametrize("other", [{}, {"calendar": TOKYO, "per_week": 0}])
def test_a_hot_lead_of_a_company_stays_if_nobody_with_capacity_is_at_work(other):
    night = datetime(2026, 11, 3, 2, tzinfo=UTC)
    accounts = {(Role.SDR, "acme.example"): "a"}
    office = Office([rep("a"), rep("b", **other)], accounts=accounts)
    office.run(night, [lead(1, hot=True, account="acme.example")])
    assert [one.assignment.rep_id for one in office.given] == ["a"]


def test_hot_leads_of_a_company_whose_rep_is_away_go_to_one_colleague():
    reps = [rep("a", absences=(away(-1, 9),)), rep("b"), rep("c")]
    office = Office(reps, accounts={(Role.SDR, "acme.example"): "a"})
    leads = [lead(number, hot=True, account="acme.example") for number in range(4)]
    office.run(MONDAY, leads)
    assert {one.assignment.rep_id for one in office.given} == {"b"}


def test_a_hot_lead_never_waits_while_anybody_is_there():
    office = Office([rep("a", per_week=0), rep("b", absences=(away(-1, 5),))])
    office.run(MONDAY, [lead(1, hot=True)])
    assert office.count("a") == 1


def test_a_company_in_one_reps_hands_stays_there():
    office = Office([rep("a"), rep("b")], accounts={(Role.SDR, "acme.example"): "b"})
    office.run(MONDAY, [lead(1, account="acme.example")])
    assert office.given[0].assignment.rep_id == "b"
    assert office.given[0].assignment.kept


def test_two_leads_of_a_new_company_in_one_run_stay_together():
    office = Office([rep("a"), rep("b")])
    office.run(MONDAY, [lead(number, account="acme.example") for number in range(2)])
    assert office.count("a") == 2
    assert [one.assignment.kept for one in office.given] == [False, True]


def test_an_executives_account_does_not_bind_development_reps():
    reps = [rep("a"), rep("x", team="closers", role=Role.AE)]
    office = Office(reps, accounts={(Role.AE, "acme.example"): "x"})
    office.run(MONDAY, [lead(1, account="acme.example")])
    assert office.count("a") == 1


def test_a_lead_waits_for_its_accounts_rep_but_not_longer_than_agreed():
    gone = rep("b", absences=(away(-1, 24 * 30),))
    accounts = {(Role.SDR, "acme.example"): "b"}
    office = Office([rep("a"), gone], hold_at_most=5 * DAY, accounts=accounts)
    routed = office.run(MONDAY, [lead(1, account="acme.example")])
    assert [held.reason for held in routed.held] == ["its account's rep is away"]
    office.run(MONDAY + 5 * DAY)
    assert office.count("a") == 1


@pytest.mark.parametrize(
    ("terms", "hours"), [({"hot": True}, 0), ({}, 5 * 24), ({"reassigned": True}, 0)]
)
def test_a_companys_lead_that_cannot_wait_is_found_in_every_run_while_the_whole_team_is_away(
    terms, hours
):
    gone = {"absences": (away(-1, 24 * 30),)}
    accounts = {(Role.SDR, "acme.example"): "a"}
    office = Office([rep("a", **gone), rep("b", **gone)], hold_at_most=5 * DAY, accounts=accounts)
    for at in (MONDAY + hours * HOUR, MONDAY + (hours + 1) * HOUR):
        routed = office.run(at, [lead(1, account="acme.example", **terms)])
        assert [(held.reason, held.stranded) for held in routed.held] == [
            ("every rep of team inbound is away", True)
        ]
        assert [finding.rule for finding in routed.findings] == ["routing.all_away"]


def test_a_companys_lead_that_can_wait_waits_for_its_rep_though_the_whole_team_is_away():
    gone = {"absences": (away(-1, 24 * 30),)}
    accounts = {(Role.SDR, "acme.example"): "a"}
    office = Office([rep("a", **gone)], hold_at_most=5 * DAY, accounts=accounts)
    at = MONDAY + 5 * DAY - timedelta(microseconds=1)
    routed = office.run(at, [lead(1, account="acme.example")])
    assert [(held.reason, held.stranded) for held in routed.held] == [
        ("its account's rep is away", False)
    ]
    assert routed.findings == ()


def test_an_account_of_somebody_who_left_is_routed():
    office = Office([rep("a")], accounts={(Role.SDR, "acme.example"): "gone"})
    office.run(MONDAY, [lead(1, account="acme.example")])
    assert office.count("a") == 1


def test_a_lead_that_wakes_goes_to_the_rep_it_had():
    office = Office([rep("a"), rep("b", per_week=0)])
    office.run(MONDAY, [lead(1, former_rep="b"), lead(2, former_rep="gone")])
    kept = {one.waiting.lead_id: one.assignment for one in office.given}
    assert (kept["000001"].rep_id, kept["000001"].kept) == ("b", True)
    assert (kept["000002"].rep_id, kept["000002"].kept) == ("a", False)


def test_a_team_without_reps_holds_its_leads_and_says_so():
    office = Office([rep("a")])
    routed = office.run(MONDAY, [lead(1, team="emea"), lead(2, team="emea", hot=True)])
    assert {held.reason for held in routed.held} == {"no rep in team emea"}
    assert [finding.rule for finding in routed.findings] == ["routing.no_rep"]
    assert "2 leads wait" in str(routed.findings[0])


@pytest.mark.parametrize(
    "terms", [{"per_week": 0}, {"per_month": 0}, {"weight": Fraction(0)}], ids=str
)
def test_a_team_in_which_nobody_takes_leads_holds_them_and_says_so(terms):
    office = Office([rep("a", **terms)], hold_at_most=5 * DAY)
    routed = office.run(MONDAY, [lead(1)])
    assert [(held.reason, held.stranded) for held in routed.held] == [
        ("no rep of team inbound has a capacity and weight above zero", True)
    ]
    assert [finding.rule for finding in routed.findings] == ["routing.no_capacity"]
    assert office.run(MONDAY + 5 * DAY).findings == ()
    assert office.given[0].assignment.forced


def test_a_team_whose_takers_are_away_says_so_though_somebody_is_there():
    office = Office(
        [rep("a", absences=(away(-1, 3),)), rep("lead", weight=Fraction(0))],
        hold_at_most=5 * DAY,
    )
    routed = office.run(MONDAY, [lead(1)])
    assert [one.rule for one in routed.findings] == ["routing.takers_away"]
    assert [one.stranded for one in routed.held] == [True]


def test_who_takes_no_leads_is_the_last_to_be_given_any_over_capacity():
    office = Office([rep("a", weight=Fraction(0)), rep("b", per_week=1, weight=Fraction(1))])
    office.run(MONDAY, [lead(number, hot=True) for number in range(4)])
    assert office.count("b") == 4


def test_what_waits_for_levelling_or_capacity_is_not_stranded():
    office = Office([rep("a", per_week=5)], hold_at_most=5 * DAY)
    routed = office.run(MONDAY, [lead(1), lead(2)])
    assert [(held.reason, held.stranded) for held in routed.held] == [("levelling", False)]
    assert routed.findings == ()


def test_a_lead_of_a_rep_who_has_left_goes_at_once_before_those_that_are_levelled():
    office = Office([rep("a", per_week=5)], hold_at_most=28 * DAY)
    office.run(MONDAY, [lead(1, intent=900), lead(2, reassigned=True), lead(3, reassigned=True)])
    assert [one.waiting.handoff_id for one in office.given] == ["000002", "000003"]
    assert not any(one.assignment.forced for one in office.given)
    office.run(MONDAY, [lead(number, reassigned=True) for number in range(4, 8)])
    assert [one.assignment.forced for one in office.given[2:]] == [False, False, False, True]


def test_leads_of_a_rep_who_has_left_stay_with_their_company():
    reps = [rep("a", per_week=1), rep("b"), rep("c")]
    office = Office(reps, accounts={(Role.SDR, "acme.example"): "a"})
    office.run(MONDAY, [lead(number, account="acme.example", reassigned=True) for number in (1, 2)])
    office.run(MONDAY, [lead(number, account="new.example", reassigned=True) for number in (3, 4)])
    owners = [one.assignment.rep_id for one in office.given]
    assert owners == ["a", "a", "b", "b"]
    assert [one.assignment.forced for one in office.given] == [False, True, False, False]


def test_a_team_that_is_away_takes_over_nothing_and_both_kinds_are_found():
    office = Office([rep("a", absences=(away(-1, 3),))])
    routed = office.run(MONDAY, [lead(1, reassigned=True), lead(2), lead(3, reassigned=True)])
    assert len(routed.held) == 3
    assert [one.sentence.split(":")[0] for one in routed.findings] == [
        "1 lead waits",
        "2 leads of reps who have left wait",
    ]


def test_a_team_that_is_away_holds_even_hot_leads_and_says_so():
    office = Office([rep("a", absences=(away(-1, 3),))])
    routed = office.run(MONDAY, [lead(1, hot=True)])
    assert [held.reason for held in routed.held] == ["every rep of team inbound is away"]
    assert [finding.rule for finding in routed.findings] == ["routing.all_away"]
    assert office.run(MONDAY + 2 * HOUR).assignments


def test_weeks_and_months_are_cut_in_the_agreements_zone():
    periods = periods_of(datetime(2026, 11, 1, 3, 59, tzinfo=UTC), ZONE)
    assert periods.month_start == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert periods.week_start == datetime(2026, 10, 26, 4, tzinfo=UTC)
    assert periods.days == (
        datetime(2026, 10, 31, 4, tzinfo=UTC),
        datetime(2026, 11, 1, 4, tzinfo=UTC),
        datetime(2026, 11, 2, 5, tzinfo=UTC),
    )
