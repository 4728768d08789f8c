"""Texts to instants: formats, ISO 8601, and the hours that daylight saving skips or repeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.sources import stamps
from accord.sources.stamps import parse_instants


def read(*texts, formats=(), zone="UTC"):
    found = parse_instants(pa.array(texts, pa.large_string()), formats=formats, zone=zone)
    assert str(found.dtype) == "datetime64[us, UTC]"
    return [None if pd.isna(one) else one.to_pydatetime() for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05 UTC", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05-0230", datetime(2026, 1, 2, 5, 34, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05,5", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
        ("2026-01-07 6:49:18", datetime(2026, 1, 7, 6, 49, 18, tzinfo=UTC)),
        ("2026-01-07 6:49:18.5 UTC", datetime(2026, 1, 7, 6, 49, 18, 500000, tzinfo=UTC)),
        ("2026-03-29 15:23:31.957 UTC", datetime(2026, 3, 29, 15, 23, 31, 957000, tzinfo=UTC)),
        ("2026-02-30", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-01-02T25:00:00Z", None),
        ("20260102", None),
        ("2026", None),
        ("1767312000", None),
        ("now", None),
        ("infinity", None),
    ],
)
def test_iso_8601_is_always_tried(text, expected):
    assert read(text) == [expected]
    assert read(text, "2026-05-05") == [expected, datetime(2026, 5, 5, tzinfo=UTC)]


def test_several_formats_in_one_column_each_text_by_the_first_that_fits():
    texts = ("31.12.2025", "12/31/2025 5:06 PM", "2025-12-31T23:00:00Z", "99.99.2025", None)
    formats = ("%d.%m.%Y", "%m/%d/%Y %I:%M %p")
    assert read(*texts, formats=formats) == [
        datetime(2025, 12, 31, tzinfo=UTC),
        datetime(2025, 12, 31, 17, 6, tzinfo=UTC),
        datetime(2025, 12, 31, 23, tzinfo=UTC),
        None,
        None,
    ]


def test_a_format_beats_iso_where_both_fit():
    assert read("2026-03-04", formats=("%Y-%d-%m",)) == [datetime(2026, 4, 3, tzinfo=UTC)]


def test_a_format_with_an_offset_does_not_look_at_the_zone():
    found = read("02.01.2026 10:00 +0300", formats=("%d.%m.%Y %H:%M %z",), zone="Asia/Tokyo")
    assert found == [datetime(2026, 1, 2, 7, tzinfo=UTC)]


def test_stamps_may_count_from_1970():
    assert read("1767312000", formats=("epoch_s",)) == [datetime(2026, 1, 2, tzinfo=UTC)]
    assert read("1767312000123", formats=("epoch_ms",))[0].microsecond == 123000
    assert read("x", "999999999999999999", formats=("epoch_s",)) == [None, None]


def test_a_skipped_local_time_is_the_instant_of_the_change():
    found = read(
        "2026-03-29 02:00", "2026-03-29 02:59:59", "2026-03-29 03:00", zone="Europe/Berlin"
    )
    assert found == [datetime(2026, 3, 29, 1, tzinfo=UTC)] * 3


def test_a_repeated_local_time_is_the_first_of_the_two():
    assert read("2026-10-25 02:30", zone="Europe/Berlin") == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    ]
    assert read("2026-10-25 01:30", zone="Europe/Dublin") == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    ]


def test_midnight_that_a_zone_skips_is_the_change_too():
    assert read("2018-11-04", zone="America/Sao_Paulo") == [datetime(2018, 11, 4, 3, tzinfo=UTC)]


def test_stamps_of_parquet_are_taken_as_they_are():
    naive = pa.array([datetime(2026, 7, 1, 12), None], pa.timestamp("ns"))
    found = parse_instants(naive, formats=(), zone="Europe/Berlin")
    assert found.iloc[0] == pd.Timestamp("2026-07-01T10:00Z")
    assert pd.isna(found.iloc[1])


@pytest.mark.parametrize(
    ("number", "form", "expected"),
    [
        ("1", "excel", datetime(1900, 1, 1)),
        ("59", "excel", datetime(1900, 2, 28)),
        ("60", "excel", None),
        ("60.5", "excel", None),
        ("61", "excel", datetime(1900, 3, 1)),
        ("45292", "excel", datetime(2024, 1, 1)),
        ("45292.291805555555", "excel", datetime(2024, 1, 1, 7, 0, 12)),
        ("2958465.5", "excel", datetime(9999, 12, 31, 12)),
        ("2958466", "excel", None),
        ("0.5", "excel", None),
        ("-1", "excel", None),
        ("0", "excel_1904", datetime(1904, 1, 1)),
        ("43830.25", "excel_1904", datetime(2024, 1, 1, 6)),
        ("2957003.5", "excel_1904", datetime(9999, 12, 31, 12)),
        ("2957004", "excel_1904", None),
        ("1e3", "excel", None),
    ],
)
def test_excel_counts_days_from_1900_with_a_day_that_never_was_or_from_1904(number, form, expected):
    wanted = None if expected is None else expected.replace(tzinfo=UTC)
    assert read(number, formats=(form,)) == [wanted]


def test_days_of_excel_are_local_time():
    assert read("45292.5", formats=("excel",), zone="Asia/Tokyo") == [
        datetime(2024, 1, 1, 3, tzinfo=UTC)
    ]


SHAPES = st.sampled_from(
    [
        "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%dT%H:%M:%S+05:30", "%Y-%m-%dT%H:%M:%S-0230", "%Y-%m-%dT%H", "2026-02-30", "", "x",
        "%Y-%m-%dT%H:%M:%S+5:30", "%Y-%m-%d %H:%M:%S z", "%Y-%m-%d %H:%M:%S.é", "%d.%m.%Y",
    ]
)  # fmt: skip
MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2035, 1, 1))


@given(
    st.lists(st.one_of(st.none(), st.tuples(MOMENTS, SHAPES)), max_size=12),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_stamps_that_look_alike_are_read_as_the_definition_reads_each(drawn, zone):
    texts = [None if one is None else one[0].strftime(one[1]) for one in drawn]
    whole = pa.array(["x", *texts], pa.large_string()).slice(1)
    found = parse_instants(whole, formats=(), zone=zone)
    assert str(found.dtype) == "datetime64[us, UTC]"
    pd.testing.assert_series_equal(found, stamps._by_shape(whole, zone))


AWARE = st.datetimes(
    min_value=datetime(1971, 1, 1),
    max_value=datetime(2099, 1, 1),
    timezones=st.builds(
        lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-840, 840)
    ),
)


@given(st.lists(AWARE, max_size=5))
def test_what_python_writes_is_read_back_to_the_microsecond(instants):
    assert read(*(one.isoformat() for one in instants)) == [one.astimezone(UTC) for one in instants]


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata"]),
)
def test_local_times_agree_with_zoneinfo_outside_the_hours_that_are_skipped(moment, zone):
    expected = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment:
        assert read(moment.isoformat(), zone=zone) == [expected]
        written = moment.strftime("%d/%m/%Y %H:%M:%S.%f")
        assert read(written, formats=("%d/%m/%Y %H:%M:%S.%f",), zone=zone) == [expected]
