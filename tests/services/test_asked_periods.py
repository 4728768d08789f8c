"""A period is counted from the leads that concern it, and every number is as from all of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.ledger import tables
from accord.ledger.metric_rows import read_raw
from accord.metrics import METRICS, Cube, Cut, compute, cut, dimensions_of, window
from accord.records import from_us
from accord.report import build_page, render_page
from accord.services import cadence_since, raw_tables, report_asked, report_view
from accord.services.measure import read_facts
from accord.services.report_asked import Wanted
from accord.services.report_view import gather_view
from tests.metrics.company import AS_OF, FIRST, Company
from tests.services.plans import read_whole, said_to

WEEK = timedelta(weeks=1)
ZONE = "America/New_York"


@pytest.fixture(autouse=True)
def _few_tell_what_had_begun(monkeypatch):
    """In a small company a score of the first would be many, and those concerned are most."""
    monkeypatch.setattr(cadence_since, "_FIRST", 3)
    monkeypatch.setattr(raw_tables, "_FIRST", 1)
    monkeypatch.setattr(raw_tables, "_MOST", 0)


@pytest.fixture
def company(workspace):
    """Five weeks of a company; of every twentieth lead's record another was made, and merged."""
    made = Company(leads=250)
    leads = [row["lead_id"] for row in made.rows["lead"]]
    for place, lead_id in enumerate(leads[1::20]):
        into = leads[20 * place]
        made.add("merge", lead_id=lead_id, into_lead_id=into, merged_at=AS_OF, undone_at=None)
    made.write(workspace.ledger)
    return workspace


def _numbers(frames, periods):
    cube = Cube(frames, periods)
    return {
        (name, dimension): compute(cube, metric, dimension)
        for name, metric in METRICS.items()
        for dimension in dimensions_of(metric)
    }


@pytest.mark.parametrize("weeks", [-2, 1, 3, 4, 9])
def test_every_number_of_a_period_is_that_of_all_leads(company, weeks):
    agreement = company.agreement(AS_OF)
    since = FIRST + weeks * WEEK
    weekly = cut(Cut.WEEK, first=since, as_of=max(AS_OF, since + WEEK), zone=ZONE)
    since = from_us(weekly.edges_us[0])
    few, whole = (
        read_facts(company, agreement, as_of=weekly.as_of, since=at) for at in (since, None)
    )
    for periods in (weekly, window(since, None, as_of=weekly.as_of)):
        assert _numbers(few, periods) == _numbers(whole, periods)
    if weeks > 2:
        assert all(len(few[name]) < len(whole[name]) for name in ("leads", "entries"))


@pytest.mark.parametrize("later", [0, 30])
def test_the_page_of_a_week_is_that_of_all_leads(company, monkeypatch, later):
    """Cut down to one week: the page looks back on half a year, of which the company is a part."""
    monkeypatch.setattr(report_asked, "_QUARTER", WEEK)
    monkeypatch.setattr(report_asked, "_WEEKS_SHOWN", 0)
    monkeypatch.setattr(report_view.planning, "period_start", lambda _period, day: day)
    monkeypatch.setattr(report_view.planning, "SEEN_DAYS", 0)
    read = []

    def page():
        return render_page(build_page(gather_view(company, Wanted(), as_of=AS_OF + later * WEEK)))

    def read_all(workspace, agreement, *, as_of, since):
        read.append(since)
        return read_facts(workspace, agreement, as_of=as_of)

    found = page()
    monkeypatch.setattr(report_view, "read_facts", read_all)
    assert found == page()
    assert min(read) > FIRST + 2 * WEEK


@pytest.mark.parametrize(
    "table", ["lead", "stage_change", "handoff", "handoff_owner", "clock", "touch"]
)
def test_of_a_kind_of_fact_that_had_not_begun_numbers_are_missing_and_then_zero(company, table):
    one = tables.metadata.tables[table]
    with company.ledger.begin() as connection:
        connection.execute(one.delete())
    agreement = company.agreement(AS_OF)
    since = from_us(cut(Cut.WEEK, first=AS_OF, as_of=AS_OF, zone=ZONE).edges_us[0])
    periods = cut(Cut.WEEK, first=since, as_of=AS_OF + 2 * WEEK, zone=ZONE)
    few, whole = (
        read_facts(company, agreement, as_of=periods.as_of, since=at) for at in (since, None)
    )
    assert _numbers(few, periods) == _numbers(whole, periods)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_is_about_some_leads_is_read_by_their_ids(company):
    """PostgreSQL's planner counts rows, and so few it reads whole."""
    engine = company.ledger.engine
    with said_to(engine) as said, company.ledger.read() as connection:
        for name in ("lead", "move", "handoff", "clock", "touch"):
            read_raw(connection, name, lead_ids=["web:00001", "web:00002"])
    asked = [one for one in said if one[0].startswith("SELECT")]
    assert len(asked) == 5
    with engine.connect() as connection:
        for statement, given in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            assert "(lead_id=?)" in next(iter(plan))[-1], statement


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_the_leads_of_a_period_are_found_by_index(company):
    engine = company.ledger.engine
    with said_to(engine) as said, company.ledger.read() as connection:
        raw_tables.read_leads_since(connection, AS_OF + WEEK)
        raw_tables.read_first_leads(connection, limit=20)
    among = ("clock", "lead", "stage_change", "touch")
    whole = {
        statement: read_whole(engine, statement, given, among=among)
        for statement, given in said
        if statement.startswith("SELECT")
    }
    assert {statement: read for statement, read in whole.items() if read} == {}
