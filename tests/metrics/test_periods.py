from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import InputError
from accord.metrics import Cut, cut, parse_week, week_label, week_named, week_of, window
from accord.records import from_us

_ZONE = "America/New_York"


def test_a_week_begins_on_monday_at_midnight_of_the_agreements_zone():
    week = week_named("2026-W46", _ZONE)
    assert week.start == datetime(2026, 11, 9, 5, tzinfo=UTC)
    assert week.end == datetime(2026, 11, 16, 5, tzinfo=UTC)


def test_a_week_in_which_summer_time_ends_is_an_hour_longer():
    week = week_named("2026-W44", _ZONE)
    assert week.end - week.start == timedelta(days=7, hours=1)


def test_the_last_instant_of_sunday_belongs_to_the_week_and_midnight_to_the_next():
    end = week_named("2026-W46", _ZONE).end
    assert week_of(end - timedelta(microseconds=1), _ZONE).label == "2026-W46"
    assert week_of(end, _ZONE).label == "2026-W47"


def test_the_days_around_new_year_belong_to_iso_weeks():
    assert week_label(date(2027, 1, 3)) == "2026-W53"
    assert week_label(date(2027, 1, 4)) == "2027-W01"


@pytest.mark.parametrize("label", ["2026-W54", "2026-46", "W46", "2026-W00", ""])
def test_what_is_no_iso_week_is_refused_with_the_way_to_write_it(label):
    with pytest.raises(InputError, match="2026-W46"):
        parse_week(label)


def test_the_running_week_is_partial_and_counts_as_of_itself():
    as_of = datetime(2026, 11, 13, 12, tzinfo=UTC)
    periods = cut(Cut.WEEK, first=as_of - timedelta(days=8), as_of=as_of, zone=_ZONE)
    assert periods.labels == ("2026-W45", "2026-W46")
    assert periods.partial == (False, True)
    assert from_us(periods.horizons_us[-1]) == as_of + timedelta(microseconds=1)


def test_months_and_days_are_cut_in_the_same_zone():
    as_of = datetime(2026, 12, 1, 4, tzinfo=UTC)  # still 30 November in New York
    months = cut(Cut.MONTH, first=datetime(2026, 10, 5, tzinfo=UTC), as_of=as_of, zone=_ZONE)
    assert months.labels == ("2026-10", "2026-11")
    days = cut(Cut.DAY, first=as_of - timedelta(days=1), as_of=as_of, zone=_ZONE)
    assert days.labels == ("2026-11-29", "2026-11-30")


def test_a_window_without_limits_counts_undated_facts():
    as_of = datetime(2026, 11, 13, tzinfo=UTC)
    assert window(None, None, as_of=as_of).undated
    assert not window(as_of, None, as_of=as_of).undated


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 900),
    st.sampled_from(list(Cut)),
)
def test_periods_follow_one_another_without_a_gap_and_hold_as_of(first, days, kind):
    as_of = first + timedelta(days=days)
    periods = cut(kind, first=first, as_of=as_of, zone=_ZONE)
    assert len(periods.edges_us) == len(periods.labels) + 1
    assert list(periods.edges_us) == sorted(set(periods.edges_us))
    assert len(set(periods.labels)) == len(periods.labels)
    assert from_us(periods.edges_us[0]) <= first
    assert from_us(periods.edges_us[-2]) <= as_of < from_us(periods.edges_us[-1])
