"""From the ledger's tables to fact frames: clocks, merges, owners, open time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from accord.agreement import load
from accord.ledger.metric_rows import read_raw
from accord.metrics import METRICS, Cube, compute, prepare, tables_for, window
from tests.conftest import ROOT
from tests.metrics.company import OFFICE, Company

_AT = datetime(2026, 11, 9, 15, tzinfo=UTC)  # Monday 10:00 in New York
_LATER = _AT + timedelta(days=10)


@pytest.fixture
def agreement():
    return load(ROOT / "agreement.yaml")


def _frames(ledger, company, agreement, *names):
    company.write(ledger)
    with ledger.read() as connection:
        raw = {table: read_raw(connection, table) for table in tables_for(names)}
    return prepare(raw, agreement, frames=names)


def _company() -> Company:
    company = Company(leads=0, weeks=0)
    for number in range(4):
        lead_id = f"web:{number}"
        company.add(
            "lead", lead_id=lead_id, created_at=_AT, segment="small", channel="email",
            campaign=None, industry=None, country="US", cycle=0, known_at=_AT, row_hash="x",
        )  # fmt: skip
    return company


def _clock(company: Company, number: int, **row: object) -> None:
    company.clock(
        lead={"lead_id": f"web:{number}", "segment": "small"}, term="first_touch", start=_AT,
        business=True, within=timedelta(minutes=5), owner_id="crm:ada", team="inbound",
        side="sales", handoff_id=None, cycle=1, **row,
    )  # fmt: skip


def _values(frames, *names: str, at: datetime = _LATER) -> dict[str, object]:
    cube = Cube(frames, window(None, None, as_of=at))
    return {name: compute(cube, METRICS[name])[0].value for name in names}


def test_a_clock_met_at_exactly_its_due_time_is_in_time_and_a_microsecond_later_is_not(
    ledger, agreement
):
    company = _company()
    due = _AT + timedelta(minutes=5)
    _clock(company, 0, ended_at=due, ended_by="met")
    _clock(company, 1, ended_at=due + timedelta(microseconds=1), ended_by="met")
    frames = _frames(ledger, company, agreement, "clocks")
    assert list(frames["clocks"].sort_values("lead_id")["verdict"]) == ["met", "breached"]


def test_a_running_clock_is_breached_only_once_its_due_time_has_passed(ledger, agreement):
    company = _company()
    _clock(company, 0, ended_at=None, ended_by=None)
    frames = _frames(ledger, company, agreement, "clocks")
    due = _AT + timedelta(minutes=5)
    names = ("clocks_breached", "clocks_running", "clocks_overdue")
    on_due = _values(frames, *names, at=due)
    after = _values(frames, *names, at=due + timedelta(microseconds=1))
    assert on_due == {"clocks_breached": 0, "clocks_running": 1, "clocks_overdue": 0}
    assert after == {"clocks_breached": 1, "clocks_running": 1, "clocks_overdue": 1}


def test_marketings_weekly_terms_are_no_clocks_of_leads(ledger, agreement):
    company = _company()
    company.clock(
        lead={"lead_id": None, "segment": "small"}, term="volume", start=_AT, business=False,
        within=timedelta(days=7), owner_id=None, team=None, side="marketing", handoff_id=None,
        cycle=0, ended_at=None, ended_by=None,
    )  # fmt: skip
    assert _frames(ledger, company, agreement, "clocks")["clocks"].empty


def test_a_clock_transferred_before_due_is_neither_met_nor_breached_and_after_due_breached(
    ledger, agreement
):
    company = _company()
    _clock(company, 0, ended_at=_AT + timedelta(minutes=1), ended_by="transferred")
    _clock(company, 1, ended_at=_AT + timedelta(minutes=9), ended_by="transferred")
    frames = _frames(ledger, company, agreement, "clocks")
    found = _values(frames, "clocks_met", "clocks_breached", "speed_to_lead")
    assert found == {"clocks_met": 0, "clocks_breached": 1, "speed_to_lead": None}


def test_open_time_leaves_out_the_hours_in_which_the_calendar_is_closed(ledger, agreement):
    company = _company()
    _clock(company, 0, ended_at=_AT + timedelta(days=1), ended_by="met")
    frames = _frames(ledger, company, agreement, "clocks")
    found = _values(frames, "speed_to_lead", "speed_to_lead_business")
    assert found == {"speed_to_lead": 1440, "speed_to_lead_business": 480}


def test_a_wall_clock_without_a_calendar_counts_open_time_by_its_teams(ledger, agreement):
    company = _company()
    company.clock(
        lead={"lead_id": "web:0", "segment": "small"}, term="qualify", start=_AT, business=False,
        within=timedelta(days=7), owner_id="crm:ada", team="inbound", side="sales",
        handoff_id=None, cycle=1, ended_at=_AT + timedelta(days=1), ended_by="met",
    )  # fmt: skip
    frames = _frames(ledger, company, agreement, "clocks")
    assert list(frames["clocks"]["business_us"]) == [480 * 60_000_000]
    assert OFFICE["timezone"] == "America/New_York"


def test_a_merged_lead_counts_once_and_its_deal_is_won_by_the_one_that_stands(ledger, agreement):
    company = _company()
    for gone, into in (("web:1", "web:0"), ("web:2", "web:1")):
        company.add("merge", lead_id=gone, into_lead_id=into, merged_at=_AT, undone_at=None)
    company.add(
        "opportunity", opportunity_id="d", lead_id="web:2", stage="customer", stage_at=_AT,
        opened_at=_AT, closed_at=_AT, amount=None, known_at=_AT, row_hash="x",
    )  # fmt: skip
    frames = _frames(ledger, company, agreement, "leads")
    leads = frames["leads"].set_index("lead_id")
    assert sorted(leads.index) == ["web:0", "web:3"]
    assert not pd.isna(leads.loc["web:0", "won_us"])
    assert pd.isna(leads.loc["web:3", "won_us"])


def test_an_undone_merge_counts_both_again(ledger, agreement):
    company = _company()
    company.add("merge", lead_id="web:1", into_lead_id="web:0", merged_at=_AT, undone_at=_LATER)
    assert len(_frames(ledger, company, agreement, "leads")["leads"]) == 4


def test_a_retracted_move_is_no_entry(ledger, agreement):
    company = _company()
    move = {
        "lead_id": "web:0", "from_stage": "target", "to_stage": "mql", "cycle": 1,
        "occurred_at": _AT, "position": 0, "known_at": _AT, "origin": "decided",
        "inferred": False, "cause": "score", "step": None, "programme": None, "reason": None,
    }  # fmt: skip
    company.add("stage_change", change_id="one", retracts=None, **move)
    company.add("stage_change", change_id="two", retracts="one", **move)
    company.add("stage_change", change_id="three", retracts=None, **{**move, "lead_id": "web:1"})
    frames = _frames(ledger, company, agreement, "entries")
    assert list(frames["entries"]["lead_id"]) == ["web:1"]


def test_an_entry_belongs_to_the_rep_of_its_cycle_and_from_sql_on_to_the_executive(
    ledger, agreement
):
    company = _company()
    for stage, rep in (("mql", "crm:ada"), ("sql", "crm:hana")):
        company.add(
            "handoff", handoff_id=stage, lead_id="web:0", cycle=1, stage=stage, origin="decided",
            rep_id=rep, team=None, hot=False, forced=False, kept=False, queued_at=_AT,
            assigned_at=_AT,
        )  # fmt: skip
    for place, (start, end) in enumerate(
        (("target", "mql"), ("mql", "sql"), ("sql", "opportunity"))
    ):
        company.add(
            "stage_change", change_id=end, lead_id="web:0", from_stage=start, to_stage=end,
            cycle=1, occurred_at=_AT, position=place, known_at=_AT, origin="decided",
            inferred=False, cause="made",
        )  # fmt: skip
    entries = _frames(ledger, company, agreement, "entries")["entries"]
    assert dict(zip(entries["mark"], entries["rep"], strict=True)) == {
        "mql": "crm:ada", "sql": "crm:ada", "opportunity": "crm:hana",
    }  # fmt: skip
    assert dict(zip(entries["mark"], entries["team"], strict=True))["opportunity"] == "closers"


def test_a_deal_without_a_lead_keeps_its_own_industry_and_rep(ledger, agreement):
    company = _company()
    shared = {"stage_at": None, "closed_at": None, "amount": None, "known_at": _AT, "row_hash": "x"}
    company.add(
        "opportunity", opportunity_id="a", lead_id=None, rep_id="crm:gus", industry="retail",
        country=None, stage="opportunity", opened_at=_AT, **shared,
    )  # fmt: skip
    company.add(
        "opportunity", opportunity_id="b", lead_id="web:0", rep_id=None, industry=None,
        country="DE", stage="opportunity", opened_at=_AT, **shared,
    )  # fmt: skip
    deals = _frames(ledger, company, agreement, "deals")["deals"].set_index("deal_id")
    assert deals.loc["a", ["industry", "rep", "team"]].tolist() == ["retail", "crm:gus", "closers"]
    assert pd.isna(deals.loc["a", "channel"])
    assert deals.loc["b", ["channel", "country"]].tolist() == ["email", "US"]
