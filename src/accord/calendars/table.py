"""The cumulative table of a calendar's open time over a range of years.

``opens[i] <= t < closes[i]`` is open, ``before[i]`` the open time of all earlier spans. All in
microseconds; the open time from the table's beginning up to t is a piecewise linear function of
t, so elapsed time is a difference of it and a due time its inverse.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from accord.calendars.hours import Hours, Interval, holidays_of
from accord.calendars.parts import Part
from accord.calendars.spans import Micros, SpanSet, clip, merge, subtract, us_instant
from accord.calendars.zones import to_utc

_MINUTE_US = 60_000_000
_DAY_US = 86_400_000_000
_MOST_BUCKETS = 100_000  # 800 kB a table; where spans open minutes apart they are searched
_THURSDAY = 3  # the weekday of 1970-01-01
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Open spans within ``[start, end)``, sorted and disjoint; ``total`` open time of them all."""

    first_year: int
    last_year: int
    start: int
    end: int
    opens: Micros
    closes: Micros
    before: Micros
    total: int
    rows: tuple[list[int], list[int], list[int]]  # the same three, for one value at a time
    bucket_bits: int  # a bucket of time is 2 to this in microseconds: no two spans open in one
    buckets: Micros  # which span had opened last when each begins; empty where too many were needed

    def open_until_one(self, at: int) -> int:
        """Return the open time from the table's beginning up to an instant."""
        opens, closes, before = self.rows
        index = bisect_right(opens, at) - 1
        return 0 if index < 0 else before[index] + min(at, closes[index]) - opens[index]

    def reached_one(self, amount: int) -> int:
        """Return the earliest instant at which the open time so far is an amount (above 0)."""
        opens, _, before = self.rows
        index = bisect_left(before, amount) - 1
        return opens[index] + amount - before[index]

    def next_open_one(self, at: int) -> int:
        """Return the instant if it is open, else the next opening (which the table must hold)."""
        opens, closes, _ = self.rows
        return max(at, opens[bisect_right(closes, at)])

    def open_until(self, at: Micros) -> Micros:
        """Return ``open_until_one`` of each instant."""
        if not len(self.opens):
            return np.zeros_like(at)
        index = self._opened_last(at)
        opens = self.opens[index]
        within = np.minimum(np.maximum(at, opens), self.closes[index]) - opens
        return np.asarray(self.before[index] + within, dtype=np.int64)

    def _opened_last(self, at: Micros) -> Micros:
        """Return which span had opened last at each instant, the first where none had.

        By buckets of time that is several times as quick as a search.
        """
        if not len(self.buckets):
            found = np.searchsorted(self.opens, at, side="right") - 1
            return np.asarray(np.maximum(found, 0), dtype=np.int64)
        place = np.clip((at - self.opens[0]) >> self.bucket_bits, 0, len(self.buckets) - 1)
        span, last = self.buckets[place], len(self.opens) - 1
        following = np.minimum(span + 1, last)
        found = np.minimum(span + (self.opens[following] <= at), last)
        return np.asarray(found, dtype=np.int64)

    def reached(self, amount: Micros) -> Micros:
        """Return ``reached_one`` of each amount."""
        index = np.searchsorted(self.before, amount, side="left") - 1
        return np.asarray(self.opens[index] + amount - self.before[index], dtype=np.int64)

    def next_open(self, at: Micros) -> Micros:
        """Return ``next_open_one`` of each instant."""
        index = np.searchsorted(self.closes, at, side="right")
        return np.asarray(np.maximum(at, self.opens[index]), dtype=np.int64)


def build_table(parts: Sequence[Part], holes: SpanSet, first_year: int, last_year: int) -> Table:
    """Build the table of these years (UTC); ``holes`` are closed whatever the hours say."""
    start, end = _midnight(first_year), _midnight(last_year + 1)
    sets = list(_open_spans(parts, start, end))
    joined = merge(
        np.concatenate([starts for starts, _ in sets]), np.concatenate([ends for _, ends in sets])
    )
    opens, closes = subtract(joined, holes)
    lengths = closes - opens
    before = np.cumsum(lengths) - lengths
    bits, buckets = _buckets(opens)
    return Table(
        first_year=first_year,
        last_year=last_year,
        start=start,
        end=end,
        opens=opens,
        closes=closes,
        before=before,
        total=int(lengths.sum()),
        rows=(opens.tolist(), closes.tolist(), before.tolist()),
        bucket_bits=bits,
        buckets=buckets,
    )


def _buckets(opens: Micros) -> tuple[int, Micros]:
    """Cut the time of the openings into buckets no longer than the least time between two."""
    if len(opens) < 2:  # noqa: PLR2004 - nothing lies between
        return 0, opens[:0]
    bits = int(np.diff(opens).min()).bit_length() - 1
    count = (int(opens[-1] - opens[0]) >> bits) + 2
    if count > _MOST_BUCKETS:
        return 0, opens[:0]
    begins = opens[0] + (np.arange(count, dtype=np.int64) << bits)
    return bits, np.asarray(np.searchsorted(opens, begins, side="right") - 1, dtype=np.int64)


def _open_spans(parts: Sequence[Part], start: int, end: int) -> Iterator[SpanSet]:
    """Yield what each part has open within its time, each zone's stretches apart."""
    begins = [start if part.since is None else max(part.since, start) for part in parts]
    for part, begin, until in zip(parts, begins, [*begins[1:], end], strict=True):
        if begin < min(until, end):
            for spans in _hours_between(part.hours, begin, min(until, end)):
                yield clip(spans, begin, min(until, end))


def _hours_between(hours: Hours, begin: int, end: int) -> list[SpanSet]:
    first_year, last_year = us_instant(begin).year, us_instant(end - 1).year
    local = merge(*_local_spans(hours, first_year - 1, last_year + 1))
    return to_utc(local, hours.zone, first_year, last_year)


def _midnight(year: int) -> int:
    return _day_number(date(year, 1, 1)) * _DAY_US


def _day_number(day: date) -> int:
    return day.toordinal() - _EPOCH_DAY


def _local_spans(hours: Hours, first_year: int, last_year: int) -> SpanSet:
    days = np.arange(
        _day_number(date(first_year, 1, 1)), _day_number(date(last_year + 1, 1, 1)), dtype=np.int64
    )
    usual = days[~np.isin(days, _special_days(hours, first_year, last_year))]
    weekday = (usual + _THURSDAY) % 7
    spans = [
        _spans_of(usual[weekday == number], interval)
        for number, intervals in enumerate(hours.week)
        for interval in intervals
    ]
    spans.extend(
        _spans_of(np.array([_day_number(day)], np.int64), interval)
        for day, intervals in hours.opened
        for interval in intervals
    )
    return np.concatenate([start for start, _ in spans]), np.concatenate([end for _, end in spans])


def _spans_of(days: Micros, interval: Interval) -> SpanSet:
    midnights = days * _DAY_US
    return midnights + interval[0] * _MINUTE_US, midnights + interval[1] * _MINUTE_US


def _special_days(hours: Hours, first_year: int, last_year: int) -> Micros:
    """Return the days on which the weekday's hours do not count: openings beat closures."""
    special = set(hours.closed) | {day for day, _ in hours.opened}
    if hours.holidays is not None:
        for year in range(first_year, last_year + 1):
            special |= holidays_of(hours.holidays, year)
    return np.array([_day_number(day) for day in sorted(special)], np.int64)
