"""What marketing is paid: by line, rounded once, at the rates in force when it was earned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.errors import InputError
from accord.metrics import (
    ALL,
    METRICS,
    Cube,
    Cut,
    Earned,
    Rates,
    compute,
    cut,
    dimensions_of,
    earnings,
    period_named,
    prepare,
    state_commission,
    week_named,
)
from accord.records import from_us
from tests.conftest import ROOT
from tests.metrics.traced import (
    START,
    at,
    companies,
    entered,
    frames,
    handed,
    lead,
    rate_from,
    won,
)

AGREEMENT = load(ROOT / "agreement.yaml")
ZONE = AGREEMENT.timezone
WEEK = week_named("2026-W45", ZONE)
LATER = START + timedelta(days=60)


def _state(raw, period=WEEK, *, as_of=LATER):
    return state_commission(earnings(raw), period, as_of=as_of, currency="USD")


def _accepted(*hours: float, **more: object) -> dict[str, list]:
    """One accepted MQL at each of these hours."""
    names = [f"l{number}" for number in range(len(hours))]
    return {
        "lead": [lead(name) for name in names],
        "handoff": [handed(name, 0, **more) for name in names],
        "move": [entered(name, "sal", when) for name, when in zip(names, hours, strict=True)],
    }


def _deal(cents: int | None, **more: object) -> dict[str, list]:
    rows = {"lead": [lead("a")], "handoff": [handed("a", 1)]}
    return {**rows, "deal": [won("d", "a", 5, 50, amount_cents=cents, **more)]}


def test_an_accepted_mql_and_a_deal_that_leads_back_to_one_are_a_line_each():
    rows = _deal(1_000_000)
    found = _state(frames(**rows, move=[entered("a", "sal", 3)]))
    accepted, deal = found.lines
    assert (accepted.kind, accepted.at, accepted.base, accepted.rate, accepted.amount) == (
        Earned.ACCEPTED_MQL, from_us(at(3)), 1, 20, Decimal("20.00"),
    )  # fmt: skip
    assert (deal.kind, deal.at, deal.base, deal.rate, deal.amount) == (
        Earned.WON_REVENUE, from_us(at(50)), 10_000, Decimal("0.005"), Decimal("50.00"),
    )  # fmt: skip
    assert (accepted.deal_id, deal.deal_id) == (None, "d")
    assert {line.handoff_id for line in found.lines} == {"a/1/mql"}
    assert found.total == Decimal("70.00")


@pytest.mark.parametrize(
    ("cents", "paid"),
    [(99, "0.00"), (100, "0.01"), (299, "0.01"), (300, "0.02"), (-100, "-0.01"), (-99, "0.00")],
)
def test_a_line_is_rounded_half_up_to_the_cent(cents, paid):
    """0.005 of 1.00 is half a cent, of 3.00 one and a half."""
    assert _state(frames(**_deal(cents))).total == Decimal(paid)


def test_each_line_is_rounded_and_the_total_is_their_sum():
    rows = {"lead": [lead("a")], "handoff": [handed("a", 1)]}
    deals = [won(f"d{number}", "a", 5, 50, amount_cents=100) for number in range(3)]
    assert _state(frames(**rows, deal=deals)).total == Decimal("0.03")  # not 0.02


def test_a_rate_with_parts_of_a_cent_is_rounded_too():
    found = _state(frames([rate_from(-1, mql="20.005")], **_accepted(3)))
    assert (found.total, found.lines[0].rate) == (Decimal("20.01"), Decimal("20.005"))


def test_a_cycle_is_paid_once_however_often_it_was_accepted():
    rows = _accepted(3)
    rows["move"] += [entered("l0", "sal", 30), entered("l0", "sal", 31)]
    found = _state(frames(**rows))
    assert [line.at for line in found.lines] == [from_us(at(3))]


def test_two_accepted_cycles_are_paid_twice_and_one_that_was_overtaken_too():
    found = _state(
        frames(
            lead=[lead("a")],
            overtaken=[handed("a", 0)],
            handoff=[handed("a", 10, cycle=2)],
            move=[entered("a", "sal", 3), entered("a", "sal", 13, cycle=2)],
        )
    )
    assert [line.handoff_id for line in found.lines] == ["a/1/mql", "a/2/mql"]
    assert found.total == 40


def test_a_hand_off_at_sql_or_without_an_acceptance_pays_nothing():
    rows = {"lead": [lead("a"), lead("b")], "move": [entered("a", "sal", 3)]}
    assert not _state(frames(**rows, handoff=[handed("a", 1, stage="sql"), handed("b", 1)])).lines


def test_a_deal_without_a_stated_amount_is_a_line_that_pays_nothing():
    (line,) = _state(frames(**_deal(None))).lines
    assert (line.base, line.amount) == (None, 0)


def test_the_first_instant_of_a_period_is_of_it_and_the_last_of_the_next():
    hours = 7 * 24
    raw = frames(**_accepted(-0.001, 0, hours - 0.001, hours))
    before, after = (week_named(name, ZONE) for name in ("2026-W44", "2026-W46"))
    assert [len(_state(raw, week).lines) for week in (before, WEEK, after)] == [1, 2, 1]


def test_a_running_period_holds_what_was_earned_up_to_now():
    raw = frames(**_accepted(3, 30))
    found = _state(raw, as_of=from_us(at(30)) - timedelta(microseconds=1))
    assert (found.partial, len(found.lines)) == (True, 1)
    assert len(_state(raw, as_of=from_us(at(30))).lines) == 2


def test_the_rates_are_those_in_force_at_the_instant_and_nothing_is_paid_before_any():
    agreed = [rate_from(0), rate_from(48, version="2", mql="30", of="0.01")]
    rows = _accepted(-1, 47.999, 48)
    rows["lead"].append(lead("a"))
    rows["handoff"].append(handed("a", 1))
    rows["deal"] = [won("d1", "a", 5, 47), won("d2", "a", 5, 48)]
    found = _state(frames(agreed, **rows))
    assert [(line.version, line.amount) for line in found.lines] == [
        ("1", 5), ("1", 20), ("2", 30), ("2", 10),
    ]  # fmt: skip
    early = _state(frames(agreed, **rows), week_named("2026-W44", ZONE))
    assert (early.lines, early.unagreed, early.total) == ((), 1, 0)


def test_the_marketing_team_is_whose_channel_it_was_then():
    agreed = [rate_from(0), Rates(**{**_fields(rate_from(48)), "teams": {"paid_search": "brand"}})]
    found = _state(frames(agreed, **_accepted(3, 50)))
    assert [line.marketing_team for line in found.lines] == ["demand_generation", "brand"]


def _fields(rates: Rates) -> dict[str, object]:
    return {name: getattr(rates, name) for name in Rates.__slots__}


def test_teams_channels_and_campaigns_add_up_to_the_total_with_those_without_last():
    rows = _deal(1_000_000)
    rows["lead"] += [lead("b"), lead("c")]
    rows["handoff"] += [handed("b", 1, channel="email"), handed("c", 1, channel="radio")]
    moves = [entered(name, "sal", 3) for name in ("a", "b", "c")]
    found = _state(frames(**rows, move=moves))
    teams = [(one.member, one.accepted, one.won, one.amount) for one in found.by("marketing_team")]
    assert teams == [
        ("demand_generation", 1, 1, 70), ("customer_marketing", 1, 0, 20), ("", 1, 0, 20),
    ]  # fmt: skip


def test_rates_are_read_from_the_agreement():
    rates = Rates.of(AGREEMENT, since=START)
    assert (rates.per_accepted_mql, rates.of_won_revenue) == (20, Decimal("0.005"))
    assert (rates.version, rates.since_us) == (AGREEMENT.version, at(0))
    assert rates.teams["paid_search"] == "demand_generation"
    assert rates.teams["email"] == "customer_marketing"


@given(companies())
def test_a_statement_is_the_metric_of_the_same_week_and_its_members(raw):
    periods = cut(Cut.WEEK, first=START, as_of=LATER, zone=ZONE)
    cube = Cube(prepare(raw, AGREEMENT, frames=("earnings",)), periods)
    metric = METRICS["commission"]
    assert set(dimensions_of(metric)) == {ALL, "segment", "channel", "campaign", "marketing_team"}
    for dimension in dimensions_of(metric):
        for number in compute(cube, metric, dimension):
            found = _state(raw, week_named(number.period, ZONE))
            if dimension == ALL:
                assert (number.value or 0) == found.total
                assert sum(line.amount for line in found.lines) == found.total
            else:
                by = {one.member: one.amount for one in found.by(dimension)}
                assert (number.value or 0) == by.get(number.member, 0)


@given(companies(), st.integers(-24, 24 * 21))
def test_a_later_agreement_rewrites_nothing_that_was_earned_before_it(raw, hours):
    whole = period_named("2026-Q4", ZONE)
    later = rate_from(hours, version="later", mql="99", of="0.5")
    known = [one for one in raw["rates"]["rates"] if one.since_us < later.since_us]
    with_later = {**raw, "rates": frames([*known, later])["rates"]}
    before = [line for line in _state(raw, whole).lines if line.at < from_us(at(hours))]
    after = [line for line in _state(with_later, whole).lines if line.at < from_us(at(hours))]
    assert before == after


@given(companies())
def test_weeks_add_up_to_the_time_that_they_make_up(raw):
    weeks = [week_named(f"2026-W{number}", ZONE) for number in (45, 46, 47, 48)]
    whole = type(WEEK)(label="four weeks", start=weeks[0].start, end=weeks[-1].end)
    parts = [line for week in weeks for line in _state(raw, week).lines]
    assert tuple(parts) == _state(raw, whole).lines


@pytest.mark.parametrize(
    ("label", "start", "end"),
    [
        ("2026-W46", datetime(2026, 11, 9, 5, tzinfo=UTC), datetime(2026, 11, 16, 5, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC)),
        ("2026-Q4", datetime(2026, 10, 1, 4, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)),
        ("2026-Q1", datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_period_is_cut_in_the_agreements_zone(label, start, end):
    period = period_named(label, ZONE)
    assert (period.label, period.start, period.end) == (label, start, end)


@pytest.mark.parametrize("label", ["2026-W54", "2026-13", "2026-00", "2026-Q5", "2026", "9999-Q4"])
def test_what_is_no_period_is_refused(label):
    with pytest.raises(InputError, match=label):
        period_named(label, ZONE)
