from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.calendars import Calendar, arrays
from tests.calendars.minutes import MinuteCalendar
from tests.calendars.strategies import entries, instants

NONE = timedelta(0)
TICK = timedelta(microseconds=1)
spans_of_days = st.integers(0, 3 * 86_400_000_000).map(lambda us: timedelta(microseconds=us))
terms = st.one_of(st.just(NONE), st.integers(1, 1800).map(lambda m: timedelta(minutes=m)))
long_terms = st.integers(0, 4000 * 3_600_000_000).map(lambda us: timedelta(microseconds=us))


@settings(max_examples=150, deadline=None)
@given(entry=entries(), start=instants, length=spans_of_days)
def test_elapsed_is_what_counting_minute_by_minute_gives(entry, start, length):
    expected = MinuteCalendar(entry).elapsed(start, start + length)
    assert Calendar.parse(entry).elapsed(start, start + length) == expected


@settings(max_examples=100, deadline=None)
@given(entry=entries(), start=instants, within=terms)
def test_due_is_what_counting_minute_by_minute_gives(entry, start, within):
    expected = MinuteCalendar(entry).due(start, within, horizon=timedelta(days=9))
    due = Calendar.parse(entry).due(start, within)
    if expected is None:
        assert due > start + timedelta(days=9) - timedelta(minutes=1)
    else:
        assert due == expected


@settings(max_examples=200, deadline=None)
@given(entry=entries(), start=instants, cuts=st.lists(long_terms, min_size=1, max_size=5))
def test_elapsed_does_not_depend_on_how_an_interval_is_cut(entry, start, cuts):
    calendar = Calendar.parse(entry)
    marks = [start, *sorted(start + cut for cut in cuts)]
    parts = [calendar.elapsed(a, b) for a, b in itertools.pairwise(marks)]
    assert sum(parts, NONE) == calendar.elapsed(marks[0], marks[-1])
    assert all(NONE <= part <= b - a for part, a, b in zip(parts, marks, marks[1:], strict=False))
    assert calendar.elapsed(marks[-1], marks[0]) == NONE


@settings(max_examples=200, deadline=None)
@given(entry=entries(), start=instants, within=long_terms, more=spans_of_days)
def test_due_is_the_earliest_instant_with_that_much_open_time(entry, start, within, more):
    calendar = Calendar.parse(entry)
    due = calendar.due(start, within)
    assert calendar.elapsed(start, due) == within
    if within:
        assert calendar.elapsed(start, due - TICK) < within
        assert calendar.due(start, calendar.elapsed(start, due)) == due
    else:
        assert calendar.is_open(due)
        assert calendar.elapsed(start, due) == NONE
    assert calendar.due(start, within + more) >= due
    assert calendar.due(start + more, within) >= due


@settings(max_examples=60, deadline=None)
@given(
    entry=entries(),
    rows=st.lists(st.tuples(instants, long_terms, spans_of_days), min_size=1, max_size=8),
)
def test_arrays_give_what_single_values_give_and_nothing_for_nothing(entry, rows):
    calendar = Calendar.parse(entry)
    starts = np.array([start.replace(tzinfo=None) for start, _, _ in rows] + [None], "M8[us]")
    withins = np.array([within for _, within, _ in rows] + [NONE], "m8[us]")
    ends = np.array([(s + length).replace(tzinfo=None) for s, _, length in rows] + [None], "M8[us]")
    fresh = Calendar(parts=calendar._parts, holes=calendar._holes)
    due = [calendar.due(start, within).replace(tzinfo=None) for start, within, _ in rows]
    elapsed = [calendar.elapsed(start, start + length) for start, _, length in rows]
    opening = [calendar.next_opening(start).replace(tzinfo=None) for start, _, _ in rows]
    assert fresh.due_many(starts, withins)[:-1].tolist() == due
    assert fresh.elapsed_many(starts, ends)[:-1].tolist() == elapsed
    assert fresh.next_opening_many(starts)[:-1].tolist() == opening
    assert np.isnat(fresh.due_many(starts, withins)[-1])
    assert np.isnat(fresh.elapsed_many(starts, ends)[-1])
    assert np.isnat(fresh.next_opening_many(starts)[-1])


@settings(max_examples=40, deadline=None)
@given(
    entry=entries(),
    rows=st.lists(st.tuples(instants, spans_of_days), min_size=2, max_size=12),
    missing=st.sets(st.integers(0, 11)),
    part=st.integers(1, 5),
)
def test_long_arrays_answered_in_parts_give_what_they_give_as_one(entry, rows, missing, part):
    starts = np.array([start.replace(tzinfo=None) for start, _ in rows], "M8[us]")
    spans = np.array([span for _, span in rows], "m8[us]")
    for at in missing & set(range(len(rows))):
        (starts if at % 2 else spans)[at] = "NaT"
    asked = (("due_many", starts, spans), ("elapsed_many", starts, starts + spans))
    for name, *given_arrays in asked:
        whole = getattr(Calendar.parse(entry), name)(*given_arrays)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(arrays, "_PART", part)
            parts = getattr(Calendar.parse(entry), name)(*given_arrays)
            square = getattr(Calendar.parse(entry), name)(*(one[:, None] for one in given_arrays))
        assert np.array_equal(parts, whole, equal_nan=True)
        assert np.array_equal(square[:, 0], whole, equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(entry=entries(), start=instants, length=long_terms, earlier=spans_of_days, more=terms)
def test_open_time_never_shrinks_when_an_interval_grows(entry, start, length, earlier, more):
    calendar = Calendar.parse(entry)
    elapsed = calendar.elapsed(start, start + length)
    assert NONE <= elapsed <= length
    assert calendar.elapsed(start - earlier, start + length) >= elapsed
    assert calendar.elapsed(start, start + length + more) >= elapsed


@settings(max_examples=200, deadline=None)
@given(entry=entries(), start=instants, length=long_terms)
def test_as_much_open_time_as_an_interval_holds_has_passed_no_later_than_at_its_end(
    entry, start, length
):
    """What has elapsed says when: due(start, elapsed(start, end)) is where it was first so much."""
    calendar = Calendar.parse(entry)
    end = start + length
    elapsed = calendar.elapsed(start, end)
    if elapsed:
        due = calendar.due(start, elapsed)
        assert due <= end
        assert calendar.elapsed(start, due) == elapsed
        assert calendar.elapsed(start, due - TICK) < elapsed


@settings(max_examples=150, deadline=None)
@given(
    entry=entries(),
    start=instants,
    length=spans_of_days,
    absences=st.lists(st.tuples(instants, spans_of_days), max_size=3),
)
def test_absences_take_away_exactly_the_open_time_within_them(entry, start, length, absences):
    calendar = Calendar.parse(entry)
    spans = [(begin, begin + span) for begin, span in absences]
    away = calendar.without(spans)
    end = start + length
    marks = sorted({start, end, *(m for s in spans for m in s if start < m < end)})
    expected = sum(
        (
            calendar.elapsed(a, b)
            for a, b in itertools.pairwise(marks)
            if not any(s <= a and b <= e for s, e in spans)
        ),
        NONE,
    )
    assert away.elapsed(start, end) == expected
    assert away.due(start, length) >= calendar.due(start, length)
    assert away.elapsed(start, away.due(start, length)) == length
