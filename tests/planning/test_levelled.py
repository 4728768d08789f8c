from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.planning import period_days, period_end, period_start, share_of_day

_PERIODS = st.sampled_from(["month", "quarter", "year"])
_DATES = st.dates(date(2020, 1, 1), date(2032, 12, 31))
_FIGURES = st.fractions(min_value=0, max_value=10**6, max_denominator=1000)


def _days(period, on):
    first, last = period_start(period, on), period_end(period, on)
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]


@given(_FIGURES, _DATES, _PERIODS, st.sampled_from([1, 100, 1_000_000]))
def test_days_add_up_to_the_period_and_are_within_one_part_of_level(figure, on, period, units):
    days = _days(period, on)
    assert on in days
    assert len(days) == period_days(period, on)
    shares = [share_of_day(figure, day, period, units=units) for day in days]
    assert sum(shares) == int(figure * units)
    assert max(shares) - min(shares) <= 1


@given(_FIGURES, _DATES, _PERIODS)
def test_a_run_of_days_is_exact_to_one_part(figure, on, period):
    shares = [share_of_day(figure, day, period, units=100) for day in _days(period, on)[:7]]
    exact = Fraction(figure) * 100 * len(shares) / period_days(period, on)
    assert abs(sum(shares) - exact) < 1


@pytest.mark.parametrize(
    ("period", "on", "first", "last"),
    [
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), date(2026, 3, 31)),
        ("year", date(2026, 12, 31), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_begins_and_ends_with_its_months(period, on, first, last):
    assert (period_start(period, on), period_end(period, on)) == (first, last)
