from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from accord.ledger import tables
from accord.services.calendar_cuts import FLOWING, run_daily, run_monthly
from accord.services.series import measure_series
from accord.services.weekly import run_weekly
from tests.metrics.company import AS_OF, Company


@pytest.fixture
def company(workspace):
    Company(leads=250, seed=3).write(workspace.ledger)
    return workspace


def _stored(workspace, **wanted):
    query = select(tables.metric).order_by(tables.metric.c.revision)
    for name, value in wanted.items():
        query = query.where(tables.metric.c[name] == value)
    with workspace.ledger.read() as connection:
        return connection.execute(query).mappings().all()


@pytest.mark.parametrize("metric", ["mqls", "mql_to_sql", "revenue_of_goal", "won_after_return"])
def test_a_stored_month_is_the_month_of_the_series(company, metric):
    run_monthly(company, as_of=AS_OF)
    series = measure_series(company, metric, every="month", by="segment", as_of=AS_OF)
    assert {
        (row["period"], row["member"]): row["value"]
        for row in _stored(company, metric=metric, dimension="segment")
    } == {
        (row.period, row.member): None if row.value is None else f"{row.value:f}"
        for row in series.rows
    }


def test_the_running_month_is_partial_and_weeks_stand_beside_it(company):
    run_weekly(company, as_of=AS_OF)
    run_monthly(company, as_of=AS_OF)
    months = {row["period"]: row["partial"] for row in _stored(company, metric="mqls", member="")}
    assert months["2026-10"] is False
    assert months["2026-11"] is True
    assert months["2026-W45"] is False


def test_again_writes_nothing_and_late_news_restates_the_closed_month(company):
    run_monthly(company, as_of=AS_OF)
    assert run_monthly(company, as_of=AS_OF).written == 0
    with company.ledger.begin() as connection:
        lead = tables.lead
        first = connection.execute(select(lead.c.lead_id).order_by(lead.c.created_at)).scalar()
        later = connection.execute(
            select(lead.c.created_at).where(lead.c.lead_id == first)
        ).scalar()
        moved = update(lead).where(lead.c.lead_id == first)
        connection.execute(moved.values(created_at=later - timedelta(days=31)))
    again = run_monthly(company, as_of=AS_OF + timedelta(hours=1))
    assert again.restated > 0
    assert {one.period for one in again.restatements} <= {"2026-09", "2026-10"}
    rows = _stored(company, metric="new_leads", dimension="all", period="2026-10")
    assert [row["revision"] for row in rows] == [1, 2]
    assert int(rows[1]["value"]) == int(rows[0]["value"]) - 1


# ---- days --------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["mqls", "acceptance", "revenue", "spend", "rows_in"])
def test_a_stored_day_is_the_day_of_the_series(company, metric):
    run_daily(company, as_of=AS_OF)
    series = measure_series(company, metric, every="day", as_of=AS_OF)
    stored = {
        row["period"]: row["value"] for row in _stored(company, metric=metric, dimension="all")
    }
    assert stored == {
        row.period: None if row.value is None else f"{row.value:f}" for row in series.rows
    }
    assert any(value not in (None, "0") for value in stored.values())


def test_days_add_up_to_their_week(company):
    run_weekly(company, as_of=AS_OF)
    run_daily(company, as_of=AS_OF)
    days, weeks = {}, {}
    for row in _stored(company):
        if row["numerator"] is None or (row["metric"], row["dimension"]) not in _FLOWING:
            continue
        key = (row["metric"], row["dimension"], row["member"])
        amount = Decimal(row["numerator"])
        if len(row["period"]) == len("2026-W46"):
            weeks[row["period"], *key] = amount
        else:
            year, week, _ = date.fromisoformat(row["period"]).isocalendar()
            name = (f"{year}-W{week:02d}", *key)
            days[name] = days.get(name, 0) + amount
    assert len({metric for _, metric, *_ in days}) > 30
    assert {name: days.get(name, 0) for name in weeks} == weeks


_FLOWING = {(metric.name, by) for metric, by in FLOWING if metric.quantile is None}


def test_days_of_the_last_quarter_are_looked_at_again_and_earlier_ones_when_asked(company):
    first = run_daily(company, as_of=AS_OF)
    later = AS_OF + timedelta(days=100)
    run_daily(company, as_of=later)
    assert run_daily(company, as_of=later).written == 0
    again = run_daily(company, as_of=later)
    assert len(again.weeks) == 92
    assert again.weeks[-1] == "2027-02-21"
    assert first.weeks[0] == "2026-10-12"
    with company.ledger.begin() as connection:
        connection.execute(update(tables.spend).values(amount=Decimal(1)))
    assert run_daily(company, as_of=later).restated == 0
    restated = run_daily(company, as_of=later, full=True)
    assert {"spend"} <= {one.metric for one in restated.restatements}
    assert {one.revision for one in restated.restatements} == {2}


def test_a_running_day_is_partial_and_days_missed_are_made_up_for(company):
    last = run_daily(company, as_of=AS_OF).weeks[-1]
    assert {row["period"] for row in _stored(company, metric="mqls") if row["partial"]} == {last}
    assert run_daily(company, as_of=AS_OF + timedelta(days=200)).weeks[0] == last
    assert len({row["period"] for row in _stored(company, metric="mqls") if row["partial"]}) == 1
