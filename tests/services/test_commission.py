"""The statement of marketing's commission: earned, issued, corrected; on both stores."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from accord.errors import InputError
from accord.ledger import insert_rows, tables
from accord.metrics import Earned
from accord.services.commission import read_commission, write_commission
from accord.services.identity_hand import merge_by_hand
from accord.services.measure import measure
from accord.services.weekly import run_weekly
from tests.services.earning_world import DAY, HOUR, MONDAY, NOON, Earning

WEEK, NEXT = "2026-W47", "2026-W48"  # MONDAY begins the first
CLOSED = MONDAY + 8 * DAY
LATE = MONDAY + 20 * DAY


@pytest.fixture
def world(workspace):
    made = Earning(workspace)
    made.reps("r1")
    return made


def _state(world, period=WEEK, *, as_of=LATE):
    return read_commission(world.workspace, period=period, as_of=as_of)


def _lines(world, period=WEEK, **terms):
    lines = _state(world, period, **terms).statement.lines
    return [(line.kind, line.version, line.amount) for line in lines]


def test_what_sales_accepts_and_wins_is_paid_in_the_week_of_each(world):
    world.hand_over("a", "b", "c")
    world.accept("a")
    world.accept("b", at=NOON + DAY)
    world.win("d1", "a", opened=NOON + DAY, closed=CLOSED, amount="12345.67")
    assert [amount for _, _, amount in _lines(world)] == [20, 20]
    assert [amount for _, _, amount in _lines(world, NEXT)] == [Decimal("61.73")]
    for period in ("2026-11", "2026-Q4"):
        found = _state(world, period).statement
        assert found.total == Decimal("101.73")
        assert found.total == measure(world.workspace, "commission", as_of=LATE).total.value
    (team,) = found.by("marketing_team")
    assert (team.member, team.accepted, team.won, team.revenue) == (
        "demand_generation", 2, 1, Decimal("12345.67"),
    )  # fmt: skip


def test_an_agreement_that_changes_within_the_week_pays_each_line_as_it_was_agreed_then(world):
    world.hand_over("a", "b", "c")
    world.accept("a")
    world.agree(since="2026-11-18", mql="35.50", share="1%", at=NOON + DAY)
    midnight = MONDAY.replace(hour=5) + 2 * DAY  # Wednesday begins in New York
    world.accept("b", at=midnight - HOUR)
    world.accept("c", at=midnight)
    world.win("d1", "a", opened=NOON, closed=midnight - HOUR)
    world.win("d2", "b", opened=midnight, closed=midnight + HOUR)
    old, new = "2026.4", "next-2026.4"
    assert sorted(_lines(world)) == sorted([
        (Earned.ACCEPTED_MQL, old, 20), (Earned.ACCEPTED_MQL, old, 20),
        (Earned.WON_REVENUE, old, 50), (Earned.ACCEPTED_MQL, new, Decimal("35.50")),
        (Earned.WON_REVENUE, new, 100),
    ])  # fmt: skip


def test_a_later_version_rewrites_no_earlier_statement_nor_one_seen_late(world):
    world.hand_over("a")
    world.accept("a")
    run_weekly(world.workspace, as_of=CLOSED)
    before = _lines(world, as_of=CLOSED)
    world.agree(since="2026-11-01", mql="1", share="0", at=CLOSED)  # begins before it was known
    assert _lines(world) == before == [(Earned.ACCEPTED_MQL, "2026.4", 20)]
    assert run_weekly(world.workspace, as_of=CLOSED + HOUR).restated == 0
    assert _state(world).changes == ()


def test_before_the_first_agreement_nothing_is_paid_and_it_is_said(world):
    early = MONDAY - 60 * DAY  # in September; the agreement begins in October
    row = {"lead_id": "b", "created_at": early - DAY, "known_at": MONDAY, "row_hash": "x"}
    with world.ledger.begin() as connection:
        insert_rows(connection, tables.lead, [{**row, "cycle": 0}])
    world.report("b", "r1", at=early, stage="mql", known=MONDAY)
    world.say("b", "accept", at=early + HOUR, rep="r1", known=MONDAY)
    found = _state(world, "2026-09")
    assert (found.statement.lines, found.statement.unagreed, found.statement.total) == ((), 1, 0)
    assert measure(world.workspace, "commission", as_of=LATE).total.value is None


def test_a_merge_neither_pays_twice_nor_takes_anything_back(world):
    world.leads("old", at=MONDAY - 9 * DAY)
    world.hand_over("young")
    world.accept("young")
    world.win("d1", "young", opened=NOON + HOUR, closed=NOON + DAY)
    before = _state(world).statement
    merge_by_hand(world.workspace, "young", "old", as_of=NOON + 2 * DAY)
    world.place("old", at=NOON + 2 * DAY)
    after = _state(world).statement
    assert (len(before.lines), before.total) == (len(after.lines), after.total) == (2, 70)
    assert {line.lead_id for line in after.lines} == {"old"}


def test_two_cycles_that_were_accepted_are_paid_twice(world):
    world.hand_over("a")
    world.accept("a")
    world.state_of_source("a", "nurture", at=NOON + DAY, known=NOON + DAY)
    world.state_of_source("a", "mql", at=NOON + 2 * DAY, known=NOON + 2 * DAY)
    world.say("a", "accept", at=NOON + 3 * DAY, rep="r1")
    assert [amount for _, _, amount in _lines(world)] == [20, 20]


def test_a_retracted_acceptance_is_said_against_what_was_issued(world):
    world.hand_over("a", "b")
    world.accept("a", key="k1")
    world.accept("b", key="k2")
    run_weekly(world.workspace, as_of=CLOSED)
    world.unsay("k1", "a", known=CLOSED + HOUR)
    found = _state(world)
    assert [(one.revision, one.amount) for one in found.issues] == [(1, 40)]
    assert {(one.team, one.was, one.now, one.difference) for one in found.changes} == {
        (None, 40, 20, -20), ("demand_generation", 40, 20, -20),
    }  # fmt: skip
    run_weekly(world.workspace, as_of=CLOSED + 2 * HOUR)
    again = _state(world)
    assert [(one.revision, one.amount) for one in again.issues] == [(1, 40), (2, 20)]
    assert {(one.was, one.now) for one in again.changes} == {(40, 20)}


def test_a_reopened_deal_and_a_changed_amount_are_corrections_in_the_week_they_are_known(world):
    """Both leads count as accepted: sales opened a deal with each."""
    world.hand_over("a", "b")
    world.win("d1", "a", opened=NOON, closed=NOON + DAY, amount="4000")
    world.win("d2", "b", opened=NOON, closed=NOON + DAY, amount="600")
    run_weekly(world.workspace, as_of=CLOSED)
    world.win("d1", "a", opened=NOON, closed=None, stage="opportunity", known=CLOSED + HOUR)
    run_weekly(world.workspace, as_of=CLOSED + 2 * HOUR)
    world.win("d2", "b", opened=NOON, closed=NOON + DAY, amount="800", known=CLOSED + DAY)
    run_weekly(world.workspace, as_of=CLOSED + DAY)
    earlier = _state(world, NEXT).earlier
    assert [(one.period, one.was, one.now, one.difference) for one in earlier] == [
        (WEEK, 63, 43, -20), (WEEK, 43, 44, 1),
    ]  # fmt: skip
    assert _state(world, "2026-W46").earlier == _state(world, WEEK).earlier == ()
    assert _state(world, NEXT, as_of=CLOSED + 3 * HOUR).earlier == earlier[:1]


def test_a_running_week_is_said_to_be_so_and_has_nothing_issued(world):
    world.hand_over("a")
    world.accept("a")
    run_weekly(world.workspace, as_of=NOON + HOUR)
    found = _state(world, as_of=NOON + HOUR)
    assert (found.statement.partial, found.issues, found.changes) == (True, (), ())
    assert found.statement.total == 20


def test_without_a_name_it_is_the_week_of_yesterday(world):
    assert _state(world, None, as_of=MONDAY + HOUR).statement.period.label == "2026-W46"
    assert _state(world, None, as_of=MONDAY + DAY).statement.period.label == WEEK


@pytest.mark.parametrize(
    ("period", "says"), [("2027-W01", "has not begun"), ("soon", "no week, month or quarter")]
)
def test_what_is_no_period_or_has_not_begun_is_refused(world, period, says):
    with pytest.raises(InputError, match=says):
        _state(world, period)


def test_the_files_hold_every_line_to_the_cent_and_ids_alone(world):
    world.hand_over("a", name="Ada Lovelace", email="ada@acme.example", campaign="=1+1")
    world.accept("a")
    paths = write_commission(world.workspace, _state(world))
    assert [path.name for path in paths] == ["commission.csv", "commission_lines.csv"]
    assert {path.parent.name for path in paths} == {WEEK}
    teams, lines = (list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in paths)
    assert [row["Commission"] for row in teams] == ["20.00", "20.00"]
    (line,) = lines
    assert (line["Earned"], line["Campaign"]) == ("2026-11-16T17:00:00Z", "'=1+1")
    assert line["Hand-off"] == world.handoff("a")["handoff_id"]
    assert not any("Ada" in path.read_text("utf-8") for path in paths)
