from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.planning import ENOUGH, forward, plan, round_half_up, spend_needed
from tests.conftest import ROOT

AGREEMENT = load(ROOT / "agreement.yaml")
NEEDED = forward({"small": 220, "middle": 143, "large": 44}, AGREEMENT)
SPENT = {"paid_search": Decimal(9000), "social": Decimal(1000), "": Decimal(300)}
CAME = {
    ("small", "paid_search"): 60,
    ("small", "organic_search"): 100,
    ("middle", "paid_search"): 30,
    ("middle", ""): 10,
}


def test_a_segments_mql_costs_what_its_channels_do():
    """9000 / 90 = 100 an MQL of paid search; the 1300 for none that came are 6.50 of every one."""
    found = spend_needed(NEEDED, spend=SPENT, mqls=CAME)
    each = {one.segment: one.each for one in found.segments}
    assert each["small"] == Decimal("44.00")  # 60 x 100 / 160 + 6.50
    assert each["middle"] == Decimal("81.50")  # 30 x 100 / 40 + 6.50
    needed = {one.segment: one.needed for one in found.segments}
    assert needed["small"] == 220 * Decimal("44.00")
    assert needed["middle"] == 143 * Decimal("81.50")


@pytest.mark.parametrize("few", [0, 9])
def test_a_segment_that_brought_too_few_is_planned_at_the_cost_of_any(few):
    """Fewer than ten say nothing of a rate; here they take the place of as many small ones."""
    came = {**CAME, ("large", "organic_search"): few, ("small", "organic_search"): 100 - few}
    found = spend_needed(NEEDED, spend=SPENT, mqls=came)
    large = found.segments[-1]
    assert (large.segment, large.own) == ("large", False)
    assert large.each == found.each == Decimal("51.50")  # 10,300 / 200
    assert large.needed == 44 * Decimal("51.50")
    assert found.total == sum(one.needed for one in found.segments)
    assert found.planned_each == round(found.total / 407, 2)
    if not few:
        assert found.planned_each == Decimal("57.99")  # 23,600.50 / 407


def test_without_spend_or_mqls_nothing_is_said():
    for spend, mqls in ((None, CAME), (SPENT, {}), (None, {})):
        found = spend_needed(NEEDED, spend=spend, mqls=mqls)
        assert found.total is found.each is found.planned_each is None
        assert {one.needed for one in found.segments} == {None}


def test_channels_are_told_cheapest_first_and_those_without_mqls_last():
    found = spend_needed(NEEDED, spend=SPENT, mqls=CAME)
    told = [(one.channel, one.mqls, one.each) for one in found.channels]
    assert told == [
        ("organic_search", 100, Decimal(0)),
        ("", 10, Decimal(30)),
        ("paid_search", 90, Decimal(100)),
        ("social", 0, None),
    ]


_NAMES = st.sampled_from(["", "paid_search", "social", "email"])
_SEGMENTS = st.sampled_from(["small", "middle", "large", ""])
_CENTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)


@given(
    st.dictionaries(_NAMES, _CENTS),
    st.dictionaries(st.tuples(_SEGMENTS, _NAMES), st.integers(1, 500), min_size=1),
)
def test_a_plan_of_what_came_costs_what_was_spent(spend, mqls):
    """Whatever the channels: planning as many of each segment as came needs what they cost."""
    came = dict.fromkeys(AGREEMENT.targets.segments, 0)
    unnamed = 0
    for (segment, _), count in mqls.items():
        if segment:
            came[segment] += count
        else:
            unnamed += count
    found = spend_needed(forward(came, AGREEMENT), spend=spend, mqls=mqls)
    assert found.total == sum(one.needed for one in found.segments)
    whole = sum(spend.values(), Decimal(0))
    assert found.each == Decimal(round_half_up(Fraction(whole) / sum(mqls.values()) * 100)) / 100
    if not unnamed and all(count == 0 or count >= ENOUGH for count in came.values()):
        assert abs(found.total - whole) <= Decimal("0.005") * len(found.segments)
    assert all(one.own == (came[one.segment] >= ENOUGH) for one in found.segments)


@given(st.dictionaries(_NAMES, _CENTS, min_size=1), st.integers(5, 100))
def test_segments_with_the_same_mix_cost_the_same(spend, count):
    mqls = {(one, ch): count for one in AGREEMENT.targets.segments for ch in ("social", "email")}
    found = spend_needed(plan(AGREEMENT), spend=spend, mqls=mqls)
    assert {one.each for one in found.segments} == {found.each}
