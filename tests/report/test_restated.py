"""The weekly page says which numbers of closed weeks are no longer what was printed."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accord.ledger import insert_rows, tables
from accord.services.report import write_report
from accord.services.report_asked import Wanted
from accord.services.report_view import gather_view
from accord.services.weekly import run_weekly
from tests.metrics.company import Company, digest

MONDAY = datetime(2026, 11, 2, 12, tzinfo=UTC)  # 07:00 in New York; 2026-W44 has closed
NEXT = MONDAY + timedelta(days=7)
LATE = datetime(2026, 10, 28, 15, tzinfo=UTC)  # in 2026-W44


@pytest.fixture
def company(workspace):
    Company(leads=120).write(workspace.ledger)
    return workspace


def _tell_late(workspace, at=LATE):
    """Say after the print of its week that a lead had come and a deal had been won."""
    made = Company(leads=0)
    made.add(
        "opportunity", opportunity_id="crm:late", lead_id=None, rep_id="crm:gus", account=None,
        industry=None, country=None, product=None, stage="customer", step=None, stage_at=at,
        opened_at=at, closed_at=at, amount=Decimal(1000), cost=None, reason=None, known_at=at,
        row_hash=digest(at),
    )  # fmt: skip
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.opportunity, made.rows["opportunity"])


def _restated(workspace, *, week=None, as_of=NEXT):
    return gather_view(workspace, Wanted(week=week), as_of=as_of).restated


def test_before_any_week_was_printed_there_is_nothing_to_compare(company):
    assert _restated(company).since is None
    html = write_report(company, as_of=NEXT).read_text("utf-8")
    assert "No week before this one was closed and printed yet." in html


def test_nothing_changed_is_said_too(company):
    run_weekly(company, as_of=MONDAY)
    run_weekly(company, as_of=NEXT)
    found = _restated(company)
    assert (found.since, found.numbers) == (MONDAY, ())
    html = write_report(company, as_of=NEXT).read_text("utf-8")
    assert "Nothing: every number of a closed week stands as it was on Mon 02 Nov 07:00." in html
    assert "No number of a closed week was restated." in html


def test_what_was_told_late_is_said_as_it_was_and_is(company):
    run_weekly(company, as_of=MONDAY)
    before = gather_view(company, Wanted(week="2026-W44"), as_of=MONDAY).number("won")
    _tell_late(company)
    run_weekly(company, as_of=NEXT)
    found = {(one.period, one.metric, one.dimension, one.member): one for one in
             _restated(company).numbers}  # fmt: skip
    won = found["2026-W44", "won", "all", ""]
    assert (won.was, won.now) == (before.value, before.value + 1)
    assert found["2026-W44", "won", "rep", "crm:gus"].now is not None
    assert {one.period for one in found.values()} == {"2026-W44"}
    path = write_report(company, as_of=NEXT)
    said = re.search(r"(\d+) numbers of 1 closed week were restated", path.read_text("utf-8"))
    assert int(said[1]) == len(found)
    file = path.parent / "2026-W45" / "restated.csv"
    rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    assert ["won", "2026-W44", "all", f"{won.was:f}", f"{won.now:f}"] in rows
    assert len(rows) == len(found) + 1


def test_a_page_made_again_later_says_what_its_own_print_said(company):
    run_weekly(company, as_of=MONDAY)
    _tell_late(company)
    run_weekly(company, as_of=NEXT)
    printed = _restated(company)
    _tell_late_again = NEXT + timedelta(days=7)
    with company.ledger.begin() as connection:
        connection.execute(tables.opportunity.delete())
    run_weekly(company, as_of=_tell_late_again)
    assert _restated(company, week="2026-W45", as_of=_tell_late_again) == printed
    assert _restated(company, as_of=_tell_late_again).numbers


def test_a_week_that_runs_restates_nothing_of_itself(company):
    run_weekly(company, as_of=MONDAY)
    run_weekly(company, as_of=MONDAY + timedelta(days=2))
    _tell_late(company, at=MONDAY + timedelta(hours=1))
    run_weekly(company, as_of=MONDAY + timedelta(days=3))
    found = _restated(company, week="2026-W45", as_of=MONDAY + timedelta(days=3))
    assert found.numbers == ()
