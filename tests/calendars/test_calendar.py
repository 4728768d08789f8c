from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from accord.calendars import ALWAYS_OPEN, Calendar, CalendarError
from accord.errors import InputError

OFFICE = {
    "timezone": "America/New_York",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]},
    "holidays": "US",
    "closed": [date(2026, 12, 24)],
    "open": {date(2026, 12, 5): ["10:00-14:00"]},
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def faults_of(**changes: object) -> set[tuple[str, str]]:
    entry = {"timezone": "UTC", "hours": {"mon": ["09:00-17:00"]}} | changes
    with pytest.raises(CalendarError) as raised:
        Calendar.parse(entry)
    return {(fault.rule.removeprefix("calendar."), fault.subject) for fault in raised.value.faults}


def test_dates_and_iso_text_make_the_same_calendar():
    text = OFFICE | {"closed": ["2026-12-24"], "open": {"2026-12-05": ["10:00-14:00"]}}
    assert Calendar.parse(OFFICE) == Calendar.parse(text)
    assert hash(Calendar.parse(OFFICE)) == hash(Calendar.parse(text))
    assert Calendar.parse(Calendar.parse(OFFICE).terms) == Calendar.parse(OFFICE)


def test_an_opening_beats_a_closure_and_a_holiday():
    entry = {
        "timezone": "UTC",
        "hours": {"mon-sun": ["09:00-10:00"]},
        "holidays": "US",
        "closed": ["2026-12-24"],
        "open": {"2026-12-24": ["11:00-12:00"], "2026-12-25": ["13:00-14:00"]},
    }
    calendar = Calendar.parse(entry)
    assert calendar.next_opening(at("2026-12-24T00:00Z")) == at("2026-12-24T11:00Z")
    assert calendar.next_opening(at("2026-12-25T00:00Z")) == at("2026-12-25T13:00Z")


def test_an_observed_holiday_is_closed_even_in_the_year_before():
    entry = {"timezone": "UTC", "hours": {"mon-fri": ["09:00-10:00"]}, "holidays": "US"}
    assert not Calendar.parse(entry).is_open(at("2021-12-31T09:30Z"))


