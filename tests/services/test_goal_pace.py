from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from accord.errors import InputError
from accord.planning import plan, plan_from_history
from accord.services.goal_pace import read_goal_pace
from accord.services.measure import measure
from accord.services.outlook import read_outlook
from tests.metrics.company import AS_OF, FIRST, Company


@pytest.fixture
def company(workspace):
    Company(leads=250, seed=3).write(workspace.ledger)
    return workspace


def _by_name(workspace, **asked):
    return {(one.metric, one.period): one for one in read_goal_pace(workspace, **asked)}


def test_the_month_and_the_quarter_are_told_of_mqls_and_revenue(company):
    found = _by_name(company, as_of=AS_OF)
    assert set(found) == {
        (metric, period) for metric in ("mqls", "revenue") for period in ("month", "quarter")
    }
    quarter = found["mqls", "quarter"]
    assert (quarter.first, quarter.last) == (date(2026, 10, 1), date(2026, 12, 31))
    assert quarter.on == date(2026, 11, 12)
    assert [line.name for line in quarter.lines] == ["small", "middle", "large"]


@pytest.mark.parametrize("metric", ["mqls", "revenue"])
def test_what_has_come_is_what_the_metric_counts(company, metric):
    day = date(2026, 11, 8)
    for pace in read_goal_pace(company, as_of=AS_OF, on=day):
        if pace.metric != metric:
            continue
        counted = measure(company, metric, by="segment", since=pace.first, until=day, as_of=AS_OF)
        by_name = {row.member: Fraction(row.value or 0) for row in counted.rows}
        assert {line.name: line.actual for line in pace.lines} == {
            line.name: by_name.get(line.name, 0) for line in pace.lines
        }
        assert pace.total.actual == Fraction(counted.total.value)


def test_a_months_goal_is_its_levelled_share_of_the_quarters(company):
    found = _by_name(company, as_of=AS_OF)
    month, quarter = found["mqls", "month"].total, found["mqls", "quarter"].total
    assert month.goal == quarter.goal * 30 / 92
    assert month.planned_by(month.days) == month.goal


def test_days_before_the_first_fact_do_not_slow_the_rate(company):
    found = _by_name(company, as_of=AS_OF, on=FIRST.date() + timedelta(days=6))
    line = found["mqls", "quarter"].total
    assert len(line.seen) == 7
    assert line.rate == line.actual / 7


def test_a_day_that_has_not_ended_is_refused(company):
    with pytest.raises(InputError, match="2026-11-13 has not ended"):
        read_goal_pace(company, as_of=AS_OF, on=date(2026, 11, 13))


def test_an_empty_ledger_is_behind_and_knows_no_rate(workspace):
    for pace in read_goal_pace(workspace, as_of=AS_OF):
        assert pace.total.actual == pace.total.rate == 0
        assert [finding.rule for finding in pace.findings] == ["pace.behind"]


def test_history_is_what_the_metrics_count(company):
    agreement = company.agreement(AS_OF)
    facts = read_outlook(company, plan(agreement), as_of=AS_OF, weeks=10)
    found = {one.segment: one for one in facts.history.segments}
    since = AS_OF - timedelta(weeks=10)
    steps = measure(company, "mql_to_sql", by="segment", since=since, as_of=AS_OF).rows
    for row in steps:
        seen = found[row.member].steps["mql_to_sql"]
        assert (seen.count, seen.of) == (row.numerator, row.denominator)
    deal = measure(company, "average_deal", by="segment", since=since, as_of=AS_OF).rows
    for row in deal:
        assert found[row.member].average_deal == pytest.approx(row.value, rel=Decimal("1e-9"))
    assert facts.history.ready is False  # it began in the second half of these weeks
    assert plan_from_history(agreement, facts.history).findings


def test_spend_needed_is_the_plan_at_todays_cost_of_an_mql(company):
    made = plan(company.agreement(AS_OF))
    facts = read_outlook(company, made, as_of=AS_OF, weeks=10)
    since = AS_OF - timedelta(weeks=10)
    each = measure(company, "cost_per_mql", since=since, as_of=AS_OF).total.value
    assert facts.spend.each == each.quantize(Decimal("0.01")) > 0
    assert facts.spend.total == sum(one.needed for one in facts.spend.segments)
    assert sum(one.mqls for one in facts.spend.segments) == 411
    known = [one.each for one in facts.spend.channels if one.each is not None]
    assert known == sorted(known)
    by_channel = measure(company, "cost_per_mql", by="channel", since=since, as_of=AS_OF).rows
    seen = {one.channel: (one.spend, one.mqls) for one in facts.spend.channels}
    for row in by_channel:
        assert seen[row.member] == (row.numerator, row.denominator)


def test_the_segments_mqls_at_their_own_cost_are_what_was_spent(workspace):
    """As many as came, each at its segment's cost: together the spend of the weeks."""
    Company(leads=2000, seed=3).write(workspace.ledger)
    made = plan(workspace.agreement(AS_OF))
    since = AS_OF - timedelta(weeks=10)
    facts = read_outlook(workspace, made, as_of=AS_OF, weeks=10)
    came = {
        row.member: row.numerator
        for row in measure(workspace, "mqls", by="segment", since=since, as_of=AS_OF).rows
    }
    spent = measure(workspace, "spend", since=since, as_of=AS_OF).total.value
    cost = sum(came[one.segment] * one.each for one in facts.spend.segments)
    assert all(one.own for one in facts.spend.segments)
    assert cost == pytest.approx(spent, abs=Decimal("0.005") * sum(came.values()))
    assert len({one.each for one in facts.spend.segments}) == 3


def test_without_spend_its_need_is_missing_not_zero(workspace):
    made = plan(workspace.agreement(AS_OF))
    facts = read_outlook(workspace, made, as_of=AS_OF)
    assert facts.spend.total is None
    assert {one.needed for one in facts.spend.segments} == {None}
    assert facts.capacity.reps == 0


def test_before_anything_was_handed_over_the_rules_say_to_whom_a_segment_goes(workspace):
    made = plan(workspace.agreement(AS_OF))
    teams = read_outlook(workspace, made, as_of=AS_OF).capacity.teams
    assert {one.name: one.need for one in teams} == {"enterprise": 44, "inbound": 220 + 147}


def test_a_team_gets_the_share_of_a_segment_that_went_to_it(company):
    made = plan(company.agreement(AS_OF))
    facts = read_outlook(company, made, as_of=AS_OF, weeks=10)
    teams = {one.name: one for one in facts.capacity.teams}
    assert {name: one.reps for name, one in teams.items()} == {
        "inbound": 3, "enterprise": 2, "emea": 1,
    }  # fmt: skip
    assert sum(one.need for one in teams.values()) == facts.capacity.all.need
    assert sum(one.capacity for one in teams.values()) == facts.capacity.all.capacity
    assert teams["enterprise"].need == 44


def test_reps_who_are_there_are_counted_each_with_their_own_limits(company):
    made = plan(company.agreement(AS_OF))
    facts = read_outlook(company, made, as_of=AS_OF)
    assert facts.capacity.reps == 6
    assert facts.capacity.all.capacity == 5 * 360 + Fraction(20 * 92, 7)


def test_weeks_out_of_reason_are_refused(company):
    with pytest.raises(InputError, match="1 to 520"):
        read_outlook(company, plan(company.agreement(AS_OF)), as_of=AS_OF, weeks=0)
