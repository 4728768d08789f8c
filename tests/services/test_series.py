from __future__ import annotations

from decimal import Decimal

import pytest

from accord.errors import InputError
from accord.services.measure import measure
from accord.services.series import measure_series
from accord.services.weekly import run_weekly
from tests.metrics.company import AS_OF, Company


@pytest.fixture
def company(workspace):
    Company(leads=250, seed=3).write(workspace.ledger)
    return workspace


def _stored(workspace, metric):
    from sqlalchemy import select

    from accord.ledger.tables import metric as table

    query = select(table.c.period, table.c.member, table.c.value).where(
        table.c.metric == metric, table.c.dimension == "segment"
    )
    with workspace.ledger.read() as connection:
        return {(period, member): value for period, member, value in connection.execute(query)}


@pytest.mark.parametrize("metric", ["mqls", "mql_to_sql", "won_after_return", "revenue_growth"])
def test_a_series_of_weeks_is_what_is_stored_of_them(company, metric):
    run_weekly(company, as_of=AS_OF)
    found = measure_series(company, metric, every="week", by="segment", as_of=AS_OF)
    ours = {
        (row.period, row.member): None if row.value is None else f"{row.value:f}"
        for row in found.rows
    }
    assert ours == _stored(company, metric)


def test_a_series_that_begins_late_is_the_end_of_the_whole_one(company):
    whole = measure_series(company, "mql_to_sql", every="week", as_of=AS_OF).rows
    late = measure_series(company, "mql_to_sql", every="week", since="2026-11-02", as_of=AS_OF).rows
    assert 0 < len(late) < len(whole)
    assert late == whole[-len(late) :]


@pytest.mark.parametrize("every", ["day", "week"])
def test_what_flows_adds_up_over_days_and_weeks_to_the_window(company, every):
    since, until = "2026-10-19", "2026-11-08"  # whole weeks
    rows = measure_series(company, "mqls", every=every, since=since, until=until, as_of=AS_OF).rows
    whole = measure(company, "mqls", since=since, until=until, as_of=AS_OF).total
    assert len(rows) == {"day": 21, "week": 3}[every]
    assert sum(row.value or 0 for row in rows) == whole.value > 0


def test_the_goals_of_a_quarter_add_up_to_what_was_agreed(company):
    found = measure(company, "revenue_goal", since="2026-10-01", until="2026-12-31", as_of=AS_OF)
    agreed = company.agreement(AS_OF).targets.segments.values()
    begun = Decimal((AS_OF.date() - AS_OF.date().replace(month=10, day=1)).days + 1) / 92
    total = sum(target.revenue for target in agreed)
    assert abs(found.total.value - total * begun) < Decimal("0.05")


def test_the_running_month_is_marked(company):
    rows = measure_series(company, "mqls", every="month", as_of=AS_OF).as_dict()["rows"]
    assert [row["partial"] for row in rows][-1] is True
    assert not any(row["partial"] for row in rows[:-1])
    assert rows[-1]["period"] == f"{AS_OF:%Y-%m}"


def test_growth_over_a_window_is_against_the_one_before(company):
    now = measure(
        company, "opportunities", since="2026-10-26", until="2026-11-08", as_of=AS_OF
    ).total
    past = measure(
        company, "opportunities", since="2026-10-12", until="2026-10-25", as_of=AS_OF
    ).total
    grown = measure(
        company, "opportunity_growth", since="2026-10-26", until="2026-11-08", as_of=AS_OF
    ).total
    assert grown.numerator == now.value - past.value
    assert grown.denominator == past.value > 0


def test_a_share_of_few_says_how_sure_it_is(company):
    rows = measure(company, "mql_to_sql", by="segment", as_of=AS_OF).as_dict()["rows"]
    assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in rows)
    spend = measure(company, "cost_per_mql", as_of=AS_OF).as_dict()["total"]
    assert "low" not in spend


def test_another_kind_of_period_is_refused(company):
    with pytest.raises(InputError, match="day, week or month"):
        measure_series(company, "mqls", every="fortnight", as_of=AS_OF)
