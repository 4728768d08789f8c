"""What the coming weeks hold for a team, if leads come at a given rate.

Nothing is levelled here: every step is a run of :func:`accord.routing.route` at an instant at which
something can change, so a forecast says what the runs to come will do if the leads come so.

The arithmetic, for a weekly capacity ``c`` and a hold that nothing outlasts::

    released(week) = min(c, backlog(week - 1) + arrived(week))
    backlog(week)  = backlog(week - 1) + arrived(week) - released(week)

30 / 10 / 20 / 60 with ``c`` = 30 are released as 30 / 10 / 20 / 30 with a backlog of 30: what a
quiet week leaves unused, no later week can use. Within a week, each day's share is what was left
that morning over the working days left, rounded up: 60 on a Monday go as 6 / 6 / 6 / 6 / 6. A hold
of ``h`` days bounds the wait, whatever the capacity::

    released until t >= arrived until t - h

so of the 60 the last 30 go on Saturday, five days old, over capacity. At ``a`` > ``c`` a week, each
lead in its turn, the first lead has waited ``h`` days when the queue has grown to ``c * h / 7``:
after about ``c * h / 7 / (a - c)`` weeks. Hot leads are taken from the capacity first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from accord.routing.model import Assignment, Candidate, Routed, Waiting, priority_of
from accord.routing.periods import Periods, periods_of
from accord.routing.route import route
from accord.routing.weeks_ahead import Arrival, Forecast, Standing, WeekAhead, week_edges

_HOUR = timedelta(hours=1)
_LAST, _FIRST = -1, 10**9  # intent below and above all that scores can be
_WORKING_DAYS = 5


def forecast(
    standing: Standing,
    arrivals: Iterable[Arrival],
    *,
    weeks: int,
    newcomers_first: bool = False,
) -> Forecast:
    """Foretell the running week and those after it, ``weeks`` in all.

    Scores of leads to come are not known: they are taken to rank behind all that wait, in the order
    in which they come; with ``newcomers_first`` before them, the newest first. The one is the best
    that can happen to those that wait, the other the worst. Arrivals before ``as_of`` or after the
    last week count nothing; a lead is overdue from the next full hour on.
    """
    come = _newcomers(standing, arrivals, first=newcomers_first)
    ahead = _Ahead(standing, come)
    edges = pairwise(week_edges(standing.as_of, standing.zone, weeks))
    found = tuple(ahead.week(start, end) for start, end in edges)
    return Forecast(weeks=found, overdue_from=ahead.overdue_from, forced_from=ahead.forced_from)


def _newcomers(
    standing: Standing, arrivals: Iterable[Arrival], *, first: bool
) -> Iterator[Waiting]:
    come = [one for one in arrivals if one.at >= standing.as_of]
    for place, arrival in enumerate(sorted(come, key=lambda one: one.at)):
        for number in range(arrival.leads):
            name = f"to come {place:06d}.{number:06d}"
            yield Waiting(
                handoff_id=name,
                lead_id=name,
                team=standing.team,
                hot=number < arrival.hot,
                fit=0,
                engagement=0,
                intent=_FIRST + place if first else _LAST,
                queued_at=arrival.at,
            )


class _Ahead:
    """One team in the time to come: what waits, what each rep was given, whose turn it is."""

    def __init__(self, standing: Standing, come: Iterable[Waiting]) -> None:
        self.overdue_from: datetime | None = None
        self.forced_from: datetime | None = None
        self._standing = standing
        self._now = periods_of(standing.as_of, standing.zone)
        self._turns = dict(standing.turns)
        self._given: dict[str, list[datetime]] = {one.rep_id: [] for one in standing.candidates}
        self._come: dict[datetime, list[Waiting]] = {}
        for waiting in come:
            self._come.setdefault(waiting.queued_at, []).append(waiting)
        plain = (replace(one, account=None, former_rep=None) for one in standing.queue)
        self._queue = sorted(plain, key=priority_of)
        self._usual = sum(one.per_week for one in standing.candidates) // _WORKING_DAYS + 1

    def week(self, start: datetime, end: datetime) -> WeekAhead:
        """Go on until the week's end."""
        arrived, forced, given = 0, 0, Counter[str]()
        changes = self._changes(start, end)
        for at in sorted(changes | self._dues(start, end)):
            come = self._come.pop(at, [])
            arrived += len(come)
            self._queue = sorted([*self._queue, *come], key=priority_of)
            if at in changes or self._is_overdue(at):
                assigned = self._run(at)
                given.update(one.rep_id for one in assigned)
                forced += sum(one.forced for one in assigned)
        never_given = (one.queued_at for one in self._queue if not one.reassigned)
        return WeekAhead(
            start=start,
            end=end,
            arrived=arrived,
            released=given.total(),
            forced=forced,
            backlog=len(self._queue),
            oldest_at=min(never_given, default=None),
            given=dict(sorted(given.items())),
        )

    def _changes(self, start: datetime, end: datetime) -> set[datetime]:
        """Return when leads arrive, a day begins, or an absence begins or ends."""
        absences = (span for one in self._standing.candidates for span in one.absences)
        edges = {start, *(edge for span in absences for edge in span), *self._come}
        edges.update(periods_of(start, self._standing.zone).days)
        return {at for at in edges if start <= at < end}

    def _dues(self, start: datetime, end: datetime) -> set[datetime]:
        """Return the full hours from which leads will have waited as long as agreed."""
        soon = {at for at in self._come if at < end}
        queued = {one.queued_at for one in self._queue} | soon
        dues = (_full_hour(at + self._standing.hold_at_most) for at in queued)
        return {at for at in dues if start <= at < end}

    def _is_late(self, waiting: Waiting, at: datetime) -> bool:
        is_levelled = not (waiting.hot or waiting.reassigned)
        return is_levelled and at - waiting.queued_at >= self._standing.hold_at_most

    def _is_pressing(self, waiting: Waiting, at: datetime) -> bool:
        return waiting.hot or waiting.reassigned or self._is_late(waiting, at)

    def _is_overdue(self, at: datetime) -> bool:
        return any(self._is_late(one, at) for one in self._queue)

    def _run(self, at: datetime) -> tuple[Assignment, ...]:
        """Hand over what goes at this instant."""
        was_overdue = self._is_overdue(at)
        routed = self._routed(at)
        if self.forced_from is None and any(one.forced for one in routed.assignments):
            self.forced_from = at
        self._turns.update(routed.turns)
        gone = {one.handoff_id for one in routed.assignments}
        self._queue = [one for one in self._queue if one.handoff_id not in gone]
        for one in routed.assignments:
            self._given[one.rep_id].append(at)
        if self.overdue_from is None and was_overdue and self._is_trouble(routed, at):
            self.overdue_from = at
        return routed.assignments

    def _is_trouble(self, routed: Routed, at: datetime) -> bool:
        """Whether leads that have waited as long as agreed tell of an overflow.

        Who is to be held for no time at all is so on arrival: he has no turn to go out of, and is
        in trouble only if he goes over capacity, or cannot go.
        """
        forced = any(one.forced for one in routed.assignments)
        return bool(self._standing.hold_at_most) or forced or self._is_overdue(at)

    def _routed(self, at: datetime) -> Routed:
        """Route the queue; of what is levelled only as much as it takes until one is held.

        Those behind it would be held as well, and a long queue is not worth routing every day.
        """
        periods = periods_of(at, self._standing.zone)
        desks = [self._loaded(one, periods) for one in self._standing.candidates]
        pressing = [one for one in self._queue if self._is_pressing(one, at)]
        levelled = [one for one in self._queue if not self._is_pressing(one, at)]
        count = self._usual
        while True:
            routed = route(
                [*pressing, *levelled[:count]],
                desks,
                turns=self._turns,
                accounts={},
                hold_at_most=self._standing.hold_at_most,
                periods=periods,
            )
            if routed.held or count >= len(levelled):
                return routed
            count *= 2

    def _loaded(self, one: Candidate, periods: Periods) -> Candidate:
        """Return a rep with what he has been given by then, before the forecast and in it."""
        given = self._given[one.rep_id]
        week, month, day = (
            len(given) - bisect_left(given, since)
            for since in (periods.week_start, periods.month_start, periods.day_start)
        )
        return replace(
            one,
            week=week + one.week * (periods.week_start == self._now.week_start),
            month=month + one.month * (periods.month_start == self._now.month_start),
            today=day + one.today * (periods.day_start == self._now.day_start),
        )


def _full_hour(at: datetime) -> datetime:
    """Return the instant, or the next full hour."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + _HOUR
