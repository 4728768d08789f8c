from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accord.planning import level, peak_to_mean

_WEEKS = st.lists(st.integers(0, 200), min_size=1, max_size=20)


def test_30_10_20_60_are_levelled_to_30_and_a_queue_cannot():
    weeks = level((30, 10, 20, 60), per_week=30)
    assert [week.level for week in weeks] == [30, 30, 30, 30]
    assert [week.handed for week in weeks] == [30, 10, 20, 30]
    assert [week.backlog for week in weeks] == [0, 0, 0, 30]
    assert peak_to_mean((30, 10, 20, 60)) == 2
    assert peak_to_mean((30, 30, 30, 30)) == 1


@given(_WEEKS, st.integers(0, 100))
def test_levelled_weeks_bring_as_many_and_a_queue_loses_none(came, per_week):
    weeks = level(came, per_week=per_week)
    assert sum(week.level for week in weeks) == sum(came)
    assert sum(week.handed for week in weeks) + weeks[-1].backlog == sum(came)
    assert all(week.handed <= per_week for week in weeks)


@given(_WEEKS)
def test_the_peak_is_at_least_the_mean(came):
    found = peak_to_mean(came)
    assert found is None if not sum(came) else found >= 1


def test_nothing_is_level():
    assert level((), per_week=3) == ()
    assert level((0, 0), per_week=Fraction(1))[1].backlog == 0
