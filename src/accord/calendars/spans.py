"""Sets of time on one line: sorted, disjoint spans ``[start, end)`` in microseconds.

Every function takes and gives a pair of int64 arrays (starts, ends). Nothing here knows zones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Micros: TypeAlias = NDArray[np.int64]
SpanSet: TypeAlias = tuple[Micros, Micros]
Span: TypeAlias = tuple[datetime, datetime]
"""From (included) until (excluded), aware instants."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_us(at: datetime) -> int:
    """Return the microseconds since 1970 UTC of an aware instant, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def us_instant(microseconds: int) -> datetime:
    """Return the UTC instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def empty_set() -> SpanSet:
    """Return the set that holds no time."""
    return np.empty(0, np.int64), np.empty(0, np.int64)


def merge(starts: Micros, ends: Micros) -> SpanSet:
    """Return the union of spans in any order: empty ones dropped, touching ones joined."""
    solid = ends > starts
    starts, ends = starts[solid], ends[solid]
    if not len(starts):
        return empty_set()
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    first = np.concatenate(([True], starts[1:] > reach[:-1]))
    last = np.concatenate((first[1:], [True]))
    return starts[first], reach[last]


def clip(spans: SpanSet, start: int, end: int) -> SpanSet:
    """Return what of the spans lies in ``[start, end)``."""
    starts, ends = np.maximum(spans[0], start), np.minimum(spans[1], end)
    solid = ends > starts
    return starts[solid], ends[solid]


def subtract(spans: SpanSet, holes: SpanSet) -> SpanSet:
    """Return what of the spans lies in none of the holes (both sorted and disjoint).

    The pieces are the spans between one hole's end and the next one's start.
    """
    pieces = [
        clip(_between(spans, start, end), start, end)
        for start, end in zip(
            [_FIRST, *holes[1].tolist()], [*holes[0].tolist(), _LAST], strict=True
        )
    ]
    return (
        np.concatenate([starts for starts, _ in pieces]),
        np.concatenate([ends for _, ends in pieces]),
    )


_FIRST = int(np.iinfo(np.int64).min)
_LAST = int(np.iinfo(np.int64).max)


def _between(spans: SpanSet, start: int, end: int) -> SpanSet:
    low = int(np.searchsorted(spans[1], start, side="right"))
    high = int(np.searchsorted(spans[0], end, side="left"))
    return spans[0][low:high], spans[1][low:high]
