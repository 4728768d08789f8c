"""One calendar up to an instant and another from it on: what each part gives, added up."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.calendars import Calendar, CalendarError
from tests.calendars.minutes import MinuteCalendar
from tests.calendars.strategies import entries, instants

NONE = timedelta(0)
TICK = timedelta(microseconds=1)
OFFICE = {"timezone": "America/New_York", "hours": {"mon-fri": ["09:00-17:00"]}}
BERLIN = {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-18:00"]}, "holidays": "DE-BE"}
lengths = st.integers(0, 3 * 86_400_000_000).map(lambda us: timedelta(microseconds=us))
changes = st.lists(st.tuples(lengths, entries()), min_size=1, max_size=3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class MinuteParts:
    """Each stretch counted minute by minute on the calendar that holds then."""

    def __init__(self, entry: dict, later: list[tuple[datetime, dict]]) -> None:
        self.marks = [datetime.min.replace(tzinfo=UTC), *(since for since, _ in later)]
        self.parts = [MinuteCalendar(each) for each in (entry, *(one for _, one in later))]

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        ends = [*self.marks[1:], datetime.max.replace(tzinfo=UTC)]
        return sum(
            (
                part.elapsed(max(start, low), min(end, high))
                for part, low, high in zip(self.parts, self.marks, ends, strict=True)
                if max(start, low) < min(end, high)
            ),
            NONE,
        )


def joined(entry: dict, later: list[tuple[datetime, dict]]) -> Calendar:
    calendar = Calendar.parse(entry)
    for since, each in later:
        calendar = calendar.then(since, Calendar.parse(each))
    return calendar


@settings(max_examples=60)
@given(entry=entries(), start=instants, offsets=changes, length=lengths)
def test_elapsed_over_parts_is_what_counting_each_minute_by_minute_gives(
    entry, start, offsets, length
):
    later = sorted(((start + offset, each) for offset, each in offsets), key=lambda one: one[0])
    expected = MinuteParts(entry, later).elapsed(start, start + length)
    assert joined(entry, later).elapsed(start, start + length) == expected


@settings(max_examples=100)
@given(entry=entries(), start=instants, offsets=changes, within=lengths)
def test_due_over_parts_is_the_earliest_instant_with_that_much_open_time(
    entry, start, offsets, within
):
    later = sorted(((start + offset, each) for offset, each in offsets), key=lambda one: one[0])
    calendar = joined(entry, later)
    due = calendar.due(start, within)
    assert calendar.elapsed(start, due) == within
    if within:
        assert calendar.elapsed(start, due - TICK) < within
    else:
        assert calendar.is_open(due)
        assert calendar.next_opening(start) == due


@settings(max_examples=100)
@given(entry=entries(), other=entries(), since=instants, back=lengths, ahead=lengths)
def test_the_parts_add_up_each_by_its_own_calendar(entry, other, since, back, ahead):
    one, two = Calendar.parse(entry), Calendar.parse(other)
    both = one.then(since, two)
    start, end = since - back, since + ahead
    assert both.elapsed(start, end) == one.elapsed(start, since) + two.elapsed(since, end)
    assert both.is_open(since) == two.is_open(since)
    assert both.is_open(since - TICK) == one.is_open(since - TICK)


@settings(max_examples=60)
@given(entry=entries(), start=instants, offsets=changes, asked=st.lists(lengths, min_size=1))
def test_arrays_over_parts_give_what_single_values_give(entry, start, offsets, asked):
    later = sorted(((start + offset, each) for offset, each in offsets), key=lambda one: one[0])
    calendar = joined(entry, later)
    starts = np.array([start.replace(tzinfo=None)] * len(asked), "M8[us]")
    ends = np.array([(start + each).replace(tzinfo=None) for each in asked], "M8[us]")
    fresh = Calendar(parts=calendar._parts, holes=calendar._holes)
    due = [calendar.due(start, each).replace(tzinfo=None) for each in asked]
    elapsed = [calendar.elapsed(start, start + each) for each in asked]
    assert fresh.due_many(starts, np.array(asked, "m8[us]")).tolist() == due
    assert fresh.elapsed_many(starts, ends).tolist() == elapsed


@settings(max_examples=60)
@given(entry=entries(), start=instants, offsets=changes, away=st.lists(st.tuples(lengths, lengths)))
def test_what_parts_are_written_as_parses_to_an_equal_calendar(entry, start, offsets, away):
    later = sorted(((start + offset, each) for offset, each in offsets), key=lambda one: one[0])
    calendar = joined(entry, later)
    again = Calendar.parse(json.loads(json.dumps(calendar.terms)))
    assert again == calendar
    assert hash(again) == hash(calendar)
    spans = [(start + begin, start + begin + span) for begin, span in away]
    assert again.without(spans) == calendar.without(spans)


@settings(max_examples=60)
@given(
    entry=entries(), other=entries(), since=instants, spans=st.lists(st.tuples(lengths, lengths))
)
def test_absences_stay_with_the_part_in_which_they_were(entry, other, since, spans):
    start = since - timedelta(days=2)
    away = [(start + begin, start + begin + span) for begin, span in spans]
    one, two = Calendar.parse(entry), Calendar.parse(other)
    before = one.without(away).then(since, two)
    after = one.then(since, two.without(away))
    both = one.without(away).then(since, two.without(away))
    end = start + timedelta(days=7)
    assert both == one.then(since, two).without(away)
    assert before.elapsed(start, end) == one.without(away).elapsed(start, since) + two.elapsed(
        since, end
    )
    assert after.elapsed(start, end) == one.elapsed(start, since) + two.without(away).elapsed(
        since, end
    )


def test_a_change_to_the_same_calendar_is_none():
    office = Calendar.parse(OFFICE)
    monday = at("2026-11-23T15:00Z")
    assert office.then(monday, office) == office
    there_and_back = office.then(monday, Calendar.parse(BERLIN)).then(monday, office)
    assert there_and_back == office


def test_the_last_of_several_changes_at_one_instant_holds():
    office, berlin, kolkata = (
        Calendar.parse(OFFICE | {"timezone": zone})
        for zone in ("America/New_York", "Europe/Berlin", "Asia/Kolkata")
    )
    monday = at("2026-11-23T15:00Z")
    assert office.then(monday, berlin).then(monday, kolkata) == office.then(monday, kolkata)


def test_a_calendar_of_parts_may_follow_one_of_parts():
    office, berlin = Calendar.parse(OFFICE), Calendar.parse(BERLIN)
    first, second, third = (at(f"2026-11-{day}T15:00Z") for day in (23, 24, 25))
    turns = office.then(first, berlin).then(third, office)
    assert berlin.then(second, turns) == berlin.then(third, office)
    marks = [first, second, third, third + timedelta(days=9)]
    whole = turns.elapsed(marks[0], marks[-1])
    assert whole == sum((turns.elapsed(a, b) for a, b in itertools.pairwise(marks)), NONE)


def test_a_term_goes_on_by_the_new_hours_from_the_instant_of_the_change():
    office, berlin = Calendar.parse(OFFICE), Calendar.parse(BERLIN)
    monday = at("2026-11-23T10:00-05:00")
    calendar = office.then(at("2026-11-23T11:00-05:00"), berlin)  # 17:00 in Berlin
    assert calendar.due(monday, timedelta(hours=4)) == at("2026-11-24T11:00+01:00")
    assert office.due(monday, timedelta(hours=4)) == at("2026-11-23T14:00-05:00")


def test_openings_alone_after_a_change_say_when_they_do_not_suffice():
    openings = {"timezone": "UTC", "hours": {}, "open": {"2026-12-05": ["10:00-14:00"]}}
    calendar = Calendar.parse(OFFICE).then(at("2026-11-23T15:00Z"), Calendar.parse(openings))
    friday = at("2026-11-20T21:00Z")  # one hour on Friday, one on Monday, four in December
    assert calendar.due(friday, timedelta(hours=6)) == at("2026-12-05T14:00Z")
    with pytest.raises(CalendarError, match="not that much open time"):
        calendar.due(friday, timedelta(hours=7))


@pytest.mark.parametrize(
    ("parts", "kind", "path"),
    [
        ([], "no_parts", "parts"),
        (["office"], "no_map", "parts[0]"),
        ([OFFICE | {"since": "2026-11-23T00:00Z"}], "no_instant", "parts[0].since"),
        ([OFFICE, BERLIN], "no_instant", "parts[1].since"),
        ([OFFICE, BERLIN | {"since": "2026-11-23"}], "no_instant", "parts[1].since"),
        (
            [OFFICE, BERLIN | {"timezone": "Mars", "since": "2026-11-23T00:00Z"}],
            "unknown_zone",
            "parts[1].timezone",
        ),
        (
            [
                OFFICE,
                BERLIN | {"since": "2026-11-23T00:00Z"},
                OFFICE | {"since": "2026-11-23T00:00Z"},
            ],
            "parts_order",
            "parts[2]",
        ),
    ],
)
def test_parts_that_cannot_be_are_refused(parts, kind, path):
    with pytest.raises(CalendarError) as raised:
        Calendar.parse({"parts": parts})
    assert (f"calendar.{kind}", path) in {(one.rule, one.subject) for one in raised.value.faults}


def test_parts_stand_alone():
    with pytest.raises(CalendarError, match="no list of calendars"):
        Calendar.parse(OFFICE | {"parts": "x"})
