from __future__ import annotations

from decimal import Decimal
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.intervals import wilson


@pytest.mark.parametrize(
    ("of", "low", "high"),
    [(263, "0.2553", "0.3662"), (29, "0.0061", "0.1718"), (20, "0.0000", "0.1611")],
)
def test_limits_are_those_that_are_published(of, low, high):
    """Newcombe 1998, table I, method 3: 81 of 263, 1 of 29, 0 of 20."""
    count = {263: 81, 29: 1, 20: 0}[of]
    assert [f"{limit:.4f}" for limit in wilson(count, of)] == [low, high]


@st.composite
def shares(draw):
    of = draw(st.integers(1, 10**6))
    return draw(st.integers(0, of)), of


@given(shares())
def test_the_share_lies_within_its_limits_and_they_within_0_and_1(share):
    count, of = share
    low, high = wilson(count, of)
    least = Decimal("1e-40")
    assert 0 <= low <= Decimal(count) / of + least
    assert Decimal(count) / of - least <= high <= 1 + least


@given(shares())
def test_limits_are_those_of_the_textbook(share):
    count, of = share
    z, p = 1.959963984540054, count / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    reach = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    low, high = map(float, wilson(count, of))
    assert low == pytest.approx(middle - reach, abs=1e-9)
    assert high == pytest.approx(middle + reach, abs=1e-9)


@given(shares(), st.integers(2, 50))
def test_more_of_the_same_is_surer(share, times):
    count, of = share
    (low, high), (lower, higher) = wilson(count, of), wilson(count * times, of * times)
    assert higher - lower < high - low


@given(shares())
def test_those_who_did_not_mirror_those_who_did(share):
    count, of = share
    low, high = wilson(count, of)
    others = wilson(of - count, of)
    assert abs(1 - high - others[0]) < Decimal("1e-25")
    assert abs(1 - low - others[1]) < Decimal("1e-25")
