"""Which weeks a run has to compute: those that can have changed since the last run, and no others.

The last run has kept, day by day, what its numbers were counted from
(:mod:`accord.ledger.counted_rows`). A day that says something else now has news, and every week
from the earliest instant that this news touches may have changed; the weeks before cannot. So it
does not matter how a fact came (late, corrected, by a merge, an erasure or a release), nor under
which date it was taken.

All weeks are computed, and the run says why, where news cannot be traced to an instant: at the
first run; where the instant asked for lies before that of the last run; where a rep, a posting, an
agreement or a signature changed (they decide for facts of any time); where the agreement in force
or the metrics are others; where a lead, move, hand-over, clock or merge is gone; and where a deal
without any instant changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.ledger.counted_rows import (
    DAY_US,
    UNDATED_US,
    UNTRACEABLE,
    Counted,
    Day,
    read_counted,
    read_earliest_of,
    read_now,
    write_counted,
)
from accord.ledger.metric_rows import read_closed_periods
from accord.metrics import METRICS, Cut, cut
from accord.records import from_us, to_us

_RUN = "run"
"""Under this name stands when the last run was, and by what it counted."""

_OTHER = {
    "all rep": "a rep changed",
    "all posting": "a rep's posting changed",
    "all agreement": "an agreement was seen",
    "all signature": "an agreement was signed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a run finds: from which instant on it computes, or why it computes everything."""

    since: datetime | None
    why_all: str | None
    before: Counted
    now: Counted

    def keep(self, connection: Connection) -> None:
        """Keep what this run counted from, in the transaction that stores its numbers."""
        write_counted(connection, self.before, self.now)


def find_news(
    connection: Connection, agreement: Agreement, *, first: datetime, as_of: datetime
) -> News:
    """Compare what the ledger holds with what the last run counted from.

    ``first`` is the instant of the first fact. To be asked before anything is computed: what comes
    meanwhile is news for the next run.
    """
    before = read_counted(connection)
    begins_us = _day_begins_us(agreement, as_of)
    now = read_now(connection, begins_us=begins_us)
    now[_RUN] = {0: _run(agreement, as_of)}
    why = next(_reasons_for_all(before, now), None)
    since = None
    if why is None:
        news = _touched(connection, before, now, begins_us=begins_us)
        touched = [*news, before[_RUN][0].first_us]
        since = min(from_us(min(touched)), _first_unclosed(connection, agreement, first, as_of))
    return News(since=since, why_all=why, before=before, now=now)


def _run(agreement: Agreement, as_of: datetime) -> Day:
    counts_by = f"{agreement.version} {agreement.fingerprint} {METRICS!r}"
    digest = hashlib.sha256(counts_by.encode()).hexdigest()
    return Day(facts=0, first_us=to_us(as_of), digest=digest)


def _reasons_for_all(before: Counted, now: Counted) -> Iterator[str]:
    if _RUN not in before:
        yield "no run was before"
        return
    last, this = before[_RUN][0], now[_RUN][0]
    if this.first_us < last.first_us:
        yield "the last run was for a later instant"
    if this.digest != last.digest:
        yield "the agreement in force, or what is counted, is another"
    for source, why in _OTHER.items():
        if before.get(source) != now[source]:
            yield why
    for source, _day, was, is_now in _changed(before, now):
        if source in UNTRACEABLE and (is_now.facts if is_now else 0) < (was.facts if was else 0):
            yield f"a {source} is gone"
        if any(one is not None and one.first_us >= UNDATED_US for one in (was, is_now)):
            yield f"a {source} without a date changed"


def _day_begins_us(agreement: Agreement, as_of: datetime) -> int:
    """Return when a day of the agreement's zone begins, by UTC and in its standard time."""
    local = as_of.astimezone(ZoneInfo(agreement.timezone))
    offset = (local.utcoffset() or timedelta(0)) - (local.dst() or timedelta(0))
    return -offset // timedelta(microseconds=1) % DAY_US


def _touched(
    connection: Connection, before: Counted, now: Counted, *, begins_us: int
) -> Iterator[int]:
    days: dict[str, list[int]] = {}
    for source, day, was, is_now in _changed(before, now):
        yield min(one.first_us for one in (was, is_now) if one is not None)
        days.setdefault(source, []).append(day)
    for source, changed in days.items():
        for first, last in _spans(sorted(changed)):
            earliest = read_earliest_of(connection, source, first, last, begins_us=begins_us)
            if earliest is not None:
                yield earliest


def _spans(days: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of days that follow one another: they are asked for at once."""
    first = last = days[0]
    for day in days[1:]:
        if day > last + 1:
            yield first, last
            first = day
        last = day
    yield first, last


def _changed(before: Counted, now: Counted) -> Iterator[tuple[str, int, Day | None, Day | None]]:
    """Yield each day of each source that says something else than it did."""
    for source in (before.keys() | now.keys()) - {_RUN, *_OTHER}:
        was, is_now = before.get(source, {}), now.get(source, {})
        for day in was.keys() | is_now.keys():
            if was.get(day) != is_now.get(day):
                yield source, day, was.get(day), is_now.get(day)


def _first_unclosed(
    connection: Connection, agreement: Agreement, first: datetime, as_of: datetime
) -> datetime:
    """Return the begin of the first week that was not stored as closed."""
    periods = cut(Cut.WEEK, first=first, as_of=as_of, zone=agreement.timezone)
    closed = read_closed_periods(connection, periods.labels)
    starts = zip(periods.labels, periods.edges_us[:-1], strict=True)
    return next((from_us(at) for label, at in starts if label not in closed), as_of)
