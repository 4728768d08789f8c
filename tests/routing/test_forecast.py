"""What the coming weeks hold: the worked example, overflow, and the same as the runs themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.routing import Arrival, Standing, forecast, left_today, periods_of, steady_arrivals
from tests.routing.office import ZONE, Office, away, lead, rep

DAY = timedelta(days=1)
WEEK = 7 * DAY
MIDNIGHT = datetime(2026, 11, 2, 5, tzinfo=UTC)  # Monday in New York
NINE = MIDNIGHT + timedelta(hours=9)
MONDAYS = (30, 10, 20, 60)


def standing(*reps, queue=(), hold: timedelta = 28 * DAY, at: datetime = MIDNIGHT) -> Standing:
    return Standing(
        team="inbound", as_of=at, zone=ZONE, queue=queue, candidates=reps, hold_at_most=hold
    )


def on_mondays(counts, **terms) -> list[Arrival]:
    return [Arrival(at=NINE + n * WEEK, leads=count, **terms) for n, count in enumerate(counts)]


def seen(found, *names: str) -> list:
    if len(names) == 1:
        return [getattr(week, names[0]) for week in found.weeks]
    return [tuple(getattr(week, name) for name in names) for week in found.weeks]


def test_uneven_weeks_are_released_up_to_capacity_and_the_rest_is_backlog() -> None:
    found = forecast(standing(rep("a", per_week=30)), on_mondays(MONDAYS), weeks=4)
    assert seen(found, "arrived") == [30, 10, 20, 60]
    assert seen(found, "released") == [30, 10, 20, 30]
    assert seen(found, "backlog") == [0, 0, 0, 30]
    assert found.weeks[3].oldest_at == NINE + 3 * WEEK
    assert (found.overdue_from, found.forced_from) == (None, None)


def test_what_is_held_five_days_goes_over_capacity_from_the_hour_it_is_due() -> None:
    ahead = standing(rep("a", per_week=30), hold=5 * DAY)
    found = forecast(ahead, on_mondays(MONDAYS), weeks=5)
    assert seen(found, "released", "forced") == [(30, 0), (10, 0), (20, 0), (60, 30), (0, 0)]
    assert found.overdue_from == found.forced_from == NINE + 3 * WEEK + 5 * DAY


def test_a_lead_may_be_overdue_without_going_over_capacity() -> None:
    ahead = standing(rep("a", per_week=30), hold=DAY)
    found = forecast(ahead, [Arrival(at=NINE, leads=20)], weeks=1)
    assert seen(found, "released", "forced") == [(20, 0)]
    assert (found.overdue_from, found.forced_from) == (NINE + DAY, None)


def test_hot_leads_go_at_once_and_leave_the_rest_of_the_capacity_to_the_others() -> None:
    found = forecast(standing(rep("a", per_week=30)), on_mondays((60,), hot=25), weeks=1)
    assert seen(found, "released", "forced", "backlog") == [(30, 0, 30)]
    found = forecast(standing(rep("a", per_week=30)), on_mondays((40,), hot=40), weeks=1)
    assert seen(found, "released", "forced", "backlog") == [(40, 10, 0)]
    assert (found.overdue_from, found.forced_from) == (None, NINE)


def test_who_waits_already_goes_first_and_what_was_given_already_is_gone() -> None:
    waiting = [lead(number, at=NINE - DAY) for number in range(8)]
    busy = rep("a", per_week=30, week=25, month=25, today=5)
    found = forecast(
        standing(busy, queue=waiting, at=NINE + 2 * DAY),
        [Arrival(at=NINE + 3 * DAY, leads=4)],
        weeks=2,
    )
    assert seen(found, "released", "backlog") == [(5, 7), (7, 0)]
    assert found.weeks[0].oldest_at == NINE - DAY


def test_newcomers_that_rank_first_leave_the_oldest_to_be_forced_sooner() -> None:
    steady = [Arrival(at=NINE + day * DAY, leads=10) for day in range(21)]
    ahead = standing(rep("a", per_week=40), hold=10 * DAY)
    best = forecast(ahead, steady, weeks=4)
    worst = forecast(ahead, steady, weeks=4, newcomers_first=True)
    assert worst.overdue_from < best.overdue_from
    assert worst.forced_from < best.forced_from


def test_a_month_that_is_used_up_stops_releases_until_the_next() -> None:
    found = forecast(
        standing(rep("a", per_week=30, per_month=40)), on_mondays((60, 0, 0, 0)), weeks=5
    )
    assert seen(found, "released") == [30, 10, 0, 0, 20]


def test_an_absence_is_foreseen() -> None:
    gone = rep("a", per_week=30, absences=(away(-9, 24 * 7, since=NINE + WEEK),))
    found = forecast(standing(gone), on_mondays((45, 0, 0)), weeks=3)
    assert seen(found, "released") == [30, 0, 15]


def test_a_team_of_nobody_releases_nothing_and_its_queue_is_overdue() -> None:
    found = forecast(standing(hold=5 * DAY), on_mondays((10, 5)), weeks=2)
    assert seen(found, "released", "backlog") == [(0, 10), (0, 15)]
    assert (found.overdue_from, found.forced_from) == (NINE + 5 * DAY, None)


def test_leads_that_are_held_for_no_time_are_overdue_only_where_there_is_no_room() -> None:
    roomy = forecast(standing(rep("a", per_week=30), hold=0 * DAY), on_mondays((30, 10)), weeks=2)
    assert seen(roomy, "released", "forced") == [(30, 0), (10, 0)]
    assert (roomy.overdue_from, roomy.forced_from) == (None, None)
    full = forecast(standing(rep("a", per_week=30), hold=0 * DAY), on_mondays((30, 31)), weeks=2)
    assert full.overdue_from == full.forced_from == NINE + WEEK
    gone = rep("a", absences=(away(0, 24, since=NINE),))
    found = forecast(standing(gone, hold=0 * DAY), on_mondays((3,)), weeks=1)
    assert (found.overdue_from, found.forced_from) == (NINE, None)
    assert seen(found, "released") == [3]


def test_what_was_handed_over_before_goes_at_once_and_is_never_overdue() -> None:
    queue = [lead(number, at=NINE - 90 * DAY, reassigned=True) for number in range(9)]
    ahead = standing(rep("a", per_week=10), queue=queue, at=NINE, hold=5 * DAY)
    found = forecast(ahead, [Arrival(at=NINE + DAY, leads=1)], weeks=1)
    assert seen(found, "released", "backlog") == [(10, 0)]
    assert (found.overdue_from, found.forced_from) == (None, None)
    nobody = forecast(standing(queue=queue, at=NINE, hold=5 * DAY), (), weeks=1)
    assert seen(nobody, "backlog", "oldest_at") == [(9, None)]
    assert nobody.overdue_from is None


def test_the_given_leads_are_told_by_rep() -> None:
    found = forecast(standing(rep("a", per_week=10), rep("b", per_week=20)), MONDAY60, weeks=1)
    assert dict(found.weeks[0].given) == {"a": 10, "b": 20}


MONDAY60 = on_mondays((60,))


def test_a_steady_rate_comes_in_whole_leads_and_loses_none() -> None:
    terms = {"as_of": NINE + 2 * DAY, "zone": ZONE, "weeks": 3}
    found = list(steady_arrivals(per_week=Fraction(25, 2), hot_per_week=Fraction(7, 3), **terms))
    assert [one.at for one in found] == [MIDNIGHT + day * DAY for day in range(3, 21)]
    assert sum(one.hot for one in found) == 6  # 18 days of 7/3 a week
    assert sum(one.leads for one in found) == 32  # and of 61/6 that are not: 26
    assert all(0 <= one.hot <= one.leads for one in found)


def test_what_is_left_of_today_is_the_share_less_what_was_given() -> None:
    people = [
        rep("away", per_week=30, absences=(away(-1, 48, since=NINE),)),
        rep("fresh", per_week=30),
        rep("full", per_week=30, week=30),
        rep("half", per_week=30, week=4, month=4, today=4),
        rep("over", per_week=30, week=9, month=9, today=9),
    ]
    assert left_today(people, periods=periods_of(NINE, ZONE)) == {
        "away": 0,
        "fresh": 6,
        "full": 0,
        "half": 2,
        "over": 0,
    }


quarters = st.integers(min_value=0, max_value=4 * 14 - 1)
teams = st.lists(
    st.builds(
        lambda per_week, per_month, weight, absences: {
            "per_week": per_week,
            "per_month": per_month,
            "weight": weight,
            "absences": tuple(away(6 * at, 6 * length, since=MIDNIGHT) for at, length in absences),
        },
        per_week=st.integers(0, 12),
        per_month=st.integers(0, 40),
        weight=st.none() | st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(3)]),
        absences=st.lists(st.tuples(quarters, st.integers(1, 12)), max_size=1),
    ),
    min_size=1,
    max_size=3,
)
flows = st.lists(st.tuples(quarters, st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=8)


def simulated(reps, arrivals, *, hold: timedelta, weeks: int, ahead: bool):
    """Run the office every six hours; per week: releases, forced, backlog, by rep."""
    office, found, number = Office(list(reps), hold_at_most=hold), [], 0
    for week in range(weeks):
        before = len(office.given)
        for quarter in range(4 * 7):
            at = MIDNIGHT + week * WEEK + quarter * timedelta(hours=6)
            leads = []
            for place, one in enumerate(arrivals):
                for turn in range(one.leads if one.at == at else 0):
                    intent = place if ahead else 0
                    leads.append(lead(number, at=at, hot=turn < one.hot, intent=intent))
                    number += 1
            office.run(at, leads)
        given = office.given[before:]
        by_rep = {one.rep_id: 0 for one in reps}
        for one in given:
            by_rep[one.assignment.rep_id] += 1
        forced = sum(one.assignment.forced for one in given)
        found.append((len(given), forced, len(office.queue), by_rep))
    return found


def foretold(reps, arrivals, *, hold: timedelta, weeks: int, ahead: bool):
    found = forecast(standing(*reps, hold=hold), arrivals, weeks=weeks, newcomers_first=ahead)
    return [
        (
            week.released,
            week.forced,
            week.backlog,
            {one.rep_id: 0 for one in reps} | dict(week.given),
        )
        for week in found.weeks
    ]


@given(
    team=teams,
    flow=flows,
    hold=st.sampled_from([0, 6, 24, 36, 120, 672]),
    ahead=st.booleans(),
)
@settings(max_examples=40)
def test_a_forecast_is_what_the_runs_do_if_the_leads_come_so(team, flow, hold, ahead) -> None:
    reps = [rep(name, **terms) for name, terms in zip("abc", team, strict=False)]
    merged: dict[datetime, Arrival] = {}
    for quarter, leads, hot in flow:
        at = MIDNIGHT + quarter * timedelta(hours=6)
        merged[at] = Arrival(at=at, leads=leads, hot=min(hot, leads))
    arrivals = [merged[at] for at in sorted(merged)]
    terms = {"hold": timedelta(hours=hold), "weeks": 2, "ahead": ahead}
    assert foretold(reps, arrivals, **terms) == simulated(reps, arrivals, **terms)


@given(
    per_week=st.integers(1, 15),
    count=st.integers(1, 2),
    rate=st.integers(1, 60),
    days=st.integers(1, 8),
)
@settings(max_examples=20)
def test_a_steady_flow_is_foretold_as_it_is_released(per_week, count, rate, days) -> None:
    reps = [rep(name, per_week=per_week) for name in "ab"[:count]]
    flow = steady_arrivals(
        per_week=Fraction(rate), hot_per_week=Fraction(0), as_of=MIDNIGHT, zone=ZONE, weeks=3
    )
    arrivals = list(flow)
    terms = {"hold": days * DAY, "weeks": 3, "ahead": False}
    assert foretold(reps, arrivals, **terms) == simulated(reps, arrivals, **terms)


@given(extra=st.integers(0, 10), days=st.integers(1, 10))
@settings(max_examples=15)
def test_a_longer_hold_never_forces_more_and_more_arrivals_never_fewer(extra, days) -> None:
    team = rep("a", per_week=10)

    def forced(hold: int, more: int) -> int:
        flow = [Arrival(at=NINE + day * DAY, leads=2 + more) for day in range(14)]
        return sum(seen(forecast(standing(team, hold=hold * DAY), flow, weeks=3), "forced"))

    assert forced(days + 1, extra) <= forced(days, extra) <= forced(days, extra + 1)


def test_a_queue_of_thousands_is_foretold_as_the_same_queue_cut_short() -> None:
    """Only what can be released is routed: who stands far behind changes nothing before him."""
    team = [rep(name, per_week=10) for name in "abc"]
    queue = [lead(number, at=NINE - DAY, intent=5000 - number) for number in range(3000)]
    hold = 60 * DAY
    long = forecast(standing(*team, queue=queue, hold=hold), (), weeks=4)
    short = forecast(standing(*team, queue=queue[:200], hold=hold), (), weeks=4)
    assert seen(long, "released", "given") == seen(short, "released", "given")
    assert seen(long, "backlog") == [3000 - 30 * week for week in range(1, 5)]


def test_accounts_of_those_who_wait_do_not_bind_a_forecast() -> None:
    queue = [lead(number, account="acme.example", former_rep="a") for number in range(4)]
    ahead = standing(rep("a"), rep("b"), queue=queue, at=NINE)
    plain = replace(ahead, queue=[replace(one, account=None, former_rep=None) for one in queue])
    assert forecast(ahead, (), weeks=1) == forecast(plain, (), weeks=1)
