"""The values of a forecast: where a team stands, what comes, what the weeks to come hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from accord.routing.model import Candidate, Stretch, Waiting
from accord.routing.periods import periods_of

_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """So many leads that come to a team at an instant; ``hot`` of them do not wait."""

    at: datetime
    leads: int
    hot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one team stands: its queue, its active reps with their loads, whose turn it is.

    Waiting leads count without their account and former rep: who gets them is no matter here.
    """

    team: str
    as_of: datetime
    zone: str
    queue: Sequence[Waiting]
    candidates: Sequence[Candidate]
    hold_at_most: timedelta
    turns: Mapping[tuple[str, bool], Stretch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekAhead:
    """One ISO week to come; the running one counts from ``as_of``.

    ``released`` are all that are given to somebody, also hot ones and ``forced`` ones, which go
    over capacity; ``given`` the same by rep. ``backlog`` waits when the week ends, the oldest of it
    that never had a rep since ``oldest_at``.
    """

    start: datetime
    end: datetime
    arrived: int
    released: int
    forced: int
    backlog: int
    oldest_at: datetime | None
    given: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The weeks to come, and when the queue overflows; None where it does not within them.

    ``overdue_from`` is when a lead that is not hot has first waited as long as agreed, so that it
    goes out of its turn (of leads that are to be held for no time at all, when one first goes over
    capacity or goes on waiting); ``forced_from`` when the first lead, hot or not, goes over
    capacity.
    """

    weeks: tuple[WeekAhead, ...]
    overdue_from: datetime | None
    forced_from: datetime | None


def steady_arrivals(
    *, per_week: Fraction, hot_per_week: Fraction, as_of: datetime, zone: str, weeks: int
) -> Iterator[Arrival]:
    """Spread a weekly flow evenly over the coming days, at each midnight of the zone.

    In whole leads, so that after any number of days as many have come as the rate says, rounded
    down. ``hot_per_week`` is part of ``per_week``.
    """
    edges = list(week_edges(as_of, zone, weeks))
    days = [day for monday in edges[:-1] for day in periods_of(monday, zone).days[:-1]]
    cool = per_week - hot_per_week
    for number, day in enumerate(day for day in days if day > as_of):
        hot = _of_day(hot_per_week, number)
        yield Arrival(at=day, leads=_of_day(cool, number) + hot, hot=hot)


def _of_day(per_week: Fraction, number: int) -> int:
    until = floor(per_week * (number + 1) / _DAYS_A_WEEK)
    return until - floor(per_week * number / _DAYS_A_WEEK)


def week_edges(as_of: datetime, zone: str, weeks: int) -> Iterator[datetime]:
    """Yield ``as_of`` and the midnights of as many Mondays after it."""
    yield as_of
    for _ in range(weeks):
        as_of = periods_of(as_of, zone).days[-1]
        yield as_of
