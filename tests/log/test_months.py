"""The month that an activity lies in, for a column at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from accord.log.columns import months_of
from accord.records import to_us

INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(st.lists(st.none() | INSTANTS, max_size=20))
def test_each_month_is_that_of_its_instant_in_utc(instants) -> None:
    stamps = pa.chunked_array([[None if at is None else to_us(at) for at in instants]], pa.int64())
    expected = [None if at is None else f"{at.year:04d}-{at.month:02d}" for at in instants]
    assert months_of(stamps).cast(pa.string()).to_pylist() == expected


def test_a_month_begins_at_midnight_utc_and_not_a_microsecond_before() -> None:
    first = to_us(datetime(2026, 3, 1, tzinfo=UTC))
    found = months_of(pa.chunked_array([[first - 1, first]], pa.int64()))
    assert found.to_pylist() == ["2026-02", "2026-03"]
