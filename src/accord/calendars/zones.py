"""When a zone's offset from UTC changes, found by asking the zone itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from accord.calendars.spans import Micros, SpanSet, clip

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_PROBES_A_DAY = 4  # two changes within six hours that cancel out are not in any zone's data


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds())


def _offset(zone: ZoneInfo, second: int) -> int:
    local = (_EPOCH + timedelta(seconds=second)).astimezone(zone)
    offset = local.utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first second at which the offset is no longer the one at ``low``."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=20_000)
def _changes_of_year(name: str, year: int) -> tuple[tuple[int, int], ...]:
    """Return (second, offset from then on) of each change in a UTC year."""
    zone = ZoneInfo(name)
    start, end = (_seconds(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
    probes = [*range(start, end, 86_400 // _PROBES_A_DAY), end]
    offsets = [_offset(zone, probe) for probe in probes]
    changes = []
    for index in range(1, len(probes)):
        if offsets[index] != offsets[index - 1]:
            at = _change_between(zone, probes[index - 1], probes[index])
            changes.append((at, _offset(zone, at)))
    return tuple(changes)


def to_utc(local: SpanSet, zone: str, first_year: int, last_year: int) -> list[SpanSet]:
    """Map spans of local time to instants, one set a stretch of constant offset, in order.

    An instant belongs to a span when its local time does. So a local time that the zone skips is
    the instant of the change, and one that it repeats is there both times.
    """
    start = _seconds(datetime(first_year, 1, 1, tzinfo=UTC))
    stretches = [(start, _offset(ZoneInfo(zone), start))]
    for year in range(first_year, last_year + 1):
        stretches.extend(_changes_of_year(zone, year))
    ends = [second for second, _ in stretches[1:]]
    ends.append(_seconds(datetime(last_year + 1, 1, 1, tzinfo=UTC)))
    return [
        _shift(clip(local, (begin + offset) * _SECOND_US, (end + offset) * _SECOND_US), offset)
        for (begin, offset), end in zip(stretches, ends, strict=True)
    ]


def _shift(spans: tuple[Micros, Micros], offset: int) -> SpanSet:
    return spans[0] - offset * _SECOND_US, spans[1] - offset * _SECOND_US
