"""The pace, on SQLite and PostgreSQL: the weeks behind, each rep's load, the weeks ahead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from accord.errors import InputError
from accord.ledger import tables
from accord.services.pace import read_pace
from tests.services.handoff_world import DAY, HOUR, MONDAY, World

WEEK = 7 * DAY
NOON = MONDAY + 3 * HOUR


@pytest.fixture
def world(workspace) -> World:
    return World(workspace)


def arrive(world: World, start: int, count: int, *, at=MONDAY, **terms) -> None:
    world.mqls(*(f"l{number:03d}" for number in range(start, start + count)), at=at, **terms)
    world.run(at)


def pace_of(world: World, team: str = "inbound", *, at=NOON, **terms):
    found = read_pace(world.workspace, as_of=at, **terms)
    return next(one for one in found.teams if one.team == team)


def test_the_weeks_behind_count_what_came_and_what_went(world):
    world.reps("r1", per_week=10)
    arrive(world, 0, 4, at=MONDAY - 2 * WEEK)
    arrive(world, 4, 20, at=MONDAY - WEEK)
    arrive(world, 24, 3, hot=True)
    team = pace_of(world, weeks=2)
    assert [(week.week, week.partial) for week in team.behind] == [
        ("2026-W45", False),
        ("2026-W46", False),
        ("2026-W47", True),
    ]
    # The week of a holiday has four days: 3 of its 10 go on Monday. Nothing ran until the next one,
    # when all that waited is too old to wait: 10 within the capacity, 12 over it.
    assert [(week.arrived, week.hot, week.released, week.forced) for week in team.behind] == [
        (4, 0, 2, 0),
        (20, 0, 3, 0),
        (3, 3, 22, 12),
    ]
    assert (team.backlog, team.capacity) == (0, 10)


def test_a_rep_is_shown_against_both_capacities_and_what_was_forced_on_him(world):
    world.reps("r1", per_week=4, per_month=5)
    world.reps("r2", per_week=30)
    arrive(world, 0, 8, hot=True)
    with world.ledger.begin() as connection:
        off = update(tables.rep).where(tables.rep.c.rep_id == "r2")
        connection.execute(off.values(left_at=MONDAY + HOUR))
    arrive(world, 8, 3, at=MONDAY + 2 * HOUR, hot=True)
    found = read_pace(world.workspace, as_of=NOON)
    (rep,) = found.teams[0].reps
    assert rep.rep_id == "r1"
    assert rep.week == rep.month == rep.today == 11  # what r2 had in hand was taken over
    assert (rep.over_week, rep.over_month, rep.left_today) == (7, 6, 0)
    assert rep.forced_week == rep.forced_month > 0
    rules = [(finding.rule, finding.subject) for finding in found.findings]
    assert rules.count(("pace.overload", "rep r1")) == 2
    (week, month) = [f.sentence for f in found.findings if f.rule == "pace.overload"]
    assert week.startswith("11 leads this week of a capacity of 4: 7 over")
    assert month.startswith("11 leads this month of a capacity of 5: 6 over")


def test_what_is_left_of_today_and_the_backlog_are_those_of_the_next_run(world):
    world.reps("r1", per_week=10)
    arrive(world, 0, 1)
    team = pace_of(world)
    assert (team.reps[0].today, team.reps[0].left_today) == (1, 1)
    arrive(world, 1, 4, at=MONDAY + HOUR)
    team = pace_of(world)
    assert (team.reps[0].left_today, team.backlog, team.oldest_at) == (0, 3, MONDAY + HOUR)


def test_the_first_week_ahead_is_what_the_runs_then_do(world):
    world.reps("r1", per_week=10)
    world.reps("r2", per_week=5)
    arrive(world, 0, 25)
    ahead = pace_of(world, arrivals={"inbound": 0}).best
    for day in range(1, 7):
        world.run(MONDAY + day * DAY)
    loads = {rep.rep_id: rep.week for rep in pace_of(world, at=MONDAY + 6 * DAY).reps}
    before = {"r1": 2, "r2": 1}
    assert {rep: loads[rep] - before[rep] for rep in loads} == dict(ahead.weeks[0].given)
    forced = sum(row["forced"] for row in world.rows("handoff"))
    assert (ahead.weeks[0].released, ahead.weeks[0].forced) == (22, forced)
    assert ahead.forced_from == MONDAY + 5 * DAY


def test_an_overflow_to_come_is_a_finding_with_its_day_and_what_is_missing(world):
    world.reps("r1", per_week=10)
    found = read_pace(world.workspace, as_of=NOON, arrivals={"inbound": 15})
    (finding,) = found.findings
    assert (finding.rule, finding.subject) == ("pace.overflow", "team inbound")
    (team,) = found.teams
    assert team.best.forced_from >= team.worst.forced_from > NOON
    assert "15.0 leads a week come to a capacity of 10" in finding.sentence
    assert finding.remedy == "Add a capacity of 5 a week, or bring fewer leads."
    assert not read_pace(world.workspace, as_of=NOON, arrivals={"inbound": 9}).findings


def test_the_rate_is_of_the_weeks_behind_but_at_least_of_one(world):
    world.reps("r1")
    arrive(world, 0, 6, hot=True)
    arrive(world, 6, 2)
    young = pace_of(world)
    assert (young.per_week, young.hot_per_week) == (8, 6)
    two_weeks = pace_of(world, at=MONDAY + 2 * WEEK)
    assert (two_weeks.per_week, two_weeks.hot_per_week) == (4, 3)
    windowed = pace_of(world, at=MONDAY + 4 * WEEK, weeks=2)
    assert windowed.per_week == 0


def test_a_team_that_leads_come_to_and_nobody_takes_is_a_finding(world):
    world.reps("r1")
    arrive(world, 0, 2, country="DE")
    found = read_pace(world.workspace, as_of=NOON)
    emea = next(team for team in found.teams if team.team == "emea")
    assert (emea.backlog, emea.reps, emea.per_week) == (2, (), 2)
    (finding,) = found.findings
    assert (finding.rule, finding.subject) == ("pace.nobody", "team emea")
    assert "2 leads are waiting" in finding.sentence


def test_executives_have_a_pace_of_their_own(world):
    world.reps("r1")
    world.reps("a1", role="ae", team="closers", per_week=1)
    arrive(world, 0, 2)
    for name in ("l000", "l001"):
        world.decision(name, "convert", at=MONDAY + HOUR)
    world.run(MONDAY + 2 * HOUR)
    team = pace_of(world, "closers")
    assert [(week.arrived, week.released) for week in team.behind][-1] == (2, 1)
    assert (team.role, team.backlog, team.reps[0].week) == ("ae", 1, 1)


def test_a_departure_on_record_is_foreseen(world):
    world.reps("r1", per_week=10, left_at=MONDAY + WEEK - DAY / 2)
    team = pace_of(world, arrivals={"inbound": 7})
    assert team.best.weeks[0].released == 6  # one each midnight from Tuesday to Sunday
    assert sum(week.released for week in team.best.weeks[1:]) == 0
    assert team.best.overdue_from is not None


def test_what_waits_for_an_approval_is_beside_the_backlog(world):
    world.reps("r1", per_week=1)
    arrive(world, 0, 3)
    with world.ledger.begin() as connection:
        waits = tables.handoff.c.assigned_at.is_(None)
        connection.execute(update(tables.handoff).where(waits).values(waits_for="approval"))
    team = pace_of(world)
    assert (team.backlog, team.withheld) == (0, 2)
    assert team.behind[-1].arrived == 3


def test_leads_that_a_source_handed_over_did_not_wait_in_our_queue(world):
    world.reps("r1")
    arrive(world, 0, 2)
    with world.ledger.begin() as connection:
        connection.execute(update(tables.handoff).values(origin="observed"))
    team = pace_of(world)
    assert (team.behind[-1].arrived, team.behind[-1].released) == (0, 0)
    assert team.reps[0].week == 2  # he has them all the same


def test_as_a_dict_it_holds_plain_values_and_no_persons_data(world):
    world.reps("r1", name="Ann Rep", email="ann@example.com", per_week=1)
    arrive(world, 0, 2, name="Ada", email="ada@acme.example", company="Acme")
    found = read_pace(world.workspace, as_of=NOON).as_dict()
    (team,) = found["teams"]
    assert found["as_of"] == "2026-11-16T17:00:00Z"
    assert found["hold_at_most_hours"] == "120.0"
    assert (team["arrivals_per_week"], team["backlog"]) == ("2.0", 1)
    assert team["oldest_at"] == "2026-11-16T14:00:00Z"
    assert [week["week"] for week in team["ahead"]] == [
        "2026-W47",
        "2026-W48",
        "2026-W49",
        "2026-W50",
        "2026-W51",
    ]
    text = str(found)
    assert not [word for word in ("Ann", "ann@", "Ada", "ada@", "Acme") if word in text]


@pytest.mark.parametrize("weeks", [0, 54])
def test_weeks_beyond_a_year_and_none_are_refused(world, weeks):
    with pytest.raises(InputError, match="1 to 53"):
        read_pace(world.workspace, as_of=NOON, weeks=weeks)


def test_an_unknown_team_is_refused_by_the_teams_there_are(world):
    world.reps("r1")
    with pytest.raises(InputError, match=r"'outbound' is no team.*inbound"):
        read_pace(world.workspace, as_of=NOON, arrivals={"outbound": 3})


def test_an_empty_ledger_has_no_pace_and_no_trouble(world):
    found = read_pace(world.workspace, as_of=NOON)
    assert (found.teams, found.findings) == ((), ())
    assert found.as_dict()["teams"] == []


def test_the_weeks_are_cut_in_the_agreements_zone(world):
    world.reps("r1")
    sunday_night = MONDAY - timedelta(hours=9, minutes=1)  # 23:59 in New York
    arrive(world, 0, 1, at=sunday_night)
    arrive(world, 1, 1, at=sunday_night + timedelta(minutes=1))
    assert [week.arrived for week in pace_of(world, weeks=1).behind] == [1, 1]


def test_a_time_that_is_past_has_the_loads_and_the_queue_of_then(world):
    world.reps("r1", per_week=10)
    arrive(world, 0, 5)
    now = read_pace(world.workspace, as_of=NOON).as_dict()
    assert (now["teams"][0]["backlog"], now["teams"][0]["reps"][0]["week"]) == (3, 2)
    world.decision("l004", "disqualify", at=MONDAY + 4 * HOUR, reason="spam")
    arrive(world, 5, 12, at=MONDAY + 5 * HOUR, hot=True)
    world.run(MONDAY + 5 * DAY)
    assert read_pace(world.workspace, as_of=MONDAY + 5 * DAY).findings
    then = read_pace(world.workspace, as_of=NOON)
    assert then.as_dict() == now
    assert then.findings == ()


def test_an_old_run_that_looks_late_still_counts_what_was_given_after_it(world):
    """Loads are cut for a look at the past alone: two runs would give a capacity away twice."""
    world.reps("r1", per_week=2, per_month=2)
    arrive(world, 0, 2, at=MONDAY + 4 * DAY, hot=True)
    world.mqls("late", at=MONDAY + 4 * DAY)
    result = world.run(MONDAY + 4 * DAY - HOUR)
    assert (result.assigned, result.queued) == (0, 1)


def test_marketings_teams_have_no_pace_and_no_arrivals_to_ask_for(world):
    world.reps("m1", role="marketing", team="content_marketing")
    assert read_pace(world.workspace, as_of=NOON).teams == ()
    world.reps("r1")
    arrive(world, 0, 1)
    assert [one.team for one in read_pace(world.workspace, as_of=NOON).teams] == ["inbound"]
    with pytest.raises(InputError, match="'content_marketing' is no team that leads"):
        read_pace(world.workspace, as_of=NOON, arrivals={"content_marketing": 3})


def test_what_a_rep_who_has_left_still_has_is_part_of_the_backlog(world):
    world.reps("r1")
    arrive(world, 0, 3, at=MONDAY - 10 * DAY)
    world.reps("r1", left_at=MONDAY + HOUR)
    assert pace_of(world, at=MONDAY).backlog == 0
    team = pace_of(world)
    assert (team.backlog, team.reassigned, team.oldest_at) == (3, 3, None)
    (finding,) = read_pace(world.workspace, as_of=NOON).findings
    assert (finding.rule, finding.subject) == ("pace.nobody", "team inbound")
    assert "3 leads are waiting" in finding.sentence


def test_what_must_find_another_rep_is_foretold_to_go_at_once_and_is_not_overdue(world):
    world.reps("r1")
    arrive(world, 0, 3, at=MONDAY - 10 * DAY)
    world.reps("r1", left_at=MONDAY)
    world.reps("r2", per_week=5)
    team = pace_of(world, arrivals={"inbound": 0})
    assert (team.backlog, team.best.weeks[0].released, team.best.overdue_from) == (3, 3, None)
    assert world.run(NOON).reassigned == 3


def test_of_those_over_a_capacity_no_more_are_by_rule_than_there_are(world):
    world.reps("r1", per_week=10, per_month=5)
    arrive(world, 0, 12, hot=True)  # seven beyond the month, two beyond the week
    sentences = [one.sentence for one in read_pace(world.workspace, as_of=NOON).findings]
    (week,) = [one for one in sentences if "this week" in one]
    (month,) = [one for one in sentences if "this month" in one]
    assert "2 over, 2 of them by rule" in week
    assert "7 over, 7 of them by rule" in month
