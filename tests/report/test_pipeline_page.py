"""Deals as they stand: step, last sign of life, term, and what they should bring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.ledger import insert_rows, tables
from accord.planning import Chance, agreed_chances, expect
from accord.services.report_pipeline import gather_pipeline
from tests.metrics.company import Company, digest

NOW = datetime(2026, 11, 13, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUARTER = datetime(2026, 10, 1, 4, tzinfo=UTC)


def _deal(number, opened, *, closed=None, stage="opportunity", amount="1000", step=None, at=None):
    attributes = {
        "opportunity_id": f"crm:{number}", "lead_id": None, "rep_id": "crm:gus", "account": None,
        "industry": None, "country": None, "product": None, "stage": stage, "step": step,
        "stage_at": at or closed or opened, "opened_at": opened, "closed_at": closed,
        "amount": None if amount is None else Decimal(amount), "cost": None, "reason": None,
    }  # fmt: skip
    return {**attributes, "known_at": opened, "row_hash": digest(number)}


@pytest.fixture
def pipeline(workspace):
    """Writes deals and gathers the pipeline as it stands now."""
    Company(leads=0).write(workspace.ledger)

    def gather(*deals, as_of=NOW):
        with workspace.ledger.begin() as connection:
            insert_rows(connection, tables.opportunity, list(deals))
        return gather_pipeline(workspace, as_of=as_of)

    return gather


def _won(count, stay):
    return [
        _deal(f"won-{n}", NOW - 40 * DAY, closed=NOW - 40 * DAY + stay, stage="customer")
        for n in range(count)
    ]


def test_a_deal_stands_still_only_when_longer_than_nine_in_ten_of_the_won_stayed(pipeline):
    at, longer = NOW - 10 * DAY, NOW - 10 * DAY - timedelta(seconds=1)
    view = pipeline(*_won(5, 10 * DAY), _deal("at", at), _deal("longer", longer))
    assert {one.deal_id: one.stands for one in view.deals} == {"crm:at": False, "crm:longer": True}


def test_of_four_deals_won_nobody_can_say_what_stands_still(pipeline):
    view = pipeline(*_won(4, DAY), _deal("old", NOW - 300 * DAY))
    assert [one.stands for one in view.deals] == [None]
    assert view.stays["opportunity"].count == 4


def test_a_deal_is_past_its_term_only_after_its_due(pipeline):
    within = 120 * DAY
    view = pipeline(
        _deal("due", NOW - within), _deal("late", NOW - within - timedelta(microseconds=1))
    )
    assert [one.deal_id for one in view.overdue] == ["crm:late"]


def test_a_step_that_a_source_states_is_the_deals_step_from_then_on(pipeline):
    deals = [
        _deal("p", NOW - 9 * DAY, step="proposal", at=NOW - 2 * DAY),
        _deal("c", NOW - 9 * DAY, step="contracting", at=NOW - DAY),
        _deal("o", NOW - 9 * DAY),
    ]
    view = pipeline(*deals)
    assert {one.deal_id[4:]: one.step for one in view.deals} == {
        "p": "proposal", "c": "contracting", "o": "opportunity",
    }  # fmt: skip
    entered = {one.deal_id: NOW - timedelta(microseconds=view.at_us - one.entered_us) for one in
               view.deals}  # fmt: skip
    assert entered["crm:p"] == NOW - 2 * DAY


def test_what_is_open_should_bring_its_worth_times_the_agreed_way_to_a_deal(pipeline):
    view = pipeline(_deal("a", NOW - DAY, amount="10000"), _deal("b", NOW - DAY, amount=None))
    expected = view.expected(view.deals, own=False)
    assert expected.value == Decimal("3240.00")  # 0.6 x 0.6 x 0.9
    assert (expected.low, expected.high) == (Decimal("0.00"), Decimal("9237.66"))
    assert view.expected(view.deals, own=True) is None  # none has ever closed


def test_a_past_quarters_promise_is_of_the_deals_open_as_it_began(pipeline):
    summer = datetime(2026, 7, 1, 4, tzinfo=UTC)
    view = pipeline(
        _deal("won", summer - DAY, closed=summer + DAY, stage="customer", amount="900"),
        _deal("later", summer - DAY, closed=QUARTER + DAY, stage="customer", amount="100"),
        _deal("new", summer, closed=summer + DAY, stage="customer", amount="50"),
    )
    past = {one.label: one for one in view.past}
    assert list(past) == ["2026-Q3"]
    one = past["2026-Q3"]
    assert (one.deals, one.worth, one.came, one.revenue) == (2, 1000, 900, 950)
    assert one.agreed == Decimal("324.00")
    assert one.own is None
    assert view.won_so_far == 100


def test_agreed_chances_are_the_products_of_the_steps_ahead(pipeline):
    chances = agreed_chances(pipeline().agreement)
    assert {step: one.share for step, one in chances.items()} == {
        "opportunity": Fraction(324, 1000),
        "proposal": Fraction(54, 100),
        "contracting": Fraction(9, 10),
    }


_DEALS = st.lists(st.tuples(st.sampled_from(["opportunity", "proposal"]), st.integers(0, 10**9)))
_SHARES = st.fractions(min_value=0, max_value=1, max_denominator=50)


@given(deals=_DEALS, first=_SHARES, second=_SHARES)
def test_the_band_holds_the_value_and_lies_within_what_deals_can_bring(deals, first, second):
    chances = {"opportunity": Chance(share=first), "proposal": Chance(share=second)}
    found = expect(deals, chances)
    assert 0 <= found.low <= found.value <= found.high <= Decimal(sum(c for _, c in deals)) / 100
    assert expect(deals[::-1], chances) == found


def test_a_certain_deal_has_no_band():
    found = expect([("opportunity", 5000)], {"opportunity": Chance(share=Fraction(1))})
    assert (found.low, found.value, found.high) == (50, 50, 50)
