"""Which time is asked for: one of a week, a month or a span, and how each looks back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.errors import InputError
from accord.metrics import Status
from accord.services.report import write_review
from accord.services.report_asked import Wanted
from accord.services.report_view import gather_view
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, FIRST, Company

FIRST_OF_NOVEMBER = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    home = tmp_path_factory.mktemp("asked")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=200, seed=3).write(workspace.ledger)
    yield workspace
    workspace.close()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(week="2026-W46", month="2026-11"),
        Wanted(week="2026-W46", since="2026-11-01"),
        Wanted(month="2026-11", everything=True),
        Wanted(until="2026-11-01", everything=True),
    ],
)
def test_two_times_at_once_are_refused(company, wanted):
    with pytest.raises(InputError, match="at once"):
        gather_view(company, wanted, as_of=AS_OF)


@pytest.mark.parametrize(
    ("wanted", "match"),
    [
        (Wanted(month="2026-13"), "is no month"),
        (Wanted(month="november"), "2026-11"),
        (Wanted(month="2026-12"), "has not begun"),
        (Wanted(since="2026-11-14"), "before the first day"),
        (Wanted(since="2026-11-09", until="2026-11-08"), "before the first day"),
        (Wanted(since="someday"), "is no day"),
    ],
)
def test_what_is_no_time_or_has_not_begun_is_refused(company, wanted, match):
    with pytest.raises(InputError, match=match):
        gather_view(company, wanted, as_of=AS_OF)


def test_a_month_counts_what_its_days_count(company):
    month = gather_view(company, Wanted(month="2026-10"), as_of=AS_OF)
    span = gather_view(company, Wanted(since="2026-10-01", until="2026-10-31"), as_of=AS_OF)
    for metric in ("new_leads", "mqls", "won", "revenue", "clocks_met", "clocks_breached"):
        assert month.number(metric).value == span.number(metric).value
    assert month.promises == span.promises


def test_weeks_add_up_to_the_span_that_they_fill(company):
    span = gather_view(company, Wanted(since="2026-10-12", until="2026-11-08"), as_of=AS_OF)
    weeks = [
        gather_view(company, Wanted(week=f"2026-W{number}"), as_of=AS_OF)
        for number in (42, 43, 44, 45)
    ]
    for metric in ("new_leads", "mqls", "opportunities", "clocks_met"):
        assert span.number(metric).value == sum(week.number(metric).value or 0 for week in weeks)
    by_week = [{(one.kind, one.name): one for one in week.promises} for week in weeks]
    for promise in span.promises:
        each = [week[promise.kind, promise.name] for week in by_week]
        if promise.kind == "volume":
            assert promise.delivered == sum(one.delivered for one in each)
            assert promise.owed == sum(one.owed for one in each)
            kept = sum(one.status is Status.KEPT for one in each)
            assert promise.terms.endswith(f"kept in {kept} of 4 weeks")
        elif promise.kind == "clock":
            assert promise.owed == sum(one.owed for one in each)


def test_a_month_in_which_no_week_has_ended_yet_owes_no_volume(company):
    early = datetime(2026, 11, 1, 20, tzinfo=UTC)  # Sunday, of 2026-W44
    view = gather_view(company, Wanted(month="2026-11"), as_of=early)
    weekly = [one for one in view.promises if one.kind != "clock"]
    assert {one.status for one in weekly} == {Status.NOTHING}
    assert {one.delivered for one in weekly} == {None}


def test_all_time_begins_with_the_first_fact(company):
    view = gather_view(company, Wanted(everything=True), as_of=AS_OF)
    assert view.period.start <= FIRST + timedelta(days=1)
    by_week = [view.number("new_leads", period=label).value for label in view.labels]
    assert view.number("new_leads").value == sum(by_week) > 150
    assert view.labels[-1] == "2026-W46"


def test_a_long_span_is_shown_by_month_and_a_short_one_by_week(company):
    short = gather_view(company, Wanted(since="2026-10-12"), as_of=AS_OF)
    long = gather_view(company, Wanted(since="2026-01-01"), as_of=AS_OF)
    assert (short.each, long.each) == ("week", "month")
    assert long.labels[0] == "2026-01"
    assert long.before is None


def test_last_months_promises_are_those_that_its_own_page_shows(company):
    november = gather_view(company, Wanted(month="2026-11"), as_of=AS_OF)
    october = gather_view(company, Wanted(month="2026-10"), as_of=AS_OF)
    assert november.last_promises == october.promises
    assert any(one.status is Status.MISSED for one in october.promises)


def test_each_review_writes_its_page_and_on_the_first_the_month_that_has_closed(company):
    pages = {
        what: write_review(company, what, as_of=FIRST_OF_NOVEMBER).path.name
        for what in ("week", "month", "pipeline")
    }
    assert pages == {
        "week": "report-2026-W44.html",
        "month": "report-2026-10.html",
        "pipeline": "pipeline-2026-11-01.html",
    }
    assert write_review(company, "pace", as_of=FIRST_OF_NOVEMBER).path.name.startswith("pace-")