def test_holidays_of_a_subdivision_are_its_own():
    entry = {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-17:00"]}}
    berlin, bavaria = (Calendar.parse(entry | {"holidays": code}) for code in ("DE-BE", "DE-BY"))
    womens_day = at("2027-03-08T12:00+01:00")
    assert not berlin.is_open(womens_day)
    assert bavaria.is_open(womens_day)


@pytest.mark.parametrize("code", ["de", "Germany", "DE-", "DE-ZZ", "DE-be", "DE_BE", "", "XX"])
def test_a_code_of_holidays_is_taken_as_it_is_written_in_the_library_alone(code):
    assert faults_of(holidays=code) == {("unknown_holidays", "holidays")}


def test_a_subdivision_that_is_unknown_is_answered_with_those_of_its_country():
    entry = {"timezone": "UTC", "hours": {"mon": ["09:00-17:00"]}, "holidays": "DE-XX"}
    with pytest.raises(CalendarError) as raised:
        Calendar.parse(entry)
    (fault,) = raised.value.faults
    assert fault.remedy.startswith("write DE, or DE- and one of BB, BE, ")


def test_it_is_open_at_opening_and_closed_at_closing():
    office = Calendar.parse(OFFICE)
    assert office.is_open(at("2026-11-23T09:00-05:00"))
    assert not office.is_open(at("2026-11-23T12:30-05:00"))
    assert office.next_opening(at("2026-11-23T12:30-05:00")) == at("2026-11-23T13:30-05:00")


def test_the_last_minute_of_a_whole_day_is_open():
    calendar = Calendar.parse({"timezone": "UTC", "hours": {"mon": ["00:00-24:00"]}})
    assert calendar.is_open(at("2026-11-23T23:59:59.999999+00:00"))
    assert not calendar.is_open(at("2026-11-24T00:00Z"))
    assert calendar.elapsed(at("2026-11-23T00:00Z"), at("2026-11-25T00:00Z")) == timedelta(days=1)


def test_answers_do_not_depend_on_what_was_asked_before():
    office = Calendar.parse(OFFICE | {"closed": []})
    start, within = at("2026-11-20T16:00-05:00"), timedelta(hours=9)
    before = office.due(start, within)
    office.elapsed(at("1950-01-01T00:00Z"), at("2090-01-01T00:00Z"))
    office.due(start, timedelta(days=20_000))
    assert office.due(start, within) == before == at("2026-11-23T17:00-05:00")


def test_answers_are_in_utc():
    assert Calendar.parse(OFFICE).due(at("2026-11-23T09:00-05:00"), timedelta(0)).tzinfo is UTC


def test_empty_arrays_give_empty_arrays_and_one_term_serves_many_starts():
    office = Calendar.parse(OFFICE)
    none = np.empty(0, "M8[us]")
    assert office.due_many(none, np.empty(0, "m8[us]")).dtype == np.dtype("M8[us]")
    assert office.elapsed_many(none, none).dtype == np.dtype("m8[us]")
    starts = np.array(["2026-11-23T14:00", "2026-11-23T15:00"], "M8[us]")
    due = office.due_many(starts, np.timedelta64(5, "m"))
    assert due.tolist() == [datetime(2026, 11, 23, 14, 5), datetime(2026, 11, 23, 15, 5)]


def test_wall_time_is_a_calendar_that_never_closes():
    start = at("2026-11-01T05:59Z")
    assert ALWAYS_OPEN.due(start, timedelta(days=7)) == start + timedelta(days=7)


def test_all_faults_are_reported_at_once_with_their_places():
    with pytest.raises(InputError) as raised:
        Calendar.parse(
            {
                "timezone": "Europe/Atlantis",
                "hours": {"mon-fri": ["09:00-12:00", "11:00-15:00"], "fri": []},
                "holidays": "XX",
                "closed": ["2026-02-30"],
                "clsed": [],
            }
        )
    assert {fault.subject for fault in raised.value.faults} == {
        "timezone",
        "hours.mon-fri",
        "hours.fri",
        "holidays",
        "closed[0]",
        "clsed",
    }
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("hours", "kind", "path"),
    [
        ({"mon": ["22:00-02:00"]}, "over_midnight", "hours.mon[0]"),
        ({"mon": ["09:00-09:00"]}, "over_midnight", "hours.mon[0]"),
        ({"mon": ["24:00-24:00"]}, "no_interval", "hours.mon[0]"),
        ({"mon": ["09:00-24:01"]}, "no_interval", "hours.mon[0]"),
        ({"mon": ["9:00-17:00"]}, "no_interval", "hours.mon[0]"),
        ({"mon": "09:00-17:00"}, "no_list", "hours.mon"),
        ({"mon": [900]}, "no_interval", "hours.mon[0]"),
        ({"sat-mon": ["09:00-17:00"]}, "day_wrap", "hours.sat-mon"),
        ({"mon-wed": ["09:00-17:00"], "tue": []}, "day_twice", "hours.tue"),
        ({"mon-wed": ["09:00-17:00"], "wed-fri": []}, "day_twice", "hours.wed-fri"),
        ({"monday": ["09:00-17:00"]}, "unknown_day", "hours.monday"),
        ({"mon-": ["09:00-17:00"]}, "unknown_day", "hours.mon-"),
        ({"mon": []}, "never_open", "hours"),
        (None, "no_hours", "hours"),
    ],
)
def test_hours_that_cannot_be_are_refused(hours, kind, path):
    assert (kind, path) in faults_of(hours=hours)


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"timezone": None}, "no_zone", "timezone"),
        ({"timezone": "../etc/passwd"}, "unknown_zone", "timezone"),
        ({"timezone": 5}, "unknown_zone", "timezone"),
        ({"holidays": "DE-ZZ"}, "unknown_holidays", "holidays"),
        ({"holidays": False}, "unknown_holidays", "holidays"),
        ({"closed": [datetime(2026, 1, 1)]}, "no_date", "closed[0]"),
        ({"closed": "2026-01-01"}, "no_list", "closed"),
        ({"open": ["2026-01-01"]}, "no_map", "open"),
        ({"open": {"2026-01-01": ["10:00-09:00"]}}, "over_midnight", "open.2026-01-01[0]"),
        (
            {"open": {"2026-01-01": [], date(2026, 1, 1): []}},
            "day_twice",
            "open.2026-01-01",
        ),
    ],
)
def test_other_parts_that_cannot_be_are_refused(changes, kind, path):
    assert (kind, path) in faults_of(**changes)


def test_touching_hours_do_not_overlap():
    split = {"timezone": "UTC", "hours": {"mon": ["09:00-12:00", "12:00-17:00"]}}
    whole = {"timezone": "UTC", "hours": {"mon": ["09:00-17:00"]}}
    start = at("2026-11-23T10:00Z")
    for within in (timedelta(hours=2), timedelta(hours=7), timedelta(hours=8)):
        assert Calendar.parse(split).due(start, within) == Calendar.parse(whole).due(start, within)


def test_a_calendar_of_openings_only_says_when_they_do_not_suffice():
    calendar = Calendar.parse(
        {"timezone": "UTC", "hours": {}, "open": {"2026-12-05": ["10:00-14:00"]}}
    )
    start = at("2026-11-23T00:00Z")
    assert calendar.due(start, timedelta(hours=4)) == at("2026-12-05T14:00Z")
    with pytest.raises(CalendarError, match="not that much open time"):
        calendar.due(start, timedelta(hours=5))
    with pytest.raises(CalendarError, match="negative"):
        calendar.due(start, timedelta(hours=-1))
