"""How far back a cadence reaches, whatever hours counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accord.calendars import Calendar
from accord.sla import begun_to_be_settled
from tests.calendars.strategies import ZONES

MICROSECOND = timedelta(microseconds=1)
BEFORE = datetime(2026, 11, 16, 5, tzinfo=UTC)

weekly = st.builds(
    lambda zone, days, hours: Calendar.parse({"timezone": zone, "hours": {days: [hours]}}),
    st.sampled_from(ZONES),
    st.sampled_from(["mon-fri", "mon-sun", "wed", "sat-sun"]),
    st.sampled_from(["09:00-17:00", "00:00-24:00", "06:00-08:00", "18:00-23:00"]),
)
withins = st.timedeltas(timedelta(0), timedelta(hours=60))


@given(
    calendars=st.lists(weekly, min_size=1, max_size=3),
    within=withins,
    earlier=st.timedeltas(timedelta(0), timedelta(days=30)),
    data=st.data(),
)
def test_a_step_that_had_begun_by_then_is_settled_whatever_hours_were_joined(
    calendars, within, earlier, data
):
    changes = data.draw(st.integers(0, 3))
    begun = begun_to_be_settled(calendars, within, before=BEFORE, changes=changes)
    assert begun is not None
    span = (BEFORE - begun) // MICROSECOND
    cuts = data.draw(st.lists(st.integers(0, span), min_size=changes, max_size=changes))
    joined = data.draw(st.sampled_from(calendars))
    for cut in sorted(cuts):
        joined = joined.then(begun + cut * MICROSECOND, data.draw(st.sampled_from(calendars)))
    assert joined.due(begun, within) + MICROSECOND < BEFORE
    assert joined.due(begun - earlier, within) + MICROSECOND < BEFORE


@given(calendars=st.lists(weekly, min_size=1, max_size=3), within=withins)
def test_more_changes_and_longer_terms_never_reach_less_far(calendars, within):
    found = [
        begun_to_be_settled(calendars, within, before=BEFORE, changes=changes)
        for changes in range(3)
    ]
    assert all(later > earlier for later, earlier in pairwise(found))
    longer = begun_to_be_settled(calendars, within + timedelta(hours=1), before=BEFORE)
    assert longer <= found[0]


def test_a_calendar_that_was_never_open_so_long_tells_nothing():
    office = Calendar.parse({"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}})
    once = Calendar.parse({"timezone": "UTC", "hours": {}, "open": {"2026-12-05": ["10:00-14:00"]}})
    assert begun_to_be_settled([office], timedelta(hours=41), before=BEFORE) is not None
    assert begun_to_be_settled([office, once], timedelta(hours=41), before=BEFORE) is None
    assert begun_to_be_settled([], timedelta(hours=41), before=BEFORE) is None
